"""A table, and transaction functions on it."""

import threading

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, bindparam, func, insert, select, text, update

from orchd.db import Retry, Statement, Tx, Write

metadata = MetaData()
thing = Table(
    "thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, unique=True, nullable=False),
    Column("count", Integer, nullable=False),
)
part = Table(
    "part",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thing_id", Integer, ForeignKey("thing.id"), nullable=False),
)

ADD = Statement(insert(thing))
ADD_PART = Statement(insert(part))
BY_ID = Statement(select(thing.c.name, thing.c.count).where(thing.c.id == bindparam("id")))
_c = thing.c.count
STEP = Statement(
    update(thing).where(thing.c.id == bindparam("the_id"), _c == bindparam("from_")).values(count=bindparam("to"))
)


class RefusedError(Exception):
    """A transaction function changed its mind."""


def new(id: int, name: str | None = None) -> Write:
    """The creation of a thing."""
    return Write(ADD, {"id": id, "name": name or f"thing {id}", "count": 0})


def add(tx: Tx, id: int, name: str | None = None) -> int:
    tx.run(*new(id, name))
    return id


def add_and_refuse(tx: Tx, id: int) -> None:
    add(tx, id)
    raise RefusedError


def refuse(tx: Tx) -> None:
    raise RefusedError


def names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.execute(select(thing.c.name).order_by(thing.c.id))]


def how_many(tx: Tx) -> int:
    return int(tx.execute(select(func.count()).select_from(thing)).scalar_one())


def count_of(tx: Tx, id: int) -> int:
    row = tx.first(BY_ID, {"id": id})
    assert row is not None
    return int(row[1])


def increase(tx: Tx, id: int) -> None:
    """A compare-and-set: it is run again when another was faster."""
    count = count_of(tx, id)
    if tx.run(STEP, {"the_id": id, "from_": count, "to": count + 1}) == 0:
        raise Retry


def long_statement(tx: Tx) -> None:
    """A statement that takes longer than any patience."""
    if tx.is_postgres():
        tx.execute(text("SELECT pg_sleep(60)"))
    else:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        tx.execute(text(endless)).all()


def some_steps(tx: Tx) -> None:
    """A statement of a million steps: some 30 ms."""
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT max(i) FROM n"
    tx.execute(text(counting))


class Gate:
    """Holds a transaction function in the writer's thread until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def hold(self, tx: Tx) -> None:
        self.entered.set()
        assert self.opened.wait(20)
