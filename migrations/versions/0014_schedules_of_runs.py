"""Flow runs know the schedule that made them. Going down drops that: schedules may make some of their runs again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision, down_revision = "0014", "0013"

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
WAITS = sa.text("state_type = 'SCHEDULED' AND schedule_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("flow_run", sa.Column("schedule_id", UUID))
    op.create_index(
        "ix_flow_run_schedule_id_next_scheduled_start_time",
        "flow_run",
        ["schedule_id", "next_scheduled_start_time"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )


def downgrade() -> None:
    op.drop_index("ix_flow_run_schedule_id_next_scheduled_start_time", "flow_run")
    op.drop_column("flow_run", "schedule_id")
