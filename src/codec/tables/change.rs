//! What became of a row of a table from one pull to the next.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_schema::{DataType, Field};

use super::notes::DESCRIPTION;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// There was none with its key.
    Added,
    /// It says something else now.
    Changed,
    /// There is none with its key any more; it is as it was last.
    Withdrawn,
}

impl RowChange {
    /// The name of the column.
    pub const COLUMN: &str = "change";

    const MEANING: &str = "What became of the row since the last pull: `added`, `changed`, or \
                           `withdrawn`, which is as it was last.";

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            RowChange::Added => "added",
            RowChange::Changed => "changed",
            RowChange::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn field() -> Field {
        let notes = HashMap::from([(DESCRIPTION.to_owned(), RowChange::MEANING.to_owned())]);
        Field::new(RowChange::COLUMN, DataType::Utf8, false).with_metadata(notes)
    }

    pub(super) fn array(changes: &[RowChange]) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(changes.iter().map(|change| change.word())))
    }
}
