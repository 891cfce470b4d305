"""Automations: what is to be done when a trigger fires."""

from enum import StrEnum
from typing import Annotated, Any

import msgspec

from orchd.wire.actions import MOST, TEMPLATES, action_from, written_in
from orchd.wire.base import (
    UNSET,
    UUID,
    Answer,
    Body,
    Filter,
    Limit,
    Meta,
    Offset,
    Patch,
    Raw,
    Tags,
    UnsetType,
    datetime,
)
from orchd.wire.filters import IdAny, Operated, TagsAllOrAny, TextAny
from orchd.wire.triggers import Trigger, trigger_from

ACTIONS = ("actions", "actions_on_trigger", "actions_on_resolve")
Plain = Annotated[list[Any], Meta(max_length=MOST)]
Text = Annotated[str, Meta(max_length=10_000)]


class Automation(Answer, frozen=True, kw_only=False):
    """An automation. Built from rows by position: the fields' order is that of the query's columns."""

    id: UUID
    created: datetime
    updated: datetime
    name: str
    description: str
    enabled: bool
    tags: Tags
    trigger: Raw
    actions: Raw
    actions_on_trigger: Raw
    actions_on_resolve: Raw


class AutomationUpdate(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another automation in the place of one that is there. What is left out stays, also whether it is on."""

    name: Text
    description: Text | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    trigger: Any
    """Of triggers.py; clients may leave types out, which is why it is read in a second step. So are actions."""
    actions: Plain
    actions_on_trigger: Plain | UnsetType = UNSET
    actions_on_resolve: Plain | UnsetType = UNSET

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "trigger", trigger_from(self.trigger))
        given = {name: plain for name in ACTIONS if isinstance(plain := getattr(self, name), list)}
        if sum(map(written_in, given.values())) > TEMPLATES:
            raise ValueError(f"The templates of an automation may have {TEMPLATES} characters together")
        for name, plain in given.items():
            msgspec.structs.force_setattr(self, name, [action_from(each) for each in plain])

    def fires_on(self) -> Trigger:
        """The trigger, read."""
        found: Trigger = self.trigger
        return found


class AutomationCreate(AutomationUpdate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new automation. It goes with its owner, when that is deployed anew."""

    description: Text = ""
    enabled: bool = True
    tags: Tags = []
    actions_on_trigger: Plain = []
    actions_on_resolve: Plain = []
    owner_resource: Text | None = None


class AutomationSwitch(Patch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of PATCH: on or off."""

    enabled: bool | UnsetType = UNSET


class AutomationSort(StrEnum):
    """Orders of a list of automations."""

    CREATED_DESC = "CREATED_DESC"
    UPDATED_DESC = "UPDATED_DESC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


class CreatedBefore(Filter, frozen=True, kw_only=True):
    before_: datetime | None = None


class AutomationFilter(Operated, frozen=True, kw_only=True):
    """Which automations are meant."""

    id: IdAny | None = None
    name: TextAny | None = None
    created: CreatedBefore | None = None
    tags: TagsAllOrAny | None = None


class AutomationCount(Body, frozen=True, kw_only=True):
    """Body of `count`."""

    automations: AutomationFilter | None = None


class AutomationList(AutomationCount, frozen=True, kw_only=True):
    """Body of `filter`."""

    sort: AutomationSort | None = None
    limit: Limit | None = None
    offset: Offset | None = None
