"""The client in asyncio.

A client may be shared by threads, so a call is awaited as `await asyncio.to_thread(client.evaluate,
"INC1")`: typed, with all its retries, and nothing else waits for it. What goes on without end, or
for long, is read by `each`.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, cast

from slx.watching import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

T = TypeVar("T")

_END = object()


async def each(items: Iterable[T]) -> AsyncGenerator[T]:
    """The items of a watch, an export, a list or whatever else a client gives, as they come.

    They are waited for on a thread. A watch is closed once nobody iterates any more, also when the
    task is cancelled.
    """
    given: object = items
    iterator = iter(items)
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="slx-each")
    try:
        while (item := await loop.run_in_executor(thread, next, iterator, _END)) is not _END:
            yield cast("T", item)
    finally:
        # Whoever waits for what comes next waits no longer.
        if isinstance(given, Watch):
            given.close()
        thread.shutdown(wait=False)
