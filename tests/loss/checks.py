"""What must hold in the database at any moment: all that was acknowledged is there, and nothing by halves."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.loss.ledger import Ledger, Report
from tests.loss.load import LIMITS
from tests.loss.looked import Stored


async def look_at_everything(stored: Stored, ledger: Ledger) -> None:
    """Every acknowledged write, every change's event, every event's change; nothing twice, nothing half."""
    await flow_runs_have_their_states(stored)
    await flow_run_states_have_their_events(stored)
    await events_have_their_resources(stored)
    await leases_are_the_taken_slots(stored, ledger)
    await artifacts_have_their_collections(stored)
    await runs_are_those_asked_for(stored, ledger)
    await logs_are_whole_batches(stored, ledger)
    await variables_have_their_events(stored, ledger)
    await artifacts_are_those_asked_for(stored, ledger)
    await reports_are_recorded(stored, ledger)


def none(found: Iterable[Any], what: str) -> None:
    """Fails with some of what was found."""
    some = list(found)[:5]
    assert not some, f"{what}: {some}"


async def flow_runs_have_their_states(stored: Stored) -> None:
    """A run's present state is the newest of its history, and the run carries it whole."""
    runs = await stored.rows("SELECT id, state_id, state_type, state_name, state FROM flow_run")
    history: dict[UUID, list[tuple[Any, ...]]] = {}
    for run, *state in await stored.rows("SELECT flow_run_id, id, type, name FROM flow_run_state ORDER BY timestamp"):
        history.setdefault(run, []).append(tuple(state))
    for id, state_id, type, name, document in runs:
        states = history.pop(id, [])
        assert states, f"flow run {id} has no state"
        assert states[-1] == (state_id, type, name), f"flow run {id} is {name} ({state_id}), its history {states}"
        assert UUID(json.loads(document)["id"]) == state_id, f"flow run {id} carries another state: {document}"
    none(history, "states of no flow run")


async def flow_run_states_have_their_events(stored: Stored) -> None:
    """Exactly one event for each state, of the same id, about the same run, and the other way round."""
    states = await stored.rows("SELECT id, flow_run_id, name FROM flow_run_state")
    events = await stored.rows("SELECT id, resource_id, event FROM event WHERE event LIKE 'prefect.flow-run.%'")
    wanted = Counter((id, f"prefect.flow-run.{run}", f"prefect.flow-run.{name}") for id, run, name in states)
    none(wanted - Counter(events), "states without their event")
    none(Counter(events) - wanted, "events without their state")


async def events_have_their_resources(stored: Stored) -> None:
    """Each event is found by each resource that it names."""
    indexed: dict[UUID, set[tuple[str, str]]] = {}
    for event, resource, role in await stored.rows("SELECT event_id, resource_id, role FROM event_resource"):
        indexed.setdefault(event, set()).add((resource, role))
    for id, own, related in await stored.rows("SELECT id, resource_id, related FROM event"):
        named = {(each["prefect.resource.id"], each["prefect.resource.role"]) for each in json.loads(related)}
        assert indexed.pop(id, None) == named | {(own, "")}, f"event {id} is not found by all that it names"
    none(indexed, "resources of no event")


async def leases_are_the_taken_slots(stored: Stored, ledger: Ledger) -> None:
    """The leases are those that were granted and not given back. That counts and leases agree: `slots.slots_add_up`."""
    limits = dict(await stored.rows("SELECT id, name FROM concurrency_limit"))
    leases: dict[UUID, dict[str, int]] = {id: {} for (id,) in await stored.rows("SELECT id FROM concurrency_lease")}
    for lease, limit, slots in await stored.rows("SELECT lease_id, limit_id, slots FROM concurrency_lease_slot"):
        leases[lease][limits[limit]] = slots
    for id, wanted in ledger.leases.items():
        assert id in ledger.ending or leases.get(id) == wanted, f"lease {id} over {wanted} is lost: {leases.get(id)}"
    none(ledger.ended & set(leases), "leases that were given back")
    others = (leases[id] for id in set(leases) - set(ledger.leases) if set(leases[id]) <= set(LIMITS))
    unknown = Counter(str(sorted(each.items())) for each in others)
    none(unknown - Counter(str(sorted(each.items())) for each in ledger.maybe_leases), "leases nobody asked for")


async def artifacts_have_their_collections(stored: Stored) -> None:
    """The newest of a key is shown as that; each artifact of a key was told of."""
    newest: dict[str, UUID] = {}
    many: Counter[str] = Counter()
    for id, key in await stored.rows("SELECT id, key FROM artifact WHERE key IS NOT NULL ORDER BY created, id"):
        newest[key] = id
        many[key] += 1
    latest = dict(await stored.rows("SELECT key, latest_id FROM artifact_collection"))
    assert latest == newest
    told = Counter(
        json.loads(payload)["key"]
        for (payload,) in await stored.rows(
            "SELECT payload FROM event WHERE event LIKE 'prefect.artifact-collection.%'"
        )
    )
    assert told == many


async def runs_are_those_asked_for(stored: Stored, ledger: Ledger) -> None:
    """All acknowledged flows, runs and states; beside them only what was asked for without an answer."""
    flows = {name: id for id, name in await stored.rows("SELECT id, name FROM flow")}
    none((name for name, id in ledger.flows.items() if flows.get(name) != id), "lost flows")
    runs = {id: (name, key) for id, name, key in await stored.rows("SELECT id, name, idempotency_key FROM flow_run")}
    none((id for id, run in ledger.runs.items() if runs.get(id) != (run.name, run.key)), "lost flow runs")
    more = Counter(runs[id][0] for id in set(runs) - set(ledger.runs))
    none(more - Counter(ledger.maybe_runs), "flow runs nobody asked for, or twice")
    states = dict(await stored.rows("SELECT id, flow_run_id FROM flow_run_state"))
    acknowledged = {state: id for id, run in ledger.runs.items() for state in run.states}
    none((state for state, run in acknowledged.items() if states.get(state) != run), "lost states")
    late = Counter(run for state, run in states.items() if run in ledger.runs and state not in acknowledged)
    none(late - Counter(id for id, run in ledger.runs.items() if run.in_doubt), "states nobody asked for, or twice")


async def logs_are_whole_batches(stored: Stored, ledger: Ledger) -> None:
    """A batch is there, each line once, or, if it was never acknowledged, not at all."""
    lines: dict[UUID, list[int]] = {}
    for batch, message in await stored.rows("SELECT flow_run_id, message FROM log"):
        lines.setdefault(batch, []).append(int(message))
    for batch, count in ledger.log_batches.items():
        assert sorted(lines.pop(batch, [])) == list(range(count)), f"log batch {batch} of {count} is not whole"
    for batch, found in lines.items():
        assert sorted(found) == list(range(ledger.maybe_log_batches[batch])), f"log batch {batch} is half there"


async def variables_have_their_events(stored: Stored, ledger: Ledger) -> None:
    """A variable has the value last acknowledged, or the one asked for since; each of its values was told of."""
    told: dict[str, list[int]] = {}
    for (payload,) in await stored.rows("SELECT payload FROM event WHERE event LIKE 'prefect.variable.%' ORDER BY seq"):
        variable = json.loads(payload)
        told.setdefault(variable["name"], []).append(variable["value"])
    values = {name: json.loads(value) for name, value in await stored.rows("SELECT name, value FROM variable")}
    for name, known in ledger.variables.items():
        value = values.pop(name, None)
        assert value in (known.value, known.asked) if value is not None else known.value is None, (name, value, known)
        wanted = set() if value is None else set(range(value + 1))
        assert set(told.get(name, [])) == wanted, f"variable {name} is {value}, told were {told.get(name)}"
    none(values, "variables nobody asked for")


async def artifacts_are_those_asked_for(stored: Stored, ledger: Ledger) -> None:
    """All acknowledged ones, and none twice."""
    found = {id: (key, int(json.loads(data))) for id, key, data in await stored.rows(
        "SELECT id, key, data FROM artifact"
    )}  # fmt: skip
    none((id for id, asked in ledger.artifacts.items() if found.get(id) != asked), "lost artifacts")
    more = Counter(found[id] for id in set(found) - set(ledger.artifacts))
    none(more - Counter(ledger.maybe_artifacts), "artifacts nobody asked for, or twice")


async def reports_are_recorded(stored: Stored, ledger: Ledger) -> None:
    """Each event that was sent and is kept is recorded, and each record has its event."""
    sent = {**ledger.maybe_events, **ledger.events}
    kept = {
        id: (name, resource) for id, name, resource in await stored.rows("SELECT id, event, resource_id FROM event")
    }
    none((id for id in ledger.events if id not in kept), "lost events")
    kept_reports = {id: report for id, report in sent.items() if id in kept}
    none((id for id, report in kept_reports.items() if kept[id] != (report.name, report.resource)), "other events")
    states = {
        id: (run, type) for id, run, type in await stored.rows("SELECT id, task_run_id, type FROM task_run_state")
    }
    wanted = {id: report.task_run for id, report in kept_reports.items() if report.task_run}
    none(wanted.items() - states.items(), "events whose state is not recorded")
    none(states.items() - wanted.items(), "recorded states without their event")
    await _task_runs_have_their_states(stored, kept_reports)


async def _task_runs_have_their_states(stored: Stored, reports: dict[UUID, Report]) -> None:
    runs = await stored.rows("SELECT id, state_id, state_type FROM task_run")
    newest = dict(await stored.rows("SELECT task_run_id, id FROM task_run_state ORDER BY timestamp"))
    for id, state, type in runs:
        assert newest.pop(id, None) == state, f"task run {id} does not show its newest state"
        assert reports[state].task_run == (id, type), f"task run {id} shows another state than was reported"
    none(newest, "states of no task run")
