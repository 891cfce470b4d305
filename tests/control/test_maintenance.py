"""The schema is changed under a running daemon: clients wait meanwhile, nothing is half done."""

import os
import signal

import pytest

from orchd.db.migrate import Place, Status, check, head, history
from tests.control.asking import ask, begun, count_flows, create_flow, get, until
from tests.control.holding import held_lock
from tests.kit.daemon import Daemon

HEAD = head()
BELOW = history()[-2].revision
READY = {"line": "done", "phase": "ready"}


def phase(daemon: Daemon) -> str:
    return str(ask(daemon.control_socket, "GET", "/status")[1]["phase"])


def walk(daemon: Daemon, action: str, target: str) -> dict[str, object]:
    """The last line of the work."""
    status, lines = ask(daemon.control_socket, "POST", f"/db/{action}", f'{{"target": "{target}"}}')
    assert status == 200, lines
    return dict(lines[-1])


def test_down_the_api_waits_and_up_it_serves_again_without_a_restart(own_daemon: Daemon) -> None:
    process = ask(own_daemon.control_socket, "GET", "/status")[1]["pid"]
    done = walk(own_daemon, "downgrade", "-1")
    assert (done["line"], done["before"], done["after"], done["phase"]) == ("done", HEAD, BELOW, "maintenance")

    status, headers, body = get(f"{own_daemon.api}/health")
    assert status == 503
    assert headers["Prefect-Maintenance"] == "true"
    assert float(headers["Retry-After"]) > 0
    assert body["detail"] == f"The schema is at {BELOW}, this orchd needs {HEAD}: run `orchctl db upgrade`."
    assert phase(own_daemon) == "maintenance"

    assert walk(own_daemon, "upgrade", "head").items() >= READY.items()
    assert get(f"{own_daemon.api}/health")[0] == 200
    assert ask(own_daemon.control_socket, "GET", "/status")[1]["pid"] == process


def test_all_the_way_down_and_up_again(own_daemon: Daemon) -> None:
    assert walk(own_daemon, "downgrade", "base")["after"] is None
    assert check(Place.of(own_daemon.database_url)).status is Status.EMPTY
    assert walk(own_daemon, "upgrade", HEAD).items() >= READY.items()
    assert count_flows(own_daemon.api) == 0


def test_a_reset_leaves_an_empty_database_that_serves_at_once(own_daemon: Daemon) -> None:
    create_flow(own_daemon.api, "to be deleted")
    plan = ask(own_daemon.control_socket, "GET", "/db/plan?action=reset")[1]
    assert {"table": "flow", "rows": 1, "more": False} in plan["tables"]
    assert walk(own_daemon, "reset", "").items() >= READY.items()
    assert count_flows(own_daemon.api) == 0
    create_flow(own_daemon.api, "new")
    assert count_flows(own_daemon.api) == 1


def test_while_it_works_clients_are_told_to_come_back_and_a_second_request_is_refused(own_daemon: Daemon) -> None:
    with held_lock(own_daemon.database_url), begun(own_daemon.control_socket, "downgrade", "-1"):
        status, headers, body = get(f"{own_daemon.api}/health")
        assert (status, headers["Prefect-Maintenance"]) == (503, "true")
        assert "waiting" in body["detail"]
        work = ask(own_daemon.control_socket, "GET", "/status")[1]["work"]
        assert (work["action"], work["target"], work["progress"]["phase"]) == ("downgrade", "-1", "waiting")
        status, problem = ask(own_daemon.control_socket, "POST", "/db/reset", '{"target": ""}')
        assert (status, problem["kind"]) == (409, "conflict")
        assert "still under way" in problem["message"]


def test_work_goes_on_when_its_caller_hangs_up(own_daemon: Daemon) -> None:
    with held_lock(own_daemon.database_url), begun(own_daemon.control_socket, "downgrade", "-1"):
        pass
    until(lambda: ask(own_daemon.control_socket, "GET", "/status")[1]["work"] is None, "the end of the work")
    assert check(Place.of(own_daemon.database_url)).current == BELOW


def test_a_target_that_does_not_exist_disturbs_nobody(own_daemon: Daemon) -> None:
    status, problem = ask(own_daemon.control_socket, "POST", "/db/downgrade", '{"target": "9999"}')
    assert (status, problem["kind"]) == (422, "invalid")
    assert "There is no revision '9999'" in problem["message"]
    assert "aintenance" not in own_daemon.log.read_text()


def test_nothing_to_do_is_done_without_maintenance(own_daemon: Daemon) -> None:
    assert walk(own_daemon, "upgrade", "head").items() >= {**READY, "steps": [], "before": HEAD}.items()
    assert "aintenance" not in own_daemon.log.read_text()


def test_a_stop_does_not_wait_for_a_migration_that_waits(own_daemon: Daemon) -> None:
    with held_lock(own_daemon.database_url), begun(own_daemon.control_socket, "downgrade", "-1") as answer:
        os.kill(own_daemon.pid, signal.SIGTERM)
        last = answer.read().splitlines()[-1]
        assert b"told to stop" in last
        assert own_daemon.stop() == 0
    assert check(Place.of(own_daemon.database_url)).current == HEAD


def test_a_schema_left_behind_is_upgraded_by_the_next_start(own_daemon: Daemon) -> None:
    walk(own_daemon, "downgrade", "-2")
    own_daemon.restart()
    assert phase(own_daemon) == "ready"


@pytest.mark.parametrize("body", ["", "{", "[]", '{"target": 5}', '{"to": "head"}'])
def test_a_request_that_does_not_fit_is_refused(idle: Daemon, body: str) -> None:
    status, problem = ask(idle.control_socket, "POST", "/db/upgrade", body)
    assert (status, problem["kind"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        pytest.param("GET", "/nothing", id="no such command"),
        pytest.param("GET", "/db/upgrade", id="another method"),
        pytest.param("POST", "/db/vacuum", id="no such action"),
        pytest.param("GET", "/db/plan?action=vacuum", id="no such plan"),
    ],
)
def test_what_is_not_known_is_refused_with_a_sentence(idle: Daemon, method: str, target: str) -> None:
    status, problem = ask(idle.control_socket, method, target)
    assert status in (404, 422)
    assert problem["kind"] == "invalid"
    assert problem["message"].endswith((".", "?")) or "Not Allowed" in problem["message"]
