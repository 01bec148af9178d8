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
    let found = catalog.conditions(Instant::MAX).find(|(_, source)| may_go_by(source, text));
    match found {
        Some((contract, source)) => {
            let description = format!(
                "contract {contract:?} may go by this text, so it can't be erased: {source}"
            );
            Err(Rejection::field("subject", description))
        }
        None => Ok(()),
    }
}

/// Whether a condition may hold otherwise once this text is another: each place where it reads the
/// assignee must be `changed.assignee`, or be compared with a text that is not this one.
fn may_go_by(source: &str, text: &str) -> bool {
    source.match_indices(ASSIGNEE).any(|(at, _)| {
        let before = source.get(..at).unwrap_or_default().trim_end();
        let after = source.get(at + ASSIGNEE.len()..).unwrap_or_default();
        if before.ends_with("changed.") {
            return false;
        }
        compared_with(after).is_none_or(|other| other == text)
    })
}

/// The plain text that what stands before is compared with, if that is all that is done with it.
fn compared_with(after: &str) -> Option<&str> {
    let after = after.trim_start();
    let operand = after.strip_prefix("==").or_else(|| after.strip_prefix("!="))?.trim_start();
    let quote = operand.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let (text, rest) = operand.strip_prefix(quote)?.split_once(quote)?;
    let rest = rest.trim_start();
    let ends = ["&&", "||", ")", "?", ":"];
    let is_all = rest.is_empty() || ends.iter().any(|end| rest.starts_with(end));
    (is_all && !text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_may_go_by_a_text_keeps_it_from_being_erased() {
        for source in [
            "assignee == 'Jane'",
            "priority == 'P1' || (assignee != \"Jane\")",
            "assignee.startsWith('J')",
            "'Jane' == assignee",
            "assignee in ['Jane', 'Bob']",
            "assignee == group",
            "assignee == 'Ja' + 'ne'",
            "assignee == 'J\\x61ne'",
            "size(assignee) > 3",
            "assignee < 'K'",
            "attributes.owner == assignee",
        ] {
            assert!(may_go_by(source, "Jane"), "{source}");
        }
        for source in [
            "assignee == ''",
            "changed.assignee && assignee != ''",
            "(assignee == 'Bob') && priority == 'P1'",
            "priority == 'Jane'",
        ] {
            assert!(!may_go_by(source, "Jane"), "{source}");
        }
    }
}
