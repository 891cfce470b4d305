"""Views on collections: what clients can find in packages."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import worker_types
from orchd.errors import NotFound
from orchd.wire.base import JsonObject

PREFIX = "/collections"

_VIEWS: dict[str, JsonObject] = {
    "aggregate-worker-metadata": worker_types.BY_COLLECTION,
    # Whoever asks for these looks for what a registry on the network offers; orchd reaches for none.
    "aggregate-block-metadata": {},
    "aggregate-flow-metadata": {},
    "demo-flows": {},
}


@operation("GET", "/collections/views/{view}", role="viewer")
async def read_view_content(call: Call, view: str) -> JsonObject:
    """A view: the types of workers with their templates. Those of blocks and flows that a registry offers are empty."""
    if view not in _VIEWS:
        raise NotFound(f"View {view} not found in registry")
    return _VIEWS[view]
