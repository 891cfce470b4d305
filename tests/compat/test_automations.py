"""Automations made by the unmodified client: from Python, and with a deployment."""

from tests.compat.clients import Api, Client, since


@since("3.6", "`Automation.enable` and the like without `await`")
def test_automations_are_made_from_python_and_those_of_a_deployment_are_replaced_with_it(
    api: Api, client: Client
) -> None:
    said = client.run("automations.py")
    assert said["lived"] == ["changed", False, "CompoundTrigger", "{{ event.id }}", True, True]
    (found,) = api.get(f"/automations/related-to/prefect.deployment.{said['deployment']}")
    assert found["name"] == f"second-{said['mark']}"
    (action,) = found["actions"]
    assert (action["type"], action["source"], action["deployment_id"], action["parameters"]) == (
        "run-deployment",
        "selected",
        said["deployment"],
        {"of": "{{ event.id }}"},
    )
