"""What is sent. An object is called `<kind name>` wherever its id stands: each server has an id of its own for it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

NOTHING: Any = object()
BASE = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
"""The moment that all given times are counted from: recent enough to be kept, old enough not to be taken for now."""


def at(hours: float) -> str:
    """A given time."""
    return (BASE + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Step:
    """One request. Where `keep` names it, the ids and the times of the answer may be called by that name later."""

    method: str
    path: str
    body: Any = NOTHING
    keep: str = ""
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    ordered: bool = True
    """Whether the order of a list matters: it does not where the order asked for leaves it open."""

    @property
    def text(self) -> str:
        """The request, to be read and to be sent again by hand."""
        sent = self.raw.decode(errors="replace") if self.raw is not None else json.dumps(self.body, default=str)
        return f"{self.method} {self.path}" + ("" if self.body is NOTHING and self.raw is None else f" {sent[:1500]}")


@dataclass(frozen=True)
class Case:
    """A few requests that belong together. A case stands alone: it needs the world and no other case."""

    name: str
    steps: Sequence[Step]


def post(path: str, body: Any = NOTHING, keep: str = "", **more: Any) -> Step:
    """A POST."""
    return Step("POST", path, body, keep, **more)


def get(path: str, keep: str = "") -> Step:
    """A GET."""
    return Step("GET", path, keep=keep)


def one_by_one(name: str, steps: Iterator[Step]) -> Iterator[Case]:
    """Each step as a case of its own."""
    for number, step in enumerate(steps):
        yield Case(f"{name} {number}: {step.text[:160]}", [step])
