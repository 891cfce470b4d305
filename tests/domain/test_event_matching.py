"""Listening live finds what a question to storage finds."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from orchd.domain.event_lists import period
from orchd.domain.event_matching import SeenEvent, matcher
from orchd.wire.event_filters import EventFilter
from orchd.wire.events import ReceivedEvent
from tests.api.event_cases import ALL, CASES, LONG_AGO

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def seen(told: dict[str, Any]) -> SeenEvent:
    """The event as it comes from the database: its documents encoded."""
    times = {name: datetime.fromisoformat(told[name]) for name in ("occurred",)}
    documents = {name: msgspec.Raw(msgspec.json.encode(told.get(name, []))) for name in ("resource", "related")}
    payload = msgspec.Raw(msgspec.json.encode(told.get("payload", {})))
    event = msgspec.convert({**told, "follows": None, "received": NOW, "related": [], "payload": {}}, ReceivedEvent)
    return SeenEvent(msgspec.structs.replace(event, **times, **documents, payload=payload))


@pytest.mark.parametrize(("asked", "expected"), CASES, ids=[str(asked) for asked, _ in CASES])
def test_a_filter_means_the_same_live(asked: dict[str, Any], expected: str) -> None:
    read = msgspec.convert({"occurred": LONG_AGO, **asked}, EventFilter)
    wants = matcher(read, *period(read, NOW))
    assert " ".join(name for name, told in ALL.items() if wants(seen(told))) == expected
