"""The graphs of a flow run: which of its tasks and subflows waited for which."""

from typing import Literal

from orchd.wire.base import UUID, Answer, Json, datetime
from orchd.wire.states import State


class Edge(Answer, frozen=True, kw_only=False):
    id: UUID


class GraphArtifact(Answer, frozen=True, kw_only=False):
    """`data` only for progress; the others are read one by one."""

    id: UUID
    created: datetime
    key: str | None
    type: str | None
    is_latest: bool
    data: Json


class GraphState(Answer, frozen=True, kw_only=False):
    id: UUID
    timestamp: datetime
    type: str
    name: str


class Node(Answer, frozen=True, kw_only=True):
    """A task run, or the flow run that it stands for."""

    kind: Literal["flow-run", "task-run"]
    id: UUID
    label: str
    state_type: str
    start_time: datetime
    end_time: datetime | None
    parents: list[Edge]
    children: list[Edge]
    encapsulating: list[Edge]
    artifacts: list[GraphArtifact]


class Graph(Answer, frozen=True, kw_only=True):
    start_time: datetime | None
    end_time: datetime | None
    root_node_ids: list[UUID]
    nodes: list[tuple[UUID, Node]]
    artifacts: list[GraphArtifact]
    states: list[GraphState]


class Upstream(Answer, frozen=True, kw_only=True):
    """A task run whose result went into another."""

    id: UUID
    input_type: str = "task_run"


class Dependency(Answer, frozen=True, kw_only=True):
    """A task run of the older graph, with what went into it."""

    id: UUID
    name: str
    upstream_dependencies: list[Upstream]
    state: State | None
    expected_start_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    total_run_time: float | None
    estimated_run_time: float | None
    untrackable_result: bool
