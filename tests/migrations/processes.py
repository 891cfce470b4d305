"""A server that migrates, as a process of its own: to race with another, and to be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from orchd.db.migrate import Place

DAEMON = Path(__file__).parents[2] / "daemon"
PATIENCE = 30.0  # seconds
SCRIPT = """
import sys
from datetime import timedelta
from pathlib import Path
from orchd.db.migrate import Place, upgrade

place = Place.of(sys.argv[1], Path(sys.argv[2]))
done = upgrade(place, timeout=timedelta(seconds=60), progress=lambda at: print(at, flush=True))
print("took", *done.steps, flush=True)
"""


class Server:
    """A process that upgrades a database and tells what it does, a line each."""

    def __init__(self, place: Place) -> None:
        url = place.dsn or f"sqlite:///{place.path}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, url, str(place.steps)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(DAEMON)},
        )

    def has_begun(self) -> None:
        """Waits until it is at the lock."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "waiting"

    def took(self) -> list[str]:
        """The steps it has taken, once it has ended well."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return output.splitlines()[-1].split()[1:]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def until(condition: Callable[[], bool]) -> None:
    """Waits, but not for ever."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "This never came true."
        time.sleep(0.01)
