//! The clocks that an export of a period lists: those that it counts, and other cycles of theirs.

use super::counted::{CountedIncident, up_to};
use crate::domain::clock::{Clock, TargetVerdict};
use crate::domain::compliance::{CountedAs, Entry, Membership, Period};
use crate::domain::time::Instant;
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
}

/// The exported clocks of an incident as of an instant, in their order: those by which the period
/// counts a target, and those decided in it. `include_open`: also those open at its end.
pub fn exported<'a>(
    incident: &CountedIncident<'a>,
    period: &Period,
    include_open: bool,
    known: &'a Known<'a>,
    as_of: Instant,
) -> Vec<ExportedClock<'a>> {
    let clocks = &incident.present.evaluation.clocks;
    let row = |clock: &Clock<'a>| {
        let entry = entry_of(incident, clock).filter(|_| is_deciding(incident, clock));
        let membership = entry.and_then(|entry| period.membership(entry, as_of));
        let counts =
            membership.filter(|membership| include_open || *membership == Membership::Placed);
        let is_listed = counts.is_some() || lists(clock, period, include_open, as_of);
        is_listed.then(|| ExportedClock {
            counted_as: counts
                .zip(entry)
                .map(|(membership, entry)| entry.counted_while(membership)),
            place_time: entry
                .and_then(Entry::place_time)
                .filter(|_| counts == Some(Membership::Placed)),
            clock: cut(clock, period, known, as_of),
        })
    };
    clocks.iter().filter_map(row).collect()
}

/// Whether a clock is listed for itself, whatever its target comes to.
fn lists(clock: &Clock<'_>, period: &Period, include_open: bool, as_of: Instant) -> bool {
    match clock.decide_time() {
        Some(time) if period.contains(time) => true,
        Some(time) if time < period.end => false,
        _ => include_open && clock.start_time.map_or(as_of < period.end, |t| t < period.end),
    }
}

fn entry_of<'c, 'a>(incident: &'c CountedIncident<'a>, clock: &Clock<'_>) -> Option<&'c Entry<'a>> {
    let is_its =
        |e: &&Entry<'_>| e.contract_id == clock.contract_id && e.target_id == clock.target_id;
    incident.present.entries.iter().find(is_its)
}

/// Whether a clock gives its target's verdict; of a total, the last cycle stands for all.
fn is_deciding(incident: &CountedIncident<'_>, clock: &Clock<'_>) -> bool {
    let evaluation = &incident.present.evaluation;
    let of = |contract_id: &str, target_id: &str| {
        contract_id == clock.contract_id && target_id == clock.target_id
    };
    let mut verdicts = evaluation.verdicts.iter();
    let cycle =
        verdicts.find(|v| of(v.contract_id, v.target_id)).map(|v: &TargetVerdict<'_>| v.cycle);
    let mut clocks = evaluation.clocks.iter();
    match cycle {
        Some(0) => {
            let last = clocks.rfind(|c| of(c.contract_id, c.target_id));
            last.is_some_and(|last| last.cycle == clock.cycle)
        }
        cycle => cycle == Some(clock.cycle),
    }
}

/// A clock with its times up to the end of a period that is over.
fn cut<'a>(clock: &Clock<'a>, period: &Period, known: &'a Known<'a>, as_of: Instant) -> Clock<'a> {
    let then = (period.end < as_of).then(|| up_to(clock, period.end, known)).flatten();
    match then {
        Some(Clock { elapsed, segments, .. }) => Clock { elapsed, segments, ..clock.clone() },
        None => clock.clone(),
    }
}
