//! Contracts: what was agreed, in effective-dated revisions.

mod condition;
mod lint;
mod revisions;
mod terms;

pub use condition::{Condition, ConditionError};
pub use lint::{Finding, Severity, lint};
pub use revisions::{Effective, Revision, Revisions};
pub use terms::{
    ClockAction, Contract, ContractKind, CycleVerdict, Limit, Metric, OnPriorityChange, OnReopen,
    PauseRule, SAME_INSTANT_ORDER, Target, Terms,
};
