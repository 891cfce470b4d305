"""What all tables share: naming of constraints, the key and the two times of an object."""

from typing import Any

from sqlalchemy import Column, MetaData, Table

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
