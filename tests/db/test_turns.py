"""Connections are handed out in the order in which they were asked for."""

import asyncio
import contextlib

from orchd.db.turns import Turns


async def test_who_waits_longest_is_served_first_whoever_asks_meanwhile() -> None:
    turns, served = Turns(["it"]), []

    async def use(name: str) -> None:
        thing = await turns.take()
        served.append(name)
        await asyncio.sleep(0)
        turns.give(thing)

    first = await turns.take()
    waiting = [asyncio.create_task(use(f"waits {n}")) for n in range(3)]
    await asyncio.sleep(0)
    turns.give(first)
    await use("comes late")
    await asyncio.gather(*waiting)
    assert served == ["waits 0", "waits 1", "waits 2", "comes late"]


async def test_who_gives_up_holds_up_nobody() -> None:
    turns = Turns(["it"])
    thing = await turns.take()
    gave_up, patient = asyncio.create_task(turns.take()), asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    gave_up.cancel()
    turns.give(thing)
    assert await patient == "it"


async def test_what_was_handed_to_one_that_gives_up_at_that_moment_goes_to_the_next() -> None:
    turns = Turns(["it"])
    thing = await turns.take()
    gave_up, patient = asyncio.create_task(turns.take()), asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    turns.give(thing)
    gave_up.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await gave_up
    assert await patient == "it"


async def test_the_last_used_is_handed_out_first() -> None:
    turns = Turns(["old", "new"])
    assert await turns.take() == "new"
