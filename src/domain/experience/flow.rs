//! Flow (Kanban): how much of an incident's time was work, and what the rest was.
//!
//! *Flow efficiency* is the time worked on something divided by the time it took. The rest was
//! waiting: for a party, which the party time shows, or for nobody, which is idle time.

use super::passages::{Passage, Passages};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::incident::{Fact, History, WaitingOn};
use crate::domain::intervals::Intervals;
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};

/// How an incident flowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Time worked on it, inside and outside service hours; work of two people at once counts once.
    pub touch_time: Span,
    /// Service time in which it was open.
    pub service_time: Span,
    /// Of that: time in which somebody worked on it.
    pub worked: Span,
    /// Of that: time in which only the provider was to act, and nobody worked.
    pub idle_time: Span,
    /// How often it went from one group to another.
    pub handovers: u32,
    /// How often it was reopened.
    pub reopenings: u32,
    /// What became of the promises to the client of when it would work again.
    pub promises: Promises,
}

/// How many promises to the client, of when it would work again, were kept or broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// It worked by then.
    pub kept: u32,
    /// It did not.
    pub broken: u32,
    /// The promised instant is still to come.
    pub open: u32,
}

impl Flow {
    /// Flow efficiency: the share of the open service time in which somebody worked; `None` when
    /// there was none.
    pub fn efficiency(&self) -> Option<Share> {
        share(self.worked, self.service_time)
    }
}

/// The flow of an incident as of an instant, in the service hours `hours`. Of the work logged what
/// was done at the times `under` its contract counts.
pub fn flow(
    history: &History<'_>,
    passages: &Passages<'_>,
    under: &Intervals,
    hours: &ServiceHours,
    as_of: Instant,
) -> Flow {
    let worked = worked(history, as_of).both(under);
    let open = intervals(passages.open());
    let is_ours =
        |p: &&Passage<'_>| matches!(p.waiting_on, WaitingOn::Provider | WaitingOn::Nobody);
    let ours = intervals(passages.open().filter(is_ours));
    let service_time = open.elapsed(hours);
    Flow {
        touch_time: worked.length(),
        service_time,
        worked: service_time - open.without(&worked).elapsed(hours),
        idle_time: ours.without(&worked).elapsed(hours),
        handovers: handovers(history, as_of),
        reopenings: reopenings(history, as_of),
        promises: promises(history, passages, as_of),
    }
}

fn intervals<'p>(passages: impl Iterator<Item = &'p Passage<'p>>) -> Intervals {
    Intervals::union(passages.map(|passage| (passage.start, passage.end)))
}

/// The facts up to an instant, in the order they occurred.
fn facts<'h>(
    history: &'h History<'_>,
    as_of: Instant,
) -> impl Iterator<Item = (Instant, &'h Fact)> {
    let known = history.effective().iter().map(|recorded| &recorded.value);
    let known = known.take_while(move |event| event.occur_time <= as_of);
    known.map(|event| (event.occur_time, &event.fact))
}

/// Whether it was ever reported that somebody worked on it.
pub(super) fn is_work_reported(history: &History<'_>, as_of: Instant) -> bool {
    facts(history, as_of).any(|(_, fact)| matches!(fact, Fact::WorkLogged { .. }))
}

fn worked(history: &History<'_>, as_of: Instant) -> Intervals {
    Intervals::union(facts(history, as_of).filter_map(|(time, fact)| match fact {
        Fact::WorkLogged { start_time, duration } => {
            let start = start_time.map_or_else(|| time.checked_add(-*duration), Ok);
            let start = start.unwrap_or(Instant::MIN);
            Some((start, start.checked_add(*duration).unwrap_or(Instant::MAX)))
        }
        _ => None,
    }))
}

fn handovers(history: &History<'_>, as_of: Instant) -> u32 {
    let groups = facts(history, as_of).filter_map(|(_, fact)| match fact {
        Fact::Assigned { group: Some(group), .. } if !group.is_empty() => Some(group),
        _ => None,
    });
    let mut groups: Vec<_> = groups.collect();
    groups.dedup();
    count(groups.len().saturating_sub(1))
}

fn reopenings(history: &History<'_>, as_of: Instant) -> u32 {
    count(facts(history, as_of).filter(|(_, fact)| matches!(fact, Fact::Reopened)).count())
}

/// A promise is kept when the trouble in which it was made ended by the promised instant. A promise
/// made while there is no trouble is not counted.
fn promises(history: &History<'_>, passages: &Passages<'_>, as_of: Instant) -> Promises {
    let trouble = intervals(passages.trouble());
    // Of trouble that goes on, the instant of the question is a part.
    let lasts = |time| time == as_of && !passages.is_over();
    let ended = |time| trouble.containing(time).map(|(_, ended)| ended);
    let mut promises = Promises::default();
    for (time, fact) in facts(history, as_of) {
        let Fact::ClientUpdated { reported_time: Some(promised) } = fact else { continue };
        let Some(ended) = ended(time).or_else(|| lasts(time).then_some(as_of)) else { continue };
        let goes_on = ended == as_of && !passages.is_over();
        match (*promised < ended, goes_on) {
            (true, _) => promises.broken += 1,
            (false, true) => promises.open += 1,
            (false, false) => promises.kept += 1,
        }
    }
    promises
}

/// An incident's events are far fewer than 2^32.
fn count(events: usize) -> u32 {
    u32::try_from(events).unwrap_or(u32::MAX)
}

fn share(part: Span, whole: Span) -> Option<Share> {
    let nanos = |span: Span| u128::try_from(span.nanos()).unwrap_or_default();
    Share::of(nanos(part), nanos(whole))
}
