//! Compares limits, and service hours, that are counted by different calendars.

use crate::domain::calendar::hours::ServiceHours;
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
/// the given limit then ends at such an instant: those starts are tried.
pub(super) fn longer_from(
    (given_hours, given): (&ServiceHours, Span),
    (needed_hours, needed): (&ServiceHours, Span),
) -> Option<Instant> {
    let edges = edges(given_hours).chain(edges(needed_hours));
    let starts = edges.flat_map(|edge| [Some(edge), given_hours.subtract(edge, given)]);
    let mut starts = starts.flatten();
    starts.find(|start| {
        let exceeded = given_hours.exceeds_at(*start, given);
        exceeded.is_some_and(|end| needed_hours.elapsed(*start, end) > needed)
    })
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
