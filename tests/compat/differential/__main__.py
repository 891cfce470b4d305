"""Sends everything, tells what differs, and exits 1 if something does."""

import argparse
import contextlib
import sys
import time

from tests.compat.contract.mutated import Mutations
from tests.compat.differential.cases import everything
from tests.compat.differential.comparing import Comparison, alike
from tests.compat.differential.on_purpose import unmet
from tests.compat.differential.servers import orchd, the_peer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compat.differential", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="chooses what is combined (default: 1)")
    parser.add_argument("--share", type=float, default=1.0, help="the part of the cases to send (default: all)")
    parser.add_argument(
        "--spoiled", type=int, default=2_000, help="requests to orchd alone, spoiled by chance (default: 2000)"
    )
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgres"), help="default: both")
    asked = parser.parse_args()
    with contextlib.ExitStack() as opened:
        peer = opened.enter_context(the_peer())
        ours = [opened.enter_context(orchd(engine)) for engine in asked.engine or ("sqlite", "postgres")]
        comparison, since = Comparison(peer, ours), time.monotonic()
        comparison.run(everything(seed=asked.seed, share=asked.share, only=asked.only))
        spoiled = [each for side in ours for each in Mutations(side.api, asked.seed).send(asked.spoiled // len(ours))]
    for difference, times in alike(comparison.differences):
        print(f"{difference}\n    {times} times")
    for known, times in comparison.met.items():
        print(f"on purpose, {times} times: {known.subject}")
    stale = [] if asked.only else unmet(comparison.met)
    for subject in stale:
        print(f"no difference any more: {subject}")
    for problem in spoiled:
        print(f"answered by an error, or not at all: {problem}")
    print(
        f"seed {asked.seed}: {comparison.cases} cases, {comparison.requests} requests, "
        f"{len(comparison.differences)} differences, {time.monotonic() - since:.0f} s"
    )
    return 1 if comparison.differences or stale or spoiled else 0


if __name__ == "__main__":
    sys.exit(main())
