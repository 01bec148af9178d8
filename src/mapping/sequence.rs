//! When the rows of an incident occurred, where clocks were set back and showed an hour twice: by
//! the order of the rows.

use crate::domain::time::Instant;

use super::language::Readings;
use super::notes::{Note, Suspicion};
use super::stamped::Stamped;

/// A row of an incident and when it occurred.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedRow<'r> {
    pub row: &'r Stamped,
    pub time: Instant,
}

/// The rows of an incident that describe updates, in the order in which they occurred. Rows of one
/// instant without an order of their own follow the file.
///
/// Of two instants that a row may mean, the one is taken with which the rows follow each other as
/// their order says. Where both are, it is the first; where neither is, the row's order counts for
/// nothing, since its time says otherwise. Both are noted.
pub(super) fn in_order<'r>(rows: &'r [Stamped], notes: &mut Vec<Note>) -> Vec<TimedRow<'r>> {
    let mut written: Vec<(&Stamped, Readings)> =
        rows.iter().filter_map(|row| Some((row, row.time?))).collect();
    written.sort_by_key(|(row, time)| (row.order, time.first, row.number));
    let has_order = written.first().is_some_and(|(row, _)| row.order.is_some());
    let times = if has_order { by_order(&written, notes) } else { as_written(&written, notes) };
    for (row, _) in written.iter().filter(|(_, time)| time.is_skipped) {
        notes.push(Note { line: row.number, suspicion: Suspicion::SkippedTime });
    }
    let timed = written.iter().zip(times).map(|((row, _), time)| TimedRow { row, time });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|timed| (timed.time, timed.row.order, timed.row.number));
    timed
}

/// Without an order, the first of two instants.
fn as_written(rows: &[(&Stamped, Readings)], notes: &mut Vec<Note>) -> Vec<Instant> {
    for (row, _) in rows.iter().filter(|(_, time)| time.again.is_some()) {
        notes.push(Note { line: row.number, suspicion: Suspicion::RepeatedHour });
    }
    rows.iter().map(|(_, time)| time.first).collect()
}

fn by_order(rows: &[(&Stamped, Readings)], notes: &mut Vec<Note>) -> Vec<Instant> {
    // No row is from before the opening, if that is sound.
    let opening = rows.iter().find_map(|(row, _)| row.opened);
    let readings: Vec<Readings> =
        opening.into_iter().chain(rows.iter().map(|(_, time)| *time)).collect();
    let chosen = choose(&readings);
    let of_rows = chosen.iter().skip(readings.len() - rows.len());
    let mut times = Vec::with_capacity(rows.len());
    for ((row, time), choice) in rows.iter().zip(of_rows) {
        let suspicion = match choice {
            Choice::Certain(_) => None,
            Choice::Either => Some(Suspicion::RepeatedHour),
            Choice::AgainstOrder => Some(Suspicion::OrderAgainstTime),
        };
        notes.extend(suspicion.map(|suspicion| Note { line: row.number, suspicion }));
        times.push(match choice {
            Choice::Certain(time) => *time,
            Choice::Either | Choice::AgainstOrder => time.first,
        });
    }
    times
}

/// What the order says of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Certain(Instant),
    /// Either of two would do.
    Either,
    /// Neither of what it may mean.
    AgainstOrder,
}

/// Chooses the instants by which as many as possible follow each other.
fn choose(readings: &[Readings]) -> Vec<Choice> {
    let mut choices = vec![Choice::AgainstOrder; readings.len()];
    let follow = longest(readings);
    let earliest = follow.iter().scan(None, |before: &mut Option<Instant>, place| {
        let fits = |time: &Instant| before.is_none_or(|before| before <= *time);
        let time = candidates(readings, *place).into_iter().flatten().find(fits);
        *before = time.or(*before);
        Some(time)
    });
    let earliest: Vec<Option<Instant>> = earliest.collect();
    let mut after: Option<Instant> = None;
    for (place, earliest) in follow.iter().zip(earliest).rev() {
        let fits = |time: &Instant| after.is_none_or(|after| *time <= after);
        let latest = candidates(readings, *place).into_iter().flatten().rev().find(fits);
        after = latest.or(after);
        let Some(choice) = choices.get_mut(*place) else { continue };
        *choice = match (earliest, latest) {
            (Some(earliest), Some(latest)) if earliest == latest => Choice::Certain(earliest),
            (Some(_), Some(_)) => Choice::Either,
            _ => Choice::AgainstOrder,
        };
    }
    choices
}

/// What a reading may mean, the earlier first.
fn candidates(readings: &[Readings], place: usize) -> [Option<Instant>; 2] {
    readings.get(place).map_or([None, None], |reading| [Some(reading.first), reading.again])
}

/// The places of as many readings as can follow each other: the longest subsequence that never
/// falls, in which each has one of its instants.
fn longest(readings: &[Readings]) -> Vec<usize> {
    /// A reading by one of its instants, and the one before it in the sequence that it ends.
    struct Link {
        place: usize,
        before: Option<usize>,
    }
    let mut links: Vec<Link> = Vec::new();
    // The link with the least time that ends a sequence of each length.
    let mut ends: Vec<(Instant, usize)> = Vec::new();
    for place in 0..readings.len() {
        // The later first, so that a reading does not follow itself.
        for time in candidates(readings, place).into_iter().rev().flatten() {
            let length = ends.partition_point(|(end, _)| *end <= time);
            let before = length.checked_sub(1).and_then(|last| ends.get(last));
            links.push(Link { place, before: before.map(|(_, link)| *link) });
            let end = (time, links.len() - 1);
            match ends.get_mut(length) {
                Some(known) => *known = end,
                None => ends.push(end),
            }
        }
    }
    let mut places = Vec::new();
    let mut at = ends.last().map(|(_, link)| *link);
    while let Some(link) = at.and_then(|at| links.get(at)) {
        places.push(link.place);
        at = link.before;
    }
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Minutes after midnight UTC; of two the second is an hour later.
    fn at(minutes: i64, is_twice: bool) -> Readings {
        let instant = |minutes: i64| Instant::from_seconds(minutes * 60).unwrap();
        let again = is_twice.then(|| instant(minutes + 60));
        Readings { first: instant(minutes), again, is_skipped: false }
    }

    fn chosen(readings: &[Readings]) -> Vec<Option<i64>> {
        let minutes = |choice| match choice {
            Choice::Certain(time) => Some(time.seconds() / 60),
            Choice::Either | Choice::AgainstOrder => None,
        };
        choose(readings).into_iter().map(minutes).collect()
    }

    /// Case I1.
    #[test]
    fn the_order_says_which_of_two_instants_is_meant() {
        // 02:40, then 02:20.
        assert_eq!(chosen(&[at(40, true), at(20, true)]), [Some(40), Some(80)]);
        // 02:00, 02:50, 02:10, 03:30.
        let rows = [at(0, true), at(50, true), at(10, true), at(150, false)];
        assert_eq!(chosen(&rows), [Some(0), Some(50), Some(70), Some(150)]);
    }

    #[test]
    fn where_the_order_does_not_say_it_or_contradicts_it_that_is_seen() {
        assert_eq!(choose(&[at(10, true), at(200, false)])[0], Choice::Either);
        let rows = [at(100, false), at(300, false), at(10, false), at(310, false)];
        let against: Vec<_> =
            choose(&rows).iter().map(|choice| *choice == Choice::AgainstOrder).collect();
        assert_eq!(against, [false, false, true, false]);
        // A row that nothing fits leaves the others as they are.
        let rows = [at(40, true), at(900, false), at(20, true), at(200, false)];
        assert_eq!(chosen(&rows), [Some(40), None, Some(80), Some(200)]);
    }

    proptest! {
        /// Whatever instants rows had, once each is written as local time: where the order decides,
        /// it decides rightly.
        #[test]
        fn what_is_certain_is_right(
            mut minutes in proptest::collection::vec(0_i64..180, 1..12),
        ) {
            minutes.sort_unstable();
            // The clock shows the first two hours alike.
            let shown = |minute: &i64| at(minute % 60 + minute / 120 * 120, *minute < 120);
            let readings: Vec<_> = minutes.iter().map(shown).collect();
            for (choice, minute) in choose(&readings).into_iter().zip(&minutes) {
                match choice {
                    Choice::Certain(time) => prop_assert_eq!(time.seconds() / 60, *minute),
                    Choice::Either => {}
                    Choice::AgainstOrder => prop_assert!(false, "they were in order"),
                }
            }
        }
    }
}
