//! The rows of many incidents, read in the order of their ids.
//!
//! Where the incidents that are wanted lie close together, each is the next row of a scan, which
//! costs a fraction of looking it up by its key. Where others lie between them, a few are passed
//! over, and beyond that it is looked up.

use sled::IVec;

use super::error::ViewsError;
use super::keys::{self, IncidentKey};
use super::read::Views;
use crate::codec::store::incident_row;
use crate::domain::ids::TenantId;
use crate::engine::ledger::Ledger;

/// Rows that are passed over rather than looking up the one that is wanted.
const PASSED_OVER_MAX: usize = 8;

type Row = Result<(IVec, IVec), ViewsError>;

/// Reads the rows of a tenant's incidents, each once.
pub struct IncidentRows<'v> {
    views: &'v Views,
    tenant: &'v TenantId,
    /// Rows from some key on, and the first of them, if it was looked at.
    rows: Option<Box<dyn Iterator<Item = Row> + 'v>>,
    next: Option<(IVec, IVec)>,
    /// The key that was read last.
    last: Option<IncidentKey>,
}

impl std::fmt::Debug for IncidentRows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IncidentRows").field("tenant", self.tenant).finish_non_exhaustive()
    }
}

impl Views {
    /// Everything recorded about an incident, without under what it is indexed, for a scan.
    pub fn events(&self, key: &IncidentKey) -> Result<Ledger, ViewsError> {
        match self.store()?.get_in_passing(key.as_bytes())? {
            Some(row) => Ok(incident_row::decode_events(&key.parts().1, &row, &self.names)?),
            None => Ok(Ledger::default()),
        }
    }

    /// Reads rows of a tenant's incidents as they are from now on: what is written after the first
    /// was read may be seen or not.
    pub fn incident_rows<'v>(&'v self, tenant: &'v TenantId) -> IncidentRows<'v> {
        IncidentRows { views: self, tenant, rows: None, next: None, last: None }
    }
}

impl IncidentRows<'_> {
    /// Everything recorded about an incident. It costs least where its id follows that of the one
    /// before.
    pub fn events(&mut self, incident: &str, key: IncidentKey) -> Result<Ledger, ViewsError> {
        if self.last.as_ref().is_some_and(|last| key <= *last) {
            (self.rows, self.next) = (None, None);
        }
        self.go_to(&key)?;
        let row = self.next.take_if(|(found, _)| **found == *key.as_bytes());
        self.last = Some(key);
        match row {
            Some((_, row)) => Ok(incident_row::decode_events(incident, &row, &self.views.names)?),
            None => Ok(Ledger::default()),
        }
    }

    /// Goes on to the first row that is not before a key.
    fn go_to(&mut self, key: &IncidentKey) -> Result<(), ViewsError> {
        let is_before = |next: &(IVec, IVec)| *next.0 < *key.as_bytes();
        for _ in 0..PASSED_OVER_MAX {
            if self.next.as_ref().is_some_and(|next| !is_before(next)) {
                return Ok(());
            }
            let Some(rows) = &mut self.rows else { break };
            self.next = rows.next().transpose()?;
            if self.next.is_none() {
                return Ok(());
            }
        }
        if self.next.as_ref().is_none_or(is_before) {
            if self.rows.is_some() {
                // Few of a page's rows are wanted.
                self.views.store()?.get_in_passing(key.as_bytes())?;
            }
            let until = keys::end_of(&keys::incidents(self.tenant));
            let mut rows = self.views.range(key.as_bytes().to_vec(), until);
            self.next = rows.next().transpose()?;
            self.rows = Some(Box::new(rows));
        }
        Ok(())
    }
}
