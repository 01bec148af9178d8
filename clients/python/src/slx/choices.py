"""What messages choose from, as words.

They are those of `slx export`: `Metric.NEXT_REPLY` is "next reply".

A number for which this version of the client has no word is `UNKNOWN`: a newer server may send it.
"""

from enum import StrEnum, auto
from functools import cache
from typing import Self

from google.protobuf.descriptor import EnumDescriptor

from slx.v1 import (
    clock_pb2,
    compliance_pb2,
    contract_pb2,
    coverage_pb2,
    incident_pb2,
    results_pb2,
)


class Choice(StrEnum):
    """A choice of a message. Each member is its word."""

    @staticmethod
    def _generate_next_value_(
        name: str,
        start: int,
        count: int,
        last_values: list[str],
    ) -> str:
        return name.lower().replace("_", " ")

    @classmethod
    def of(cls, number: int) -> Self:
        """The word for a number of a message."""
        return cls[_names(cls).get(number, "UNKNOWN")]

    @property
    def number(self) -> int:
        """The number of this word in messages."""
        for number, name in _names(type(self)).items():
            if name == self.name:
                return number
        raise ValueError(f"{self.value!r} is not a choice of a request")


class Phase(Choice):
    """What state a clock is in."""

    UNKNOWN = auto()
    PENDING = auto()
    RUNNING = auto()
    PAUSED = auto()
    STOPPED = auto()
    CANCELLED = auto()


class Outcome(Choice):
    """What a clock has come to."""

    UNKNOWN = auto()
    UNDECIDED = auto()
    MET = auto()
    BREACHED = auto()
    EXCLUDED = auto()
    TRANSFERRED = auto()


class SegmentKind(Choice):
    """What a clock did during a segment."""

    UNKNOWN = auto()
    PENDING = auto()
    RUNNING = auto()
    PAUSED = auto()
    PAUSE_EXHAUSTED = auto()
    RESOLVED_GAP = auto()
    ADJUSTMENT = auto()
    CANCELLED_GAP = auto()


class NoticeKind(Choice):
    """What a notice says of a clock."""

    UNKNOWN = auto()
    STARTED = auto()
    WARNED = auto()
    BREACHED = auto()
    PAUSED = auto()
    RESUMED = auto()
    STOPPED = auto()
    CANCELLED = auto()
    EXCLUDED = auto()
    MOVED = auto()


class ObjectiveState(Choice):
    """How an objective stands, as far as notices say."""

    UNKNOWN = auto()
    SAFE = auto()
    AT_RISK = auto()
    MISSED = auto()
    ENDED = auto()


class WaitingOn(Choice):
    """Who must act."""

    UNKNOWN = auto()
    PROVIDER = auto()
    CLIENT = auto()
    THIRD_PARTY = auto()
    NOBODY = auto()


class Party(Choice):
    """The party to which a cause is attributed."""

    UNKNOWN = auto()
    PROVIDER = auto()
    CLIENT = auto()
    THIRD_PARTY = auto()


class Metric(Choice):
    """What a target measures."""

    UNKNOWN = auto()
    RESPONSE = auto()
    RESOLUTION = auto()
    RESTORATION = auto()
    UPDATE = auto()
    NEXT_REPLY = auto()
    CUSTOM = auto()


class CycleVerdict(Choice):
    """Which cycle gives the verdict of a target."""

    UNKNOWN = auto()
    FIRST = auto()
    LAST = auto()
    WORST = auto()
    TOTAL = auto()


class CountedAs(Choice):
    """How a period counts a target of an incident."""

    UNKNOWN = auto()
    MET = auto()
    BREACHED = auto()
    CANCELLED = auto()
    EXCLUDED = auto()
    UNDECIDED = auto()


class ObjectiveVerdict(Choice):
    """The verdict on an objective."""

    UNKNOWN = auto()
    MET = auto()
    MISSED = auto()
    AT_RISK = auto()
    NO_DATA = auto()


class NoDataReason(Choice):
    """Why an objective has no data."""

    UNKNOWN = auto()
    NOT_IN_FORCE = auto()
    TOO_LITTLE = auto()
    CALENDAR_UNKNOWN = auto()


class GroupKey(Choice):
    """What clocks can be grouped by."""

    UNKNOWN = auto()
    TARGET = auto()
    PRIORITY = auto()
    SERVICE = auto()
    CATEGORY = auto()
    GROUP = auto()
    PARTY = auto()


class RecordOutcome(Choice):
    """What became of an event that was sent."""

    UNKNOWN = auto()
    ACCEPTED = auto()
    DUPLICATE = auto()
    REFUSED = auto()


class MissingClockReason(Choice):
    """Why an incident has no clock of a target."""

    UNKNOWN = auto()
    NOT_OPENED = auto()
    NO_CONTRACT = auto()
    CONTRACT_NOT_FOUND = auto()
    CONTRACT_NOT_IN_FORCE = auto()
    NO_TARGET = auto()
    TARGET_NOT_FOUND = auto()
    CALENDAR_NOT_FOUND = auto()
    NO_LIMIT = auto()
    LIMIT_WITHDRAWN = auto()
    CONDITION_FAILED = auto()
    DOES_NOT_APPLY = auto()
    TARGET_NOT_IN_FORCE = auto()
    NOT_STARTED = auto()


class IncidentState(Choice):
    """The state of an incident."""

    UNKNOWN = auto()
    AWAITING_OPENING = auto()
    OPEN = auto()
    RESOLVED = auto()
    CLOSED = auto()
    CANCELLED = auto()
    MERGED = auto()


#: The choices by the full names of their enums in the protos.
CHOICES: dict[str, type[Choice]] = {
    f"slx.v1.{choice.__name__}": choice for choice in Choice.__subclasses__()
}


@cache
def _names(choice: type[Choice]) -> dict[int, str]:
    """The members' names by their numbers."""
    enum = _descriptor(choice)
    words = {value.number: _word(enum, value.name) for value in enum.values}
    return {number: word for number, word in words.items() if word in choice.__members__}


def _descriptor(choice: type[Choice]) -> EnumDescriptor:
    files = (clock_pb2, compliance_pb2, contract_pb2, coverage_pb2, incident_pb2, results_pb2)
    for file in files:
        enum: EnumDescriptor | None = file.DESCRIPTOR.enum_types_by_name.get(choice.__name__)
        if enum is not None:
            return enum
    raise LookupError(choice.__name__)


def _word(enum: EnumDescriptor, name: str) -> str:
    """`OUTCOME_MET` without what all values of its enum begin with."""
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    return name.removeprefix(prefix)
