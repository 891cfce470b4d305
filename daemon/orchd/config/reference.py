"""The reference page of the configuration, made from the schema."""

import json
from typing import Any


def page(schema: dict[str, Any]) -> str:
    """The page, in Markdown."""
    lines = [
        "# Configuration",
        "",
        "Made from `config/schema.json` by `orchd schema --markdown`; do not edit it here.",
        "",
        "Durations are written `90s`, `10m`, `1h30m`; sizes `512MiB`, `10MB`. **live** options change with",
        "`systemctl reload orchd`, the others with a restart. Secrets are never printed.",
    ]
    _section(lines, schema["properties"], "")
    return "\n".join(lines) + "\n"


def _section(lines: list[str], properties: dict[str, Any], prefix: str) -> None:
    options = {name: part for name, part in properties.items() if "properties" not in part}
    for name, part in options.items():
        lines += ["", f"### `{prefix}{name}`", "", _facts(part), "", part["description"]]
    for name, part in properties.items():
        if "properties" in part:
            lines += ["", f"## {prefix}{name}", "", part["description"]]
            _section(lines, part["properties"], f"{prefix}{name}.")


def _facts(part: dict[str, Any]) -> str:
    default = part["default"]
    facts = [_kind(part), f"default `{json.dumps(default)}`" if default is not None else "no default"]
    least, most = part.get("minimum", part.get("x-minimum")), part.get("maximum", part.get("x-maximum"))
    if least is not None and most is not None:
        facts.append(f"{least} to {most}")
    if part["x-reload"] == "live":
        facts.append("**live**")
    if part.get("x-secret"):
        facts.append("secret")
    return " · ".join(facts)


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return "one of " + ", ".join(f"`{value}`" for value in part["enum"])
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    return str(part.get("format") or " or ".join(kind for kind in kinds if kind != "null"))
