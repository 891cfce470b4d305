"""The schema is the one definition: complete in itself, and the structs and the reference page follow from it."""

import types
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from jsonschema import Draft202012Validator

from orchd.config import manual, schema
from orchd.config.schema import Option, by_name, options
from orchd.config.settings import Settings
from orchd.config.validation import secret_fault
from orchd.config.values import DatabaseUrl, Secret

EVERY_OPTION = [pytest.param(option, id=option.name) for option in options()]
FOUND_WHERE_IT_RUNS = {"database.url", "control.socket"}
TYPES: dict[str | None, Any] = {
    "duration": timedelta,
    "size": int,
    "file-mode": int,
    "socket-path": Path,
    "http-url": str,
    "fernet-key": Secret,
    "database-url": DatabaseUrl,
}
PLAIN: dict[str, Any] = {"string": str, "integer": int, "boolean": bool}


def expected_type(option: Option) -> Any:
    """The type of the field that holds this option."""
    if "enum" in option.spec:
        return Literal[tuple(option.spec["enum"])]
    kinds = option.spec["type"] if isinstance(option.spec["type"], list) else [option.spec["type"]]
    held: Any = TYPES[option.format] if option.format else Secret if option.secret else PLAIN[kinds[0]]
    return held | None if "null" in kinds and option.name not in FOUND_WHERE_IT_RUNS else held


def fields(kind: Any, prefix: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Every field of the settings by its dotted name, with its type, and whether it has a default."""
    for each in msgspec.structs.fields(kind):
        if isinstance(each.type, type) and issubclass(each.type, msgspec.Struct) and each.type is not DatabaseUrl:
            yield from fields(each.type, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}", each.type, not each.required


def same(left: Any, right: Any) -> bool:
    unions = (Union, types.UnionType)
    if get_origin(left) in unions and get_origin(right) in unions:
        return set(get_args(left)) == set(get_args(right))
    return bool(left == right)


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("option", EVERY_OPTION)
def test_an_option_is_fully_described(option: Option) -> None:
    assert option.spec["x-reload"] in {"live", "restart"}
    assert len(option.spec["description"]) > 20
    assert option.spec["description"].endswith(".")
    assert "enum" in option.spec or "type" in option.spec
    if option.spec.get("type") == "integer":
        assert {"minimum", "maximum"} <= option.spec.keys()
    if option.format in {"duration", "size"}:
        assert {"x-minimum", "x-maximum"} <= option.spec.keys()


@pytest.mark.parametrize("option", EVERY_OPTION)
def test_a_default_is_allowed(option: Option) -> None:
    assert secret_fault(option, option.default) is None


@pytest.mark.parametrize("option", [each for each in EVERY_OPTION if each.values[0].secret])
def test_a_secret_can_stand_in_a_file_and_changes_as_the_file_does(option: Option) -> None:
    file_option = by_name()[".".join(option.file_key)]
    assert file_option.names_secret_file
    assert file_option.live == option.live
    assert option.default is None


def test_sections_describe_themselves_and_refuse_what_they_do_not_know() -> None:
    def sections(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "properties" in spec:
            yield spec
            for inner in spec["properties"].values():
                yield from sections(inner)

    assert all(each["additionalProperties"] is False and each["description"] for each in sections(schema()))


def test_the_structs_hold_exactly_the_options_with_their_types() -> None:
    held = {name: kind for name, kind, _ in fields(Settings)}
    defined = {option.name: expected_type(option) for option in options() if not option.names_secret_file}
    assert held.keys() == defined.keys()
    assert {name: kind for name, kind in held.items() if not same(kind, defined[name])} == {}


def test_no_struct_has_a_default() -> None:
    assert [name for name, _, has_default in fields(Settings) if has_default] == []


def test_the_reference_page_is_the_one_made_from_the_schema() -> None:
    page = Path(__file__).parents[2] / "docs/configuration.md"
    assert page.read_text() == manual.markdown(), "make it anew: orchd schema --markdown > docs/configuration.md"


def test_the_reference_page_names_every_option() -> None:
    page = manual.markdown()
    assert [option.name for option in options() if f"**`{option.key[-1]}`**" not in page] == []
    assert [option.name for option in options() if option.spec["description"] not in page] == []
