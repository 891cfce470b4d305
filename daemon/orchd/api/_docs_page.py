"""The API's reference for people, made from its OpenAPI document."""

import json
from collections import defaultdict
from typing import Any

from orchd.api._html import escape, page
from orchd.api._openapi import tag_of
from orchd.api._schemas import Json


def docs_page(document: Json, base: str) -> bytes:
    """The page. `base` is the path of the pages."""
    groups: dict[str, list[str]] = defaultdict(list)
    errors = document["components"]["responses"]
    for path, operations in document["paths"].items():
        groups[tag_of(path)] += [_operation(method, path, each, errors) for method, each in operations.items()]
    links = "".join(f'<a href="#{name}">{name}</a>' for name in (*groups, "schemas"))
    sections = "".join(_section(name, "".join(each)) for name, each in groups.items())
    schemas = "".join(_schema(name, each) for name, each in document["components"]["schemas"].items())
    server = document["servers"][0]["url"]
    return page(
        "orchd: API reference",
        f'<header><h1>API reference</h1><span class="soft">orchd {escape(document["info"]["version"])}, '
        f'below <code>{escape(server)}</code></span><nav><a href="{base}/">Overview</a>'
        f'<a href="{base}/openapi.json">OpenAPI</a></nav></header><main class="docs"><nav>'
        f'<input type="search" placeholder="Search" aria-label="Search">{links}</nav>'
        f"<div>{sections}{_section('schemas', schemas)}</div></main>",
        script="docs.js",
    )


def _section(name: str, body: str) -> str:
    return f'<section id="{name}"><h2>{name}</h2>{body}</section>'


def _operation(method: str, path: str, operation: Json, errors: Json) -> str:
    unbuilt = "x-orchd-status" in operation
    parts = [f"<p>{escape(str(operation.get('description') or operation['summary']))}</p>"]
    if role := operation.get("x-orchd-role"):
        parts.append(f'<p class="soft">Needs the role <code>{escape(role)}</code>.</p>' if role != "public" else "")
    if parameters := operation.get("parameters"):
        rows = "".join(_row(each["name"], each["schema"], each["in"], required=each["required"]) for each in parameters)
        parts.append(f"<h3>Parameters</h3>{_table(rows)}")
    if body := operation.get("requestBody"):
        needed = "" if body["required"] else ' <span class="soft">may be left out</span>'
        parts.append(f"<h3>Body</h3><p>{_content(body)}{needed}</p>")
    answers = "".join(_answer(status, each, errors) for status, each in operation["responses"].items())
    parts.append(f"<h3>Answers</h3>{_table(answers)}")
    return (
        f'<details id="{escape(operation["operationId"])}"{" class=unbuilt" if unbuilt else ""}>'
        f'<summary><code class="method {method}">{method.upper()}</code><code>{escape(path)}</code>'
        f'<span class="soft">{escape(operation["summary"])}</span></summary><div>{"".join(parts)}</div></details>'
    )


def _answer(status: str, answer: Json, errors: Json) -> str:
    told = errors[status] if "$ref" in answer else answer
    return f"<tr><td><code>{status}</code></td><td>{_content(told)}</td><td>{escape(told['description'])}</td></tr>"


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    rows = "".join(
        _row(key, each, each.get("description", ""), required=key in required)
        for key, each in schema.get("properties", {}).items()
    )
    body = _table(rows) if rows else f"<p>{_type(schema)}</p>"
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<div><p>{escape(schema.get('description', ''))}</p>{body}</div></details>"
    )


def _row(name: str, schema: Json, told: str, *, required: bool) -> str:
    if not required and schema.get("default") is not None:
        told = f"{told} default {json.dumps(schema['default'])}"
    marked = "<b>*</b>" if required else ""
    return f"<tr><td><code>{escape(name)}</code>{marked}</td><td>{_type(schema)}</td><td>{escape(told)}</td></tr>"


def _table(rows: str) -> str:
    return f"<table><tbody>{rows}</tbody></table>"


def _content(holder: Json) -> str:
    found = holder.get("content", {})
    return ", ".join(
        _type(each["schema"]) + ("" if media == "application/json" else f" as {escape(media)}")
        for media, each in found.items()
    )


def _type(schema: Any) -> str:
    """A schema in a few words, with links to the structs in it."""
    if not schema:
        return "anything"
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if alternatives := schema.get("anyOf"):
        return " or ".join(map(_type, alternatives))
    if values := schema.get("enum"):
        return " ".join(f"<code>{escape(str(value))}</code>" for value in values)
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items'))}"
    if kind == "object" and schema.get("additionalProperties"):
        return f"object of {_type(schema['additionalProperties'])}"
    return escape(str(schema.get("format") or kind))
