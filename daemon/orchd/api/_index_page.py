"""The first page: what the daemon does, the newest flow runs, and how a client finds this server."""

import re
from datetime import datetime

from aiohttp import web

from orchd import __version__
from orchd.api._context import Context
from orchd.api._html import escape, page
from orchd.db.migrate import head
from orchd.domain.lifecycle import Phase
from orchd.errors import Unavailable
from orchd.kit.clock import utc_now
from orchd.queries.overview import MOST_COUNTED, Overview, Run, overview

REFRESH = 10  # seconds
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


async def index_page(context: Context, request: web.Request) -> tuple[int, bytes]:
    """The page and its status: 503 while the daemon does not serve."""
    now, found, trouble = utc_now(), None, ""
    if context.lifecycle.serving:
        try:
            found = await context.db.read(overview, now)
        except Unavailable as error:
            trouble = error.message
    else:
        trouble = context.lifecycle.reason
    parts = [_header(context), "<main>", _facts(context, now)]
    if trouble:
        parts.append(f'<p class="notice" role="status">{escape(trouble)}</p>')
    parts.append(_client(context, request))
    if found is not None:
        parts += [_counts(found), _runs(found.newest, now)]
    parts += [f"</main><footer>This page renews itself every {REFRESH} seconds.</footer>"]
    return 200 if found is not None else 503, page("orchd", "".join(parts), refresh=REFRESH)


def public_url(context: Context, request: web.Request) -> str:
    """The address of the pages: the configured one, else the one by which this request came."""
    server = context.settings.server
    if server.public_url:
        return server.public_url
    host = request.host if _HOST.fullmatch(request.host) else f"{server.host}:{server.port}"
    return f"{request.scheme}://{host}{server.base_path.rstrip('/')}"


def _header(context: Context) -> str:
    phase = context.lifecycle.phase
    base = context.settings.server.base_path.rstrip("/")
    return (
        f'<header><h1>orchd</h1><span class="state {phase.value}">{phase.value.capitalize()}</span>'
        f'<nav><a href="{base}/docs">API reference</a><a href="{base}/openapi.json">OpenAPI</a></nav></header>'
    )


def _facts(context: Context, now: datetime) -> str:
    lifecycle, url = context.lifecycle, context.settings.database.url
    facts = {
        "Version": __version__,
        "Database": "SQLite" if url.is_sqlite else "PostgreSQL",
        "Schema": head() if lifecycle.phase is Phase.READY else "",
        "Up for": _span((now - lifecycle.started).total_seconds()),
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items() if value)
    return f'<dl class="facts">{rows}</dl>'


def _counts(found: Overview) -> str:
    if not found.counts:
        return ""
    items = "".join(
        f'<li><span class="state {kind.lower()}">{kind.capitalize()}</span> '
        f"<b>{count:,}{'+' if count == MOST_COUNTED else ''}</b></li>"
        for kind, count in found.counts.items()
    )
    return f'<h2>Flow runs by state</h2><ul class="counts">{items}</ul>'


def _runs(runs: list[Run], now: datetime) -> str:
    if not runs:
        return '<h2>Newest flow runs</h2><p class="soft">No flow has run yet.</p>'
    rows = "".join(_row(run, now) for run in runs)
    titles = '<th>Run</th><th>Flow</th><th>State</th><th class="number">Started</th><th class="number">Duration</th>'
    table = f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<h2>Newest flow runs</h2><div class="wide">{table}</div>'


def _row(run: Run, now: datetime) -> str:
    started = ""
    if run.begins is not None:
        told, ago = run.begins.isoformat(timespec="seconds"), _span((now - run.begins).total_seconds())
        due = "due " if run.seconds is None else ""
        started = f'{due}<time datetime="{told}" title="{told}">{ago} ago</time>'
    kind = (run.state_type or "none").lower()
    return (
        f"<tr><td>{escape(run.name)}</td><td>{escape(run.flow)}</td>"
        f'<td><span class="state {kind}">{escape(run.state_name or "No state")}</span></td>'
        f'<td class="number">{started}</td>'
        f'<td class="number">{"" if run.seconds is None else _span(run.seconds, fine=True)}</td></tr>'
    )


def _client(context: Context, request: web.Request) -> str:
    lines = [f'prefect config set PREFECT_API_URL="{public_url(context, request)}/api"']
    if context.settings.auth.auth_string:
        lines.append('prefect config set PREFECT_API_AUTH_STRING="USER:PASSWORD"')
    return f"<h2>Point a client here</h2><pre>{escape(chr(10).join(lines))}</pre>"


def _span(seconds: float, *, fine: bool = False) -> str:
    """A length of time in its two largest units; `fine` tells parts of a second below ten."""
    if fine and seconds < 10:
        return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    left, parts = max(0, int(seconds)), []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
