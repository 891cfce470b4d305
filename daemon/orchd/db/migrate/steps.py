"""One step, up or down, with alembic's operations; and what its way back is in plain SQL.

The only module that imports alembic, which takes longer than all else in a start: whoever needs it, imports it late.
"""

import importlib.util
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import ModuleType
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from orchd.db.migrate.backup import PROGRESS_STEPS
from orchd.db.migrate.history import Revision
from orchd.db.migrate.progress import Deadline
from orchd.errors import MigrationError


def apply(connection: Connection, step: Revision, deadline: Deadline) -> list[str]:
    """Takes the step; returns the statements that undo it."""
    module = _load(step)
    with _operations(connection):
        module.upgrade()
    return _reverse(connection, module, deadline)


def undo(connection: Connection, step: Revision) -> None:
    """Takes the step back."""
    module = _load(step)
    with _operations(connection):
        module.downgrade()


def _load(step: Revision) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"orchd_migration_{step.revision}", step.file)
    if spec is None or spec.loader is None:
        raise MigrationError(f"{step.file} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _operations(connection: Connection) -> Iterator[None]:
    """Makes `alembic.op` work on the connection."""
    with Operations.context(MigrationContext.configure(connection=connection)):
        yield


def _reverse(connection: Connection, module: ModuleType, deadline: Deadline) -> list[str]:
    if connection.dialect.name == "sqlite":
        return _reverse_on_sqlite(connection, module, deadline)
    written = _Statements()
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect=connection.dialect, opts=options)
    with Operations.context(context):
        module.downgrade()
    return written.statements


class _Statements:
    """A file to alembic's offline mode, which writes one statement at a time."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def write(self, text: str) -> None:
        self.statements.append(text.strip().removesuffix(";"))

    def flush(self) -> None:
        """Nothing is held back."""


def _reverse_on_sqlite(connection: Connection, module: ModuleType, deadline: Deadline) -> list[str]:
    """Goes down on an empty copy of the schema, since rebuilding a table must see the table."""
    schema = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    ).scalars()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        memory.executescript(";\n".join(schema))
        memory.set_progress_handler(deadline.passed, PROGRESS_STEPS)
        engine = create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool)
        statements: list[str] = []

        def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
                return
            if parameters:
                raise MigrationError(f"{module.__file__}: the way down must be SQL without parameters.")
            statements.append(statement.strip())

        with engine.connect() as copy:
            event.listen(engine, "before_cursor_execute", keep)
            with _operations(copy):
                module.downgrade()
    return statements
