//! When a clock will probably stop, from how much longer similar clocks ran.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::snapshot::{HOLDERS, Holder, Snapshot};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

/// Remaining times are counted in classes half an octave wide; the first ends at this share of the
/// limit.
const CLASS_LEAST: f64 = 1.0 / 256.0;
const CLASSES_PER_OCTAVE: f64 = 2.0;
const CLASSES: usize = 26;
/// The least share of the limit used of each stratum of a holder, after the first.
const STRATA_FROM: [f32; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];
const STRATA_PER_HOLDER: u8 = STRATA_FROM.len() as u8 + 1;
/// The prior of a stratum: it counts as this many clocks distributed as all clocks are.
const SEEN_BEFORE: f64 = 20.0;
/// The prior of all clocks: this many in each class.
const EACH_BEFORE: f64 = 0.5;

/// A stratum: clocks alike in who holds them and how much of the limit they have used. The number
/// is the holder times 6 plus the class of the share used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stratum(pub u8);

/// How much longer clocks ran, by stratum: counts of remaining service time, in classes of shares
/// of the limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remaining {
    strata: BTreeMap<Stratum, [f64; CLASSES]>,
    all: [f64; CLASSES],
}

/// When a clock will have stopped in one, five and nine of ten cases: in service time that it still
/// runs, and by the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedStop {
    /// The service time it still runs.
    pub after: [Span; 3],
    /// The instant it stops: of a paused clock by how long such waits lasted, of others if they run
    /// from now on. `None`: beyond 2199.
    pub time: [Option<Instant>; 3],
}

/// The shares of cases that an [`ExpectedStop`] covers.
pub const STOP_QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];

impl Stratum {
    /// The stratum of a snapshot.
    pub fn of(snapshot: &Snapshot<'_>) -> Stratum {
        Stratum::new(snapshot.incident.holder, snapshot.share_used())
    }

    fn new(holder: Holder, share_used: f32) -> Stratum {
        let used = STRATA_FROM.partition_point(|from| *from <= share_used);
        Stratum(holder as u8 * STRATA_PER_HOLDER + used as u8)
    }

    /// Who holds the clocks of the stratum; `None` for a number that is out of range.
    pub fn holder(self) -> Option<Holder> {
        HOLDERS.get(usize::from(self.0 / STRATA_PER_HOLDER)).copied()
    }
}

impl Remaining {
    /// Learns from a clock that stopped `remaining` of service time after it was in a stratum.
    pub fn learn(&mut self, stratum: Stratum, remaining: Span, limit: Span) {
        let class = class(share(remaining, limit));
        let counts = self.strata.entry(stratum).or_insert([0.0; CLASSES]);
        for counts in [counts, &mut self.all] {
            if let Some(count) = counts.get_mut(class) {
                *count += 1.0;
            }
        }
    }

    /// The counts of each stratum, in their order, by class.
    pub fn strata(&self) -> impl Iterator<Item = (Stratum, &[f64])> {
        self.strata.iter().map(|(stratum, counts)| (*stratum, counts.as_slice()))
    }

    /// What these counts had taught, as [`Remaining::strata`] listed them; missing classes are
    /// zero.
    pub fn restored(strata: impl IntoIterator<Item = (Stratum, Vec<f64>)>) -> Remaining {
        let mut restored = Remaining::default();
        for (stratum, kept) in strata {
            let counts = restored.strata.entry(stratum).or_insert([0.0; CLASSES]);
            for ((count, all), kept) in counts.iter_mut().zip(&mut restored.all).zip(kept) {
                *count += kept;
                *all += kept;
            }
        }
        restored
    }

    /// When a clock will probably stop.
    ///
    /// The counts of its stratum, shrunk towards those of all, are tilted so that exactly
    /// `breach_probability` lies beyond the limit: the percentiles and the probability agree.
    pub fn expected_stop(
        &self,
        snapshot: &Snapshot<'_>,
        breach_probability: f64,
        hours: &ServiceHours,
    ) -> ExpectedStop {
        let slack = share(snapshot.remaining(), snapshot.limit).max(0.0);
        let tilted = Tilted::new(self.shares(Stratum::of(snapshot)), slack, breach_probability);
        let limit = snapshot.limit.nanos() as f64;
        let after = STOP_QUANTILES.map(|of| Span::from_nanos((tilted.quantile(of) * limit) as i64));
        ExpectedStop { after, time: after.map(|after| hours.add(snapshot.time, after)) }
    }

    fn shares(&self, stratum: Stratum) -> [f64; CLASSES] {
        let own = self.strata.get(&stratum).copied().unwrap_or([0.0; CLASSES]);
        let seen = own.iter().sum::<f64>() + SEEN_BEFORE;
        let all_seen = self.all.iter().sum::<f64>() + EACH_BEFORE * CLASSES as f64;
        let mut shares = own;
        for (share, all) in shares.iter_mut().zip(self.all) {
            let of_all = (all + EACH_BEFORE) / all_seen;
            *share = (*share + SEEN_BEFORE * of_all) / seen;
        }
        shares
    }
}

/// A distribution of remaining shares, tilted so that a given probability lies beyond the slack.
struct Tilted {
    shares: [f64; CLASSES],
    /// The probability, before tilting, of a stop within the slack.
    within: f64,
    breach_probability: f64,
}

impl Tilted {
    fn new(shares: [f64; CLASSES], slack: f64, breach_probability: f64) -> Tilted {
        // Within a class the distribution is uniform.
        let part = |(share, (from, to)): (&f64, &(f64, f64))| {
            share * ((slack - from) / (to - from)).clamp(0.0, 1.0)
        };
        let within = shares.iter().zip(EDGES.iter()).map(part).sum();
        Tilted { shares, within, breach_probability }
    }

    /// The quantile: the remaining share by which the part `of` of all has stopped.
    fn quantile(&self, of: f64) -> f64 {
        let met = 1.0 - self.breach_probability;
        let mut raw = match of <= met {
            true => of / met * self.within,
            false => self.within + (of - met) / self.breach_probability * (1.0 - self.within),
        };
        for (share, (from, to)) in self.shares.iter().zip(EDGES.iter()) {
            if raw <= *share {
                return from + raw / share * (to - from);
            }
            raw -= share;
        }
        EDGES.last().map_or(0.0, |(_, to)| *to)
    }
}

fn share(span: Span, limit: Span) -> f64 {
    span.nanos() as f64 / limit.nanos().max(1) as f64
}

fn class(share: f64) -> usize {
    let octaves = (share / CLASS_LEAST).max(1.0).log2();
    ((octaves * CLASSES_PER_OCTAVE).ceil() as usize).min(CLASSES - 1)
}

/// Where each class begins and ends.
static EDGES: LazyLock<[(f64, f64); CLASSES]> = LazyLock::new(|| {
    let edge = |class: f64| CLASS_LEAST * (class / CLASSES_PER_OCTAVE).exp2();
    std::array::from_fn(|class| {
        (if class == 0 { 0.0 } else { edge(class as f64 - 1.0) }, edge(class as f64))
    })
});
