//! What is observed of clocks, and what they teach.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::Clock;
use crate::domain::forecast::{
    Effort, FeatureVector, Snapshot, StopFeatures, StopStratum, Stratum, classes_run_through,
};
use crate::domain::time::{Instant, Span};

/// The contract, target and cycle of a clock.
pub type ClockKey = (String, String, u32);

/// Something that a clock teaches at an instant.
#[derive(Debug)]
pub struct Step {
    /// The instant.
    pub time: Instant,
    /// The index of the clock.
    pub clock: usize,
    /// What.
    pub kind: StepKind,
}

/// What a clock teaches.
#[derive(Debug)]
pub enum StepKind {
    /// It was observed: the index among its observations.
    Observed(usize),
    /// It was decided.
    Decided(DecidedClock),
    /// It stopped.
    Stopped(StoppedClock),
    /// It ran on: the strata it was in, and the classes of service time it has run through since.
    RanOn(Vec<(StopStratum, (usize, usize))>),
}

/// The decision of a clock.
#[derive(Clone, Copy, Debug)]
pub struct DecidedClock {
    /// Whether it breached.
    pub is_breached: bool,
    /// The first of the observations that it decides, and the one after the last.
    pub observed: (usize, usize),
    /// The share of the limit that it had used, 0 to 1.
    pub share_used: f32,
    /// Its local month.
    pub month: i32,
}

/// The stop of a clock.
#[derive(Clone, Debug)]
pub struct StoppedClock {
    /// Its local month.
    pub month: i32,
    /// What it teaches of each observation since it last stopped.
    pub observed: Vec<Stopped>,
}

/// What a clock's stop teaches of one observation.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// When it was observed.
    pub time: Instant,
    /// The stratum it was in.
    pub stratum: StopStratum,
    /// The first class of service time that it is not known to have run through, and the one that it
    /// stopped in.
    pub classes: (usize, usize),
    /// The service time from then to the stop, pauses included.
    pub after: Span,
    /// The service time that counted against its limit until it stopped.
    pub remaining: Span,
    /// An estimate that was new then, with the group that made it.
    pub estimate: Option<(String, Span)>,
}

/// A clock as it was observed while it was undecided.
#[derive(Clone, Debug)]
pub struct Observation {
    /// When.
    pub time: Instant,
    /// Whether something happened then.
    pub is_fact: bool,
    /// What the model sees.
    pub features: FeatureVector,
    /// The estimate of the work left, beside what is left of the limit.
    pub effort: Option<Effort>,
    /// The priority it was measured by.
    pub priority: String,
    /// The share of the limit used, 0 to 1.
    pub share_used: f32,
    /// The stratum it was in.
    pub stratum: Stratum,
    /// What its expected stop depends on.
    pub stop: StopFeatures,
    pub(super) elapsed: Span,
    /// How many classes of service time it is known to have run through since.
    pub(super) run_through: usize,
}

impl StepKind {
    /// Of what happens at one instant, observations come first: they know of no decision then.
    pub fn rank(&self) -> u8 {
        match self {
            StepKind::Observed(_) => 0,
            StepKind::Decided(_) => 1,
            StepKind::Stopped(_) => 2,
            StepKind::RanOn(_) => 3,
        }
    }
}

impl Observation {
    /// The observation of a snapshot, in the clock's service hours.
    pub(super) fn of(snapshot: &Snapshot<'_>, hours: &ServiceHours, is_fact: bool) -> Observation {
        Observation {
            time: snapshot.time,
            is_fact,
            features: FeatureVector::of(snapshot),
            effort: snapshot.effort(),
            priority: snapshot.priority.to_owned(),
            share_used: snapshot.share_used(),
            elapsed: snapshot.elapsed,
            stratum: Stratum::of(snapshot),
            stop: StopFeatures::of(snapshot, hours),
            run_through: 0,
        }
    }

    /// What a stop so much service time later teaches of it.
    pub(super) fn stopped(
        &self,
        after: Span,
        clock: &Clock<'_>,
        estimate: Option<(String, Span)>,
    ) -> Stopped {
        // A rule may set a stop back to before what was known of the clock.
        let class = classes_run_through(after, self.stop.unit).max(self.run_through);
        Stopped {
            time: self.time,
            stratum: self.stop.stratum,
            classes: (self.run_through, class),
            after,
            remaining: clock.elapsed - self.elapsed,
            estimate,
        }
    }
}
