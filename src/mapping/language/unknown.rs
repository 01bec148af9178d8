//! Values that a mapping does not know.

use std::borrow::Cow;
use std::fmt;

use super::field::FieldSource;

/// Characters of a value that are repeated: as many rows may have one as long as the payload.
const VALUE_CHARS_MAX: usize = 100;

/// A value of a row that the mapping gives no meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownValue {
    /// The column it is of.
    pub column: String,
    /// As much of it as is repeated.
    pub value: String,
    reason: String,
}

impl UnknownValue {
    /// A value of a field, and why it is unknown, by as much of it as is repeated.
    pub(super) fn of(
        field: &FieldSource,
        value: &str,
        reason: impl FnOnce(&str) -> String,
    ) -> UnknownValue {
        let column = field.column().unwrap_or_default().to_owned();
        let value = begin_of(value, VALUE_CHARS_MAX).into_owned();
        let reason = reason(&value);
        UnknownValue { column, value, reason }
    }
}

/// The first characters of a text, if it has more than so many.
pub(crate) fn begin_of(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}\u{2026}", text.get(..end).unwrap_or_default())),
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.column, self.reason)
    }
}
