//! Rows that could not be taken.

/// A row that could not be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// The line it begins on.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// A rejected row, as it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct RejectedRow {
    pub reject: Reject,
    pub row: String,
}
