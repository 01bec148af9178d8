//! The index as it stands: what is gathered from it for one question, before it is evaluated.

use std::collections::BTreeSet;
use std::ops::Range;

use parking_lot::RwLockReadGuard;

use super::keeper::Carried;
use crate::domain::compliance::Tally;
use crate::domain::time::Instant;
use crate::engine::index::Shelf;
use crate::engine::tally::{Counted, Day, Dimension};
use crate::views::{ClockKey, FiledClock, IncidentKey, Views, ViewsError};

/// A tenant's part of the index. It does not change while this lives, for nobody: drop it as soon
/// as everything is gathered, and call nothing of a view that scans ids before.
#[derive(Debug)]
pub struct IndexReader<'e> {
    _index: RwLockReadGuard<'e, Carried>,
    views: &'e Views,
    tenant: String,
}

impl<'e> IndexReader<'e> {
    pub(super) fn new(
        index: RwLockReadGuard<'e, Carried>,
        views: &'e Views,
        tenant: String,
    ) -> IndexReader<'e> {
        IndexReader { _index: index, views, tenant }
    }

    /// The clocks on a shelf of a contract from an instant on, of that instant from an incident on,
    /// in order.
    pub fn clocks<'i>(
        &'i self,
        contract: &str,
        shelf: Shelf,
        (time, incident): (Instant, &str),
    ) -> impl Iterator<Item = Result<FiledClock, ViewsError>> + use<'i, 'e> {
        let from = ClockKey { tenant: &self.tenant, contract, shelf, time, incident };
        self.views.clocks(&from)
    }

    /// The incidents with clocks on a shelf of a contract from one instant up to another, the last
    /// of all included.
    pub fn incidents_on(
        &self,
        contract: &str,
        shelf: Shelf,
        (from, until): (Instant, Instant),
    ) -> Result<BTreeSet<String>, ViewsError> {
        let mut found = BTreeSet::new();
        for filed in self.clocks(contract, shelf, (from, "")) {
            let filed = filed?;
            if filed.time >= until && until < Instant::MAX {
                break;
            }
            found.insert(filed.incident);
        }
        Ok(found)
    }

    /// The incidents with facts that occur after an instant: the index shows them as they will be
    /// then, so they are evaluated by themselves.
    pub fn future_dated(&self, as_of: Instant) -> Result<BTreeSet<String>, ViewsError> {
        self.views.unsettled_ids(&self.tenant, as_of).collect()
    }

    /// What an incident has added to the tallies.
    pub fn contribution(&self, incident: &str) -> Result<Counted, ViewsError> {
        let (_, filed) = self.views.ledger(&IncidentKey::new(&self.tenant, incident))?;
        Ok(filed.counted)
    }

    /// What is added up of a contract on some days, by value, target and priority.
    pub fn cells<'i>(
        &'i self,
        contract: &str,
        dimension: Dimension,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<([String; 3], Tally), ViewsError>> + use<'i, 'e> {
        self.views.cells(&self.tenant, contract, dimension, days)
    }
}
