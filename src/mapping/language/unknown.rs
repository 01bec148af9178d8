//! Values that a mapping does not know.

use std::fmt;

use super::field::FieldSource;

/// A value of a row that the mapping gives no meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownValue {
    /// The column it is of.
    pub column: String,
    pub value: String,
    reason: String,
}

impl UnknownValue {
    /// A value of a field, and why it is unknown.
    pub(super) fn of(field: &FieldSource, value: String, reason: String) -> UnknownValue {
        let column = field.column().unwrap_or_default().to_owned();
        UnknownValue { column, value, reason }
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.column, self.reason)
    }
}
