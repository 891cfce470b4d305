"""Automations: what is to be done when a trigger fires."""

from orchd.wire.base import UUID, Answer, Raw, Tags, datetime


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
