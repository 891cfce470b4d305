"""Scenarios of variables, artifacts, blocks, limits, events and the server itself."""

import uuid
from typing import Any

from tests.compat.clients import eventually
from tests.compat.contract.caller import Caller
from tests.compat.contract.runs import new_flow, new_run, new_task_run, now, unique


def variables(call: Caller) -> None:
    name = unique("v").replace("-", "_")
    made = call("POST /variables/", {"name": name, "value": {"deep": [1, None]}, "tags": ["contract"]})
    call("GET /variables/{id}", id=made["id"])
    call("PATCH /variables/{id}", {"value": 2}, id=made["id"])
    call("PATCH /variables/name/{name}", {"tags": ["changed"]}, name=name)
    assert call("GET /variables/name/{name}", name=name)["value"] == 2
    only = {"variables": {"name": {"any_": [name]}}}
    assert len(call("POST /variables/filter", {**only, "sort": "NAME_ASC"})) == 1
    assert call("POST /variables/count", only) == 1
    call("DELETE /variables/name/{name}", name=name)
    other = call("POST /variables/", {"name": f"{name}_2", "value": "x"})
    call("DELETE /variables/{id}", id=other["id"])


def artifacts(call: Caller) -> None:
    key, run = unique("artifact"), new_run(call, new_flow(call), "RUNNING")["id"]
    body = {"key": key, "type": "markdown", "data": "# One", "flow_run_id": run, "metadata_": {"a": "b"}}
    made = call("POST /artifacts/", body, status=201)
    call("POST /artifacts/", {**body, "data": "# Two"}, status=201)
    call("GET /artifacts/{id}", id=made["id"])
    call("PATCH /artifacts/{id}", {"data": "# Half"}, id=made["id"])
    assert call("GET /artifacts/{key}/latest", key=key)["data"] == "# Two"
    only = {"artifacts": {"key": {"any_": [key]}}}
    assert len(call("POST /artifacts/filter", {**only, "sort": "CREATED_DESC"})) == 2
    assert call("POST /artifacts/count", only) == 2
    assert len(call("POST /artifacts/latest/filter", only)) == 1
    assert call("POST /artifacts/latest/count", only) == 1
    call("DELETE /artifacts/{id}", id=made["id"])


def new_block_type(call: Caller, *capabilities: str) -> tuple[Any, Any]:
    """A block type with a schema of one secret."""
    slug = unique("contract")
    kind = call("POST /block_types/", {"name": slug, "slug": slug, "description": "For the contract."})
    properties = {"user": {"type": "string", "title": "User"}, "word": {"type": "string", "format": "password"}}
    fields = {"type": "object", "title": slug, "properties": properties, "secret_fields": ["word"]}
    body = {"fields": {**fields, "block_type_slug": slug, "block_schema_references": {}}, "block_type_id": kind["id"]}
    return kind, call("POST /block_schemas/", {**body, "capabilities": capabilities, "version": "1.0"})


def block_types(call: Caller) -> None:
    kind, schema = new_block_type(call, "get")
    call("GET /block_types/{id}", id=kind["id"])
    call("GET /block_types/slug/{slug}", slug=kind["slug"])
    call("PATCH /block_types/{id}", {"description": "Changed."}, id=kind["id"])
    assert call("POST /block_types/filter", {"block_types": {"slug": {"any_": [kind["slug"]]}}, "limit": 5})
    call("GET /block_schemas/{id}", id=schema["id"])
    call("GET /block_schemas/checksum/{checksum}", checksum=schema["checksum"])
    call("POST /block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}})
    assert "get" in call("GET /block_capabilities/")
    call("DELETE /block_schemas/{id}", id=schema["id"])
    call("DELETE /block_types/{id}", id=kind["id"])


def blocks_that_come_along(call: Caller) -> None:
    call("POST /block_types/install_system_block_types")
    assert call("GET /block_types/slug/{slug}", slug="secret")["is_protected"] is True


def block_documents(call: Caller) -> None:
    kind, schema = new_block_type(call)
    body = {"block_schema_id": schema["id"], "block_type_id": kind["id"], "data": {"user": "u", "word": "w"}}
    made = call("POST /block_documents/", {**body, "name": "one"})
    assert call("GET /block_documents/{id}", id=made["id"])["data"] == {"user": "u", "word": "********"}
    assert call("GET /block_documents/{id}", id=made["id"], query={"include_secrets": True})["data"]["word"] == "w"
    call("PATCH /block_documents/{id}", {"data": {"user": "v"}, "merge_existing_data": True}, id=made["id"])
    only = {"block_documents": {"block_type_id": {"any_": [kind["id"]]}}}
    assert len(call("POST /block_documents/filter", only)) == 1
    assert call("POST /block_documents/count", only) == 1
    call("GET /block_types/slug/{slug}/block_documents", slug=kind["slug"])
    named = "GET /block_types/slug/{slug}/block_documents/name/{block_document_name}"
    assert call(named, slug=kind["slug"], block_document_name="one")["data"]["user"] == "v"
    call("DELETE /block_documents/{id}", id=made["id"])


def limits(call: Caller) -> None:
    name = unique("limit")
    made = call("POST /v2/concurrency_limits/", {"name": name, "limit": 2})
    address = "/v2/concurrency_limits/{id_or_name}"
    call(f"GET {address}", id_or_name=made["id"])
    call("POST /v2/concurrency_limits/increment", {"names": [name], "slots": 1, "mode": "concurrency"})
    assert call(f"GET {address}", id_or_name=name)["active_slots"] == 1
    call("POST /v2/concurrency_limits/decrement", {"names": [name], "slots": 1, "occupancy_seconds": 0.5})
    call(f"PATCH {address}", {"limit": 3}, id_or_name=name)
    call("POST /v2/concurrency_limits/filter", {"limit": 10, "offset": 0})
    call(f"DELETE {address}", id_or_name=name)


def leases(call: Caller) -> None:
    name = unique("leased")
    call("POST /v2/concurrency_limits/", {"name": name, "limit": 2})
    asked = {"names": [name], "slots": 2, "mode": "concurrency", "lease_duration": 60}
    lease = call("POST /v2/concurrency_limits/increment-with-lease", asked)["lease_id"]
    call("POST /v2/concurrency_limits/leases/{lease_id}/renew", {"lease_duration": 60}, lease_id=lease)
    call("POST /v2/concurrency_limits/decrement-with-lease", {"lease_id": lease})
    assert call("GET /v2/concurrency_limits/{id_or_name}", id_or_name=name)["active_slots"] == 0


def tag_limits(call: Caller) -> None:
    tag, run = unique("tag"), new_task_run(call, new_run(call, new_flow(call), "RUNNING"))["id"]
    made = call("POST /concurrency_limits/", {"tag": tag, "concurrency_limit": 1}, status=201)
    call("GET /concurrency_limits/{id}", id=made["id"])
    call("POST /concurrency_limits/increment", {"names": [tag], "task_run_id": run})
    assert call("GET /concurrency_limits/tag/{tag}", tag=tag)["active_slots"] == [run]
    call("POST /concurrency_limits/decrement", {"names": [tag], "task_run_id": run})
    call("POST /concurrency_limits/tag/{tag}/reset", {"slot_override": None}, tag=tag)
    call("POST /concurrency_limits/filter", {"limit": 10})
    call("DELETE /concurrency_limits/tag/{tag}", tag=tag)
    other = call("POST /concurrency_limits/", {"tag": f"{tag}-2", "concurrency_limit": 1}, status=201)
    call("DELETE /concurrency_limits/{id}", id=other["id"])


def events(call: Caller) -> None:
    resource = unique("resource")
    event = {"event": "contract.seen", "resource": {"prefect.resource.id": resource, "a": "b"}, "payload": {"n": 1}}
    related = [{"prefect.resource.id": "prefect.flow.x", "prefect.resource.role": "flow"}]
    made = [{**event, "id": str(uuid.uuid4()), "occurred": now(), "related": related} for _ in range(3)]
    call("POST /events", made)
    wanted = {"occurred": {"since": now(hours=-1), "until": now(minutes=1)}, "resource": {"id": [resource]}}
    page = eventually(lambda: call("POST /events/filter", {"filter": wanted, "limit": 2}), lambda p: p["total"] == 3)
    token = page["next_page"].partition("page-token=")[2]
    assert len(call("GET /events/filter/next", query={"page-token": token})["events"]) == 1
    counted = {"filter": wanted, "time_unit": "hour", "time_interval": 1}
    assert sum(each["count"] for each in call("POST /events/count-by/{countable}", counted, countable="event")) == 3


def the_server_itself(call: Caller) -> None:
    assert call("GET /health") is True
    for path in ("ready", "version", "hello", "admin/version", "admin/settings"):
        call(f"GET /{path}")


def csrf_tokens(call: Caller) -> None:
    # Off unless the server is told to protect itself, and then this says so.
    call("GET /csrf-token", query={"client": str(uuid.uuid4())}, status=422)


def result_storage(call: Caller) -> None:
    kind, schema = new_block_type(call, "read-path", "write-path")
    body = {"block_schema_id": schema["id"], "block_type_id": kind["id"], "name": "store", "data": {}}
    block = call("POST /block_documents/", body)["id"]
    call("PUT /admin/storage", {"default_result_storage_block_id": block})
    call("GET /admin/storage")
    call("DELETE /admin/storage")


SCENARIOS = (
    variables, artifacts, block_types, blocks_that_come_along, block_documents, limits, leases, tag_limits, events,
    the_server_itself, csrf_tokens, result_storage,
)  # fmt: skip
