"""Automations over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchd.kit.clock import utc_now
from tests.api.conftest import Api
from tests.kit.rows import Rows

DEPLOYMENT, OTHER = UUID(int=1), UUID(int=2)


def runs(deployment: UUID, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "run-deployment", "source": "selected", "deployment_id": str(deployment), **more}]


async def names_related_to(api: Api, resource: str) -> list[str]:
    return [each["name"] for each in await api.get(f"/automations/related-to/{resource}")]


async def test_related_to_a_deployment_are_those_that_it_owns_and_those_that_run_it(api: Api) -> None:
    rows, own = Rows(api.db), f"prefect.deployment.{DEPLOYMENT}"
    await rows.automation(name="owned", owner_resource=own)
    await rows.automation(name="both", owner_resource=own, actions=runs(DEPLOYMENT))
    await rows.automation(name="a run of it", actions=runs(DEPLOYMENT))
    await rows.automation(name="another's", actions=runs(OTHER, parameters={"about": str(DEPLOYMENT)}))
    await rows.automation(name="on trigger only", actions_on_trigger=runs(DEPLOYMENT))
    await rows.automation(name="elsewhere", owner_resource="my.thing")
    assert await names_related_to(api, own) == ["a run of it", "both", "owned"]
    assert await names_related_to(api, f"prefect.deployment.{OTHER}") == ["another's"]
    assert await names_related_to(api, "my.thing") == ["elsewhere"]
    assert await names_related_to(api, "prefect.deployment.%25") == []


async def test_what_a_resource_owns_is_deleted_and_what_came_later_stays(api: Api) -> None:
    rows, own = Rows(api.db), f"prefect.deployment.{DEPLOYMENT}"
    await rows.automation(name="old", owner_resource=own, created=utc_now() - timedelta(seconds=1))
    await rows.automation(name="to come", owner_resource=own, created=utc_now() + timedelta(minutes=1))
    await rows.automation(name="mine", actions=runs(DEPLOYMENT), created=utc_now() - timedelta(seconds=1))
    assert await api.call("DELETE", f"/automations/owned-by/{own}") == (202, None)
    assert await names_related_to(api, own) == ["mine", "to come"]


# Made, changed, read

BLOCK = str(uuid4())
FAILED: dict[str, Any] = {"posture": "Reactive", "expect": ["prefect.flow-run.Failed"]}
SILENT = {"posture": "Proactive", "expect": ["beat"], "within": 30}


def an_automation(**more: Any) -> dict[str, Any]:
    return {"name": "watch", "trigger": FAILED, "actions": [{"type": "do-nothing"}], **more}


async def test_an_automation_comes_back_whole_and_its_triggers_have_ids_of_orchds_own(api: Api) -> None:
    given = str(uuid4())
    asked = an_automation(
        trigger={
            "type": "compound",
            "require": "all",
            "within": 60,
            "triggers": [
                {"id": given, **FAILED, "match": {"a": ["b", "c"]}, "expect": ["x", "x", "y"]},
                {"type": "sequence", "within": None, "triggers": [SILENT, {"posture": "Proactive"}]},
            ],
        },
        tags=["t"],
        actions=[{"type": "call-webhook", "block_document_id": BLOCK, "payload": {"é": 1}}],
        owner_resource="my.thing",
    )
    made = await api.post("/automations/", asked)
    assert {key: made[key] for key in ("name", "description", "enabled", "tags")} == {
        "name": "watch",
        "description": "",
        "enabled": True,
        "tags": ["t"],
    }
    first, second = made["trigger"]["triggers"]
    assert (first["type"], first["match"], first["expect"]) == ("event", {"a": ["b", "c"]}, ["x", "y"])
    assert [each["within"] for each in second["triggers"]] == [30.0, 10.0]
    ids = [made["trigger"]["id"], first["id"], second["id"], *(each["id"] for each in second["triggers"])]
    assert given not in ids
    assert len(set(ids)) == 5
    assert made["actions"][0]["payload"] == '{\n  "é": 1\n}'
    assert "owner_resource" not in made
    assert await api.get(f"/automations/{made['id']}") == made
    assert [each["id"] for each in await api.get("/automations/related-to/my.thing")] == [made["id"]]


ACTIONS: list[dict[str, Any]] = [
    {"type": kind}
    for kind in ("do-nothing", "cancel-flow-run", "delete-flow-run", "suspend-flow-run", "resume-flow-run")
]
ACTIONS += [
    {"type": f"{verb}-{noun}", **which}
    for verb in ("pause", "resume")
    for noun, key in (
        ("deployment", "deployment_id"),
        ("work-pool", "work_pool_id"),
        ("work-queue", "work_queue_id"),
        ("automation", "automation_id"),
    )
    for which in ({"source": "inferred"}, {key: BLOCK})
]
ACTIONS += [
    {"type": "run-deployment", "deployment_id": BLOCK, "parameters": {"x": "{{ event.id }}"}, "schedule_after": 5},
    {"type": "change-flow-run-state", "state": "CRASHED", "name": "Gone", "message": "m", "force": True},
    {"type": "send-notification", "block_document_id": BLOCK, "body": "{{ flow_run.name }} failed"},
    {"type": "call-webhook", "block_document_id": BLOCK, "unknown": "ignored"},
]


async def test_every_action_is_taken(api: Api) -> None:
    made = await api.post("/automations/", an_automation(actions=ACTIONS, actions_on_trigger=ACTIONS[:1]))
    assert [each["type"] for each in made["actions"]] == [each["type"] for each in ACTIONS]
    assert made["actions_on_trigger"] == [{"type": "do-nothing"}]
    assert made["actions"][-2]["subject"] == "Prefect automated notification"


STARTS: dict[str, Any] = {"posture": "Reactive", "expect": ["prefect.flow-run.Running"]}
EVERY_RUN = {"prefect.resource.id": "prefect.flow-run.*"}
SELECTED = {"type": "run-deployment", "deployment_id": BLOCK}

PLACEHOLDERS_WITH_FAULTS: list[dict[str, Any]] = [
    {"__prefect_kind": "jinja"},
    {"__prefect_kind": "jinja", "template": "{{ x"},
    {"__prefect_kind": "json", "value": "[1,"},
    {"__prefect_kind": "none"},
    {"__prefect_kind": "json", "value": {"__prefect_kind": "jinja", "template": "{{ x"}},
]
PLACEHOLDERS: list[dict[str, Any]] = [
    {"__prefect_kind": "jinja", "template": "{{ x }}"},
    {"__prefect_kind": "json", "value": "[1]"},
    {"__prefect_kind": "none", "value": "{{ no template"},
    {"__prefect_kind": "workspace_variable", "variable_name": "{{ no template"},
]

REFUSED: list[dict[str, Any]] = [
    {"name": None},
    {"colour": "blue"},
    {"id": str(uuid4())},
    {"trigger": None},
    {"trigger": {}},
    {"trigger": {"type": "metric", "metric": {}}},
    {"trigger": {"posture": "Metric"}},
    {"trigger": {**FAILED, "within": None}},
    {"trigger": {**FAILED, "within": -1}},
    {"trigger": {**SILENT, "within": 5}},
    {"trigger": {**FAILED, "match": {"a": 1}}},
    {"trigger": {"type": "compound", "triggers": [FAILED], "require": 2, "within": None}},
    {"trigger": {"type": "compound", "triggers": [FAILED], "require": 0, "within": None}},
    {"trigger": {"type": "compound", "triggers": [FAILED], "require": "any"}},
    {"trigger": {"type": "sequence", "triggers": [FAILED]}},
    {"actions": [{"type": "dance"}]},
    {"actions": [{"type": "pause-deployment"}]},
    {"actions": [{"type": "pause-deployment", "source": "inferred", "deployment_id": BLOCK}]},
    {"actions": [{"type": "run-deployment", "deployment_id": BLOCK, "schedule_after": -1}]},
    {"actions": [{"type": "change-flow-run-state", "state": "DANCING"}]},
    {"actions": [{"type": "send-notification", "block_document_id": BLOCK}]},
    {"actions": [{"type": "send-notification", "block_document_id": BLOCK, "body": "{{ unclosed"}]},
    {"actions": [{"type": "run-deployment", "deployment_id": BLOCK, "parameters": {"x": [{"y": "{% for %}"}]}}]},
    *({"actions": [{**SELECTED, "parameters": {"x": each}}]} for each in PLACEHOLDERS_WITH_FAULTS),
    {"actions": [{"type": "call-webhook", "block_document_id": BLOCK, "payload": "x" * 100_001}]},
    {"actions": [{"type": "send-notification", "block_document_id": BLOCK, "body": "{{ a }}" + "x" * 60_000}] * 3},
    {"trigger": STARTS, "actions": [{"type": "run-deployment", "source": "inferred"}]},
    {"trigger": STARTS, "actions": [SELECTED]},
    {"trigger": {**STARTS, "match": EVERY_RUN, "match_related": [{"a": "b"}, EVERY_RUN]}, "actions": [SELECTED]},
]
TAKEN: list[dict[str, Any]] = [
    {"trigger": {"type": "sequence", "triggers": [], "within": None}},
    {"trigger": {**FAILED, "threshold": -3}},
    {"trigger": {**STARTS, "match_related": {"prefect.resource.name": "etl"}}, "actions": [SELECTED]},
    {"trigger": STARTS, "actions": [SELECTED], "enabled": False},
    {"trigger": {**STARTS, "posture": "Proactive"}, "actions": [SELECTED]},
    {"trigger": {**FAILED, "triggers": []}},
    *({"actions": [{**SELECTED, "parameters": {"x": each}}]} for each in PLACEHOLDERS),
    {"actions": []},
]


@pytest.mark.parametrize("more", REFUSED)
async def test_what_cannot_work_is_refused(api: Api, more: dict[str, Any]) -> None:
    status, answer = await api.call("POST", "/automations/", an_automation(**more))
    assert status == 422, answer
    assert await api.post("/automations/count", {}) == 0


async def test_what_looks_odd_but_can_work_is_taken(api: Api) -> None:
    for more in TAKEN:
        await api.post("/automations/", an_automation(**more))
    assert await api.post("/automations/count", {}) == len(TAKEN)


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = FAILED
    for _ in range(depth):
        found = {"type": "sequence", "triggers": [found], "within": None}
    return found


async def test_triggers_are_nested_so_deep_and_no_deeper(api: Api) -> None:
    assert (await api.call("POST", "/automations/", an_automation(trigger=nested(9))))[0] == 201
    assert (await api.call("POST", "/automations/", an_automation(trigger=nested(10))))[0] == 422


async def test_an_automation_is_replaced_switched_and_deleted(api: Api) -> None:
    made = await api.post("/automations/", an_automation())
    path = f"/automations/{made['id']}"
    assert await api.call("PUT", path, an_automation(name="other", enabled=False)) == (204, "")
    changed = await api.get(path)
    assert (changed["name"], changed["enabled"]) == ("other", False)
    assert changed["trigger"]["id"] != made["trigger"]["id"]
    await api.patch(path, {"enabled": True})
    assert (await api.get(path))["enabled"] is True
    assert (await api.call("PATCH", path, {"name": "no"}))[0] == 422
    await api.delete(path)
    missing = (404, {"exception_message": "Automation not found"})
    assert await api.call("GET", path) == missing
    assert await api.call("PUT", path, an_automation()) == missing
    assert await api.call("PATCH", path, {"enabled": False}) == missing
    assert await api.call("DELETE", path) == missing


async def test_what_a_replacement_leaves_out_stays_as_it_was(api: Api) -> None:
    more = {"description": "d", "enabled": False, "tags": ["t"], "actions_on_trigger": [{"type": "do-nothing"}]}
    path = f"/automations/{(await api.post('/automations/', an_automation(**more)))['id']}"
    assert (await api.call("PUT", path, an_automation(name="other", actions=[])))[0] == 204
    changed = await api.get(path)
    assert {key: changed[key] for key in ("name", "actions", *more)} == {"name": "other", "actions": [], **more}
    await api.patch(path, {})
    assert (await api.get(path))["enabled"] is False


async def test_one_that_would_start_itself_is_not_switched_on(api: Api) -> None:
    made = await api.post("/automations/", an_automation(trigger=STARTS, actions=[SELECTED], enabled=False))
    path = f"/automations/{made['id']}"
    status, answer = await api.call("PATCH", path, {"enabled": True})
    assert (status, answer["exception_detail"][0]["loc"]) == (422, ["body"])
    assert (await api.call("PUT", path, an_automation(trigger=STARTS, actions=[SELECTED], enabled=True)))[0] == 422
    assert await api.get(path) == made


async def test_the_payload_of_a_webhook_is_kept_as_text(api: Api) -> None:
    for given, kept in (("{{ event.id }}", "{{ event.id }}"), ({}, "{}"), ([1, "é"], '[\n  1,\n  "é"\n]'), (3, "3")):
        call: dict[str, Any] = {"type": "call-webhook", "block_document_id": BLOCK, "payload": given}
        made = await api.post("/automations/", an_automation(actions=[call]))
        assert made["actions"][0]["payload"] == kept


async def test_changes_are_told_with_the_whole_automation(api: Api) -> None:
    made = await api.post("/automations/", an_automation())
    path = f"/automations/{made['id']}"
    await api.patch(path, {"enabled": False})
    await api.delete(path)
    about = {"resource": {"id": [f"prefect.automation.{made['id']}"]}, "order": "ASC"}
    told = (await api.post("/events/filter", {"filter": about}))["events"]
    assert [each["event"] for each in told] == [
        f"prefect.automation.{verb}d" for verb in ("create", "update", "delete")
    ]
    assert told[0]["resource"]["prefect.resource.name"] == "watch"
    assert told[0]["payload"] == made
    assert told[1]["payload"]["enabled"] is False


async def test_job_variables_must_fit_the_pool_of_the_deployment(api: Api) -> None:
    template = {
        "job_configuration": {"n": "{{ n }}"},
        "variables": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    }
    await api.post("/work_pools/", {"name": "lab", "type": "process", "base_job_template": template})
    flow = await api.post("/flows/", {"name": "f"})
    made = await api.post("/deployments/", {"name": "d", "flow_id": flow["id"], "work_pool_name": "lab"})
    for deployment, variables, expected in (
        (made["id"], {"n": 1}, 201),
        (made["id"], {"n": "many"}, 422),
        (str(uuid4()), {"n": 1}, 404),
        (str(uuid4()), {}, 201),
    ):
        run = {"type": "run-deployment", "deployment_id": deployment, "job_variables": variables}
        assert (await api.call("POST", "/automations/", an_automation(actions=[run])))[0] == expected


async def test_lists_are_filtered_sorted_and_counted(api: Api) -> None:
    made = {
        name: await api.post("/automations/", an_automation(name=name, tags=tags))
        for name, tags in (("b", ["x"]), ("a", ["x", "y"]), ("c", []))
    }
    for body, expected in (
        ({}, "abc"),
        ({"sort": "NAME_DESC"}, "cba"),
        ({"sort": "CREATED_DESC"}, "cab"),
        ({"limit": 1, "offset": 1}, "b"),
        ({"automations": {"name": {"any_": ["c", "b"]}}}, "bc"),
        ({"automations": {"id": {"any_": [made["a"]["id"]]}}}, "a"),
        ({"automations": {"created": {"before_": made["b"]["created"]}}}, "b"),
        ({"automations": {"tags": {"all_": ["x", "y"]}}}, "a"),
        ({"automations": {"tags": {"is_null_": True}}}, "c"),
        ({"automations": {"operator": "or_", "name": {"any_": ["c"]}, "tags": {"any_": ["y"]}}}, "ac"),
    ):
        assert "".join(each["name"] for each in await api.post("/automations/filter", body)) == expected, body
        if "automations" in body:
            assert await api.post("/automations/count", body) == len(expected)
    assert (await api.call("POST", "/automations/filter", {"automations": {"colour": "blue"}}))[0] == 422


async def test_a_template_is_checked_before_it_is_used(api: Api) -> None:
    assert await api.call("POST", "/automations/templates/validate", "{{ event.id }}") == (204, "")
    status, answer = await api.call("POST", "/automations/templates/validate", "line\n{{ event.")
    assert status == 422
    assert answer["error"]["line"] == 2
