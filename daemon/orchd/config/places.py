"""Where orchd keeps its things when the configuration does not say."""

import os
from pathlib import Path

SYSTEM_FILE = Path("/etc/orchd/orchd.yaml")


def state_directory() -> Path:
    """`$STATE_DIRECTORY` (systemd's), else `$XDG_STATE_HOME/orchd`, else `~/.local/state/orchd`."""
    return _given("STATE_DIRECTORY") or (_given("XDG_STATE_HOME") or Path.home() / ".local/state") / "orchd"


def control_socket() -> Path:
    """In `$RUNTIME_DIRECTORY` (systemd's), else in `$XDG_RUNTIME_DIR/orchd`, else in the state directory."""
    runtime = _given("RUNTIME_DIRECTORY")
    if runtime is None and (user := _given("XDG_RUNTIME_DIR")):
        runtime = user / "orchd"
    return (runtime or state_directory()) / "control.sock"


def configuration_file() -> Path | None:
    """orchd.yaml in `$CONFIGURATION_DIRECTORY` (systemd's), else in /etc/orchd; None when there is none.

    One that exists but cannot be reached is named all the same, so that reading it says what is wrong.
    """
    folder = _given("CONFIGURATION_DIRECTORY")
    candidates = [folder / "orchd.yaml"] if folder else []
    for each in [*candidates, SYSTEM_FILE]:
        try:
            each.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return each
        return each
    return None


def _given(variable: str) -> Path | None:
    """The first folder of the list that systemd gives; what is not absolute does not count."""
    first = os.environ.get(variable, "").partition(":")[0]
    return Path(first) if first.startswith("/") else None
