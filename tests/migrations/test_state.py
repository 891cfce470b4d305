"""How a database stands to this orchd, which ones are refused, and what a question about loss shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchd.db.migrate import (
    Place,
    Status,
    TableRows,
    check,
    head,
    history,
    loss,
    plan_upgrade,
    refuse_network_filesystem,
    reset,
    rows_by_table,
    upgrade,
    what_is_lost,
)
from orchd.errors import DatabaseRefused, MigrationError, Unavailable
from tests.kit.ports import free_port
from tests.migrations import added as some
from tests.migrations.added import FIRST, NEWEST, Steps
from tests.migrations.filling import ROWS, fill
from tests.migrations.looking import query, tables
from tests.migrations.processes import DAEMON

STEPS = len(history())


def test_an_empty_database_misses_every_step(place: Place) -> None:
    state = check(place)
    assert (state.status, state.current, state.head, state.behind) == (Status.EMPTY, None, head(), STEPS)
    assert state.refusal() is None
    assert [step.revision for step in plan_upgrade(place)] == [step.revision for step in history()]


def test_a_database_of_an_older_orchd_is_behind(place: Place, newer: Place, added: Steps) -> None:
    upgrade(place)
    added.add(some.CREATE, some.DROP)
    state = check(newer)
    assert (state.status, state.current, state.head, state.behind) == (Status.BEHIND, NEWEST, FIRST, 1)
    assert [step.revision for step in plan_upgrade(newer)] == [FIRST]


def test_a_database_of_somebody_else_is_refused_and_left_alone(place: Place) -> None:
    query(place, "CREATE TABLE invoice (id integer)")
    assert check(place).status is Status.FOREIGN
    with pytest.raises(DatabaseRefused, match=r"holds other tables. Give orchd an empty database"):
        upgrade(place)
    with pytest.raises(MigrationError, match="not orchd's"):
        reset(place)
    assert tables(place) == {"invoice"}


def test_another_alembic_user_s_database_is_refused(place: Place) -> None:
    query(place, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    query(place, "INSERT INTO alembic_version VALUES ('1a2b3c')")
    with pytest.raises(DatabaseRefused, match="is at revision '1a2b3c', which is not orchd's"):
        plan_upgrade(place)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader, this is no database. " * 100)
    with pytest.raises(Unavailable, match=r"letter\.txt cannot be read: file is not a database"):
        check(Place.of(f"sqlite:///{tmp_path}/letter.txt"))


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "orchd.db").touch()
    assert check(Place.of(f"sqlite:///{tmp_path}/orchd.db")).status is Status.EMPTY


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    place = Place.of(f"postgresql://orchd@127.0.0.1:{free_port()}/orchd")
    with pytest.raises(Unavailable, match="cannot be reached"):
        check(place)
    with pytest.raises(MigrationError, match="Nothing was changed"):
        upgrade(place)


@pytest.mark.parametrize("url", ["mysql://localhost/orchd", "sqlite://", "sqlite:///", "orchd.db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(DatabaseRefused, match=r"sqlite:///PATH or postgresql://"):
        Place.of(url)


def test_steps_must_form_one_line(added: Steps) -> None:
    (added.folder / "0007_logs.py").unlink()
    with pytest.raises(MigrationError, match=r"0008_artifacts\.py follows 0007, but the one before it is 0006"):
        history(added.folder)


def test_looking_at_the_schema_does_without_alembic(place: Place) -> None:
    upgrade(place)
    script = (
        "import sys; from orchd.db.migrate import Place, check; print(check(Place.of(sys.argv[1])).status);"
        "print(*sys.modules)"
    )
    url = place.dsn or f"sqlite:///{place.path}"
    done = subprocess.run(
        [sys.executable, "-c", script, url],
        env={**os.environ, "PYTHONPATH": str(DAEMON)},
        capture_output=True,
        text=True,
        check=True,
    )
    status, modules = done.stdout.splitlines()
    assert status == "current"
    assert not {"alembic", "mako"} & set(modules.split())


def test_rows_are_counted_by_table(place: Place) -> None:
    upgrade(place)
    assert rows_by_table(place) == []
    fill(place)
    assert {count.table for count in rows_by_table(place)} == tables(place)
    assert {(count.rows, count.more) for count in rows_by_table(place)} == {(ROWS, False)}


def test_counting_a_large_table_is_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(place)
    fill(place)
    monkeypatch.setattr(loss, "COUNTED", 2)
    assert TableRows("flow", 2, True) in rows_by_table(place)


def test_a_downgrade_loses_the_tables_of_its_steps(place: Place) -> None:
    upgrade(place, "0013")
    fill(place)
    lost = what_is_lost(place, "-2")
    assert [step.loses for step in lost.steps] == [
        "Going down drops every automation.",
        "Going down drops every event.",
    ]
    assert {count.table for count in lost.tables} == {"automation", "automation_bucket", "event", "event_resource"}


def test_a_downgrade_of_an_unknown_step_names_the_table_that_loses_a_column(
    place: Place, newer: Place, added: Steps
) -> None:
    added.add(some.ADD_COLUMN, some.DROP_COLUMN)
    upgrade(newer)
    fill(newer)
    assert what_is_lost(place, head()).tables == [TableRows("flow", ROWS, False)]


MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:44 / /srv/shared rw,relatime shared:9 - nfs4 filer:/shared rw,vers=4.2
31 30 8:2 / /srv/shared/local rw,relatime - xfs /dev/sdb1 rw
32 21 0:45 / /mnt/my\\040files rw,relatime - cifs //nas/files rw
33 21 0:46 / /home/me/remote rw,nosuid - fuse.sshfs me@host: rw
34 21 8:3 / /data rw - ext4 /dev/sdc1 rw
35 34 0:47 / /data rw - nfs filer:/data rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/shared/orchd.db", "nfs4"),
        ("/srv/shared/deep/er/orchd.db", "nfs4"),
        ("/mnt/my files/orchd.db", "cifs"),
        ("/home/me/remote/orchd.db", "fuse.sshfs"),
        pytest.param("/data/orchd.db", "nfs", id="mounted over a local one"),
    ],
)
def test_a_network_file_system_is_refused(path: str, kind: str) -> None:
    with pytest.raises(DatabaseRefused, match=rf"\({kind} at /.*Put database.url on a local disk, or use PostgreSQL"):
        refuse_network_filesystem(Path(path), MOUNTS)


@pytest.mark.parametrize("path", ["/var/lib/orchd/orchd.db", "/srv/shared/local/orchd.db", "/srv/shared2/orchd.db"])
def test_a_local_file_system_is_taken(path: str) -> None:
    refuse_network_filesystem(Path(path), MOUNTS)


def test_this_machine_s_own_mounts_can_be_read(tmp_path: Path) -> None:
    refuse_network_filesystem(tmp_path / "orchd.db")
