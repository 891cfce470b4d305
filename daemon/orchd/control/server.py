"""The control socket: HTTP for local users that the kernel vouches for."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, get_args

import msgspec
from aiohttp import web

from orchd.config.settings import ControlSettings
from orchd.control import config, db, socket_file, status
from orchd.control.caller import Caller, caller_of
from orchd.control.jobs import Job, Jobs
from orchd.control.operated import Operated
from orchd.control.problems import told
from orchd.errors import Forbidden, Invalid, NotFound
from orchd.kit import jsontext
from orchd.wire.control import Action, Walk

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
SHUTDOWN = 5.0  # seconds for answers under way when the daemon stops
_CALLER = web.RequestKey("caller", Caller)

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.Request], Awaitable[Any]]


class ControlServer:
    """Answers orchctl from the start of the daemon to its end."""

    def __init__(self, daemon: Operated, settings: ControlSettings) -> None:
        self._daemon = daemon
        self._settings = settings
        self._jobs = Jobs()
        self._runner: web.AppRunner | None = None
        self._identity = (0, 0)

    async def start(self) -> None:
        """Opens the socket. Raises ConfigError or CannotListen."""
        listening = socket_file.open_socket(self._settings)
        self._identity = socket_file.identity_of(self._settings.socket)
        self._runner = web.AppRunner(
            self._application(), access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        log.debug("The control socket is %s", self._settings.socket)

    async def stop(self) -> None:
        """Waits for work under way, answers, and removes the socket."""
        await self._jobs.finish()
        socket_file.remove(self._settings.socket, self._identity)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _application(self) -> web.Application:
        daemon = self._daemon

        async def services(_: web.Request) -> Any:
            return status.services(daemon)

        async def show(_: web.Request) -> Any:
            return config.show(daemon)

        answers: dict[str, Answer] = {
            "GET /status": lambda _: status.status(daemon, self._jobs.current),
            "GET /services": services,
            "GET /config": show,
            "POST /config/reload": lambda _: config.reload(daemon),
            "GET /db/current": lambda _: db.current(daemon),
            "GET /db/history": lambda _: db.history(daemon),
            "GET /db/plan": self._plan,
        }
        app = web.Application(middlewares=[self._gate], client_max_size=LARGEST_BODY)
        for route, answer in answers.items():
            method, path = route.split()
            app.router.add_route(method, path, _json(answer))
        app.router.add_post("/db/{action:upgrade|downgrade|reset}", self._walk)
        return app

    @web.middleware
    async def _gate(self, request: web.Request, handler: Handle) -> web.StreamResponse:
        """Lets in who may, and turns every error into an answer."""
        try:
            request[_CALLER] = self._admitted(request)
            return await handler(request)
        except web.HTTPNotFound:
            return _problem(NotFound(f"This orchd knows no {request.method} {request.path}: is orchctl newer than it?"))
        except web.HTTPException as error:
            return _problem(Invalid(error.reason))
        except Exception as error:
            return _problem(error)

    def _admitted(self, request: web.Request) -> Caller:
        assert request.transport is not None
        caller = caller_of(request.transport.get_extra_info("socket"))
        group = self._settings.group
        if not caller.may_operate(group):
            log.warning("%s (uid %d) was refused at the control socket", caller.name, caller.uid)
            join = f"join the group {group!r}" if group else "have control.group name a group of yours"
            raise Forbidden(f"{caller.name} may not control this daemon: use sudo, or {join}.")
        return caller

    async def _plan(self, request: web.Request) -> Any:
        action = request.query.get("action")
        if action not in (None, *get_args(Action)):
            raise Invalid(f"{action!r} is none of upgrade, downgrade, reset.")
        return await db.plan(self._daemon, action, request.query.get("target", "head"))  # type: ignore[arg-type]

    async def _walk(self, request: web.Request) -> web.StreamResponse:
        """Starts the work and streams its lines; it goes on when the caller hangs up."""
        action: Action = request.match_info["action"]  # type: ignore[assignment]
        try:
            target = msgspec.json.decode(await request.read(), type=Walk).target
        except msgspec.MsgspecError as error:
            raise Invalid(f'The body must be {{"target": REVISION}}: {error}.') from error
        self._jobs.require_idle()
        job = Job(action, target, request[_CALLER].name)
        self._jobs.start(job, await db.prepared(self._daemon, action, target))
        log.warning("%s asks for `db %s`", job.caller, " ".join(filter(None, (action, target))))
        answer = web.StreamResponse(headers={"Content-Type": "application/jsonl"})
        with suppress(ConnectionError):
            await answer.prepare(request)
            async for line in job.follow():
                await answer.write(jsontext.encode(line) + b"\n")
            await answer.write_eof()
        return answer


def _json(answer: Answer) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(body=jsontext.encode(await answer(request)), content_type="application/json")

    return handle


def _problem(error: Exception) -> web.Response:
    status_code, problem = told(error)
    if problem.kind == "internal":
        log.error("The control socket failed", exc_info=error)
    return web.Response(status=status_code, body=jsontext.encode(problem), content_type="application/json")
