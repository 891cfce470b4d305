"""The schema of a database: which revision it is at, and the way up and down.

    place = Place.of("sqlite:////var/lib/orchd/orchd.db")
    state = check(place)                   plain SQL and file names: cheap enough for every start
    upgrade(place, timeout=..., progress=print)
    downgrade(place, "-1", timeout=...)

All of it is synchronous, for a worker thread of the daemon and for `orchctl --offline` alike. `docs/migrations.md` says
what is promised.
"""

from orchd.db.migrate.history import Revision, head, history
from orchd.db.migrate.loss import Loss, TableRows, rows_by_table, what_is_lost
from orchd.db.migrate.network import refuse_network_filesystem
from orchd.db.migrate.place import Place
from orchd.db.migrate.progress import Phase, Progress
from orchd.db.migrate.state import SchemaState, Status, check, current
from orchd.db.migrate.walk import Outcome, downgrade, plan_upgrade, reset, upgrade

__all__ = [
    "Loss",
    "Outcome",
    "Phase",
    "Place",
    "Progress",
    "Revision",
    "SchemaState",
    "Status",
    "TableRows",
    "check",
    "current",
    "downgrade",
    "head",
    "history",
    "plan_upgrade",
    "refuse_network_filesystem",
    "reset",
    "rows_by_table",
    "upgrade",
    "what_is_lost",
]
