//! The read view: one consistent version of everything recorded, for one query.
//!
//! Nobody holds a lock while anything is evaluated. A query about the present first gathers from
//! the index what it needs, in short steps, while its [`IndexReader`] keeps the index from
//! changing; it drops that reader, and then evaluates what it gathered by its [`ReadView`], however
//! long that takes.
//!
//! A view needs no lock to stay consistent. Record times strictly increase and nothing recorded is
//! ever changed. So terms, actions, histories and facts about services are the same, read up to
//! the instant `known` of the view, however much is recorded meanwhile. And an incident that is
//! listed once stays listed: a scan in steps finds at least all that were listed when the view was
//! opened, and of those recorded since, nothing is known by then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::index_reader::IndexReader;
use super::learning::{Learnings, LearntUpTo, Published};
use super::patience::Patience;
use super::progress::{Loss, Progress};
use super::query_error::QueryError;
use super::read_point::{ReadPoint, ReadRequest};
use super::rows_read::RowsRead;
use super::sources::Sources;
use super::spare_cores::SpareCores;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::incident::History;
use crate::domain::service::ServiceEvent;
use crate::domain::stop::Stop;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::action::ActionLog;
use crate::engine::catalog::{Catalog, Known};
use crate::engine::evaluate::{Times, history};
use crate::engine::ledger::Ledger;
use crate::engine::rejection::Rejection;
use crate::views::{IncidentKey, ViewsError};

/// A view that was just opened, and the index as it is then.
#[derive(Debug)]
pub struct Reading<'e> {
    /// The view.
    pub view: ReadView<'e>,
    /// The index, if it shows what is queried; `None`: incidents are evaluated one by one. Drop
    /// it before anything is evaluated: until then it can't be brought up to date for anybody.
    pub index: Option<IndexReader<'e>>,
}

/// One consistent version of everything recorded, for one query. It holds no lock.
#[derive(Clone, Debug)]
pub struct ReadView<'e> {
    pub(super) origin: Origin<'e>,
    pub(super) tenant: TenantId,
    pub(super) request: ReadRequest,
    pub(super) point: ReadPoint,
    catalog: Arc<Catalog>,
    actions: Arc<ActionLog>,
    patience: Patience,
    /// Those that may help with walks.
    cores: SpareCores,
    /// What was learnt when it was opened.
    pub(super) learnt: Option<Arc<Published>>,
    pub(super) learnt_up_to: Arc<OnceLock<LearntUpTo>>,
    rows_read: RowsRead,
}

/// Where views are opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'e> {
    pub sources: &'e Sources,
    pub learnings: &'e Learnings,
}

impl<'e> Reading<'e> {
    /// The same, as long as somebody waits for what is read.
    pub fn until(self, patience: Patience) -> Reading<'e> {
        Reading { view: self.view.until(patience), ..self }
    }

    /// The same, with cores that may help with walks.
    pub fn with_cores(self, cores: SpareCores) -> Reading<'e> {
        Reading { view: ReadView { cores, ..self.view }, ..self }
    }

    /// Lets go of the index: for queries that evaluate incidents one by one in any case.
    pub fn into_view(self) -> ReadView<'e> {
        self.view
    }
}

impl<'e> Origin<'e> {
    /// A view of everything folded so far. It waits for nothing.
    pub fn present(
        self,
        tenant: TenantId,
        request: ReadRequest,
    ) -> Result<ReadView<'e>, ViewsError> {
        let Progress { sequence, record_time, .. } = self.sources.cache.progress();
        let point = self.sources.point(sequence, record_time, request)?;
        Ok(self.view(tenant, request, point))
    }

    /// A view of what the index holds, which must be complete up to a sequence at least.
    pub fn indexed(
        self,
        tenant: TenantId,
        request: ReadRequest,
        sequence: u64,
        rows_read: RowsRead,
    ) -> Result<Reading<'e>, ViewsError> {
        let index = self.sources.projector.index(sequence)?;
        let record_time = index.record_time;
        let sequence = index.sequence;
        let point = self.sources.point(sequence, record_time, request)?;
        let view = ReadView { rows_read, ..self.view(tenant, request, point) };
        let (tenant, rows) = (view.tenant.clone(), view.rows_read.clone());
        let index = IndexReader::new(index, &self.sources.views, tenant, rows);
        // The index shows how things stand after its last record. Whoever queries a little earlier
        // has what was recorded since evaluated by itself.
        let read = point.times.known.min(point.times.as_of);
        let changed = match read >= record_time {
            true => Some(BTreeSet::new()),
            false => self.sources.cache.changed_since(&view.tenant, read),
        };
        let index = match changed {
            Some(changed) => index.before(changed),
            None => index.past(point.times, Arc::clone(&view.catalog))?,
        };
        let is_now = request.as_of.is_none();
        let index = if is_now { index.of_now(self.sources) } else { index };
        Ok(Reading { view, index: Some(index) })
    }

    /// Terms and actions are looked up when the point is known, so they hold all that it does.
    fn view(self, tenant: TenantId, request: ReadRequest, point: ReadPoint) -> ReadView<'e> {
        let cache = &self.sources.cache;
        let (catalog, actions) = (cache.catalog(&tenant), cache.actions(&tenant));
        let (learnt, learnt_up_to) = (self.learnings.newest(&tenant), Arc::default());
        let (patience, cores) = (Patience::default(), SpareCores::default());
        ReadView {
            origin: self,
            tenant,
            request,
            point,
            catalog,
            actions,
            patience,
            cores,
            learnt,
            learnt_up_to,
            rows_read: RowsRead::default(),
        }
    }
}

impl<'e> ReadView<'e> {
    /// The same view, as long as somebody waits for what is read: then everything read by it fails.
    pub fn until(self, patience: Patience) -> ReadView<'e> {
        ReadView { patience, ..self }
    }

    /// The cores that may help with walks.
    pub(super) fn cores(&self) -> &SpareCores {
        &self.cores
    }

    /// How long somebody waits for the answer.
    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// What ends the histories that are read, once nobody waits.
    pub fn stop(&self) -> &dyn Stop {
        &self.patience
    }

    /// Fails once nobody waits for the answer. Whatever reads a view checks it for every incident.
    pub fn check_wanted(&self) -> Result<(), QueryError> {
        Ok(self.patience.check()?)
    }

    /// What was read through this view so far, and through others of the same question.
    pub fn rows_read(&self) -> &RowsRead {
        &self.rows_read
    }

    /// The read point of the view.
    pub fn point(&self) -> ReadPoint {
        self.point
    }

    /// The instant to evaluate at, and the one up to which things are known.
    pub fn times(&self) -> Times {
        self.point.times
    }

    /// The tenant's contracts and calendars, also those that were recorded since.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Refuses a list of things of a tenant of whom nothing is recorded: an empty answer would hide
    /// that its id is wrong.
    pub fn check_tenant(&self) -> Result<(), QueryError> {
        let Sources { cache, views, .. } = self.origin.sources;
        match cache.has_tenant(&self.tenant) || views.has_facts(&self.tenant)? {
            true => Ok(()),
            false => Err(Rejection::TenantNotFound(self.tenant.to_string()).into()),
        }
    }

    /// Refuses a query about a contract that is not known; empty: about all, of a tenant that is.
    pub fn check_contract(&self, contract: &str) -> Result<(), QueryError> {
        match contract {
            "" => self.check_tenant(),
            id if self.known().contract(id).all().is_empty() => {
                Err(Rejection::ContractNotFound(id.to_owned()).into())
            }
            _ => Ok(()),
        }
    }

    /// What is known of contracts and calendars.
    pub fn known(&self) -> Known<'_> {
        self.catalog.known(self.point.times.known)
    }

    /// The actions of people, also those that were recorded since.
    pub fn actions(&self) -> &ActionLog {
        &self.actions
    }

    /// The time zone database by which local time was known to be read.
    pub fn zones(&self) -> &ZoneDatabase {
        self.known().zones()
    }

    /// The same at other times, none of them known later.
    pub fn at(&self, times: Times) -> Result<ReadView<'e>, ViewsError> {
        let ReadPoint { sequence, times: Times { known, .. } } = self.point;
        let request =
            ReadRequest { as_of: Some(times.as_of), known: Some(times.known), min_sequence: 0 };
        let point = self.origin.sources.point(sequence, known, request)?;
        Ok(ReadView { point, request, ..self.clone() })
    }

    /// What the same request sees now, since the index may have moved on.
    pub fn reopened(&self) -> Result<Reading<'e>, QueryError> {
        self.check_wanted()?;
        self.reading(self.request)
    }

    /// The same at other times, none of them known later, with the index.
    pub fn reading_at(&self, times: Times) -> Result<Reading<'e>, QueryError> {
        let (as_of, known) = (Some(times.as_of), Some(times.known));
        self.reading(ReadRequest { as_of, known, min_sequence: 0 })
    }

    fn reading(&self, request: ReadRequest) -> Result<Reading<'e>, QueryError> {
        let (tenant, rows_read) = (self.tenant.clone(), self.rows_read.clone());
        let reading = self.origin.indexed(tenant, request, self.point.sequence, rows_read)?;
        Ok(reading.until(self.patience.clone()).with_cores(self.cores.clone()))
    }

    /// Everything recorded about an incident, also since, and kept in memory for the next reader.
    pub fn ledger(&self, incident: &str) -> Result<Arc<Ledger>, QueryError> {
        self.check_index_is_free();
        self.check_wanted()?;
        self.rows_read.add(1);
        Ok(self.origin.sources.ledger(&self.tenant, incident)?)
    }

    /// The same if it is in memory: it takes no longer than a lookup.
    pub fn ledger_at_hand(&self, incident: &str) -> Option<Arc<Ledger>> {
        self.origin.sources.cache.ledger_at_hand(&IncidentKey::new(&self.tenant, incident))
    }

    /// The same for a scan, which reads each incident once.
    pub fn scanned_ledger(&self, incident: &str) -> Result<Arc<Ledger>, QueryError> {
        self.check_index_is_free();
        self.check_wanted()?;
        self.rows_read.add(1);
        Ok(self.origin.sources.scanned_ledger(&self.tenant, incident)?)
    }

    /// Everything recorded about a service, also since.
    pub fn service_ledger(&self, service: &str) -> Result<Arc<Ledger<ServiceEvent>>, QueryError> {
        self.check_index_is_free();
        self.check_wanted()?;
        self.rows_read.add(1);
        let Sources { cache, views, .. } = self.origin.sources;
        Ok(cache.service_ledger(&self.tenant, service, views)?)
    }

    /// Everything recorded about some services, by their ids.
    pub fn service_ledgers(
        &self,
        services: impl IntoIterator<Item = String>,
    ) -> Result<BTreeMap<String, Arc<Ledger<ServiceEvent>>>, QueryError> {
        let ledger = |service: String| {
            let ledger = self.service_ledger(&service)?;
            Ok((service, ledger))
        };
        services.into_iter().map(ledger).collect()
    }

    /// The incidents that the records after a sequence are about, up to another, each with its
    /// sequence.
    pub fn touched(&self, span: (u64, u64)) -> Result<Vec<(u64, IncidentId)>, QueryError> {
        self.check_index_is_free();
        self.check_wanted()?;
        let touched = self.origin.sources.touched(&self.tenant, span);
        Ok(touched.inspect(|found| self.rows_read.add(found.len()))?)
    }

    /// What is known of an incident; `None`: nothing is. It ends early once nobody waits: check
    /// that before anything is made of it.
    pub fn history<'l>(&'l self, ledger: &'l Ledger) -> Option<History<'l>> {
        Some(history(ledger, self.point.times)?.until(&self.patience))
    }

    /// Fails the unit tests of whatever evaluates while it still holds the index.
    pub(super) fn check_index_is_free(&self) {
        #[cfg(test)]
        assert!(!self.origin.sources.projector.is_read(), "gather, drop the index, then evaluate");
    }
}

/// Refuses a request for more than is recorded, or for what is lost.
pub(super) fn check(
    request: ReadRequest,
    sources: &Sources,
    loss: Option<&Loss>,
) -> Result<(), QueryError> {
    let needs = |record_time: Instant| request.known.is_none_or(|known| known > record_time);
    if let Some(loss) = loss.filter(|loss| needs(loss.before.record_time)) {
        return Err(QueryError::Lost(loss.clone()));
    }
    // Everything acknowledged is folded, so a sequence that is not there won't come by waiting.
    let present = sources.cache.progress().sequence;
    if request.min_sequence > present as i64 {
        let requested = request.min_sequence;
        return Err(Rejection::SequenceNotReached { requested, present }.into());
    }
    Ok(())
}
