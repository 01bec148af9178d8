//! Sums of time over people or incidents, wider than a span.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::time::Span;

const NANOS_PER_SECOND: u128 = 1_000_000_000;
const NANOS_PER_HOUR: u128 = 3_600 * NANOS_PER_SECOND;

/// Nanoseconds added up over people or incidents, as in "240 people-hours": never negative, and
/// wider than a [`Span`], which ends at 292 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSum(u128);

impl TimeSum {
    /// No time at all.
    pub const ZERO: TimeSum = TimeSum(0);

    /// `people` times a span, which counts as nothing when it is negative.
    pub fn of(people: u32, span: Span) -> TimeSum {
        TimeSum(u128::from(people) * u128::try_from(span.nanos()).unwrap_or_default())
    }

    /// `seconds` and `nanos` added up.
    pub fn from_parts(seconds: u64, nanos: u32) -> TimeSum {
        TimeSum(u128::from(seconds) * NANOS_PER_SECOND + u128::from(nanos))
    }

    /// Whole seconds, and the nanoseconds past them.
    pub fn parts(self) -> (u64, u32) {
        let seconds = u64::try_from(self.0 / NANOS_PER_SECOND).unwrap_or(u64::MAX);
        (seconds, (self.0 % NANOS_PER_SECOND) as u32)
    }

    /// The sum in nanoseconds.
    pub fn nanos(self) -> u128 {
        self.0
    }

    /// Whole hours, rounded down.
    pub fn hours(self) -> u128 {
        self.0 / NANOS_PER_HOUR
    }

    /// The sum multiplied by `count`; saturates.
    pub fn times(self, count: u128) -> TimeSum {
        TimeSum(self.0.saturating_mul(count))
    }

    /// The sum divided by `parts`, rounded down to the nanosecond; divided by 0 it stays the same.
    pub fn divided(self, parts: u128) -> TimeSum {
        TimeSum(self.0 / parts.max(1))
    }

    /// The sum less another, but not below zero.
    pub fn less(self, other: TimeSum) -> TimeSum {
        TimeSum(self.0.saturating_sub(other.0))
    }
}

impl From<Span> for TimeSum {
    /// A negative span counts as nothing.
    fn from(span: Span) -> TimeSum {
        TimeSum::of(1, span)
    }
}

impl Add for TimeSum {
    type Output = TimeSum;

    fn add(self, other: TimeSum) -> TimeSum {
        TimeSum(self.0.saturating_add(other.0))
    }
}

impl AddAssign for TimeSum {
    fn add_assign(&mut self, other: TimeSum) {
        *self = *self + other;
    }
}

impl Sum for TimeSum {
    fn sum<I: Iterator<Item = TimeSum>>(sums: I) -> TimeSum {
        sums.fold(TimeSum::ZERO, |total, sum| total + sum)
    }
}
