//! Measures one cycle of a clock in service hours, against its limits.

use itertools::Itertools;

use super::meter::{Measured, Meter};
use super::ruling::Rulings;
use super::timeline::{Activity, Cycle, End, Stretch};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{Limit, OnPriorityChange, Target};
use crate::domain::time::Instant;

/// Measures a cycle of `target`'s clock. `None` when no priority that the incident had has a limit.
pub(super) fn measure<'a>(
    cycle: &Cycle<'a>,
    target: &'a Target,
    calendars: &'a dyn Calendars,
) -> Option<Measured<'a>> {
    let now = cycle.stretches.last().map_or(Instant::MAX, |last| last.end);
    let from = cycle.started.unwrap_or(now);
    let rulings = Rulings { target, calendars, start: cycle.started, from };
    if target.minds_direction() && cycle.started.is_some() && !cycle.stretches.is_empty() {
        return measure_by_direction(cycle, &rulings);
    }
    let is_frozen =
        target.on_priority_change == OnPriorityChange::Frozen && cycle.started.is_some();
    let withdrawn = if is_frozen { None } else { withdrawal(cycle, &rulings) };
    let last = if is_frozen { cycle.first_priority } else { cycle.last_priority };
    let priority = withdrawn.map_or(last, |(_, before)| before);
    let (first, ruling) = (rulings.of(cycle.first_priority), rulings.of(priority)?);
    let original_due_time = cycle.started.and_then(|start| first.unwrap_or(ruling).due(start));
    let counts_from_start =
        target.on_priority_change == OnPriorityChange::FromStart || cycle.started.is_none();
    let at_once = if counts_from_start { ruling } else { first.unwrap_or(ruling.unlimited()) };
    let mut meter = Meter::new(target, at_once, original_due_time);
    let withdrawn_at = withdrawn.map(|(at, _)| at);
    let counted = within(&cycle.stretches, withdrawn_at);
    count(&mut meter, cycle, counted, &rulings, is_frozen);
    if target.on_priority_change == OnPriorityChange::FromStart
        && let Some((breach_time, priority)) = standing_breach(cycle, &rulings)
    {
        meter.let_stand(breach_time, priority);
    }
    let ended = withdrawn_at.map(|at| (at, End::Cancelled)).or(cycle.ended);
    Some(meter.finish(cycle, ended, priority))
}

/// The stretches before a clock's limit is withdrawn.
fn within<'s, 'a>(
    stretches: &'s [Stretch<'a>],
    withdrawn_at: Option<Instant>,
) -> &'s [Stretch<'a>] {
    let count =
        stretches.partition_point(|stretch| withdrawn_at.is_none_or(|at| stretch.start < at));
    stretches.get(..count).unwrap_or_default()
}

/// The first breach that a cycle had at an end from which it went on, by the priority at that end,
/// and that priority. What a clock had come to when it ended is not undone by a later priority.
fn standing_breach<'a>(cycle: &Cycle<'a>, rulings: &Rulings<'a>) -> Option<(Instant, &'a str)> {
    let mut measured: Vec<&Limit> = Vec::new();
    let mut first: Option<(Instant, &'a str)> = None;
    // Under one limit the last end has the breaches of all ends before it.
    for halt in cycle.halts.iter().rev() {
        let Some(limit) = rulings.target.limit(halt.priority) else { continue };
        if measured.iter().any(|known| std::ptr::eq(*known, limit)) {
            continue;
        }
        measured.push(limit);
        let Some(ruling) = rulings.of(halt.priority) else { continue };
        let mut meter = Meter::new(rulings.target, ruling, None);
        let stretches = cycle.stretches.get(..halt.stretches).unwrap_or_default();
        count(&mut meter, cycle, stretches, rulings, false);
        let breach = meter.breach_time().map(|time| (time, halt.priority));
        first = first.into_iter().chain(breach).min();
    }
    first
}

/// Counts stretches of a cycle, each under the priority it had.
fn count<'a>(
    meter: &mut Meter<'a>,
    cycle: &Cycle<'a>,
    stretches: &[Stretch<'a>],
    rulings: &Rulings<'a>,
    is_frozen: bool,
) {
    let mut priority = cycle.first_priority;
    for stretch in stretches {
        if stretch.from_zero {
            meter.begin_anew(stretch);
        }
        let is_changed = stretch.context.priority != priority && !is_frozen;
        if is_changed && obeys_priority(stretch, cycle) {
            priority = stretch.context.priority;
            if let Some(ruling) = rulings.of(priority) {
                meter.change_priority(ruling, rulings.target.on_priority_change, stretch);
            }
        }
        meter.take(stretch);
    }
}

/// Whether a change of priority takes effect: not before the start, nor in a gap that does not
/// count, since the clock has ended there. It takes effect when the clock goes on.
fn obeys_priority(stretch: &Stretch<'_>, cycle: &Cycle<'_>) -> bool {
    let has_started = cycle.started.is_some_and(|started| started <= stretch.start);
    has_started && !matches!(stretch.activity, Activity::Gap { counts: false, .. })
}

/// When the incident got a priority without a limit for good, and the last one that had a limit. A
/// clock that began without one had none to lose.
fn withdrawal<'a>(cycle: &Cycle<'a>, rulings: &Rulings<'a>) -> Option<(Instant, &'a str)> {
    if rulings.of(cycle.last_priority).is_some() {
        return None;
    }
    let has_begun =
        |stretch: &&Stretch<'a>| cycle.started.is_none_or(|start| start <= stretch.start);
    let limited = |stretch: &&Stretch<'a>| rulings.of(stretch.context.priority).is_some();
    let last_limited = cycle.stretches.iter().rev().take_while(has_begun).find(limited)?;
    Some((last_limited.end, last_limited.context.priority))
}

/// A stretch, the priority that rules it, and what the change to that did, if it begins with one.
struct Ruled<'c, 'a> {
    stretch: &'c Stretch<'a>,
    priority: &'a str,
    change: Option<OnPriorityChange>,
}

/// Measures a cycle of a target by which raising the priority does something else than lowering it.
fn measure_by_direction<'a>(cycle: &Cycle<'a>, rulings: &Rulings<'a>) -> Option<Measured<'a>> {
    let (ruled, from_start) = ruled(cycle, &cycle.stretches, rulings.target);
    let (mut meter, priority, withdrawn_at) = count_by_direction(cycle, &ruled, rulings)?;
    for (breach_time, priority) in standing_by_direction(cycle, &from_start, rulings) {
        meter.let_stand(breach_time, priority);
    }
    let ended = withdrawn_at.map(|at| (at, End::Cancelled)).or(cycle.ended);
    Some(meter.finish(cycle, ended, priority))
}

/// Counts stretches of a cycle by what rules each. Also the last priority with a limit, and when it
/// was followed by one without for good.
fn count_by_direction<'a>(
    cycle: &Cycle<'a>,
    ruled: &[Ruled<'_, 'a>],
    rulings: &Rulings<'a>,
) -> Option<(Meter<'a>, &'a str, Option<Instant>)> {
    let last = ruled.iter().rfind(|one| rulings.of(one.priority).is_some())?;
    let (ruling, priority) = (rulings.of(last.priority)?, last.priority);
    let is_withdrawn = ruled.last().is_some_and(|end| rulings.of(end.priority).is_none());
    let withdrawn_at = is_withdrawn.then_some(last.stretch.end);
    let first = ruled.first().and_then(|first| rulings.of(first.priority));
    let at_start = rulings.of(cycle.first_priority).or(first).unwrap_or(ruling);
    let due = cycle.started.and_then(|start| at_start.due(start));
    let mut meter = Meter::new(rulings.target, first.unwrap_or(ruling.unlimited()), due);
    for Ruled { stretch, priority, change } in ruled {
        if withdrawn_at.is_some_and(|at| at <= stretch.start) {
            break;
        }
        if stretch.from_zero {
            meter.begin_anew(stretch);
        }
        if let (Some(policy), Some(ruling)) = (change, rulings.of(priority)) {
            meter.change_priority(ruling, *policy, stretch);
        }
        meter.take(stretch);
    }
    Some((meter, priority, withdrawn_at))
}

/// The breaches that a cycle had, by what ruled it then, at the last end before each change that
/// counts from the start: only such a change rules what came before it too.
fn standing_by_direction<'a>(
    cycle: &Cycle<'a>,
    from_start: &[usize],
    rulings: &Rulings<'a>,
) -> Vec<(Instant, &'a str)> {
    let ends_before = |change: &usize| {
        let ends = cycle.halts.partition_point(|halt| halt.stretches <= *change);
        Some(cycle.halts.get(ends.checked_sub(1)?)?.stretches)
    };
    let breach = |stretches: usize| {
        let (ruled, _) = ruled(cycle, cycle.stretches.get(..stretches)?, rulings.target);
        let (meter, priority, _) = count_by_direction(cycle, &ruled, rulings)?;
        Some((meter.breach_time()?, priority))
    };
    from_start.iter().filter_map(ends_before).dedup().filter_map(breach).collect()
}

/// By which priority each stretch is measured, and which stretches begin with a change that counts
/// from the start. Such a change rules what came before it too, and one that is frozen nothing.
fn ruled<'c, 'a>(
    cycle: &Cycle<'a>,
    stretches: &'c [Stretch<'a>],
    target: &Target,
) -> (Vec<Ruled<'c, 'a>>, Vec<usize>) {
    let (mut seen, mut ruling) = (cycle.first_priority, cycle.first_priority);
    let (mut ruled, mut from_start): (Vec<Ruled<'c, 'a>>, _) = (Vec::new(), Vec::new());
    for stretch in stretches {
        let shown = stretch.context.priority;
        let mut change = None;
        if shown != seen && obeys_priority(stretch, cycle) {
            seen = shown;
            change = Some(target.on_priority(ruling, shown))
                .filter(|policy| shown != ruling && *policy != OnPriorityChange::Frozen);
        }
        if change.is_some() {
            ruling = shown;
        }
        if change == Some(OnPriorityChange::FromStart) && target.limit(shown).is_some() {
            from_start.push(ruled.len());
            ruled.iter_mut().for_each(|earlier| {
                (earlier.priority, earlier.change) = (shown, None);
            });
        }
        ruled.push(Ruled { stretch, priority: ruling, change });
    }
    (ruled, from_start)
}
