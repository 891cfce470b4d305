"""Limits of tags: how many task runs with a tag may run at once. The older form of `/v2/concurrency_limits`."""

from uuid import UUID

from orchd.api._context import Call, Reply
from orchd.api._operation import operation
from orchd.domain import tag_limits
from orchd.domain.tag_limits import Put
from orchd.wire.concurrency_limits import TagLimit, TagLimitCreate, TagLimitList, TagLimitReset, TagSlots
from orchd.wire.v2_concurrency_limits import LimitNamed

PREFIX = "/concurrency_limits"


@operation("POST", "/concurrency_limits/", role="operator", status=201)
async def create_concurrency_limit(call: Call, body: TagLimitCreate) -> Reply[TagLimit]:
    """Gives a tag a limit; 200 when it had one, which is changed."""
    put: Put = await call.db.write(tag_limits.put, body, call.now)
    return Reply(put.limit, status=201 if put.new else 200)


@operation("GET", "/concurrency_limits/{id}", role="viewer")
async def read_concurrency_limit(call: Call, id: UUID) -> TagLimit:
    """The tag's limit with this id, and the task runs that hold its slots."""
    return await call.db.read(tag_limits.read, id)


@operation("GET", "/concurrency_limits/tag/{tag}", role="viewer")
async def read_concurrency_limit_by_tag(call: Call, tag: str) -> TagLimit:
    """The limit of this tag, and the task runs that hold its slots."""
    return await call.db.read(tag_limits.read, tag)


@operation("POST", "/concurrency_limits/filter", role="viewer")
async def read_concurrency_limits(call: Call, body: TagLimitList) -> list[TagLimit]:
    """The limits of all tags."""
    return await call.db.read(tag_limits.page, call.limit(body.limit), body.offset or 0)


@operation("POST", "/concurrency_limits/tag/{tag}/reset", role="operator")
async def reset_concurrency_limit_by_tag(call: Call, tag: str, body: TagLimitReset) -> None:
    """Frees the slots of this tag, or hands them to the given task runs."""
    await call.db.write(tag_limits.reset, tag, body.slot_override, call.now)


@operation("DELETE", "/concurrency_limits/{id}", role="operator")
async def delete_concurrency_limit(call: Call, id: UUID) -> None:
    """Deletes the tag's limit with this id."""
    await call.db.write(tag_limits.delete, id, call.now)


@operation("DELETE", "/concurrency_limits/tag/{tag}", role="operator")
async def delete_concurrency_limit_by_tag(call: Call, tag: str) -> None:
    """Deletes the limit of this tag."""
    await call.db.write(tag_limits.delete, tag, call.now)


@operation("POST", "/concurrency_limits/increment", role="worker")
async def increment_concurrency_limits_v1(call: Call, body: TagSlots) -> list[LimitNamed]:
    """Takes a slot of each of a task run's tags, or none."""
    wait = call.settings.orchestration.tag_slot_wait.total_seconds()
    return await call.db.write(tag_limits.increment, body, wait, call.now)


@operation("POST", "/concurrency_limits/decrement", role="worker")
async def decrement_concurrency_limits_v1(call: Call, body: TagSlots) -> list[LimitNamed]:
    """Gives back what a task run holds of these tags."""
    return await call.db.write(tag_limits.decrement, body, call.now)
