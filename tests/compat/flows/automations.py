"""Automations from Python: made, read, changed, switched and deleted; and those that go with a deployment."""

import json
import sys
import uuid

from prefect import flow
from prefect.automations import (
    Automation,
    CallWebhook,
    CompoundTrigger,
    EventTrigger,
    Posture,
    RunDeployment,
    SequenceTrigger,
)
from prefect.events import DeploymentEventTrigger

MARK = uuid.uuid4().hex[:8]


@flow
def triggered(of: str = "") -> None:
    """Nothing starts it here."""


def triggers() -> CompoundTrigger:
    silent = EventTrigger(expect={"beat"}, posture=Posture.Proactive, within=30, for_each={"prefect.resource.id"})
    either = [EventTrigger(expect={"a"}, posture=Posture.Reactive), EventTrigger(posture=Posture.Reactive)]
    return CompoundTrigger(triggers=[silent, SequenceTrigger(triggers=either, within=60)], require="all", within=None)


def lived() -> list[object]:
    actions = [
        CallWebhook(block_document_id=uuid.uuid4(), payload="{{ event.id }}"),
        RunDeployment(source="inferred"),
    ]
    made = Automation(name=f"made-{MARK}", trigger=triggers(), actions=actions).create()
    made.description = "changed"
    made.update()
    made.disable()
    found = Automation.read(name=f"made-{MARK}")
    seen = [found.description, found.enabled, type(found.trigger).__name__, found.actions[0].payload]
    found.enable()
    return [*seen, Automation.read(id=found.id).enabled, found.delete()]


def deployed() -> str:
    """Twice, as whoever deploys again does: what the first time made is replaced."""
    for name in ("first", "second"):
        trigger = DeploymentEventTrigger(name=f"{name}-{MARK}", expect={"x"}, parameters={"of": "{{ event.id }}"})
        deployment = triggered.to_deployment(f"triggered-{MARK}", triggers=[trigger])
        id = deployment.apply()
    return str(id)


json.dump({"mark": MARK, "lived": lived(), "deployment": deployed()}, sys.stdout)
