"""Log lines for whoever reads them: the journal, a terminal, or a collector of JSON.

What a line is about (ids, a request's number) is given as `extra=` and comes out as fields.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from orchd.kit.systemd import journal_stream

Format = Literal["auto", "journal", "console", "json"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Console(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{record.levelname.lower():8}{super().format(record)}"
        found = fields(record)
        return f"{line}  [{' '.join(f'{name}={value}' for name, value in found.items())}]" if found else line


class _Journal(_Console):
    """The journal reads the priority from the start of each line, and keeps the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        found = fields(record)
        text = logging.Formatter.format(self, record)
        if found:
            text += f"  [{' '.join(f'{name}={value}' for name, value in found.items())}]"
        return _marked(text, priority)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def error_line(message: str) -> str:
    """A message for standard error from before the log is set up: the journal shall know that it is an error."""
    return _marked(message, 3) if journal_stream() else message


def _marked(text: str, priority: int) -> str:
    return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))


def configure(level: str, form: Format) -> None:
    """Sends all log lines to standard error. Called again by a reload."""
    if form == "auto":
        form = "journal" if journal_stream() else "console"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter({"journal": _Journal(), "console": _Console(), "json": _Json()}[form])
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("asyncio", "aiohttp.access", "alembic"):
        logging.getLogger(noisy).setLevel(max(root.level, logging.WARNING))
