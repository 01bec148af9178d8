"""Clocks of incidents: what was promised, what has elapsed, and how each was decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from slx.choices import (
    CycleVerdict,
    Metric,
    MissingClockReason,
    Outcome,
    Phase,
    SegmentKind,
    WaitingOn,
)
from slx.decode import Answer
from slx.stamps import Stamp


@dataclass(frozen=True, kw_only=True)
class Segment(Answer):
    """A stretch of a clock's timeline in which nothing about it changes."""

    start_time: datetime
    #: This instant is no part of it.
    end_time: datetime
    kind: SegmentKind
    #: Who had to act meanwhile.
    waiting_on: WaitingOn | None
    third_party: str
    reason: str
    #: The service time within it.
    service_time: timedelta
    #: How much of it counts. Those of a clock's segments add up to its `elapsed`.
    counted: timedelta
    #: The event that began it; empty: it began with the passing of time alone.
    event_id: str
    priority: str
    #: The clock's due time since, if this segment changed it.
    moved_due_time: datetime | None


@dataclass(frozen=True, kw_only=True)
class ClockWarning(Answer):
    """A warning before a clock is due, or an escalation after it was."""

    #: The percentage of the limit; above 100 after it is due. 0: it is one of the other kinds.
    percent: int
    #: When it was reached, or will be if nothing changes.
    time: datetime | None
    reached: bool
    #: It warns so much service time before the clock is due.
    before_due: timedelta | None
    #: It escalates so much service time after the clock was due.
    after_due: timedelta | None


@dataclass(frozen=True, kw_only=True)
class BreachForecast(Answer):
    """How probable the breach of a clock is."""

    #: 0 to 1; 1 once it is over its limit.
    probability: float
    stop_time_p10: datetime | None
    stop_time_p50: datetime | None
    stop_time_p90: datetime | None
    #: How it stands and how clocks like it turned out, in words.
    summary: str
    #: What moved the probability most, the strongest first, in words.
    reasons: tuple[str, ...]
    alike_clocks: int
    alike_breached: int
    learnt_clocks: int
    model_version: int


@dataclass(frozen=True, kw_only=True)
class Clock(Answer):
    """One target applied to one incident, one cycle of it."""

    incident_id: str
    contract_id: str
    contract_revision: int
    target_id: str
    #: What the target measures.
    metric: Metric
    #: The number of the cycle, from 1.
    cycle: int
    priority: str
    phase: Phase
    outcome: Outcome
    #: The service time that the target allows.
    limit: timedelta
    #: The service time that counts so far.
    elapsed: timedelta
    #: `limit` less `elapsed`; negative when over the limit.
    remaining: timedelta
    #: `elapsed` in percent of `limit`, rounded down.
    percent_elapsed: int
    #: None while it is pending.
    start_time: datetime | None
    #: When it stopped or was cancelled; none while it is open.
    stop_time: datetime | None
    #: When it was due by what was known as it started.
    original_due_time: datetime | None
    #: When it goes over its limit if nothing changes; of a stopped clock: when it was due.
    due_time: datetime | None
    #: When it went over its limit; none: it did not by then.
    breach_time: datetime | None
    #: The rule or the decision that excludes it; empty: none does.
    exclusion: str
    #: What it would have come to if it were not excluded; none: it is not.
    excluded_outcome: Outcome | None
    calendar_id: str
    calendar_revision: int
    time_zone_database: str
    #: Its timeline, if `segments` were requested.
    segments: tuple[Segment, ...]
    #: The target's warnings and escalations, in the order of time.
    warnings: tuple[ClockWarning, ...]
    #: What a reader of the figures should know.
    notes: tuple[str, ...]
    #: How probable its breach is, if a `forecast` was requested.
    forecast: BreachForecast | None


@dataclass(frozen=True, kw_only=True)
class TargetVerdict(Answer):
    """What a target came to over all its cycles."""

    contract_id: str
    target_id: str
    cycle_verdict: CycleVerdict
    outcome: Outcome
    #: The cycle that gave the verdict; 0: all of them together did.
    cycle: int
    elapsed: timedelta
    limit: timedelta


@dataclass(frozen=True, kw_only=True)
class MissingClock(Answer):
    """A clock that an incident lacks, and why."""

    contract_id: str
    target_id: str
    reason: MissingClockReason
    #: What the reason is about: the priority without a limit, the id that is not there.
    value: str
    #: What was probably meant instead of `value`; empty: nothing is near.
    did_you_mean: str
    #: The reason in words.
    description: str


@dataclass(frozen=True, kw_only=True)
class Evaluation(Answer):
    """An incident, evaluated under its contracts."""

    # What people went through, who had to act for how long, and what the work came to.
    left_to_message: ClassVar[frozenset[str]] = frozenset(
        {"experience", "party_time", "chain", "work"}
    )

    #: Ordered by contract, target and cycle.
    clocks: tuple[Clock, ...]
    #: What each target came to over its cycles.
    verdicts: tuple[TargetVerdict, ...]
    missing_clocks: tuple[MissingClock, ...]
    stamp: Stamp
