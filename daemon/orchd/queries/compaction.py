"""Unused room in the SQLite file. PostgreSQL looks after its own."""

from sqlalchemy import text

from orchd.db import Statement, Tx

LEAST, SHARE = 1000, 20  # pages that stay for what comes next: so many, or one in so many if that is more


def give_back(tx: Tx, most: int) -> int:
    """Cuts unused pages off the file, at most so many; says how many.

    A file that was not made for it (`auto_vacuum`) by orchd stays as large as it is.
    """
    if tx.is_postgres() or _pragma(tx, "auto_vacuum") != 2:
        return 0
    unused = _pragma(tx, "freelist_count")
    spare = unused - max(LEAST, _pragma(tx, "page_count") // SHARE)
    if spare <= 0:
        return 0
    tx.fetch(Statement(text(f"PRAGMA incremental_vacuum({min(spare, most)})")), {})  # a page for each row that is read
    return unused - _pragma(tx, "freelist_count")


def _pragma(tx: Tx, name: str) -> int:
    return int(tx.execute(text(f"PRAGMA {name}")).scalar_one())
