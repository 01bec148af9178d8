//! Where everything that is recorded can be read.

use std::sync::Arc;

use super::cache::Cache;
use super::followed::{Followed, FollowedLog};
use super::projector::Projector;
use super::read_point::{ReadPoint, ReadRequest};
use crate::codec::store::names::Names;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::ledger::Ledger;
use crate::journal::LogSource;
use crate::views::{IncidentKey, Views, ViewsError};

/// Memory, the views behind it, and the log behind both.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub cache: Arc<Cache>,
    pub views: Arc<Views>,
    pub projector: Arc<Projector>,
    /// The time zone database found at the start. Local time is read by it until one is adopted.
    pub zones: ZoneDatabase,
    pub names: Names,
    pub log: Arc<dyn LogSource>,
    /// Where the log was followed to.
    pub followed: Arc<Followed>,
}

impl Sources {
    /// The read point of a request where the last record has this sequence and record time: with
    /// the sequence that was the last by what the request knows.
    pub fn point(
        &self,
        sequence: u64,
        record_time: Instant,
        request: ReadRequest,
    ) -> Result<ReadPoint, ViewsError> {
        let point = ReadPoint::new(sequence, record_time, request);
        if point.times.known == record_time {
            return Ok(point);
        }
        let found = self.cache.sequence_at(point.times.known, sequence, &*self.log);
        match found {
            Ok(sequence) => Ok(ReadPoint { sequence, ..point }),
            Err(error) => {
                tracing::error!(%error, "the journal can't be read");
                Err(ViewsError::Behind)
            }
        }
    }

    /// Everything recorded about an incident, kept in memory for whoever reads it next.
    pub fn ledger(&self, tenant: &TenantId, incident: &str) -> Result<Arc<Ledger>, ViewsError> {
        self.cache.ledger(&IncidentKey::new(tenant, incident), &self.views)
    }

    /// The incidents of a tenant that the records after a sequence are about, up to another, each
    /// with its sequence: from memory or, where they are older, from the journal.
    pub fn touched(
        &self,
        tenant: &TenantId,
        (after, until): (u64, u64),
    ) -> Result<Vec<(u64, IncidentId)>, ViewsError> {
        if after >= until {
            return Ok(Vec::new());
        }
        if let Some(touched) = self.cache.touched(tenant, (after, until)) {
            return Ok(touched);
        }
        let of = FollowedLog { log: &*self.log, zones: &self.zones, names: &self.names };
        self.followed.touched(of, tenant, (after, until)).map_err(|error| {
            tracing::error!(%error, "the journal can't be read");
            ViewsError::Behind
        })
    }

    /// Everything recorded about an incident, for a scan, which reads each once: it is not kept in
    /// memory.
    pub fn scanned_ledger(
        &self,
        tenant: &TenantId,
        incident: &str,
    ) -> Result<Arc<Ledger>, ViewsError> {
        let key = IncidentKey::new(tenant, incident);
        self.unless_reopened(|| match self.cache.ledger_at_hand(&key) {
            Some(ledger) => Ok(ledger),
            None => Ok(Arc::new(self.views.events(&key)?)),
        })
    }

    /// Reads many incidents so, in the order of their ids, and gives everything recorded about each
    /// to `visit`. What is in memory comes before a row, which may lack it; of what was in the
    /// views before nothing is missed.
    pub fn scan<E: From<ViewsError>>(
        &self,
        tenant: &TenantId,
        incidents: &[IncidentId],
        mut visit: impl FnMut(&IncidentId, &Ledger) -> Result<(), E>,
    ) -> Result<(), E> {
        let keys = incidents.iter().map(|incident| IncidentKey::new(tenant, incident));
        let keys: Vec<_> = keys.collect();
        self.unless_reopened(|| {
            let at_hand = self.cache.ledgers_at_hand(&keys);
            let mut rows = self.views.incident_rows(tenant);
            for ((incident, key), at_hand) in incidents.iter().zip(keys).zip(at_hand) {
                match at_hand {
                    Some(ledger) => visit(incident, &ledger)?,
                    None => visit(incident, &rows.events(incident, key)?)?,
                }
            }
            Ok(())
        })
    }

    /// Reads memory and then the views, unless these are opened again meanwhile: then they may lack
    /// what memory had let go of.
    fn unless_reopened<T, E: From<ViewsError>>(
        &self,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let times = self.views.times_reopened();
        let read = read()?;
        match self.views.times_reopened() == times {
            true => Ok(read),
            false => Err(ViewsError::Behind.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Store, TENANT, run};
    use super::*;
    use crate::domain::clock::testing::event;
    use crate::domain::incident::Fact;
    use crate::engine::record::Entry;

    #[test]
    fn what_is_read_while_the_views_are_opened_again_is_refused() {
        run(|| {
            let store = Store::new();
            let opened = event(1, Instant::MIN, Fact::Responded).value;
            let ids = [IncidentId::from(opened.incident_id.as_str())];
            store.record(Instant::from_seconds(1).unwrap(), Entry::IncidentEvent(opened));
            let (sources, tenant) = (store.sources(), TenantId::from(TENANT));
            let scan = |visit: &dyn Fn() -> Result<(), ViewsError>| {
                sources.scan::<ViewsError>(&tenant, &ids, |_, _| visit())
            };
            assert!(scan(&|| Ok(())).is_ok());
            assert!(matches!(scan(&|| sources.views.reopen()), Err(ViewsError::Behind)));
            assert!(scan(&|| Ok(())).is_ok());
        });
    }
}
