"""The whole log of a flow run as a CSV file, a page in memory at a time."""

import logging
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from orchd.api._context import Call
from orchd.domain import logs
from orchd.errors import Unavailable
from orchd.queries import logs as query

log = logging.getLogger(__name__)

PAGE = 1000  # lines


async def stream(call: Call, flow_run_id: UUID, run_name: str) -> web.StreamResponse:
    """Sends the log, oldest line first. When the database fails midway the connection is cut, so that nobody takes
    the part for the whole."""
    response = web.StreamResponse(headers=_headers(run_name))
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    await response.write(logs.CSV_HEADER.encode())
    place = query.Place()
    while True:
        try:
            lines, place = await call.db.read(query.after, flow_run_id, place, PAGE)
        except Unavailable as error:
            log.warning("The download of the log of flow run %s broke off: %s", flow_run_id, error)
            raise ConnectionResetError from error
        if lines:
            await response.write(logs.as_csv(lines))
        if len(lines) < PAGE:
            await response.write_eof()
            return response


def _headers(run_name: str) -> dict[str, str]:
    name = quote(f"{run_name}-logs.csv", safe="")
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f"attachment; filename=\"flow-run-logs.csv\"; filename*=UTF-8''{name}",
    }
