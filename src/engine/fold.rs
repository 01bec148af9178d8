//! What incidents teach, folded in the order in which their clocks were decided.
//!
//! Each incident is walked through on its own ([`Lessons`]); their steps are merged by their
//! instants. So what is learnt by an instant is the same in whichever order facts were recorded.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use itertools::Itertools;
use rpds::RedBlackTreeMapSync;

use super::catalog::Known;
use super::incident_times::IncidentTimes;
pub use super::learned::Learned;
use super::ledger::Ledger;
use super::lessons::{Lessons, Taught};
use super::noted_incidents::NotedIncidents;
use super::observation::{ClockKey, DecidedClock, Observation, Step, StepKind};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};

/// The incidents that are learnt from in one step of work.
const INCIDENTS_PER_STEP: usize = 4_000;

/// Reads the ledgers of a tenant's incidents.
pub trait Ledgers {
    /// The error of reading one.
    type Error;

    /// The ledger of an incident. It may contain later records than the one being learnt from.
    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Self::Error>;
}

/// Sees each step of a fold just before it is taken.
pub trait Observer {
    /// An observation of a clock of an incident, and what was learnt of its contract by then.
    fn observed(&mut self, _incident: &str, _of: &Taught, _seen: &Observation, _by: &Learned) {}

    /// The decision of a clock of an incident, and when.
    fn decided(&mut self, _incident: &str, _of: &Taught, _decided: &DecidedClock, _time: Instant) {}
}

/// Observes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// What a tenant's incidents have taught up to an instant. A copy shares with its original whatever
/// does not change: it costs by what is learnt, not by the incidents that are open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    /// Whatever was decided up to this instant is learnt.
    pub until: Instant,
    /// Nothing that it learnt was decided after this instant.
    pub since: Instant,
    /// The last record it knows: its sequence, and when it was recorded.
    pub by: (u64, Instant),
    /// What was learnt, by contract id.
    pub contracts: BTreeMap<String, Arc<Learned>>,
    /// The forecasts given of clocks that had not stopped at its end, by incident id.
    pub given: RedBlackTreeMapSync<Arc<str>, Arc<Vec<Given>>>,
    /// When incidents next teach something if nothing more is recorded of them.
    pub next: IncidentTimes,
    /// The incidents of which something was recorded that it does not know yet, each with the first
    /// instant that this may change.
    pub fresh: NotedIncidents,
}

/// The forecasts given of a clock that has not stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The clock.
    pub clock: ClockKey,
    /// The breach probabilities forecast at its facts, each with its instant, in order; none once
    /// it is decided.
    pub predicted: Vec<(Instant, f64)>,
    /// After which service time it was to stop in one, five and nine of ten cases, forecast at its
    /// facts, each with its instant, in order.
    pub stops: Vec<(Instant, [Span; 3])>,
}

/// Where a fold goes on to.
#[derive(Clone, Copy, Debug)]
pub struct Upto<'k> {
    /// Whatever is decided up to this instant is learnt.
    pub until: Instant,
    /// The last record that is known.
    pub by: (u64, Instant),
    /// The terms that are known.
    pub known: Known<'k>,
}

impl Fold {
    /// What was learnt from a contract's clocks; nothing for a contract without any.
    pub fn of(&self, contract_id: &str) -> Arc<Learned> {
        self.contracts.get(contract_id).map(Arc::clone).unwrap_or_default()
    }

    /// Notes that something was recorded of an incident that changes nothing before an instant.
    pub fn note(&mut self, incident_id: &Arc<str>, from: Instant) {
        self.fresh.note(incident_id, from);
    }

    /// Whether nothing recorded since changes what happened up to its end.
    pub fn is_final(&self) -> bool {
        self.fresh.first().is_none_or(|first| first > self.until)
    }

    /// Whether it learns nothing more up to an instant.
    pub fn is_still(&self, until: Instant) -> bool {
        self.fresh.is_empty() && self.next.first().is_none_or(|next| next > until)
    }

    /// The instant by which about so many incidents teach something, at most `until`: to go on in
    /// steps that are no longer than that.
    pub fn step(&mut self, until: Instant, incidents: usize) -> Instant {
        let next = self.next.up_to(until).map(|(time, _)| time);
        match self.fresh.times_up_to(until).merge(next).nth(incidents) {
            Some(time) => time.max(self.until).min(until),
            None => until,
        }
    }

    /// Goes on: learns what was decided since its end, in order, and what was recorded late.
    /// However often it stops on the way, it comes to the same.
    ///
    /// # Errors
    /// Those of reading a ledger. It has gone on by a part of the way then, and is of no use.
    pub fn advance<L: Ledgers>(
        &mut self,
        upto: Upto<'_>,
        ledgers: &mut L,
        observer: &mut impl Observer,
    ) -> Result<(), L::Error> {
        let mut sweep = Sweep::over(self, upto);
        while let Some(Reverse(item)) = sweep.heap.pop() {
            match item.step {
                // Read one by one, since whoever reads may want an end of it.
                None => sweep.enter(item.incident, ledgers)?,
                Some(_) => sweep.take(item, observer),
            }
        }
        self.until = upto.until;
        self.by = upto.by;
        Ok(())
    }

    /// Goes on by one step of work; true: it has arrived.
    ///
    /// # Errors
    /// Those of reading a ledger. It is of no use then.
    pub fn advance_a_step<L: Ledgers>(
        &mut self,
        upto: Upto<'_>,
        ledgers: &mut L,
    ) -> Result<bool, L::Error> {
        let until = self.step(upto.until, INCIDENTS_PER_STEP);
        self.advance(Upto { until, ..upto }, ledgers, &mut Unobserved)?;
        Ok(until == upto.until)
    }

    /// Takes the incidents out that teach something up to an instant, in the order of their ids.
    /// What is fresh only later changes nothing yet.
    fn take_due(&mut self, until: Instant) -> Vec<Incident> {
        let mut first: BTreeMap<_, _> =
            self.next.up_to(until).map(|(_, id)| (Arc::clone(id), None)).collect();
        first.extend(self.fresh.take_up_to(until).map(|(time, id)| (id, Some(time))));
        let incident = |(id, first): (Arc<str>, Option<Instant>)| {
            let next = self.next.remove(&id);
            Incident { id, first, next, ..Incident::default() }
        };
        first.into_iter().map(incident).collect()
    }

    fn learned(&mut self, contract_id: &str) -> &mut Learned {
        if !self.contracts.contains_key(contract_id) {
            self.contracts.insert(contract_id.to_owned(), Arc::default());
        }
        Arc::make_mut(self.contracts.entry(contract_id.to_owned()).or_default())
    }

    /// The forecasts given of a clock.
    fn given(&mut self, incident: &Arc<str>, clock: &ClockKey) -> Option<&mut Given> {
        if !self.given.contains_key(incident) {
            self.given.insert_mut(Arc::clone(incident), Arc::default());
        }
        let all = Arc::make_mut(self.given.get_mut(incident)?);
        let place = all.iter().position(|given| given.clock == *clock);
        let place = place.unwrap_or_else(|| {
            all.push(Given { clock: clock.clone(), predicted: Vec::new(), stops: Vec::new() });
            all.len() - 1
        });
        all.get_mut(place)
    }
}

/// Something that comes up at an instant: an incident enters, or teaches its next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    time: Instant,
    rank: u8,
    incident: usize,
    /// The place among the incident's new steps; `None`: it enters.
    step: Option<usize>,
}

/// The steps of all incidents, merged.
struct Sweep<'s, 'k> {
    fold: &'s mut Fold,
    upto: Upto<'k>,
    incidents: Vec<Incident>,
    heap: BinaryHeap<Reverse<Item>>,
}

#[derive(Default)]
struct Incident {
    id: Arc<str>,
    /// The first instant that what is new may change.
    first: Option<Instant>,
    /// When it teaches something if nothing is new.
    next: Option<Instant>,
    lessons: Lessons,
    /// The steps not learnt before, by their places.
    new: Vec<usize>,
}

impl<'s, 'k> Sweep<'s, 'k> {
    fn over(fold: &'s mut Fold, upto: Upto<'k>) -> Sweep<'s, 'k> {
        let incidents = fold.take_due(upto.until);
        let mut heap = BinaryHeap::with_capacity(incidents.len());
        for (incident, of) in incidents.iter().enumerate() {
            let Some(time) = of.first.into_iter().chain(of.next).min() else { continue };
            heap.push(Reverse(Item { time, rank: 0, incident, step: None }));
        }
        Sweep { fold, upto, incidents, heap }
    }

    fn enter<L: Ledgers>(&mut self, place: usize, ledgers: &mut L) -> Result<(), L::Error> {
        let Upto { until, by, known } = self.upto;
        let Some(incident) = self.incidents.get_mut(place) else { return Ok(()) };
        let ledger = ledgers.ledger(&incident.id)?;
        let lessons = Lessons::of(&History::fold(&ledger.events, by.1), &known, until);
        incident.new = match incident.first {
            Some(first) if first <= self.fold.until => {
                new_steps(&lessons, self.fold, &ledger, &known)
            }
            _ => later_steps(&lessons, self.fold.until),
        };
        if let Some(next) = lessons.next {
            self.fold.next.insert(&incident.id, next);
        }
        incident.lessons = lessons;
        self.push(place, 0);
        Ok(())
    }

    /// Lines up an incident's next step.
    fn push(&mut self, place: usize, next: usize) {
        let Some(incident) = self.incidents.get_mut(place) else { return };
        match incident.new.get(next).and_then(|step| incident.lessons.steps.get(*step)) {
            Some(step) => {
                let (time, rank) = (step.time, 1 + step.kind.rank());
                let item = Item { time, rank, incident: place, step: Some(next) };
                self.heap.push(Reverse(item));
            }
            None => {
                let lessons = std::mem::take(&mut incident.lessons);
                incident.new = Vec::new();
                self.fold.leave(&incident.id, &lessons);
            }
        }
    }

    fn take(&mut self, item: Item, observer: &mut impl Observer) {
        let Some(next) = item.step else { return };
        if let Some(incident) = self.incidents.get(item.incident)
            && let Some(step) = incident.new.get(next)
            && let Some(step) = incident.lessons.steps.get(*step)
            && let Some(clock) = incident.lessons.clocks.get(step.clock)
        {
            // What is only observed changes nothing that is learnt.
            if step.kind.rank() > 0 {
                self.fold.since = self.fold.since.max(step.time);
            }
            self.fold.take(&incident.id, clock, step, observer);
        }
        self.push(item.incident, next + 1);
    }
}

impl Fold {
    /// Takes one step of a clock.
    fn take(
        &mut self,
        incident: &Arc<str>,
        clock: &Taught,
        step: &Step,
        observer: &mut impl Observer,
    ) {
        let contract = clock.key.0.as_str();
        match &step.kind {
            StepKind::Observed(place) => {
                let Some(seen) = clock.observed.get(*place) else { return };
                let learned = self.learned(contract);
                observer.observed(incident, clock, seen, learned);
                if seen.is_fact {
                    let predicted = learned.predicted(seen);
                    let stop = learned.expected_after(seen, predicted);
                    if let Some(given) = self.given(incident, &clock.key) {
                        given.predicted.push((seen.time, predicted));
                        given.stops.push((seen.time, stop));
                    }
                }
            }
            StepKind::Decided(decided) => {
                observer.decided(incident, clock, decided, step.time);
                let given = self.given(incident, &clock.key).map(|given| &mut given.predicted);
                let given = given.map(std::mem::take).unwrap_or_default();
                self.learned(contract).decide(clock, *decided, &given, step.time);
            }
            StepKind::Stopped(stopped) => {
                let given = self.given(incident, &clock.key).map(|given| &mut given.stops);
                let given = given.map(std::mem::take).unwrap_or_default();
                self.learned(contract).stop(clock, stopped, &given);
            }
            StepKind::RanOn(ran_on) => {
                let remaining = &mut self.learned(contract).forecaster.remaining;
                ran_on.iter().for_each(|(stratum, classes)| remaining.ran_on(*stratum, *classes));
            }
        }
    }

    /// Drops the forecasts given of clocks of an incident that have stopped, or won't be decided.
    fn leave(&mut self, incident: &Arc<str>, lessons: &Lessons) {
        let Some(all) = self.given.get_mut(incident) else { return };
        let all = Arc::make_mut(all);
        all.retain_mut(|given| {
            let clock = lessons.clocks.iter().find(|clock| clock.key == given.clock);
            let undecided = clock.and_then(Taught::undecided_since);
            given.predicted.retain(|(time, _)| undecided.is_some_and(|since| *time >= since));
            let observed = clock.and_then(Taught::observed_since);
            given.stops.retain(|(time, _)| observed.is_some_and(|since| *time >= since));
            // They may stay for months.
            given.predicted.shrink_to_fit();
            given.stops.shrink_to_fit();
            !given.predicted.is_empty() || !given.stops.is_empty()
        });
        if all.is_empty() {
            self.given.remove_mut(incident);
        }
    }
}

/// The steps after a fold's end, by their places.
fn later_steps(lessons: &Lessons, end: Instant) -> Vec<usize> {
    let steps = lessons.steps.iter().enumerate();
    steps.filter(|(_, step)| step.time > end).map(|(place, _)| place).collect()
}

/// The steps that a fold has not taken, by their places: those after its end, and those before it
/// that were recorded late.
fn new_steps(lessons: &Lessons, fold: &Fold, ledger: &Ledger, known: &Known<'_>) -> Vec<usize> {
    let is_known = ledger.events.first().is_some_and(|first| first.sequence <= fold.by.0);
    let is_late = |step: &Step| is_known && step.time <= fold.until;
    let mut taken = BTreeMap::new();
    if lessons.steps.iter().any(|step| is_late(step) && step.kind.rank() > 0) {
        let before = History::fold(&ledger.events, fold.by.1);
        let before = Lessons::of(&before, known, fold.until);
        for step in &before.steps {
            if let Some(clock) = before.clocks.get(step.clock) {
                *taken.entry((clock.key.clone(), step.kind.rank())).or_insert(0) += 1;
            }
        }
    }
    let mut is_new = |step: &Step| {
        let Some(clock) = lessons.clocks.get(step.clock).filter(|_| is_late(step)) else {
            return true;
        };
        match taken.get_mut(&(clock.key.clone(), step.kind.rank())) {
            Some(left @ 1..) => {
                *left -= 1;
                false
            }
            _ => step.kind.rank() > 0,
        }
    };
    let steps = lessons.steps.iter().enumerate();
    steps.filter(|(_, step)| is_new(step)).map(|(place, _)| place).collect()
}
