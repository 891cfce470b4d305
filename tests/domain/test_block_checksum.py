"""The identity of a block schema, against what clients of version 3.8.8 compute for blocks of their own."""

from typing import Any

import pytest

from orchd.domain.block_checksum import checksum

LOCAL_FILES = {
    "block_schema_references": {},
    "block_type_slug": "local-file-system",
    "description": "Store data as a file on a local file system.",
    "properties": {
        "basepath": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "default": None,
            "description": "Default local path for this block to write to.",
            "title": "Basepath",
            "position": 0,
        }
    },
    "secret_fields": [],
    "title": "LocalFileSystem",
    "type": "object",
}
CHILD = {
    "block_schema_references": {},
    "block_type_slug": "child",
    "properties": {
        "a": {"title": "A", "type": "integer", "position": 0},
        "token": {"format": "password", "title": "Token", "type": "string", "writeOnly": True, "position": 1},
    },
    "required": ["a", "token"],
    "secret_fields": ["token"],
    "title": "Child",
    "type": "object",
}
CHILD_CHECKSUM = "sha256:396d29a30af3b4d052c56adbaa93ec4e56c77a1e64edf1fae53b333beef13d4b"
PARENT = {
    "block_schema_references": {"child": {"block_schema_checksum": CHILD_CHECKSUM, "block_type_slug": "child"}},
    "block_type_slug": "parent-thing",
    "properties": {
        "child": {"$ref": "#/definitions/Child", "position": 0},
        "name2": {"default": "x", "title": "Name2", "type": "string", "position": 1},
    },
    "required": ["child"],
    "secret_fields": ["child.token"],
    "title": "Parent",
    "type": "object",
    "definitions": {"Child": CHILD},
}


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        pytest.param(
            LOCAL_FILES, "sha256:0fc8b7f936f38f465715ef2df4a817ac9fe38b80bb01d5c6c9649a6da6ae6971", id="plain"
        ),
        pytest.param(CHILD, CHILD_CHECKSUM, id="with a secret"),
        pytest.param(
            PARENT, "sha256:094d36f325d95a1e7889f68ff40c7368d17a12874579ccb75998b300219f54ad", id="with another block"
        ),
    ],
)
def test_a_checksum_is_the_one_that_clients_compute(fields: dict[str, Any], known: str) -> None:
    assert checksum(fields) == known


def test_the_order_of_keys_does_not_count() -> None:
    assert checksum(dict(reversed(CHILD.items()))) == CHILD_CHECKSUM


def test_what_is_secret_does_not_count() -> None:
    assert checksum({**CHILD, "secret_fields": ["a"]}) == CHILD_CHECKSUM


def test_the_definition_of_another_block_does_not_count() -> None:
    changed = {**PARENT, "definitions": {"Child": {**CHILD, "title": "Other"}}}
    assert checksum(changed) == checksum(PARENT)


@pytest.mark.parametrize(
    ("definitions", "counts"),
    [
        pytest.param({"Thing": {"type": "object"}}, True, id="referred to"),
        pytest.param({"Other": {"type": "object"}}, False, id="not referred to"),
        pytest.param({"Thing": {}}, False, id="empty"),
        pytest.param({"Thing": {"type": "object", "block_type_slug": "x"}}, False, id="a block"),
        pytest.param({"Block": {"block_type_slug": "x", "of": [{"$ref": "#/definitions/Deep"}]}, "Deep": {"a": 1}},
                     True, id="referred to from within a block"),
    ],
)  # fmt: skip
def test_only_definitions_that_are_needed_and_no_blocks_count(definitions: dict[str, Any], counts: bool) -> None:
    fields = {"properties": {"list": [{"$ref": "#/definitions/Thing"}]}}
    assert (checksum({**fields, "definitions": definitions}) != checksum(fields)) is counts
