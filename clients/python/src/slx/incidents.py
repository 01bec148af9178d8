"""Incidents and their events, as they are recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from slx.choices import IncidentState, WaitingOn
from slx.clocks import MissingClock
from slx.decode import Answer
from slx.v1 import incident_pb2


@dataclass(frozen=True, kw_only=True)
class Incident(Answer):
    """The fields of an incident as of an instant."""

    # The latest attribution of its cause.
    left_to_message: ClassVar[frozenset[str]] = frozenset({"cause"})

    id: str
    state: IncidentState
    contract_ids: tuple[str, ...]
    service: str
    category: str
    priority: str
    status: str
    #: Who must act now.
    waiting_on: WaitingOn | None
    third_party: str
    reason: str
    group: str
    assignee: str
    affected_users: int
    #: In percent.
    productivity_loss: int
    attributes: Mapping[str, str]
    open_time: datetime | None
    respond_time: datetime | None
    restore_time: datetime | None
    resolve_time: datetime | None
    close_time: datetime | None
    reopen_count: int
    merged_into: str
    effort_remaining: timedelta | None
    touch_time: timedelta
    event_count: int
    #: Only in lists of incidents that lack clocks.
    missing_clocks: tuple[MissingClock, ...]


@dataclass(frozen=True, kw_only=True)
class RecordedEvent(Answer):
    """An event and how it was recorded."""

    left_to_message: ClassVar[frozenset[str]] = frozenset({"event"})

    sequence: int
    record_time: datetime
    #: The id of the event that retracted or corrected it; empty: none.
    retracted_by: str

    @property
    def event(self) -> incident_pb2.IncidentEvent:
        """The event."""
        event: incident_pb2.IncidentEvent = self.message.event
        return event
