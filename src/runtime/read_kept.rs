//! Keeps what a question evaluated, for those that follow.

use super::kept_evaluations::{KeptLook, RenewedIncidents};
use super::read_view::ReadView;

impl ReadView<'_> {
    /// Keeps what was evaluated of incidents that were looked up by this view's index, for the
    /// questions that follow.
    pub fn keep(&self, contract: &str, look: &KeptLook, evaluated: &RenewedIncidents) {
        let kept = &self.origin.sources.cache.kept_evaluations;
        kept.keep(&self.tenant, contract, look.turn, evaluated);
    }
}
