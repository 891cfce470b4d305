"""What flows keep beside their states: variables, artifacts, blocks, results, transactions."""

import json
import uuid
from uuid import UUID

from prefect import flow, task
from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.blocks.system import Secret
from prefect.input import RunInput, receive_input, send_input
from prefect.runtime import flow_run
from prefect.transactions import transaction
from prefect.variables import Variable

RUNS: dict[str, str] = {}
MARK = uuid.uuid4().hex[:8]


def remember(name: str) -> None:
    RUNS[name] = str(flow_run.id)


@flow
def uses_variables() -> list[object]:
    remember("uses_variables")
    name = f"region_{MARK}"
    seen: list[object] = [Variable.get(name, default="unset")]
    Variable.set(name, "eu-1", tags=["compat"])
    seen.append(Variable.get(name))
    Variable.set(name, {"zones": [1, 2]}, overwrite=True)
    seen.append(Variable.get(name))
    try:
        Variable.set(name, "again")
    except ValueError as error:
        seen.append(type(error).__name__)
    Variable.unset(name)
    seen.append(Variable.get(name, default="gone"))
    Variable.set(f"kept_{MARK}", 7)
    return seen


@task
def reports() -> None:
    create_table_artifact([{"city": "Bern", "people": 134_000}], key=f"table-{MARK}", description="cities")


@flow
def makes_artifacts() -> None:
    remember("makes_artifacts")
    reports()
    create_markdown_artifact("# First", key=f"markdown-{MARK}")
    create_markdown_artifact("# Second", key=f"markdown-{MARK}", description="newer")
    create_link_artifact("http://127.0.0.1/report", link_text="the report", key=f"link-{MARK}")
    create_image_artifact("http://127.0.0.1/image.png", key=f"image-{MARK}")
    progress = create_progress_artifact(10.0, key=f"progress-{MARK}")
    update_progress_artifact(progress, progress=80.0)


@flow
def uses_a_secret() -> dict[str, object]:
    remember("uses_a_secret")
    Secret(value="swordfish").save(f"plain-{MARK}")
    name = f"secret-{MARK}"
    Secret(value="first").save(name)
    Secret(value={"user": "u", "password": "swordfish"}).save(name, overwrite=True)
    return Secret.load(name).get()  # type: ignore[no-any-return]


@task(persist_result=True, result_storage_key="{flow_run.id}-kept.json", result_serializer="json")
def computes() -> list[int]:
    return [1, 2, 3]


@flow(persist_result=True)
def persists_results() -> list[int]:
    remember("persists_results")
    return computes()


WRITTEN: list[str] = []


@task
def writes(text: str) -> None:
    WRITTEN.append(text)


@writes.on_rollback
def unwrites(_transaction: object) -> None:
    WRITTEN.clear()


@task
def refuses() -> None:
    raise ValueError("the second step fails")


@flow
def rolls_back() -> None:
    remember("rolls_back")
    with transaction():
        writes("half done")
        refuses()


@flow
def commits() -> None:
    remember("commits")
    with transaction():
        writes("done")


class Greeting(RunInput):
    text: str


@flow
def hears_messages() -> list[str]:
    remember("hears_messages")
    run = UUID(str(flow_run.id))
    send_input("plain", flow_run_id=run)
    Greeting(text="typed").send_to(flow_run_id=run)
    plain = receive_input(str, flow_run_id=run, timeout=30, poll_interval=0.2).next()
    return [plain, Greeting.receive(flow_run_id=run, timeout=30, poll_interval=0.2).next().text]


def main() -> None:
    results: dict[str, object] = {"uses_variables": uses_variables(), "uses_a_secret": uses_a_secret()}
    makes_artifacts()
    results["hears_messages"] = hears_messages()
    state = persists_results(return_state=True)
    results["persists_results"] = state.result()
    results["rolls_back"] = rolls_back(return_state=True).name
    results["left after the rollback"] = list(WRITTEN)
    commits()
    results["left after the commit"] = list(WRITTEN)
    print(json.dumps({"mark": MARK, "runs": RUNS, "results": results}))


main()
