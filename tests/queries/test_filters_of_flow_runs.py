"""Every operator of the flow-run filter, with runs that match and runs that do not. Runs are named by one letter."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.api.conftest import Api
from tests.kit.rows import NOON, Rows
from tests.queries.asking import Asked, check

HOUR = timedelta(hours=1)
PATH = "/flow_runs"


def runs(**criteria: object) -> dict[str, object]:
    return {"flow_runs": criteria}


def at(hours: int) -> str:
    return (NOON + hours * HOUR).isoformat()


async def test_ids_names_and_versions(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    ids = {name: str(await rows.flow_run(flow, name=name, flow_version=name.lower())) for name in ("A", "b", "c")}
    await rows.flow_run(flow, name="d")
    await check(
        api,
        PATH,
        [
            Asked(runs(), "Abcd"),
            Asked(runs(id={}), "Abcd"),
            Asked(runs(id={"any_": [ids["A"], ids["c"], str(uuid4())]}), "Ac"),
            Asked(runs(id={"any_": []}), ""),
            Asked(runs(id={"any_": None}), "Abcd"),
            Asked(runs(id={"not_any_": [ids["A"]]}), "bcd"),
            Asked(runs(id={"not_any_": []}), "Abcd"),
            Asked(runs(id={"any_": [ids["A"], ids["b"]], "not_any_": [ids["A"]]}), "b"),
            Asked(runs(name={"any_": ["A", "b"]}), "Ab"),
            Asked(runs(name={"any_": ["a"]}), ""),
            Asked(runs(name={"any_": []}), ""),
            Asked(runs(name={"like_": "a"}), "A"),
            Asked(runs(name={"like_": ""}), "Abcd"),
            Asked(runs(name={"like_": "_"}), "Abcd"),
            Asked(runs(name={"like_": "%"}), "Abcd"),
            Asked(runs(name={"like_": "\\"}), ""),
            Asked(runs(name={"like_": "/"}), ""),
            Asked(runs(name={"like_": "B", "any_": ["b", "c"]}), "b"),
            Asked(runs(flow_version={"any_": ["a", "c"]}), "Ac"),
            Asked(runs(flow_version={"any_": []}), ""),
            Asked(runs(flow_version={}), "Abcd"),
        ],
    )


async def test_tags_of_any_characters(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    odd = {"a": ['x"y', "z"], "b": [","], "c": ["é"], "d": ["back\\slash", "line\nbreak"], "e": ["x", "y"]}
    for name, tags in odd.items():
        await rows.flow_run(flow, name=name, tags=tags)
    asked = [Asked(runs(tags={"all_": tags}), name) for name, tags in odd.items()]
    asked += [Asked(runs(tags={"any_": [tag]}), name) for name, tags in odd.items() for tag in tags]
    await check(
        api,
        PATH,
        [
            *asked,
            Asked(runs(tags={"any_": ["y"], "all_": ["x"]}), "e"),
            Asked(runs(tags={"all_": ['x"', "slash"]}), ""),
        ],
    )


async def test_tags(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    for name, tags in {"a": [], "b": ["x"], "c": ["x", "y"], "d": ["z", 'q"uote']}.items():
        await rows.flow_run(flow, name=name, tags=tags)
    await check(
        api,
        PATH,
        [
            Asked(runs(tags={"all_": ["x"]}), "bc"),
            Asked(runs(tags={"all_": ["x", "y"]}), "c"),
            Asked(runs(tags={"all_": ["x", "z"]}), ""),
            Asked(runs(tags={"all_": ['q"uote']}), "d"),
            Asked(runs(tags={"all_": ["X"]}), ""),
            Asked(runs(tags={"all_": []}), "abcd"),
            Asked(runs(tags={"any_": ["y", "z"]}), "cd"),
            Asked(runs(tags={"any_": []}), ""),
            Asked(runs(tags={"is_null_": True}), "a"),
            Asked(runs(tags={"is_null_": False}), "bcd"),
            Asked(runs(tags={"any_": ["x"], "all_": ["y"]}), "c"),
            Asked(runs(tags={"operator": "or_", "all_": ["y"], "is_null_": True}), "ac"),
            Asked(runs(tags={"operator": "or_"}), "abcd"),
        ],
    )


async def test_keys_that_may_be_null(api: Api, rows: Rows) -> None:
    flow, one, other = await rows.flow(), uuid4(), uuid4()
    await rows.flow_run(flow, name="a")
    await rows.flow_run(
        flow, name="b", deployment_id=one, work_queue_name="q", idempotency_key="k", parent_task_run_id=one
    )
    await rows.flow_run(
        flow, name="c", deployment_id=other, work_queue_name="r", idempotency_key="l", parent_task_run_id=other
    )
    cases = []
    for member, value in {"deployment_id": str(one), "work_queue_name": "q", "parent_task_run_id": str(one)}.items():
        cases += [
            Asked(runs(**{member: {"any_": [value]}}), "b"),
            Asked(runs(**{member: {"any_": []}}), ""),
            Asked(runs(**{member: {"is_null_": True}}), "a"),
            Asked(runs(**{member: {"is_null_": False}}), "bc"),
            Asked(runs(**{member: {"any_": [value], "is_null_": True}}), ""),
            Asked(runs(**{member: {"operator": "or_", "any_": [value], "is_null_": True}}), "ab"),
            Asked(runs(**{member: {}}), "abc"),
        ]
    cases += [
        Asked(runs(idempotency_key={"any_": ["k"]}), "b"),
        Asked(runs(idempotency_key={"not_any_": ["k"]}), "c"),
        Asked(runs(idempotency_key={"not_any_": []}), "abc"),
    ]
    await check(api, PATH, cases)


async def test_states(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    await rows.flow_run(flow, name="a")
    await rows.flow_run(flow, name="b", state_type="RUNNING")
    await rows.flow_run(flow, name="c", state_type="SCHEDULED", state_name="Late")
    await rows.flow_run(flow, name="d", state_type="SCHEDULED")
    await check(
        api,
        PATH,
        [
            Asked(runs(state={}), "abcd"),
            Asked(runs(state={"type": {"any_": ["SCHEDULED"]}}), "cd"),
            Asked(runs(state={"type": {"any_": []}}), ""),
            Asked(runs(state={"type": {"not_any_": ["SCHEDULED"]}}), "b"),
            Asked(runs(state={"type": {"any_": ["SCHEDULED", "RUNNING"], "not_any_": ["RUNNING"]}}), "cd"),
            Asked(runs(state={"name": {"any_": ["Late"]}}), "c"),
            Asked(runs(state={"name": {"not_any_": ["Late"]}}), "bd"),
            Asked(runs(state={"type": {"any_": ["SCHEDULED"]}, "name": {"any_": ["Late"]}}), "c"),
            Asked(
                runs(state={"operator": "or_", "type": {"any_": ["RUNNING"]}, "name": {"any_": ["Late"]}}),
                "bc",
            ),
        ],
    )


async def test_times(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    await rows.flow_run(flow, name="a")
    await rows.flow_run(flow, name="b", expected_start_time=NOON, next_scheduled_start_time=NOON)
    await rows.flow_run(flow, name="c", expected_start_time=NOON, start_time=NOON + HOUR, end_time=NOON + 2 * HOUR)
    await check(
        api,
        PATH,
        [
            Asked(runs(start_time={"before_": at(0)}), "b"),
            Asked(runs(start_time={"after_": at(1)}), "c"),
            Asked(runs(start_time={"after_": at(0), "before_": at(1)}), "bc"),
            Asked(runs(start_time={"is_null_": True}), "ab"),
            Asked(runs(start_time={"is_null_": False}), "c"),
            Asked(runs(start_time={"is_null_": True, "after_": at(0)}), "b"),
            Asked(runs(start_time={"before_": None, "after_": None}), "abc"),
            Asked(runs(end_time={"before_": at(2)}), "c"),
            Asked(runs(end_time={"after_": at(3)}), ""),
            Asked(runs(end_time={"is_null_": True}), "ab"),
            Asked(runs(expected_start_time={"after_": at(0)}), "bc"),
            Asked(runs(expected_start_time={"before_": at(-1)}), ""),
            Asked(runs(next_scheduled_start_time={"before_": at(0)}), "b"),
            Asked(runs(expected_start_time={"after_": "2099-01-01T12:00:00"}), "bc"),
            Asked(runs(expected_start_time={"after_": "2099-01-01 13:00:00+01:00"}), "bc"),
            Asked(runs(expected_start_time={"after_": "0001-01-01T00:00:00+14:00"}), "bc"),
        ],
    )


async def test_creators_and_parents(api: Api, rows: Rows) -> None:
    flow, maker = await rows.flow(), uuid4()
    parent = await rows.flow_run(flow, name="a")
    task = await rows.task_run(parent)
    await rows.flow_run(flow, name="b", parent_task_run_id=task)
    await rows.flow_run(flow, name="c", created_by={"id": str(maker), "type": "SCHEDULE", "display_value": "x"})
    await check(
        api,
        PATH,
        [
            Asked(runs(parent_flow_run_id={"any_": [str(parent)]}), "b"),
            Asked(runs(parent_flow_run_id={"any_": [str(task)]}), ""),
            Asked(runs(parent_flow_run_id={"any_": []}), ""),
            Asked(runs(parent_flow_run_id={}), "abc"),
            Asked(runs(created_by={"id_": [str(maker)]}), "c"),
            Asked(runs(created_by={"id_": [str(uuid4())]}), ""),
            Asked(runs(created_by={"type_": ["SCHEDULE", "DEPLOYMENT"]}), "c"),
            Asked(runs(created_by={"type_": []}), ""),
            Asked(runs(created_by={"is_null_": True}), "ab"),
            Asked(runs(created_by={"operator": "or_", "type_": ["SCHEDULE"], "is_null_": True}), "abc"),
        ],
    )


async def test_criteria_are_joined_as_the_operator_says(api: Api, rows: Rows) -> None:
    flow = await rows.flow()
    for name in "abc":
        await rows.flow_run(flow, name=name, tags=[name], state_type="RUNNING" if name == "c" else "PENDING")
    pending = {"type": {"any_": ["PENDING"]}}
    await check(
        api,
        PATH,
        [
            Asked(runs(tags={"all_": ["a"]}, state=pending), "a"),
            Asked(runs(operator="or_", tags={"all_": ["c"]}, name={"any_": ["a"]}), "ac"),
            Asked(runs(operator="or_", id={"any_": []}, name={}), "abc"),
            Asked(runs(operator="or_"), "abc"),
            Asked({"flow_runs": None}, "abc"),
            Asked({}, "abc"),
        ],
    )


async def test_related_objects(api: Api, rows: Rows) -> None:
    one, other = await rows.flow(name="one", tags=["f"]), await rows.flow(name="other")
    pool = await rows.pool(name="P")
    queue = await rows.queue(pool, name="Q")
    made = await rows.deployment(one, name="dep", work_queue_id=queue, tags=["d"])
    a = await rows.flow_run(one, name="a", deployment_id=made, work_queue_id=queue)
    await rows.flow_run(one, name="b", deployment_id=uuid4())
    c = await rows.flow_run(other, name="c")
    await rows.task_run(a, name="t", state_type="RUNNING")
    await rows.task_run(c, name="u")
    await check(
        api,
        PATH,
        [
            Asked({"flows": {}}, "abc"),
            Asked({"flows": {"name": {"any_": ["one"]}}}, "ab"),
            Asked({"flows": {"name": {"like_": "OTHER"}}}, "c"),
            Asked({"flows": {"id": {"any_": [str(other)]}}}, "c"),
            Asked({"flows": {"id": {"any_": [str(other)]}, "name": {"any_": ["one"]}}}, ""),
            Asked({"flows": {"operator": "or_", "id": {"any_": [str(other)]}, "name": {"any_": ["one"]}}}, "abc"),
            Asked({"flows": {"tags": {"all_": ["f"]}}}, "ab"),
            Asked({"flows": {"deployment": {"is_null_": True}}}, "c"),
            Asked({"task_runs": {}}, "ac"),
            Asked({"task_runs": {"name": {"any_": ["t"]}}}, "a"),
            Asked({"flows": {"name": {"any_": ["other"]}}, "task_runs": {"name": {"any_": ["t"]}}}, ""),
            Asked({"deployments": {}}, "a"),
            Asked({"deployments": {"name": {"like_": "DE"}}}, "a"),
            Asked({"deployments": {"id": {"any_": [str(made)]}}}, "a"),
            Asked({"deployments": {"tags": {"any_": ["x"]}}}, ""),
            Asked({"work_pools": {}}, "a"),
            Asked({"work_pools": {"name": {"any_": ["P"]}}}, "a"),
            Asked({"work_pools": {"type": {"any_": ["docker"]}}}, ""),
            Asked({"work_pools": {"id": {"any_": [str(pool)]}}}, "a"),
            Asked({"work_pool_queues": {}}, "a"),
            Asked({"work_pool_queues": {"name": {"startswith_": ["x", "q"]}}}, "a"),
            Asked({"work_pool_queues": {"name": {"any_": ["q"]}}}, ""),
            Asked({"work_pool_queues": {"name": {"any_": [], "startswith_": []}}}, ""),
            Asked({"work_pool_queues": {"id": {"any_": [str(queue)]}}}, "a"),
        ],
    )


async def test_an_unknown_key_anywhere_in_a_filter_is_refused(api: Api) -> None:
    wrong: list[dict[str, object]] = [
        runs(nmae={}),
        runs(name={"any": ["a"]}),
        runs(tags={"operator": "xor_"}),
        runs(state={"type": {"any_": ["running"]}}),
        runs(id={"any_": ["no uuid"]}),
        {"flows": {"tags": {"any_": ["a"]}}},
        {"task_runs": {"tags": {"any_": ["a"]}}},
    ]
    for body in wrong:
        status, answer = await api.call("POST", "/flow_runs/filter", body)
        assert status == 422, body
        assert answer["exception_detail"][0]["loc"][0] == "body"


async def test_an_unknown_key_beside_the_filters_is_ignored(api: Api, rows: Rows) -> None:
    await rows.flow_run(await rows.flow(), name="a")
    await check(api, PATH, [Asked({"flow_rnus": {"name": {"any_": []}}}, "a")])


async def test_a_list_of_ids_has_a_bound(api: Api) -> None:
    many = [str(UUID(int=n)) for n in range(5001)]
    assert (await api.call("POST", "/flow_runs/count", runs(id={"any_": many[:5000]})))[0] == 200
    assert (await api.call("POST", "/flow_runs/count", runs(id={"any_": many})))[0] == 422
