//! What incidents teach, folded in the order in which their clocks were decided.
//!
//! Each incident is walked through on its own ([`Lessons`]); their steps are merged by their
//! instants. So what is learnt by an instant is the same in whichever order facts were recorded.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use super::catalog::Known;
use super::ledger::Ledger;
use super::lessons::{Lessons, Taught};
use super::observation::{ClockKey, DecidedClock, Observation, Step, StepKind, StoppedClock};
use crate::domain::forecast::{FeatureVector, Forecaster, TrackRecord};
use crate::domain::incident::{History, RecordedEvent};
use crate::domain::time::{Instant, Span};

/// All that was learnt from one contract's clocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Forecasts clocks from what was learnt.
    pub forecaster: Forecaster,
    /// How the forecasts it would have given at each fact turned out.
    pub record: TrackRecord,
}

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

/// What a tenant's incidents have taught up to an instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    /// Whatever was decided up to this instant is learnt.
    pub until: Instant,
    /// The last record it knows: its sequence, and when it was recorded.
    pub by: (u64, Instant),
    /// What was learnt, by contract id.
    pub contracts: BTreeMap<String, Arc<Learned>>,
    /// The forecasts given of clocks that had not stopped at its end, by incident id.
    pub given: BTreeMap<String, Vec<Given>>,
    /// When incidents next teach something if nothing more is recorded of them.
    pub next: BTreeMap<String, Instant>,
    /// The incidents of which something was recorded since, each with the first instant that it
    /// may change.
    pub fresh: BTreeMap<String, Instant>,
}

/// The forecasts given of a clock that has not stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The clock.
    pub clock: ClockKey,
    /// The breach probabilities forecast at its facts, each with its instant, in order; none once it
    /// is decided.
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

    /// Notes a record that it does not know yet.
    pub fn note(&mut self, recorded: &RecordedEvent) {
        // What a correction voids may have occurred at any time.
        let is_new = recorded.value.voids().is_none();
        let from = if is_new { recorded.value.occur_time } else { Instant::MIN };
        match self.fresh.get_mut(&recorded.value.incident_id) {
            Some(first) => *first = from.min(*first),
            None => {
                self.fresh.insert(recorded.value.incident_id.clone(), from);
            }
        }
    }

    /// Whether nothing recorded since changes what happened up to its end.
    pub fn is_final(&self) -> bool {
        self.fresh.values().all(|first| *first > self.until)
    }

    /// Whether it learns nothing more up to an instant.
    pub fn is_still(&self, until: Instant) -> bool {
        self.fresh.is_empty() && self.next.values().all(|next| *next > until)
    }

    /// Goes on: learns what was decided since its end, in order, and what was recorded late.
    ///
    /// # Errors
    /// Those of reading a ledger; the fold is then unusable.
    pub fn advance<L: Ledgers>(
        &mut self,
        upto: Upto<'_>,
        ledgers: &mut L,
        observer: &mut impl Observer,
    ) -> Result<(), L::Error> {
        let mut sweep = Sweep::over(self, upto);
        while let Some(Reverse(item)) = sweep.heap.pop() {
            match item.step {
                None => sweep.enter(item.incident, ledgers)?,
                Some(_) => sweep.take(item, observer),
            }
        }
        self.until = upto.until;
        self.by = upto.by;
        self.fresh.clear();
        Ok(())
    }

    fn learned(&mut self, contract_id: &str) -> &mut Learned {
        if !self.contracts.contains_key(contract_id) {
            self.contracts.insert(contract_id.to_owned(), Arc::default());
        }
        Arc::make_mut(self.contracts.entry(contract_id.to_owned()).or_default())
    }

    /// The forecasts given of a clock.
    fn given(&mut self, incident: &str, clock: &ClockKey) -> Option<&mut Given> {
        if !self.given.contains_key(incident) {
            self.given.insert(incident.to_owned(), Vec::new());
        }
        let all = self.given.get_mut(incident)?;
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

struct Incident {
    id: String,
    lessons: Lessons,
    /// The steps not learnt before, by their places.
    new: Vec<usize>,
}

impl<'s, 'k> Sweep<'s, 'k> {
    fn over(fold: &'s mut Fold, upto: Upto<'k>) -> Sweep<'s, 'k> {
        let waking = fold.next.iter().filter(|(_, next)| **next <= upto.until).map(|(id, _)| id);
        let ids: BTreeSet<_> = fold.fresh.keys().chain(waking).cloned().collect();
        let mut sweep =
            Sweep { fold, upto, incidents: Vec::with_capacity(ids.len()), heap: BinaryHeap::new() };
        for id in ids {
            let first = sweep.fold.fresh.get(&id).copied();
            let next = sweep.fold.next.remove(&id);
            let Some(time) = first.into_iter().chain(next).min() else { continue };
            let (incident, step) = (sweep.incidents.len(), None);
            sweep.heap.push(Reverse(Item { time, rank: 0, incident, step }));
            sweep.incidents.push(Incident { id, lessons: Lessons::default(), new: Vec::new() });
        }
        sweep
    }

    fn enter<L: Ledgers>(&mut self, place: usize, ledgers: &mut L) -> Result<(), L::Error> {
        let Upto { until, by, known } = self.upto;
        let Some(incident) = self.incidents.get_mut(place) else { return Ok(()) };
        let ledger = ledgers.ledger(&incident.id)?;
        let lessons = Lessons::of(&History::fold(&ledger.events, by.1), &known, until);
        incident.new = new_steps(&lessons, self.fold, &ledger, &known);
        if let Some(next) = lessons.next {
            self.fold.next.insert(incident.id.clone(), next);
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
            self.fold.take(&incident.id, clock, step, observer);
        }
        self.push(item.incident, next + 1);
    }
}

impl Fold {
    /// Takes one step of a clock.
    fn take(&mut self, incident: &str, clock: &Taught, step: &Step, observer: &mut impl Observer) {
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
    fn leave(&mut self, incident: &str, lessons: &Lessons) {
        let Some(all) = self.given.get_mut(incident) else { return };
        all.retain_mut(|given| {
            let clock = lessons.clocks.iter().find(|clock| clock.key == given.clock);
            if !clock.is_some_and(Taught::is_undecided) {
                given.predicted.clear();
            }
            if !clock.is_some_and(Taught::is_observed) {
                given.stops.clear();
            }
            !given.predicted.is_empty() || !given.stops.is_empty()
        });
        if all.is_empty() {
            self.given.remove(incident);
        }
    }
}

impl Learned {
    /// The breach probability of a clock as it was observed.
    pub fn predicted(&self, seen: &Observation) -> f64 {
        self.forecaster.probability_of(&seen.features, seen.effort.as_ref())
    }

    /// After which service time a clock that was observed will have stopped in one, five and nine of
    /// ten cases, where this is its breach probability.
    pub fn expected_after(&self, seen: &Observation, breach_probability: f64) -> [Span; 3] {
        self.forecaster.remaining.expected_after(&seen.stop, breach_probability)
    }

    /// Learns from a clock that was decided, and scores the forecasts given at what decided it: of
    /// those given, facts that came late may have taken some back.
    fn decide(
        &mut self,
        clock: &Taught,
        decided: DecidedClock,
        given: &[(Instant, f64)],
        time: Instant,
    ) {
        let DecidedClock { is_breached, observed: (from, to), month, .. } = decided;
        let observed = clock.observed.get(from..to).unwrap_or_default();
        let features: Vec<&FeatureVector> = observed.iter().map(|seen| &seen.features).collect();
        self.forecaster.model.decide(&features, is_breached, time);
        self.forecaster.alike.learn(observed.iter().map(|seen| seen.stratum), is_breached);
        let is_of = |time: &Instant| observed.iter().any(|seen| seen.is_fact && seen.time == *time);
        let given = given.iter().filter(|(time, _)| is_of(time)).map(|(_, predicted)| *predicted);
        self.record.score(&clock.key.1, month, &given.collect::<Vec<_>>(), is_breached);
    }

    /// Learns from a clock that stopped, and scores the forecasts of that.
    fn stop(&mut self, clock: &Taught, stopped: &StoppedClock, given: &[(Instant, [Span; 3])]) {
        for of in &stopped.observed {
            let (from, class) = of.classes;
            self.forecaster.remaining.stopped(of.stratum, from, class);
            if let Some((team, estimated)) = &of.estimate {
                self.forecaster.estimates.learn(team, *estimated, of.remaining);
            }
        }
        let held = given.iter().filter_map(|(time, stops)| {
            let of = stopped.observed.iter().find(|of| of.time == *time)?;
            Some(stops.map(|stop| of.after <= stop))
        });
        self.record.score_stops(&clock.key.1, stopped.month, held);
    }
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
