"""Deployments: how, when and where flows run. Prefix: /deployments."""

import asyncio
from uuid import UUID

from orchd.api._asking import asker, created
from orchd.api._context import Call, Reply
from orchd.api._creator import creator
from orchd.api._operation import operation
from orchd.domain import deployment_reading as reading
from orchd.domain import deployment_runs, deployment_schedules, deployments, scheduled_runs, work_queues
from orchd.domain.deployment_runs import MOST_AT_ONCE as MOST_RUNS_AT_ONCE
from orchd.domain.deployment_runs import Caller
from orchd.domain.deployments import Author
from orchd.errors import BadRequest, Invalid
from orchd.kit.clock import as_utc
from orchd.queries import deployments as query
from orchd.queries import flow_runs
from orchd.queries._filters_related import deployments_meant
from orchd.wire.criteria import MOST_AT_ONCE, QueueCriteria, page_numbers
from orchd.wire.deployment_lists import (
    DeploymentList,
    DeploymentPage,
    DeploymentPageAsked,
    DeploymentsDeleted,
    DeploymentsToDelete,
    RunsToSchedule,
    ScheduledRunsAsked,
)
from orchd.wire.deployments import (
    Deployment,
    DeploymentCreate,
    DeploymentFlowRunCreate,
    DeploymentSort,
    DeploymentUpdate,
    FlowRunsCreated,
)
from orchd.wire.flow_runs import FlowRun, FlowRunSort
from orchd.wire.schedules import DeploymentSchedule, ScheduleCreate, ScheduleUpdate
from orchd.wire.work_queues import WorkQueue

PREFIX = "/deployments"


# Creation, change, removal


@operation("POST", "/deployments/", role="operator", status=201)
async def create_deployment(call: Call, body: DeploymentCreate) -> Reply[Deployment]:
    """Creates a deployment; 200 when the flow has one of that name, which is changed."""
    call.bound_parameters(body.parameters)
    made, new = await call.db.write(deployments.create, body, Author(creator(call), call.now))
    return Reply(made, status=201 if new else 200)


@operation("PATCH", "/deployments/{id}", role="operator", status=204)
async def update_deployment(call: Call, id: UUID, body: DeploymentUpdate) -> None:
    """Changes the deployment with this id."""
    call.bound_parameters(body.parameters)
    await call.db.write(deployments.update, id, body, Author(creator(call), call.now))


@operation("DELETE", "/deployments/{id}", role="operator", status=204)
async def delete_deployment(call: Call, id: UUID) -> None:
    """Deletes a deployment with its schedules and the runs that wait."""
    await call.db.write(deployments.delete, id, call.now)


@operation("POST", "/deployments/bulk_delete", role="operator")
async def bulk_delete_deployments(call: Call, body: DeploymentsToDelete) -> DeploymentsDeleted:
    """Deletes deployments that match, as many as `limit` says."""
    most = body.limit or MOST_AT_ONCE
    return DeploymentsDeleted(deleted=await call.db.write(deployments.delete_some, body.deployments, most, call.now))


@operation("POST", "/deployments/{id}/pause_deployment", role="operator")
async def pause_deployment(call: Call, id: UUID) -> None:
    """Lets the deployment's schedules rest."""
    await call.db.write(deployments.pause, id, call.now)


@operation("POST", "/deployments/{id}/resume_deployment", role="operator")
async def resume_deployment(call: Call, id: UUID) -> None:
    """Lets the deployment's schedules go on."""
    await call.db.write(deployments.resume, id, call.now)


# Reading


@operation("GET", "/deployments/{id}", role="viewer")
async def read_deployment(call: Call, id: UUID) -> Deployment:
    """The deployment with this id."""
    return await call.db.read(reading.read, id, call.now)


@operation("GET", "/deployments/name/{flow_name}/{deployment_name}", role="viewer")
async def read_deployment_by_name(call: Call, flow_name: str, deployment_name: str) -> Deployment:
    """The flow's deployment of this name."""
    return await call.db.read(reading.read_by_name, flow_name, deployment_name, call.now)


@operation("POST", "/deployments/filter", role="viewer")
async def read_deployments(call: Call, body: DeploymentList) -> list[Deployment]:
    """The deployments that match."""
    limit, sort = call.limit(body.limit), body.sort or DeploymentSort.NAME_ASC
    meant = deployments_meant(body, body.work_pool_queues)
    return await call.db.read(reading.listed, meant, call.now, sort=sort, limit=limit, offset=body.offset or 0)


@operation("POST", "/deployments/paginate", role="viewer")
async def paginate_deployments(call: Call, body: DeploymentPageAsked) -> DeploymentPage:
    """A numbered page of the deployments that match."""
    limit, page, sort = call.limit(body.limit), body.page or 1, body.sort or DeploymentSort.NAME_ASC
    meant = deployments_meant(body, body.work_pool_queues)
    rows, total = await call.db.read(reading.page, meant, call.now, sort=sort, limit=limit, page=page)
    return DeploymentPage(results=rows, **page_numbers(total, limit, page))


@operation("POST", "/deployments/count", role="viewer")
async def count_deployments(call: Call, body: QueueCriteria) -> int:
    """How many deployments match."""
    return await call.db.read(query.count, deployments_meant(body, body.work_pool_queues))


# Runs


@operation("POST", "/deployments/{id}/create_flow_run", role="operator", status=201)
async def create_flow_run_from_deployment(call: Call, id: UUID, body: DeploymentFlowRunCreate) -> Reply[FlowRun]:
    """Creates a run of the deployment; 200 and the earlier one when the idempotency key is known."""
    call.bound_parameters(body.parameters)
    return created(await call.db.write(deployment_runs.create, id, body, Caller(asker(call), creator(call))))


@operation("POST", "/deployments/{id}/create_flow_run/bulk", role="operator")
async def bulk_create_flow_runs_from_deployment(
    call: Call, id: UUID, body: list[DeploymentFlowRunCreate]
) -> FlowRunsCreated:
    """Creates several runs, each by itself: what is wrong with one does not hold up the others."""
    if len(body) > MOST_RUNS_AT_ONCE:
        raise BadRequest(f"At most {MOST_RUNS_AT_ONCE} runs are created at once.")
    for each in body:
        call.bound_parameters(each.parameters)
    await call.db.read(deployment_runs.insist, id)
    one, caller = deployment_runs.create_or_say_why, Caller(asker(call), creator(call))
    return FlowRunsCreated(results=[await call.db.write(one, id, each, caller) for each in body])


@operation("POST", "/deployments/get_scheduled_flow_runs", role="worker")
async def get_scheduled_flow_runs_for_deployments(call: Call, body: ScheduledRunsAsked) -> list[FlowRun]:
    """The runs of these deployments that are due, the earliest first; who asks makes the deployments ready."""
    limit = call.limit(body.limit)
    due = query.due(body.deployment_ids, as_utc(body.scheduled_before or call.now))
    sort = FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC
    runs = await call.db.read(flow_runs.listed, due, call.now, sort=sort, limit=limit)
    if body.deployment_ids:
        await call.db.write(deployment_runs.polled, body.deployment_ids, call.now)
    return runs


@operation("GET", "/deployments/{id}/work_queue_check", role="viewer")
async def work_queue_check_for_deployment(call: Call, id: UUID) -> list[WorkQueue]:
    """The queues that hand out the deployment's runs."""
    return await call.db.read(work_queues.handing_out, id)


@operation("POST", "/deployments/{id}/schedule", role="operator")
async def schedule_deployment(call: Call, id: UUID, body: RunsToSchedule) -> None:
    """Makes runs of the deployment's schedules, a paused deployment's too; those that are there already stay."""
    settings = call.settings.services.scheduler
    horizon = scheduled_runs.asked_horizon(body, settings, call.now)
    wanting = await call.db.read(scheduled_runs.of_deployment, id, horizon)
    plans = await asyncio.to_thread(scheduled_runs.planned, wanting, horizon)
    if faults := [each.fault for each in plans if each.fault]:
        raise Invalid(f"A schedule of the deployment cannot be worked out: {faults[0]}")
    for part in scheduled_runs.portions(plans, settings.insert_batch):
        await call.db.write(scheduled_runs.insert, part, call.now)


# Schedules


@operation("GET", "/deployments/{id}/schedules", role="viewer")
async def read_deployment_schedules(call: Call, id: UUID) -> list[DeploymentSchedule]:
    """The deployment's schedules, the one changed last first."""
    return await call.db.read(deployment_schedules.of_deployment, id)


@operation("POST", "/deployments/{id}/schedules", role="operator", status=201)
async def create_deployment_schedules(call: Call, id: UUID, body: list[ScheduleCreate]) -> list[DeploymentSchedule]:
    """Creates more schedules for the deployment."""
    return await call.db.write(deployment_schedules.create, id, body, call.now)


@operation("PATCH", "/deployments/{id}/schedules/{schedule_id}", role="operator", status=204)
async def update_deployment_schedule(call: Call, id: UUID, schedule_id: UUID, body: ScheduleUpdate) -> None:
    """Changes a schedule of the deployment."""
    await call.db.write(deployment_schedules.update, id, schedule_id, body, call.now)


@operation("DELETE", "/deployments/{id}/schedules/{schedule_id}", role="operator", status=204)
async def delete_deployment_schedule(call: Call, id: UUID, schedule_id: UUID) -> None:
    """Deletes a schedule of the deployment."""
    await call.db.write(deployment_schedules.delete, id, schedule_id)
