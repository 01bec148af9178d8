//! What a read view has of learning.

use std::sync::Arc;

use super::learning::{Learnt, LearntUpTo};
use super::past_learning::PastQuestion;
use super::query_error::QueryError;
use super::read_view::{Origin, ReadView};
use crate::engine::learning::{Learned, Ledgers};
use crate::engine::ledger::Ledger;
use crate::engine::occurred::AsOccurred;
use crate::views::ViewsError;

impl ReadView<'_> {
    /// What was learnt of a contract's clocks: by now as far as it is learnt, which
    /// [`ReadView::learnt_up_to`] says; by another instant what is known and had occurred by then.
    /// A question about one before what is final is slow: that is learnt from the beginning.
    pub fn learned(&self, contract: &str) -> Result<Arc<Learned>, QueryError> {
        self.check_index_is_free();
        self.check_wanted()?;
        // Nothing is learnt, or held, of what does not exist.
        if self.known().contract(contract).all().is_empty() {
            return Ok(Arc::default());
        }
        let is_present = self.request.as_of.is_none() && self.request.known.is_none();
        let Origin { learnings, .. } = self.origin;
        let learnt = match is_present {
            true => learnings.now(&self.tenant, contract, self.point, self.learnt.as_ref()),
            false => self.learnt_by_then(contract)?,
        };
        let _ = self.learnt_up_to.set(learnt.up_to);
        Ok(learnt.learned)
    }

    /// How far what [`ReadView::learned`] gave was learnt; `None`: it gave nothing.
    pub fn learnt_up_to(&self) -> Option<LearntUpTo> {
        self.learnt_up_to.get().copied()
    }

    fn learnt_by_then(&self, contract: &str) -> Result<Learnt, QueryError> {
        let (point, Origin { learnings, .. }) = (self.point, self.origin);
        if let Some(exact) = learnings.exact(&self.tenant, contract, point) {
            return Ok(exact);
        }
        let question =
            PastQuestion { tenant: self.tenant.clone(), contract: contract.to_owned(), point };
        let learned =
            learnings.past.learned(&question, self.patience(), || self.learn(contract))?;
        let up_to = LearntUpTo { sequence: point.sequence, until: Some(point.times.as_of) };
        Ok(Learnt { learned, up_to })
    }

    /// Learns what is known and had occurred by the times of the view.
    fn learn(&self, contract: &str) -> Result<Arc<Learned>, QueryError> {
        let bases = self.origin.learnings.bases(&self.tenant, self.point, self.patience())?;
        let bases = bases.as_ref().and_then(|published| published.bases.as_ref());
        let (as_of, known) = (self.point.times.as_of, self.known());
        let fold = bases.map(|bases| bases.past(as_of, known, &mut self.clone())).transpose()?;
        if let Some(fold) = fold.flatten() {
            return Ok(fold.of(contract));
        }
        // From the facts that had occurred by then, though they were recorded later.
        let ids = self.incident_ids(contract, "");
        AsOccurred::new(self.clone(), self.point.times).learned(ids, contract, known)
    }
}

impl Ledgers for ReadView<'_> {
    type Error = QueryError;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, QueryError> {
        match self.origin.learnings.is_closed() {
            true => Err(ViewsError::Closed.into()),
            false => self.scanned_ledger(incident_id),
        }
    }
}
