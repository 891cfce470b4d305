"""Saved searches."""

from uuid import UUID

from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import saved_searches
from orchd.queries import saved_searches as query
from orchd.wire.saved_searches import SavedSearch, SavedSearchCreate, SavedSearchList

PREFIX = "/saved_searches"


@operation("PUT", "/saved_searches/", role="operator", status=201)
async def put_saved_search(call: Call, body: SavedSearchCreate) -> Reply[SavedSearch]:
    """Keeps a search under its name, in place of an earlier one."""
    kept, new = await call.db.write(saved_searches.put, body, call.now)
    return Reply(kept, status=201 if new else 200)


@operation("GET", "/saved_searches/{id}", role="viewer")
async def read_saved_search(call: Call, id: UUID) -> SavedSearch:
    """The search with this id."""
    return await call.db.read(saved_searches.read, id)


@operation("POST", "/saved_searches/filter", role="viewer")
async def read_saved_searches(call: Call, body: SavedSearchList) -> list[SavedSearch]:
    """The searches, by name."""
    return await call.db.read(query.page, call.limit(body.limit), body.offset or 0)


@operation("DELETE", "/saved_searches/{id}", role="operator", status=204)
async def delete_saved_search(call: Call, id: UUID) -> None:
    """Deletes the search with this id."""
    await call.db.write(saved_searches.delete, id)
