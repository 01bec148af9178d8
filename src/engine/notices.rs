//! Notices: what happened to the clocks of an incident from one state of knowledge and instant to
//! another, and what of that was taken back.
//!
//! As of an instant, by what was known then, so much has happened to each clock
//! ([`Clock::occurrences`]). Notices are the difference of two such sets. The way from one to the
//! other is cut wherever something was recorded about the incident or its terms, and wherever a
//! fact or a revision that was recorded ahead takes effect. So the notices do not depend on the
//! steps in which somebody follows them: they are a function of the journal.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::catalog::{Catalog, Known};
use super::evaluate::{Times, clocks_of};
use super::ledger::Ledger;
use crate::domain::clock::{Clock, Occurrence, Outcome, Phase};
use crate::domain::ids::{ContractId, TargetId};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};

/// A clock within its incident: its contract, target and cycle.
pub type ClockOfIncident = (ContractId, TargetId, u32);

/// Something to report of a clock.
#[derive(Debug)]
pub struct Notice<'n> {
    /// Which clock.
    pub clock_key: &'n ClockOfIncident,
    /// What.
    pub news: News<'n>,
    /// When it could first be known: as it happened, or as what it follows from was recorded.
    pub time: Instant,
    /// The clock as it stands then; `None`: it is no clock any more.
    pub clock: Option<&'n Clock<'n>>,
    /// The priorities it was and is measured by.
    pub priorities: [&'n str; 2],
    /// The groups that its incident was and is assigned to.
    pub groups: [&'n str; 2],
}

/// What is reported of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'n> {
    /// This happened.
    Happened(&'n Occurrence),
    /// This was reported, and did not happen after all.
    Withdrawn(&'n Occurrence),
    /// Nothing happened to it, but it is due at another time, or measured otherwise.
    Moved,
}

/// An id of what is reported, or of one report of it: the same whenever it is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub [u8; 16]);

impl Notice<'_> {
    /// The id of what is reported, of an incident. What is withdrawn has that of its report.
    pub fn occurrence_id(&self, incident: &str) -> NoticeId {
        let (contract, target, cycle) = self.clock_key;
        let texts = [incident, contract.as_str(), target.as_str()];
        let what = match self.news {
            News::Happened(occurrence) | News::Withdrawn(occurrence) => {
                format!("{:?} {:?}", occurrence.kind, occurrence.time.map(Instant::nanos))
            }
            News::Moved => format!("Moved {}", self.time.nanos()),
        };
        let texts = texts.into_iter().chain([what.as_str()]);
        let hash = texts.fold(Sha256::new().chain_update(cycle.to_be_bytes()), |hash, text| {
            hash.chain_update((text.len() as u64).to_be_bytes()).chain_update(text)
        });
        NoticeId::of(hash)
    }

    /// The id of this report of it: what happens, is withdrawn, and happens after all has one
    /// each time.
    pub fn id(&self, occurrence: NoticeId) -> NoticeId {
        let is_withdrawn = u8::from(matches!(self.news, News::Withdrawn(_)));
        let hash = Sha256::new().chain_update(occurrence.0).chain_update([is_withdrawn]);
        NoticeId::of(hash.chain_update(self.time.nanos().to_be_bytes()))
    }
}

impl NoticeId {
    fn of(hash: Sha256) -> NoticeId {
        let mut id = [0; 16];
        id.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        NoticeId(id)
    }
}

/// Visits the notices of an incident from one read point's times to another's, in order; or until,
/// at the end of a stretch of that time, they are enough. Returns how far that is: from there on
/// come the rest. Ledger and catalog may hold more than is known at the end.
pub fn visit_notices(
    ledger: &Ledger,
    catalog: &Catalog,
    (from, to): (Times, Times),
    is_enough: &dyn Fn() -> bool,
    visit: &mut dyn FnMut(&Notice<'_>),
) -> Times {
    let (mut reported, mut reached) = (Reported::default(), from);
    for stretch in stretches(ledger, catalog, from, to) {
        reported.follow(ledger, catalog.known(stretch.known), &stretch, visit);
        reached = Times { known: stretch.known, as_of: stretch.until };
        if is_enough() {
            break;
        }
    }
    reached
}

/// A time over which nothing but time changes what happened.
#[derive(Clone, Copy, Debug)]
struct BetweenTurns {
    from: Instant,
    until: Instant,
    /// Up to when everything recorded is known.
    known: Instant,
    /// Whether it begins with a turn; the first does not.
    is_after_turn: bool,
}

/// The way from one read point's times to another's, in stretches.
fn stretches(ledger: &Ledger, catalog: &Catalog, from: Times, to: Times) -> Vec<BetweenTurns> {
    let (known, until) = (from.known, to.as_of);
    let mut last = BetweenTurns { from: from.as_of, until, known, is_after_turn: false };
    let mut all = Vec::new();
    for TurningPoint { time, known } in turns(ledger, catalog, from, to) {
        all.push(BetweenTurns { until: just_before(time).max(last.from), ..last });
        let (from, known) = (last.from.max(time), last.known.max(known));
        last = BetweenTurns { from, known, is_after_turn: true, ..last };
    }
    all.push(BetweenTurns { known: to.known, ..last });
    all
}

/// Where something else than time alone may change what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TurningPoint {
    time: Instant,
    /// Known from then on, if it is later than what was known before.
    known: Instant,
}

fn turns(ledger: &Ledger, catalog: &Catalog, from: Times, to: Times) -> Vec<TurningPoint> {
    let facts = ledger.events.iter().map(|event| event.record_time);
    let terms = catalog.recorded_between(from.known, to.known).into_iter().map(|(time, _)| time);
    let recorded = facts.chain(terms).filter(|time| from.known < *time && *time <= to.known);
    let recorded = recorded.map(|known| TurningPoint { time: known.max(from.as_of), known });
    let ahead = effects(ledger, catalog.known(to.known)).into_iter();
    let ahead = ahead.filter(|time| from.as_of < *time && *time <= to.as_of);
    let ahead = ahead.map(|time| TurningPoint { time, known: Instant::MIN });
    let mut turns: Vec<_> = recorded.chain(ahead).collect();
    turns.sort_unstable();
    turns.dedup();
    turns
}

/// When something takes effect that may change clocks other than by time alone: facts recorded
/// before they occur, revisions, and the ends of contracts.
pub fn effects(ledger: &Ledger, known: Known<'_>) -> BTreeSet<Instant> {
    let ahead = ledger.events.iter().filter(|event| event.record_time < event.value.occur_time);
    let facts = ahead.map(|event| event.value.occur_time);
    let named = ledger.events.iter().flat_map(|event| event.value.fact.contract_ids());
    let contracts: BTreeSet<&str> = named.map(String::as_str).collect();
    let terms = contracts.into_iter().flat_map(|id| {
        let revisions = known.contract(id).all().iter().map(|revision| revision.effective_time);
        revisions.chain(known.contract_end(id))
    });
    facts.chain(terms).collect()
}

/// The last instant before another.
pub fn just_before(time: Instant) -> Instant {
    time.checked_add(-Span::from_nanos(1)).unwrap_or(time)
}

/// What was reported of an incident so far.
#[derive(Debug, Default)]
struct Reported {
    clocks: BTreeMap<ClockOfIncident, ReportedClock>,
    group: String,
}

#[derive(Debug)]
struct ReportedClock {
    occurrences: BTreeSet<Occurrence>,
    shape: Shape,
}

/// What is shown of a clock beside what happened to it.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    phase: Phase,
    verdict: Outcome,
    priority: String,
    limit: Span,
    revision: u32,
    times: [Option<Instant>; 4],
}

impl Shape {
    fn of(clock: &Clock<'_>) -> Shape {
        Shape {
            phase: clock.phase,
            verdict: clock.verdict(),
            priority: clock.priority.to_owned(),
            limit: clock.limit,
            revision: clock.contract_revision,
            times: [clock.start_time, clock.stop_time, clock.due_time, clock.breach_time],
        }
    }
}

impl Reported {
    /// Goes on to the end of a stretch, and visits what is new from its beginning on.
    ///
    /// With time alone what happened only grows, by what has its instant then. So if nothing has
    /// one from the beginning on, all that there is at the end was there at the beginning.
    fn follow(
        &mut self,
        ledger: &Ledger,
        known: Known<'_>,
        stretch: &BetweenTurns,
        visit: &mut dyn FnMut(&Notice<'_>),
    ) {
        let history = History::fold(&ledger.events, known.time());
        let mut begin = |reported: &mut Reported, found| match stretch.is_after_turn {
            true => reported.step(found, Some(stretch.from), visit),
            false => reported.step(found, None, &mut |_| {}),
        };
        let end = FoundClocks::at(&history, &known, stretch.until);
        if !end.has_news_since(stretch.from) {
            return begin(self, end);
        }
        begin(self, FoundClocks::at(&history, &known, stretch.from));
        self.step(end, None, visit);
    }

    /// Goes on to what is found, and visits the difference. `time` is when that could be known;
    /// `None`: as it happened.
    fn step(
        &mut self,
        found: FoundClocks<'_>,
        time: Option<Instant>,
        visit: &mut dyn FnMut(&Notice<'_>),
    ) {
        let groups = [self.group.as_str(), found.group];
        let change = NoticeChange { as_of: found.as_of, time, groups };
        let mut notices = Vec::new();
        for (key, before) in &self.clocks {
            change.withdraw(key, before, found.clocks.get(key), &mut notices);
        }
        for (key, now) in &found.clocks {
            change.report(key, self.clocks.get(key), now, &mut notices);
        }
        notices.sort_by_key(|notice| notice.time);
        notices.iter().for_each(visit);
        let reported = found.clocks.into_iter().map(|(key, (clock, occurrences))| {
            (key, ReportedClock { occurrences, shape: Shape::of(&clock) })
        });
        self.clocks = reported.collect();
        found.group.clone_into(&mut self.group);
    }
}

/// What is found of an incident as of an instant.
struct FoundClocks<'f> {
    as_of: Instant,
    /// The clocks to which anything happened.
    clocks: BTreeMap<ClockOfIncident, Now<'f>>,
    group: &'f str,
}

type Now<'n> = (Clock<'n>, BTreeSet<Occurrence>);

impl<'f> FoundClocks<'f> {
    fn at(history: &'f History<'_>, known: &'f Known<'_>, as_of: Instant) -> FoundClocks<'f> {
        let found = clocks_of(history, known, as_of).into_iter().filter_map(|clock| {
            let occurrences = clock.occurrences();
            let (contract, target, cycle) = clock.key();
            let key = (contract.into(), target.into(), cycle);
            (!occurrences.is_empty()).then_some((key, (clock, occurrences)))
        });
        FoundClocks { as_of, clocks: found.collect(), group: history.state(as_of).group }
    }

    /// Whether something may have happened from an instant on.
    fn has_news_since(&self, from: Instant) -> bool {
        let mut occurrences = self.clocks.values().flat_map(|(_, occurrences)| occurrences);
        from < self.as_of && occurrences.any(|one| one.time.is_none_or(|time| from <= time))
    }
}

/// From one step to the next.
#[derive(Clone, Copy)]
struct NoticeChange<'c> {
    as_of: Instant,
    time: Option<Instant>,
    groups: [&'c str; 2],
}

impl<'c> NoticeChange<'c> {
    /// What did not happen after all, the last first.
    fn withdraw(
        self,
        clock_key: &'c ClockOfIncident,
        before: &'c ReportedClock,
        now: Option<&'c Now<'c>>,
        notices: &mut Vec<Notice<'c>>,
    ) {
        let is_gone = |one: &&Occurrence| now.is_none_or(|(_, now)| !now.contains(one));
        let clock = now.map(|(clock, _)| clock);
        let was = before.shape.priority.as_str();
        let priorities = [was, clock.map_or(was, |clock| clock.priority)];
        let time = self.time.unwrap_or(self.as_of);
        for gone in before.occurrences.iter().rev().filter(is_gone) {
            let news = News::Withdrawn(gone);
            let groups = self.groups;
            notices.push(Notice { clock_key, news, time, clock, priorities, groups });
        }
    }

    /// What happened; or that it moved, if nothing else is said of it.
    fn report(
        self,
        clock_key: &'c ClockOfIncident,
        before: Option<&'c ReportedClock>,
        (clock, now): &'c Now<'c>,
        notices: &mut Vec<Notice<'c>>,
    ) {
        let groups = self.groups;
        let was = before.map_or(clock.priority, |before| before.shape.priority.as_str());
        let priorities = [was, clock.priority];
        let notice =
            |news, time| Notice { clock_key, news, time, clock: Some(clock), priorities, groups };
        let is_new = |one: &&Occurrence| before.is_none_or(|b| !b.occurrences.contains(one));
        for happened in now.iter().filter(is_new) {
            let time = self.time.or(happened.time).unwrap_or(self.as_of);
            notices.push(notice(News::Happened(happened), time));
        }
        let is_same = before.is_some_and(|before| before.occurrences == *now);
        if is_same && before.is_some_and(|before| before.shape != Shape::of(clock)) {
            notices.push(notice(News::Moved, self.time.unwrap_or(self.as_of)));
        }
    }
}
