#!/usr/bin/env python3
"""Mixed load on orchd for a long time: does its memory stay flat, does anything fail?

    python -m bench.soak [--engine sqlite|postgres] [--minutes 20]

Run lives, logs and reads of 32 clients at once (`mixed` of bench.py). Memory is read every five seconds: the first five
minutes fill caches; what is said is how far the median of each later minute lies from that of the sixth.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.kit.daemon import Daemon
from tests.kit.postgres import Postgres

EVERY, SETTLED = 5.0, 5  # seconds; minutes
BENCH = Path(__file__).with_name("bench.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--minutes", type=float, default=20)
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = None
        if chosen.engine == "postgres":
            cluster = Postgres(durable=True, shared_buffers="256MB", max_wal_size="1GB")
            stack.callback(cluster.remove)
            url = cluster.create_database()
        orchd = stack.enter_context(Daemon(url))
        command = [sys.executable, str(BENCH), "--target", f"orchd={orchd.api}", "--pid", f"orchd={orchd.pid}"]
        command += ["--scenario", "mixed", "--mixed-seconds", str(chosen.minutes * 60), "--rounds", "1"]
        load = subprocess.Popen(command)
        seen = watched(orchd, load)
        log = orchd.log_tail(100_000)
    complaints = [line for line in log.splitlines() if not line.startswith("info ")]
    return told(seen, complaints) | load.returncode


def watched(orchd: Daemon, load: subprocess.Popen[bytes]) -> list[list[float]]:
    """The resident memory in MiB, by minutes."""
    process, began, seen = psutil.Process(orchd.pid), time.monotonic(), list[list[float]]()
    while load.poll() is None:
        minute = int((time.monotonic() - began) / 60)
        seen += [[] for _ in range(minute + 1 - len(seen))]
        seen[minute].append(process.memory_info().rss / 2**20)
        time.sleep(EVERY)
    return seen


def told(seen: list[list[float]], complaints: list[str]) -> int:
    """Prints what was seen; 1 when memory moved by more than 5 % or the log complains."""
    medians = [statistics.median(minute) for minute in seen if minute]
    print("memory by minutes, MiB: " + ", ".join(f"{each:.0f}" for each in medians))
    later = medians[SETTLED:]
    moved = max((abs(each / later[0] - 1) for each in later), default=0.0)
    print(f"after the first {SETTLED} minutes: {moved:.1%} at most from {later[0] if later else 0:.0f} MiB")
    print(f"warnings and errors in the log: {len(complaints)}", *complaints[:20], sep="\n")
    return int(moved > 0.05 or bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
