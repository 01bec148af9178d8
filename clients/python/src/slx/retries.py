"""Which calls are sent again, and after how long.

All writes are idempotent, so there is one rule for all calls: what failed because the server could
not be reached, was not ready, had too much to do or took too long is sent again as it was, after a
pause that grows. Anything else would fail the same way the next time.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

import grpc

from slx.errors import CallError

#: Whoever breaks a connection says one of these, without a reason of slx.
_BROKEN = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


@dataclass(frozen=True)
class Retries:
    """How calls are sent again. Within the deadline of the whole, there is no number of times."""

    #: The pause after the first failure; it doubles with each that follows.
    first_pause: timedelta = timedelta(milliseconds=100)
    #: The longest pause, unless the server asks for a longer one.
    longest_pause: timedelta = timedelta(seconds=10)
    #: How long one attempt to record may take, so that one that hangs is sent again.
    write_attempt: timedelta = timedelta(seconds=10)

    def pause(self, error: CallError, failures: int) -> timedelta:
        """How long to wait after so many failures in a row."""
        grown: timedelta = min(self.first_pause * 2 ** min(failures - 1, 30), self.longest_pause)
        # Many clients that lost one server don't come back in step.
        jitter = random.uniform(0.5, 1.0)  # noqa: S311
        return max(grown * jitter, error.retry_after or timedelta())


def may_be_sent_again(error: CallError) -> bool:
    """Whether the same request may succeed later."""
    code = error.failure.code
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return True
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return error.retry_after is not None
    # Every error of slx has a reason: what has none broke on the way.
    return code in _BROKEN and not error.reason


def may_go_on(error: CallError) -> bool:
    """Whether a stream may go on from where it was, beside what may be sent again anyway."""
    return may_be_sent_again(error) or error.reason in ("ANSWER_UNREAD", "OVERLOADED")
