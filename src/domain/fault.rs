//! What is wrong with an input: the field, by its path, and what would be right.

use std::fmt;

/// One fault in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's path from the top of the message: `terms.targets[2].limits[0].limit`.
    pub field: String,
    /// What is wrong and what would be right, as a sentence for the person who sent it.
    pub description: String,
    /// The field holds an instant outside the supported range.
    pub is_out_of_range: bool,
}

impl Fault {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Fault {
        let (field, description) = (field.into(), description.into());
        Fault { field, description, is_out_of_range: false }
    }

    /// A fault of `field`, which holds an instant outside the supported range.
    pub fn out_of_range(field: impl Into<String>, description: impl Into<String>) -> Fault {
        Fault { is_out_of_range: true, ..Fault::new(field, description) }
    }

    /// The same fault seen from one level further out.
    pub fn within(self, parent: &str) -> Fault {
        let field = match (parent, self.field.as_str()) {
            (parent, "") => parent.to_owned(),
            ("", field) => field.to_owned(),
            (parent, field) => format!("{parent}.{field}"),
        };
        Fault { field, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}
