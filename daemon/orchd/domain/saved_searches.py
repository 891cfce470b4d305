"""What a change of a saved search means."""

from datetime import datetime
from uuid import UUID

from orchd.db import Tx
from orchd.errors import NotFound
from orchd.kit.ids import uuid7
from orchd.queries import saved_searches as query
from orchd.wire.saved_searches import SavedSearch, SavedSearchCreate


def read(tx: Tx, id: UUID) -> SavedSearch:
    """The search. Raises NotFound."""
    found = query.by_id(tx, id)
    if found is None:
        raise NotFound("Saved search not found")
    return found


def put(tx: Tx, new: SavedSearchCreate, now: datetime) -> tuple[SavedSearch, bool]:
    """Keeps a search under its name; whether the name is new."""
    own_id = uuid7()
    kept = query.put(tx, {"id": own_id, "created": now, "updated": now, "name": new.name, "filters": new.filters})
    return kept, kept.id == own_id


def delete(tx: Tx, id: UUID) -> None:
    """Deletes a search. Raises NotFound."""
    if not query.remove(tx, id):
        raise NotFound("Saved search not found")
