//! A stretch of compiled service time: what happens in it, counted from its beginning.

use super::index::Index;
use crate::domain::time::Instant;

/// The end of the supported range, in UTC seconds: the first second after [`Instant::MAX`].
pub(super) const END_SECOND: i64 = 7_258_118_400;

/// A stretch is `1 << BITS` seconds long, a year and 23 days: which one an instant lies in takes a
/// shift and no calendar. A year's questions read some kilobytes.
const BITS: u32 = 25;

/// How many there are.
pub(super) const STRETCHES: usize = (END_SECOND >> BITS) as usize + 1;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A place in time: in which stretch, and how long after its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub number: usize,
    pub nanos: i64,
}

impl Position {
    pub fn of(at: Instant) -> Position {
        let number = at.seconds() >> BITS;
        let nanos = at.nanos() - (number << BITS) * NANOS_PER_SECOND;
        Position { number: number as usize, nanos }
    }

    /// The instant there; `None`: it is the end of time.
    pub fn instant(self) -> Option<Instant> {
        Instant::from_nanos(bounds(self.number).0 * NANOS_PER_SECOND + self.nanos).ok()
    }
}

/// The UTC seconds at which a stretch begins and ends; the last one ends with time.
pub(super) fn bounds(number: usize) -> (i64, i64) {
    let begins = |number: usize| (number as i64) << BITS;
    (begins(number), begins(number + 1).min(END_SECOND))
}

/// The service time in a stretch. Its times are seconds after its beginning; a window that began
/// before it or ends after it is cut there.
#[derive(Debug)]
pub struct Stretch {
    /// When each window opens, in order.
    opens: Box<[u32]>,
    /// The service time before each window, then that of all. The difference of two neighbours is
    /// the length of a window.
    served: Box<[u32]>,
    by_time: Index,
    by_service: Index,
    /// When each working day closes of those that close here, in order.
    day_closes: Box<[u32]>,
}

#[expect(
    clippy::indexing_slicing,
    reason = "`served` has one more than `opens`, and no more windows open than there are"
)]
impl Stretch {
    /// The windows in a stretch and when its working days close, all in UTC seconds.
    pub(super) fn new(
        begins: i64,
        windows: impl Iterator<Item = (i64, i64)>,
        day_closes: &[i64],
    ) -> Stretch {
        let after = |second: i64| (second - begins) as u32;
        let (mut opened, mut served) = (Vec::new(), vec![0]);
        let mut total = 0;
        for (opens, closes) in windows {
            total += after(closes) - after(opens);
            opened.push(after(opens));
            served.push(total);
        }
        let day_closes = day_closes.iter().map(|close| after(*close)).collect();
        let by_time = Index::new(&opened, 1 << BITS);
        let by_service = Index::new(&served[..opened.len()], total);
        let (opens, served) = (opened.into(), served.into());
        Stretch { opens, served, by_time, by_service, day_closes }
    }

    /// Seconds of service time in all of it.
    pub(super) fn total(&self) -> u32 {
        self.served[self.opens.len()]
    }

    /// Nanoseconds of service time before a nanosecond of it.
    pub(super) fn served(&self, nanos: i64) -> i64 {
        let Some(window) = self.opened_by(nanos).checked_sub(1) else {
            return 0;
        };
        let since_opening = nanos - as_nanos(self.opens[window]);
        let before_opening = as_nanos(self.served[window]);
        (before_opening + since_opening).min(as_nanos(self.served[window + 1]))
    }

    /// The earliest nanosecond by which so many of service time have passed, at least one; or how
    /// many are left to pass when the stretch is over.
    pub(super) fn passed(&self, nanos: i64) -> Result<i64, i64> {
        let total = as_nanos(self.total());
        if nanos > total { Err(nanos - total) } else { Ok(self.after(nanos - 1) + 1) }
    }

    /// The nanosecond after which more than so many of service time have passed; or how many are
    /// left to pass when the stretch is over.
    pub(super) fn exceeded(&self, nanos: i64) -> Result<i64, i64> {
        let total = as_nanos(self.total());
        if nanos >= total { Err(nanos - total) } else { Ok(self.after(nanos)) }
    }

    /// The nanosecond of it in which the next of service time passes after so many.
    fn after(&self, nanos: i64) -> i64 {
        let second = (nanos / NANOS_PER_SECOND) as u32;
        let begun = self.by_service.count_up_to(&self.served[..self.opens.len()], second);
        let window = begun.saturating_sub(1);
        as_nanos(self.opens[window]) + nanos - as_nanos(self.served[window])
    }

    /// Whether a nanosecond of it is service time.
    pub(super) fn is_open(&self, nanos: i64) -> bool {
        let latest = self.opened_by(nanos).checked_sub(1);
        latest.is_some_and(|window| nanos < as_nanos(self.closes(window)))
    }

    /// The first nanosecond of service time at or after one.
    pub(super) fn next_open(&self, nanos: i64) -> Option<i64> {
        if self.is_open(nanos) {
            return Some(nanos);
        }
        self.opens.get(self.opened_by(nanos)).copied().map(as_nanos)
    }

    /// The last window that has opened by a nanosecond, by its place among them, or else the first.
    pub(super) fn window_at(&self, nanos: i64) -> usize {
        self.opened_by(nanos).saturating_sub(1)
    }

    /// The nanoseconds at which a window opens and closes; `None`: there are no more.
    pub(super) fn window(&self, window: usize) -> Option<(i64, i64)> {
        let opens = *self.opens.get(window)?;
        Some((as_nanos(opens), as_nanos(self.closes(window))))
    }

    /// When the working day closes that is so many after the first that closes after a nanosecond;
    /// or how many are left when the stretch is over.
    pub(super) fn day_close(&self, nanos: i64, days_later: usize) -> Result<i64, usize> {
        let first = self.day_closes.partition_point(|close| as_nanos(*close) <= nanos);
        let close = self.day_closes.get(first + days_later);
        close
            .map(|close| as_nanos(*close))
            .ok_or_else(|| first + days_later - self.day_closes.len())
    }

    /// The memory taken on the heap, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        let lists = [&self.opens, &self.served, &self.day_closes];
        let lists: usize = lists.into_iter().map(|list| size_of_val(&**list)).sum();
        lists + self.by_time.heap_bytes() + self.by_service.heap_bytes()
    }

    /// How many windows have opened by a nanosecond.
    fn opened_by(&self, nanos: i64) -> usize {
        let second = (nanos / NANOS_PER_SECOND) as u32;
        self.by_time.count_up_to(&self.opens, second)
    }

    /// The second at which a window closes.
    fn closes(&self, window: usize) -> u32 {
        self.opens[window] + self.served[window + 1] - self.served[window]
    }
}

fn as_nanos(seconds: u32) -> i64 {
    i64::from(seconds) * NANOS_PER_SECOND
}
