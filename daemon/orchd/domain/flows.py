"""What a change of a flow means."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET

from orchd.db import Tx
from orchd.domain import events, run_removal
from orchd.errors import NotFound
from orchd.queries import _filters as filters
from orchd.queries import flow_runs
from orchd.queries import flows as query
from orchd.queries._filters_nouns import of_flow
from orchd.wire.flows import Flow, FlowCreate, FlowFilter, FlowUpdate

MISSING = "Flow not found"


class Created(NamedTuple):
    """A flow, and whether it is new."""

    flow: Flow
    new: bool


def create(tx: Tx, asked: FlowCreate, now: datetime) -> Created:
    """A new flow, or the one of that name, as it is."""
    known = query.by_name(tx, asked.name)
    if known is not None:
        return Created(known, new=False)
    made = query.insert(tx, asked, now)
    if made is None:  # somebody else was first, just now
        return Created(read_by_name(tx, asked.name), new=False)
    _tell(tx, "created", made, now)
    return Created(made, new=True)


def read(tx: Tx, id: UUID) -> Flow:
    """Raises NotFound."""
    return _found(query.by_id(tx, id))


def read_by_name(tx: Tx, name: str) -> Flow:
    """Raises NotFound."""
    return _found(query.by_name(tx, name))


def update(tx: Tx, id: UUID, patch: FlowUpdate, now: datetime) -> None:
    """Changes a flow. Raises NotFound."""
    tags = None if patch.tags is UNSET else patch.tags
    _tell(tx, "updated", _found(query.set_tags(tx, id, tags, now)), now)


def remove_runs(tx: Tx, id: UUID, most: int, now: datetime) -> list[UUID]:
    """Deletes some of the flow's runs, so that no transaction has to delete all at once. Raises NotFound."""
    _found(query.by_id(tx, id))
    return run_removal.flow_runs(tx, flow_runs.ids_of_flow(tx, id, most), now)


def delete(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes a flow with its deployments and what runs it still has. Raises NotFound."""
    _tell(tx, "deleted", _found(query.remove(tx, id)), now)


def some(tx: Tx, asked: FlowFilter | None, most: int) -> list[UUID]:
    """The ids of flows that are meant; without a filter, of any."""
    return query.ids(tx, filters.together() if asked is None else of_flow(asked), most)


def _found(flow: Flow | None) -> Flow:
    if flow is None:
        raise NotFound(MISSING)
    return flow


def _tell(tx: Tx, action: str, flow: Flow, now: datetime) -> None:
    payload = {"name": flow.name, "tags": flow.tags, "labels": flow.labels}
    events.emit(tx, events.object_changed("flow", action, flow.id, flow.name, payload, now), now, last=True)
