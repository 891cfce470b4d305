"""What operations that propose states have in common."""

import re
from typing import Any

from orchd.api._context import Call, Reply
from orchd.domain.transitions import Asker, Outcome
from orchd.orchestration.facts import Settings

_CLIENT = re.compile(r"prefect/(\d+\.\d+\.\d+\S*) \(API \S+\)")


def asker(call: Call) -> Asker:
    """Who asks, and the settings that the rules depend on."""
    found = _CLIENT.search(call.request.headers.get("User-Agent", ""))
    chosen = call.settings.orchestration
    return Asker(
        now=call.now,
        client_version=found[1] if found else None,
        settings=Settings(
            deployment_slot_wait=chosen.deployment_slot_wait.total_seconds(),
            tag_slot_wait=chosen.tag_slot_wait.total_seconds(),
            lease_duration=chosen.deployment_lease.total_seconds(),
            max_cache_key_length=chosen.max_cache_key_length,
        ),
    )


def orchestrated(outcome: Outcome) -> Reply[Any]:
    """201 when a state was stored, 200 when the run stays as it was."""
    return Reply(outcome.result, status=201 if outcome.stored else 200)


def created(made: Any) -> Reply[Any]:
    """201 for what is new, 200 for what was there already."""
    return Reply(made.run, status=201 if made.new else 200)
