"""Log lines of flow runs and task runs."""

from orchd.api._context import Call
from orchd.api._operation import operation
from orchd.domain import logs
from orchd.queries import logs as query
from orchd.wire.logs import Log, LogCreate, LogList, LogSort

PREFIX = "/logs"


@operation("POST", "/logs/", role="worker", status=201, nul="keep")
async def create_logs(call: Call, body: list[LogCreate]) -> None:
    """Keeps lines that runs have logged."""
    await call.db.write(logs.write, body, call.now)


@operation("POST", "/logs/filter", role="viewer")
async def read_logs(call: Call, body: LogList) -> list[Log]:
    """The lines that match."""
    limit, sort = call.limit(body.limit), body.sort or LogSort.TIMESTAMP_ASC
    return await call.db.read(query.page, body.logs, sort, limit, body.offset or 0)
