"""Questions about automations."""

from datetime import datetime

from sqlalchemy import Text, bindparam, cast, delete, or_, select

from orchd.db import Statement, Tx
from orchd.db.tables import automation
from orchd.wire.automations import Automation

_COLUMNS = [automation.c[name] for name in Automation.__struct_fields__]
_OWNED = automation.c.owner_resource == bindparam("owner")
_ORDER = (automation.c.name, automation.c.id)
_MENTIONS = cast(automation.c.actions, Text).like(bindparam("part", type_=Text))

_RELATED = Statement(select(*_COLUMNS, automation.c.owner_resource).where(or_(_OWNED, _MENTIONS)).order_by(*_ORDER))
_BY_OWNER = Statement(select(*_COLUMNS).where(_OWNED).order_by(*_ORDER))
_REMOVE_OWNED = Statement(delete(automation).where(_OWNED, automation.c.created < bindparam("before")))


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
