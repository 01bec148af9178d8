//! Backtests forecasts of clocks, given at every event and at noon of every business day, by the
//! very fold a server learns by.

use std::collections::BTreeMap;

use super::stops::{RealStop, StopsHeld};
use super::tested::{Test, Tested};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::forecast::{BASELINES, Baseline, Baselines, Mark, Quality, Scored};
use crate::domain::ids::ClockId;
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::fold::{Learned, Observer, Upto};
use crate::engine::lessons::Taught;
use crate::engine::observation::{ClockKey, DecidedClock, Observation};
use crate::engine::occurred::OccurredIncidents;
use crate::engine::snapshot::hours;

const WEEK: Span = Span::from_hours(7 * 24);

/// The occasion on which a forecast is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// At every event.
    Event,
    /// At noon of every business day on which nothing happens just then.
    Noon,
}

/// Every occasion.
pub const OCCASIONS: [Occasion; 2] = [Occasion::Event, Occasion::Noon];

/// How forecasts of clocks turned out.
#[derive(Clone, Debug)]
pub struct TestedClocks {
    /// By occasion; those without a scored forecast are left out.
    pub occasions: Vec<(Occasion, Tested<Baseline>)>,
    /// How the expected stops turned out, by occasion, of all clocks whether decided or not.
    pub stops: [(Occasion, StopsHeld); OCCASIONS.len()],
    /// Every scored forecast, in the order in which they were given.
    pub forecasts: Vec<ScoredForecast>,
}

/// A forecast of a clock that was scored.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredForecast {
    /// The clock.
    pub clock: ClockId,
    /// The occasion.
    pub occasion: Occasion,
    /// What was forecast, and what came of it.
    pub scored: Scored,
    /// What each of [`BASELINES`] gave.
    pub baselines: [f64; BASELINES.len()],
}

/// Folds what had occurred of incidents, and scores the forecasts given on the way.
pub fn test_clocks(
    test: Test<'_>,
    incidents: &mut OccurredIncidents,
    known: Known<'_>,
) -> TestedClocks {
    let ends = incidents.0.iter().flat_map(|(id, ledger)| {
        let history = History::fold(&ledger.events, Instant::MAX);
        ends(test, id, &history, &known)
    });
    let ends = ends.enumerate().map(|(clock, (name, end))| (name, End { clock, ..end }));
    let mut examined = Examined { ends: ends.collect(), ..Examined::new(test) };
    let mut fold = incidents.fold();
    let upto = Upto { until: test.until, by: (u64::MAX, Instant::MAX), known };
    let Ok(()) = fold.advance(upto, incidents, &mut examined);
    examined.result()
}

/// A clock, by its incident and its own key.
type Name = (String, ClockKey);

/// What became of a clock by the end of a test.
#[derive(Clone, Copy, Debug)]
struct End<'k> {
    clock: usize,
    /// Whether it breached, and when it was decided.
    decided: Option<(bool, Instant)>,
    stop: RealStop<'k>,
}

fn ends<'k>(
    test: Test<'_>,
    incident: &str,
    history: &History<'_>,
    known: &'k Known<'_>,
) -> Vec<(Name, End<'k>)> {
    let evaluated = evaluate_under(history, test.contract_id, known, test.until);
    let end = |clock: &Clock<'_>| {
        let is_decided = matches!(clock.outcome, Outcome::Met | Outcome::Breached);
        let decided = clock.decide_time().filter(|_| is_decided);
        let decided = decided.map(|time| (clock.outcome == Outcome::Breached, time));
        let (contract, target, cycle) = clock.key();
        let name = (incident.to_owned(), (contract.to_owned(), target.to_owned(), cycle));
        let stop = RealStop { hours: hours(clock, known)?, time: clock.stop_time };
        Some((name, End { clock: 0, decided, stop }))
    };
    evaluated.clocks.iter().filter_map(end).collect()
}

/// The scored forecasts, and the baselines as learnt so far.
struct Examined<'t, 'k> {
    test: Test<'t>,
    ends: BTreeMap<Name, End<'k>>,
    baselines: [Baselines; OCCASIONS.len()],
    scores: [Scores; OCCASIONS.len()],
    stops: [StopsHeld; OCCASIONS.len()],
    next_fit: Instant,
    forecasts: Vec<ScoredForecast>,
}

/// The scored forecasts of the model and of each baseline.
#[derive(Default)]
struct Scores {
    model: Vec<Scored>,
    of_baselines: [Vec<Scored>; BASELINES.len()],
}

impl<'t> Examined<'t, '_> {
    fn new(test: Test<'t>) -> Self {
        Examined {
            test,
            ends: BTreeMap::new(),
            baselines: Default::default(),
            scores: Default::default(),
            stops: Default::default(),
            next_fit: test.learn_until,
            forecasts: Vec::new(),
        }
    }

    fn is_meant(&self, (contract, target, _): &ClockKey) -> bool {
        contract == self.test.contract_id && [target, ""].contains(&self.test.target_id)
    }

    /// Fits what is fitted once a week.
    fn fit_by(&mut self, time: Instant) {
        while self.next_fit <= time {
            self.baselines.iter_mut().for_each(Baselines::fit);
            self.next_fit = self.next_fit.checked_add(WEEK).unwrap_or(Instant::MAX);
        }
    }

    fn score_stop(&mut self, name: &Name, seen: &Observation, after: [Span; 3]) {
        let Some(end) = self.ends.get(name) else { return };
        if let Some(stops) = self.stops.get_mut(occasion(seen) as usize) {
            stops.score((seen.time, after), &end.stop, self.test.until);
        }
    }

    fn score(&mut self, name: &Name, seen: &Observation, probability: f64) {
        let Some(end) = self.ends.get(name) else { return };
        let decided = end.decided.filter(|(_, decide_time)| seen.time < *decide_time);
        let Some((is_breached, decide_time)) = decided else { return };
        let clock = end.clock;
        let occasion = occasion(seen);
        let (Some(scores), Some(baselines)) =
            (self.scores.get_mut(occasion as usize), self.baselines.get(occasion as usize))
        else {
            return;
        };
        let scored =
            |probability| Scored { clock, time: seen.time, probability, is_breached, decide_time };
        scores.model.push(scored(probability));
        let of_baselines = BASELINES.map(|of| baselines.probability(of, &mark(seen)));
        for (probability, scores) in of_baselines.iter().zip(&mut scores.of_baselines) {
            scores.push(scored(*probability));
        }
        let (incident, (contract, target, cycle)) = name.clone();
        let clock = ClockId {
            incident_id: incident.into(),
            contract_id: contract.into(),
            target_id: target.into(),
            cycle,
        };
        let (scored, baselines) = (scored(probability), of_baselines);
        self.forecasts.push(ScoredForecast { clock, occasion, scored, baselines });
    }

    fn result(self) -> TestedClocks {
        let of = |(occasion, scores): (&Occasion, &Scores)| {
            let qualities = BASELINES.iter().zip(&scores.of_baselines);
            let baselines = qualities.filter_map(|(of, scored)| Some((*of, Quality::of(scored)?)));
            let (model, baselines) = (Quality::of(&scores.model)?, baselines.collect());
            Some((*occasion, Tested { model, baselines }))
        };
        let occasions = OCCASIONS.iter().zip(&self.scores).filter_map(of).collect();
        let [events, noons] = self.stops;
        let stops = [(Occasion::Event, events), (Occasion::Noon, noons)];
        TestedClocks { occasions, stops, forecasts: self.forecasts }
    }
}

impl Observer for Examined<'_, '_> {
    fn observed(&mut self, incident: &str, of: &Taught, seen: &Observation, by: &Learned) {
        if !self.is_meant(&of.key) {
            return;
        }
        self.fit_by(seen.time);
        if seen.time >= self.test.learn_until {
            let name = (incident.to_owned(), of.key.clone());
            let probability = by.predicted(seen);
            self.score_stop(&name, seen, by.expected_after(seen, probability));
            self.score(&name, seen, probability);
        }
    }

    fn decided(&mut self, _: &str, of: &Taught, decided: &DecidedClock, _: Instant) {
        if !self.is_meant(&of.key) {
            return;
        }
        let (from, to) = decided.observed;
        let observed = of.observed.get(from..to).unwrap_or_default();
        let Some(priority) = observed.last().map(|seen| &seen.priority) else { return };
        let met_at = (!decided.is_breached).then_some(decided.share_used);
        for (place, baselines) in OCCASIONS.iter().zip(&mut self.baselines) {
            let marks = observed.iter().filter(|seen| occasion(seen) == *place).map(mark);
            baselines.decide(priority, met_at, &marks.collect::<Vec<_>>());
        }
    }
}

fn occasion(seen: &Observation) -> Occasion {
    if seen.is_fact { Occasion::Event } else { Occasion::Noon }
}

fn mark(seen: &Observation) -> Mark<'_> {
    Mark { priority: &seen.priority, share_used: seen.share_used, features: &seen.features }
}
