"""Questions about automations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, delete, insert, or_, select, update

from orchd.db import Statement, Tx
from orchd.db.tables import automation, automation_bucket
from orchd.queries import _filters as filters
from orchd.wire.automations import Automation, AutomationFilter, AutomationSort

_COLUMNS = [automation.c[name] for name in Automation.__struct_fields__]
_OWNED = automation.c.owner_resource == bindparam("owner")
_ORDER = (automation.c.name, automation.c.id)
_MENTIONS = cast(automation.c.actions, Text).like(bindparam("part", type_=Text))

_RELATED = Statement(select(*_COLUMNS, automation.c.owner_resource).where(or_(_OWNED, _MENTIONS)).order_by(*_ORDER))
_BY_OWNER = Statement(select(*_COLUMNS).where(_OWNED).order_by(*_ORDER))
_REMOVE_OWNED = Statement(delete(automation).where(_OWNED, automation.c.created < bindparam("before")))


_BY_ID = Statement(select(*_COLUMNS).where(automation.c.id == bindparam("id")))
_INSERT = Statement(insert(automation))
_FORGET_BUCKETS = Statement(
    delete(automation_bucket).where(automation_bucket.c.automation_id == bindparam("automation"))
)
_ORDERS = {
    AutomationSort.CREATED_DESC: (automation.c.created.desc(), automation.c.id.desc()),
    AutomationSort.UPDATED_DESC: (automation.c.updated.desc(), automation.c.id.desc()),
    AutomationSort.NAME_ASC: (automation.c.name.asc(), automation.c.id.asc()),
    AutomationSort.NAME_DESC: (automation.c.name.desc(), automation.c.id.desc()),
}


def by_id(tx: Tx, id: UUID) -> Automation | None:
    """The automation; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else Automation(*row)


def add(tx: Tx, values: dict[str, Any]) -> None:
    """Writes a new automation."""
    tx.run(_INSERT, values)


def change(tx: Tx, id: UUID, values: dict[str, Any]) -> Automation | None:
    """Writes these columns; None when there is no such automation."""
    changed: Any = update(automation).where(automation.c.id == id).values(values).returning(*_COLUMNS)
    row = tx.execute(changed).first()
    return None if row is None else Automation(*list(row))


def forget_buckets(tx: Tx, id: UUID) -> None:
    """What the triggers of an automation have counted so far."""
    tx.run(_FORGET_BUCKETS, {"automation": id})


def remove(tx: Tx, id: UUID) -> Automation | None:
    """Deletes an automation and returns it; None when there is none."""
    row = tx.execute(delete(automation).where(automation.c.id == id).returning(*_COLUMNS)).first()
    return None if row is None else Automation(*list(row))


def page(tx: Tx, asked: AutomationFilter | None, sort: AutomationSort, limit: int, offset: int) -> list[Automation]:
    """The automations that match, in order."""
    found = select(*_COLUMNS).where(_condition(asked)).order_by(*_ORDERS[sort]).limit(limit).offset(offset)
    return [Automation(*list(row)) for row in tx.execute(found)]


def count(tx: Tx, asked: AutomationFilter | None) -> int:
    """How many automations match."""
    return int(tx.execute(filters.count(_condition(asked), automation.c.id)).scalar_one())


def _condition(asked: AutomationFilter | None) -> filters.Condition:
    if asked is None:
        return filters.together()
    before = asked.created.before_ if asked.created else None
    return filters.joined(
        asked.operator,
        [
            filters.only_among(automation.c.id, asked.id),
            filters.only_among(automation.c.name, asked.name),
            None if asked.created is None else filters.together(filters.at_most(automation.c.created, before)),
            filters.tags(automation.c.tags, asked.tags),
        ],
    )


def owned_by(tx: Tx, owner: str) -> list[Automation]:
    """The automations that a resource owns, by name."""
    return [Automation(*row) for row in tx.fetch(_BY_OWNER, {"owner": owner})]


def owned_or_mentioning(tx: Tx, owner: str, deployment: str) -> list[tuple[Automation, bool]]:
    """The same, and those whose actions hold a deployment's id somewhere; with each, whether the resource owns it.

    That is a look at every automation: there are as many as people have written.
    """
    rows = tx.fetch(_RELATED, {"owner": owner, "part": f"%{deployment}%"})
    return [(Automation(*row[:-1]), row[-1] == owner) for row in rows]


def remove_owned(tx: Tx, owner: str, before: datetime) -> None:
    """Deletes the automations of an owner that were there before."""
    tx.run(_REMOVE_OWNED, {"owner": owner, "before": before})
