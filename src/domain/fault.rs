//! What is wrong with an input: the field, by its path, and what would be right.

use std::fmt;

/// One fault in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's path from the top of the message: `terms.targets[2].limits[0].limit`.
    pub field: String,
    /// What is wrong and what would be right, as a sentence for the person who sent it.
    pub description: String,
}

impl Fault {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Fault {
        Fault { field: field.into(), description: description.into() }
    }

    /// The same fault seen from one level further out.
    pub fn within(self, parent: &str) -> Fault {
        let field = match self.field.is_empty() {
            true => parent.to_owned(),
            false => format!("{parent}.{}", self.field),
        };
        Fault { field, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}
