"""Histories and the counts of a dashboard are read from an index alone. Going down makes the narrow indexes again."""

from alembic import op

revision, down_revision = "0019", "0018"


def upgrade() -> None:
    _replace("flow_run", "ix_flow_run_expected_start_time", "ix_flow_run_history", [
        "expected_start_time", "state_type", "state_name", "start_time", "total_run_time", "state_timestamp"
    ])  # fmt: skip
    _replace("task_run", "ix_task_run_start_time", "ix_task_run_start_time_state_type", ["start_time", "state_type"])


def downgrade() -> None:
    _replace("flow_run", "ix_flow_run_history", "ix_flow_run_expected_start_time", ["expected_start_time"])
    _replace("task_run", "ix_task_run_start_time_state_type", "ix_task_run_start_time", ["start_time"])


def _replace(table: str, old: str, new: str, columns: list[str]) -> None:
    op.create_index(new, table, columns)
    op.drop_index(old, table)
