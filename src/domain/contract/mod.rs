//! Contracts: what was agreed, in effective-dated revisions.

mod bounded_expression;
mod catch_all;
mod condition;
mod credit;
mod dependence;
mod exclusion;
mod experience;
mod expression;
mod finding;
mod in_order;
mod limit;
mod lint;
mod objective;
pub mod presentation;
mod record_condition;
mod revisions;
mod terms;

pub use bounded_expression::{ConditionError, ConditionLimits};
pub use catch_all::{CATCH_ALL, is_catch_all};
pub use condition::Condition;
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
pub use limit::{Allowed, Limit};
pub use lint::lint;
pub use objective::{
    AgreedService, AttainmentPromise, AvailabilityPromise, BacklogBound, BacklogPromise,
    ClockPromise, DownWhen, MeanTimePromise, MeanTimeToRestorePromise, Objective, OutagesPromise,
    PerformancePromise, PeriodKind, Promise, RequestsPromise,
};
pub use presentation::Presentation;
pub use record_condition::RecordCondition;
pub use revisions::{Effective, Revision, Revisions};
pub use terms::{
    ANSWERS, Answer, ClockAction, Contract, ContractKind, CycleVerdict, DueAt, Metric,
    OnPriorityChange, OnReopen, OnTransfer, OpenIncidents, PauseRule, PeriodTerms,
    SAME_INSTANT_ORDER, Target, Terms,
};
