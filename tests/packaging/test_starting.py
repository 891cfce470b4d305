"""orchd.service starting: ready means ready, and a start that cannot succeed says so and is left alone."""

import pytest

from tests.packaging.box import PORT, UNITS, Box, Script, Service, until

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("systemd")]
DATABASE = "/var/lib/orchd/orchd.db"
DYNAMIC_USERS = range(61184, 65520)
CONFIG = f"database: {{url: 'sqlite:///{DATABASE}'}}\n"

HOLD_THE_DATABASE = """
    import sqlite3, sys
    database = sqlite3.connect(sys.argv[1], isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    print("held")
    input()
    database.execute("ROLLBACK")
    print("released")
"""


def with_work_to_do(orchd: Service) -> None:
    """A database that lacks the last migration and holds a flow; orchd is stopped."""
    orchd.configure(CONFIG)
    orchd.start()
    assert orchd.post("/api/flows/", {"name": "kept"})[0] == 201
    orchd.stop()
    orchd.box.run("orchctl", "--offline", "db", "downgrade", "-y", "-r", "-1")


def held(orchd: Service) -> Script:
    """Somebody else's lock on the database, in force when this returns."""
    script = orchd.box.script(HOLD_THE_DATABASE, DATABASE)
    assert script.says() == "held"
    return script


def content(box: Box) -> str:
    """Everything in the database, schema and revision included."""
    return box.run("sqlite3", DATABASE, ".dump")


def test_it_is_ready_only_after_migrating(orchd: Service) -> None:
    with_work_to_do(orchd)
    with held(orchd) as lock:
        orchd.begin_start()
        orchd.tells("Migrating.")
        orchd.box.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGHUP", orchd.unit)
        until(lambda: "Configuration reloaded" in orchd.journal(), "a reload, which is no readiness")
        assert orchd["ActiveState"] == "activating"
        assert orchd.get("/api/ready") == (0, "")
        lock.tell()
        assert lock.says() == "released"
    orchd.becomes("active")
    assert orchd.get("/api/ready")[0] == 200
    assert orchd.get("/api/flows/name/kept")[0] == 200
    orchd.tells("Ready on ")


def test_a_migration_may_take_longer_than_the_start_timeout(orchd: Service) -> None:
    with_work_to_do(orchd)
    orchd.drop_in("impatient", "[Service]\nTimeoutStartSec=3s\n")
    with held(orchd) as lock:
        orchd.begin_start()
        began = int(until(lambda: orchd["ExecMainStartTimestampMonotonic"], "a start"))
        until(lambda: orchd.box.monotonic() - began > 6_000_000, "six seconds of migrating")
        assert orchd["ActiveState"] == "activating", orchd.journal()
        lock.tell()
    orchd.becomes("active")
    assert orchd["NRestarts"] == "0"


def test_a_migration_over_its_timeout_fails_the_unit_and_changes_nothing(orchd: Service) -> None:
    with_work_to_do(orchd)
    before = content(orchd.box)
    orchd.configure(f"database: {{url: 'sqlite:///{DATABASE}', migrations: {{timeout: 1ms}}}}\n")
    assert orchd.box.attempt("systemctl", "start", orchd.unit).returncode != 0
    assert orchd.ended() == ("failed", "exit-code", "70", "0")
    assert "database.migrations.timeout" in orchd.errors()
    assert content(orchd.box) == before
    orchd.configure(CONFIG)
    orchd.start()
    assert orchd.get("/api/flows/name/kept")[0] == 200


def test_a_database_of_an_unknown_revision_is_refused_and_not_tried_again(orchd: Service) -> None:
    with_work_to_do(orchd)
    orchd.box.run("sqlite3", DATABASE, "UPDATE alembic_version SET version_num = '9999'")
    assert orchd.box.attempt("systemctl", "start", orchd.unit).returncode != 0
    assert orchd.ended() == ("failed", "exit-code", "65", "0")
    assert "9999" in orchd.errors()


def test_a_wrong_configuration_is_told_by_line_and_not_tried_again(orchd: Service) -> None:
    orchd.configure("server:\n  port: many\n")
    assert orchd.box.attempt("systemctl", "start", orchd.unit).returncode != 0
    assert orchd.ended() == ("failed", "exit-code", "78", "0")
    assert f"{orchd.config}:2:" in orchd.errors()
    orchd.tells(f"Failed: {orchd.config}:2:")


def test_a_busy_port_fails_the_start(orchd: Service) -> None:
    with orchd.box.script(
        f"import socket; s = socket.create_server(('127.0.0.1', {PORT})); print('bound'); input()"
    ) as other:
        assert other.says() == "bound"
        assert orchd.box.attempt("systemctl", "start", orchd.unit).returncode != 0
        assert str(PORT) in orchd.errors()


def test_a_database_that_is_away_is_waited_for_without_end(orchd: Service) -> None:
    """systemd gives up after five starts in ten seconds, unless it is told not to."""
    orchd.drop_in("hasty", "[Service]\nRestartSec=10ms\n")
    orchd.configure("database: {url: 'postgresql://orchd@127.0.0.1:1/orchd'}\n")
    orchd.begin_start()
    until(lambda: int(orchd["NRestarts"]) > 5, "a seventh start")
    assert "cannot be reached" in orchd.errors()


def test_the_database_address_comes_from_a_credential(orchd: Service) -> None:
    secret = "/var/lib/orchd/named-by-a-credential.db"
    orchd.box.write("/etc/orchd/database-url", f"sqlite:///{secret}\n", mode=0o600)
    orchd.box.put(UNITS / "drop-ins/credentials.conf", f"/etc/systemd/system/{orchd.unit}.d/credentials.conf")
    orchd.box.run("systemctl", "daemon-reload")
    orchd.configure("database: {url_file: database-url}\n")
    orchd.start()
    assert orchd.box.run("sqlite3", secret, "SELECT count(*) FROM flow").strip() == "0"


def test_it_runs_as_a_user_of_its_own_and_its_data_is_nobody_elses(orchd: Service) -> None:
    orchd.start()
    process = f"/proc/{orchd['MainPID']}"
    data, itself = orchd.box.run("stat", "--format=%u %a", "/var/lib/private/orchd", process).splitlines()
    user = itself.split()[0]
    assert int(user) in DYNAMIC_USERS
    assert data == f"{user} 700"
    assert orchd.box.run("stat", "--format=%u %a", DATABASE).split() == [user, "600"]
    assert orchd.box.run("stat", "--format=%u %a", "/run/orchd/control.sock").split() == [user, "660"]
    rights = dict(line.split(":\t") for line in orchd.box.run("cat", f"{process}/status").splitlines())
    assert int(rights["CapEff"], 16) == int(rights["CapBnd"], 16) == 0


def test_what_root_does_to_its_database_leaves_files_that_it_can_use(orchd: Service) -> None:
    with_work_to_do(orchd)
    owners = orchd.box.run("find", "/var/lib/private/orchd", "-printf", "%U\n").split()
    assert len(owners) > 2
    assert "0" not in owners
    orchd.start()
    assert orchd.get("/api/flows/name/kept")[0] == 200


def test_systemctl_status_tells_where_clients_find_it(orchd: Service) -> None:
    orchd.start()
    shown = orchd.box.run("systemctl", "status", "--no-pager", orchd.unit)
    assert f'Status: "Ready on http://127.0.0.1:{PORT}."' in shown


def test_the_journal_knows_how_much_each_line_matters(orchd: Service) -> None:
    orchd.configure("logging: {level: debug, format: auto}\n")
    orchd.start()
    said = {record["MESSAGE"]: record["PRIORITY"] for record in orchd.records() if record["_COMM"] != "systemd"}
    assert next(priority for line, priority in said.items() if "is ready on" in line) == "6"
    assert "7" in said.values()
    assert not [line for line in said if line.startswith("<")]
