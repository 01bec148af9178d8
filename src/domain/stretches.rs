//! Stretches of time, united and cut out of one another.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

/// Stretches of time in order, each from an instant up to another: none is empty, no two touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretches(Vec<(Instant, Instant)>);

impl Stretches {
    /// All the time that any of these covers.
    pub fn united(stretches: impl IntoIterator<Item = (Instant, Instant)>) -> Stretches {
        let mut all: Vec<_> = stretches.into_iter().filter(|(start, end)| start < end).collect();
        all.sort_unstable();
        let mut united: Vec<(Instant, Instant)> = Vec::new();
        for (start, end) in all {
            match united.last_mut() {
                Some((_, until)) if start <= *until => *until = end.max(*until),
                _ => united.push((start, end)),
            }
        }
        Stretches(united)
    }

    /// What of it the others leave.
    pub fn without(&self, others: &Stretches) -> Stretches {
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
        Stretches(left)
    }

    /// What of it lies between two instants.
    pub fn within(&self, from: Instant, until: Instant) -> Stretches {
        let inside = self.0.iter().map(|(start, end)| ((*start).max(from), (*end).min(until)));
        Stretches(inside.filter(|(start, end)| start < end).collect())
    }

    /// How long it is, all together.
    pub fn length(&self) -> Span {
        self.0.iter().map(|(start, end)| end.since(*start)).sum()
    }

    /// The stretch of it that an instant lies in.
    pub fn around(&self, instant: Instant) -> Option<(Instant, Instant)> {
        let passed = self.0.partition_point(|(_, end)| *end <= instant);
        self.0.get(passed).copied().filter(|(start, _)| *start <= instant)
    }

    /// The service time in it.
    pub fn elapsed(&self, hours: &ServiceHours) -> Span {
        self.0.iter().map(|(start, end)| hours.elapsed(*start, *end)).sum()
    }

    /// The first instant of it in service hours.
    pub fn first_open(&self, hours: &ServiceHours) -> Option<Instant> {
        self.0
            .iter()
            .find_map(|(start, end)| hours.next_opening(*start).filter(|opening| opening < end))
    }

    /// Each by itself.
    pub fn each(&self) -> impl Iterator<Item = Stretches> {
        self.0.iter().map(|stretch| Stretches(vec![*stretch]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(described: &[(i64, i64)]) -> Stretches {
        let at = |second| Instant::from_seconds(second).unwrap_or_default();
        Stretches::united(described.iter().map(|(start, end)| (at(*start), at(*end))))
    }

    #[test]
    fn what_overlaps_or_touches_is_one() {
        let united = stretches(&[(50, 60), (10, 20), (20, 30), (12, 15), (40, 40), (25, 35)]);
        assert_eq!(united, stretches(&[(10, 35), (50, 60)]));
        assert_eq!(united.each().count(), 2);
    }

    #[test]
    fn an_instant_lies_in_the_stretch_that_begins_with_it_and_not_in_that_which_ends() {
        let described = stretches(&[(10, 20), (30, 40)]);
        let around = |second| described.around(Instant::from_seconds(second).unwrap_or_default());
        let seconds = |(start, end): (Instant, Instant)| (start.seconds(), end.seconds());
        let found = [9, 10, 19, 20, 30].map(|second| around(second).map(seconds));
        assert_eq!(found, [None, Some((10, 20)), Some((10, 20)), None, Some((30, 40))]);
        assert_eq!(described.length(), Span::from_seconds(20));
    }

    #[test]
    fn cutting_out_leaves_the_rest() {
        let whole = stretches(&[(0, 10), (20, 30), (40, 50), (60, 70)]);
        let cut = stretches(&[(2, 4), (6, 7), (15, 35), (45, 65)]);
        let left = stretches(&[(0, 2), (4, 6), (7, 10), (40, 45), (65, 70)]);
        assert_eq!(whole.without(&cut), left);
        assert_eq!(whole.without(&whole), stretches(&[]));
        assert_eq!(whole.without(&stretches(&[])), whole);
    }
}
