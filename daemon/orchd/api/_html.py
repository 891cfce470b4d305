"""Pages that need nothing from elsewhere: one frame, one style sheet, escaped text, a policy that allows no more."""

import base64
import hashlib
from functools import cache
from html import escape
from importlib.resources import files

from aiohttp import web

from orchd.api._answer import bytes_response

__all__ = ["asset", "escape", "html_response", "page"]


@cache
def asset(name: str) -> str:
    """The text of a style sheet or script that travels with this package."""
    return files("orchd.api").joinpath("_assets", name).read_text(encoding="utf-8")


def page(title: str, body: str, *, refresh: int | None = None, script: str | None = None) -> bytes:
    """A whole document. `body` is markup: whatever went into it was escaped there. `refresh` is in seconds."""
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    code = f"<script>{asset(script)}</script>" if script else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{again}<title>{escape(title)}</title><style>{asset('pages.css')}</style></head>"
        f"<body>{body}{code}</body></html>\n"
    ).encode()


def html_response(
    request: web.BaseRequest, status: int, data: bytes, headers: dict[str, str] | None = None
) -> web.Response:
    """A page. Its own style and script are allowed by their hashes, and nothing else is."""
    sent = {"Content-Security-Policy": _policy(), "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return bytes_response(request, status, data, "text/html; charset=utf-8", {**sent, **(headers or {})})


@cache
def _policy() -> str:
    rules = {
        "default-src": "'none'",
        "style-src": _hash("pages.css"),
        "script-src": _hash("docs.js"),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(name: str) -> str:
    digest = hashlib.sha256(asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
