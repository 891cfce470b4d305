"""Questions about saved searches."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is written the same way for SQLite

from orchd.db import Statement, Tx
from orchd.db.tables import saved_search
from orchd.wire.saved_searches import SavedSearch

_COLUMNS = [saved_search.c[name] for name in SavedSearch.__struct_fields__]
_BY_ID = Statement(select(*_COLUMNS).where(saved_search.c.id == bindparam("id")))
_put = insert(saved_search).values({c: bindparam(c.key, type_=c.type) for c in saved_search.c})
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["name"], set_={"filters": _put.excluded.filters, "updated": _put.excluded.updated}
    ).returning(*_COLUMNS)
)
_DELETE = Statement(delete(saved_search).where(saved_search.c.id == bindparam("id")))
_PAGE = Statement(select(*_COLUMNS).order_by(saved_search.c.name).limit(bindparam("limit")).offset(bindparam("offset")))


def by_id(tx: Tx, id: UUID) -> SavedSearch | None:
    """The search; None when there is none."""
    row = tx.first(_BY_ID, {"id": id})
    return None if row is None else SavedSearch(*row)


def put(tx: Tx, values: dict[str, Any]) -> SavedSearch:
    """Keeps a search under its name. It has the id in `values` when the name was unknown."""
    row = tx.first(_PUT, values)
    assert row is not None
    return SavedSearch(*row)


def remove(tx: Tx, id: UUID) -> bool:
    """False when there is no such search."""
    return tx.run(_DELETE, {"id": id}) == 1


def page(tx: Tx, limit: int, offset: int) -> list[SavedSearch]:
    """The searches by name."""
    return [SavedSearch(*row) for row in tx.fetch(_PAGE, {"limit": limit, "offset": offset})]
