"""The frames of the websocket between a worker and the server. Unknown keys are errors on both sides."""

from typing import Annotated, ClassVar

from orchd.wire.base import UNSET, UUID, JsonObject, Meta, Struct, UnsetType, datetime
from orchd.wire.work_pools import LARGEST, WorkPool

VERSION = "work_pool_worker_channel.v1"
HEARTBEATS, SNAPSHOTS, CLEANUPS = "worker_heartbeat.v1", "work_pool_snapshot.v1", "cleanup_delivery.v1"
REQUIRED = frozenset({HEARTBEATS, SNAPSHOTS})
CANCELLING_TIMEOUT, PENDING_CLAIM = "cancelling_timeout_teardown.v1", "pending_claim_teardown.v1"
KINDS = frozenset({CANCELLING_TIMEOUT, PENDING_CLAIM})
MOST_CLEANUPS = 100
"""That one worker may have in hand at once, whatever it asks for."""

Name = Annotated[str, Meta(min_length=1, max_length=1000)]
Names = Annotated[list[Name], Meta(max_length=1000)]
Seconds = Annotated[int, Meta(ge=1, le=LARGEST)]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a frame."""


class Frame(Part, frozen=True, kw_only=True, tag_field="type"):
    """One message of the websocket."""

    id: UUID
    sent_at: datetime


class Hello(Part, frozen=True, kw_only=True):
    """Who the worker is, and what it can do."""

    consumer_id: UUID
    worker_name: Name
    worker_type: Name
    heartbeat_interval_seconds: Seconds
    supported_channel_versions: Annotated[list[Name], Meta(min_length=1, max_length=100)]
    requested_capabilities: Annotated[list[Name], Meta(min_length=1, max_length=100)]
    work_queue_names: Names = []
    handled_cleanup_kinds: Names = []
    max_cleanup_concurrency: Annotated[int, Meta(ge=0, le=LARGEST)] | UnsetType = UNSET
    create_pool_if_not_found: bool = False
    default_base_job_template: JsonObject = {}
    worker_metadata: JsonObject | None = None


class HelloFrame(Frame, frozen=True, kw_only=True, tag="worker.hello.v1"):
    payload: Hello


class Beat(Part, frozen=True, kw_only=True):
    """The worker is alive."""

    consumer_id: UUID
    worker_name: Name
    heartbeat_interval_seconds: Seconds


class BeatFrame(Frame, frozen=True, kw_only=True, tag="worker.heartbeat.v1"):
    payload: Beat


class CleanupAnswer(Part, frozen=True, kw_only=True):
    """What a worker says of a cleanup that it was given."""

    message_id: UUID
    reservation_token: Name


class CleanupReleased(CleanupAnswer, frozen=True, kw_only=True):
    reason: Name


class AckFrame(Frame, frozen=True, kw_only=True, tag="cleanup.ack.v1"):
    operation: ClassVar[str] = "ack"
    payload: CleanupAnswer


class RenewFrame(Frame, frozen=True, kw_only=True, tag="cleanup.renew.v1"):
    operation: ClassVar[str] = "renew"
    payload: CleanupAnswer


class ReleaseFrame(Frame, frozen=True, kw_only=True, tag="cleanup.release.v1"):
    operation: ClassVar[str] = "release"
    payload: CleanupReleased


FromWorker = HelloFrame | BeatFrame | AckFrame | RenewFrame | ReleaseFrame


# What the server sends


class Queue(Part, frozen=True, kw_only=True):
    """A queue that the worker takes runs from."""

    id: UUID
    name: str


class Snapshot(Part, frozen=True, kw_only=True):
    """The pool as it is now, and why it is told."""

    snapshot_sequence: int
    reason: str
    work_pool: WorkPool


class Ready(Part, frozen=True, kw_only=True):
    """The server takes the worker in."""

    consumer_id: UUID
    worker_id: UUID | None
    selected_channel_version: str
    effective_heartbeat_interval_seconds: int
    accepted_capabilities: list[str]
    rejected_capabilities: list[str]
    effective_max_cleanup_concurrency: int
    resolved_work_queues: list[Queue]
    initial_snapshot: Snapshot


class ReadyFrame(Frame, frozen=True, kw_only=True, tag="worker.ready.v1"):
    payload: Ready


class SnapshotFrame(Frame, frozen=True, kw_only=True, tag="work_pool.snapshot.v1"):
    payload: Snapshot


class Cleanup(Part, frozen=True, kw_only=True):
    """Infrastructure that is to be torn down."""

    message_id: UUID
    kind: str
    reservation_token: str
    lease_expires_at: datetime
    delivery_count: int
    work_queue_id: UUID | None
    target: JsonObject
    data: JsonObject


class CleanupFrame(Frame, frozen=True, kw_only=True, tag="cleanup.message.v1"):
    payload: Cleanup


class CleanupResult(Part, frozen=True, kw_only=True):
    """What came of a worker's word on a cleanup. `reason` is there unless it was accepted."""

    request_frame_id: UUID
    message_id: UUID
    operation: str
    status: str
    lease_expires_at: datetime | None = None
    reason: str | None = None
    detail: str | None = None


class CleanupResultFrame(Frame, frozen=True, kw_only=True, tag="cleanup.operation_result.v1"):
    payload: CleanupResult
