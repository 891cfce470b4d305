"""Events: as clients and orchd itself write them, and as they are answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Raw, field

from orchd.wire.base import Answer, Body, JsonObject

Resource = dict[str, str]
"""Labels of something; `prefect.resource.id` names it, `prefect.resource.role` says what it is to the event."""

RESOURCE_ID = "prefect.resource.id"
RESOURCE_ROLE = "prefect.resource.role"
RESOURCE_NAME = "prefect.resource.name"

LABELS = 500  # per resource
RELATED = 100  # resources beside the event's own
NAME_LENGTH = 1024  # characters
EVENT_SIZE = 1_500_000  # bytes of JSON; a larger event is dropped, as clients expect

Labels = Annotated[Resource, Meta(max_length=LABELS)]


class Event(Body, frozen=True, kw_only=True):
    """Something that happened. The id is chosen by whoever tells of it, and makes a second telling harmless."""

    occurred: datetime
    event: str
    resource: Resource
    related: list[Resource] = field(default_factory=list)
    payload: Any = field(default_factory=dict)
    id: UUID
    follows: UUID | None = None


class IncomingEvent(Event, frozen=True, kw_only=True):
    """An event from a client: bounded, its payload kept as it was written."""

    event: Annotated[str, Meta(max_length=NAME_LENGTH)]
    resource: Labels
    related: Annotated[list[Labels], Meta(max_length=RELATED)] = field(default_factory=list)
    payload: Raw = Raw(b"{}")


class ReceivedEvent(Answer, frozen=True, kw_only=True):
    """An event as orchd holds it."""

    occurred: datetime
    event: str
    resource: Resource
    related: list[Resource]
    payload: JsonObject
    id: UUID
    follows: UUID | None
    received: datetime
