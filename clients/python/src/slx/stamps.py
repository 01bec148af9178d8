"""What an answer was computed from, and how to ask for the same again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp

from slx import times
from slx.decode import Answer
from slx.v1 import common_pb2


@dataclass(frozen=True, kw_only=True)
class Stamp(Answer):
    """What an answer was computed from.

    The same question `as_of` and `known` this stamp gets the same answer again, whatever was
    recorded since.
    """

    #: The last record of the journal that the answer could include.
    sequence: int
    #: The instant at which everything was evaluated.
    as_of_time: datetime
    #: Only what was recorded by this instant was used.
    known_time: datetime

    def to_json(self) -> str:
        """As a text to keep, to the nanosecond."""
        return json_format.MessageToJson(self.message, indent=None)

    @classmethod
    def from_json(cls, text: str) -> "Stamp":
        """The stamp that `to_json` wrote."""
        return cls.of(json_format.Parse(text, common_pb2.Stamp()))


#: An instant in a request. A `Stamp` stands for its own: to the nanosecond.
Moment = datetime | Timestamp | Stamp


def as_of(moment: Moment | None) -> Timestamp | None:
    """When to evaluate."""
    if isinstance(moment, Stamp):
        return _exact(moment.message.as_of_time)
    return times.optional_timestamp(moment, "as_of")


def known(moment: Moment | None, name: str = "known") -> Timestamp | None:
    """Up to when to use what was recorded."""
    if isinstance(moment, Stamp):
        return _exact(moment.message.known_time)
    return times.optional_timestamp(moment, name)


def _exact(message: Any) -> Timestamp:  # noqa: ANN401
    copy = Timestamp()
    copy.CopyFrom(message)
    return copy
