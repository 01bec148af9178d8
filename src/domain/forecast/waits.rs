//! How long paused clocks take until they stop: exponentially distributed, by holder.
//!
//! A wait is as likely to end today as it was yesterday. In the event log that the prior was learnt
//! from, the share of paused clocks that had stopped was 8 % after half a business day, 21 % after
//! one and a half, 33 % after two and a half, 42 % after three and a half and 51 % after four and a
//! half. That is an exponential distribution, whose mean is learnt for each holder.

use super::remaining::STOP_QUANTILES;
use super::snapshot::{HOLDERS, Holder, Snapshot};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

/// The mean wait where nothing is known, in weeks of service hours: that of the event log, in which
/// a week has fifty hours.
const WEEKS: f64 = 1.26;
/// The prior mean counts as this many waits seen.
const SEEN_BEFORE: f64 = 20.0;
/// A week of service hours is the mean of this many weeks, so that a holiday matters little.
const WEEKS_MEASURED: i64 = 4;

/// How long clocks that a holder had paused took until they stopped, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wait {
    /// How many snapshots of a paused clock.
    pub seen: f64,
    /// The service time from each until the clock stopped, in weeks of service hours.
    pub weeks: f64,
}

/// What waits have taught, by holder.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Waits([Wait; HOLDERS.len()]);

impl Waits {
    /// The service time between two instants, in weeks of service hours; `None`: there are none.
    pub fn weeks(from: Instant, to: Instant, hours: &ServiceHours) -> Option<f64> {
        let week = week_of_service(from, hours);
        (week > 0.0).then(|| hours.elapsed(from, to).nanos() as f64 / week)
    }

    /// Learns from a clock that a holder had paused, and that stopped so many weeks of service
    /// hours later.
    pub fn learn(&mut self, holder: Holder, weeks: f64) {
        if let Some(wait) = self.0.get_mut(holder as usize) {
            wait.seen += 1.0;
            wait.weeks += weeks;
        }
    }

    /// When a paused clock will have stopped in one, five and nine of ten cases; `None`: beyond
    /// 2199.
    pub(super) fn stop_times(
        &self,
        snapshot: &Snapshot<'_>,
        hours: &ServiceHours,
    ) -> [Option<Instant>; 3] {
        let wait = self.0.get(snapshot.incident.holder as usize).copied().unwrap_or_default();
        let mean = (wait.weeks + SEEN_BEFORE * WEEKS) / (wait.seen + SEEN_BEFORE);
        let mean = mean * week_of_service(snapshot.time, hours);
        STOP_QUANTILES.map(|share| {
            let after = Span::from_nanos((-(1.0 - share).ln() * mean) as i64);
            hours.add(snapshot.time, after)
        })
    }

    /// The sums of each holder, in the order of [`HOLDERS`].
    pub fn added_up(&self) -> &[Wait; HOLDERS.len()] {
        &self.0
    }

    /// The waits with these sums, as [`Waits::added_up`] listed them.
    pub fn restored(sums: impl IntoIterator<Item = Wait>) -> Waits {
        let mut waits = Waits::default();
        for (wait, sum) in waits.0.iter_mut().zip(sums) {
            *wait = sum;
        }
        waits
    }
}

/// The service time of an average week from an instant on, in nanoseconds.
fn week_of_service(from: Instant, hours: &ServiceHours) -> f64 {
    let weeks = Span::from_hours(WEEKS_MEASURED * 7 * 24);
    let to = from.checked_add(weeks).unwrap_or(Instant::MAX);
    hours.elapsed(from, to).nanos() as f64 / WEEKS_MEASURED as f64
}
