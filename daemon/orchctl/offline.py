"""The same work on the database without a daemon: the same functions, under the same lock."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchctl import places
from orchctl.remote import Remote
from orchctl.session import Exit, Failure, Session
from orchd.config import Loaded, load
from orchd.config.places import configuration_file
from orchd.db import migrate
from orchd.db.migrate import Outcome, Place, planning
from orchd.errors import ConfigError, DatabaseRefused, MigrationError, OrchdError
from orchd.wire.control import Action, Done, Plan, Progress, Schema, Step


class Offline:
    """Works on the database of a configuration. Every method raises Failure."""

    def __init__(self, loaded: Loaded) -> None:
        self._settings = loaded.settings.database
        with _explained():
            self._place = Place.of(self._settings.url.plain)
            if self._place.path is not None and not self._settings.sqlite.allow_network_filesystem:
                migrate.refuse_network_filesystem(self._place.path)

    def current(self) -> Schema:
        with _explained():
            return planning.schema_of(self._place, str(self._settings.url))

    def history(self) -> list[Step]:
        with _explained():
            return planning.steps_of(self._place)

    def plan(self, action: Action | None, target: str) -> Plan:
        with _explained(asked="invalid"):
            return planning.plan(self._place, action or planning.direction(self._place, target), target)

    def walk(self, action: Action, target: str, told: Callable[[Progress], None]) -> Done:
        with _explained():
            outcome = self._walk(action, target, lambda at: told(_progress(at)))
        return Done(
            action=action,
            before=outcome.before,
            after=outcome.after,
            steps=outcome.steps,
            copy=None if outcome.copy is None else str(outcome.copy),
        )

    def _walk(self, action: Action, target: str, told: Callable[[migrate.Progress], None]) -> Outcome:
        place, how = self._place, self._settings.migrations
        match action:
            case "upgrade":
                return migrate.upgrade(place, target, timeout=how.timeout, progress=told, backup=how.backup)
            case "downgrade":
                return migrate.downgrade(place, target, timeout=how.timeout, progress=told, backup=how.backup)
            case "reset":
                return migrate.reset(place, timeout=how.timeout, progress=told, backup=how.backup)


def offline(session: Session) -> Offline:
    """For the configuration of this machine. Raises Failure for a wrong one, and while the daemon runs."""
    config = session.config or configuration_file()
    _stand_where_the_unit_stands(config)
    try:
        loaded = load(config)
    except ConfigError as error:
        raise Failure(error.message, Exit.CONFIG, "config") from error
    socket = session.socket or loaded.settings.control.socket
    if Remote(socket).answers():
        raise Failure(f"orchd runs and answers on {socket}: leave out --offline, or stop it first.", Exit.REFUSED)
    return Offline(loaded)


def _stand_where_the_unit_stands(config: Path | None) -> None:
    """For root, a configuration in /etc/orchd means the folders that systemd gives to its unit, not root's own."""
    unit = places.unit_of(config)
    if os.geteuid() != 0 or unit is None or not (Path("/var/lib") / unit).exists():
        return
    os.environ.setdefault("STATE_DIRECTORY", f"/var/lib/{unit}")
    os.environ.setdefault("RUNTIME_DIRECTORY", f"/run/{unit}")


def _progress(at: migrate.Progress) -> Progress:
    return Progress(phase=at.phase.value, number=at.number, of=at.of, revision=at.revision, title=at.title)


@contextmanager
def _explained(asked: str = "migration") -> Iterator[None]:
    """Turns what the database's code raises into a Failure; `asked` is what a MigrationError means."""
    try:
        yield
    except MigrationError as error:
        raise Failure.of(asked, error.message) from error
    except DatabaseRefused as error:
        raise Failure.of("database", error.message) from error
    except OrchdError as error:
        raise Failure.of("unavailable", error.message) from error
    except PermissionError as error:
        raise Failure(f"You may not change {error.filename}: use sudo.", Exit.REFUSED) from error
