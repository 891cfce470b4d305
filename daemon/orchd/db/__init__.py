"""The database: tables, column types, transactions, wake-ups, upgrade and downgrade."""

from orchd.db.database import Database
from orchd.db.statement import Statement
from orchd.db.transaction import Retry, Tx, Write

__all__ = ["Database", "Retry", "Statement", "Tx", "Write"]
