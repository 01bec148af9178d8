"""How a contract was complied with over a period."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from slx.choices import GroupKey, NoDataReason, ObjectiveVerdict
from slx.decode import NOT_READ, Answer
from slx.periods import Period
from slx.stamps import Stamp

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, kw_only=True)
class Tally(Answer):
    """Counts of clocks by what they came to."""

    met: int
    #: Open ones included.
    breached: int
    excluded: int
    #: Open and within their limits at the period's end, or now while it goes on.
    undecided: int
    #: met / (met + breached), in percent, rounded down; none: there were neither.
    attainment: Decimal | None
    excluded_met: int
    excluded_breached: int
    cancelled: int
    excluded_cancelled: int
    excluded_undecided: int


@dataclass(frozen=True, kw_only=True)
class ComplianceGroup(Answer):
    """The clocks that agree in the requested keys, and their figures."""

    # What the incidents cost people.
    left_to_message: ClassVar[frozenset[str]] = frozenset({"experience_totals"})

    #: This key and the next five: empty unless grouped by it.
    target_id: str
    priority: str
    service: str
    category: str
    group: str
    party: str
    #: With pauses and exclusions.
    contractual: Tally
    #: The same clocks without pauses and exclusions.
    experienced: Tally
    #: Green outside, red inside.
    watermelons: int
    #: Red outside, green inside.
    reverse_watermelons: int
    #: Met by the contract, or excluded, only thanks to pauses or exclusions.
    met_by_pauses: int
    #: The contractual attainment less the experienced one, in percent.
    attainment_gap: Decimal | None
    elapsed_p50: timedelta | None
    elapsed_p90: timedelta | None
    elapsed_p99: timedelta | None
    elapsed_mean: timedelta | None
    #: How much longer than their limits the breached clocks took, added up.
    lateness: timedelta
    #: Of how many incidents a clock was open at the period's end.
    backlog: int
    backlog_age_p50: timedelta | None
    backlog_age_p90: timedelta | None
    backlog_age_oldest: timedelta | None
    idle_work: int


@dataclass(frozen=True, kw_only=True)
class ObjectiveResult(Answer):
    """An objective, evaluated over a period of its own."""

    # What each kind of objective was computed from.
    left_to_message: ClassVar[frozenset[str]] = frozenset(
        {"objective", "uptime", "measured", "experience", "parts", "requests", "backlog"}
    )

    period: Period
    contract_revision: int
    verdict: ObjectiveVerdict
    #: The share that was reached, in percent, rounded down; none: there is none.
    percent: Decimal | None
    #: For an attainment or a mean time: the clocks it was computed from.
    tally: Tally | None
    #: How many more breaches the period can take; negative once it is missed.
    breach_allowance: int
    #: Whether its period goes on, so that the verdict is one so far.
    provisional: bool
    #: The stretch of its period over which it was evaluated; none: all of it.
    counted: Period | None
    no_data_reason: NoDataReason | None
    mean_time: timedelta | None

    @property
    def objective_id(self) -> str:
        """The id of the objective."""
        objective_id: str = self.message.objective.id
        return objective_id

    @property
    def promise(self) -> str:
        """What kind of promise it is: "attainment", "availability" ..."""
        return self.message.objective.WhichOneof("promise") or ""


@dataclass(frozen=True, kw_only=True)
class Compliance(Answer):
    """How a contract was complied with over a period."""

    # Credits, the SLX figure and what no clock measures.
    left_to_message: ClassVar[frozenset[str]] = frozenset(
        {"credits", "slx", "contained_credits", "credit_totals", "coverage"}
    )

    period: Period
    #: Ordered by their keys.
    groups: tuple[ComplianceGroup, ...]
    objectives: tuple[ObjectiveResult, ...]
    time_zone_database: str
    stamp: Stamp
    contract_id: str = field(default="", metadata=NOT_READ)
    #: By what the groups were made.
    group_by: tuple[GroupKey, ...] = field(default=(), metadata=NOT_READ)

    def to_pandas(self) -> "DataFrame":
        """A row for each group, in the order of their keys: see `slx.frames.of_groups`."""
        from slx import frames  # noqa: PLC0415 - pandas is optional

        return frames.of_groups(self.message, self.contract_id, self.group_by)

    def objectives_to_pandas(self) -> "DataFrame":
        """A row for each objective and period of its own: see `slx.frames.of_objectives`."""
        from slx import frames  # noqa: PLC0415 - pandas is optional

        return frames.of_objectives(self.message, self.contract_id)
