//! What a tenant's incidents teach: a fold of the journal, record by record.
//!
//! Each fact is a feature vector of the clocks of its incident that are undecided by then, and so
//! is each noon of a business day on which nothing happens to them. A clock that is decided teaches
//! its contract's model, once, by all its feature vectors; what the model said at the facts is
//! scored. A clock that stops teaches how long it still ran at each of them, and how well it was
//! estimated.
//!
//! Silence decides too: a clock goes over its limit though nothing happens. Facts may come late by
//! a day, so silence is believed a day after. Only records that come within a day of what they
//! report say how far time is: while a history is imported, the next fact of each incident is still
//! to come.
//!
//! All of it depends on the records and their order alone, however often it is queried meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalog::Known;
use super::ledger::Ledger;
use super::query::evaluate_incident;
use super::snapshot::{hours, is_undecided, noons, snapshot};
use crate::domain::clock::{Clock, Evaluation, Outcome, Phase};
use crate::domain::forecast::{FeatureVector, Forecaster, Snapshot, Stratum, month_of};
use crate::domain::incident::{History, RecordedEvent};
use crate::domain::time::{Instant, Span};

pub use crate::domain::forecast::{ForecastScore, TrackRecord};

/// Facts may come as late as this and are still news.
const LATE_AT_MOST: Span = Span::from_hours(24);
const NANO: Span = Span::from_nanos(1);
/// A clock leaves no more feature vectors than this: one that is never decided must stay small.
const FEATURE_VECTORS_MAX: usize = 256;

/// All that is learnt of one contract's clocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// What it makes of a clock.
    pub forecaster: Forecaster,
    /// How its forecasts turned out so far: those it would have given at each fact.
    pub record: TrackRecord,
}

/// What one tenant's incidents have taught up to a record, and what undecided clocks will teach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learning {
    /// The last record that was taken: its sequence, and when it was recorded.
    pub taken: (u64, Instant),
    /// By contract.
    pub contracts: BTreeMap<String, Arc<Learned>>,
    /// The clocks that will still teach, by incident.
    pub watched: BTreeMap<String, Vec<Watched>>,
    /// When silence decides which incident's clocks next.
    lapses: BTreeSet<(Instant, String)>,
}

/// A clock that will still teach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// Its contract.
    pub contract_id: String,
    /// Its target.
    pub target_id: String,
    /// Its cycle.
    pub cycle: u32,
    /// When it was last looked at.
    pub seen: Instant,
    /// When it goes over its limit if nothing happens.
    pub lapse: Option<Instant>,
    /// Where it came by while undecided; none once it is decided.
    pub feature_vectors: Vec<FeatureVector>,
    /// What was said at those of them that were facts.
    pub predicted: Vec<f64>,
    /// What was used at each; kept until it stops.
    pub marks: Vec<Mark>,
}

/// How a clock stood when it was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What of its limit was used.
    pub elapsed: Span,
    /// Which clocks it was like.
    pub stratum: Stratum,
    /// When that was, if it was paused.
    pub paused_at: Option<Instant>,
    /// What work was left by an estimate that was new, and whose: the group's name.
    pub estimate: Option<(String, Span)>,
}

/// Where the ledgers of a tenant's incidents are.
pub trait Ledgers {
    /// Why one can't be had.
    type Error;

    /// Everything recorded about an incident; what was recorded later may be in it too.
    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Self::Error>;
}

/// An incident looked at.
struct Look<'l> {
    incident_id: &'l str,
    ledger: &'l Ledger,
    known: Known<'l>,
    history: History<'l>,
    /// What was known before this was recorded by then.
    known_before: Instant,
    as_of: Instant,
    /// Something happens just now.
    is_fact: bool,
}

impl Learning {
    /// What was learnt up to a record, and will be from these clocks.
    pub fn restored(
        taken: (u64, Instant),
        contracts: BTreeMap<String, Arc<Learned>>,
        watched: BTreeMap<String, Vec<Watched>>,
    ) -> Learning {
        let lapses = watched.iter().filter_map(|(incident, clocks)| lapse(incident, clocks));
        Learning { taken, contracts, lapses: lapses.collect(), watched }
    }

    /// What is learnt of a contract.
    pub fn of(&self, contract_id: &str) -> Arc<Learned> {
        self.contracts.get(contract_id).map(Arc::clone).unwrap_or_default()
    }

    /// Takes the next record in the journal's order: a fact about an incident, with the terms
    /// known by then.
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

    /// Decides the clocks that went over their limits so long ago that it would be reported by now
    /// if anything had happened to them, in that order.
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

    /// Passes the noons since the clocks were last looked at, by what was known before.
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

    /// Takes in how a clock stands; false: it teaches nothing more.
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
        let (Some(decided), Some(zone)) = (clock.decide_time(), known.zone(clock.contract_id))
        else {
            return;
        };
        let month = month_of(zone.local(decided).date());
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

    /// It is undecided, and may leave more feature vectors.
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

    /// What happens in one instant leaves one feature vector: the last.
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

/// When silence next decides one of an incident's clocks.
fn lapse(incident_id: &str, clocks: &[Watched]) -> Option<(Instant, String)> {
    let first = clocks.iter().filter_map(|watched| watched.lapse).min()?;
    Some((first, incident_id.to_owned()))
}

/// When the last of the facts occurred that are not still to come.
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
