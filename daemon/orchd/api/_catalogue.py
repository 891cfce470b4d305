"""Every operation that clients of this API know, with the status of its success as their documents give it.

What no module declares is answered with 501 by its name, and stands as unimplemented in the OpenAPI document: nothing
here changes when an operation is built.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from orchd.api._operation import UUID_TEXT, Operation

_PLACE = re.compile(r"{(\w+)}")
_UUIDS = frozenset({"id", "schedule_id", "lease_id"})
_USUAL = {"GET": 200, "POST": 200, "PUT": 200, "PATCH": 204, "DELETE": 204}

_TABLE = """
/admin/settings                                                     GET
/admin/storage                                                      GET PUT DELETE
/admin/version                                                      GET
/artifacts/                                                         POST
/artifacts/count                                                    POST
/artifacts/filter                                                   POST
/artifacts/latest/count                                             POST
/artifacts/latest/filter                                            POST
/artifacts/{id}                                                     GET PATCH DELETE
/artifacts/{key}/latest                                             GET
/automations/                                                       POST:201
/automations/count                                                  POST
/automations/filter                                                 POST
/automations/owned-by/{resource_id}                                 DELETE:202
/automations/related-to/{resource_id}                               GET
/automations/templates/validate                                     POST
/automations/{id}                                                   GET PUT:204 PATCH DELETE
/block_capabilities/                                                GET
/block_documents/                                                   POST:201
/block_documents/count                                              POST
/block_documents/filter                                             POST
/block_documents/{id}                                               GET PATCH DELETE
/block_schemas/                                                     POST:201
/block_schemas/checksum/{checksum}                                  GET
/block_schemas/filter                                               POST
/block_schemas/{id}                                                 GET DELETE
/block_types/                                                       POST:201
/block_types/filter                                                 POST
/block_types/install_system_block_types                             POST
/block_types/slug/{slug}                                            GET
/block_types/slug/{slug}/block_documents                            GET
/block_types/slug/{slug}/block_documents/name/{block_document_name} GET
/block_types/{id}                                                   GET PATCH DELETE
/collections/views/{view}                                           GET
/concurrency_limits/                                                POST
/concurrency_limits/decrement                                       POST
/concurrency_limits/filter                                          POST
/concurrency_limits/increment                                       POST
/concurrency_limits/tag/{tag}                                       GET DELETE:200
/concurrency_limits/tag/{tag}/reset                                 POST
/concurrency_limits/{id}                                            GET DELETE:200
/csrf-token                                                         GET
/deployments/                                                       POST
/deployments/bulk_delete                                            POST
/deployments/count                                                  POST
/deployments/filter                                                 POST
/deployments/get_scheduled_flow_runs                                POST
/deployments/name/{flow_name}/{deployment_name}                     GET
/deployments/paginate                                               POST
/deployments/{id}                                                   GET PATCH DELETE
/deployments/{id}/create_flow_run                                   POST
/deployments/{id}/create_flow_run/bulk                              POST
/deployments/{id}/pause_deployment                                  POST
/deployments/{id}/resume_deployment                                 POST
/deployments/{id}/schedule                                          POST
/deployments/{id}/schedules                                         GET POST:201
/deployments/{id}/schedules/{schedule_id}                           PATCH DELETE
/deployments/{id}/work_queue_check                                  GET
/events                                                             POST:204
/events/count-by/{countable}                                        POST
/events/filter                                                      POST
/events/filter/next                                                 GET
/flow_run_states/                                                   GET
/flow_run_states/{id}                                               GET
/flow_runs/                                                         POST
/flow_runs/bulk_delete                                              POST
/flow_runs/bulk_set_state                                           POST
/flow_runs/count                                                    POST
/flow_runs/filter                                                   POST
/flow_runs/history                                                  POST
/flow_runs/lateness                                                 POST
/flow_runs/paginate                                                 POST
/flow_runs/{id}                                                     GET PATCH DELETE
/flow_runs/{id}/graph                                               GET
/flow_runs/{id}/graph-v2                                            GET
/flow_runs/{id}/input                                               POST:201
/flow_runs/{id}/input/filter                                        POST
/flow_runs/{id}/input/{key}                                         GET DELETE
/flow_runs/{id}/labels                                              PATCH
/flow_runs/{id}/logs/download                                       GET
/flow_runs/{id}/resume                                              POST
/flow_runs/{id}/set_state                                           POST
/flows/                                                             POST
/flows/bulk_delete                                                  POST
/flows/count                                                        POST
/flows/filter                                                       POST
/flows/name/{name}                                                  GET
/flows/paginate                                                     POST
/flows/{id}                                                         GET PATCH DELETE
/health                                                             GET
/hello                                                              GET
/logs/                                                              POST:201
/logs/filter                                                        POST
/ready                                                              GET
/saved_searches/                                                    PUT
/saved_searches/filter                                              POST
/saved_searches/{id}                                                GET DELETE
/task_run_states/                                                   GET
/task_run_states/{id}                                               GET
/task_runs/                                                         POST
/task_runs/count                                                    POST
/task_runs/filter                                                   POST
/task_runs/history                                                  POST
/task_runs/paginate                                                 POST
/task_runs/{id}                                                     GET PATCH DELETE
/task_runs/{id}/set_state                                           POST
/task_workers/filter                                                POST
/templates/validate                                                 POST
/ui/flow_runs/count-task-runs                                       POST
/ui/flow_runs/history                                               POST
/ui/flows/count-deployments                                         POST
/ui/flows/next-runs                                                 POST
/ui/schemas/validate                                                POST
/ui/task_runs/count                                                 POST
/ui/task_runs/dashboard/counts                                      POST
/ui/task_runs/{id}                                                  GET
/v2/concurrency_limits/                                             POST:201
/v2/concurrency_limits/decrement                                    POST
/v2/concurrency_limits/decrement-with-lease                         POST:204
/v2/concurrency_limits/filter                                       POST
/v2/concurrency_limits/increment                                    POST
/v2/concurrency_limits/increment-with-lease                         POST
/v2/concurrency_limits/leases/{lease_id}/renew                      POST:204
/v2/concurrency_limits/{id_or_name}                                 GET PATCH DELETE
/variables/                                                         POST:201
/variables/count                                                    POST
/variables/filter                                                   POST
/variables/name/{name}                                              GET PATCH DELETE
/variables/{id}                                                     GET PATCH DELETE
/version                                                            GET
/work_pools/                                                        POST:201
/work_pools/count                                                   POST
/work_pools/filter                                                  POST
/work_pools/{name}                                                  GET PATCH DELETE
/work_pools/{name}/concurrency_status                               POST
/work_pools/{name}/get_scheduled_flow_runs                          POST
/work_pools/{work_pool_name}/queues                                 POST:201
/work_pools/{work_pool_name}/queues/filter                          POST
/work_pools/{work_pool_name}/queues/{name}                          GET PATCH DELETE
/work_pools/{work_pool_name}/workers/filter                         POST
/work_pools/{work_pool_name}/workers/heartbeat                      POST:204
/work_pools/{work_pool_name}/workers/{name}                         DELETE
/work_queues/                                                       POST:201
/work_queues/filter                                                 POST
/work_queues/name/{name}                                            GET
/work_queues/{id}                                                   GET PATCH DELETE
/work_queues/{id}/concurrency_status                                POST
/work_queues/{id}/get_runs                                          POST
/work_queues/{id}/status                                            GET
"""


class Known(Struct, frozen=True):
    """An operation by its place in the API."""

    method: str
    path: str
    status: int

    @property
    def route(self) -> str:
        """The path as aiohttp writes it."""
        return _PLACE.sub(
            lambda found: f"{{{found[1]}:{UUID_TEXT}}}" if self.is_uuid(found[1]) else found[0], self.path
        )

    def is_uuid(self, name: str) -> bool:
        """Whether a parameter of the path is a UUID."""
        return name in _UUIDS


def same_place(method: str, path: str) -> tuple[str, str]:
    """What tells operations apart: not the names of the parameters."""
    return method, _PLACE.sub("{}", path)


def known_operations() -> list[Known]:
    """The whole table."""
    found = []
    for line in _TABLE.split("\n")[1:-1]:
        path, *cells = line.split()
        for cell in cells:
            method, _, status = cell.partition(":")
            found.append(Known(method, path, int(status or _USUAL[method])))
    return found


def unbuilt(operations: Iterable[Operation]) -> list[Known]:
    """What is known, but not among these."""
    built = {same_place(each.method, each.path) for each in operations}
    return [each for each in known_operations() if same_place(each.method, each.path) not in built]
