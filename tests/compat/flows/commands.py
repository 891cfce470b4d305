"""The `prefect` command, many times for one start-up: each line of stdin, a list of arguments, runs in its own fork."""

import io
import json
import os
import pkgutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path

import prefect.cli
from prefect.cli import app

for module in pkgutil.iter_modules(prefect.cli.__path__):  # else each fork imports its command's own
    import_module(f"prefect.cli.{module.name}")


def run(arguments: list[str], answer: int) -> None:
    """In the fork: run the command as its own process would, and write what came of it."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())  # stdin is for the loop below
    sys.argv = ["prefect", *arguments]
    output, status = io.StringIO(), 0
    with redirect_stdout(output), redirect_stderr(output):
        try:
            app()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    os.write(answer, json.dumps({"status": status, "output": output.getvalue()}).encode())


for line in sys.stdin:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        run(json.loads(line), writing)
        os._exit(0)
    os.close(writing)
    print(Path(f"/dev/fd/{reading}").read_text() or '{"status": -1, "output": "the fork died"}', flush=True)
    os.close(reading)
    os.wait()
