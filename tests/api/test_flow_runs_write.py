"""Creating flow runs and moving them: what is stored, told and answered."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from orchd.db.tables import concurrency_lease, concurrency_limit, deployment, event
from orchd.kit.clock import utc_now
from orchd.kit.ids import uuid7
from tests.api.conftest import Api


async def a_flow(api: Api, name: str = "etl", **more: Any) -> str:
    return str((await api.post("/flows/", {"name": name, **more}))["id"])


async def a_run(api: Api, state: str | None = "PENDING", **more: Any) -> dict[str, Any]:
    body = {"flow_id": await a_flow(api), **more}
    if state is not None:
        body["state"] = {"type": state}
    return dict(await api.post("/flow_runs/", body))


async def propose(api: Api, run: str, kind: str, *, force: bool = False, **state: Any) -> tuple[int, dict[str, Any]]:
    status, answer = await api.call(
        "POST", f"/flow_runs/{run}/set_state", {"state": {"type": kind, **state}, "force": force}
    )
    return status, answer


async def states(api: Api, run: str) -> list[str]:
    return [state["name"] for state in await api.get(f"/flow_run_states/?flow_run_id={run}")]


async def events(api: Api, run: str) -> list[tuple[str, UUID]]:
    return await api.db.read(
        lambda tx: [
            tuple(row)
            for row in tx.execute(
                select(event.c.event, event.c.id)
                .where(event.c.resource_id == f"prefect.flow-run.{run}")
                .order_by(event.c.seq)
            )
        ]
    )


async def a_deployment(api: Api, limit: int | None = None, **more: Any) -> str:
    """A deployment's row, as long as the API makes none."""
    flow, now = await a_flow(api), utc_now()
    limit_id = uuid7() if limit is not None else None
    counts = {"active_slots": 0.0, "denied_slots": 0.0, "slot_decay_per_second": 0.0}
    row = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        "name": "nightly",
        "flow_id": UUID(flow),
        "paused": False,
        "concurrency_limit_id": limit_id,
        "job_variables": {},
        "parameters": {},
        "tags": ["prod"],
        "labels": {},
        "status": "READY",
        "enforce_parameter_schema": False,
        **more,
    }

    def write(tx: Any) -> None:
        if limit_id is not None:
            tx.execute(
                insert(concurrency_limit),
                {
                    "id": limit_id,
                    "created": now,
                    "updated": now,
                    "name": f"deployment:{row['id']}",
                    "limit": limit,
                    "active": True,
                    "avg_slot_occupancy_seconds": 2.0,
                    "decayed_at": now,
                    **counts,
                },
            )
        tx.execute(insert(deployment), row)

    await api.db.write(write)
    return str(row["id"])


async def held(api: Api) -> tuple[float, int]:
    """Slots that are counted, and leases that live."""
    return await api.db.read(
        lambda tx: (
            tx.execute(select(concurrency_limit.c.active_slots)).scalar_one(),
            len(tx.execute(select(concurrency_lease.c.id)).all()),
        )
    )


class TestCreation:
    async def test_a_new_run_is_answered_as_it_is_read(self, api: Api) -> None:
        run = await a_run(api, parameters={"x": 1}, tags=["b", "a"], name="mine", labels={"team": "red"})
        read = await api.get(f"/flow_runs/{run['id']}")
        assert {**read, "estimated_run_time": 0, "estimated_start_time_delta": 0} == {
            **run,
            "estimated_run_time": 0,
            "estimated_start_time_delta": 0,
        }
        assert run["labels"] == {"prefect.flow.id": run["flow_id"], "team": "red"}

    @pytest.mark.parametrize("name", [{}, {"name": None}, {"name": ""}])
    async def test_a_run_without_a_name_gets_two_words(self, api: Api, name: dict[str, Any]) -> None:
        run = await a_run(api, **name)
        assert [word.isalpha() and word.islower() for word in run["name"].split("-")] == [True, True]

    async def test_a_run_without_a_state_is_pending(self, api: Api) -> None:
        run = await a_run(api, state=None)
        assert (run["state_type"], await states(api, run["id"])) == ("PENDING", ["Pending"])

    async def test_a_repeated_key_answers_the_first_run_and_makes_nothing(self, api: Api) -> None:
        flow = await a_flow(api)
        first = await api.call("POST", "/flow_runs/", {"flow_id": flow, "idempotency_key": "k", "name": "one"})
        again = await api.call("POST", "/flow_runs/", {"flow_id": flow, "idempotency_key": "k", "name": "two"})
        assert (first[0], again[0]) == (201, 200)
        assert (again[1]["id"], again[1]["name"]) == (first[1]["id"], "one")
        assert await api.post("/flow_runs/count", {}) == 1

    async def test_of_many_at_once_with_one_key_one_is_made(self, api: Api) -> None:
        body = {"flow_id": await a_flow(api), "idempotency_key": "k"}
        answers = await asyncio.gather(*(api.call("POST", "/flow_runs/", body) for _ in range(12)))
        assert sorted(status for status, _ in answers) == [200] * 11 + [201]
        assert len({answer["id"] for _, answer in answers}) == 1

    async def test_an_unknown_flow_is_a_conflict(self, api: Api) -> None:
        status, answer = await api.call("POST", "/flow_runs/", {"flow_id": str(uuid4())})
        assert (status, list(answer)) == (409, ["detail"])

    async def test_an_unknown_pool_is_not_found(self, api: Api) -> None:
        body = {"flow_id": await a_flow(api), "work_pool_name": "nowhere"}
        status, answer = await api.call("POST", "/flow_runs/", body)
        assert status == 404
        assert "nowhere" in answer["detail"]

    async def test_parameters_have_a_bound(self, api: Api) -> None:
        body = {"flow_id": await a_flow(api), "parameters": {"x": "y" * 600_000}}
        status, answer = await api.call("POST", "/flow_runs/", body)
        assert status == 422
        assert "parameter_size" in answer["detail"]


class TestStates:
    async def test_a_life_leaves_its_history_its_times_and_its_events(self, api: Api) -> None:
        run = await a_run(api, state="SCHEDULED")
        for kind in ("PENDING", "RUNNING", "COMPLETED"):
            status, answer = await propose(api, run["id"], kind)
            assert (status, answer["status"], answer["details"]) == (201, "ACCEPT", {"type": "accept_details"})
        read = await api.get(f"/flow_runs/{run['id']}")
        assert await states(api, run["id"]) == ["Scheduled", "Pending", "Running", "Completed"]
        assert (read["state_type"], read["run_count"], read["state"]["name"]) == ("COMPLETED", 1, "Completed")
        assert read["expected_start_time"] <= read["start_time"] <= read["end_time"]
        history = await api.get(f"/flow_run_states/?flow_run_id={run['id']}")
        told = await events(api, run["id"])
        assert [name for name, _ in told] == [f"prefect.flow-run.{state['name']}" for state in history]
        assert [str(id) for _, id in told] == [state["id"] for state in history]

    async def test_a_refused_proposal_leaves_nothing(self, api: Api) -> None:
        run = await a_run(api)
        await propose(api, run["id"], "RUNNING")
        status, answer = await propose(api, run["id"], "PENDING")
        assert (status, answer["status"], answer["state"]["type"]) == (200, "ABORT", "RUNNING")
        assert await states(api, run["id"]) == ["Pending", "Running"]
        assert len(await events(api, run["id"])) == 2

    async def test_a_call_that_is_repeated_is_recognised(self, api: Api) -> None:
        run = await a_run(api)
        call = {"state_details": {"transition_id": str(uuid4())}}
        first = await propose(api, run["id"], "RUNNING", **call)
        again = await propose(api, run["id"], "RUNNING", **call)
        assert (first[0], again[0], again[1]["status"]) == (201, 200, "REJECT")
        assert again[1]["state"]["id"] == first[1]["state"]["id"]

    async def test_an_unknown_run_is_told_in_the_clients_shape(self, api: Api) -> None:
        status, answer = await propose(api, str(uuid4()), "RUNNING")
        assert (status, list(answer)) == (404, ["exception_message"])

    async def test_of_two_proposals_at_once_both_are_decided_on_what_holds(self, api: Api) -> None:
        run = await a_run(api)
        answers = await asyncio.gather(*(propose(api, run["id"], "PENDING", name=f"P{n}") for n in range(8)))
        stored = [answer["state"]["name"] for _, answer in answers if answer["status"] == "ACCEPT"]
        assert sorted(await states(api, run["id"])) == sorted(["Pending", *stored])
        read = await api.get(f"/flow_runs/{run['id']}")
        assert read["state"]["name"] == (await states(api, run["id"]))[-1]

    async def test_a_result_that_lies_nowhere_is_echoed_and_forgotten(self, api: Api) -> None:
        run = await a_run(api, state="RUNNING")
        _, answer = await propose(api, run["id"], "COMPLETED", data={"type": "unpersisted"})
        assert answer["state"]["data"] == {"type": "unpersisted"}
        assert (await api.get(f"/flow_runs/{run['id']}"))["state"]["data"] is None

    async def test_a_result_is_kept_and_leaves_an_artifact(self, api: Api) -> None:
        run = await a_run(api, state="RUNNING")
        data = {"type": "reference", "storage_key": "k"}
        await propose(api, run["id"], "COMPLETED", data=data)
        assert (await api.get(f"/flow_runs/{run['id']}"))["state"]["data"] == data
        found = await api.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
        assert [(each["type"], each["data"]) for each in found] == [("result", data)]

    async def test_a_failed_run_with_retries_awaits_the_next_one(self, api: Api) -> None:
        run = await a_run(api, state="RUNNING", empirical_policy={"retries": 1, "retry_delay": 0})
        status, answer = await propose(api, run["id"], "FAILED", message="boom")
        assert (status, answer["status"], answer["state"]["name"]) == (201, "REJECT", "AwaitingRetry")
        assert (await api.get(f"/flow_runs/{run['id']}"))["empirical_policy"]["retry_type"] == "in_process"
        await propose(api, run["id"], "RUNNING")
        _, answer = await propose(api, run["id"], "FAILED")
        assert (answer["status"], answer["state"]["name"]) == ("ACCEPT", "Failed")

    async def test_the_event_names_flow_tags_and_what_went_before(self, api: Api) -> None:
        await a_flow(api, tags=["nightly"])
        run = await a_run(api, tags=["red"])
        await propose(api, run["id"], "RUNNING", message="off we go")
        told = await api.post(
            "/events/filter", {"filter": {"resource": {"id": [f"prefect.flow-run.{run['id']}"]}, "order": "ASC"}}
        )
        first, second = told["events"]
        assert second["follows"] == first["id"]
        assert second["resource"]["prefect.state-message"] == "off we go"
        roles = [(each["prefect.resource.role"], each["prefect.resource.id"]) for each in second["related"]]
        assert roles == [
            ("flow", f"prefect.flow.{run['flow_id']}"),
            ("tag", "prefect.tag.nightly"),
            ("tag", "prefect.tag.red"),
        ]
        assert second["payload"]["intended"] == {"from": "PENDING", "to": "RUNNING"}

    async def test_a_bulk_proposal_answers_for_each_run(self, api: Api) -> None:
        flow = await a_flow(api)
        for kind in ("RUNNING", "COMPLETED"):
            await api.post("/flow_runs/", {"flow_id": flow, "state": {"type": kind}})
        done = await api.post("/flow_runs/bulk_set_state", {"state": {"type": "CANCELLING"}})
        assert sorted(each["status"] for each in done["results"]) == ["ABORT", "ACCEPT"]


class TestSubflows:
    async def test_the_parents_task_run_shows_the_state_of_the_subflow(self, api: Api) -> None:
        parent = await a_run(api, state="RUNNING")
        stand_in = await api.post("/task_runs/", {"flow_run_id": parent["id"], "task_key": "child", "dynamic_key": "0"})
        child = await a_run(api, parent_task_run_id=stand_in["id"])
        await propose(api, child["id"], "RUNNING")
        await propose(api, child["id"], "COMPLETED", message="done")
        read = await api.get(f"/task_runs/{stand_in['id']}")
        assert (read["state_type"], read["state"]["message"]) == ("COMPLETED", "done")
        assert read["state"]["state_details"]["child_flow_run_id"] == child["id"]
        assert read["run_count"] == 1

    async def test_an_unknown_parent_is_a_conflict(self, api: Api) -> None:
        body = {"flow_id": await a_flow(api), "parent_task_run_id": str(uuid4())}
        assert (await api.call("POST", "/flow_runs/", body))[0] == 409


class TestDeploymentSlots:
    async def test_a_slot_is_held_from_pending_to_the_end(self, api: Api) -> None:
        run = await a_run(api, state="SCHEDULED", deployment_id=await a_deployment(api, limit=1))
        _, answer = await propose(api, run["id"], "PENDING")
        assert answer["state"]["state_details"]["deployment_concurrency_lease_id"] is not None
        assert await held(api) == (1, 1)
        await propose(api, run["id"], "RUNNING")
        assert await held(api) == (1, 1)
        await propose(api, run["id"], "COMPLETED")
        assert await held(api) == (0, 0)

    async def test_without_a_slot_a_run_waits_its_turn(self, api: Api) -> None:
        nightly = await a_deployment(api, limit=1)
        first, second = [await a_run(api, state="SCHEDULED", deployment_id=nightly) for _ in range(2)]
        await propose(api, first["id"], "PENDING")
        _, answer = await propose(api, second["id"], "PENDING")
        assert (answer["status"], answer["state"]["name"]) == ("REJECT", "AwaitingConcurrencySlot")
        assert await held(api) == (1, 1)

    async def test_runs_that_ask_at_once_never_share_a_slot(self, api: Api) -> None:
        nightly = await a_deployment(api, limit=2)
        runs = [await a_run(api, state="SCHEDULED", deployment_id=nightly) for _ in range(6)]
        answers = await asyncio.gather(*(propose(api, run["id"], "PENDING") for run in runs))
        assert sum(answer["status"] == "ACCEPT" for _, answer in answers) == 2
        assert await held(api) == (2, 2)

    async def test_a_strategy_may_cancel_what_finds_no_slot(self, api: Api) -> None:
        nightly = await a_deployment(api, limit=1, concurrency_options={"collision_strategy": "CANCEL_NEW"})
        first, second = [await a_run(api, state="SCHEDULED", deployment_id=nightly) for _ in range(2)]
        await propose(api, first["id"], "PENDING")
        _, answer = await propose(api, second["id"], "PENDING")
        assert answer["state"]["type"] == "CANCELLED"

    async def test_the_event_names_the_deployment_and_its_tags(self, api: Api) -> None:
        run = await a_run(api, deployment_id=await a_deployment(api))
        told = await api.post("/events/filter", {"filter": {"resource": {"id": [f"prefect.flow-run.{run['id']}"]}}})
        roles = {each["prefect.resource.role"]: each for each in told["events"][0]["related"]}
        assert roles["deployment"]["prefect.resource.name"] == "nightly"
        assert roles["tag"]["prefect.resource.id"] == "prefect.tag.prod"
