"""Calls: each with a deadline and a token, sent again while that may help.

They fail with the exceptions of `slx.errors`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import grpc

from slx import errors
from slx.credentials import Bearer
from slx.errors import CallError
from slx.retries import Retries, may_be_sent_again, may_go_on

Q = TypeVar("Q")
A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
Row = TypeVar("Row")

logger = logging.getLogger("slx")


class Calls:
    """Calls over one channel."""

    def __init__(
        self, bearer: Bearer, retries: Retries, timeout: timedelta, stream_timeout: timedelta
    ) -> None:
        self.retries = retries
        self.stream_timeout = stream_timeout
        self._bearer = bearer
        self._timeout = timeout
        self._closed = threading.Event()

    def close(self) -> None:
        """Ends whatever waits to be sent again."""
        self._closed.set()

    def read(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        timeout: timedelta | None = None,
    ) -> A:
        """Asks a question: one attempt may take all of the time."""
        whole = timeout or self._timeout
        return self._until_answered(method, request, whole, whole)

    def write(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        timeout: timedelta | None = None,
    ) -> A:
        """Records: an attempt that hangs is ended and sent again."""
        whole = timeout or self._timeout
        return self._until_answered(method, request, whole, self.retries.write_attempt)

    def once(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        timeout: timedelta | None = None,
    ) -> A:
        """Calls what may not be called twice for one purpose."""
        try:
            return self._attempt(method, request, timeout or self._timeout)
        except grpc.RpcError as broken:
            raise errors.of_call(broken) from None

    def _until_answered(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        whole: timedelta,
        attempt: timedelta,
    ) -> A:
        ends = time.monotonic() + whole.total_seconds()
        failures = 0
        while True:
            left = timedelta(seconds=max(ends - time.monotonic(), 0.001))
            try:
                return self._attempt(method, request, min(left, attempt))
            except grpc.RpcError as broken:
                error = errors.of_call(broken)
            failures += 1
            pause = self.retries.pause(error, failures)
            is_over = time.monotonic() + pause.total_seconds() >= ends
            if is_over or not may_be_sent_again(error):
                raise error
            self.wait(pause, error)

    def _attempt(
        self, method: grpc.UnaryUnaryMultiCallable[Q, A], request: Q, timeout: timedelta
    ) -> A:
        return method(request, timeout=timeout.total_seconds(), metadata=self._bearer.metadata())

    def wait(self, pause: timedelta, error: CallError) -> None:
        """Waits before the same is sent again."""
        logger.info("sending again in %.1f s: %s", pause.total_seconds(), error)
        if self._closed.wait(pause.total_seconds()):
            raise error

    def stream(
        self, method: grpc.UnaryStreamMultiCallable[Q, A], request: Q, timeout: timedelta
    ) -> Stream[A]:
        """Opens a stream; it is sent once."""
        call = method(request, timeout=timeout.total_seconds(), metadata=self._bearer.metadata())
        return Stream(call)

    def rows(
        self, open_stream: Callable[[], Stream[A]], rows_of: Callable[[A], Iterable[Row]]
    ) -> Iterator[Row]:
        """The rows of a streamed answer, each once.

        When the stream breaks it is opened again, and the rows that were taken are passed over: so
        `open_stream` must ask for the same answer each time. Without progress it is given up once
        the time of a call is over.
        """
        taken = failures = 0
        gives_up: float | None = self._gives_up()
        while True:
            to_skip = taken
            try:
                for message in open_stream():
                    for row in rows_of(message):
                        if to_skip > 0:
                            to_skip -= 1
                            continue
                        taken += 1
                        failures, gives_up = 0, None
                        yield row
            except CallError as error:
                failures += 1
                gives_up = gives_up or self._gives_up()
                pause = self.retries.pause(error, failures)
                is_over = time.monotonic() + pause.total_seconds() >= gives_up
                if is_over or not may_go_on(error):
                    raise
                self.wait(pause, error)
            else:
                return

    def _gives_up(self) -> float:
        return time.monotonic() + self._timeout.total_seconds()


class CallIterator(Protocol[A_co]):
    """What grpc gives for a streamed answer."""

    def __iter__(self) -> Iterator[A_co]: ...

    def cancel(self) -> object: ...  # noqa: D102


class Stream(Generic[A]):
    """The messages of a streamed answer, failing with the exceptions of `slx.errors`."""

    def __init__(self, call: CallIterator[A]) -> None:
        self._call = call

    def __iter__(self) -> Iterator[A]:
        try:
            yield from self._call
        except grpc.RpcError as broken:
            raise errors.of_call(broken) from None
        finally:
            self._call.cancel()

    def cancel(self) -> None:
        """Ends it, from whatever thread."""
        self._call.cancel()
