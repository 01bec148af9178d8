"""The client in asyncio."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import world

import slx
import slx.aio

if TYPE_CHECKING:
    from slx.v1.incident_pb2 import IncidentEvent


def _waits() -> bool:
    """Whether anything still waits for what comes next."""
    return any(thread.name.startswith("slx-each") for thread in threading.enumerate())


def test_calls_are_awaited_and_nothing_else_waits_for_them(client: slx.Client) -> None:
    async def run() -> None:
        recorded = await asyncio.to_thread(client.record, world.waited_for_the_client())
        assert recorded.accepted == 4
        one, other = await asyncio.gather(
            asyncio.to_thread(client.evaluate, "INC1"),
            asyncio.to_thread(client.evaluate, "INC1", segments=True),
        )
        assert one.clocks[0].elapsed == other.clocks[0].elapsed == timedelta(hours=5, minutes=15)
        found = [incident async for incident in slx.aio.each(client.incidents())]
        assert [incident.id for incident in found] == ["INC1"]

    asyncio.run(run())
    world.eventually(lambda: not _waits(), "the threads end")


def test_notices_come_while_others_work_and_a_task_that_is_cancelled_ends_its_watch(
    client: slx.Client,
) -> None:
    notices: list[slx.Notice] = []

    async def follow(watch: slx.Watch) -> None:
        async for notice in slx.aio.each(watch):
            notices.append(notice)  # noqa: PERF401 - as they come, not once there are no more

    async def run() -> None:
        # From before anything was recorded.
        watch = client.watch(after=await asyncio.to_thread(lambda: client.clocks().stamp))
        task = asyncio.create_task(follow(watch))
        await asyncio.to_thread(client.record, world.waited_for_the_client())
        deadline = asyncio.get_running_loop().time() + world.PATIENCE
        while not any(notice.kind is slx.NoticeKind.BREACHED for notice in notices):
            assert asyncio.get_running_loop().time() < deadline, notices
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [notice async for notice in slx.aio.each(watch)] == []

    asyncio.run(run())
    world.eventually(lambda: not _waits(), "the watch ends")


def test_whoever_has_enough_closes_it(client: slx.Client) -> None:
    client.record(world.waited_for_the_client())

    async def first() -> IncidentEvent:
        async with aclosing(slx.aio.each(client.events("INC1"))) as found:
            async for event in found:
                return event.event
        raise AssertionError("there is one")

    assert asyncio.run(first()).event_id == "1"
    world.eventually(lambda: not _waits(), "the thread ends")


def test_what_goes_wrong_is_raised_where_it_is_awaited(client: slx.Client) -> None:
    async def run() -> list[object]:
        return [each async for each in slx.aio.each(client.events("nobody"))]

    with pytest.raises(slx.NotFound):
        asyncio.run(run())
