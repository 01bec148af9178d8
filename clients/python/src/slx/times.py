"""Instants and spans, to and from messages.

Messages count nanoseconds, `datetime` and `timedelta` microseconds: what is read is cut to those.
Where that matters, the message that an answer was read from has the whole instant, and a `Stamp`
goes back into a request as exactly what it was.
"""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(instant: datetime | Timestamp, name: str = "instant") -> Timestamp:
    """The message of an instant; `name` is what to call it if it has no offset from UTC."""
    if isinstance(instant, Timestamp):
        return instant
    if instant.utcoffset() is None:
        raise ValueError(
            f"{name}: {instant!r} has no time zone, so it is no instant: "
            "write datetime(..., tzinfo=ZoneInfo('Europe/Amsterdam')), say"
        )
    since = instant - EPOCH
    # What pandas calls a Timestamp is a datetime with nanoseconds.
    nanoseconds = getattr(since, "nanoseconds", 0)
    seconds = since.days * 86_400 + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * 1_000 + nanoseconds)


def instant(message: Timestamp) -> datetime:
    """The instant of a message, in UTC, cut to microseconds."""
    return EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1_000)


def duration(span: timedelta) -> Duration:
    """The message of a span."""
    microseconds = (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
    # Seconds and nanoseconds of one message have one sign.
    sign = -1 if microseconds < 0 else 1
    seconds, rest = divmod(abs(microseconds), 1_000_000)
    return Duration(seconds=sign * seconds, nanos=sign * rest * 1_000)


def span(message: Duration) -> timedelta:
    """The span of a message, cut to microseconds towards zero."""
    microseconds = abs(message.nanos) // 1_000 * (-1 if message.nanos < 0 else 1)
    return timedelta(seconds=message.seconds, microseconds=microseconds)


def optional_timestamp(instant: datetime | Timestamp | None, name: str) -> Timestamp | None:
    """The message of an instant, if there is one."""
    return None if instant is None else timestamp(instant, name)


def optional_duration(span: timedelta | None) -> Duration | None:
    """The message of a span, if there is one."""
    return None if span is None else duration(span)
