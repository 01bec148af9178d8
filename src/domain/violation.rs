//! Violations: which field of an input is wrong, by its path, and what would be right.

use std::fmt;

/// One violation in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path from the top of the message: `terms.targets[2].limits[0].limit`.
    pub field: String,
    /// What is wrong and what would be right, as a sentence for the person who sent it.
    pub description: String,
    /// Whether the field is an instant outside the supported range.
    pub is_out_of_range: bool,
}

impl Violation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Violation {
        let (field, description) = (field.into(), description.into());
        Violation { field, description, is_out_of_range: false }
    }

    /// A violation of `field`, which holds an instant outside the supported range.
    pub fn out_of_range(field: impl Into<String>, description: impl Into<String>) -> Violation {
        Violation { is_out_of_range: true, ..Violation::new(field, description) }
    }

    /// The same violation with its path prefixed by `parent`.
    pub fn within(self, parent: &str) -> Violation {
        let field = match (parent, self.field.as_str()) {
            (parent, "") => parent.to_owned(),
            ("", field) => field.to_owned(),
            (parent, field) => format!("{parent}.{field}"),
        };
        Violation { field, ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}
