//! A clock as it had gone by an instant, in the light of everything known since.
//!
//! That is not the clock as of that instant: a later fact may show that it ran on where it seemed
//! to have stopped.

use super::{Clock, Outcome, Overrun, Phase, Segment, TargetVerdict};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

impl<'a> Clock<'a> {
    /// The clock with its times up to `end`; `None` when it had not started before. A clock that
    /// ended at `end` or later was open then. `hours` gives the hours a segment is counted in.
    pub fn up_to<'h>(
        &self,
        end: Instant,
        hours: impl Fn(&Segment<'a>) -> Option<&'h ServiceHours>,
    ) -> Option<Clock<'a>> {
        self.start_time.filter(|start| *start < end)?;
        let before = self.segments.iter().filter(|segment| segment.start < end);
        let cut = |segment: &Segment<'a>| match segment.end <= end {
            true => *segment,
            false => segment.up_to(end, hours(segment)),
        };
        let segments: Vec<_> = before.map(cut).collect();
        let was_open = self.stop_time.is_none_or(|stop| end <= stop);
        let overruns =
            self.overruns.iter().filter_map(|overrun| self.over_by(overrun, end, &segments));
        Some(Clock {
            overruns: overruns.collect(),
            elapsed: segments.iter().map(|segment| segment.counted).sum(),
            phase: if was_open { Phase::Running } else { self.phase },
            stop_time: self.stop_time.filter(|_| !was_open),
            segments,
            ..self.clone()
        })
    }
}

impl Clock<'_> {
    /// How far it was over by an instant, if it was, where these are its segments up to then.
    fn over_by(&self, overrun: &Overrun, end: Instant, before: &[Segment<'_>]) -> Option<Overrun> {
        if overrun.until <= end {
            return Some(*overrun);
        }
        let own = self.segments.iter().filter(|segment| segment.start < overrun.until);
        let all: Span = own.map(|segment| segment.counted).sum();
        let after = all - before.iter().map(|segment| segment.counted).sum();
        let most = overrun.most - after;
        let has_begun = overrun.since.is_none_or(|since| since < end);
        (has_begun && most > Span::ZERO).then_some(Overrun { until: end, most, ..*overrun })
    }

    /// Whether it was open right before an instant, as a clock of its contract: started, neither
    /// stopped nor cancelled, nor between that and going on.
    pub fn was_open_before(&self, end: Instant) -> bool {
        let has_started = self.begin_time().is_some_and(|begin| begin < end);
        let had_ended = self.stop_time.is_some_and(|stop| stop < end);
        let covers = |segment: &&Segment<'_>| segment.start < end && end <= segment.end;
        let rested = self.segments.iter().filter(covers).any(|segment| segment.kind.is_gap());
        has_started && !had_ended && !rested
    }
}

impl<'a> Segment<'a> {
    /// Its part before an instant that lies in it.
    fn up_to(&self, end: Instant, hours: Option<&ServiceHours>) -> Segment<'a> {
        let service_time = hours.map_or(Span::ZERO, |hours| hours.elapsed(self.start, end));
        let service_time = service_time.min(self.service_time);
        let counted = service_time.min(self.counted);
        Segment { end, service_time, counted, ..*self }
    }
}

impl<'a> TargetVerdict<'a> {
    /// The verdict with the time that its clocks had counted, of which these are what had gone by
    /// an instant; `None`: none had started. It had been decided by then, or else was undecided.
    pub fn as_of_end(&self, is_decided: bool, clocks: &[Clock<'a>]) -> Option<TargetVerdict<'a>> {
        let is_its = |clock: &&Clock<'_>| {
            clock.contract_id == self.contract_id && clock.target_id == self.target_id
        };
        let mut its = clocks.iter().filter(is_its);
        let last = its.clone().next_back()?;
        let deciding = its.find(|clock| clock.cycle == self.cycle).unwrap_or(last);
        let verdict = match self.cycle {
            0 => TargetVerdict {
                elapsed: clocks.iter().filter(is_its).map(|clock| clock.elapsed).sum(),
                ..self.clone()
            },
            _ => TargetVerdict {
                cycle: deciding.cycle,
                elapsed: deciding.elapsed,
                limit: deciding.limit,
                ..self.clone()
            },
        };
        Some(match is_decided || self.outcome == Outcome::Undecided {
            true => verdict,
            false => TargetVerdict { outcome: Outcome::Undecided, breach_time: None, ..verdict },
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::calendar::Calendars;
    use crate::domain::clock::testing::{Case, TestCalendars, at, target};
    use crate::domain::time::Span;

    /// P5: a day has eight hours in either calendar, of which five lie before midnight in the one
    /// that counted, and four in the one that a later priority is measured by.
    #[test]
    fn a_segment_is_cut_in_the_hours_it_was_counted_in() {
        let targets = [target("resolution P1=40:00/early P2=40:00/office from_change")];
        let case = Case::new(targets, "Tue 12:00 opened P2\nWed 12:00 priority P1");
        case.evaluated(at("Thu 12:00"), |evaluation| {
            let clock = &evaluation.clocks[0];
            let start = clock.start_time.unwrap();
            let hours = |id: &str| TestCalendars.in_force(id, start).map(|found| found.hours);
            let earlier = clock.up_to(at("Wed 00:00"), |segment| hours(segment.calendar_id));
            assert_eq!(earlier.unwrap().elapsed, Span::from_hours(5));
        });
    }
}
