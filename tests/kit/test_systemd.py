"""The conversation with systemd, over a real datagram socket."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchd.kit import systemd

Say = Callable[[systemd.Notifier], None]


@pytest.fixture(params=["path", "abstract"])
def heard(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], bytes]]:
    """Takes systemd's side; gives what arrived next."""
    name = str(tmp_path / "notify")
    shown, address = (name, name) if request.param == "path" else ("@" + name, "\0" + name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", shown)
        yield lambda: listener.recv(4096)


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        pytest.param(lambda to: to.ready(), b"READY=1", id="ready"),
        pytest.param(lambda to: to.ready("serving"), b"READY=1\nSTATUS=serving", id="ready with a status"),
        pytest.param(lambda to: to.status("step 2 of 5"), b"STATUS=step 2 of 5", id="status"),
        pytest.param(lambda to: to.stopping("draining"), b"STOPPING=1\nSTATUS=draining", id="stopping"),
        pytest.param(lambda to: to.extend_timeout(1.5), b"EXTEND_TIMEOUT_USEC=1500000", id="more time"),
        pytest.param(lambda to: to.watchdog(), b"WATCHDOG=1", id="alive"),
    ],
)
def test_systemd_hears_what_the_service_says(heard: Callable[[], bytes], say: Say, expected: bytes) -> None:
    say(systemd.Notifier())
    assert heard() == expected


def test_a_status_is_sent_as_utf_8(heard: Callable[[], bytes]) -> None:
    systemd.Notifier().status("données → prêt…")
    assert heard().decode() == "STATUS=données → prêt…"


def test_a_line_break_in_a_status_starts_no_second_field(heard: Callable[[], bytes]) -> None:
    systemd.Notifier().status("failed\nMAINPID=1")
    assert heard() == b"STATUS=failed MAINPID=1"


def test_a_reload_carries_the_monotonic_time_at_which_it_began(heard: Callable[[], bytes]) -> None:
    systemd.Notifier().reloading()
    reloading, began = heard().decode().split("\n")
    name, _, microseconds = began.partition("=")
    assert (reloading, name) == ("RELOADING=1", "MONOTONIC_USEC")
    assert int(microseconds) > 0


def test_outside_systemd_nothing_is_said_and_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "JOURNAL_STREAM"):
        monkeypatch.delenv(name, raising=False)
    systemd.Notifier().ready()
    assert not systemd.under_systemd()
    assert systemd.watchdog_interval() is None
    assert systemd.listen_fds() == []
    assert not systemd.journal_stream()


def test_a_notification_socket_that_went_away_does_no_harm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    systemd.Notifier().watchdog()
    assert systemd.under_systemd()


@pytest.mark.parametrize(
    ("allowed", "meant_for", "expected"),
    [
        pytest.param("30000000", None, 15.0, id="half of what is allowed"),
        pytest.param("30000000", os.getpid(), 15.0, id="meant for this process"),
        pytest.param("30000000", os.getppid(), None, id="meant for another process"),
        pytest.param("0", None, None, id="switched off"),
        pytest.param("often", None, None, id="not a number"),
    ],
)
def test_the_watchdog_is_pinged_twice_in_its_time(
    monkeypatch: pytest.MonkeyPatch, allowed: str, meant_for: int | None, expected: float | None
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", allowed)
    if meant_for is not None:
        monkeypatch.setenv("WATCHDOG_PID", str(meant_for))
    assert systemd.watchdog_interval() == expected


# Descriptors 3 and up belong to the test runner: the handing over is done in a process of its own.
HAND_OVER = """
import os, socket, sys
kept = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))]
numbers = [os.dup2(sock.fileno(), 20 + i) for i, sock in enumerate(kept)]
ports = [sock.getsockname()[1] for sock in kept]
for sock in kept:
    sock.close()
for i, number in enumerate(numbers):
    os.dup2(number, 3 + i)
os.environ["LISTEN_FDS"] = "2"
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[1]))
from orchd.kit.systemd import listen_fds
handed = listen_fds()
assert [sock.getsockname()[1] for sock in handed] == ports[:len(handed)]
assert not any(sock.get_inheritable() for sock in handed)
print(len(handed))
"""


@pytest.mark.parametrize(
    ("pid_offset", "expected"),
    [
        pytest.param(0, "2", id="meant for this process"),
        pytest.param(1, "0", id="meant for another process"),
    ],
)
def test_listening_sockets_are_taken_over_in_order(pid_offset: int, expected: str) -> None:
    run = [sys.executable, "-c", HAND_OVER, str(pid_offset)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_the_journal_is_known_by_the_identity_of_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socketpair()[0] as stream:
        mine = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{mine.st_dev}:{mine.st_ino}")
        assert systemd.journal_stream(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{mine.st_dev}:{mine.st_ino + 1}")
        assert not systemd.journal_stream(stream.fileno())


def test_credentials_are_looked_for_where_systemd_put_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/orchd.service")
    assert systemd.credentials_directory() == Path("/run/credentials/orchd.service")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert systemd.credentials_directory() is None
