"""Verdicts that changed between two states of knowledge, and the records that changed them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from slx.choices import Outcome
from slx.clocks import Clock
from slx.decode import Answer
from slx.stamps import Stamp
from slx.v1 import incident_pb2


@dataclass(frozen=True, kw_only=True)
class ChangeStep(Answer):
    """A record that changed a clock's outcome."""

    # Of the alternatives of `record`, which `event` reads.
    left_to_message: ClassVar[frozenset[str]] = frozenset({"event"})

    record_time: datetime
    #: None: there was no such clock yet.
    before_outcome: Outcome | None
    #: None: there is no such clock any more.
    after_outcome: Outcome | None
    #: A revision of this contract was put, or it was ended; empty: it is another kind of record.
    contract_id: str
    #: A revision of this calendar was put; empty: it is another kind of record.
    calendar_id: str
    #: This time zone database was adopted; empty: it is another kind of record.
    time_zone_database: str

    @property
    def event(self) -> incident_pb2.IncidentEvent | None:
        """The event of the incident that was recorded; none: it is another kind of record."""
        message: incident_pb2.IncidentEvent = self.message.event
        return message if self.message.HasField("event") else None


@dataclass(frozen=True, kw_only=True)
class Change(Answer):
    """A clock whose outcome differs between two states of knowledge."""

    #: The clock by the earlier knowledge; none: there was none.
    before: Clock | None
    #: The clock by the later knowledge; none: there is none any more.
    after: Clock | None
    #: The records that changed its outcome, in the order of recording.
    steps: tuple[ChangeStep, ...]
    stamp: Stamp

    @property
    def clock(self) -> Clock:
        """The clock as it is now or, if it is no clock any more, as it was."""
        clock = self.after or self.before
        if clock is None:
            raise ValueError("a change without a clock")
        return clock
