"""The steps lead to exactly the schema that the code works with."""

import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from orchd.db.migrate import Place, history, upgrade
from orchd.db.migrate.history import Revision
from orchd.db.tables import metadata
from tests.kit.postgres import Postgres
from tests.migrations.looking import BOOKS, schema_of, tables

# Filled by PostgreSQL itself, see `note_transactions`: no column of the code's own tables.
XID = {"xid", "ix_event_xid", "ix_log_xid"}


def on(place: Place, work: Any) -> Any:
    """Runs `work(connection)` and commits."""
    if place.path is not None:
        with sa.create_engine(f"sqlite:///{place.path}").begin() as connection:
            return work(connection)

    async def there() -> Any:
        engine = create_async_engine((place.dsn or "").replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            result = await connection.run_sync(work)
        await engine.dispose()
        return result

    return asyncio.run(there())


def difference(migrated: Place, created: Place) -> set[tuple[Any, ...]]:
    upgrade(migrated)
    on(created, metadata.create_all)
    return schema_of(migrated) ^ schema_of(created)


def test_migrations_build_what_the_tables_say_on_sqlite(tmp_path: Path) -> None:
    migrated, created = (Place.of(f"sqlite:///{tmp_path}/{name}.db") for name in ("migrated", "created"))
    assert difference(migrated, created) == set()


def test_migrations_build_what_the_tables_say_on_postgresql(postgres: Postgres) -> None:
    migrated, created = (Place.of(postgres.create_database()) for _ in range(2))
    assert difference(migrated, created) == set()


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite's are compared by their text
def test_alembic_finds_nothing_to_generate(place: Place) -> None:
    upgrade(place)

    def ours(item: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
        if kind == "index" and place.path is not None:
            return not item.dialect_options["postgresql"]["using"]
        return name not in BOOKS and not (name in XID and reflected)

    def compare(connection: sa.Connection) -> Any:
        options = {"compare_type": True, "compare_server_default": True, "include_object": ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    assert on(place, compare) == []


def test_every_table_is_there(place: Place) -> None:
    upgrade(place)
    assert tables(place) == set(metadata.tables)


@pytest.mark.parametrize("step", history(), ids=lambda step: step.revision)
def test_a_step_stands_by_itself_and_says_what_going_down_loses(step: Revision) -> None:
    imports = [
        node for node in ast.walk(ast.parse(step.file.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    modules = {getattr(node, "module", None) or alias.name for node in imports for alias in node.names}
    assert not {module for module in modules if module.split(".")[0] == "orchd"}
    assert step.title
    assert step.loses.startswith("Going down ")
