"""The commands that change the schema, with a question and without."""

import json
from pathlib import Path

from orchd.db.migrate import head, history
from tests.control.asking import count_flows, create_flow, get
from tests.kit.daemon import Daemon
from tests.orchctl.calling import on_terminal, orchctl

HEAD, BELOW = head(), history()[-2].revision


def test_down_and_up_on_every_engine(own_daemon: Daemon) -> None:
    down = orchctl("db", "downgrade", "-y", "-r", "-1", on=own_daemon)
    assert (down.returncode, down.stderr) == (0, "")
    assert f"The schema went down from {HEAD} to {BELOW} (1 step)." in down.stdout
    assert "orchd is in maintenance" in down.stdout
    assert get(f"{own_daemon.api}/health")[0] == 503

    status = orchctl("status", on=own_daemon)
    assert status.returncode == 1
    assert f"The schema is at {BELOW}, this orchd needs {HEAD}: run `orchctl db upgrade`." in status.stdout
    assert orchctl("db", "check", on=own_daemon).returncode == 1
    assert orchctl("db", "current", on=own_daemon).stdout == f"{BELOW} (the newest is {HEAD})\n"

    up = orchctl("db", "upgrade", "-y", on=own_daemon)
    assert f"The schema went up from {BELOW} to {HEAD} (1 step)." in up.stdout
    assert up.stdout.endswith("orchd is ready.\n")
    assert get(f"{own_daemon.api}/health")[0] == 200


def test_to_a_revision_and_to_the_base(own: Daemon) -> None:
    first = history()[0].revision
    assert f"to {first} " in orchctl("db", "downgrade", "-y", "-r", first, on=own).stdout
    assert f"from {first} to empty (1 step)" in orchctl("db", "downgrade", "-y", "-r", "base", on=own).stdout
    assert orchctl("db", "current", on=own).stdout == "empty (no table yet)\n"
    assert f"from empty to {first} (1 step)" in orchctl("db", "upgrade", "-y", "-r", first, on=own).stdout


def test_without_a_terminal_there_is_a_line_for_each_step(own: Daemon) -> None:
    orchctl("db", "downgrade", "-y", "-r", "-2", on=own)
    lines = orchctl("db", "upgrade", "-y", on=own).stdout.splitlines()
    assert f"Applying {BELOW} (1 of 2): {history()[-2].title}" in lines
    assert f"Applying {HEAD} (2 of 2): {history()[-1].title}" in lines


def test_for_programs_every_line_is_json_and_the_last_is_the_outcome(own: Daemon) -> None:
    lines = [json.loads(line) for line in orchctl("--json", "db", "reset", "-y", on=own).stdout.splitlines()]
    assert [line["line"] for line in lines] == ["progress"] * (len(lines) - 1) + ["done"]
    assert lines[-1]["after"] == HEAD
    assert lines[-1]["phase"] == "ready"
    assert Path(lines[-1]["copy"]).exists()


def test_a_reset_asks_showing_what_will_be_lost_and_no_means_no(own: Daemon) -> None:
    for name in ("first", "second"):
        create_flow(own.api, name)
    status, screen = on_terminal(own, "db", "reset", answer="n")
    assert status == 1
    words = [line.split() for line in screen.splitlines()]
    assert ["flow", "2"] in words
    assert "Nothing was changed." in screen
    assert count_flows(own.api) == 2


def test_yes_means_yes(own: Daemon) -> None:
    create_flow(own.api, "to be deleted")
    status, screen = on_terminal(own, "db", "reset", answer="y")
    assert status == 0
    assert "The database is empty and new" in screen
    assert count_flows(own.api) == 0


def test_a_downgrade_asks_showing_the_steps_and_what_they_lose(own: Daemon) -> None:
    create_flow(own.api, "leaves an event")
    status, screen = on_terminal(own, "db", "downgrade", "-r", "0011", answer="n")
    assert status == 1
    assert history()[-1].loses in screen
    assert ["event", "4"] in [line.split() for line in screen.splitlines()]  # three of the block types that come along
    assert orchctl("db", "current", on=own).stdout == f"{HEAD} (the newest)\n"


def test_on_a_terminal_the_steps_are_seen_as_they_are_taken(own: Daemon) -> None:
    status, screen = on_terminal(own, "db", "downgrade", "-y", "-r", "-1")
    assert status == 0
    assert history()[-1].title in screen
    assert "\x1b[" in screen
    assert on_terminal(own, "db", "upgrade", "-y")[0] == 0


def test_an_upgrade_with_nothing_to_do_asks_nothing(own: Daemon) -> None:
    status, screen = on_terminal(own, "db", "upgrade")
    assert status == 0
    assert "nothing to do" in screen
