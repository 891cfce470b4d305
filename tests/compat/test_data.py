"""What flows keep beside their states: variables, artifacts, secrets, results, transactions."""

import json

from tests.compat.clients import Api, Report


def artifact(api: Api, data: Report, kind: str) -> dict[str, object]:
    found: dict[str, object] = api.get(f"/artifacts/{kind}-{data.mark}/latest")
    return found


def test_a_variable_is_set_read_overwritten_and_removed(data: Report) -> None:
    assert data.results["uses_variables"] == ["unset", "eu-1", {"zones": [1, 2]}, "ValueError", "gone"]


def test_a_variable_outlives_its_flow(api: Api, data: Report) -> None:
    assert api.get(f"/variables/name/kept_{data.mark}")["value"] == 7


def test_a_table_of_a_task_belongs_to_its_run(api: Api, data: Report) -> None:
    (task_run,) = api.task_runs(data.runs["makes_artifacts"], expected=1)
    table = artifact(api, data, "table")
    assert (table["type"], table["description"]) == ("table", "cities")
    assert json.loads(str(table["data"])) == [{"city": "Bern", "people": 134000}]
    assert (table["flow_run_id"], table["task_run_id"]) == (data.runs["makes_artifacts"], task_run["id"])


def test_the_newest_artifact_of_a_key_is_the_latest(api: Api, data: Report) -> None:
    latest = artifact(api, data, "markdown")
    body = {"artifacts": {"key": {"any_": [f"markdown-{data.mark}"]}}, "sort": "CREATED_DESC"}
    versions = api.post("/artifacts/filter", body)
    assert [version["data"] for version in versions] == ["# Second", "# First"]
    assert (latest["data"], latest["description"]) == ("# Second", "newer")
    assert [version["data"] for version in api.post("/artifacts/latest/filter", body)] == ["# Second"]


def test_links_and_images_are_kept(api: Api, data: Report) -> None:
    assert artifact(api, data, "link")["data"] == "[the report](http://127.0.0.1/report)"
    image = artifact(api, data, "image")
    assert (image["type"], image["data"]) == ("image", "http://127.0.0.1/image.png")


def test_progress_is_updated_in_place(api: Api, data: Report) -> None:
    progress = artifact(api, data, "progress")
    assert (progress["type"], progress["data"]) == ("progress", 80.0)
    body = {"artifacts": {"key": {"any_": [f"progress-{data.mark}"]}}}
    assert api.post("/artifacts/count", body) == 1


def test_a_secret_is_loaded_as_it_was_saved(data: Report) -> None:
    assert data.results["uses_a_secret"] == {"user": "u", "password": "swordfish"}


def test_a_secret_is_shown_only_to_those_who_ask_for_it(api: Api, data: Report) -> None:
    path = f"/block_types/slug/secret/block_documents/name/plain-{data.mark}"
    assert "swordfish" not in json.dumps(api.get(path))
    assert api.get(path, include_secrets=True)["data"]["value"] == "swordfish"


def test_a_persisted_result_is_found_again(api: Api, data: Report) -> None:
    (task_run,) = api.task_runs(data.runs["persists_results"], expected=1)
    assert data.results["persists_results"] == [1, 2, 3]
    kept = task_run["state"]["data"]
    assert kept["storage_key"].endswith(f"{data.runs['persists_results']}-kept.json")
    assert kept["serializer"]["type"] == "json"


def test_a_run_receives_what_is_sent_to_it(api: Api, data: Report) -> None:
    assert data.results["hears_messages"] == ["plain", "typed"]
    sent = api.post(f"/flow_runs/{data.runs['hears_messages']}/input/filter", {"prefix": "", "limit": 10})
    assert len(sent) == 2


def test_a_failed_transaction_is_rolled_back(api: Api, data: Report) -> None:
    first, second = api.task_runs(data.runs["rolls_back"], expected=2)
    assert data.results["left after the rollback"] == []
    assert api.states(first["id"], "task") == ["Pending", "Running", "Completed", "RolledBack"]
    assert second["state_type"] == "FAILED"


def test_a_transaction_without_a_failure_is_committed(api: Api, data: Report) -> None:
    (only,) = api.task_runs(data.runs["commits"], expected=1)
    assert data.results["left after the commit"] == ["done"]
    assert api.states(only["id"], "task") == ["Pending", "Running", "Completed"]
