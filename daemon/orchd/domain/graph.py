"""The graphs of a flow run, put together from its task runs and what went into them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from orchd.db import Tx
from orchd.errors import BadRequest, ObjectMissing
from orchd.kit.clock import LAST
from orchd.kit.jsontext import Raw, decode
from orchd.queries import graph as query
from orchd.queries._run_times import run_time
from orchd.queries.graph import PlainStep, RunTimes, Step
from orchd.wire.graph import Dependency, Edge, Graph, GraphArtifact, Node, Upstream

INSIDE = "__parents__"
"""The key under which a task run names the tasks that it was called inside of: those are not its parents."""

Inputs = dict[str, list[dict[str, Any]]]


def read(tx: Tx, run: UUID, since: datetime, most_nodes: int, most_artifacts: int) -> Graph:
    """The graph, its nodes without those that ended before `since`. Raises ObjectMissing, BadRequest when too large."""
    times = _times(tx, run)
    steps = query.steps(tx, run, most_nodes + 1)
    if len(steps) > most_nodes:
        raise BadRequest(
            f"The graph of flow run {run} has more than {most_nodes} nodes (orchestration.graph.max_nodes)."
        )
    artifacts = query.artifacts(tx, run, most_artifacts)
    nodes = [node for node in _nodes(steps, artifacts) if node.end_time is None or node.end_time >= since]
    return Graph(
        start_time=times.start,
        end_time=times.end,
        root_node_ids=[node.id for node in nodes if not node.parents],
        nodes=[(node.id, node) for node in nodes],
        artifacts=artifacts.get(None, []),
        states=query.states(tx, run),
    )


def read_plain(tx: Tx, run: UUID, now: datetime) -> list[Dependency]:
    """The older graph: every task run with those whose results went into it. Raises ObjectMissing."""
    _times(tx, run)
    return [_dependency(step, now) for step in query.plain_steps(tx, run)]


def _times(tx: Tx, run: UUID) -> RunTimes:
    found = query.times(tx, run)
    if found is None:
        raise ObjectMissing(f"Flow run with id {run} not found")
    return found


def _nodes(steps: list[Step], artifacts: dict[UUID | None, list[GraphArtifact]]) -> list[Node]:
    """One for each task run that has begun or is expected to, in the order of their times."""
    shown = [(id, step, start) for step in steps if (id := step.child_id or step.id) and (start := _start(step))]
    shown.sort(key=lambda each: (each[2], each[0]))  # edges, too, come in the order of times
    known = {id for id, _, _ in shown}
    parents: dict[UUID, list[UUID]] = {}
    children: dict[UUID, list[UUID]] = {}
    inside: dict[UUID, list[UUID]] = {}
    for id, step, _ in shown:
        inputs: Inputs = decode(step.inputs)
        inside[id] = list(dict.fromkeys(_ids(inputs.get(INSIDE, ()))))
        parents[id] = [each for each in _upstream(inputs) if each in known]
        for parent in parents[id]:
            children.setdefault(parent, []).append(id)
    made = [
        _node(id, step, start, (parents[id], children.get(id, []), inside[id]), artifacts.get(step.id, []))
        for id, step, start in shown
    ]
    return sorted(made, key=lambda node: (node.start_time, node.end_time or LAST))


def _node(id: UUID, step: Step, start: datetime, edges: tuple[list[UUID], ...], artifacts: list[GraphArtifact]) -> Node:
    parents, children, inside = ([Edge(each) for each in dict.fromkeys(ids)] for ids in edges)
    return Node(
        kind="task-run" if step.child_id is None else "flow-run",
        id=id,
        label=step.name if step.child_id is None else f"{step.child_flow} / {step.child_name}",
        state_type=(step.state_type if step.child_id is None else step.child_state_type) or "PENDING",
        start_time=start,
        end_time=_end(step),
        parents=parents,
        children=children,
        encapsulating=inside,
        artifacts=artifacts,
    )


def _start(step: Step) -> datetime | None:
    return step.child_start or step.child_expected or step.start or step.expected


def _end(step: Step) -> datetime | None:
    """A task run whose result came from a cache never ran: it ended when it was due."""
    return step.child_end or step.end or (step.expected if step.state_type == "COMPLETED" else None)


def _upstream(inputs: Inputs) -> list[UUID]:
    """The runs whose results went in, each once."""
    return list(dict.fromkeys(id for key, given in inputs.items() if key != INSIDE for id in _ids(given)))


def _ids(given: Iterable[dict[str, Any]]) -> Iterator[UUID]:
    return (UUID(each["id"]) for each in given if each.get("id"))


def _dependency(step: PlainStep, now: datetime) -> Dependency:
    inputs: Inputs = decode(step.inputs)
    runs = [each for given in inputs.values() for each in given if each.get("input_type") == "task_run"]
    state: Any = step.state
    return Dependency(
        id=step.id,
        name=step.name,
        upstream_dependencies=[Upstream(id=id) for id in dict.fromkeys(_ids(runs))],
        state=state,
        expected_start_time=step.expected,
        start_time=step.start,
        end_time=step.end,
        total_run_time=step.total_run_time,
        estimated_run_time=run_time(step.state_type, step.state_timestamp, step.total_run_time, now),
        untrackable_result=_is_untrackable(step.state),
    )


def _is_untrackable(state: Raw | None) -> bool:
    return state is not None and bool(decode(state)["state_details"].get("untrackable_result"))
