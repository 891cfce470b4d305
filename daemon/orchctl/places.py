"""Where the daemon of this machine is, as seen from outside of it."""

import os
from pathlib import Path
from typing import Any

SYSTEM_FOLDER = Path("/etc/orchd")
SYSTEM_FILE = SYSTEM_FOLDER / "orchd.yaml"


def unit_of(config: Path | None) -> str | None:
    """The unit that runs a configuration of /etc/orchd: `orchd`, or `orchd-NAME`, which its folders are named after."""
    if config is None:
        return "orchd"
    if config.absolute().parent != SYSTEM_FOLDER:
        return None
    return "orchd" if config.name == SYSTEM_FILE.name else f"orchd-{config.stem}"


def socket_path(named: Path | None, config: Path | None) -> Path:
    """The control socket: named, in the configuration, or the first of the usual places that is there."""
    if named is not None:
        return named
    if chosen := _socket_in(config or SYSTEM_FILE):
        return chosen
    candidates = list(_usual_sockets(config))
    return next((path for path in candidates if _exists(path)), candidates[0])


def _usual_sockets(config: Path | None) -> list[Path]:
    unit = unit_of(config)
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    user = os.environ.get("XDG_RUNTIME_DIR", "")
    state = os.environ.get("XDG_STATE_HOME") or _in_home(".local/state")
    folders = [
        Path(runtime) if runtime else None,
        Path("/run") / unit if unit else None,
        Path(user) / "orchd" if user else None,
        Path(state) / "orchd" if state else None,
    ]
    return [folder / "control.sock" for folder in folders if folder is not None]


def _in_home(folder: str) -> Path | None:
    """A folder of the user, if the user has a home: the one that systemd makes up for a service has none."""
    try:
        return Path.home() / folder
    except RuntimeError:
        return None


def _exists(path: Path) -> bool:
    """Whether it is there, or may be: what cannot be looked at counts, so that the refusal names it."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _socket_in(config: Path) -> Path | None:
    """`control.socket` of a file. Whatever else is wrong with it is the daemon's to say."""
    try:
        text = config.read_text()
    except (OSError, UnicodeDecodeError):
        return None
    if "socket" not in text:
        return None
    import yaml  # 30 ms that most calls do not need

    try:
        found: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (it is safe)
        path = found["control"]["socket"]
    except (yaml.YAMLError, TypeError, KeyError, RecursionError):
        return None
    return Path(os.path.expanduser(path)).absolute() if isinstance(path, str) else None  # noqa: PTH111  (never raises)
