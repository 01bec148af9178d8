"""What happens to clocks, as `Client.watch` reports it."""

from dataclasses import dataclass
from datetime import datetime

from slx.choices import NoticeKind, ObjectiveState
from slx.clocks import BreachForecast, Clock, ClockWarning
from slx.compliance import ObjectiveResult
from slx.decode import Answer
from slx.periods import Period
from slx.stamps import Stamp


@dataclass(frozen=True, kw_only=True)
class Notice(Answer):
    """Something that happened to a clock, or did not happen after all."""

    #: A notice that comes again has the same.
    id: str
    #: The id of what happened. A report that it did not happen after all has the same.
    occurrence_id: str
    kind: NoticeKind
    #: It was reported, and did not happen after all, by what is known now.
    withdrawn: bool
    incident_id: str
    contract_id: str
    target_id: str
    cycle: int
    #: When it happened; none: it has no instant of its own, as an exclusion or a move.
    time: datetime | None
    #: When it could first be known. Of one incident it never decreases.
    notice_time: datetime
    #: Which warning it reached, if it reached one.
    warning: ClockWarning | None
    priority: str
    #: The group to which its incident is assigned.
    group: str
    #: The clock as it stood when the notice was made; none: it is no clock any more.
    clock: Clock | None


@dataclass(frozen=True, kw_only=True)
class ObjectiveNotice(Answer):
    """An objective that stands otherwise than was said before, in the same stream."""

    contract_id: str
    objective_id: str
    period: Period
    #: What was said of it before; none: nothing in this stream.
    before: ObjectiveState | None
    state: ObjectiveState
    #: None once it has ended.
    result: ObjectiveResult | None
    #: 0 to 1.
    miss_probability: float
    stamp: Stamp


@dataclass(frozen=True, kw_only=True)
class LikelyBreach(Answer):
    """An open clock that probably breaches, or no longer does."""

    incident_id: str
    contract_id: str
    target_id: str
    cycle: int
    likely: bool
    #: None unless `likely`.
    clock: Clock | None
    #: None unless `likely`.
    forecast: BreachForecast | None
    stamp: Stamp


@dataclass(frozen=True, kw_only=True)
class WatchMessage(Answer):
    """A message of a watch: notices or, if there are none, a sign of life."""

    notices: tuple[Notice, ...]
    #: Keep it together with what you made of the notices, and go on from the last one you kept.
    resume_token: str
    #: Everything up to here was reported.
    stamp: Stamp
    objectives: tuple[ObjectiveNotice, ...]
    likely_breaches: tuple[LikelyBreach, ...]
