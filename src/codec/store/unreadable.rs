//! Why stored bytes can't be read.

use crate::codec::violations::Wrong;
use crate::domain::violation::Violation;

/// Why stored bytes can't be read: they passed their checksum, so another version wrote them or
/// they are a defect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl From<Vec<Violation>> for Unreadable {
    fn from(violations: Vec<Violation>) -> Unreadable {
        Unreadable(violations.first().map_or("it is incomplete".to_owned(), Violation::to_string))
    }
}

impl From<prost::DecodeError> for Unreadable {
    fn from(error: prost::DecodeError) -> Unreadable {
        Unreadable(error.to_string())
    }
}

impl From<Wrong> for Unreadable {
    fn from(wrong: Wrong) -> Unreadable {
        Unreadable::from(wrong.into_violations())
    }
}

impl From<String> for Unreadable {
    fn from(error: String) -> Unreadable {
        Unreadable(error)
    }
}
