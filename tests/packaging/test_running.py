"""orchd.service running: watched, reloaded, stopped, killed, and beside another one."""

import json

import pytest

from tests.packaging.box import UNITS, Service, until

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("systemd")]

# Sends a request up to the middle of its body, the rest on demand. "100 Continue" shows that the daemon is at it.
REQUEST_IN_PARTS = """
    import socket
    body = b'{"name": "in-flight"}'
    connection = socket.create_connection(("127.0.0.1", 4200))
    answer = connection.makefile("rb")
    connection.sendall(
        b"POST /api/flows/ HTTP/1.1\\r\\nHost: orchd\\r\\nContent-Type: application/json\\r\\n"
        b"Expect: 100-continue\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
    )
    print(answer.readline().decode().strip())
    answer.readline()
    connection.sendall(body[:8])
    input()
    connection.sendall(body[8:])
    print(answer.readline().decode().strip())
"""

# Four clients, each creating flows one after the other, until told to end: what they were answered, in one line.
STEADY_REQUESTS = """
    import collections, http.client, json, threading, time
    statuses, ended, told, created = collections.Counter(), threading.Event(), threading.Event(), []
    def client(number):
        count = 0
        while not ended.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", 4200, timeout=20)
                while not ended.is_set():
                    count += 1
                    name = f"load-{number}-{count}"
                    connection.request("POST", "/api/flows/", json.dumps({"name": name}))
                    answer = connection.getresponse()
                    answer.read()
                    statuses[answer.status] += 1
                    if answer.status == 201:
                        created.append(name)
                        told.set()
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for each in clients:
        each.start()
    told.wait(20)
    print("going")
    input()
    before = len(created)
    told.clear()
    told.wait(20)
    ended.set()
    for each in clients:
        each.join()
    print(json.dumps({"statuses": statuses, "created": len(created), "after": len(created) - before}))
"""


def test_a_stopped_process_is_restarted_by_the_watchdog(orchd: Service) -> None:
    orchd.drop_in("watchful", "[Service]\nWatchdogSec=2s\n")
    orchd.start()
    orchd.box.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGSTOP", orchd.unit)
    until(lambda: orchd["NRestarts"] == "1", "a restart")
    orchd.becomes("active")
    assert "Watchdog timeout" in orchd.journal()
    assert "Fatal Python error: Aborted" in orchd.journal()
    assert orchd.get("/api/ready")[0] == 200


def test_it_is_watched_as_shipped(orchd: Service) -> None:
    orchd.start()
    assert orchd["WatchdogUSec"] == "30s"
    assert int(orchd["WatchdogTimestampMonotonic"]) > 0


def test_a_healthy_daemon_satisfies_its_watchdog(orchd: Service) -> None:
    """Three times the watchdog's patience: without pings it would have been killed."""
    orchd.drop_in("watchful", "[Service]\nWatchdogSec=1s\n")
    orchd.start()
    began = orchd.box.monotonic()
    until(lambda: orchd.box.monotonic() - began > 3_000_000, "three seconds")
    assert (orchd["ActiveState"], orchd["NRestarts"]) == ("active", "0")


def test_a_good_file_is_reloaded_live_and_the_journal_says_what_changed(orchd: Service) -> None:
    orchd.configure("logging:\n  level: info\n")
    orchd.start()
    process = orchd["MainPID"]
    orchd.configure("logging:\n  level: debug\n")
    orchd.box.run("systemctl", "reload", orchd.unit)
    assert (orchd["ActiveState"], orchd["MainPID"]) == ("active", process)
    assert "logging.level" in orchd.journal()
    assert '"debug"' in orchd.box.run("orchctl", "config", "show", "--json")


def test_a_bad_file_fails_the_reload_and_the_daemon_goes_on_as_before(orchd: Service) -> None:
    orchd.configure("logging:\n  level: warning\n")
    orchd.start()
    process = orchd["MainPID"]
    orchd.configure("logging:\n  level: loud\n")
    assert orchd.box.attempt("systemctl", "reload", orchd.unit).returncode != 0
    assert f"{orchd.config}:2:10" in orchd.journal()
    assert (orchd["ActiveState"], orchd["MainPID"]) == ("active", process)
    assert '"warning"' in orchd.box.run("orchctl", "config", "show", "--json")
    assert orchd.get("/api/ready")[0] == 200


def test_sighup_reloads_as_well(orchd: Service) -> None:
    orchd.configure("logging:\n  level: info\n")
    orchd.start()
    orchd.configure("logging:\n  level: debug\n")
    orchd.box.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGHUP", orchd.unit)
    until(lambda: "logging.level" in orchd.journal(), "the change in the journal")
    orchd.tells("Ready on ")
    orchd.configure("logging:\n  level: loud\n")
    orchd.box.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGHUP", orchd.unit)
    until(lambda: f"{orchd.config}:2:10" in orchd.errors(), "the fault in the journal")
    assert (orchd["ActiveState"], orchd["NRestarts"]) == ("active", "0")


def test_a_restart_under_load_fails_no_request_and_forgets_none(orchd: Service) -> None:
    """Clients meet a closed port or 503 for a moment, which they try again; what was acknowledged is there."""
    orchd.start()
    with orchd.box.script(STEADY_REQUESTS) as load:
        assert load.says() == "going"
        orchd.box.run("systemctl", "restart", orchd.unit)
        load.tell()
        seen = json.loads(load.says())
    assert seen["created"] > 0
    assert set(seen["statuses"]) <= {"201", "503"}
    assert seen["after"] > 0, "the last connections met the new process"
    found = orchd.post("/api/flows/count", {"flows": {"name": {"like_": "load-"}}})
    assert int(found[1]) >= seen["created"]


def test_a_request_in_flight_is_answered_before_the_daemon_stops(orchd: Service) -> None:
    orchd.start()
    with orchd.box.script(REQUEST_IN_PARTS) as client:
        assert client.says() == "HTTP/1.1 100 Continue"
        orchd.begin_stop()
        orchd.tells("Draining.")
        assert orchd.get("/api/ready")[0] != 200
        client.tell()
        assert client.says() == "HTTP/1.1 201 Created"
    orchd.becomes("inactive")
    assert orchd.ended() == ("inactive", "success", "0", "0")


def test_a_request_that_never_ends_does_not_hold_up_the_stop(orchd: Service) -> None:
    orchd.configure("server: {shutdown_timeout: 1s}\n")
    orchd.start()
    with orchd.box.script(REQUEST_IN_PARTS) as client:
        assert client.says() == "HTTP/1.1 100 Continue"
        orchd.stop()
    assert orchd.ended() == ("inactive", "success", "0", "0")


def test_a_killed_daemon_is_started_again_and_what_it_acknowledged_is_there(orchd: Service) -> None:
    orchd.start()
    assert orchd.post("/api/flows/", {"name": "kept"})[0] == 201
    orchd.box.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGKILL", orchd.unit)
    until(lambda: orchd["NRestarts"] == "1", "a restart")
    orchd.becomes("active")
    assert orchd.get("/api/flows/name/kept")[0] == 200


def test_two_profiles_run_side_by_side_and_share_nothing(orchd: Service, second: Service) -> None:
    second.configure("server: {port: 4201}\n")
    orchd.start()
    second.start()
    assert second.post("/api/flows/", {"name": "of-the-second"}, port=4201)[0] == 201
    assert second.get("/api/flows/name/of-the-second", port=4201)[0] == 200
    assert orchd.get("/api/flows/name/of-the-second")[0] == 404
    second.configure("server: {port: 4201}\nlogging: {level: debug}\n")
    second.box.run("systemctl", "reload", second.unit)
    assert "logging.level" in second.journal()
    assert "logging.level" not in orchd.journal()
    second.stop()
    assert orchd.get("/api/ready")[0] == 200
    orchd.box.run("orchctl", "status")


def test_members_of_the_control_group_may_ask_the_daemon_and_others_may_not(orchd: Service) -> None:
    orchd.box.run("groupadd", "--system", "--force", "orchd-operators")
    for name, groups in (("member", "orchd-operators"), ("stranger", "nogroup")):
        orchd.box.attempt("useradd", "--groups", groups, name)
    orchd.box.put(UNITS / "drop-ins/control-group.conf", f"/etc/systemd/system/{orchd.unit}.d/control-group.conf")
    orchd.box.run("systemctl", "daemon-reload")
    orchd.configure("control: {group: orchd-operators}\n")
    orchd.start()
    orchd.box.run("runuser", "-u", "member", "--", "orchctl", "status")
    refused = orchd.box.attempt("runuser", "-u", "stranger", "--", "orchctl", "status")
    assert refused.returncode != 0
    assert len(refused.stderr.splitlines()) == 1
    assert "stranger may not control this daemon" in refused.stderr or "orchd-operators" in refused.stderr
