//! The index as it stands: what is gathered from it for one question, before it is evaluated.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::RwLockReadGuard;

use super::kept_evaluations::{KeptEvaluations, KeptLook};
use super::projector::{IndexPosition, Projector};
use super::rows_read::RowsRead;
use super::sources::Sources;
use crate::domain::compliance::{CoverageKey, Tally};
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;
use crate::engine::catalog::Catalog;
use crate::engine::index::ClockMark;
use crate::engine::index::{INDEX_BUCKETS, IndexBucket};
use crate::engine::lifespan::LeftOpen;
use crate::engine::tally::{Contribution, Day, Dimension};
use crate::engine::times::Times;
use crate::views::{ClockKey, IncidentKey, Views, ViewsError};

/// A tenant's part of the index. It does not change while this lives, for nobody: drop it as soon
/// as everything is gathered, and call nothing of a view that scans ids before.
#[derive(Debug)]
pub struct IndexReader<'e> {
    index: RwLockReadGuard<'e, IndexPosition>,
    views: &'e Views,
    tenant: TenantId,
    rows: RowsRead,
    /// Who brings index entries up to date that hold no longer; `None`: the question is not about
    /// now.
    projector: Option<&'e Projector>,
    /// What is kept of incidents that are not over; `None`: the question is not about now.
    kept: Option<&'e KeptEvaluations>,
    /// The incidents that may stand otherwise at the read point than the index shows.
    changed: BTreeSet<IncidentId>,
    /// Of a question about the past: what it knows, and the terms. Incidents of which it knows
    /// nothing, or of which nothing had occurred, are not among those that changed.
    past: Option<(Instant, Arc<Catalog>)>,
}

impl<'e> IndexReader<'e> {
    /// Of a tenant, and counting what is read of it.
    pub(super) fn new(
        index: RwLockReadGuard<'e, IndexPosition>,
        views: &'e Views,
        tenant: TenantId,
        rows: RowsRead,
    ) -> IndexReader<'e> {
        let (projector, kept, changed, past) = (None, None, BTreeSet::new(), None);
        IndexReader { index, views, tenant, rows, projector, kept, changed, past }
    }

    /// For a read point a little earlier, since which something was recorded about these incidents
    /// and no others.
    pub(super) fn before(self, changed: BTreeSet<IncidentId>) -> IndexReader<'e> {
        IndexReader { changed, ..self }
    }

    /// For a read point in the past. It costs by the incidents that there was activity about at its
    /// times: of which something had occurred or was known, and something else not yet.
    pub(super) fn past(
        mut self,
        times: Times,
        catalog: Arc<Catalog>,
    ) -> Result<IndexReader<'e>, ViewsError> {
        let Times { as_of, known } = times;
        let occurring = self.views.ids_occurring(&self.tenant, (as_of, as_of));
        self.changed = self.rows.counting(occurring).collect::<Result<_, _>>()?;
        if known < self.index.record_time {
            let recorded = self.views.ids_recorded(&self.tenant, (known, known));
            for id in self.rows.counting(recorded) {
                self.changed.insert(id?);
            }
        }
        Ok(IndexReader { past: Some((known, catalog)), ..self })
    }

    /// Of a question about now: what it finds to hold no longer is brought up to date behind it,
    /// and it goes on from what others before it have evaluated.
    pub(super) fn of_now(self, sources: &'e Sources) -> IndexReader<'e> {
        let kept = &sources.cache.kept_evaluations;
        IndexReader { projector: Some(&*sources.projector), kept: Some(kept), ..self }
    }

    /// What is kept of the incidents of a contract that are not over, and which of them are to be
    /// evaluated, where it is this local day; `None`: the question is not about how things stand
    /// after the last record, or they would take too much memory.
    pub fn kept(&self, contract: &str, today: Day) -> Result<Option<KeptLook>, ViewsError> {
        let is_now = self.past.is_none() && self.changed.is_empty();
        let Some(kept) = self.kept.filter(|_| is_now) else { return Ok(None) };
        if let Some(look) = kept.look_up(&self.tenant, contract) {
            return Ok(Some(look));
        }
        // Whatever is over is so by now: what lies ahead is evaluated by itself.
        let mut ids = self.over(contract, today + 1)?;
        ids.extend(self.left_open_ids(contract, Day::MIN..today + 1)?);
        Ok(kept.begin(&self.tenant, contract, ids.into_iter().collect()))
    }

    /// The same if it can answer a question about a contract, or ("") about all. It can't by what
    /// was known before terms were recorded that may have moved any incident of that contract.
    pub fn of(self, contract: &str) -> Option<IndexReader<'e>> {
        let is_moved = self.past.as_ref().is_some_and(|(known, catalog)| {
            catalog.has_moved(contract, *known, self.index.record_time)
        });
        (!is_moved).then_some(self)
    }

    /// Whether tallies describe the read point, once what the incidents that are
    /// [`apart`](IndexReader::apart) added to them is subtracted. They don't in the past: they hold
    /// what was not known, or had not occurred, then.
    pub fn has_tallies(&self) -> bool {
        self.past.is_none()
    }

    /// The clocks in an index bucket of a contract from an instant on, of that instant from an
    /// incident on, in order.
    pub fn clocks<'i>(
        &'i self,
        contract: &str,
        index_bucket: IndexBucket,
        (time, incident): (Instant, &str),
    ) -> impl Iterator<Item = Result<ClockMark, ViewsError>> + use<'i, 'e> {
        let from = ClockKey { tenant: &self.tenant, contract, index_bucket, time, incident };
        self.rows.counting(self.views.clocks(&from))
    }

    /// The incidents with clocks in an index bucket of a contract from one instant up to another,
    /// the last of all included.
    pub fn incidents_on(
        &self,
        contract: &str,
        index_bucket: IndexBucket,
        (from, until): (Instant, Instant),
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        let mut found = BTreeSet::new();
        for index_keys in self.clocks(contract, index_bucket, (from, "")) {
            let index_keys = index_keys?;
            if index_keys.time >= until && until < Instant::MAX {
                break;
            }
            found.insert(index_keys.clock.incident_id);
        }
        Ok(found)
    }

    /// The incidents that the index may not show as they stand at the read point, whose `as_of`
    /// this is, so that they are evaluated by themselves: those it shows with facts that occur
    /// after it, or without some that have occurred, and those that something was recorded about
    /// since; in the past, those about which there was activity. Those of which it leaves out what
    /// lies further ahead are not among them.
    pub fn apart(&self, as_of: Instant) -> Result<BTreeSet<IncidentId>, ViewsError> {
        let mut apart = self.changed.clone();
        let future_dated = self.views.future_dated_ids(&self.tenant, as_of);
        for future_dated in self.rows.counting(future_dated) {
            apart.insert(future_dated?);
        }
        let expired = self.views.expired_ids(&self.tenant, as_of);
        let mut expired = self.rows.counting(expired).peekable();
        if let Some(projector) = self.projector.filter(|_| expired.peek().is_some()) {
            projector.notice_expired(&self.tenant, as_of);
        }
        for expired in expired {
            apart.insert(expired?);
        }
        Ok(apart)
    }

    /// The incidents to whose clocks something happens by time alone, and when, after a place up
    /// to an instant.
    pub fn scheduled(
        &self,
        after: (Instant, &str),
        until: Instant,
    ) -> impl Iterator<Item = Result<(Instant, IncidentId), ViewsError>> + use<'_, 'e> {
        self.rows.counting(self.views.scheduled(&self.tenant, after, until))
    }

    /// The incidents of a contract that were of interest to it as a local day began: a clock of
    /// theirs had started, and more went on than what is left open.
    pub fn over(&self, contract: &str, day: Day) -> Result<BTreeSet<IncidentId>, ViewsError> {
        self.rows.counting(self.views.ids_over(&self.tenant, contract, day)).collect()
    }

    /// The targets that the incidents of a contract leave open since one of some local days, each
    /// with its incident and that day.
    pub fn left_open<'i>(
        &'i self,
        contract: &str,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<(IncidentId, Day, LeftOpen), ViewsError>> + use<'i, 'e> {
        self.rows.counting(self.views.left_open(&self.tenant, contract, days))
    }

    /// The incidents of a contract that leave targets open since one of some local days.
    pub fn left_open_ids(
        &self,
        contract: &str,
        days: Range<Day>,
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        self.left_open(contract, days).map(|found| Ok(found?.0)).collect()
    }

    /// What an incident has added to the tallies.
    pub fn contribution(&self, incident: &str) -> Result<Contribution, ViewsError> {
        let key = IncidentKey::new(&self.tenant, incident);
        self.rows.add(1);
        self.views.contribution(&key)
    }

    /// What is added up of a contract on some days, by value, target and priority.
    pub fn tally_buckets<'i>(
        &'i self,
        contract: &str,
        dimension: Dimension,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<([String; 3], Tally), ViewsError>> + use<'i, 'e> {
        self.rows.counting(self.views.tally_buckets(&self.tenant, contract, dimension, days))
    }

    /// How many incidents that were opened on some days under a contract lack a clock.
    pub fn coverage_buckets<'i>(
        &'i self,
        contract: &str,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<(CoverageKey, u64), ViewsError>> + use<'i, 'e> {
        self.rows.counting(self.views.coverage_buckets(&self.tenant, contract, days))
    }

    /// The incidents that a contract does not measure, or not by every target, and that were opened
    /// in a span of time.
    pub fn missing(
        &self,
        contract: &str,
        span: (Instant, Instant),
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        self.rows.counting(self.views.missing_ids(&self.tenant, contract, span)).collect()
    }

    /// The same whenever they were opened, after an incident, in the order of their ids; of
    /// contract "": of any, whether it exists or not.
    pub fn missing_after<'i>(
        &'i self,
        contract: &str,
        after: &str,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<'i, 'e> {
        let contract = Some(contract).filter(|contract| !contract.is_empty());
        self.rows.counting(self.views.missing_ids_after(&self.tenant, contract, after))
    }

    /// The incidents from which settlement items of a contract follow, or did or will at other
    /// times.
    pub fn settlement(&self, contract: &str) -> Result<BTreeSet<IncidentId>, ViewsError> {
        self.rows.counting(self.views.settlement_ids(&self.tenant, contract)).collect()
    }

    /// The incidents about which something was recorded after one instant and up to another; and
    /// some more.
    pub fn recorded_in(
        &self,
        (after, until): (Instant, Instant),
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        let recorded = self.views.ids_recorded(&self.tenant, (after, until.max(after)));
        self.rows.counting(recorded).collect()
    }

    /// The incidents about which there was activity that occurred between two instants, both
    /// included: a fact had occurred by the later one, and another, or what terms did to their
    /// clocks, had not yet at the earlier; and some more.
    pub fn occurring_in(
        &self,
        (from, until): (Instant, Instant),
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        let occurring = self.views.ids_occurring(&self.tenant, (from, until));
        self.rows.counting(occurring).collect()
    }

    /// An instant before which no clock of a contract was decided, nor is one due that is open.
    pub fn begin(&self, contract: &str, as_of: Instant) -> Result<Option<Instant>, ViewsError> {
        let mut found = Vec::new();
        for index_bucket in INDEX_BUCKETS {
            let first = self.clocks(contract, index_bucket, (Instant::MIN, "")).next();
            found.extend(first.transpose()?.map(|mark| mark.time));
        }
        for incident in self.apart(as_of)? {
            self.rows.add(1);
            let (ledger, _) = self.views.ledger(&IncidentKey::new(&self.tenant, &incident))?;
            found.extend(ledger.events.iter().map(|event| event.value.occur_time));
        }
        Ok(found.into_iter().min())
    }

    /// When the first fact about a service occurred.
    pub fn service_begin(&self, service: &str) -> Result<Option<Instant>, ViewsError> {
        self.rows.add(1);
        let ledger = self.views.service_ledger(&self.tenant, service)?;
        Ok(ledger.events.iter().map(|event| event.value.occur_time).min())
    }
}
