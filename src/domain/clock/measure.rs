//! Measures one cycle of a clock in service hours, against its limits.
//!
//! Each stretch is ruled by a priority, and may begin with a change to it that does something to
//! the count ([`OnPriorityChange`]). A change that counts from the start rules what came before it
//! too: it begins an [`Epoch`]. The last epoch rules the clock. What a clock had come to when it
//! ended, and went on from, is not undone by a later epoch: that breach stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::meter::{Measured, Meter, RemainingBreach};
use super::ruling::Rulings;
use super::timeline::{Activity, Cycle, End, Stretch};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{OnPriorityChange, Target};
use crate::domain::time::Instant;

/// Measures a cycle of `target`'s clock. `None` when no priority that the incident had has a limit.
pub(super) fn measure<'a>(
    cycle: &Cycle<'a>,
    target: &'a Target,
    calendars: &'a dyn Calendars,
) -> Option<Measured<'a>> {
    let now = cycle.stretches.last().map_or(Instant::MAX, |last| last.end);
    let from = cycle.started.unwrap_or(now);
    let rulings = Rulings::new(target, calendars, cycle.started, from);
    let words = Words::of(cycle, target);
    let CycleCount { mut meter, priority, withdrawn_at } = words.count(cycle, &rulings)?;
    for stands in words.standing_breaches(cycle, &rulings) {
        meter.let_stand(stands);
    }
    let ended = withdrawn_at.map(|at| (at, End::Cancelled)).or(cycle.ended);
    Some(meter.finish(cycle, ended, priority))
}

/// By which priorities a cycle is measured.
struct Words<'c, 'a> {
    /// Its stretches, each by what ruled it then.
    ruled: Vec<Ruled<'c, 'a>>,
    /// The first stretch of each epoch, and the priority that rules what came before it.
    epochs: Vec<Epoch<'a>>,
}

/// A stretch, the priority that rules it, and what the change to that did, if it begins with one.
#[derive(Clone, Copy)]
struct Ruled<'c, 'a> {
    stretch: &'c Stretch<'a>,
    priority: &'a str,
    change: Option<OnPriorityChange>,
}

/// What is ruled by one change that counts from the start, until the next.
#[derive(Clone, Copy)]
struct Epoch<'a> {
    from: usize,
    priority: &'a str,
}

/// A cycle as it is counted.
struct CycleCount<'a> {
    meter: Meter<'a>,
    /// The last priority with a limit.
    priority: &'a str,
    /// When that was followed by one without a limit for good.
    withdrawn_at: Option<Instant>,
}

impl<'c, 'a> Words<'c, 'a> {
    /// Those of a cycle. Before the start every change counts from the start, and changes nothing
    /// that had been counted.
    fn of(cycle: &'c Cycle<'a>, target: &Target) -> Words<'c, 'a> {
        let has_started = cycle.started.is_some();
        let (mut seen, mut ruling) = (cycle.first_priority, cycle.first_priority);
        let ruled = Vec::with_capacity(cycle.stretches.len());
        let mut words = Words { ruled, epochs: Vec::new() };
        for (place, stretch) in cycle.stretches.iter().enumerate() {
            let shown = stretch.context.priority;
            let mut change = None;
            if shown != seen && (!has_started || obeys_priority(stretch, cycle)) {
                seen = shown;
                let policy = match has_started {
                    true => target.on_priority(ruling, shown),
                    false => OnPriorityChange::FromStart,
                };
                let takes_effect = shown != ruling && policy != OnPriorityChange::Frozen;
                change = takes_effect.then_some(policy);
            }
            if change.is_some() {
                ruling = shown;
            }
            if change == Some(OnPriorityChange::FromStart) && target.limit(shown).is_some() {
                words.epochs.push(Epoch { from: place, priority: shown });
            }
            let change = change.filter(|_| has_started);
            words.ruled.push(Ruled { stretch, priority: ruling, change });
        }
        words
    }

    /// Counts the cycle by its last epoch; `None` when no priority that ruled it has a limit.
    fn count(&self, cycle: &Cycle<'a>, rulings: &Rulings<'a>) -> Option<CycleCount<'a>> {
        let stretches: Cow<'_, [_]> = match self.epochs.last() {
            Some(epoch) => {
                let (head, tail) = self.ruled.split_at_checked(epoch.from)?;
                let head = head.iter().map(|one| one.ruled_from_start(epoch.priority, rulings));
                head.chain(tail.iter().copied()).collect()
            }
            None => Cow::Borrowed(&self.ruled),
        };
        let (priority, withdrawn_at) = match last_limited(&stretches, rulings) {
            Some((last, withdrawn_at)) => (last.priority, withdrawn_at),
            None if stretches.is_empty() => (cycle.last_priority, None),
            None => return None,
        };
        let ruling = rulings.of(priority)?;
        let first = stretches.first().map_or(Some(ruling), |first| rulings.of(first.priority));
        let at_start = rulings.of(cycle.first_priority).or(first).unwrap_or(ruling);
        let due = cycle.started.and_then(|start| at_start.due(start));
        let mut meter = Meter::new(rulings.target, first.unwrap_or(ruling.unlimited()), due);
        count(&mut meter, &stretches, withdrawn_at, rulings);
        Some(CycleCount { meter, priority, withdrawn_at })
    }

    /// The breaches that the cycle had, by what ruled it then, at the last end in each epoch before
    /// the last: only a later epoch rules what came before it otherwise.
    fn standing_breaches(
        &self,
        cycle: &Cycle<'a>,
        rulings: &Rulings<'a>,
    ) -> Vec<RemainingBreach<'a>> {
        let nexts = self.epochs.iter();
        let first = self.ruled.first().map(|first| Epoch { from: 0, priority: first.priority });
        let ended = first.into_iter().chain(self.epochs.iter().copied()).zip(nexts);
        let ended = ended.filter_map(|(epoch, next)| {
            let ends = cycle.halts.partition_point(|halt| *halt <= next.from);
            let end = *cycle.halts.get(ends.checked_sub(1)?)?;
            (epoch.from < end).then_some((epoch, end))
        });
        let ended: Vec<_> = ended.collect();
        let mut heads = self.heads(ended.iter().map(|(epoch, _)| *epoch), rulings);
        let breach = |(epoch, end): &(Epoch<'a>, usize)| {
            let tail = self.ruled.get(epoch.from..*end)?;
            let (last, withdrawn_at) = last_limited(tail, rulings)?;
            let ruling = rulings.of(last.priority)?;
            // It may have begun by a priority without a limit.
            let unlimited = || Meter::new(rulings.target, ruling.unlimited(), None);
            let mut meter = heads.remove(&epoch.from).unwrap_or_else(unlimited);
            count(&mut meter, tail, withdrawn_at, rulings);
            let ended = tail.last().map_or(last.stretch.end, |one| one.stretch.end);
            let (breach_time, overruns) = (meter.breach_time()?, meter.overruns(ended));
            Some(RemainingBreach { breach_time, priority: last.priority, overruns })
        };
        ended.iter().filter_map(breach).collect()
    }

    /// What some epochs make of the stretches before them, by their first stretches. Each limit is
    /// counted once over the cycle, however many epochs it has.
    fn heads(
        &self,
        epochs: impl Iterator<Item = Epoch<'a>>,
        rulings: &Rulings<'a>,
    ) -> BTreeMap<usize, Meter<'a>> {
        let mut by_limit: Vec<(&str, usize, Meter<'a>)> = Vec::new();
        let mut heads = BTreeMap::new();
        for Epoch { from, priority } in epochs {
            let limit = rulings.target.limit(priority);
            let is_its = |known: &&mut (&str, usize, Meter<'a>)| {
                limit.is_some() && rulings.target.limit(known.0) == limit
            };
            if by_limit.iter_mut().find(is_its).is_none() {
                let Some(ruling) = rulings.of(priority) else { continue };
                by_limit.push((priority, 0, Meter::new(rulings.target, ruling, None).fork()));
            }
            let Some((_, counted, meter)) = by_limit.iter_mut().find(is_its) else { continue };
            let head = self.ruled.get(*counted..from).unwrap_or_default();
            for one in head {
                take(meter, &one.ruled_from_start(priority, rulings), rulings);
            }
            *counted = from.max(*counted);
            heads.insert(from, meter.fork());
        }
        heads
    }
}

impl<'c, 'a> Ruled<'c, 'a> {
    /// The stretch as a later priority rules it that counts from the start. That its own had
    /// counted from the start, too, stays to be seen.
    fn ruled_from_start(self, priority: &'a str, rulings: &Rulings<'a>) -> Ruled<'c, 'a> {
        let had_limit = rulings.target.limit(self.priority).is_some();
        let change = self.change;
        let stays = |policy: &OnPriorityChange| *policy == OnPriorityChange::FromStart && had_limit;
        Ruled { priority, change: change.filter(stays), ..self }
    }
}

/// The last stretch with a limit and, where others follow it, when that was withdrawn for good.
fn last_limited<'s, 'c, 'a>(
    stretches: &'s [Ruled<'c, 'a>],
    rulings: &Rulings<'a>,
) -> Option<(&'s Ruled<'c, 'a>, Option<Instant>)> {
    let place = stretches.iter().rposition(|one| rulings.of(one.priority).is_some())?;
    let last = stretches.get(place)?;
    let is_withdrawn = place + 1 < stretches.len();
    Some((last, is_withdrawn.then_some(last.stretch.end)))
}

/// Counts stretches, up to where their limit is withdrawn for good. Where it comes back, the clock
/// was cancelled meanwhile.
fn count<'a>(
    meter: &mut Meter<'a>,
    stretches: &[Ruled<'_, 'a>],
    withdrawn_at: Option<Instant>,
    rulings: &Rulings<'a>,
) {
    let counts = |one: &&Ruled<'_, 'a>| withdrawn_at.is_none_or(|at| one.stretch.start < at);
    let mut had_limit = false;
    for one in stretches.iter().take_while(counts) {
        let has_limit = rulings.of(one.priority).is_some();
        let rests = had_limit && !has_limit && one.stretch.activity != Activity::Pending;
        let activity = match (rests, one.stretch.activity) {
            (true, Activity::Running | Activity::Paused(_)) => {
                Activity::Gap { after: End::Cancelled, counts: false }
            }
            (_, other) => other,
        };
        had_limit |= has_limit;
        let stretch = Stretch { activity, ..*one.stretch };
        take(meter, &Ruled { stretch: &stretch, ..*one }, rulings);
    }
}

fn take<'a>(meter: &mut Meter<'a>, one: &Ruled<'_, 'a>, rulings: &Rulings<'a>) {
    if one.stretch.from_zero {
        meter.begin_anew(one.stretch);
    }
    if let Some(policy) = one.change
        && let Some(ruling) = rulings.of(one.priority)
    {
        meter.change_priority(ruling, policy, one.stretch);
    }
    meter.take(one.stretch);
}

/// Whether a change of priority takes effect: not before the start, nor in a gap that does not
/// count, since the clock has ended there. It takes effect when the clock goes on.
fn obeys_priority(stretch: &Stretch<'_>, cycle: &Cycle<'_>) -> bool {
    let has_started = cycle.started.is_some_and(|started| started <= stretch.start);
    has_started && !matches!(stretch.activity, Activity::Gap { counts: false, .. })
}
