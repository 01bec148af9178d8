"""The export of clocks: a row for each, typed as `slx export` has it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from slx.calls import Calls, Stream
from slx.choices import CountedAs, Metric, Outcome, Party, Phase
from slx.decode import Answer
from slx.stamps import Stamp
from slx.v1 import compliance_pb2

if TYPE_CHECKING:
    from pandas import DataFrame

Open = Callable[[compliance_pb2.ExportClocksRequest], Stream[compliance_pb2.ExportClocksResponse]]


@dataclass(frozen=True, kw_only=True)
class ClockRow(Answer):
    """One clock, with the fields of its incident. docs/export.md says what each means."""

    incident_id: str
    contract_id: str
    contract_revision: int
    target_id: str
    metric: Metric
    cycle: int
    priority: str
    phase: Phase
    outcome: Outcome
    excluded_outcome: Outcome | None
    exclusion: str
    limit: timedelta
    elapsed: timedelta
    experienced_elapsed: timedelta
    paused: timedelta
    waited_on_client: timedelta
    waited_on_third_party: timedelta
    start_time: datetime | None
    stop_time: datetime | None
    due_time: datetime | None
    original_due_time: datetime | None
    breach_time: datetime | None
    decide_time: datetime | None
    calendar_id: str
    calendar_revision: int
    service: str
    category: str
    group: str
    assignee: str
    party: Party | None
    third_party: str
    opened_time: datetime | None
    resolved_time: datetime | None
    affected_users: int
    counted_as: CountedAs | None
    place_time: datetime | None
    lateness: timedelta | None


class Export:
    """The rows of an export, all resting on one state of knowledge.

    Each way to read it asks the server; the second time for what the first was given. A connection
    that breaks is made again, and the export goes on after the rows that were taken.
    """

    def __init__(
        self, calls: Calls, open_stream: Open, request: compliance_pb2.ExportClocksRequest
    ) -> None:
        self._calls = calls
        self._open = open_stream
        self._request = request
        self._stamp: Stamp | None = None

    @property
    def stamp(self) -> Stamp:
        """What all rows rest on."""
        if self._stamp is None:
            for _ in self.messages():
                break
        if self._stamp is None:
            raise ValueError("an export without a message")
        return self._stamp

    def __iter__(self) -> Iterator[ClockRow]:
        return map(ClockRow.of, self.messages())

    def messages(self) -> Iterator[compliance_pb2.ClockRow]:
        """The rows as messages, which is faster."""
        return self._calls.rows(lambda: self._open(self._request), self._rows)

    def to_pandas(self) -> "DataFrame":
        """A row for each clock: see `slx.frames.of_rows`."""
        from slx import frames  # noqa: PLC0415 - pandas is optional

        return frames.of_rows(self.messages())

    def _rows(
        self, message: compliance_pb2.ExportClocksResponse
    ) -> Iterator[compliance_pb2.ClockRow]:
        if self._stamp is None:
            self._stamp = Stamp.of(message.stamp)
            # What is requested again is this very answer.
            self._request.as_of_time.CopyFrom(message.stamp.as_of_time)
            self._request.known_time.CopyFrom(message.stamp.known_time)
        return iter(message.rows)
