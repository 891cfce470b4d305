"""Whether what was acknowledged since the last look is answered over the API."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from tests.loss.client import Client
from tests.loss.ledger import Ledger, Run, Touched
from tests.loss.load import LIMITS, run_body

PAGE = 200  # objects in an answer at most
EVENTS = 50
REPEATED = 5  # creations that are asked for once more


async def ask_for_everything(client: Client, ledger: Ledger) -> None:
    """Looks at all that was touched since the last time."""
    touched, ledger.touched = ledger.touched, Touched()
    await _runs(client, ledger, touched.runs)
    await _repeated_creations(client, ledger, touched.runs)
    await _logs(client, ledger, touched.log_batches)
    await _variables(client, ledger, touched.variables)
    await _artifacts(client, ledger, touched.artifacts)
    await _events(client, ledger, touched.events)
    await _task_runs(client, ledger, touched.events)
    await _limits(client, ledger)


def _parts(ids: Collection[Any], size: int) -> Iterator[list[str]]:
    texts = list(map(str, ids))
    for start in range(0, len(texts), size):
        yield texts[start : start + size]


async def _found(client: Client, path: str, kind: str, ids: Collection[Any], field: str = "id") -> dict[UUID, Any]:
    """The objects with these ids, each of which must be answered exactly once."""
    found: list[dict[str, Any]] = []
    for part in _parts(ids, PAGE):
        found += await client.ask("POST", path, {kind: {field: {"any_": part}}, "limit": PAGE})
    by_id = {UUID(each["id"]): each for each in found}
    assert len(by_id) == len(found), f"{path} answers with duplicates"
    return by_id


async def _runs(client: Client, ledger: Ledger, ids: set[UUID]) -> None:
    found = await _found(client, "/flow_runs/filter", "flow_runs", ids)
    for id in ids:
        run = ledger.runs[id]
        assert id in found, f"flow run {id} is lost"
        assert (found[id]["name"], found[id]["idempotency_key"]) == (run.name, run.key)
        history = await client.ask("GET", f"/flow_run_states/?flow_run_id={id}")
        _follows_the_ledger(id, run, found[id], history)


def _follows_the_ledger(id: UUID, run: Run, answered: dict[str, Any], history: list[dict[str, Any]]) -> None:
    ids = [UUID(state["id"]) for state in history]
    assert ids[: len(run.states)] == run.states, f"states of flow run {id} are lost: {run} {history}"
    for more in history[len(run.states) :]:
        asked = more["state_details"]["transition_id"] or "none"
        assert asked == str(run.in_doubt), f"nobody asked for this state of flow run {id}: {more}"
    assert len(ids) <= len(run.states) + 1, f"a state of flow run {id} is there twice: {history}"
    assert UUID(answered["state"]["id"]) == UUID(answered["state_id"]) == ids[-1], f"{answered} {history}"


async def _repeated_creations(client: Client, ledger: Ledger, ids: set[UUID]) -> None:
    """A client that repeats a creation gets the run that it has."""
    keyed = [id for id in ids if ledger.runs[id].key]
    for id in sorted(keyed)[:REPEATED]:
        run = ledger.runs[id]
        again = await client.ask("POST", "/flow_runs/", run_body(run.flow_id, run.name, run.key), fine=(200,))
        assert UUID(again["id"]) == id, f"the key {run.key} has made a second run"


async def _logs(client: Client, ledger: Ledger, ids: set[UUID]) -> None:
    lines: Counter[UUID] = Counter()
    for part in _parts(ids, PAGE // 20):
        asked = {"logs": {"flow_run_id": {"any_": part}}, "limit": PAGE}
        for line in await client.ask("POST", "/logs/filter", asked):
            lines[UUID(line["flow_run_id"])] += 1
    for id in ids:
        assert lines[id] == ledger.log_batches[id], f"log batch {id} has lost lines"


async def _variables(client: Client, ledger: Ledger, names: set[str]) -> None:
    found = await _found(client, "/variables/filter", "variables", names, field="name")
    values = {each["name"]: each["value"] for each in found.values()}
    for name in names:
        known = ledger.variables[name]
        assert values.get(name) in (known.value, known.asked), f"variable {name} is {values.get(name)}, not {known}"


async def _artifacts(client: Client, ledger: Ledger, ids: set[UUID]) -> None:
    found = await _found(client, "/artifacts/filter", "artifacts", ids)
    newest: dict[str, int] = {}
    for id in ids:
        key, number = ledger.artifacts[id]
        newest[key] = max(newest.get(key, 0), number)
        assert id in found, f"artifact {id} is lost"
        assert (found[id]["key"], found[id]["data"]) == (key, str(number))
    for key, number in newest.items():
        latest = int((await client.ask("GET", f"/artifacts/{key}/latest"))["data"])
        assert latest == number or (latest > number and (key, latest) in ledger.maybe_artifacts), (key, latest, number)


async def _events(client: Client, ledger: Ledger, ids: set[UUID]) -> None:
    for part in _parts(ids, EVENTS):
        answer = await client.ask("POST", "/events/filter", {"filter": {"id": {"id": part}}, "limit": EVENTS})
        found = {UUID(each["id"]): each for each in answer["events"]}
        assert answer["total"] == len(found) == len(part), f"of {part} only {sorted(found)} is kept"
        for id, event in found.items():
            known = ledger.events[id]
            assert (event["event"], event["resource"]["prefect.resource.id"]) == (known.name, known.resource)


async def _task_runs(client: Client, ledger: Ledger, ids: set[UUID]) -> None:
    """Each acknowledged report of a task run is in its history."""
    reports = {id: ledger.events[id].task_run for id in ids}
    runs = {told[0] for told in reports.values() if told}
    found = await _found(client, "/task_runs/filter", "task_runs", runs)
    assert runs == set(found), f"task runs are lost: {runs - set(found)}"
    for run in runs:
        history = await client.ask("GET", f"/task_run_states/?task_run_id={run}")
        stored = {UUID(state["id"]): state["type"] for state in history}
        for id, told in reports.items():
            assert told is None or told[0] != run or stored.get(id) == told[1], f"state {id} of task run {run} is lost"
        assert UUID(found[run]["state_id"]) == UUID(history[-1]["id"])


async def _limits(client: Client, ledger: Ledger) -> None:
    """Slots that are held: those of the leases, and at most those of which nobody knows."""
    for name in LIMITS:
        taken = (await client.ask("GET", f"/v2/concurrency_limits/{name}"))["active_slots"]
        held = sum(lease.get(name, 0) for id, lease in ledger.leases.items() if id not in ledger.ending)
        doubted = sum(ledger.leases[id].get(name, 0) for id in ledger.ending)
        doubted += sum(lease.get(name, 0) for lease in ledger.maybe_leases)
        assert held <= taken <= held + doubted, f"{name}: {taken} slots taken, {held} to {held + doubted} held"
