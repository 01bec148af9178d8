//! When a clock will probably stop, from how much longer similar clocks ran.
//!
//! What is counted is the service time from an observation of a clock to its stop, its pauses
//! included: a clock that runs now may be paused later. Clocks that have not stopped count for as
//! long as they are known to run (Kaplan and Meier 1958): learnt from those alone that have
//! stopped, every stop is expected too early, the more so the younger the contract is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::stop_features::{StopFeatures, StopStratum};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

/// Times are counted in classes half an octave wide; the first ends at this share of the unit.
const CLASS_LEAST: f64 = 1.0 / 256.0;
const CLASSES_PER_OCTAVE: f64 = 2.0;
/// How many classes there are.
pub const CLASSES: usize = 26;
/// The prior of a stratum: it counts as this many clocks that ran on as all of its kind do.
const SEEN_BEFORE: f64 = 10.0;
/// The prior of all clocks: it counts as this many clocks that ran on as [`PRIOR_HAZARDS`] say.
const ALL_BEFORE: f64 = 20.0;
/// The share of those that reach a class and stop in it: as in March 2016 of the event log that the
/// prior was learnt from, running and paused clocks alike.
const PRIOR_HAZARDS: [f64; CLASSES] = [
    0.04, 0.006, 0.007, 0.007, 0.008, 0.01, 0.012, 0.014, 0.02, 0.025, 0.033, 0.042, 0.053, 0.07,
    0.09, 0.12, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.4, 0.4, 0.4, 1.0,
];
/// How much the breach probability counts, in log-odds, against what the stratum says of a stop
/// beyond what is left of the limit. It knows more of the clock; but a clock that is paused later
/// stops later and does not breach. Chosen on March 2016 of that log.
const PROBABILITY_COUNTS: f64 = 0.7;
/// The part of the distribution that is looked up for one, five and nine of ten cases: of clocks to
/// which something just happened, and of others. Neither is what it is called, since what comes of
/// clocks that are left alone depends on more than the strata tell. Chosen on the same month.
const LOOKED_UP: [[f64; 3]; 2] = [[0.1, 0.5, 0.92], [0.1, 0.54, 0.95]];
/// No probability is taken to be more certain than one in so many.
const CERTAIN: f64 = 1e-4;

/// How clocks ran on, by stratum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remaining {
    strata: BTreeMap<StopStratum, RanOn>,
    /// Those that ran, and those that were paused.
    all: [RanOn; 2],
}

/// How clocks ran on from observations, in classes of service time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RanOn {
    /// How many are known to have stopped in a class or beyond it.
    pub reached: [u64; CLASSES],
    /// How many stopped in a class.
    pub stopped: [u64; CLASSES],
}

/// When a clock will have stopped in one, five and nine of ten cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedStop {
    /// The service time until then, pauses included.
    pub after: [Span; 3],
    /// The instant. `None`: beyond 2199.
    pub time: [Option<Instant>; 3],
}

/// The shares of cases that an [`ExpectedStop`] covers.
pub const STOP_QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];

impl Remaining {
    /// Learns that a clock ran on through some classes after it was in a stratum.
    pub fn ran_on(&mut self, stratum: StopStratum, (from, to): (usize, usize)) {
        for ran_on in self.of(stratum) {
            let reached = ran_on.reached.iter_mut().take(to).skip(from);
            reached.for_each(|reached| *reached += 1);
        }
    }

    /// Learns that a clock stopped in a class after it was in a stratum; that it ran on through the
    /// classes before `from` is learnt already.
    pub fn stopped(&mut self, stratum: StopStratum, from: usize, class: usize) {
        self.ran_on(stratum, (from, class + 1));
        for ran_on in self.of(stratum) {
            if let Some(stopped) = ran_on.stopped.get_mut(class) {
                *stopped += 1;
            }
        }
    }

    fn of(&mut self, stratum: StopStratum) -> impl Iterator<Item = &mut RanOn> {
        let all = self.all.get_mut(usize::from(stratum.is_paused()));
        all.into_iter().chain(std::iter::once(self.strata.entry(stratum).or_default()))
    }

    /// How the clocks of each stratum ran on, in their order.
    pub fn strata(&self) -> impl Iterator<Item = (StopStratum, &RanOn)> {
        self.strata.iter().map(|(stratum, ran_on)| (*stratum, ran_on))
    }

    /// What these had taught, as [`Remaining::strata`] listed them.
    pub fn restored(strata: impl IntoIterator<Item = (StopStratum, RanOn)>) -> Remaining {
        let mut restored = Remaining::default();
        for (stratum, kept) in strata {
            for ran_on in restored.of(stratum) {
                ran_on.add(&kept);
            }
        }
        restored
    }

    /// When a clock will probably stop.
    pub fn expected_stop(
        &self,
        features: &StopFeatures,
        breach_probability: f64,
        time: Instant,
        hours: &ServiceHours,
    ) -> ExpectedStop {
        let after = self.expected_after(features, breach_probability);
        ExpectedStop { after, time: after.map(|after| hours.add(time, after)) }
    }

    /// After which service time, pauses included, a clock will have stopped in one, five and nine of
    /// ten cases.
    ///
    /// What its stratum says, shrunk towards what all say, is tilted towards the breach probability
    /// lying beyond what is left of the limit.
    pub fn expected_after(&self, features: &StopFeatures, breach_probability: f64) -> [Span; 3] {
        let unit = features.unit.nanos().max(1) as f64;
        let mut distribution = Distribution::of(self.shares(features.stratum));
        if let Some(slack) = features.slack {
            let slack = (slack.nanos() as f64 / unit).max(0.0);
            distribution.tilt(slack, breach_probability);
        }
        let [fresh, idle] = LOOKED_UP;
        let looked_up = if features.stratum.is_fresh() { fresh } else { idle };
        looked_up.map(|of| Span::from_nanos((distribution.quantile(of) * unit) as i64))
    }

    /// The share of clocks that stop in each class.
    fn shares(&self, stratum: StopStratum) -> [f64; CLASSES] {
        let all = self.all.get(usize::from(stratum.is_paused())).copied().unwrap_or_default();
        let own = self.strata.get(&stratum).copied().unwrap_or_default();
        let mut shares = PRIOR_HAZARDS;
        let mut left = 1.0;
        for (class, share) in shares.iter_mut().enumerate() {
            let hazard = own.hazard(class, SEEN_BEFORE, all.hazard(class, ALL_BEFORE, *share));
            // Whatever is left stops in the last.
            *share = if class + 1 == CLASSES { left } else { left * hazard };
            left -= *share;
        }
        shares
    }
}

impl RanOn {
    /// The share of those that reach a class and stop in it; `seen` clocks that stop at a rate of
    /// `expected` count with them.
    fn hazard(&self, class: usize, seen: f64, expected: f64) -> f64 {
        let of = |counts: &[u64; CLASSES]| counts.get(class).copied().unwrap_or_default() as f64;
        (of(&self.stopped) + seen * expected) / (of(&self.reached) + seen)
    }

    fn add(&mut self, other: &RanOn) {
        let reached = self.reached.iter_mut().zip(other.reached);
        let stopped = self.stopped.iter_mut().zip(other.stopped);
        reached.chain(stopped).for_each(|(sum, more)| *sum += more);
    }
}

/// A distribution of times until stops, in units.
struct Distribution {
    shares: [f64; CLASSES],
    /// The share that lies before the point at which it is tilted.
    within: f64,
    /// The share that is to lie there.
    within_tilted: f64,
}

impl Distribution {
    fn of(shares: [f64; CLASSES]) -> Distribution {
        Distribution { shares, within: 1.0, within_tilted: 1.0 }
    }

    /// Moves the share beyond `slack` towards a probability. Within a class times are uniform.
    fn tilt(&mut self, slack: f64, probability: f64) {
        let part = |(share, (from, to)): (&f64, &(f64, f64))| {
            share * ((slack - from) / (to - from)).clamp(0.0, 1.0)
        };
        self.within = self.shares.iter().zip(EDGES.iter()).map(part).sum();
        let beyond = PROBABILITY_COUNTS * log_odds(probability)
            + (1.0 - PROBABILITY_COUNTS) * log_odds(1.0 - self.within);
        self.within_tilted = if probability < 1.0 { 1.0 / (1.0 + beyond.exp()) } else { 0.0 };
    }

    /// The time by which the part `of` of all have stopped.
    fn quantile(&self, of: f64) -> f64 {
        let beyond = 1.0 - self.within_tilted;
        let mut left = match of <= self.within_tilted {
            true => of / self.within_tilted * self.within,
            false => self.within + (of - self.within_tilted) / beyond * (1.0 - self.within),
        };
        for (share, (from, to)) in self.shares.iter().zip(EDGES.iter()) {
            if left <= *share {
                return from + left / share.max(f64::MIN_POSITIVE) * (to - from);
            }
            left -= share;
        }
        EDGES.last().map_or(0.0, |(_, to)| *to)
    }
}

fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(CERTAIN, 1.0 - CERTAIN);
    (p / (1.0 - p)).ln()
}

/// How many classes a clock has run through after a service time: the index of the one it stops in,
/// if it stops then.
pub fn classes_run_through(time: Span, unit: Span) -> usize {
    let time = share(time, unit);
    EDGES.iter().take(CLASSES - 1).take_while(|(_, to)| *to <= time).count()
}

fn share(span: Span, unit: Span) -> f64 {
    span.nanos() as f64 / unit.nanos().max(1) as f64
}

/// Where each class begins and ends.
static EDGES: LazyLock<[(f64, f64); CLASSES]> = LazyLock::new(|| {
    let edge = |class: f64| CLASS_LEAST * (class / CLASSES_PER_OCTAVE).exp2();
    std::array::from_fn(|class| {
        (if class == 0 { 0.0 } else { edge(class as f64 - 1.0) }, edge(class as f64))
    })
});
