//! What the lint of a contract finds.

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Can't be evaluated so.
    Error,
}

/// Something the lint found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How serious.
    pub severity: Severity,
    /// The field's path from the contract.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

impl Finding {
    /// Something that can't be evaluated so.
    pub(super) fn error(field: impl Into<String>, description: impl Into<String>) -> Finding {
        let severity = Severity::Error;
        Finding { severity, field: field.into(), description: description.into() }
    }

    /// Something that is worth a look.
    pub(super) fn warning(field: impl Into<String>, description: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(field, description) }
    }
}
