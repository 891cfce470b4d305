"""Templates over the API: looked at, and filled in where they stand in parameters."""

from typing import Any

from tests.api.conftest import Api

KIND = "__prefect_kind"


def jinja(template: Any) -> dict[str, Any]:
    return {KIND: "jinja", "template": template}


def json(value: Any) -> dict[str, Any]:
    return {KIND: "json", "value": value}


def none(value: Any) -> dict[str, Any]:
    return {KIND: "none", "value": value}


def variable(name: Any) -> dict[str, Any]:
    return {KIND: "workspace_variable", "variable_name": name}


async def test_a_template_is_looked_at(api: Api) -> None:
    for good in ("", "no template {#", "{{ flow_run.name }} is {{ flow_run.state.name|upper }}"):
        assert await api.call("POST", "/templates/validate", good) == (204, "")
    for source, line, message in [
        ("{{ x", 1, "unexpected end of template, expected 'end of print statement'."),
        ("\n{{ x|nothing }}", 2, "No filter named 'nothing'."),
    ]:
        error = {"line": line, "message": message, "source": source}
        assert await api.call("POST", "/templates/validate", source) == (422, {"error": error})
    status, answer = await api.call("POST", "/templates/validate", "{% for a in b %}{% endfor %}" * 11)
    assert (status, answer["error"]["line"]) == (422, 0)
    status, answer = await api.call("POST", "/templates/validate", {"template": "x"})
    assert (status, answer["exception_detail"][0]["loc"]) == (422, ["body"])


FILLED = [
    ("text", jinja("{{ 1 + 1 }} of {{ nothing.at.all }}"), "2 of "),
    ("no template", jinja("plain {# c #}"), "plain {# c #}"),
    ("template by placeholder", jinja(json('"{{ 3 }}"')), "3"),
    ("numbers by template", json(jinja("[{{ 1 }}, 2]")), [1, 2]),
    ("deep", {"a": [none({"b": jinja("{{ 'c' }}")})]}, {"a": [{"b": "c"}]}),
    ("json", json('{"a": [null]}'), {"a": [None]}),
    ("json of no text", json(5), 5),
    ("none", none({"b": {KIND: "json"}, "c": [{KIND: "json"}, 1]}), {"c": [1]}),
    ("variable", variable("place"), {"at": "home"}),
    ("variable by placeholder", variable(json('"place"')), {"at": "home"}),
    ("variable by template", variable(jinja("{{ 'pla' }}ce")), {"at": "home"}),
    ("unknown kind", {KIND: "nope", "value": none(1)}, none(1)),
    ("null kind", {KIND: None}, None),
]
REMOVED: list[dict[str, Any]] = [
    {KIND: "json"},
    {KIND: "workspace_variable"},
    none({KIND: "json"}),
    jinja({KIND: "json"}),
    json({KIND: "json"}),
]
UNFILLABLE = [
    ({KIND: "none"}, "Missing 'value' key in __prefect object"),
    ({KIND: "jinja"}, "Missing 'template' key in __prefect object"),
    (jinja("{{ x"), "Invalid jinja: unexpected end of template"),
    (jinja(5), "Invalid jinja: the template is not a text"),
    (jinja("{{ 1 / 0 }}"), "Invalid jinja: Failed to render template due to the following error: division by zero"),
    (jinja("{{ 'x' * 999999999 }}"), "Invalid jinja: Failed to render"),
    ([jinja("{{ 1 }}" + "x" * 40_000)] * 2, "Invalid jinja: the templates have more than 65536 characters"),
    (
        [jinja("{% for a in range(100) %}{% for b in range(100) %}{% endfor %}{% endfor %}")] * 100,
        "Invalid jinja: Failed to render template due to the following error: The template does too much work",
    ),
    ([jinja("{{ 'x' * 300000 }}")] * 2, "Invalid jinja: the templates write more than"),
    ([variable(json(f'"v{n}"')) for n in range(2)], "Variable 'v0' not found in workspace."),
    (json("{"), "Invalid JSON: "),
    (json('"\\u0000"'), "Invalid JSON: a string holds the character NUL"),
    (json(none("[")), "Invalid JSON: "),
    (variable("nope"), "Variable 'nope' not found in workspace."),
    (variable(None), "Variable 'None' not found in workspace."),
]


async def deployment(api: Api) -> str:
    await api.post("/variables/", {"name": "place", "value": {"at": "home"}})
    flow = await api.post("/flows/", {"name": "f"})
    made = await api.post("/deployments/", {"name": "d", "flow_id": flow["id"], "enforce_parameter_schema": False})
    return f"/deployments/{made['id']}"


async def test_placeholders_in_parameters_are_filled(api: Api) -> None:
    path = await deployment(api)
    asked = {name: value for name, value, _ in FILLED} | {f"removed {n}": value for n, value in enumerate(REMOVED)}
    run = await api.post(f"{path}/create_flow_run", {"parameters": asked})
    assert run["parameters"] == {name: filled for name, _, filled in FILLED}
    await api.patch(path, {"parameters": asked})
    assert (await api.get(path))["parameters"] == {name: filled for name, _, filled in FILLED}


async def test_a_placeholder_that_cannot_be_filled_is_refused(api: Api) -> None:
    path = await deployment(api)
    for value, said in UNFILLABLE:
        status, answer = await api.call("POST", f"{path}/create_flow_run", {"parameters": {"a": value}})
        start = f"Error hydrating flow run parameters: {said}"
        assert (status, answer["detail"][: len(start)]) == (400, start)
    status, answer = await api.call("PATCH", path, {"parameters": {"a": jinja("{{ x")}})
    assert (status, answer["detail"][:43]) == (400, "Error hydrating deployment parameters: Inva")


async def test_values_are_held_against_a_schema(api: Api) -> None:
    await api.post("/variables/", {"name": "place", "value": 7})
    number = {"type": "integer"}
    schema = {"type": "object", "properties": dict.fromkeys("abcdef", number), "required": list("ab")}
    values = {
        "a": variable("place"),
        "b": jinja("{{ any }}"),
        "c": jinja("{{ x"),
        "d": json('"text"'),
        "e": variable("nope"),
        "f": json({KIND: "json"}),
    }
    answer = await api.post("/ui/schemas/validate", {"schema": schema, "values": values})
    assert answer == {
        "errors": [
            {
                "property": "c",
                "errors": ["Invalid jinja: unexpected end of template, expected 'end of print statement'."],
            },
            {"property": "d", "errors": ["'text' is not valid under any of the given schemas"]},
            {"property": "e", "errors": ["Variable 'nope' not found in workspace."]},
        ],
        "valid": False,
    }
    gone = await api.post("/ui/schemas/validate", {"schema": {"required": ["a"]}, "values": {KIND: "json"}})
    assert gone == {"errors": [{"property": "a", "errors": ["'a' is a required property"]}], "valid": False}
    good = await api.post("/ui/schemas/validate", {"schema": schema, "values": {"a": 1, "b": 2, "c": None}})
    assert good == {"errors": [], "valid": True}
    status, refused = await api.call("POST", "/ui/schemas/validate", {"schema": {"type": "nope"}, "values": {}})
    assert (status, refused["detail"][:23]) == (422, "Invalid schema: 'nope' ")
