"""Triggers of automations: what has to happen, or to fail to happen."""

from typing import Annotated, Any, Literal

import msgspec

from orchd.wire.base import UNSET, UUID, Meta, Struct, UnsetType

DEEPEST = 10  # triggers within triggers
MOST = 100  # triggers beside each other
SHORTEST = 10.0  # seconds that a proactive trigger waits at least

Word = Annotated[str, Meta(max_length=2000)]
Words = Annotated[list[Word], Meta(max_length=500)]
Specification = Annotated[dict[Word, Word | Words], Meta(max_length=500)]
"""Labels of a resource, each with a pattern or with several of which one must fit."""
Seconds = Annotated[float, Meta(ge=0, le=1e12)]


class EventTrigger(Struct, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """Events that come (Reactive) or stay away (Proactive)."""

    id: UUID | UnsetType = UNSET
    match: Specification = {}
    match_related: Specification | Annotated[list[Specification], Meta(max_length=100)] = {}
    after: Words = []
    expect: Words = []
    for_each: Words = []
    posture: Literal["Reactive", "Proactive"]
    threshold: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] = 1
    within: Seconds = 0.0

    def __post_init__(self) -> None:
        if self.posture == "Proactive":
            if 0 < self.within < SHORTEST:
                raise ValueError(f"The minimum `within` of a proactive trigger is {SHORTEST:g} seconds")
            msgspec.structs.force_setattr(self, "within", self.within or SHORTEST)
        for name in ("after", "expect", "for_each"):
            msgspec.structs.force_setattr(self, name, list(dict.fromkeys(getattr(self, name))))


class CompoundTrigger(Struct, frozen=True, kw_only=True, tag_field="type", tag="compound"):
    """Several triggers, of which so many must fire."""

    id: UUID | UnsetType = UNSET
    triggers: Annotated[list["Trigger"], Meta(max_length=MOST)]
    within: Seconds | None
    require: int | Literal["any", "all"]

    def __post_init__(self) -> None:
        if isinstance(self.require, int) and not 1 <= self.require <= len(self.triggers):
            raise ValueError("`require` must be a number from 1 to the number of triggers, or any, or all")


class SequenceTrigger(Struct, frozen=True, kw_only=True, tag_field="type", tag="sequence"):
    """Several triggers that must fire one after the other."""

    id: UUID | UnsetType = UNSET
    triggers: Annotated[list["Trigger"], Meta(max_length=MOST)]
    within: Seconds | None


Trigger = EventTrigger | CompoundTrigger | SequenceTrigger


def trigger_from(value: Any) -> Trigger:
    """A trigger from plain values; its type may be left out, since its fields tell it. Raises ValueError."""
    found: Trigger = msgspec.convert(_typed(value, DEEPEST), Trigger, strict=False)
    return found


def _typed(value: Any, deeper: int) -> Any:
    """The same with every type said."""
    if not isinstance(value, dict):
        return value
    if not deeper:
        raise ValueError(f"Triggers may not be nested deeper than {DEEPEST}")
    inner = value.get("triggers")
    if isinstance(inner, list):
        value = {**value, "triggers": [_typed(each, deeper - 1) for each in inner]}
    return {"type": _kind_of(value), **value}


def _kind_of(value: dict[str, Any]) -> str:
    """The kind that has everything that it needs; else the one that is meant, so that what it lacks is said."""
    of_others = "triggers" in value and ("within" in value or "posture" not in value)
    if not of_others:
        return "event"
    return "compound" if "require" in value else "sequence"
