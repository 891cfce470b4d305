"""What does not fit a schema stands where it is; the shapes are those that clients know."""

from typing import Any

import pytest

from orchd.domain.hydration import Fault, Rendered
from orchd.domain.schema_values import faults
from orchd.errors import Invalid

INT, TEXT = {"type": "integer"}, {"type": "string"}
NO_INT = "'x' is not of type 'integer'"
NO_CHOICE = "'x' is not valid under any of the given schemas"


def thing(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def items(of: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


def at(name: str | int, *errors: Any) -> dict[str, Any]:
    return {"index" if isinstance(name, int) else "property": name, "errors": list(errors)}


NODE = thing({"next": {"$ref": "#/definitions/Node"}, "n": INT})
CASES: dict[str, tuple[dict[str, Any], Any, list[Any]]] = {
    "fits": (thing({"n": INT}, "n"), {"n": 1}, []),
    "anything": ({}, {"n": 1}, []),
    "wrong": (thing({"n": INT}, "n"), {"n": "x"}, [at("n", NO_INT)]),
    "wrong and optional": (thing({"n": INT}), {"n": "x"}, [at("n", NO_CHOICE)]),
    "null and optional": (thing({"n": INT}), {"n": None}, []),
    "null and optional within": (thing({"a": thing({"n": INT})}), {"a": {"n": None}}, []),
    "null and one of": (thing({"n": {"enum": [1]}}), {"n": None}, [at("n", "None is not one of [1]")]),
    "null and needed": (thing({"n": INT}, "n"), {"n": None}, [at("n", "None is not of type 'integer'")]),
    "null in a list": (thing({"l": items(INT)}), {"l": [None]}, [at("l", at(0, "None is not of type 'integer'"))]),
    "missing": (thing({"n": INT}, "n"), {}, [at("n", "'n' is a required property")]),
    "missing within": (thing({"a": thing({}, "b")}), {"a": {}}, [at("a", at("b", "'b' is a required property"))]),
    "in the order of the schema": (
        {"required": ["z", "b"], "properties": {"b": INT, "a": INT}},
        {"a": "x"},
        [at("z", "'z' is a required property"), at("b", "'b' is a required property"), at("a", NO_CHOICE)],
    ),
    "two at one place": (
        thing({"n": {**INT, "minimum": 5, "multipleOf": 2}}),
        {"n": 3},
        [at("n", "3 is less than the minimum of 5"), at("n", "3 is not a multiple of 2")],
    ),
    "list": (thing({"l": items(INT)}), {"l": ["x", 1, "x"]}, [at("l", at(0, NO_INT), at(2, NO_INT))]),
    "list of objects": (
        thing({"l": items(thing({"b": INT}, "b"))}),
        {"l": [{"b": 1}, {}, {"b": "x"}]},
        [at("l", at(1, at("b", "'b' is a required property")), at(2, at("b", NO_INT)))],
    ),
    "list and its items": (
        thing({"l": items(INT, minItems=3)}),
        {"l": ["x"]},
        [at("l", at(0, NO_INT)), at("l", "['x'] is too short")],
    ),
    "items after their list": (
        thing({"l": {"minItems": 3, **items(INT)}}),
        {"l": ["x"]},
        [at("l", "['x'] is too short", at(0, NO_INT))],
    ),
    "the whole": (
        thing({}, additionalProperties=False),
        {"z": 1},
        ["Additional properties are not allowed ('z' was unexpected)"],
    ),
    "reference": (thing({"r": {"$ref": "#/definitions/R"}}, definitions={"R": INT}), {"r": "x"}, [at("r", NO_INT)]),
    "circle": (
        thing({"r": {"$ref": "#/definitions/Node"}}, definitions={"Node": NODE}),
        {"r": {"next": {"n": "x"}}},
        [at("r", at("next", at("n", NO_CHOICE)))],
    ),
    "format": (
        thing({"t": {**TEXT, "format": "date-time"}}),
        {"t": "2026-01-01T00:00:00"},
        [at("t", "'2026-01-01T00:00:00' is not a 'date-time'")],
    ),
    "format that fits": (thing({"t": {**TEXT, "format": "date-time"}}), {"t": "2026-01-01T00:00:00z"}, []),
    "pattern": (thing({"t": {**TEXT, "pattern": "^a"}}), {"t": "b"}, [at("t", "'b' does not match '^a'")]),
    "fault": (thing({"n": INT}), {"n": Fault("no")}, [at("n", "no")]),
    "fault in a list": (thing({"l": items(INT)}), {"l": [Fault("no"), "x"]}, [at("l", at(0, "no"), at(1, NO_INT))]),
    "fault is all": (thing({"n": INT}), Fault("no"), ["no"]),
    "template": (
        thing({"n": INT, "l": items(INT, uniqueItems=True)}),
        {"n": Rendered(""), "l": [Rendered("")] * 2},
        [],
    ),
    "template is all": (thing({"n": INT}, "n"), Rendered(""), []),
    "no object": (thing({"n": INT}), [1], ["[1] is not of type 'object'"]),
}


@pytest.mark.parametrize(("schema", "values", "expected"), CASES.values(), ids=CASES)
def test_a_misfit_stands_where_it_is(schema: dict[str, Any], values: Any, expected: list[Any]) -> None:
    assert faults(schema, values) == expected


LAUGHS = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 10} for n in range(10)} | {"l10": INT}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("schema", "values", "said"),
    [
        pytest.param({"type": "nope"}, {}, "'nope' is not valid", id="no schema"),
        pytest.param({"$ref": "http://elsewhere.invalid/"}, {}, "Unresolvable", id="elsewhere"),
        pytest.param({"$ref": "#/$defs/nope"}, {}, "does not exist", id="nowhere"),
        pytest.param({"$ref": "#"}, {}, "circle", id="a circle"),
        pytest.param(
            {"properties": {"l": {"$ref": "#/$defs/l0"}}, "$defs": LAUGHS}, {"l": 1}, "too much work", id="laughs"
        ),
        pytest.param(
            {"properties": {"l": {"uniqueItems": True}}},
            {"l": [{"n": n} for n in range(9000)]},
            "too much work",
            id="all pairs",
        ),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any], values: Any, said: str) -> None:
    with pytest.raises(Invalid, match=f"Invalid schema: .*{said}"):
        faults(schema, values)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)*$", "^(a{1,9}){1,9}$", "a*a*a*a*a*$", "a" * 201])
@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
def test_a_pattern_that_may_take_long_is_passed_over(pattern: str, keyword: str) -> None:
    text = "a" * 100 + "b"
    if keyword == "pattern":
        assert faults({"properties": {"t": {"pattern": pattern}}}, {"t": text}) == []
    else:
        assert faults({"patternProperties": {pattern: INT}, "additionalProperties": False}, {text: 1}) == []
