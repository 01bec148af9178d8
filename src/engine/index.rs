//! The index entry of an incident, by which queries find it without evaluating it.
//!
//! The passing of time writes nothing: a running clock is indexed once under its due time, which
//! stays right until a fact moves it. A clock that has ended is indexed under when it was decided.

use itertools::Itertools;

use super::activity::{Activity, last_move};
use super::answers::experience::entries_of;
use super::answers::settlement::items_of;
use super::catalog::Known;
use super::coverage::missing_contributions;
use super::evaluate::evaluate_incident;
use super::ledger::Ledger;
use super::lifespan::{Lifespan, lifespans};
use super::schedule::schedule;
use super::tally::Contribution;
use super::times::Times;
use crate::domain::clock::{Clock, Evaluation, Outcome, Phase};
use crate::domain::experience::Passages;
use crate::domain::ids::{ClockId, ContractId};
use crate::domain::incident::{Fact, History, Party};
use crate::domain::time::Instant;

/// Where an incident's clocks stand in the index, and what it adds to the tallies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexEntry {
    /// The places of its clocks.
    pub clocks: Vec<ClockPlace>,
    /// The ids of all contracts it ever fell under, including by retracted facts; sorted.
    pub contracts: Vec<ContractId>,
    /// When its last fact occurs, if that is after it was recorded (future-dated), or a revision
    /// that was agreed ahead takes its clocks over: until then the index entry does not hold yet.
    pub settles: Option<Instant>,
    /// When the first fact occurs that it leaves out: from then on it holds no longer. `None`: it
    /// leaves nothing out.
    pub expires: Option<Instant>,
    /// When something happens to its clocks by time alone.
    pub schedule: Vec<Instant>,
    /// The contracts that do not measure it, or not by every target, each once (empty: it names
    /// none, or is not opened), and when it was opened.
    pub missing: Vec<(ContractId, Instant)>,
    /// The contracts of which settlement items follow from it, now or once time alone makes its
    /// clocks late.
    pub items: Vec<ContractId>,
    /// What it adds to the tallies.
    pub contribution: Contribution,
    /// From when to when its contracts are concerned with it.
    pub lifespans: Vec<Lifespan>,
    /// When it may stand otherwise than all this shows.
    pub activity: Activity,
}

/// The keys under which an incident is indexed in the views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexKeys {
    /// The keys that lead to it, sorted.
    pub keys: Vec<Vec<u8>>,
    /// What it has added to the tallies.
    pub contribution: Contribution,
}

/// The place of a clock in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockPlace {
    /// Open, or how it ended.
    pub index_bucket: IndexBucket,
    /// Its place in lists.
    pub mark: ClockMark,
}

/// A clock's place in a list. Lists are sorted by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockMark {
    /// When it is due, or was decided; [`Instant::MAX`] when time alone does not decide it.
    pub time: Instant,
    /// Which clock.
    pub clock: ClockId,
}

/// The bucket of the index that a clock is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexBucket {
    /// Pending, running or paused: time alone may breach it.
    Open,
    /// Stopped within its limit.
    Met,
    /// Stopped over its limit.
    Breached,
    /// Cancelled.
    Cancelled,
}

/// Every index bucket.
pub const INDEX_BUCKETS: [IndexBucket; 4] =
    [IndexBucket::Open, IndexBucket::Met, IndexBucket::Breached, IndexBucket::Cancelled];

impl IndexBucket {
    /// Whether a clock in this bucket may be in this phase as of some instant.
    pub fn may_hold_phase(self, phase: Phase) -> bool {
        match phase {
            Phase::Pending | Phase::Running | Phase::Paused => self == IndexBucket::Open,
            Phase::Stopped => matches!(self, IndexBucket::Met | IndexBucket::Breached),
            Phase::Cancelled => self == IndexBucket::Cancelled,
        }
    }

    /// Whether a clock in this bucket may have this verdict as of some instant.
    pub fn may_hold_outcome(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Undecided => matches!(self, IndexBucket::Open | IndexBucket::Cancelled),
            Outcome::Transferred => self == IndexBucket::Cancelled,
            Outcome::Met => self == IndexBucket::Met,
            Outcome::Breached => self != IndexBucket::Met,
            // Exclusions do not change the bucket.
            Outcome::Excluded => true,
        }
    }
}

/// When the first fact of an incident occurs after an instant, if there is one to come.
pub fn next_fact(ledger: &Ledger, after: Instant) -> Option<Instant> {
    let is_to_come = |time: &Instant| after < *time;
    let mut times = ledger.events.iter().map(|event| event.value.occur_time);
    if !times.any(|time| is_to_come(&time)) {
        return None;
    }
    let history = History::fold(&ledger.events, Instant::MAX);
    history.effective().iter().map(|event| event.value.occur_time).find(is_to_come)
}

/// The index entry of an incident, by everything recorded about it that occurs before `expires`.
pub fn index_entry(
    incident_id: &str,
    ledger: &Ledger,
    catalog: Known<'_>,
    expires: Option<Instant>,
) -> IndexEntry {
    let whole = History::fold(&ledger.events, Instant::MAX);
    let activity = Activity::by_facts(ledger, &whole);
    let history = expires.map_or_else(|| whole.clone(), |end| whole.before(end));
    if expires.is_some() && history.effective().is_empty() {
        let contracts = contracts(ledger);
        let schedule =
            schedule(ledger, catalog, &evaluate_incident(&whole, &catalog, Instant::MAX));
        return IndexEntry { contracts, expires, activity, schedule, ..IndexEntry::default() };
    }
    let evaluation = evaluate_incident(&history, &catalog, Instant::MAX);
    let of_whole = expires.map(|_| evaluate_incident(&whole, &catalog, Instant::MAX));
    let last_record = ledger.events.iter().map(|recorded| recorded.record_time).max();
    let last_fact = history.effective().last().map(|recorded| recorded.value.occur_time);
    let moved = last_fact.and_then(|fact| last_move(&history, &evaluation, catalog, fact));
    let entries = entries_of(&history, &evaluation, &catalog, Instant::MAX);
    let missing = missing_contributions(&history, &evaluation, catalog);
    let begin = history.begin();
    let passages = Passages::of(&history, Instant::MAX);
    let is_over = passages.over_time().is_some();
    IndexEntry {
        missing: missing.iter().map(|one| (one.contract_id.clone(), begin)).dedup().collect(),
        contribution: Contribution { missing, ..Contribution::of(&entries, is_over, catalog) },
        lifespans: lifespans((&evaluation, &entries), &passages, begin, catalog),
        items: items(incident_id, &history, &evaluation, catalog),
        activity: activity.moved(moved),
        clocks: evaluation.clocks.iter().map(|clock| place(incident_id, clock)).collect(),
        contracts: contracts(ledger),
        expires,
        schedule: schedule(ledger, catalog, of_whole.as_ref().unwrap_or(&evaluation)),
        settles: last_fact
            .filter(|fact| Some(*fact) > last_record)
            .max(last_take_over(&history, catalog))
            .max(moved.filter(|moved| catalog.time() < *moved)),
    }
}

/// The contracts of which items follow from an incident as of the end of time.
fn items(
    incident_id: &str,
    history: &History<'_>,
    evaluation: &Evaluation<'_>,
    catalog: Known<'_>,
) -> Vec<ContractId> {
    let facts = history.effective().iter().map(|recorded| &recorded.value.fact);
    let mut followed = facts.map(|fact| match fact {
        Fact::ScopeJudged { in_scope, .. } => !in_scope,
        Fact::CauseAttributed(cause) => cause.party != Party::Provider,
        _ => false,
    });
    let is_excluded = |clock: &Clock<'_>| clock.exclusion.is_some();
    if !followed.any(|follows| follows) && !evaluation.clocks.iter().any(is_excluded) {
        return Vec::new();
    }
    let times = Times { as_of: Instant::MAX, known: catalog.time() };
    let items = items_of(incident_id, history, "", catalog, times);
    items.into_iter().map(|item| item.contract_id.into()).dedup().collect()
}

/// When the last revision takes effect that was recorded before that and may take over a clock of
/// this incident, or give it one: one that it gives another may take, so that neither shows at the
/// end. `None`: there is none.
fn last_take_over(history: &History<'_>, catalog: Known<'_>) -> Option<Instant> {
    let ids = history.contract_ids(Instant::MAX).into_iter();
    let revisions = ids.flat_map(|id| catalog.contract(id).all());
    let ahead = revisions.filter(|revision| {
        revision.content.takes_over() && revision.record_time < revision.effective_time
    });
    ahead.map(|revision| revision.effective_time).max()
}

/// The place of a clock that was evaluated as of the end of time: only facts can move it from
/// there.
pub fn place(incident_id: &str, clock: &Clock<'_>) -> ClockPlace {
    let (index_bucket, time) = match (clock.phase, clock.outcome) {
        (Phase::Pending | Phase::Running | Phase::Paused, _) => (IndexBucket::Open, clock.due_time),
        (Phase::Stopped, Outcome::Breached) => (IndexBucket::Breached, clock.decide_time()),
        (Phase::Stopped, _) => (IndexBucket::Met, clock.decide_time()),
        (Phase::Cancelled, _) => (IndexBucket::Cancelled, clock.decide_time()),
    };
    let mark = ClockMark { time: time.unwrap_or(Instant::MAX), clock: clock.id(incident_id) };
    ClockPlace { index_bucket, mark }
}

fn contracts(ledger: &Ledger) -> Vec<ContractId> {
    let named = ledger.events.iter().flat_map(|recorded| recorded.value.fact.contract_ids());
    let mut contracts: Vec<_> = named.map(|id| id.as_str().into()).collect();
    contracts.sort_unstable();
    contracts.dedup();
    contracts
}
