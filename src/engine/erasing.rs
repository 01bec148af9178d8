//! Whether a text can be erased without changing a verdict.

use super::catalog::Catalog;
use super::rejection::Rejection;
use crate::domain::time::Instant;

/// The one personal text that conditions read.
const ASSIGNEE: &str = "assignee";

/// Refuses to erase a text that a condition of a contract may go by: incidents would no longer be
/// evaluated as they were.
///
/// # Errors
/// A revision of a contract, present or past, has a condition that reads the assignee otherwise
/// than by comparing it with nothing or with another text.
pub fn check_erasable(catalog: &Catalog, text: &str) -> Result<(), Rejection> {
    let mut conditions = catalog.conditions(Instant::MAX);
    match conditions.find(|(_, condition)| condition.may_go_by(ASSIGNEE, text)) {
        Some((contract, condition)) => {
            let source = condition.source();
            let description = format!(
                "contract {contract:?} may go by this text, so it can't be erased: {source}"
            );
            Err(Rejection::field("subject", description))
        }
        None => Ok(()),
    }
}
