"""What all tables share: naming of constraints, the key and the two times of an object."""

from typing import Any

from sqlalchemy import DDL, Column, MetaData, Table, event

from orchd.db.types import Timestamp, Uuid

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def object_table(name: str, *columns: Any, **options: Any) -> Table:
    """A table of objects that the API names by id: `id`, `created`, `updated`, then its own columns."""
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("created", Timestamp, nullable=False),
        Column("updated", Timestamp, nullable=False),
        *columns,
        **options,
    )


def note_transactions(table: Table) -> None:
    """PostgreSQL: each row of the table also says by itself which transaction wrote it, for `queries/tails.py`.

    The column is none of the table's here: SQLite has nothing like it, and only that one reader asks for it.
    """
    own = "xid BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)"
    name = table.name
    for statement in (f"ALTER TABLE {name} ADD COLUMN {own}", f"CREATE INDEX ix_{name}_xid ON {name} (xid)"):
        event.listen(table, "after_create", DDL(statement).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]
