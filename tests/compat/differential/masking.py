"""Answers without what cannot be the same on two servers: ids, the present time, texts meant for people."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.compat.differential.sides import MOMENT, UUID, Answer

RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+")
TEXTS = {"detail", "message", "reason", "exception_message"}
"""Fields whose texts are for people. A given text begins with `given` and is compared."""
CLOSE = timedelta(hours=6)


def masked(answer: Answer, names: dict[str, str], *, ordered: bool = True) -> Any:
    """What is compared of a body."""
    if answer.status >= 400:
        return _shape_of_error(answer.body)
    found = _masked(answer.body, names, "")
    return found if ordered else _in_some_order(found)


def _in_some_order(found: Any) -> Any:
    if isinstance(found, list):
        return sorted(
            found, key=lambda each: (str(each.get("id")), json.dumps(each)) if isinstance(each, dict) else ("",)
        )
    return (
        {**found, "results": _in_some_order(found["results"])}
        if isinstance(found, dict) and "results" in found
        else found
    )


def _shape_of_error(body: Any) -> Any:
    """The keys of an error and the kinds of what they hold: the texts are for people."""
    if not isinstance(body, dict):
        return "<text>"
    shape: dict[str, Any] = {key: type(value).__name__ for key, value in body.items() if key != "request_body"}
    if isinstance(entries := body.get("exception_detail"), list):
        shape["exception_detail"] = [sorted(set(each) - {"ctx", "url"}) for each in entries[:1]]
    return shape | ({"request_body": "<as sent>"} if "request_body" in body else {})


def _masked(value: Any, names: dict[str, str], key: str) -> Any:
    if isinstance(value, dict):
        return {_text(name, names, ""): _masked(each, names, name) for name, each in sorted(value.items())}
    if isinstance(value, list):
        if key == "tags":  # the peer's own order is by chance where tags come together from two places
            return sorted(value)
        return [_masked(each, names, key) for each in value]
    if isinstance(value, str):
        return _text(value, names, key)
    return value


def _text(value: str, names: dict[str, str], key: str) -> str:
    if MOMENT.match(value):
        return _moment(value)
    if key in TEXTS and not value.startswith("given"):
        return "<text>"
    if key == "next_page":
        return "<url>"
    if key in ("name", "flow_run_name", "label") and RANDOM_NAME.fullmatch(value):
        return "<random name>"
    return UUID.sub(lambda found: names.get(found[0], "<id>"), value)


def _moment(value: str) -> str:
    """A given time as it is told; one that the server took from its clock as <now>."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    if moment.tzinfo and abs(moment - datetime.now(UTC)) < CLOSE:
        return "<now>"
    return value
