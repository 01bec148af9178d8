//! Effective-dated revisions, and which of them is in force.

use std::cmp::Reverse;

use crate::domain::time::Instant;

/// One revision of something, as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision<T> {
    /// Counts from 1 in the order they were recorded.
    pub number: u32,
    /// It is in force from this instant on, until another takes effect.
    pub effective_time: Instant,
    /// When it was recorded.
    pub record_time: Instant,
    /// The contract or calendar as this revision words it.
    pub content: T,
}

/// Every revision of something, in the order they were recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Revisions<T> {
    recorded: Vec<Revision<T>>,
}

/// The revisions that were recorded by an instant. Cheap to copy.
#[derive(Debug)]
pub struct Effective<'r, T> {
    known: &'r [Revision<T>],
}

impl<T> Clone for Effective<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Effective<'_, T> {}

impl<T> Default for Revisions<T> {
    fn default() -> Self {
        Revisions { recorded: Vec::new() }
    }
}

impl<T> Revisions<T> {
    /// Adds the next revision and returns its number. Record times never decrease.
    pub fn push(&mut self, effective_time: Instant, record_time: Instant, content: T) -> u32 {
        let number = self.recorded.len() as u32 + 1;
        self.recorded.push(Revision { number, effective_time, record_time, content });
        number
    }

    /// The same revisions with other contents, made of these.
    pub fn with<U>(&self, content: impl Fn(&T) -> U) -> Revisions<U> {
        let recorded = self.recorded.iter().map(|revision| {
            let Revision { number, effective_time, record_time, content: ref before } = *revision;
            Revision { number, effective_time, record_time, content: content(before) }
        });
        Revisions { recorded: recorded.collect() }
    }

    /// The revision recorded last.
    pub fn latest(&self) -> Option<&Revision<T>> {
        self.recorded.last()
    }

    /// What was recorded up to `known_time`.
    pub fn known(&self, known_time: Instant) -> Effective<'_, T> {
        let count = self.recorded.partition_point(|r| r.record_time <= known_time);
        Effective { known: self.recorded.get(..count).unwrap_or_default() }
    }
}

impl<'r, T> Effective<'r, T> {
    /// No revisions.
    pub fn none() -> Effective<'r, T> {
        Effective { known: &[] }
    }

    /// The revisions in the order they were recorded.
    pub fn all(self) -> &'r [Revision<T>] {
        self.known
    }

    /// The revision in force at `time`: of those effective by then the one that took effect last;
    /// of several with the same effective time, the one recorded last.
    pub fn at(self, time: Instant) -> Option<&'r Revision<T>> {
        self.known
            .iter()
            .filter(|revision| revision.effective_time <= time)
            .max_by_key(|revision| (revision.effective_time, revision.number))
    }

    /// The revisions in the order they take effect, without those replaced by another revision of
    /// the same effective time.
    pub fn by_effect(self) -> Vec<&'r Revision<T>> {
        by_effect(self.known.iter())
    }

    /// The revision in force at `time`, or before them all the first to take effect.
    pub fn ruling(self, time: Instant) -> Option<&'r Revision<T>> {
        let first = || {
            let by_effect = |r: &&'r Revision<T>| (r.effective_time, Reverse(r.number));
            self.known.iter().min_by_key(by_effect)
        };
        self.at(time).or_else(first)
    }

    /// The revision numbered `number`.
    pub fn numbered(self, number: u32) -> Option<&'r Revision<T>> {
        self.known.get((number as usize).checked_sub(1)?)
    }

    /// The revisions that take effect after `start` and by `end`, in that order, without those
    /// replaced by another revision of the same effective time.
    pub fn taking_effect(self, start: Instant, end: Instant) -> Vec<&'r Revision<T>> {
        let between = |r: &&Revision<T>| start < r.effective_time && r.effective_time <= end;
        by_effect(self.known.iter().filter(between))
    }
}

/// These in the order they take effect, without those replaced by another of the same effective
/// time.
fn by_effect<'r, T>(revisions: impl Iterator<Item = &'r Revision<T>>) -> Vec<&'r Revision<T>> {
    let mut found: Vec<_> = revisions.collect();
    found.sort_by_key(|revision| (revision.effective_time, Reverse(revision.number)));
    found.dedup_by_key(|revision| revision.effective_time);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap_or_default()
    }

    #[test]
    fn the_last_to_take_effect_is_in_force_and_of_two_at_once_the_last_recorded() {
        let mut revisions = Revisions::default();
        revisions.push(at(0), at(100), "first");
        revisions.push(at(50), at(101), "later");
        revisions.push(at(20), at(102), "between");
        revisions.push(at(50), at(103), "later, mended");
        let known = revisions.known(Instant::MAX);
        assert_eq!(known.at(at(10)).map(|r| r.content), Some("first"));
        assert_eq!(known.at(at(20)).map(|r| r.content), Some("between"));
        assert_eq!(known.at(at(50)).map(|r| r.content), Some("later, mended"));
        assert_eq!(revisions.known(at(101)).at(at(50)).map(|r| r.content), Some("later"));
        assert_eq!(known.taking_effect(at(0), at(99)).len(), 2);
        let by_effect: Vec<_> = known.by_effect().iter().map(|r| r.content).collect();
        assert_eq!(by_effect, ["first", "between", "later, mended"]);
        let late = revisions.known(at(100));
        assert_eq!(late.ruling(Instant::MIN).map(|r| r.content), Some("first"));
    }
}
