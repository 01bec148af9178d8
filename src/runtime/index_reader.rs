//! The index as it stands: what is gathered from it for one question, before it is evaluated.

use std::collections::BTreeSet;
use std::ops::Range;

use parking_lot::RwLockReadGuard;

use super::projector::{IndexPosition, Projector};
use crate::domain::compliance::{CoverageKey, Tally};
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;
use crate::engine::index::ClockMark;
use crate::engine::index::{INDEX_BUCKETS, IndexBucket};
use crate::engine::tally::{Contribution, Day, Dimension};
use crate::views::{ClockKey, IncidentKey, Views, ViewsError};

/// A tenant's part of the index. It does not change while this lives, for nobody: drop it as soon
/// as everything is gathered, and call nothing of a view that scans ids before.
#[derive(Debug)]
pub struct IndexReader<'e> {
    _index: RwLockReadGuard<'e, IndexPosition>,
    views: &'e Views,
    tenant: TenantId,
    /// Who brings index entries up to date that hold no longer; `None`: the question is not about
    /// now.
    projector: Option<&'e Projector>,
    /// The incidents that something was recorded about since the read point.
    changed: BTreeSet<IncidentId>,
}

impl<'e> IndexReader<'e> {
    pub(super) fn new(
        index: RwLockReadGuard<'e, IndexPosition>,
        views: &'e Views,
        tenant: TenantId,
        changed: BTreeSet<IncidentId>,
    ) -> IndexReader<'e> {
        IndexReader { _index: index, views, tenant, projector: None, changed }
    }

    /// Of a question about now: what it finds to hold no longer is brought up to date behind it.
    pub(super) fn renewed_by(self, projector: &'e Projector) -> IndexReader<'e> {
        IndexReader { projector: Some(projector), ..self }
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
        self.views.clocks(&from)
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
    /// since. Those of which it leaves out what lies further ahead are not among them.
    pub fn apart(&self, as_of: Instant) -> Result<BTreeSet<IncidentId>, ViewsError> {
        let mut apart = self.changed.clone();
        for future_dated in self.views.future_dated_ids(&self.tenant, as_of) {
            apart.insert(future_dated?);
        }
        let mut expired = self.views.expired_ids(&self.tenant, as_of).peekable();
        if let Some(projector) = self.projector.filter(|_| expired.peek().is_some()) {
            projector.notice_expired(&self.tenant, as_of);
        }
        for expired in expired {
            apart.insert(expired?);
        }
        Ok(apart)
    }

    /// The incidents of a contract that were of interest to it as a local day began: a clock of
    /// theirs had started, and they were not over.
    pub fn over(&self, contract: &str, day: Day) -> Result<BTreeSet<IncidentId>, ViewsError> {
        self.views.ids_over(&self.tenant, contract, day).collect()
    }

    /// What an incident has added to the tallies.
    pub fn contribution(&self, incident: &str) -> Result<Contribution, ViewsError> {
        let key = IncidentKey::new(&self.tenant, incident);
        Ok(self.views.index_keys(&key)?.contribution)
    }

    /// What is added up of a contract on some days, by value, target and priority.
    pub fn tally_buckets<'i>(
        &'i self,
        contract: &str,
        dimension: Dimension,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<([String; 3], Tally), ViewsError>> + use<'i, 'e> {
        self.views.tally_buckets(&self.tenant, contract, dimension, days)
    }

    /// How many incidents that were opened on some days under a contract lack a clock.
    pub fn coverage_buckets<'i>(
        &'i self,
        contract: &str,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<(CoverageKey, u64), ViewsError>> + use<'i, 'e> {
        self.views.coverage_buckets(&self.tenant, contract, days)
    }

    /// The incidents that a contract does not measure, or not by every target, and that were opened
    /// in a span of time; `None`: of any contract, whether it exists or not.
    pub fn missing(
        &self,
        contract: Option<&str>,
        span: (Instant, Instant),
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        match contract {
            Some(contract) => self.views.missing_ids(&self.tenant, contract, span).collect(),
            None => self.views.all_missing_ids(&self.tenant).collect(),
        }
    }

    /// An instant before which no clock of a contract was decided, nor is one due that is open.
    pub fn begin(&self, contract: &str, as_of: Instant) -> Result<Option<Instant>, ViewsError> {
        let mut found = Vec::new();
        for index_bucket in INDEX_BUCKETS {
            let first = self.clocks(contract, index_bucket, (Instant::MIN, "")).next();
            found.extend(first.transpose()?.map(|mark| mark.time));
        }
        for incident in self.apart(as_of)? {
            let (ledger, _) = self.views.ledger(&IncidentKey::new(&self.tenant, &incident))?;
            found.extend(ledger.events.iter().map(|event| event.value.occur_time));
        }
        Ok(found.into_iter().min())
    }

    /// When the first fact about a service occurred.
    pub fn service_begin(&self, service: &str) -> Result<Option<Instant>, ViewsError> {
        let ledger = self.views.service_ledger(&self.tenant, service)?;
        Ok(ledger.events.iter().map(|event| event.value.occur_time).min())
    }
}
