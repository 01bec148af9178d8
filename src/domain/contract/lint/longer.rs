//! Compares limits, and service hours, that are counted by different calendars.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::Allowed;
use crate::domain::time::{Instant, Span};

/// Calendars are compared from 2020-01-01 on...
const FROM_SECOND: i64 = 1_577_836_800;
/// ... until 2036-01-01.
const UNTIL_SECOND: i64 = 2_082_758_400;

/// A start from which a limit may be used up, in its hours, and the needed limit is exceeded in the
/// other hours; `None`: there is none.
///
/// How much of the needed limit passes until the given one is exceeded is, over the start, a line
/// with bends. It can only be greatest where either calendar opens or closes at the start, or where
/// the given limit then ends at such an instant: those starts are tried. A limit in working days
/// also bends at local midnights: those and the instants before them are tried too.
pub(super) fn longer_from(
    given: (&ServiceHours, Allowed),
    needed: (&ServiceHours, Allowed),
) -> Option<Instant> {
    let (from, until) = range();
    let sides = [given, needed];
    let edges = || sides.into_iter().flat_map(|(hours, _)| edges(hours));
    let ends = edges().filter_map(|edge| match given {
        (hours, Allowed::ServiceTime(span)) => hours.subtract(edge, span),
        _ => None,
    });
    let by_day = sides.into_iter().filter(|(_, limit)| limit.is_in_working_days());
    let midnights = by_day.flat_map(|(hours, _)| hours.midnights(from, until));
    let around = midnights.flat_map(|midnight| [Some(midnight), before(midnight)]).flatten();
    let mut starts = edges().chain(ends).chain(around);
    starts.find(|start| is_longer(given, needed, *start))
}

fn is_longer(
    (given_hours, given): (&ServiceHours, Allowed),
    (needed_hours, needed): (&ServiceHours, Allowed),
    start: Instant,
) -> bool {
    let given = given.service_time(given_hours, start);
    let exceeded = given.and_then(|given| given_hours.exceeds_at(start, given));
    let needed = needed.service_time(needed_hours, start);
    let both = exceeded.zip(needed);
    both.is_some_and(|(end, needed)| needed_hours.elapsed(start, end) > needed)
}

fn before(instant: Instant) -> Option<Instant> {
    instant.checked_add(-Span::from_nanos(1)).ok()
}

/// Whether service hours leave out a part of those needed.
pub(super) fn leaves_out(given: &ServiceHours, needed: &ServiceHours) -> bool {
    let (from, until) = range();
    let mut windows = needed.windows(from, until);
    windows.any(|(opens, closes)| given.elapsed(opens, closes) < closes.since(opens))
}

fn edges(hours: &ServiceHours) -> impl Iterator<Item = Instant> {
    let (from, until) = range();
    hours.windows(from, until).flat_map(|(opens, closes)| [opens, closes])
}

fn range() -> (Instant, Instant) {
    let at = |second| Instant::from_seconds(second).unwrap_or_default();
    (at(FROM_SECOND), at(UNTIL_SECOND))
}
