"""Empties a PostgreSQL database between two cold starts: `python -m bench.reset URL`."""

import asyncio
import sys

import asyncpg


async def reset(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()


asyncio.run(reset(sys.argv[1]))
