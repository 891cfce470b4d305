"""Scenarios of work pools, queues, workers, deployments, automations and searches."""

from typing import Any

from tests.compat.contract.caller import Caller
from tests.compat.contract.runs import new_flow, new_run, now, unique


def new_pool(call: Caller) -> str:
    """The name of a new work pool."""
    name = unique("pool")
    call("POST /work_pools/", {"name": name, "type": "process", "base_job_template": {}})
    return name


def work_pools(call: Caller) -> None:
    name = new_pool(call)
    call("GET /work_pools/{name}", name=name)
    call("PATCH /work_pools/{name}", {"concurrency_limit": 3, "description": "changed"}, name=name)
    only = {"work_pools": {"name": {"any_": [name]}}}
    assert call("POST /work_pools/filter", only)[0]["concurrency_limit"] == 3
    assert call("POST /work_pools/count", only) == 1
    call("POST /work_pools/{name}/concurrency_status", {}, name=name)
    call("DELETE /work_pools/{name}", name=name)


def pool_queues(call: Caller) -> None:
    pool = {"work_pool_name": new_pool(call)}
    queues = "/work_pools/{work_pool_name}/queues"
    call(f"POST {queues}", {"name": "fast", "priority": 1}, **pool)
    call(f"GET {queues}/{{name}}", name="fast", **pool)
    call(f"PATCH {queues}/{{name}}", {"concurrency_limit": 2}, name="fast", **pool)
    assert len(call(f"POST {queues}/filter", {}, **pool)) == 2
    call(f"DELETE {queues}/{{name}}", name="fast", **pool)


def workers(call: Caller) -> None:
    pool = {"work_pool_name": new_pool(call)}
    workers_of = "/work_pools/{work_pool_name}/workers"
    call(f"POST {workers_of}/heartbeat", {"name": "w", "heartbeat_interval_seconds": 30}, **pool)
    assert len(call(f"POST {workers_of}/filter", {}, **pool)) == 1
    call(f"DELETE {workers_of}/{{name}}", name="w", **pool)
    call("POST /task_workers/filter", {"task_worker_filter": {"task_keys": ["none"]}})


def pool_polling(call: Caller) -> None:
    name = new_pool(call)
    scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": now(minutes=-1)}}
    body = {"flow_id": new_flow(call)["id"], "state": scheduled, "work_pool_name": name}
    run = call("POST /flow_runs/", body, status=201)
    polled = call("POST /work_pools/{name}/get_scheduled_flow_runs", {"limit": 5}, name=name)
    assert [each["flow_run"]["id"] for each in polled] == [run["id"]]


def work_queues(call: Caller) -> None:
    made = call("POST /work_queues/", {"name": unique("queue")})
    queue = made["id"]
    call("GET /work_queues/{id}", id=queue)
    call("GET /work_queues/name/{name}", name=made["name"])
    call("PATCH /work_queues/{id}", {"description": "changed"}, id=queue)
    call("POST /work_queues/filter", {"limit": 5})
    call("POST /work_queues/{id}/get_runs", {"limit": 5}, id=queue)
    call("GET /work_queues/{id}/status", id=queue)
    call("POST /work_queues/{id}/concurrency_status", {}, id=queue)
    call("DELETE /work_queues/{id}", id=queue)


def new_deployment(call: Caller) -> Any:
    """A new deployment with a work queue, and a schedule that is not active."""
    schedule = {"schedule": {"interval": 3600, "anchor_date": now(), "timezone": "UTC"}, "active": False}
    body = {"name": unique("deployment"), "flow_id": new_flow(call)["id"], "work_queue_name": unique("queue")}
    return call("POST /deployments/", {**body, "schedules": [schedule], "parameters": {"a": 1}}, status=201)


def of_deployment(made: Any) -> dict[str, Any]:
    """The filter that finds one deployment."""
    return {"deployments": {"id": {"any_": [made["id"]]}}}


def deployments(call: Caller) -> None:
    made = new_deployment(call)
    identity = {"id": made["id"]}
    read = call("GET /deployments/{id}", **identity)
    flow = call("GET /flows/{id}", id=read["flow_id"])["name"]
    call("GET /deployments/name/{flow_name}/{deployment_name}", flow_name=flow, deployment_name=read["name"])
    call("PATCH /deployments/{id}", {"description": "changed"}, **identity)
    assert len(call("POST /deployments/filter", of_deployment(made))) == 1
    assert call("POST /deployments/count", of_deployment(made)) == 1
    call("POST /deployments/paginate", {**of_deployment(made), "limit": 1, "page": 1})
    call("POST /deployments/{id}/pause_deployment", **identity)
    call("POST /deployments/{id}/resume_deployment", **identity)
    call("DELETE /deployments/{id}", **identity)


def deployment_schedules(call: Caller) -> None:
    identity = {"id": new_deployment(call)["id"]}
    cron = [{"schedule": {"cron": "0 0 * * *", "timezone": "UTC"}, "active": False}]
    (made,) = call("POST /deployments/{id}/schedules", cron, **identity)
    assert len(call("GET /deployments/{id}/schedules", **identity)) == 2
    call("PATCH /deployments/{id}/schedules/{schedule_id}", {"active": True}, schedule_id=made["id"], **identity)
    call("DELETE /deployments/{id}/schedules/{schedule_id}", schedule_id=made["id"], **identity)
    call("POST /deployments/{id}/schedule", {}, **identity)


def queues_of_deployments(call: Caller) -> None:
    call("GET /deployments/{id}/work_queue_check", id=new_deployment(call)["id"])


def runs_of_deployments(call: Caller) -> None:
    made = new_deployment(call)
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": now(minutes=-1)}}
    call("POST /deployments/{id}/create_flow_run", {"state": state}, id=made["id"], status=201)
    several = call("POST /deployments/{id}/create_flow_run/bulk", [{}, {}], id=made["id"])
    assert [each["status"] for each in several["results"]] == ["CREATED", "CREATED"]
    call("POST /deployments/get_scheduled_flow_runs", {"deployment_ids": [made["id"]], "scheduled_before": now()})
    call("POST /ui/flows/count-deployments", {"flow_ids": [made["flow_id"]]})
    assert call("POST /ui/flows/next-runs", {"flow_ids": [made["flow_id"]]})[made["flow_id"]]
    assert call("POST /deployments/bulk_delete", of_deployment(made))["deleted"] == [made["id"]]


def automations(call: Caller) -> None:
    trigger = {"type": "event", "posture": "Reactive", "expect": ["never.seen"], "threshold": 1, "within": 0}
    body = {"name": unique("automation"), "trigger": trigger, "actions": [{"type": "do-nothing"}], "enabled": False}
    identity = {"id": call("POST /automations/", body)["id"]}
    call("GET /automations/{id}", **identity)
    call("PUT /automations/{id}", {**body, "description": "changed"}, **identity)
    call("PATCH /automations/{id}", {"enabled": True}, **identity)
    call("POST /automations/filter", {"limit": 5})
    call("POST /automations/count")
    call("DELETE /automations/{id}", **identity)


def automations_of_a_deployment(call: Caller) -> None:
    call("GET /automations/related-to/{resource_id}", resource_id=unique("prefect.deployment"))
    call("DELETE /automations/owned-by/{resource_id}", resource_id=unique("prefect.deployment"))


def templates(call: Caller) -> None:
    call("POST /templates/validate", "{{ flow_run.name }}", status=204)
    call("POST /automations/templates/validate", "{{ flow_run.name }}", status=204)


def saved_searches(call: Caller) -> None:
    made = call("PUT /saved_searches/", {"name": unique("search"), "filters": []}, status=201)
    call("GET /saved_searches/{id}", id=made["id"])
    call("POST /saved_searches/filter", {"limit": 5})
    call("DELETE /saved_searches/{id}", id=made["id"])


def collections(call: Caller) -> None:
    for view in ("aggregate-worker-metadata", "aggregate-block-metadata", "aggregate-flow-metadata", "demo-flows"):
        call("GET /collections/views/{view}", view=view)
    call("GET /collections/views/{view}", view="nothing", status=404)


def values_of_a_schema(call: Caller) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert call("POST /ui/schemas/validate", {"schema": schema, "values": {"n": "x"}})["valid"] is False


def runs_of_a_pool(call: Caller) -> None:
    name = new_pool(call)
    flow = new_flow(call)
    new_run(call, flow, "SCHEDULED", work_pool_name=name)
    found = call("POST /flow_runs/filter", {"work_pools": {"name": {"any_": [name]}}})
    assert [run["work_pool_name"] for run in found] == [name]


SCENARIOS = (
    work_pools, pool_queues, workers, pool_polling, work_queues, deployments, deployment_schedules,
    queues_of_deployments, runs_of_deployments,
    automations, automations_of_a_deployment, templates, saved_searches, collections, values_of_a_schema,
    runs_of_a_pool,
)  # fmt: skip
