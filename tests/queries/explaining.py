"""A transaction that notes the plan of every question it passes on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ClauseElement, Executable
from sqlalchemy.ext.compiler import compiles

from orchd.db import Statement, Tx
from orchd.db.statement import Params

GROWING = ("flow_run", "task_run", "flow_run_state", "task_run_state", "task_delivery", "artifact", "log", "event")


class Explain(Executable, ClauseElement):
    """EXPLAIN before a statement."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explain, "sqlite")
def _sqlite(element: Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(element.statement, **options)}"


@compiles(Explain, "postgresql")
def _postgres(element: Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


class Explaining:
    """Passes everything on to a transaction; `plan` is what the database said it would do."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.plan: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def execute(self, statement: Executable, params: Params | Sequence[Params] | None = None) -> Any:
        self._note(statement, params)
        return self._tx.execute(statement, params)

    def fetch(self, statement: Statement, params: Params) -> Any:
        self._note(statement.core, params)
        return self._tx.fetch(statement, params)

    def fetch_like(self, like: Statement, query: Any, params: Params) -> Any:
        self._note(query, params)
        return self._tx.fetch_like(like, query, params)

    def first(self, statement: Statement, params: Params) -> Any:
        self._note(statement.core, params)
        return self._tx.first(statement, params)

    def _note(self, statement: Any, params: Any) -> None:
        place = 0 if self._tx.is_postgres() else -1
        lines: Any = self._tx.execute(Explain(statement), params).cursor  # past the readers of the statement's own rows
        self.plan += [str(line[place]) for line in lines.fetchall()]

    @property
    def reads_a_whole_table(self) -> bool:
        """Whether a table that grows with every run is read row by row, without an index."""
        if self._tx.is_postgres():
            scanned = [line.split("Seq Scan on ")[1].split()[0] for line in self.plan if "Seq Scan on " in line]
        else:
            scanned = [line.split()[1] for line in self.plan if line.startswith("SCAN") and "USING" not in line]
        return any(table in GROWING for table in scanned)

    @property
    def sorts(self) -> bool:
        """Whether rows are put in order after they are read."""
        return any("Sort" in line or "TEMP B-TREE FOR ORDER BY" in line for line in self.plan)
