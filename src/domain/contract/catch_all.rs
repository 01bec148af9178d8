//! The limit of every priority that is not named.

/// What stands in the place of a priority for every priority not named.
pub const CATCH_ALL: &str = "*";

/// Whether the priority of a limit stands for every priority not named.
pub fn is_catch_all(priority: &str) -> bool {
    priority.is_empty() || priority == CATCH_ALL
}
