//! What happened to a clock, each thing at its instant: what may be reported as it happens.
//!
//! The set as of an instant says how the clock stands then: the last that began, halted or ended it
//! gives its phase, and a breach or an exclusion its verdict. With time alone it only grows, by
//! what has that instant; a fact, or other terms, may also take some of it away.

use std::collections::BTreeSet;

use super::{Clock, Exclusion, Phase, Segment, SegmentKind, WarnAt};
use crate::domain::time::Instant;

/// Something that happened to a clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// When; `None`: it has no instant of its own.
    pub time: Option<Instant>,
    /// What.
    pub kind: OccurrenceKind,
}

/// What happens to clocks. Of several things in one instant, the earlier comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OccurrenceKind {
    /// It was left out of the contractual figures, on this ground: the id of a rule, or of the
    /// event that recorded a decision.
    Excluded(String),
    /// It began to be a clock of its contract.
    Started,
    /// It went on after a pause, a stop or a cancellation.
    Resumed,
    /// It was paused.
    Paused,
    /// It reached a warning.
    Warned(WarnAt),
    /// It went over its limit.
    Breached,
    /// It stopped.
    Stopped,
    /// It was cancelled, or its incident left the contract.
    Cancelled,
}

/// What a clock does, as far as its phase changes by it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Running,
    Pausing,
    Resting(SegmentKind),
}

impl Clock<'_> {
    /// Everything that happened to it by the instant it was evaluated at. Empty: nothing did yet.
    pub fn occurrences(&self) -> BTreeSet<Occurrence> {
        let mut found = BTreeSet::new();
        let mut add = |time: Instant, kind: OccurrenceKind| {
            found.insert(Occurrence { time: Some(time), kind });
        };
        self.phases(&mut add);
        for warning in self.warnings.iter().filter(|warning| warning.reached) {
            if let Some(time) = warning.time {
                add(time, OccurrenceKind::Warned(warning.at));
            }
        }
        if let Some(breach) = self.breach_time {
            add(self.agreed_at(breach), OccurrenceKind::Breached);
        }
        if let Some(exclusion) = &self.exclusion {
            let kind = OccurrenceKind::Excluded(ground(exclusion).to_owned());
            found.insert(Occurrence { time: None, kind });
        }
        found
    }

    /// How its phase changed. Before it was a clock of its contract nothing happened to it, but
    /// what it did then is what it began with.
    fn phases(&self, add: &mut impl FnMut(Instant, OccurrenceKind)) {
        let begin = self.begin_time();
        if let Some(begin) = begin {
            add(begin, OccurrenceKind::Started);
            let (before, after): (Vec<&Segment<'_>>, Vec<_>) =
                self.segments.iter().partition(|segment| segment.start <= begin);
            let at_begin = before.into_iter().filter(|segment| begin < segment.end);
            let mut doing = at_begin.filter_map(doing_in).next_back();
            if let Some(begun) = doing.filter(|begun| *begun != Doing::Running) {
                add(begin, occurrence(begun));
            }
            for segment in after {
                let next = doing_in(segment).or(doing);
                if let Some(next) = next.filter(|_| next != doing.or(Some(Doing::Running))) {
                    add(segment.start, occurrence(next));
                }
                doing = next;
            }
            self.present(begin, doing.unwrap_or(Doing::Running), add);
        }
        match (self.phase, self.stop_time) {
            (Phase::Stopped, Some(stop)) => add(stop, OccurrenceKind::Stopped),
            (Phase::Cancelled, Some(stop)) => add(stop, OccurrenceKind::Cancelled),
            _ => {}
        }
    }

    /// What it does from the instant on that it was evaluated at has no segment yet.
    fn present(&self, begin: Instant, doing: Doing, add: &mut impl FnMut(Instant, OccurrenceKind)) {
        let present = match self.phase {
            Phase::Running => Doing::Running,
            Phase::Paused => Doing::Pausing,
            _ => return,
        };
        if present != doing {
            let end = self.segments.last().map_or(begin, |last| last.end);
            add(end.max(begin), occurrence(present));
        }
    }
}

/// On what ground a clock is excluded.
fn ground<'e>(exclusion: &Exclusion<'e>) -> &'e str {
    match exclusion {
        Exclusion::Rule(rule) => &rule.id,
        Exclusion::Decision { event_id, .. } => event_id,
    }
}

fn doing_in(segment: &Segment<'_>) -> Option<Doing> {
    match segment.kind {
        SegmentKind::Pending | SegmentKind::Adjustment => None,
        SegmentKind::Running | SegmentKind::PauseExhausted => Some(Doing::Running),
        SegmentKind::Paused => Some(Doing::Pausing),
        SegmentKind::ResolvedGap | SegmentKind::CancelledGap => Some(Doing::Resting(segment.kind)),
    }
}

fn occurrence(begun: Doing) -> OccurrenceKind {
    match begun {
        Doing::Running => OccurrenceKind::Resumed,
        Doing::Pausing => OccurrenceKind::Paused,
        Doing::Resting(SegmentKind::CancelledGap) => OccurrenceKind::Cancelled,
        Doing::Resting(_) => OccurrenceKind::Stopped,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::Outcome;
    use crate::domain::clock::properties::{STORY_SECONDS, a_target, history, settings};
    use crate::domain::clock::testing::{Case, MONDAY_SECOND, at, target};

    type ClockKey = (String, u32);
    type Found = Vec<(ClockKey, BTreeSet<Occurrence>)>;

    fn found(case: &Case, as_of: Instant) -> Found {
        case.evaluated(as_of, |evaluation| {
            let clocks = evaluation.clocks.iter();
            let found = clocks
                .map(|clock| ((clock.target_id.to_owned(), clock.cycle), clock.occurrences()));
            found.filter(|(_, occurrences)| !occurrences.is_empty()).collect()
        })
    }

    /// The phase and the verdict that a set of occurrences says.
    fn said(occurrences: &BTreeSet<Occurrence>) -> (Phase, Outcome) {
        let mut latest_first = occurrences.iter().rev().filter_map(|one| match one.kind {
            OccurrenceKind::Started | OccurrenceKind::Resumed => Some(Phase::Running),
            OccurrenceKind::Paused => Some(Phase::Paused),
            OccurrenceKind::Stopped => Some(Phase::Stopped),
            OccurrenceKind::Cancelled => Some(Phase::Cancelled),
            _ => None,
        });
        let phase = latest_first.next().unwrap_or(Phase::Pending);
        let breached = occurrences.iter().any(|one| one.kind == OccurrenceKind::Breached);
        let outcome = match (breached, phase) {
            (true, _) => Outcome::Breached,
            (false, Phase::Stopped) => Outcome::Met,
            (false, _) => Outcome::Undecided,
        };
        (phase, outcome)
    }

    #[test]
    fn what_happens_to_a_clock_has_its_instant() {
        let case = Case::new(
            [target("resolution P1=2:00/always pause=client warn=50")],
            "Mon 09:00 opened P1\nMon 09:30 waits client\nMon 10:00 waits provider\n\
             Mon 12:00 resolved",
        );
        let names = |as_of: &str| -> Vec<String> {
            let found = found(&case, at(as_of));
            let all = found.iter().flat_map(|(_, occurrences)| occurrences);
            all.map(|one| format!("{:?} {}", one.kind, one.time.unwrap())).collect()
        };
        assert_eq!(
            names("Mon 13:00"),
            [
                "Started 2024-01-01T09:00:00Z",
                "Paused 2024-01-01T09:30:00Z",
                "Resumed 2024-01-01T10:00:00Z",
                "Warned(Percent(50)) 2024-01-01T10:30:00Z",
                "Breached 2024-01-01T11:30:00Z",
                "Stopped 2024-01-01T12:00:00Z",
            ]
        );
        assert_eq!(names("Mon 10:29").len(), 3);
        assert_eq!(names("Mon 08:59").len(), 0);
    }

    proptest! {
        #![proptest_config(settings(400))]

        /// The set as of an instant gives the phase and the verdict of each clock.
        #[test]
        fn occurrences_give_phase_and_verdict(
            events in history(),
            targets in prop::collection::vec(a_target(), 1),
            second in 0..STORY_SECONDS + 86_400,
        ) {
            let case = Case::of(targets, events);
            let as_of = Instant::from_seconds(MONDAY_SECOND + second).unwrap();
            case.evaluated(as_of, |evaluation| {
                for clock in &evaluation.clocks {
                    let occurrences = clock.occurrences();
                    assert_eq!(said(&occurrences), (clock.phase, clock.outcome), "{clock:#?}");
                    assert!(occurrences.iter().all(|one| one.time <= Some(as_of)), "{clock:#?}");
                }
            });
        }

        /// With time alone the set only grows, by what has an instant from then on.
        #[test]
        fn with_time_alone_nothing_is_undone(
            events in history(),
            targets in prop::collection::vec(a_target(), 1),
            second in 0..STORY_SECONDS + 86_400,
        ) {
            let case = Case::of(targets, events.clone());
            let last = events.iter().map(|event| event.value.occur_time).max().unwrap();
            let as_of = Instant::from_seconds(MONDAY_SECOND + second).unwrap().max(last);
            let (now, later) = (found(&case, as_of), found(&case, Instant::MAX));
            for (key, occurrences) in &now {
                let after = later.iter().find(|(other, _)| other == key);
                let (_, after) = after.expect("it is a clock still");
                prop_assert!(occurrences.is_subset(after), "{occurrences:?} {after:?}");
            }
            // Some things show only after their instants, such as a breach.
            let before = |found: Found| -> Found {
                let kept = found.into_iter().map(|(key, all)| {
                    let is_before = |one: &Occurrence| one.time < Some(as_of);
                    (key, all.into_iter().filter(is_before).collect::<BTreeSet<_>>())
                });
                kept.filter(|(_, some)| !some.is_empty()).collect()
            };
            prop_assert_eq!(before(now), before(later));
        }
    }
}
