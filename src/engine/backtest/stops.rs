//! How often clocks had stopped when they were expected to have.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::forecast::STOP_QUANTILES;
use crate::domain::time::{Instant, Span};

/// How often clocks had stopped by the instants at which they were expected to have in one, five
/// and nine of ten cases. Only instants up to the end of the test count: of those alone it is known,
/// and a clock that still runs then had not stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StopsHeld {
    /// How many such instants were forecast, of each of the three.
    pub forecasts: [usize; STOP_QUANTILES.len()],
    /// By how many of them the clock had stopped.
    pub held: [usize; STOP_QUANTILES.len()],
}

/// A clock's service hours, and when it stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct RealStop<'k> {
    pub hours: &'k ServiceHours,
    pub time: Option<Instant>,
}

impl StopsHeld {
    /// Scores a forecast: after which service time a clock was to stop.
    pub(super) fn score(
        &mut self,
        given: (Instant, [Span; STOP_QUANTILES.len()]),
        real: &RealStop<'_>,
        end: Instant,
    ) {
        let counts = self.forecasts.iter_mut().zip(&mut self.held);
        for ((forecasts, held), after) in counts.zip(given.1) {
            let by = real.hours.add(given.0, after).filter(|by| *by <= end);
            *forecasts += usize::from(by.is_some());
            let has_stopped = |by| real.time.is_some_and(|stop| stop <= by);
            *held += usize::from(by.is_some_and(has_stopped));
        }
    }

    /// The shares that held, 0 to 1; `None` where nothing was forecast.
    pub fn shares(&self) -> [Option<f64>; STOP_QUANTILES.len()] {
        let mut shares = [None; STOP_QUANTILES.len()];
        for ((share, forecasts), held) in shares.iter_mut().zip(self.forecasts).zip(self.held) {
            *share = (forecasts > 0).then(|| held as f64 / forecasts as f64);
        }
        shares
    }
}
