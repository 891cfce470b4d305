"""Which log lines a listener hears."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from orchd.domain.log_matching import SeenLog, matcher
from orchd.wire.logs import Log, LogFilter

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
RUN, TASK = UUID(int=1), UUID(int=2)


def a_line(message: str, level: int, flow_run_id: UUID | None = None, task_run_id: UUID | None = None) -> SeenLog:
    return SeenLog(Log(UUID(int=9), NOON, NOON, "run", level, message, NOON, flow_run_id, task_run_id))


LINES = [a_line("a", 10, RUN), a_line("b", 20, RUN, TASK), a_line("c", 30), a_line("d", 40)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "a b c d"),
        ({"level": {"ge_": 20, "le_": 30}}, "b c"),
        ({"level": {}}, "a b c d"),
        ({"flow_run_id": {"any_": [str(RUN)]}}, "a b"),
        ({"flow_run_id": {"any_": None}}, "a b c d"),
        ({"flow_run_id": {"any_": []}}, ""),
        ({"task_run_id": {"any_": [str(TASK)]}}, "b"),
        ({"task_run_id": {"is_null_": True}}, "a c d"),
        ({"task_run_id": {"is_null_": False}}, "b"),
        ({"timestamp": {"after_": "2026-04-01T12:00:00Z", "before_": "2026-04-01T12:00:00"}}, "a b c d"),
        ({"timestamp": {"after_": "2026-04-01T12:00:00.000001Z"}}, ""),
        ({"timestamp": {"before_": "2026-04-01T11:59:59Z"}}, ""),
        ({"text": {"query": "B c -nothing"}}, "b c"),
        ({"text": {"query": "+RUN -a"}}, "b c d"),
        ({"level": {"ge_": 40}, "flow_run_id": {"any_": [str(RUN)]}}, ""),
        ({"operator": "or_", "level": {"ge_": 40}, "flow_run_id": {"any_": [str(RUN)]}}, "a b d"),
        ({"operator": "or_"}, "a b c d"),
    ],
)
def test_a_listener_hears_the_lines_that_match(asked: dict[str, Any], expected: str) -> None:
    wants = matcher(msgspec.convert(asked, LogFilter))
    assert " ".join(each.log.message for each in LINES if wants(each)) == expected
