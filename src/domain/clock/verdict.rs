//! A target's verdict over the cycles of its clock.

use super::{Clock, Exclusion, Outcome, Phase, Segment};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{CycleVerdict, Target};
use crate::domain::time::{Instant, Span};

/// The verdict of a target over its cycles.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetVerdict<'a> {
    /// The id of the contract.
    pub contract_id: &'a str,
    /// The id of the target, unique within its contract.
    pub target_id: &'a str,
    /// The policy by which the cycles give one verdict.
    pub cycle_verdict: CycleVerdict,
    /// The outcome against the limit, whether it is excluded or not; never `Excluded`.
    pub outcome: Outcome,
    /// Why it is left out of the contractual figures, if it is.
    pub exclusion: Option<Exclusion<'a>>,
    /// The cycle that gave it; 0 for the total.
    pub cycle: u32,
    /// The service time that counts against the limit.
    pub elapsed: Span,
    /// The service time allowed: the deciding cycle's limit, or the last one's for the total.
    pub limit: Span,
    /// When it went over that: the deciding cycle's breach, or the instant after which the cycles
    /// together had taken more than the limit of the total. `None`: it did not.
    pub breach_time: Option<Instant>,
}

impl TargetVerdict<'_> {
    /// The contractual verdict: `outcome`, unless it is excluded.
    pub fn verdict(&self) -> Outcome {
        if self.exclusion.is_some() { Outcome::Excluded } else { self.outcome }
    }

    /// How late its target is, of which these are the clocks: by the deciding one or, of a total,
    /// by all together or one of them alone.
    pub fn lateness<'c, 'a: 'c>(&self, clocks: impl Iterator<Item = &'c Clock<'a>>) -> Span {
        let decides = |clock: &&Clock<'_>| self.cycle == 0 || clock.cycle == self.cycle;
        let deciding: Vec<_> = clocks.filter(decides).collect();
        let together = match self.cycle {
            0 => deciding.iter().map(|clock| clock.elapsed).sum::<Span>() - self.limit,
            _ => Span::ZERO,
        };
        deciding.into_iter().map(Clock::lateness).fold(together.max(Span::ZERO), Span::max)
    }
}

/// The verdict over a target's clocks, in the order of their cycles; `None` without clocks.
pub(super) fn verdict<'a>(
    target: &Target,
    clocks: &[Clock<'a>],
    calendars: &dyn Calendars,
) -> Option<TargetVerdict<'a>> {
    let (first, last) = (clocks.first()?, clocks.last()?);
    let deciding = match target.cycle_verdict {
        CycleVerdict::First => deciding(clocks).next().unwrap_or(first),
        CycleVerdict::Last => last,
        CycleVerdict::Worst => worst(clocks)?,
        CycleVerdict::Total => return Some(total(clocks, last, calendars)),
    };
    Some(TargetVerdict {
        contract_id: deciding.contract_id,
        target_id: deciding.target_id,
        cycle_verdict: target.cycle_verdict,
        outcome: deciding.outcome,
        exclusion: deciding.exclusion,
        cycle: deciding.cycle,
        elapsed: deciding.elapsed,
        limit: deciding.limit,
        breach_time: deciding.breach_time,
    })
}

/// The clocks that may decide. One that was cancelled, or whose incident left the contract, within
/// its limit decides nothing once another cycle follows it.
fn deciding<'c, 'a>(clocks: &'c [Clock<'a>]) -> impl DoubleEndedIterator<Item = &'c Clock<'a>> {
    let last = clocks.last().map(|clock| clock.cycle);
    clocks.iter().filter(move |clock| {
        let has_decided = clock.phase != Phase::Cancelled || clock.outcome.is_verdict();
        has_decided || Some(clock.cycle) == last
    })
}

/// The first breached cycle, else the last undecided one, else the last if the incident left the
/// contract in it, else the one with the least left; one that is excluded only where all are.
fn worst<'c, 'a>(clocks: &'c [Clock<'a>]) -> Option<&'c Clock<'a>> {
    let all_are_excluded = deciding(clocks).all(|clock| clock.exclusion.is_some());
    let counted = || deciding(clocks).filter(|c| all_are_excluded || c.exclusion.is_none());
    let breached = counted().find(|clock| clock.outcome == Outcome::Breached);
    let undecided = || counted().rfind(|clock| clock.outcome == Outcome::Undecided);
    let left = || counted().next_back().filter(|clock| clock.outcome == Outcome::Transferred);
    let stopped = || counted().filter(|clock| clock.outcome != Outcome::Transferred);
    let least_left = || stopped().min_by_key(|clock| clock.remaining());
    breached.or_else(undecided).or_else(left).or_else(least_left)
}

/// The verdict on the elapsed times added up. A breach of a single cycle stands, even if a change
/// of priority has since given more time.
fn total<'a>(
    clocks: &[Clock<'a>],
    last: &Clock<'a>,
    calendars: &dyn Calendars,
) -> TargetVerdict<'a> {
    let elapsed: Span = clocks.iter().map(|clock| clock.elapsed).sum();
    let together = match elapsed > last.limit {
        true => exceeded(clocks, last.limit, calendars),
        false => None,
    };
    let breaches = clocks.iter().filter_map(|clock| clock.breach_time);
    let breach_time = breaches.chain(together).min();
    let outcome = if breach_time.is_some() { Outcome::Breached } else { last.outcome };
    TargetVerdict {
        contract_id: last.contract_id,
        target_id: last.target_id,
        cycle_verdict: CycleVerdict::Total,
        outcome,
        exclusion: last.exclusion,
        cycle: 0,
        elapsed,
        limit: last.limit,
        breach_time,
    }
}

/// The instant after which the segments of all cycles together had counted more than `limit`.
fn exceeded(clocks: &[Clock<'_>], limit: Span, calendars: &dyn Calendars) -> Option<Instant> {
    let mut left = limit;
    for clock in clocks {
        for segment in &clock.segments {
            if segment.counted > left {
                return Some(within(clock, segment, left, calendars));
            }
            left = left - segment.counted;
        }
    }
    None
}

/// The instant in a segment after which it had counted more than `left`.
fn within(
    clock: &Clock<'_>,
    segment: &Segment<'_>,
    left: Span,
    calendars: &dyn Calendars,
) -> Instant {
    let from = clock.start_time.unwrap_or(segment.start);
    let calendar = calendars.in_force(clock.calendar_id, from);
    let exceeded = calendar.and_then(|calendar| calendar.hours.exceeds_at(segment.start, left));
    exceeded.unwrap_or(segment.start).min(segment.end)
}
