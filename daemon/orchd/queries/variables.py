"""Questions about variables."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import variable
from orchd.kit.jsontext import Raw
from orchd.queries import _filters as filters
from orchd.wire.variables import Variable, VariableFilter, VariableSort

_COLUMNS = [variable.c[name] for name in Variable.__struct_fields__]
_ID, _NAME = variable.c.id == bindparam("id"), variable.c.name == bindparam("name")

_BY_ID = Statement(select(*_COLUMNS).where(_ID))
_BY_NAME = Statement(select(*_COLUMNS).where(_NAME))
_INSERT = Statement(
    insert(variable)
    .values({c: bindparam(c.key, type_=c.type) for c in variable.c})
    .on_conflict_do_nothing(index_elements=["name"])
)
_DELETE = Statement(delete(variable).where(_ID).returning(*_COLUMNS))
_DELETE_NAMED = Statement(delete(variable).where(_NAME).returning(*_COLUMNS))

_ORDERS = {
    VariableSort.CREATED_DESC: (variable.c.created.desc(), variable.c.id.desc()),
    VariableSort.UPDATED_DESC: (variable.c.updated.desc(), variable.c.id.desc()),
    VariableSort.NAME_ASC: (variable.c.name.asc(),),
    VariableSort.NAME_DESC: (variable.c.name.desc(),),
}


def by_id(tx: Tx, id: UUID) -> Variable | None:
    """The variable; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else Variable(*row)


def by_name(tx: Tx, name: str) -> Variable | None:
    """The variable of that name; None when there is none."""
    row = tx.first(_BY_NAME, {"name": name})
    return None if row is None else Variable(*row)


def values(tx: Tx, names: Collection[str]) -> dict[str, Raw]:
    """The values of those of the named variables that exist."""
    found: Any = tx.execute(select(variable.c.name, variable.c.value).where(variable.c.name.in_(names)))
    return dict(map(tuple, found))


def insert_new(tx: Tx, values: dict[str, Any]) -> bool:
    """False when the name is taken: the unique index decides, not an earlier read."""
    return tx.run(_INSERT, values) == 1


def change(tx: Tx, key: UUID | str, values: dict[str, Any]) -> Variable | None:
    """Writes these columns of the variable with that id or name; None when there is none.

    Raises Conflict when its new name is another's, or null.
    """
    meant = variable.c.id == key if isinstance(key, UUID) else variable.c.name == key
    row: Any = tx.execute(update(variable).where(meant).values(values).returning(*_COLUMNS)).first()
    return None if row is None else Variable(*row)


def remove(tx: Tx, key: UUID | str) -> Variable | None:
    """Deletes the variable with that id or name and returns it; None when there is none."""
    row = tx.first(_DELETE, {"id": key}) if isinstance(key, UUID) else tx.first(_DELETE_NAMED, {"name": key})
    return None if row is None else Variable(*row)


def page(tx: Tx, asked: VariableFilter | None, sort: VariableSort, limit: int, offset: int) -> list[Variable]:
    """The variables that match, in order."""
    found = select(*_COLUMNS).where(_condition(asked)).order_by(*_ORDERS[sort]).limit(limit).offset(offset)
    rows: Any = tx.execute(found)
    return [Variable(*row) for row in rows]


def count(tx: Tx, asked: VariableFilter | None) -> int:
    """How many variables match."""
    found = select(func.count()).select_from(variable).where(_condition(asked))
    return int(tx.execute(found).scalar_one())


def _condition(asked: VariableFilter | None) -> filters.Condition:
    if asked is None:
        return filters.together()
    return filters.joined(
        asked.operator,
        [
            filters.only_among(variable.c.id, asked.id),
            filters.name(variable.c.name, asked.name),
            filters.tags(variable.c.tags, asked.tags),
        ],
    )
