//! Sets of half-open time intervals, and their union, difference and intersection.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

/// Half-open intervals `[start, end)` in ascending order: none is empty, and no two overlap or
/// touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals(Vec<(Instant, Instant)>);

impl Intervals {
    /// The union of these intervals; those that end no later than they start count for nothing.
    pub fn union(intervals: impl IntoIterator<Item = (Instant, Instant)>) -> Intervals {
        let mut all: Vec<_> = intervals.into_iter().filter(|(start, end)| start < end).collect();
        all.sort_unstable();
        let mut united: Vec<(Instant, Instant)> = Vec::new();
        for (start, end) in all {
            match united.last_mut() {
                Some((_, until)) if start <= *until => *until = end.max(*until),
                _ => united.push((start, end)),
            }
        }
        Intervals(united)
    }

    /// All of time.
    pub fn always() -> Intervals {
        Intervals(vec![(Instant::MIN, Instant::MAX)])
    }

    /// The difference: what these intervals cover and `others` do not.
    pub fn without(&self, others: &Intervals) -> Intervals {
        let mut left = Vec::with_capacity(self.0.len());
        for &(mut start, end) in &self.0 {
            let passed = others.0.partition_point(|(_, until)| *until <= start);
            let cuts = others.0.iter().skip(passed).take_while(|(from, _)| *from < end);
            for &(from, until) in cuts {
                if start < from {
                    left.push((start, from));
                }
                start = until;
            }
            if start < end {
                left.push((start, end));
            }
        }
        Intervals(left)
    }

    /// What these intervals or `others` cover.
    pub fn with(&self, others: &Intervals) -> Intervals {
        Intervals::union(self.0.iter().chain(&others.0).copied())
    }

    /// What these intervals and `others` both cover.
    pub fn both(&self, others: &Intervals) -> Intervals {
        self.without(&self.without(others))
    }

    /// Each interval's start and end.
    pub fn bounds(&self) -> impl Iterator<Item = (Instant, Instant)> {
        self.0.iter().copied()
    }

    /// The part of these intervals in `[from, until)`.
    pub fn within(&self, from: Instant, until: Instant) -> Intervals {
        let inside = self.0.iter().map(|(start, end)| ((*start).max(from), (*end).min(until)));
        Intervals(inside.filter(|(start, end)| start < end).collect())
    }

    /// The sum of their lengths.
    pub fn length(&self) -> Span {
        self.0.iter().map(|(start, end)| end.since(*start)).sum()
    }

    /// The interval that contains `instant`, if one does.
    pub fn containing(&self, instant: Instant) -> Option<(Instant, Instant)> {
        let passed = self.0.partition_point(|(_, end)| *end <= instant);
        self.0.get(passed).copied().filter(|(start, _)| *start <= instant)
    }

    /// The service time in them.
    pub fn elapsed(&self, hours: &ServiceHours) -> Span {
        self.0.iter().map(|(start, end)| hours.elapsed(*start, *end)).sum()
    }

    /// The first instant in them that is in service hours.
    pub fn first_open(&self, hours: &ServiceHours) -> Option<Instant> {
        self.0
            .iter()
            .find_map(|(start, end)| hours.next_opening(*start).filter(|opening| opening < end))
    }

    /// Each interval as a set of its own.
    pub fn each(&self) -> impl Iterator<Item = Intervals> {
        self.0.iter().map(|interval| Intervals(vec![*interval]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(seconds: &[(i64, i64)]) -> Intervals {
        let at = |second| Instant::from_seconds(second).unwrap_or_default();
        Intervals::union(seconds.iter().map(|(start, end)| (at(*start), at(*end))))
    }

    #[test]
    fn what_overlaps_or_touches_is_one() {
        let united = intervals(&[(50, 60), (10, 20), (20, 30), (12, 15), (40, 40), (25, 35)]);
        assert_eq!(united, intervals(&[(10, 35), (50, 60)]));
        assert_eq!(united.each().count(), 2);
    }

    #[test]
    fn an_interval_contains_its_start_and_not_its_end() {
        let two = intervals(&[(10, 20), (30, 40)]);
        let containing = |second| two.containing(Instant::from_seconds(second).unwrap_or_default());
        let seconds = |(start, end): (Instant, Instant)| (start.seconds(), end.seconds());
        let found = [9, 10, 19, 20, 30].map(|second| containing(second).map(seconds));
        assert_eq!(found, [None, Some((10, 20)), Some((10, 20)), None, Some((30, 40))]);
        assert_eq!(two.length(), Span::from_seconds(20));
    }

    #[test]
    fn cutting_out_leaves_the_rest() {
        let whole = intervals(&[(0, 10), (20, 30), (40, 50), (60, 70)]);
        let cut = intervals(&[(2, 4), (6, 7), (15, 35), (45, 65)]);
        let left = intervals(&[(0, 2), (4, 6), (7, 10), (40, 45), (65, 70)]);
        assert_eq!(whole.without(&cut), left);
        assert_eq!(whole.without(&whole), intervals(&[]));
        assert_eq!(whole.without(&intervals(&[])), whole);
        let both = intervals(&[(2, 4), (6, 7), (20, 30), (45, 50), (60, 65)]);
        assert_eq!((whole.both(&cut), cut.both(&whole)), (both.clone(), both));
        assert_eq!(left.with(&cut), intervals(&[(0, 10), (15, 35), (40, 70)]));
    }
}
