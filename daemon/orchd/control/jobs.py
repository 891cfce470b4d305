"""Long work, one piece at a time, that goes on whether somebody watches or not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from orchd.control.problems import told
from orchd.errors import Conflict, OrchdError
from orchd.kit.clock import utc_now
from orchd.wire.control import Action, Done, Failed, Line, Progress, Work

log = logging.getLogger(__name__)

Tell = Callable[[Progress], None]


class Job:
    """One piece of work: every line it has told so far, for all who follow it."""

    def __init__(self, action: Action, target: str, caller: str) -> None:
        self.action: Action = action
        self.target = target
        self.caller = caller
        self.since: datetime = utc_now()
        self._lines: list[Line] = []
        self._told = asyncio.Event()

    @property
    def ended(self) -> bool:
        return bool(self._lines) and not isinstance(self._lines[-1], Progress)

    def tell(self, line: Line) -> None:
        """Adds a line and wakes the followers."""
        self._lines.append(line)
        self._told.set()
        self._told = asyncio.Event()

    async def follow(self) -> AsyncIterator[Line]:
        """Every line from the first to the last, as they come."""
        seen = 0
        while True:
            told = self._told
            for line in self._lines[seen:]:
                yield line
            if self.ended:
                return
            seen = len(self._lines)
            await told.wait()

    def described(self) -> Work:
        """For those who ask what is going on."""
        last = self._lines[-1] if self._lines else None
        progress = last if isinstance(last, Progress) else None
        return Work(action=self.action, target=self.target, caller=self.caller, since=self.since, progress=progress)


class Jobs:
    """The one job that may be under way."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def current(self) -> Job | None:
        return None if self._job is None or self._job.ended else self._job

    def require_idle(self) -> None:
        """Raises Conflict while work is under way."""
        if busy := self.current:
            raise Conflict(
                f"{busy.caller} has started `db {busy.action}` at {busy.since:%H:%M:%S} UTC and it is still under way; "
                "`orchctl status` shows how far it is."
            )

    def start(self, job: Job, work: Callable[[Tell], Awaitable[Done]]) -> None:
        """Begins the work. Raises Conflict while another piece is under way."""
        self.require_idle()
        self._job = job
        self._task = asyncio.create_task(_carry_out(job, work), name=f"control-{job.action}")

    async def finish(self) -> None:
        """Returns when nothing is under way."""
        if self._task is not None:
            await self._task


async def _carry_out(job: Job, work: Callable[[Tell], Awaitable[Done]]) -> None:
    try:
        job.tell(await work(job.tell))
        log.info("`db %s` for %s is done", job.action, job.caller)
    except Exception as error:
        if isinstance(error, OrchdError):
            log.error("`db %s` for %s failed: %s", job.action, job.caller, error)
        else:
            log.exception("`db %s` for %s failed", job.action, job.caller)
        problem = told(error)[1]
        job.tell(Failed(kind=problem.kind, message=problem.message))
