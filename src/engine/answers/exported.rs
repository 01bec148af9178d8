//! The clocks that an export of a period lists: those that it counts, and other cycles of theirs.

use super::counted::up_to;
use crate::domain::clock::{Clock, Evaluation, TargetVerdict};
use crate::domain::compliance::{CountedAs, Entry, Membership, Period};
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;

/// A clock of an export.
#[derive(Clone, Debug)]
pub struct ExportedClock<'a> {
    /// The clock, with its times up to the period's end.
    pub clock: Clock<'a>,
    /// How the period counts its target, if this is the clock by which it does.
    pub counted_as: Option<CountedAs>,
    /// Where its target is placed, if that is in the period.
    pub place_time: Option<Instant>,
    /// How much longer than its limit its target took, if it counts as breached: up to the period's
    /// end, of a total all cycles together.
    pub lateness: Option<Span>,
}

/// The exported clocks of an incident, evaluated as of an instant, in their order: those by which
/// the period counts a target, and those decided in it. `include_open`: also those open at its end.
pub fn exported<'a>(
    evaluation: Evaluation<'a>,
    entries: &[Entry<'a>],
    period: &Period,
    include_open: bool,
    known: &'a Known<'a>,
    as_of: Instant,
) -> Vec<ExportedClock<'a>> {
    let clocks = &evaluation.clocks;
    let row = |clock: &Clock<'a>| {
        let entry =
            entry_of(entries, clock).filter(|_| stands_for_target(&evaluation, clock, period));
        let membership = entry.and_then(|entry| period.membership(entry, as_of));
        let counts =
            membership.filter(|membership| include_open || *membership == Membership::Placed);
        let is_listed = counts.is_some() || lists(clock, period, include_open, as_of);
        let counted_as =
            counts.zip(entry).map(|(membership, entry)| entry.counted_while(membership));
        let lateness = verdict_of(&evaluation, clock)
            .filter(|_| counted_as == Some(CountedAs::Breached))
            .map(|verdict| lateness(verdict, clocks, period, known, as_of));
        let place_time =
            entry.and_then(Entry::place_time).filter(|_| counts == Some(Membership::Placed));
        is_listed.then_some((counted_as, place_time, lateness))
    };
    let rows: Vec<_> = clocks.iter().map(row).collect();
    let listed = evaluation.clocks.into_iter().zip(rows).filter_map(|(clock, row)| {
        let (counted_as, place_time, lateness) = row?;
        let clock = cut(clock, period, known, as_of);
        Some(ExportedClock { clock, counted_as, place_time, lateness })
    });
    listed.collect()
}

/// Whether a clock is listed for itself, whatever its target comes to.
fn lists(clock: &Clock<'_>, period: &Period, include_open: bool, as_of: Instant) -> bool {
    match clock.decide_time() {
        Some(time) if period.contains(time) => true,
        Some(time) if time < period.end => false,
        _ => include_open && clock.begin_time().map_or(as_of < period.end, |t| t < period.end),
    }
}

fn entry_of<'c, 'a>(entries: &'c [Entry<'a>], clock: &Clock<'_>) -> Option<&'c Entry<'a>> {
    let is_its =
        |e: &&Entry<'_>| e.contract_id == clock.contract_id && e.target_id == clock.target_id;
    entries.iter().find(is_its)
}

/// Whether a clock is the one by which a period counts its target: that gives the verdict, or the
/// last of a total. If it has started since the period's end, it is the last that had before.
fn stands_for_target(evaluation: &Evaluation<'_>, clock: &Clock<'_>, period: &Period) -> bool {
    let verdict = verdict_of(evaluation, clock);
    let its = evaluation.clocks.iter().filter(|other| is_of(other, clock));
    let mut started = its.filter(|clock| clock.begin_time().is_some_and(|t| t < period.end));
    let deciding = |c: &&Clock<'_>| verdict.is_some_and(|verdict| verdict.cycle == c.cycle);
    let found = started.clone().find(deciding).or_else(|| started.next_back());
    found.is_some_and(|found| found.cycle == clock.cycle)
}

/// The verdict on a clock's target.
fn verdict_of<'c, 'a>(
    evaluation: &'c Evaluation<'a>,
    clock: &Clock<'_>,
) -> Option<&'c TargetVerdict<'a>> {
    let mut verdicts = evaluation.verdicts.iter();
    verdicts.find(|v| v.contract_id == clock.contract_id && v.target_id == clock.target_id)
}

/// Whether two clocks are of one target.
fn is_of(one: &Clock<'_>, other: &Clock<'_>) -> bool {
    one.contract_id == other.contract_id && one.target_id == other.target_id
}

/// How late a target is, up to the end of a period.
fn lateness<'a>(
    verdict: &TargetVerdict<'a>,
    clocks: &[Clock<'a>],
    period: &Period,
    known: &'a Known<'a>,
    as_of: Instant,
) -> Span {
    let is_its = |clock: &&Clock<'_>| {
        clock.contract_id == verdict.contract_id
            && clock.target_id == verdict.target_id
            && clock.start_time.is_some_and(|start| start < period.end)
    };
    let its = clocks.iter().filter(is_its).cloned();
    let cut: Vec<_> = its.map(|clock| cut(clock, period, known, as_of)).collect();
    verdict.lateness(cut.iter())
}

/// A clock with its times up to the end of a period that is over.
fn cut<'a>(clock: Clock<'a>, period: &Period, known: &'a Known<'a>, as_of: Instant) -> Clock<'a> {
    let then = (period.end <= as_of).then(|| up_to(&clock, period.end, known)).flatten();
    match then {
        Some(Clock { elapsed, segments, overruns, .. }) => {
            Clock { elapsed, segments, overruns, ..clock }
        }
        None => clock,
    }
}
