"""Filters of log lines for those who listen live."""

from collections.abc import Callable, Iterator
from functools import cached_property

from orchd.kit import textsearch
from orchd.kit.clock import as_utc
from orchd.kit.jsontext import encode
from orchd.wire.filters import Operator
from orchd.wire.logs import Log, LogFilter

Test = Callable[[Log], bool]


class SeenLog:
    """A line that has just been read."""

    def __init__(self, log: Log) -> None:
        self.log = log

    @property
    def id(self) -> object:
        return self.log.id

    @cached_property
    def frame(self) -> bytes:
        """What is sent to everyone whose filter it passes."""
        return encode({"type": "log", "log": self.log})


def matcher(asked: LogFilter) -> Callable[[SeenLog], bool]:
    """Whether a line is one that the filter means."""
    tests = list(_tests(asked))
    if asked.operator is Operator.OR and tests:
        return lambda seen: any(test(seen.log) for test in tests)
    return lambda seen: all(test(seen.log) for test in tests)


def _tests(asked: LogFilter) -> Iterator[Test]:
    if (level := asked.level) is not None:
        lowest, highest = level.ge_, level.le_
        yield lambda log: (lowest is None or log.level >= lowest) and (highest is None or log.level <= highest)
    if (time := asked.timestamp) is not None:
        after = None if time.after_ is None else as_utc(time.after_)
        before = None if time.before_ is None else as_utc(time.before_)
        yield lambda log: (after is None or log.timestamp >= after) and (before is None or log.timestamp <= before)
    if asked.flow_run_id is not None and asked.flow_run_id.any_ is not None:
        flow_runs = frozenset(asked.flow_run_id.any_)
        yield lambda log: log.flow_run_id in flow_runs
    if (task_run := asked.task_run_id) is not None:
        task_runs = None if task_run.any_ is None else frozenset(task_run.any_)
        is_null = task_run.is_null_
        yield (
            lambda log: (
                (task_runs is None or log.task_run_id in task_runs)
                and (is_null is None or (log.task_run_id is None) is is_null)
            )
        )
    if asked.text is not None:
        terms = textsearch.parse(asked.text.query)
        yield lambda log: terms.match(f"{log.message} {log.name}")
