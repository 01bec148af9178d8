//! Contracts: what was agreed, in effective-dated revisions.

mod condition;
mod credit;
mod exclusion;
mod experience;
mod finding;
mod lint;
mod objective;
pub mod presentation;
mod revisions;
mod terms;

pub use condition::{Condition, ConditionError, ConditionLimits};
pub use credit::{
    Bonus, Combination, Credit, CreditRule, CreditTier, Credits, Fee, Per, PeriodCap, ProRata,
    Steps,
};
pub use exclusion::ExclusionRule;
pub use experience::{
    ExperienceLimit, ExperienceMeasure, ExperiencePromise, ExperienceTerms, MINIMUM_REPORTED,
    SlxWeights,
};
pub use finding::{Finding, Severity};
pub use lint::lint;
pub use objective::{
    AgreedService, AttainmentPromise, AvailabilityPromise, DownWhen, MeanTimeToRestorePromise,
    Objective, OutagesPromise, PerformancePromise, PeriodKind, Promise, RequestsPromise,
};
pub use presentation::Presentation;
pub use revisions::{Effective, Revision, Revisions};
pub use terms::{
    ANSWERS, Answer, CATCH_ALL, ClockAction, Contract, ContractKind, CycleVerdict, Limit, Metric,
    OnPriorityChange, OnReopen, PauseRule, SAME_INSTANT_ORDER, Target, Terms, is_catch_all,
};
