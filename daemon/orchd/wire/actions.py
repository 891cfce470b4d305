"""Actions of automations: what is to be done when a trigger fires."""

import json
from typing import Annotated, Any, Literal, get_args

import msgspec

from orchd.kit.jsontext import decode
from orchd.templates import fault, is_template
from orchd.wire.base import UUID, Json, JsonObject, Meta, Struct
from orchd.wire.states import StateType

MOST = 100  # actions of an automation
LONGEST = 100_000  # characters of a text
TEMPLATES = 131_072  # characters of all templates of an automation: reading them takes a second
Text = Annotated[str, Meta(max_length=LONGEST)]
Source = Literal["selected", "inferred"]


class Action(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something to do. `type` says what."""


class DoNothing(Action, frozen=True, kw_only=True, tag="do-nothing"):
    pass


class OfFlowRun(Action, frozen=True, kw_only=True):
    """Done to the flow run that the event is about."""


class CancelFlowRun(OfFlowRun, frozen=True, kw_only=True, tag="cancel-flow-run"):
    pass


class DeleteFlowRun(OfFlowRun, frozen=True, kw_only=True, tag="delete-flow-run"):
    pass


class SuspendFlowRun(OfFlowRun, frozen=True, kw_only=True, tag="suspend-flow-run"):
    pass


class ResumeFlowRunAction(OfFlowRun, frozen=True, kw_only=True, tag="resume-flow-run"):
    pass


class ChangeFlowRunState(OfFlowRun, frozen=True, kw_only=True, tag="change-flow-run-state"):
    name: Text | None = None
    state: StateType
    message: Text | None = None
    force: bool = False


def _insist(source: Source, id: UUID | None, name: str) -> None:
    """What is selected must be named, what is inferred from the event must not."""
    if source == "selected" and id is None:
        raise ValueError(f"{name} is required")
    if source == "inferred" and id is not None:
        raise ValueError(f"{name} is not allowed")


class OfDeployment(Action, frozen=True, kw_only=True):
    source: Source = "selected"
    deployment_id: UUID | None = None

    def __post_init__(self) -> None:
        _insist(self.source, self.deployment_id, "deployment_id")


class RunDeployment(OfDeployment, frozen=True, kw_only=True, tag="run-deployment"):
    parameters: JsonObject | None = None
    job_variables: JsonObject | None = None
    schedule_after: Annotated[float, Meta(ge=0, le=1e12)] = 0.0  # seconds

    def __post_init__(self) -> None:
        _insist(self.source, self.deployment_id, "deployment_id")
        _check_parameters(self.parameters)


class PauseDeployment(OfDeployment, frozen=True, kw_only=True, tag="pause-deployment"):
    pass


class ResumeDeployment(OfDeployment, frozen=True, kw_only=True, tag="resume-deployment"):
    pass


class OfWorkPool(Action, frozen=True, kw_only=True):
    source: Source = "selected"
    work_pool_id: UUID | None = None

    def __post_init__(self) -> None:
        _insist(self.source, self.work_pool_id, "work_pool_id")


class PauseWorkPool(OfWorkPool, frozen=True, kw_only=True, tag="pause-work-pool"):
    pass


class ResumeWorkPool(OfWorkPool, frozen=True, kw_only=True, tag="resume-work-pool"):
    pass


class OfWorkQueue(Action, frozen=True, kw_only=True):
    source: Source = "selected"
    work_queue_id: UUID | None = None

    def __post_init__(self) -> None:
        _insist(self.source, self.work_queue_id, "work_queue_id")


class PauseWorkQueue(OfWorkQueue, frozen=True, kw_only=True, tag="pause-work-queue"):
    pass


class ResumeWorkQueue(OfWorkQueue, frozen=True, kw_only=True, tag="resume-work-queue"):
    pass


class OfAutomation(Action, frozen=True, kw_only=True):
    source: Source = "selected"
    automation_id: UUID | None = None

    def __post_init__(self) -> None:
        _insist(self.source, self.automation_id, "automation_id")


class PauseAutomation(OfAutomation, frozen=True, kw_only=True, tag="pause-automation"):
    pass


class ResumeAutomation(OfAutomation, frozen=True, kw_only=True, tag="resume-automation"):
    pass


class SendNotification(Action, frozen=True, kw_only=True, tag="send-notification"):
    block_document_id: UUID
    subject: Text = "Prefect automated notification"
    body: Text

    def __post_init__(self) -> None:
        _check(self.subject, "subject")
        _check(self.body, "body")


class CallWebhook(Action, frozen=True, kw_only=True, tag="call-webhook"):
    """The payload is a text; anything else is kept as its JSON."""

    block_document_id: UUID
    payload: Json = ""

    def __post_init__(self) -> None:
        payload = "" if self.payload is None else self.payload
        text = payload if isinstance(payload, str) else json.dumps(payload, indent=2, ensure_ascii=False)
        if len(text) > LONGEST:
            raise ValueError(f"'payload' is longer than {LONGEST} characters")
        msgspec.structs.force_setattr(self, "payload", text)
        _check(text, "payload")


AnyAction = (
    DoNothing
    | RunDeployment
    | PauseDeployment
    | ResumeDeployment
    | CancelFlowRun
    | DeleteFlowRun
    | ChangeFlowRunState
    | PauseWorkQueue
    | ResumeWorkQueue
    | SendNotification
    | CallWebhook
    | PauseAutomation
    | ResumeAutomation
    | SuspendFlowRun
    | ResumeFlowRunAction
    | PauseWorkPool
    | ResumeWorkPool
)
_IN_ORDER: tuple[type[Action], ...] = get_args(AnyAction)


def action_from(value: Any) -> AnyAction:
    """An action from plain values. One that does not say its type is of the type that has most of its fields.

    Raises ValueError.
    """
    if isinstance(value, dict) and "type" not in value:
        value = {"type": _kind_of(value).__struct_config__.tag, **value}
    found: AnyAction = msgspec.convert(value, AnyAction, strict=False)
    return found


def _kind_of(value: dict[str, Any]) -> type[Action]:
    """Among equals the one that the API names first."""
    return max(_IN_ORDER, key=lambda kind: (_fits(kind, value), len(value.keys() & set(kind.__struct_fields__))))


def _fits(kind: type[Action], value: dict[str, Any]) -> bool:
    try:
        msgspec.convert({"type": kind.__struct_config__.tag, **value}, kind, strict=False)
    except ValueError:
        return False
    return True


def _check(source: str, where: str) -> None:
    if (found := fault(source)) is not None:
        raise ValueError(f"{where!r} is not a valid template: {found.message} (line {found.line})")


def _check_parameters(value: Any) -> None:
    """Every template in it, wherever it stands. Raises ValueError."""
    if isinstance(value, str):
        _check(value, "parameters")
    elif isinstance(value, dict):
        if "__prefect_kind" in value:
            _check_placeholder(value)
        else:
            for each in value.values():
                _check_parameters(each)
    elif isinstance(value, list):
        for each in value:
            _check_parameters(each)


def _check_placeholder(value: Any) -> None:
    """A value that says how it is made: only one of kind `jinja` is a template. Raises ValueError."""
    if not isinstance(value, dict) or "__prefect_kind" not in value:
        return
    kind = value["__prefect_kind"]
    key = "template" if kind == "jinja" else "value"
    if kind in ("none", "jinja") and key not in value:
        raise ValueError(f"'parameters': a placeholder of kind {kind} has no {key!r}")
    within = value.get(key)
    if isinstance(within, str) and kind == "jinja":
        _check(within, "parameters")
    elif isinstance(within, str) and kind == "json":
        try:
            decode(within)
        except ValueError as error:
            raise ValueError(f"'parameters': a placeholder of kind json is no JSON: {error}") from error
    elif kind in ("none", "json", "jinja"):
        _check_placeholder(within)


def written_in(value: Any) -> int:
    """How many characters of templates there are in plain values, names included."""
    if isinstance(value, str):
        return len(value) if is_template(value) else 0
    if isinstance(value, dict):
        return sum(map(written_in, value)) + sum(map(written_in, value.values()))
    return sum(map(written_in, value)) if isinstance(value, list) else 0
