"""Column types: one Python value on both databases, stored as each stores it best.

    type        Python                SQLite                   PostgreSQL
    Uuid        uuid.UUID             BLOB, 16 bytes           uuid
    Timestamp   datetime, UTC         INTEGER, microseconds    timestamptz
    JsonDoc     Raw out, any in       TEXT                     json (text kept as written)
    JsonSet     Raw out, any in       TEXT                     jsonb (searched by containment)

JSON comes out encoded (`msgspec.Raw`): most documents are only handed on, and are then never parsed.
Processors are plain functions chosen once for each dialect, not TypeDecorator's per-value dispatch: a page of
200 flow runs converts some 6,000 values.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import JSON, BigInteger, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from orchd.kit.clock import FIRST, LAST, as_utc, from_microseconds, microseconds_text, to_microseconds
from orchd.kit.ids import uuid_from_bytes, uuid_text
from orchd.kit.jsontext import decode, encode_text

Processor = Callable[[Any], Any] | None

_EARLIEST = FIRST + timedelta(microseconds=1)
_LATEST = LAST - timedelta(microseconds=1)


def _uuid_in(value: UUID | None) -> bytes | None:
    return None if value is None else value.int.to_bytes(16, "big")  # half the time of `bytes`, a property


def _uuid_out(value: bytes | None) -> UUID | None:
    return None if value is None else uuid_from_bytes(value)


def _time_in(value: datetime | None) -> int | None:
    return None if value is None else to_microseconds(value)


def _utc_in(value: datetime | None) -> datetime | None:
    """In UTC; asyncpg takes the very first and last moment for infinity, which it gives back without a zone."""
    if value is None:
        return None
    moment = value if value.tzinfo is UTC else as_utc(value)
    return moment if _EARLIEST < moment < _LATEST else min(max(moment, _EARLIEST), _LATEST)


def _time_out(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)


def as_text(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """How a value is read that only goes into an answer: ids and times as their text, the rest as ever."""
    texts: dict[Callable[[Any], Any], Callable[[Any], Any]] = {_uuid_out: uuid_text, _time_out: microseconds_text}
    return texts.get(process, process)


def json_in(value: Any) -> str | None:
    """The text to store. A `Raw` is taken as it is; None is SQL's NULL."""
    if value is None:
        return None
    if type(value) is msgspec.Raw:
        return bytes(value).decode()
    return encode_text(value)


def set_in(value: Any) -> str | None:
    """The text to store, always as orchd writes it: filters look for strings in it."""
    return json_in(decode(value) if type(value) is msgspec.Raw else value)


def json_out(value: str | None) -> msgspec.Raw | None:
    """The stored text, still encoded."""
    return None if value is None else msgspec.Raw(value)


class _Portable(TypeDecorator[Any]):
    """A type with an own pair of processors where the database's driver does not do the work itself."""

    cache_ok = True
    postgres: TypeEngine[Any]
    sqlite_in: Processor
    sqlite_out: Processor
    postgres_in: Processor = None
    postgres_out: Processor = None

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.postgres if dialect.name == "postgresql" else self.impl_instance

    def bind_processor(self, dialect: Dialect) -> Processor:
        return self.postgres_in if dialect.name == "postgresql" else self.sqlite_in

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return self.postgres_out if dialect.name == "postgresql" else self.sqlite_out


class Uuid(_Portable):
    """A UUID key."""

    impl = LargeBinary(16)
    cache_ok = True
    postgres = PG_UUID(as_uuid=True)
    sqlite_in = staticmethod(_uuid_in)
    sqlite_out = staticmethod(_uuid_out)


class Timestamp(_Portable):
    """A moment. SQLite has no time type; an integer sorts and compares exactly and takes 8 bytes."""

    impl = BigInteger()
    cache_ok = True
    postgres = TIMESTAMP(timezone=True)
    sqlite_in = staticmethod(_time_in)
    postgres_in = staticmethod(_utc_in)
    sqlite_out = staticmethod(_time_out)


class JsonDoc(_Portable):
    """A document that is kept and handed on as it was written, key order included."""

    impl = Text()
    cache_ok = True
    postgres = JSON()
    sqlite_in = postgres_in = staticmethod(json_in)
    sqlite_out = postgres_out = staticmethod(json_out)


class JsonSet(JsonDoc):
    """A small document that is searched: tags, labels."""

    cache_ok = True
    postgres = JSONB()
    sqlite_in = staticmethod(set_in)
