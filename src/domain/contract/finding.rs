//! What the lint of a contract finds.

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The contract can be put, but probably does not mean what it says.
    Warning,
    /// The contract can't be evaluated and is refused.
    Error,
}

/// Something the lint found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// The field's path from the contract.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

impl Finding {
    /// A finding for which the contract is refused.
    pub(super) fn error(field: impl Into<String>, description: impl Into<String>) -> Finding {
        let severity = Severity::Error;
        Finding { severity, field: field.into(), description: description.into() }
    }

    /// A finding with which the contract can still be put.
    pub(super) fn warning(field: impl Into<String>, description: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(field, description) }
    }
}
