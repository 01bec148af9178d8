//! What was learnt from one contract's clocks.

use super::lessons::Taught;
use super::observation::{DecidedClock, Observation, StoppedClock};
use crate::domain::forecast::{FeatureVector, Forecaster, TrackRecord};
use crate::domain::time::{Instant, Span};

/// All that was learnt from one contract's clocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Forecasts clocks from what was learnt.
    pub forecaster: Forecaster,
    /// How the forecasts it would have given at each fact turned out.
    pub record: TrackRecord,
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
    pub(super) fn decide(
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
    pub(super) fn stop(
        &mut self,
        clock: &Taught,
        stopped: &StoppedClock,
        given: &[(Instant, [Span; 3])],
    ) {
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
