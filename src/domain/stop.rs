//! Work that nobody waits for any more.

use std::fmt::Debug;

/// Says whether work is still wanted. It is looked at wherever an incident's moments are walked, so
/// that even one long incident is let go of at once.
pub trait Stop: Debug + Send + Sync {
    /// Whether to stop. Once true, it stays true, and whatever was computed meanwhile may lack
    /// something: whoever began the work discards it.
    fn is_stopped(&self) -> bool;
}
