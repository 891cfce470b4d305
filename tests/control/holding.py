"""Another server that holds the lock of the migrations: whoever wants to change the schema waits."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SCRIPT = """
import asyncio, fcntl, os, sys
from orchd.db.migrate.session import ADVISORY_LOCK

def hold():
    print("held", flush=True)
    sys.stdin.read()

async def on_postgres(url):
    import asyncpg
    connection = await asyncpg.connect(url)
    await connection.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
    hold()

kind, _, path = sys.argv[1].partition(":///")
if kind == "sqlite":
    fcntl.flock(os.open(path + ".migrate.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    hold()
else:
    asyncio.run(on_postgres(sys.argv[1]))
"""


@contextmanager
def held_lock(database_url: str) -> Iterator[None]:
    """Holds the lock of this database."""
    command = [sys.executable, "-c", SCRIPT, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline().strip() == "held"
        try:
            yield
        finally:
            holder.stdin.close()
            holder.wait(30)
