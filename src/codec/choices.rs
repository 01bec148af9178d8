//! How the choices of messages map to those of the domain: a table for each.

use chrono::Weekday;

use super::v1;
use crate::domain::calendar::hours::FirstWorkingDay;
use crate::domain::clock::{MissingReason, Outcome, Phase, SegmentKind};
use crate::domain::compliance::CountedAs;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::contract::{
    Answer, ClockAction, Combination, ContractKind, CycleVerdict, DownWhen, DueAt, Metric,
    OnPriorityChange, OnReopen, OnTransfer, OpenIncidents, PeriodTerms, ProRata, Severity, Steps,
};
use crate::domain::incident::{Party, Stage, WaitingOn};
use crate::domain::settlement::{Facet, FacetState, ItemKind};
use crate::domain::webhook::NoticeKind;
use crate::engine::answers::compliance::GroupKey;
use crate::engine::answers::objective_outlook::ForecastState;
use crate::engine::answers::period_result::NoDataReason;

/// Declares how an enum of the API maps to one of the domain: a decoder that refuses the
/// unspecified zero and unknown numbers, and an encoder.
macro_rules! choice {
    (
        $decode:ident, $encode:ident, $message:ty, $domain:ty,
        { $($from:ident = $to:path),+ $(,)? }
    ) => {
        /// Decodes the choice; it must be made.
        pub fn $decode(number: i32) -> Result<$domain, String> {
            let names = || [$(<$message>::$from.as_str_name()),+].join(", ");
            match <$message>::try_from(number) {
                $(Ok(<$message>::$from) => Ok($to),)+
                Ok(_) => Err(format!("is missing: choose one of {}", names())),
                Err(_) => Err(format!("{number} is unknown: choose one of {}", names())),
            }
        }

        /// Encodes the choice.
        pub fn $encode(choice: $domain) -> i32 {
            (match choice { $($to => <$message>::$from),+ }) as i32
        }
    };
}

/// The number of a choice, or the unspecified zero for the default.
pub fn unless_default<T: PartialEq>(choice: T, default: T, number: fn(T) -> i32) -> i32 {
    if choice == default { 0 } else { number(choice) }
}

choice!(weekday, weekday_number, v1::DayOfWeek, Weekday, {
    Monday = Weekday::Mon, Tuesday = Weekday::Tue, Wednesday = Weekday::Wed,
    Thursday = Weekday::Thu, Friday = Weekday::Fri, Saturday = Weekday::Sat,
    Sunday = Weekday::Sun,
});

choice!(missing_reason, missing_reason_number, v1::MissingClockReason, MissingReason, {
    NotOpened = MissingReason::NotOpened, NoContract = MissingReason::NoContract,
    ContractNotFound = MissingReason::ContractNotFound,
    ContractNotInForce = MissingReason::ContractNotInForce, NoTarget = MissingReason::NoTarget,
    TargetNotFound = MissingReason::TargetNotFound,
    CalendarNotFound = MissingReason::CalendarNotFound, NoLimit = MissingReason::NoLimit,
    LimitWithdrawn = MissingReason::LimitWithdrawn,
    ConditionFailed = MissingReason::ConditionFailed,
    DoesNotApply = MissingReason::DoesNotApply,
    TargetNotInForce = MissingReason::TargetNotInForce, NotStarted = MissingReason::NotStarted,
});

choice!(notice_kind, notice_kind_number, v1::NoticeKind, NoticeKind, {
    Started = NoticeKind::Started, Warned = NoticeKind::Warned, Breached = NoticeKind::Breached,
    Paused = NoticeKind::Paused, Resumed = NoticeKind::Resumed, Stopped = NoticeKind::Stopped,
    Cancelled = NoticeKind::Cancelled, Excluded = NoticeKind::Excluded, Moved = NoticeKind::Moved,
});

choice!(contract_kind, contract_kind_number, v1::ContractKind, ContractKind, {
    Sla = ContractKind::Sla, Ola = ContractKind::Ola, Uc = ContractKind::Uc,
});

choice!(metric, metric_number, v1::Metric, Metric, {
    Response = Metric::Response, Resolution = Metric::Resolution,
    Restoration = Metric::Restoration, Update = Metric::Update, NextReply = Metric::NextReply,
    Custom = Metric::Custom,
});

choice!(on_priority_change, on_priority_change_number, v1::OnPriorityChange, OnPriorityChange, {
    FromStart = OnPriorityChange::FromStart, FromChange = OnPriorityChange::FromChange,
    CarryElapsed = OnPriorityChange::CarryElapsed,
    CarryFraction = OnPriorityChange::CarryFraction, Frozen = OnPriorityChange::Frozen,
});

choice!(on_reopen, on_reopen_number, v1::OnReopen, OnReopen, {
    ContinueExcludingGap = OnReopen::ContinueExcludingGap,
    ContinueCountingGap = OnReopen::ContinueCountingGap, NewCycle = OnReopen::NewCycle,
    Restart = OnReopen::Restart, Ignore = OnReopen::Ignore,
});

choice!(on_transfer, on_transfer_number, v1::OnTransfer, OnTransfer, {
    FromTransfer = OnTransfer::FromTransfer, FromOpening = OnTransfer::FromOpening,
});

choice!(open_incidents, open_incidents_number, v1::OpenIncidents, OpenIncidents, {
    NotTakenOver = OpenIncidents::NotTakenOver, FromOpening = OpenIncidents::FromOpening,
    FromEffect = OpenIncidents::FromEffect,
});

choice!(first_working_day, first_working_day_number, v1::FirstWorkingDay, FirstWorkingDay, {
    DayAfterStart = FirstWorkingDay::DayAfterStart, DayOfStart = FirstWorkingDay::DayOfStart,
});

choice!(due_at, due_at_number, v1::DueAt, DueAt, {
    Closing = DueAt::Closing, NextOpening = DueAt::NextOpening,
});

choice!(cycle_verdict, cycle_verdict_number, v1::CycleVerdict, CycleVerdict, {
    First = CycleVerdict::First, Last = CycleVerdict::Last, Worst = CycleVerdict::Worst,
    Total = CycleVerdict::Total,
});

choice!(period_terms, period_terms_number, v1::PeriodTerms, PeriodTerms, {
    AtPeriodStart = PeriodTerms::AtPeriodStart, EachPart = PeriodTerms::EachPart,
});

choice!(no_data_reason, no_data_reason_number, v1::NoDataReason, NoDataReason, {
    NotInForce = NoDataReason::NotInForce, TooLittle = NoDataReason::TooLittle,
    CalendarUnknown = NoDataReason::CalendarUnknown,
});

choice!(answer, answer_number, v1::Answer, Answer, {
    Responded = Answer::Responded, ClientUpdated = Answer::ClientUpdated,
    Restored = Answer::Restored, Resolved = Answer::Resolved,
});

choice!(clock_action, clock_action_number, v1::ClockAction, ClockAction, {
    Stop = ClockAction::Stop, Restart = ClockAction::Restart, Cancel = ClockAction::Cancel,
    Pause = ClockAction::Pause, Resume = ClockAction::Resume,
});

/// Encodes how a period counts a target.
pub fn counted_as_number(counted: CountedAs) -> i32 {
    (match counted {
        CountedAs::Met => v1::CountedAs::Met,
        CountedAs::Breached => v1::CountedAs::Breached,
        CountedAs::Cancelled => v1::CountedAs::Cancelled,
        CountedAs::Excluded => v1::CountedAs::Excluded,
        CountedAs::Undecided => v1::CountedAs::Undecided,
    }) as i32
}

/// Encodes the outcome that a period counts a target by.
pub fn counted_outcome_number(counted: CountedAs) -> i32 {
    outcome_number(match counted {
        CountedAs::Met => Outcome::Met,
        CountedAs::Breached => Outcome::Breached,
        CountedAs::Excluded => Outcome::Excluded,
        CountedAs::Cancelled | CountedAs::Undecided => Outcome::Undecided,
    })
}

choice!(severity, severity_number, v1::FindingSeverity, Severity, {
    Warning = Severity::Warning, Error = Severity::Error,
});

choice!(objective_period, objective_period_number, v1::ObjectivePeriod, ObjectivePeriod, {
    Month = ObjectivePeriod::Month, Quarter = ObjectivePeriod::Quarter,
    Year = ObjectivePeriod::Year, RollingDays = ObjectivePeriod::RollingDays,
});

choice!(down_when, down_when_number, v1::DownWhen, DownWhen, {
    Any = DownWhen::Any, All = DownWhen::All,
});

choice!(waiting_on, waiting_on_number, v1::WaitingOn, WaitingOn, {
    Provider = WaitingOn::Provider, Client = WaitingOn::Client,
    ThirdParty = WaitingOn::ThirdParty, Nobody = WaitingOn::Nobody,
});

choice!(party, party_number, v1::Party, Party, {
    Provider = Party::Provider, Client = Party::Client, ThirdParty = Party::ThirdParty,
});

choice!(stage, stage_number, v1::IncidentState, Stage, {
    AwaitingOpening = Stage::AwaitingOpening, Open = Stage::Open, Resolved = Stage::Resolved,
    Closed = Stage::Closed, Cancelled = Stage::Cancelled, Merged = Stage::Merged,
});

choice!(phase, phase_number, v1::Phase, Phase, {
    Pending = Phase::Pending, Running = Phase::Running, Paused = Phase::Paused,
    Stopped = Phase::Stopped, Cancelled = Phase::Cancelled,
});

choice!(outcome, outcome_number, v1::Outcome, Outcome, {
    Undecided = Outcome::Undecided, Met = Outcome::Met, Breached = Outcome::Breached,
    Transferred = Outcome::Transferred, Excluded = Outcome::Excluded,
});

choice!(segment_kind, segment_kind_number, v1::SegmentKind, SegmentKind, {
    Pending = SegmentKind::Pending, Running = SegmentKind::Running, Paused = SegmentKind::Paused,
    PauseExhausted = SegmentKind::PauseExhausted, ResolvedGap = SegmentKind::ResolvedGap,
    Adjustment = SegmentKind::Adjustment, CancelledGap = SegmentKind::CancelledGap,
});

choice!(group_key, group_key_number, v1::GroupKey, GroupKey, {
    Target = GroupKey::Target, Priority = GroupKey::Priority, Service = GroupKey::Service,
    Category = GroupKey::Category, Group = GroupKey::Group, Party = GroupKey::Party,
});

/// Decodes what forecasts of objectives are grouped by, if they are.
pub fn forecast_group_key(number: i32) -> Result<Option<GroupKey>, String> {
    match v1::ForecastGroupKey::try_from(number) {
        Ok(v1::ForecastGroupKey::Unspecified) => Ok(None),
        Ok(v1::ForecastGroupKey::Service) => Ok(Some(GroupKey::Service)),
        Ok(v1::ForecastGroupKey::Category) => Ok(Some(GroupKey::Category)),
        Ok(v1::ForecastGroupKey::Group) => Ok(Some(GroupKey::Group)),
        Err(_) => Err(format!("{number} is unknown: choose a service, a category or a group")),
    }
}

choice!(forecast_state, forecast_state_number, v1::ForecastState, ForecastState, {
    Decided = ForecastState::Decided, GoesOn = ForecastState::GoesOn,
    ToCome = ForecastState::ToCome, Beyond = ForecastState::Beyond,
});

choice!(verdict, verdict_number, v1::ObjectiveVerdict, Verdict, {
    Met = Verdict::Met, Missed = Verdict::Missed, AtRisk = Verdict::AtRisk,
    NoData = Verdict::NoData,
});

choice!(item_kind, item_kind_number, v1::SettlementKind, ItemKind, {
    OutOfScope = ItemKind::OutOfScope, Excluded = ItemKind::Excluded, Credit = ItemKind::Credit,
    DecisionOpen = ItemKind::DecisionOpen, Other = ItemKind::Other, Bonus = ItemKind::Bonus,
    ExcludedOutage = ItemKind::ExcludedOutage,
});

choice!(combination, combination_number, v1::CreditCombination, Combination, {
    Sum = Combination::Sum, HighestOnly = Combination::HighestOnly,
});

choice!(pro_rata, pro_rata_number, v1::FeeProRata, ProRata, {
    Days = ProRata::Days, WholeMonth = ProRata::WholeMonth,
});

choice!(step_count, step_count_number, v1::StepCount, Steps, {
    Started = Steps::Started, Full = Steps::Full,
});

choice!(facet, facet_number, v1::SettlementFacet, Facet, {
    Technical = Facet::Technical, Administrative = Facet::Administrative,
    Financial = Facet::Financial,
});

choice!(settlement_state, settlement_state_number, v1::SettlementState, FacetState, {
    Open = FacetState::Open, Agreed = FacetState::Agreed, Waived = FacetState::Waived,
});

/// A kind of period of an objective, without the number of days.
#[derive(Clone, Copy, Debug)]
pub enum ObjectivePeriod {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// So many days.
    RollingDays,
}
