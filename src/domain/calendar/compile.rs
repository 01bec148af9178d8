//! Compiles a plan to the intervals in which its calendar is open, in UTC seconds.

use super::plan::{Exception, Plan};
use super::stretch::{self, END_SECOND, Stretch};
use super::wall_clock::WallClock;

/// An interval of service time: its first second, and the first second after it, both UTC.
type OpenSeconds = (i64, i64);

/// The service time of a stretch.
pub(super) fn compile(plan: &Plan) -> Stretch {
    let mut clock = WallClock::new(plan.offsets());
    let intervals = open_seconds(plan, &mut clock);
    let closes = closes_of_days(plan, &mut clock, &intervals);
    let (begins, ends) = stretch::bounds(plan.number());
    let within =
        intervals.iter().map(|(opens, closes)| ((*opens).max(begins), (*closes).min(ends)));
    Stretch::new(begins, within.filter(|(opens, closes)| opens < closes), &closes)
}

/// The intervals during which the calendar is open in and around the stretch: in order, apart from
/// one another, and within `0..END_SECOND`.
fn open_seconds(plan: &Plan, clock: &mut WallClock<'_>) -> Vec<OpenSeconds> {
    let mut intervals = Vec::new();
    for day in plan.days() {
        let windows = plan.begins(day);
        if windows.is_empty() || !clock.has_date(day) {
            continue;
        }
        for window in windows {
            let opens = clock.second(day, window.opens_minute());
            let closes = clock.second(day, window.closes_minute());
            open_parts(plan, clock, day, (opens, closes), &mut intervals);
        }
    }
    for (opens, closes) in &mut intervals {
        (*opens, *closes) = ((*opens).max(0), (*closes).min(END_SECOND));
    }
    intervals.retain(|(opens, closes)| opens < closes);
    intervals.sort_unstable();
    merge(&mut intervals);
    intervals
}

/// Adds what exceptional dates leave of a window that begins on `day`. No window reaches further
/// than into the second date after its own, and into that only when a gap moves its end there.
fn open_parts(
    plan: &Plan,
    clock: &mut WallClock<'_>,
    day: i64,
    window: OpenSeconds,
    intervals: &mut Vec<OpenSeconds>,
) {
    let (mut opens, closes) = window;
    for (date, exception) in plan.exceptions(day..=(day + 2)) {
        if !clock.has_date(date) {
            continue;
        }
        let (begins, ends) = (clock.second(date, 0), clock.second(date + 1, 0));
        match exception {
            Exception::Holiday => {
                intervals.push((opens, closes.min(begins)));
                opens = opens.max(ends);
            }
            Exception::Special(_) if date > day => {
                intervals.push((opens, closes.min(begins)));
                return;
            }
            Exception::Special(_) => {}
        }
    }
    intervals.push((opens, closes));
}

/// Merges intervals that overlap or touch.
fn merge(intervals: &mut Vec<OpenSeconds>) {
    intervals.dedup_by(|next, kept| {
        let is_one = next.0 <= kept.1;
        if is_one {
            kept.1 = kept.1.max(next.1);
        }
        is_one
    });
}

/// When the last service time of each local date passes, of those of which it passes in the
/// stretch.
fn closes_of_days(plan: &Plan, clock: &mut WallClock<'_>, intervals: &[OpenSeconds]) -> Vec<i64> {
    let (stretch_begins, stretch_ends) = stretch::bounds(plan.number());
    let mut intervals = intervals.iter().copied().peekable();
    let mut latest = i64::MIN;
    let mut closes = Vec::new();
    for day in plan.days() {
        let (begins, ends) = (clock.second(day, 0), clock.second(day + 1, 0));
        while let Some((_, closing)) = intervals.next_if(|(opens, _)| *opens < ends) {
            latest = closing;
        }
        let last = latest.min(ends);
        if last > begins && (stretch_begins < last && last <= stretch_ends) {
            closes.push(last);
        }
    }
    closes
}
