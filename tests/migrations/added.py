"""Steps that a later orchd might have, written into a copy of the folder of steps."""

from pathlib import Path

from orchd.db.migrate import head

NEWEST = head()  # orchd's own
FIRST, SECOND = (f"{int(NEWEST) + n:04d}" for n in (1, 2))  # the revisions of what a test adds

HEADER = '''"""{title} Going down drops it."""

import time
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", "{below}"
rewrites = {rewrites}


def upgrade() -> None:
{up}


def downgrade() -> None:
{down}
'''

ADD_COLUMN = """\
    with op.batch_alter_table("flow") as table:
        table.add_column(sa.Column("owner", sa.Text(), nullable=False, server_default="nobody"))"""
DROP_COLUMN = """\
    with op.batch_alter_table("flow") as table:
        table.drop_column("owner")"""
# SQLite cannot do this in place: the table is rebuilt, without the index on an expression, which nothing can reflect.
REBUILD = """\
    op.drop_index("ix_flow_run_begins", "flow_run")
    with op.batch_alter_table("flow_run") as table:
        table.alter_column("run_count", existing_type=sa.Integer(), nullable={nullable})
    op.create_index("ix_flow_run_begins", "flow_run", [sa.text("coalesce(start_time, expected_start_time)")])"""
LOOSEN = REBUILD.format(nullable=True)
TIGHTEN = '    op.execute("UPDATE flow_run SET run_count = 0 WHERE run_count IS NULL")\n' + REBUILD.format(
    nullable=False
)
CREATE = '    op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))'
DROP = '    op.drop_table("extra")'
FAIL = '    op.execute("SELECT no_such_column FROM flow")'
ENDLESS = """\
    if op.get_context().dialect.name == "postgresql":
        op.execute("SELECT pg_sleep(600)")
    else:
        op.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")"""
# Ends at once where there are no flows.
LONG = (
    ENDLESS.replace("pg_sleep(600)", "pg_sleep(600) FROM flow")
    .replace('"WITH', '"SELECT (WITH')
    .replace('count(*) FROM n"', 'count(*) FROM n) FROM flow"')
)
NOTHING = "    pass"


class Steps:
    """A folder of steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, up: str, down: str, *, title: str = "Something more.", rewrites: bool = False) -> str:
        """Adds one on top; returns its revision."""
        below = head(self.folder)
        revision = f"{int(below) + 1:04d}"
        text = HEADER.format(title=title, revision=revision, below=below, rewrites=rewrites, up=up, down=down)
        (self.folder / f"{revision}_added.py").write_text(text)
        return revision

    def add_waiting(self, marker: Path, go: Path) -> str:
        """Adds a step that makes a table, writes `marker`, and waits for the file `go`."""
        wait = f"""
    Path({str(marker)!r}).touch()
    while not Path({str(go)!r}).exists():
        time.sleep(0.01)"""
        return self.add(CREATE + wait, DROP)
