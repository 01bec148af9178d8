//! Learns from a tenant's incidents: a fold of the journal, record by record.
//!
//! At each fact the undecided clocks of its incident leave a feature vector, and also at each noon
//! of a business day on which nothing happens to them. When a clock is decided, its contract's
//! model learns once from all its feature vectors, and the forecasts it would have given at the
//! facts are scored. When a clock stops, its contract learns how much longer it ran after each of
//! them, and how well its work was estimated.
//!
//! A clock may also go over its limit without any fact. Facts may be recorded up to a day late, so
//! such a breach is learnt a day after. Only records made within a day of what they report advance
//! that time: while a history is imported, the next fact of each incident is still to come.
//!
//! The result depends on the records and their order alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalog::Known;
use super::evaluate::evaluate_incident;
use super::ledger::Ledger;
use super::snapshot::{hours, is_undecided, noons, snapshot};
use crate::domain::clock::{Clock, Evaluation, Outcome, Phase};
use crate::domain::forecast::{FeatureVector, Forecaster, Snapshot, Stratum, month_of};
use crate::domain::incident::{History, RecordedEvent};
use crate::domain::time::{Instant, Span};

pub use crate::domain::forecast::{ForecastScore, TrackRecord};

/// A fact recorded no later than this after it occurred advances the time up to which the absence
/// of facts is believed.
const LATE_AT_MOST: Span = Span::from_hours(24);
const NANO: Span = Span::from_nanos(1);
/// The most feature vectors a clock leaves: one that is never decided must stay small.
const FEATURE_VECTORS_MAX: usize = 256;

/// All that was learnt from one contract's clocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Forecasts clocks from what was learnt.
    pub forecaster: Forecaster,
    /// How the forecasts it would have given at each fact turned out.
    pub record: TrackRecord,
}

/// What was learnt from a tenant's incidents up to a record, and the clocks still to learn from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learning {
    /// The last record that was taken: its sequence, and when it was recorded.
    pub taken: (u64, Instant),
    /// What was learnt, by contract id.
    pub contracts: BTreeMap<String, Arc<Learned>>,
    /// The clocks still to learn from, by incident id.
    pub watched: BTreeMap<String, Vec<Watched>>,
    /// When a clock of each incident next goes over its limit if nothing happens.
    lapses: BTreeSet<(Instant, String)>,
}

/// A clock that is still to be learnt from: undecided, or decided and still running.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// Its contract.
    pub contract_id: String,
    /// Its target.
    pub target_id: String,
    /// Its cycle.
    pub cycle: u32,
    /// The instant of its last feature vector.
    pub seen: Instant,
    /// When it goes over its limit if nothing happens.
    pub lapse: Option<Instant>,
    /// The feature vectors it left while undecided; none once it is decided.
    pub feature_vectors: Vec<FeatureVector>,
    /// The breach probabilities forecast at those of them that were facts.
    pub predicted: Vec<f64>,
    /// A mark for each feature vector; kept until the clock stops.
    pub marks: Vec<Mark>,
}

/// The state of a clock when it left a feature vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The elapsed service time.
    pub elapsed: Span,
    /// The stratum it was in.
    pub stratum: Stratum,
    /// The instant, if it was paused.
    pub paused_at: Option<Instant>,
    /// A new estimate of the work left, with the group that made it.
    pub estimate: Option<(String, Span)>,
}

/// Reads the ledgers of a tenant's incidents.
pub trait Ledgers {
    /// The error of reading one.
    type Error;

    /// The ledger of an incident. It may contain later records than the one being learnt from.
    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Self::Error>;
}

/// An incident evaluated at an instant, and what was known of it.
struct Look<'l> {
    incident_id: &'l str,
    ledger: &'l Ledger,
    known: Known<'l>,
    history: History<'l>,
    /// The last instant before the present record.
    known_before: Instant,
    as_of: Instant,
    /// Whether the present record's fact occurred at `as_of`.
    is_fact: bool,
}

impl Learning {
    /// The learning up to record `taken`, from its stored parts.
    pub fn restored(
        taken: (u64, Instant),
        contracts: BTreeMap<String, Arc<Learned>>,
        watched: BTreeMap<String, Vec<Watched>>,
    ) -> Learning {
        let lapses = watched.iter().filter_map(|(incident, clocks)| lapse(incident, clocks));
        Learning { taken, contracts, lapses: lapses.collect(), watched }
    }

    /// What was learnt from a contract's clocks; nothing for a contract without any.
    pub fn of(&self, contract_id: &str) -> Arc<Learned> {
        self.contracts.get(contract_id).map(Arc::clone).unwrap_or_default()
    }

    /// Learns from the next record in the journal's order: a fact about an incident, with the terms
    /// known by then.
    ///
    /// # Errors
    /// Those of reading a ledger.
    pub fn take<L: Ledgers>(
        &mut self,
        recorded: &RecordedEvent,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<(), L::Error> {
        let now = recorded.record_time;
        let occurred = recorded.value.occur_time;
        if now.since(occurred) <= LATE_AT_MOST {
            self.believe_silence(now, known, ledgers)?;
        }
        let incident_id = recorded.value.incident_id.as_str();
        let ledger = &*ledgers.ledger(incident_id)?;
        let history = History::fold(&ledger.events, now);
        if let Some(as_of) = latest_fact(&history, now) {
            let (known_before, is_fact) = (earlier(now, NANO), occurred == as_of);
            self.look(&Look { incident_id, ledger, known, history, known_before, as_of, is_fact });
        }
        self.taken = (recorded.sequence, now);
        Ok(())
    }

    /// Learns what the passing of time up to an instant teaches: of clocks that have gone over
    /// their limits without any fact.
    ///
    /// # Errors
    /// Those of reading a ledger.
    pub fn pass<L: Ledgers>(
        &mut self,
        now: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<(), L::Error> {
        self.believe_silence(now, known, ledgers)
    }

    /// Decides, in order, the clocks that went over their limits so long ago that any fact about
    /// them would have been recorded by now.
    fn believe_silence<L: Ledgers>(
        &mut self,
        now: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<(), L::Error> {
        let as_of = earlier(now, LATE_AT_MOST);
        while let Some((_, incident_id)) = self.lapses.first().filter(|(at, _)| *at < as_of) {
            let incident_id = &incident_id.clone();
            let ledger = &*ledgers.ledger(incident_id)?;
            let known_before = earlier(now, NANO);
            let history = History::fold(&ledger.events, known_before);
            let is_fact = false;
            self.look(&Look { incident_id, ledger, known, history, known_before, as_of, is_fact });
        }
        Ok(())
    }

    fn look(&mut self, look: &Look<'_>) {
        let evaluated = evaluate_incident(&look.history, &look.known, look.as_of);
        let mut clocks = self.watched.remove(look.incident_id).unwrap_or_default();
        if let Some(lapse) = lapse(look.incident_id, &clocks) {
            self.lapses.remove(&lapse);
        }
        self.pass_noons(look, &evaluated, &mut clocks);
        clocks.retain_mut(|watched| {
            let clock = evaluated.clocks.iter().find(|clock| watched.is(clock));
            clock.is_some_and(|clock| self.settle(watched, clock, look))
        });
        for clock in evaluated.clocks.iter().filter(|clock| look.is_fact && is_undecided(clock)) {
            self.pass_fact(look, clock, &mut clocks);
        }
        self.lapses.extend(lapse(look.incident_id, &clocks));
        if !clocks.is_empty() {
            self.watched.insert(look.incident_id.to_owned(), clocks);
        }
    }

    /// Leaves feature vectors at the noons since each clock's last one, by what was known before
    /// the present record.
    fn pass_noons(&mut self, look: &Look<'_>, evaluated: &Evaluation<'_>, clocks: &mut [Watched]) {
        let mut all = BTreeSet::new();
        for watched in clocks.iter().filter(|watched| watched.has_room()) {
            let clock = evaluated.clocks.iter().find(|clock| watched.is(clock));
            all.extend(clock.into_iter().flat_map(|clock| {
                noons(clock, &look.known, later(watched.seen, NANO), look.as_of)
            }));
        }
        if all.is_empty() {
            return;
        }
        let history = History::fold(&look.ledger.events, look.known_before);
        for noon in all {
            let evaluated = evaluate_incident(&history, &look.known, noon);
            for clock in evaluated.clocks.iter().filter(|clock| is_undecided(clock)) {
                let watched = clocks.iter_mut().find(|watched| watched.is(clock));
                let watched = watched.filter(|watched| watched.has_room() && watched.seen < noon);
                if let Some(watched) = watched
                    && let Some(snapshot) = snapshot(&history, clock, &look.known, noon)
                {
                    watched.pass(&snapshot);
                }
            }
        }
    }

    /// Learns from how a clock stands; false when there is nothing more to learn from it.
    fn settle(&mut self, watched: &mut Watched, clock: &Clock<'_>, look: &Look<'_>) -> bool {
        let is_decided = matches!(clock.outcome, Outcome::Met | Outcome::Breached);
        if is_decided && !watched.feature_vectors.is_empty() {
            self.learned(&watched.contract_id).decide(watched, clock, look.known);
        }
        watched.lapse = look.lapse(clock);
        match clock.phase {
            Phase::Stopped => {
                self.learned(&watched.contract_id).stop(watched, clock, &look.known);
                false
            }
            Phase::Cancelled => false,
            Phase::Pending | Phase::Running | Phase::Paused => true,
        }
    }

    fn pass_fact<'l>(&mut self, look: &Look<'l>, clock: &Clock<'l>, clocks: &mut Vec<Watched>) {
        let snapshot = snapshot(&look.history, clock, &look.known, look.as_of);
        let Some(snapshot) = snapshot else { return };
        let place = clocks.iter().position(|watched| watched.is(clock));
        let place = place.unwrap_or_else(|| {
            clocks.push(Watched::new(clock));
            clocks.len() - 1
        });
        let Some(watched) = clocks.get_mut(place) else { return };
        watched.lapse = look.lapse(clock);
        watched.forget_instant(look.as_of);
        if watched.seen <= look.as_of && watched.marks.len() < FEATURE_VECTORS_MAX {
            let forecaster = &self.learned(&watched.contract_id).forecaster;
            watched.predicted.push(forecaster.breach_probability(&snapshot));
            watched.pass(&snapshot);
        }
    }

    fn learned(&mut self, contract_id: &str) -> &mut Learned {
        let learned = self.contracts.entry(contract_id.to_owned()).or_default();
        Arc::make_mut(learned)
    }
}

impl Learned {
    fn decide(&mut self, watched: &mut Watched, clock: &Clock<'_>, known: Known<'_>) {
        let is_breached = clock.outcome == Outcome::Breached;
        let (Some(decided), Some(days)) =
            (clock.decide_time(), known.local_days(clock.contract_id))
        else {
            return;
        };
        let month = month_of(days.date(decided));
        self.forecaster.model.decide(&watched.feature_vectors, is_breached, decided);
        self.record.score(&watched.target_id, month, &watched.predicted, is_breached);
        watched.feature_vectors = Vec::new();
        watched.predicted = Vec::new();
    }

    fn stop(&mut self, watched: &Watched, clock: &Clock<'_>, known: &Known<'_>) {
        let (stopped, hours) = (clock.stop_time, hours(clock, known));
        for mark in &watched.marks {
            let remaining = clock.elapsed - mark.elapsed;
            if remaining >= Span::ZERO {
                self.forecaster.remaining.learn(mark.stratum, remaining, clock.limit);
            }
            if let Some((team, estimated)) = &mark.estimate {
                self.forecaster.estimates.learn(team, *estimated, remaining);
            }
            if let (Some(holder), Some(paused), Some(stopped), Some(hours)) =
                (mark.stratum.holder(), mark.paused_at, stopped, hours)
            {
                self.forecaster.waits.learn(holder, paused, stopped, hours);
            }
        }
    }
}

impl Watched {
    fn new(clock: &Clock<'_>) -> Watched {
        Watched {
            contract_id: clock.contract_id.to_owned(),
            target_id: clock.target_id.to_owned(),
            cycle: clock.cycle,
            ..Watched::default()
        }
    }

    fn is(&self, clock: &Clock<'_>) -> bool {
        (self.contract_id.as_str(), self.target_id.as_str(), self.cycle) == clock.key()
    }

    /// Whether it is undecided and may leave more feature vectors.
    fn has_room(&self) -> bool {
        !self.feature_vectors.is_empty() && self.marks.len() < FEATURE_VECTORS_MAX
    }

    fn pass(&mut self, snapshot: &Snapshot<'_>) {
        let effort = snapshot.effort_remaining();
        let last = self.marks.iter().rev().find_map(|mark| mark.estimate.as_ref());
        let is_new = effort.is_some() && effort != last.map(|(_, effort)| *effort);
        let estimate = effort.filter(|_| is_new);
        self.marks.push(Mark {
            elapsed: snapshot.elapsed,
            stratum: Stratum::of(snapshot),
            paused_at: (snapshot.phase == Phase::Paused).then_some(snapshot.time),
            estimate: estimate.map(|effort| (snapshot.incident.state.group.to_owned(), effort)),
        });
        self.feature_vectors.push(FeatureVector::of(snapshot));
        self.seen = snapshot.time;
    }

    /// Drops the feature vector of this instant, since only the last one of an instant counts.
    fn forget_instant(&mut self, time: Instant) {
        if self.seen == time && self.feature_vectors.pop().is_some() {
            self.predicted.pop();
            self.marks.pop();
        }
    }
}

impl Look<'_> {
    /// When a clock goes over its limit if nothing happens from now on.
    fn lapse(&self, clock: &Clock<'_>) -> Option<Instant> {
        let due = clock.due_time.filter(|_| is_undecided(clock))?;
        let lapse = hours(clock, &self.known)?.next_opening(due)?;
        (lapse >= self.as_of).then_some(lapse)
    }
}

/// When one of an incident's clocks next goes over its limit if nothing happens.
fn lapse(incident_id: &str, clocks: &[Watched]) -> Option<(Instant, String)> {
    let first = clocks.iter().filter_map(|watched| watched.lapse).min()?;
    Some((first, incident_id.to_owned()))
}

/// When the last effective fact occurred that is not in the future.
fn latest_fact(history: &History<'_>, now: Instant) -> Option<Instant> {
    let facts = history.effective().iter().map(|recorded| recorded.value.occur_time);
    facts.take_while(|time| *time <= now).last()
}

fn earlier(time: Instant, by: Span) -> Instant {
    time.checked_add(Span::ZERO - by).unwrap_or(Instant::MIN)
}

fn later(time: Instant, by: Span) -> Instant {
    time.checked_add(by).unwrap_or(Instant::MAX)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
