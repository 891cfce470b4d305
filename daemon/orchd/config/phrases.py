"""What an option may be, in words: for errors and for the reference page."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_FORMATS = MappingProxyType(
    {
        "duration": 'a duration such as "90s", "10m", "1h30m" or "7d"',
        "size": 'a size such as "512KiB" or "16MiB"',
        "file-mode": 'a file mode in quotes such as "0660"',
        "socket-path": "the path of a socket",
        "http-url": "an address such as https://orchd.example.org",
        "fernet-key": "32 bytes in URL-safe base64",
        "database-url": "sqlite:///PATH or postgresql://USER@HOST:PORT/NAME",
        "secret-file": "the name of a file",
    }
)


def allowed(spec: Mapping[str, Any]) -> str:
    """What a value may be, as a phrase."""
    if "properties" in spec:
        return "a mapping of options"
    text = _allowed_kind(spec)
    return f"{text}, or null" if "null" in spec.get("type", ()) else text


def _allowed_kind(spec: Mapping[str, Any]) -> str:
    if "enum" in spec:
        return "one of " + ", ".join(spec["enum"])
    kinds = spec["type"]
    if kinds == "boolean":
        return "true or false"
    if kinds == "integer":
        return f"a whole number from {spec['minimum']} to {spec['maximum']}"
    text = _FORMATS.get(spec.get("format", ""), "a text")
    if "x-minimum" in spec:
        text += f", from {spec['x-minimum']} to {spec['x-maximum']}"
    if "maxLength" in spec:
        text += f" of {spec.get('minLength', 0)} to {spec['maxLength']} characters"
    return f"{text} that fits {spec['pattern']}" if "pattern" in spec else text
