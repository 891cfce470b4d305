"""Bodies with each of their parts in every way that it may and may not be, and bodies that are none."""

import random
import re
from collections.abc import Iterator
from typing import Any

from tests.compat.differential.filters import Schemas
from tests.compat.differential.steps import Case, Step, at
from tests.compat.differential.targets import EVENT, TARGETS, Target, numbered
from tests.compat.differential.values import NIL

ODD: list[Any] = [
    None, "", "text", "UPPER x", "a/b%", "é", "x" * 500, "1", "1.5", "true", 0, 1, -1, 1.5, 2**31 - 1, 10**20, True, False,
    [], ["x"], [1], [None], ["x", "x"], {}, {"a": 1}, {"a": None}, {"a": "b"}, {"a": [1]}, [{}], NIL, at(5), "PT1H",
]  # fmt: skip
FITTING: dict[str, list[Any]] = {
    "state": [
        {"type": "COMPLETED", "name": "Named", "message": "given", "data": {"a": 1}}, {"type": "running"}, {"type": None}, {},
        {"type": "SCHEDULED", "state_details": {"scheduled_time": at(30)}}, {"type": "PAUSED", "state_details": {"pause_timeout": at(300)}},
        {"type": "SCHEDULED", "unknown": 1}, {"type": "PENDING", "state_details": {"unknown": 1}}, {"type": "PENDING", "data": 1},
        {"type": "PENDING", "state_details": None}, {"type": "PENDING", "state_details": {"deferred": None, "retriable": True}},
        {"type": "FAILED", "id": NIL, "timestamp": at(1)}, {"type": "CRASHED", "name": ""}, {"type": "RUNNING", "name": None},
        {"type": "SCHEDULED", "state_details": {"scheduled_time": at(30).replace("Z", "+02:00"), "cache_key": "k"}},
        {"type": "SCHEDULED", "state_details": {"scheduled_time": at(30).replace("T", " ")}}, {"type": "CANCELLING"},
    ],
    "empirical_policy": [
        {"retries": 3, "retry_delay": 10}, {"retries": "3"}, {"unknown": 1}, {"pause_keys": ["a"], "resuming": None},
        {"retry_type": "reschedule"}, {"retry_type": "x"}, {"max_retries": 2, "retry_delay_seconds": 0.5}, {"retry_delay": [1, 2]},
        {"retry_delay": 1.5}, {"retries": -1}, {"pause_keys": None}, {"retry_jitter_factor": 0.3}, {"retry_jitter_factor": -1},
    ],
    "labels": [{"a": 1, "b": 1.5, "c": True, "d": "x"}, {"a": [1]}, {"a": {}}, {"a": None}],
    "parameters": [{"x": {"__prefect_kind": "json", "value": "[1]"}}, {"x": {"__prefect_kind": "none", "value": 1}}],
    "schedules": [
        [{"schedule": {"interval": 60}}], [{"schedule": {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}, "active": False}],
        [{"schedule": {"rrule": "FREQ=DAILY;COUNT=3"}, "slug": "s"}], [{"schedule": {"cron": "x"}}], [{"schedule": {"interval": 0}}],
        [{"schedule": {"interval": 60}, "unknown": 1}], [{}], [{"schedule": {"interval": 60}, "parameters": {"a": 1}, "max_scheduled_runs": 3}],
        [{"schedule": {"interval": 60}, "max_scheduled_runs": 0}], [{"schedule": {"cron": "0 9 * * *", "timezone": "No/Where"}}],
    ],
    "concurrency_limit": [3], "concurrency_options": [{"collision_strategy": "ENQUEUE"}, {"collision_strategy": "CANCEL_NEW"},
        {"collision_strategy": "x"}, {"collision_strategy": "ENQUEUE", "grace_period_seconds": 90}, {"grace_period_seconds": 1}],
    "parameter_openapi_schema": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": 3}],
    "pull_steps": [[{"a": {"b": 1}}]], "version_info": [{"type": "v", "version": "1"}, {"type": "v", "version": "1", "more": 2}],
    "work_pool_name": ["pool_1", "absent"], "work_queue_name": ["fast", "new queue"], "global_concurrency_limit_id": ["<limit limit_c>"],
    "task_inputs": [
        {"x": [{"input_type": "task_run", "id": "<task task_1>"}, {"input_type": "parameter", "name": "n"}]},
        {"x": [{"input_type": "constant", "type": "t"}, {"input_type": "flow_run", "id": "<run run_2>"}]}, {"x": [{"input_type": "y"}]},
        {"x": [{"input_type": "task_run"}]}, {"x": [{"id": NIL}]}, {"x": [{"input_type": "task_run", "id": "<task task_1>", "more": 1}]},
    ],
    "flow_run_id": ["<run run_3>"], "parent_task_run_id": ["<task task_1>"],
    "infrastructure_document_id": ["<document doc-1>"], "block_schema_id": ["<schema two>"], "id": [f"{NIL[:-2]}#"],
    "storage_configuration": [{}, {"bundle_upload_step": None}, {"unknown": 1}], "base_job_template": [
        {"job_configuration": {"a": "{{ b }}"}, "variables": {"properties": {"b": {"type": "string", "default": "c"}}}},
        {"job_configuration": {"a": "{{ b }}"}, "variables": {"properties": {}}}, {"job_configuration": {}}, {"variables": {}},
    ],
    "filters": [[{"object": "flow", "property": "p", "type": "t", "operation": "o", "value": 1}], [{"object": "flow"}]],
    "filter": [{"tags": ["x"], "deployment_ids": ["<deployment daily_1>"]}, {"tags": None}, {"unknown": 1}],
    "mode": ["concurrency", "rate_limit"], "holder": [{"type": "flow_run", "id": NIL}, {"type": "x", "id": NIL}, {"type": "flow_run"}],
    "lease_duration": [60, 59, 86400, 86401, 60.5], "slots": [2, 5, 6], "names": [["absent"], ["limit #", "limit #"], []],
    "slot_override": [[NIL], ["<task task_1>"]], "limit": [10, 50, 51, 200, 201], "occupancy_seconds": [0.5],
    "metadata_": [{"a": "b"}, {"a": "x" * 600}], "data": [{"$ref": {"block_document_id": "<document doc-1>"}}, {"w": "y", "z": {"a": 1}}],
    "value": ["v" * 5000, "v" * 4990, {"deep": {"er": [1]}}], "key": ["Upper", "with space", "a-b-1", "a_b"],
    "name": ["with space", "a%b", "Upper-1", "under_score #", "#" * 90], "slug": ["Upper #", "with space #", "a_b#"],
    "tag": ["tag:x", "#"], "status": ["PAUSED", "READY"], "type": ["process"], "capabilities": [["a", "b"]], "version": ["v#"],
    "fields": [{"title": "t#", "type": "object", "properties": {"a": {"type": "string"}}, "secret_fields": ["a"]}],
    "related": [[{"prefect.resource.id": "r", "prefect.resource.role": "x"}], [{"prefect.resource.id": "r"}], [{"prefect.resource.role": "x"}]],
    "resource": [{"prefect.resource.id": "r", "a": 1}, {"prefect.resource.id": ""}, {"a": "b"}, {"prefect.resource.id": "r", "a": "b"}],
    "occurred": [at(2), "yesterday"], "follows": [NIL], "payload": [{"a": {"b": [1]}}], "level": [40, 10.0], "sender": ["s"],
    "timestamp": [at(1).removesuffix("Z"), at(1).replace("T", " "), 1_700_000_000, 1_700_000_000.5, "1700000000", "2024-01-01"],
    "schedule": [{"cron": "* * * * *"}, {"interval": 10.5}, {"interval": "PT1H"}, {"rrule": "FREQ=DAILY"}, {"cron": "@daily"}],
    "work_queue_names": [["fast"], ["absent"], []], "flow_runs": [{"id": {"any_": []}}, {"unknown": 1}],
}  # fmt: skip
NO_JSON = [b"", b"{", b"[]", b"null", b'"text"', b"1", b"{}{}", b'{"a": NaN}', b"\xff\xfe", b'{"a": 1,}', b"[" * 50]


def attempts(document: dict[str, Any], seed: int) -> Iterator[Case]:
    """For every operation that takes a body: each part with every value, each part left out, and what is no body."""
    schemas, number, chance = Schemas(document), 0, random.Random(seed)
    described = {(method, _anonymous(path)): schema for method, path, schema in schemas.bodies()}
    for target in TARGETS:
        schema = described[target.method, _anonymous(target.path)]
        for body in _bodies(schemas, target, schema, chance):
            number += 1
            yield target.case("try", number, body)
        for raw in () if target.kept else NO_JSON:
            number += 1
            sent = numbered(Step(target.method, target.path, raw=raw), number)
            steps = [numbered(step, number) for step in target.before]
            yield Case(f"no body {target.operation} {number} {raw[:9]!r}", [*steps, sent])


def _anonymous(path: str) -> str:
    """The path without what stands for its parameters."""
    path = re.sub(r"/(<[^>]*>|{[^}]*}|pool[ _][#1]|tag #|queue|var_#)(?=/|$)", "/*", path)
    return re.sub(r"(?<=name|/tag)/[^/]+", "/*", path)


def _bodies(schemas: Schemas, target: Target, schema: dict[str, Any], chance: random.Random) -> Iterator[Any]:
    if target.listed:
        schema = schemas.resolved(schema["items"])
    base = dict(target.body)
    if target.body is EVENT:
        base["id"] = f"33333333-3333-4333-8333-{chance.randrange(10**12):012}"
    known = schema.get("properties", {"": {}})
    yield base
    yield {**base, "unknown_key": 1}
    for name in known:
        if name == target.kept:
            continue
        if name in base:
            yield {key: value for key, value in base.items() if key != name}
        for value in [*ODD, *FITTING.get(name, [])]:
            yield {**base, name or "label": value}
    for _ in range(10):
        chosen = chance.sample(sorted(known), min(len(known), chance.randint(2, 5)))
        chosen = [name for name in chosen if name not in ("", target.kept)]
        yield base | {name: chance.choice(FITTING.get(name) or ODD) for name in chosen}
