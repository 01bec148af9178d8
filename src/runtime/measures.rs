//! What the machine measures of its own work, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of sync times, in microseconds.
const SYNC_MICROS: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000,
];
/// Upper bounds of the records in a group.
const GROUP_RECORDS: &[u64] = &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// How often a quantity was how large, since the start.
#[derive(Debug)]
pub struct Distribution {
    bounds: &'static [u64],
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

/// A distribution as it stood at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many were up to each upper bound, and over the one before.
    pub up_to: Vec<(u64, u64)>,
    /// How many were over all of them.
    pub over: u64,
    /// All of them added up.
    pub sum: u64,
}

impl Distribution {
    fn new(bounds: &'static [u64]) -> Distribution {
        let counts = std::iter::repeat_with(AtomicU64::default).take(bounds.len() + 1).collect();
        Distribution { bounds, counts, sum: AtomicU64::default() }
    }

    pub(super) fn note(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// How it stands.
    pub fn counted(&self) -> Histogram {
        let counts = || self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        Histogram {
            up_to: self.bounds.iter().copied().zip(counts()).collect(),
            over: counts().last().unwrap_or_default(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What the writer measures.
#[derive(Debug)]
pub struct Measures {
    /// How long it took to make a group durable, in microseconds.
    pub sync_micros: Distribution,
    /// How many records a group had.
    pub group_records: Distribution,
}

impl Default for Measures {
    fn default() -> Measures {
        Measures {
            sync_micros: Distribution::new(SYNC_MICROS),
            group_records: Distribution::new(GROUP_RECORDS),
        }
    }
}

impl Measures {
    /// A group of so many records was made durable.
    pub(super) fn note_group(&self, records: usize, took: Duration) {
        self.sync_micros.note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.group_records.note(records as u64);
    }
}

/// How often what was looked up was in memory.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How often something was in memory, and how often it had to be read, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// It was in memory.
    pub hits: u64,
    /// It was read from the views.
    pub misses: u64,
}

impl Lookups {
    pub fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub fn counted(&self) -> CacheUse {
        let [hits, misses] = [&self.hits, &self.misses].map(|count| count.load(Ordering::Relaxed));
        CacheUse { hits, misses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_up_to_its_bound_and_the_largest_over_all() {
        let distribution = Distribution::new(&[1, 10]);
        [0, 1, 2, 10, 11, 1_000].into_iter().for_each(|value| distribution.note(value));
        let counted = Histogram { up_to: vec![(1, 2), (10, 2)], over: 2, sum: 1_024 };
        assert_eq!(distribution.counted(), counted);
    }
}
