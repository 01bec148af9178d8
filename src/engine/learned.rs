//! What was learnt from one contract's clocks.

use super::lessons::{DecidedClock, Observation, Stopped, Taught};
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

    /// Learns from how long a clock still ran.
    pub(super) fn stop(&mut self, stopped: &[Stopped]) {
        for of in stopped {
            if of.remaining >= Span::ZERO {
                self.forecaster.remaining.learn(of.stratum, of.remaining, of.limit);
            }
            if let Some((team, estimated)) = &of.estimate {
                self.forecaster.estimates.learn(team, *estimated, of.remaining);
            }
            if let Some((holder, weeks)) = of.wait {
                self.forecaster.waits.learn(holder, weeks);
            }
        }
    }
}
