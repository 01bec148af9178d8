//! Contracts: what was agreed, in effective-dated revisions.

mod condition;
mod credit;
mod exclusion;
mod experience;
mod finding;
mod lint;
mod objective;
mod revisions;
mod terms;

pub use condition::{Condition, ConditionError, ConditionLimits};
pub use credit::{CreditRule, CreditTier, Credits};
pub use exclusion::ExclusionRule;
pub use experience::{
    ExperienceLimit, ExperienceMeasure, ExperiencePromise, ExperienceTerms, SlxWeights,
};
pub use finding::{Finding, Severity};
pub use lint::lint;
pub use objective::{
    AgreedService, AttainmentPromise, AvailabilityPromise, Objective, OutagesPromise,
    PerformancePromise, PeriodKind, Promise,
};
pub use revisions::{Effective, Revision, Revisions};
pub use terms::{
    ClockAction, Contract, ContractKind, CycleVerdict, DueAt, Limit, Metric, OnPriorityChange,
    OnReopen, OnTransfer, OpenIncidents, PauseRule, SAME_INSTANT_ORDER, Target, Terms,
};
