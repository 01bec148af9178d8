"""Recording: events in calls of as many as fit, and what became of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from slx.choices import RecordOutcome
from slx.clocks import MissingClock
from slx.errors import CallError, FieldViolation, SlxError
from slx.stamps import Stamp
from slx.v1 import common_pb2

#: The most events and, well below the 4 MiB of a request, bytes of a call.
EVENTS_PER_CALL = 500
BYTES_PER_CALL = 1 << 20

_REASON_PREFIX = "ERROR_REASON_"
#: What may be wrong with an event, where the call with it is sound.
_REASONS_OF_EVENTS = frozenset(
    {"INVALID_FIELD", "EVENT_CONFLICT", "TIME_OUT_OF_RANGE", "LIMIT_EXCEEDED", "JOURNAL_CORRUPT"}
)
#: The fields of a call itself.
_FIELDS_OF_CALLS = frozenset({"tenant", "events"})


class Event(Protocol):
    """An event of an incident or of a service."""

    event_id: str

    def ByteSize(self) -> int: ...  # noqa: D102, N802


E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Rejection:
    """Why an event was rejected."""

    #: The server's word for it, such as "EVENT_CONFLICT".
    reason: str
    #: What is wrong, for people.
    text: str
    #: The fields that are wrong, by their paths in the event.
    violations: tuple[FieldViolation, ...] = ()

    def __str__(self) -> str:
        new = [wrong for wrong in self.violations if wrong.description not in self.text]
        named = [f"{wrong.field}: {wrong.description}" for wrong in new]
        return "\n  ".join([f"{self.reason}: {self.text}", *named])


@dataclass(frozen=True)
class RecordResult:
    """What became of an event that was sent."""

    event_id: str
    outcome: RecordOutcome
    #: The journal's sequence of the event, accepted or a duplicate; 0: it was rejected.
    sequence: int
    #: None: it was not rejected.
    rejection: Rejection | None = None
    #: What is probably wrong with an event that is recorded: it names a contract that does not
    #: exist, say. Such an incident has no clock until that is mended.
    warnings: tuple[MissingClock, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """What became of the events that were sent, in their order."""

    results: tuple[RecordResult, ...]
    #: The state after the last write. None: nothing was sent, or all was rejected.
    stamp: Stamp | None

    @property
    def accepted(self) -> int:
        """How many are recorded that were not before."""
        return self._count(RecordOutcome.ACCEPTED)

    @property
    def duplicates(self) -> int:
        """How many had been recorded before with the same content."""
        return self._count(RecordOutcome.DUPLICATE)

    @property
    def refused(self) -> tuple[RecordResult, ...]:
        """Those that were rejected."""
        return tuple(result for result in self.results if result.rejection is not None)

    def _count(self, outcome: RecordOutcome) -> int:
        return sum(result.outcome is outcome for result in self.results)


class EventsRefused(SlxError):
    """Some events were rejected. All others are recorded: `recorded` says what became of each."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(recorded)
        self.recorded = recorded

    @property
    def refused(self) -> tuple[RecordResult, ...]:
        """Those that were rejected, and why."""
        return self.recorded.refused

    def __str__(self) -> str:
        refused = self.refused
        first = [f"{result.event_id}: {result.rejection}" for result in refused[:5]]
        count = f"{len(refused)} of {len(self.recorded.results)} events refused"
        return "\n".join([count, *first])


def record(events: Iterable[E], send: Callable[[Sequence[E]], Any]) -> Recorded:
    """Sends all events; raises what the calls raise, and `EventsRefused` if any is rejected."""
    results: list[RecordResult] = []
    stamp: Stamp | None = None
    for batch in batches(events):
        try:
            answer = send(batch)
        except CallError as error:
            if len(batch) > 1 or not _is_of_the_event(error):
                raise
            # A call with a single event fails as that event does.
            rejection = Rejection(error.reason, error.failure.text, error.violations)
            refused = RecordResult(batch[0].event_id, RecordOutcome.REFUSED, 0, rejection)
            results.append(refused)
        else:
            results.extend(map(_result, answer.results))
            stamp = Stamp.of(answer.stamp)
    recorded = Recorded(tuple(results), stamp)
    if recorded.refused:
        raise EventsRefused(recorded)
    return recorded


def batches(events: Iterable[E]) -> Iterator[list[E]]:
    """The events in as few calls as may be."""
    batch: list[E] = []
    size = 0
    for event in events:
        # With what its place in the request takes.
        more = event.ByteSize() + 8
        if batch and (len(batch) == EVENTS_PER_CALL or size + more > BYTES_PER_CALL):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += more
    if batch:
        yield batch


def as_many(events: E | Iterable[E]) -> Iterable[E]:
    """One event as a list of one."""
    return events if isinstance(events, Iterable) else [events]


def _is_of_the_event(error: CallError) -> bool:
    fields = {violation.field for violation in error.violations}
    return error.reason in _REASONS_OF_EVENTS and not fields & _FIELDS_OF_CALLS


def _result(message: Any) -> RecordResult:  # noqa: ANN401
    rejection = None
    if message.HasField("rejection"):
        wrong = message.rejection
        violations = tuple(
            FieldViolation(each.field, each.description) for each in wrong.violations
        )
        rejection = Rejection(_reason(wrong.reason), wrong.message, violations)
    return RecordResult(
        event_id=message.event_id,
        outcome=RecordOutcome.of(message.outcome),
        sequence=message.sequence,
        rejection=rejection,
        warnings=tuple(map(MissingClock.of, message.warnings)),
    )


def _reason(number: int) -> str:
    """The word for a reason; that of a newer server is its number."""
    value = common_pb2.ErrorReason.DESCRIPTOR.values_by_number.get(number)
    return str(number) if value is None else value.name.removeprefix(_REASON_PREFIX)
