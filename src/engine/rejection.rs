//! Rejections: why a command or query is refused.

use crate::domain::contract::Finding;
use crate::domain::time::Instant;
use crate::domain::violation::Violation;

/// Why a command or query is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Fields are missing, malformed or out of range.
    #[error("{}", summary(.0))]
    Invalid(Vec<Violation>),
    /// There is no such calendar.
    #[error("there is no calendar {0:?}")]
    CalendarNotFound(String),
    /// There is no such contract.
    #[error("there is no contract {0:?}")]
    ContractNotFound(String),
    /// Nothing is recorded of the tenant.
    #[error("nothing is recorded of tenant {0:?}")]
    TenantNotFound(String),
    /// Notices can't be resumed from there.
    #[error("notices can't be resumed from there: {0}: list the clocks, and watch from then on")]
    ResumePointExpired(&'static str),
    /// What changed in a table can't be given from there.
    #[error("changes can't be given from there: {0}: pull the whole table, and go on from that")]
    PullExpired(&'static str),
    /// There is no such incident.
    #[error("there is no incident {0:?}")]
    IncidentNotFound(String),
    /// There are no such incidents.
    #[error("there are no incidents {}", quoted(.0))]
    IncidentsNotFound(Vec<String>),
    /// There is no such item to settle.
    #[error("there is no item {0:?} to settle: slx settle lists them")]
    ItemNotFound(String),
    /// There is no such webhook.
    #[error("there is no webhook {0:?}")]
    WebhookNotFound(String),
    /// The id is recorded with other content.
    #[error("{kind} {id:?} is already recorded, as sequence {sequence}, with other content")]
    EventConflict {
        /// What the id names: `event`, `signature`, `settlement item`, `decision`.
        kind: &'static str,
        /// The id.
        id: String,
        /// The sequence of the record.
        sequence: u64,
    },
    /// The lint found errors in the contract.
    #[error("the contract can't be evaluated so: {}", first(.0))]
    Unsound(Vec<Finding>),
    /// The contract has ended.
    #[error("contract {0:?} has ended: a revision would never rule")]
    ContractEnded(String),
    /// The latest revision is not the expected one.
    #[error(
        "expected revision {expected}, but the present one is {present}: read it and try again"
    )]
    RevisionConflict {
        /// The number expected; 0: no revision.
        expected: u32,
        /// The number of the latest revision; 0: there is none.
        present: u32,
    },
    /// A limit would be exceeded.
    #[error("{what} may hold at most {most} {unit}")]
    LimitExceeded {
        /// What would be too large.
        what: &'static str,
        /// How much it may hold.
        most: usize,
        /// The unit of that: `events`.
        unit: &'static str,
    },
    /// The request needs a period that has ended.
    #[error("period {period} goes on until {end}: its review can be signed then")]
    PeriodGoesOn {
        /// The name of the period: `2026-10`, `2026-Q3` or `2026`.
        period: String,
        /// When it ends.
        end: Instant,
    },
    /// The review was requested as it was signed, but is not signed.
    #[error("the review of {period} of contract {contract_id:?} was not signed by then")]
    NotSigned {
        /// The id of the contract.
        contract_id: String,
        /// The name of the period: `2026-10`, `2026-Q3` or `2026`.
        period: String,
    },
    /// The journal has not reached the sequence that the answer must include.
    #[error("the journal reaches sequence {present}, not {requested}")]
    SequenceNotReached {
        /// The sequence requested.
        requested: i64,
        /// The last sequence of the journal.
        present: u64,
    },
    /// The page token is not from this store, or belongs to other arguments.
    #[error("the page token is not one this store gave for these arguments: start from page one")]
    InvalidPageToken,
    /// An answer would lie outside 1970 to 2199.
    #[error("{0}")]
    TimeOutOfRange(String),
}

impl Rejection {
    /// The rejection of a request with one wrong field.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Rejection {
        Rejection::Invalid(vec![Violation::new(field, description)])
    }
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("{id:?}")).collect::<Vec<_>>().join(", ")
}

fn summary(violations: &[Violation]) -> String {
    let first = violations.first().map(Violation::to_string).unwrap_or_default();
    match violations.len() {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

fn first(findings: &[Finding]) -> String {
    let text =
        findings.first().map(|finding| format!("{}: {}", finding.field, finding.description));
    text.unwrap_or_default()
}
