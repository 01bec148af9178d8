"""A watch: notices of clocks, over broken connections and restarts of the server."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Self

import grpc

from slx.calls import Stream
from slx.errors import CallError, DeadlineExceeded, Failure, Unavailable
from slx.notices import Notice, WatchMessage
from slx.retries import Retries, may_go_on
from slx.v1 import clock_pb2

logger = logging.getLogger("slx")

Open = Callable[[clock_pb2.WatchClocksRequest], Stream[clock_pb2.WatchClocksResponse]]

#: A server ends a watch with an error; one that does not is gone all the same.
_ENDED: CallError = Unavailable(Failure(grpc.StatusCode.UNAVAILABLE, "the stream ended"))


class Watch:
    """What happens to clocks, as it happens, without end.

    Iterate over it for notices, or over `messages()` for all there is. A broken connection, a
    server that stops and one that is too busy are waited out, and the watch goes on where it was.

    Nothing is left out. A notice may come twice, with the same `id`, when the watch goes on after
    it was broken. To go on in another process, keep `resume_token` together with what you
    made of each notice: whatever came after it comes again.
    """

    def __init__(
        self, retries: Retries, open_stream: Open, request: clock_pb2.WatchClocksRequest
    ) -> None:
        self._retries = retries
        self._open = open_stream
        self._request = request
        self._resume_token = request.resume_token
        self._lock = threading.Lock()
        self._stream: Stream[clock_pb2.WatchClocksResponse] | None = None
        self._closed = threading.Event()

    @property
    def resume_token(self) -> str:
        """Where to go on once all that this watch has given is taken in; empty: nowhere."""
        return self._resume_token

    def __iter__(self) -> Iterator[Notice]:
        for message in self._messages():
            # Half a message has no token: until its last notice is given, that of the one before
            # is where to go on.
            yield from message.notices[:-1]
            self._resume_token = message.resume_token
            yield from message.notices[-1:]

    def messages(self) -> Iterator[WatchMessage]:
        """Whole messages, those too that say nothing but how far all is reported.

        Where nothing happens for days, the tokens of these are newer than that of the last notice.
        """
        for message in self._messages():
            self._resume_token = message.resume_token
            yield message

    def close(self) -> None:
        """Ends it, from whatever thread."""
        with self._lock:
            self._closed.set()
            if self._stream is not None:
                self._stream.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _messages(self) -> Iterator[WatchMessage]:
        request = clock_pb2.WatchClocksRequest()
        request.CopyFrom(self._request)
        # Of this watch's own: the other one counts what was given, this one what has come.
        request.resume_token = self._resume_token
        if request.resume_token:
            request.ClearField("after_stamp")
        failures = 0
        while (stream := self._opened(request)) is not None:
            error = _ENDED
            try:
                for message in stream:
                    failures = 0
                    request.resume_token = message.resume_token
                    request.ClearField("after_stamp")
                    yield WatchMessage.of(message)
            except CallError as broken:
                error = broken
            if self._closed.is_set():
                return
            if not may_go_on(error):
                raise error
            failures += 1
            self._wait(self._retries.pause(error, failures), error)

    def _wait(self, pause: timedelta, error: CallError) -> None:
        # That one call has lasted for its time is no news.
        level = logging.DEBUG if isinstance(error, DeadlineExceeded) else logging.WARNING
        logger.log(level, "watching again in %.1f s: %s", pause.total_seconds(), error)
        self._closed.wait(pause.total_seconds())

    def _opened(
        self, request: clock_pb2.WatchClocksRequest
    ) -> Stream[clock_pb2.WatchClocksResponse] | None:
        """The stream from where it was; none: the watch is closed."""
        with self._lock:
            if self._closed.is_set():
                return None
            self._stream = self._open(request)
            return self._stream
