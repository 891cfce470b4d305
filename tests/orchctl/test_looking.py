"""The commands that only look: for people, and with --json for programs."""

import json

import pytest

from orchd import __version__
from orchd.db.migrate import head, history
from tests.kit.daemon import Daemon
from tests.orchctl.calling import orchctl

HEAD = head()


def printed(*arguments: str, on: Daemon) -> str:
    done = orchctl(*arguments, on=on)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_status_says_first_what_matters_most(idle: Daemon) -> None:
    text = printed("status", on=idle)
    assert text.splitlines()[0] == f"● orchd {__version__} is ready"
    for fact in (str(idle.pid), idle.base_url, str(idle.config), idle.database_url, f"{HEAD} (current)"):
        assert fact in text


def test_status_for_programs(idle: Daemon) -> None:
    found = json.loads(printed("status", "--json", on=idle))
    assert (found["phase"], found["pid"], found["version"]) == ("ready", idle.pid, __version__)
    assert found["schema"]["status"] == "current"
    assert found["addresses"] == [idle.base_url]


def test_output_that_is_no_terminal_has_no_colours(idle: Daemon) -> None:
    for command in (["status"], ["db", "history"], ["config", "show"]):
        assert "\x1b" not in printed(*command, on=idle)


def test_the_place_of_json_does_not_matter(idle: Daemon) -> None:
    before, after = printed("--json", "db", "current", on=idle), printed("db", "current", "--json", on=idle)
    assert json.loads(before) == json.loads(after)


def test_current_and_check_name_the_revision(idle: Daemon) -> None:
    assert printed("db", "current", on=idle) == f"{HEAD} (the newest)\n"
    assert f"The schema is at {HEAD}" in printed("db", "check", on=idle)


def test_history_has_every_step_the_newest_first(idle: Daemon) -> None:
    lines = printed("db", "history", on=idle).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [step.revision for step in reversed(history())]
    found = json.loads(printed("db", "history", "--json", on=idle))
    assert [step["title"] for step in found] == [step.title for step in history()]
    assert all(step["applied"] for step in found)


def test_a_plan_shows_the_steps_and_does_nothing(idle: Daemon) -> None:
    text = printed("db", "plan", "-r", "-2", on=idle)
    newest = history()[-1]
    assert text.startswith(f"2 steps down, from {HEAD} to {history()[-3].revision}:")
    assert newest.title in text
    assert newest.loses in text
    assert printed("db", "current", on=idle) == f"{HEAD} (the newest)\n"


@pytest.mark.parametrize("target", ["head", "+1", HEAD])
def test_a_plan_for_where_the_schema_is_has_nothing_to_do(idle: Daemon, target: str) -> None:
    assert printed("db", "plan", "-r", target, on=idle) == f"The schema is at {HEAD}: there is nothing to do.\n"


def test_a_plan_for_a_lower_revision_goes_down(idle: Daemon) -> None:
    found = json.loads(printed("db", "plan", "--json", "-r", history()[0].revision, on=idle))
    assert (found["action"], len(found["steps"])) == ("downgrade", len(history()) - 1)


def test_the_configuration_is_shown_with_the_origin_of_each_value(idle: Daemon) -> None:
    found = json.loads(printed("config", "show", "--json", on=idle))
    assert found["file"] == str(idle.config)
    assert found["options"]["server.port"]["value"] == idle.port
    assert found["options"]["server.port"]["origin"].startswith(f"{idle.config}:")
    assert found["options"]["server.host"]["value"] == "127.0.0.1"
    assert "server.port" in printed("config", "show", on=idle)


def test_services_are_shown_for_people_and_for_programs(idle: Daemon) -> None:
    found = json.loads(printed("services", "--json", on=idle))
    text = printed("services", on=idle)
    for each in found:
        assert each["name"] in text
        assert each["last_error"] is None
        assert each["last_pass"] is None or each["next_pass"] is None or each["last_pass"] < each["next_pass"]
    assert found or text == "No service runs now.\n"
