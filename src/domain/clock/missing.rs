//! Why an incident has no clock of a target: what is not measured must be seen.

use crate::domain::contract::Target;

/// A clock that an incident does not have, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingClock<'a> {
    /// The contract; empty: the incident's opening names none, or is not known.
    pub contract_id: &'a str,
    /// The target; empty: no target of the contract has a clock, for this one reason.
    pub target_id: &'a str,
    /// Why.
    pub reason: MissingReason,
    /// What the reason is about: the priority, or the id of the calendar or contract; empty:
    /// nothing more, or an incident without a priority.
    pub value: &'a str,
    /// What was probably meant instead of `value`; empty: nothing is near.
    pub meant: &'a str,
}

/// Why there is no clock. The first that holds is given; of several targets without a clock, the
/// first in this order speaks for the incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingReason {
    /// Facts of the incident are known, but not that it was opened.
    NotOpened,
    /// Its opening names no contract.
    NoContract,
    /// There is no such contract.
    ContractNotFound,
    /// The contract was not in force when the incident was opened.
    ContractNotInForce,
    /// The contract has no target.
    NoTarget,
    /// There is no such target: of events that name one.
    TargetNotFound,
    /// The calendar of the limit, or its time zone, is not known.
    CalendarNotFound,
    /// The priority has no limit, and had none since the clock started.
    NoLimit,
    /// The priority changed to one without a limit, before the clock was decided.
    LimitWithdrawn,
    /// `applies_when` can't be evaluated on this incident.
    ConditionFailed,
    /// `applies_when` is false.
    DoesNotApply,
    /// The target was not in force when it would have started.
    TargetNotInForce,
    /// Nothing started it while the contract was in force.
    NotStarted,
}

impl MissingReason {
    /// Whether a target without a clock is a gap in what is measured even where another target of
    /// the contract has one. Targets that do not apply, and those that were not in force or never
    /// started, are as agreed.
    pub fn is_gap(self) -> bool {
        use MissingReason as Reason;
        matches!(
            self,
            Reason::CalendarNotFound
                | Reason::NoLimit
                | Reason::LimitWithdrawn
                | Reason::ConditionFailed
        )
    }
}

/// What in `choices` was probably meant by `value`: the same but for case and the space around it.
pub fn meant<'a>(value: &str, choices: impl Iterator<Item = &'a str>) -> &'a str {
    let plain = |text: &str| text.trim().to_lowercase();
    let wanted = plain(value);
    let mut near = choices.filter(|choice| !wanted.is_empty() && *choice != value);
    near.find(|choice| plain(choice) == wanted).unwrap_or_default()
}

/// What in a target's limits was probably meant by a priority that has none.
pub fn meant_priority<'a>(priority: &str, target: &'a Target) -> &'a str {
    meant(priority, target.limits.iter().map(|limit| limit.priority.as_str()))
}

impl MissingClock<'_> {
    /// Why, in words: `priority P9 has no limit in workplace`.
    pub fn describe(&self) -> String {
        let MissingClock { contract_id, target_id, reason, value, meant } = *self;
        let place = match target_id {
            "" => contract_id.to_owned(),
            target => format!("target {target} of {contract_id}"),
        };
        let priority = if value.is_empty() { "no priority".to_owned() } else { shown(value) };
        let text = match reason {
            MissingReason::NotOpened => "its opening is not known".to_owned(),
            MissingReason::NoContract => "its opening names no contract".to_owned(),
            MissingReason::ContractNotFound => {
                format!("contract {contract_id} does not exist")
            }
            MissingReason::ContractNotInForce => {
                format!("contract {contract_id} was not in force when the incident came under it")
            }
            MissingReason::NoTarget => format!("contract {contract_id} has no target"),
            MissingReason::TargetNotFound => format!("{place} does not exist"),
            MissingReason::CalendarNotFound => {
                format!("calendar {value} of {place} or its time zone is not known")
            }
            MissingReason::NoLimit if value.is_empty() => {
                format!("it has no priority, for which there is no limit in {place}")
            }
            MissingReason::NoLimit => format!("priority {priority} has no limit in {place}"),
            MissingReason::LimitWithdrawn => {
                format!("the priority changed to {priority}, which has no limit in {place}")
            }
            MissingReason::ConditionFailed => {
                format!("applies_when of {place} can't be evaluated on it")
            }
            MissingReason::DoesNotApply => format!("{place} does not apply to it"),
            MissingReason::TargetNotInForce => format!("{place} was not in force when it began"),
            MissingReason::NotStarted => {
                format!("nothing started {place} while the contract was in force")
            }
        };
        match meant {
            "" => text,
            meant => format!("{text}: did you mean {}?", shown(meant)),
        }
    }
}

/// A value as it stands in a sentence: in quotes where space would be overlooked.
fn shown(value: &str) -> String {
    match value.trim() == value && !value.chars().any(char::is_control) {
        true => value.to_owned(),
        false => format!("{value:?}"),
    }
}
