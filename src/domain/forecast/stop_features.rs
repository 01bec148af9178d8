//! What the expected stop of a clock depends on.

use super::snapshot::{HOLDERS, Snapshot};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::Phase;
use crate::domain::time::{Instant, Span};

/// The least hours without an event of each class, after the first.
const IDLE_FROM: [f32; 3] = [1.0, 16.0, 60.0];
/// The least share of the limit used of each class, after the first.
const USED_FROM: [f32; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];
const IDLE_CLASSES: usize = IDLE_FROM.len() + 1;
const USED_CLASSES: usize = USED_FROM.len() + 1;
/// How many strata there are.
const STRATA: usize = HOLDERS.len() * 2 * IDLE_CLASSES * USED_CLASSES;
/// A week of service hours is the mean of this many weeks, so that a holiday matters little.
const WEEKS_MEASURED: i64 = 4;

/// Clocks alike in who holds them, whether they are paused, for how long nothing has happened, and
/// how much of the limit they have used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StopStratum(u8);

/// What the expected stop of a clock depends on, besides its breach probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StopFeatures {
    /// The clocks it is alike to.
    pub stratum: StopStratum,
    /// What the time until its stop is measured by: the limit; of a paused clock, whose limit says
    /// nothing about how long a wait lasts, an average week of service hours.
    pub unit: Span,
    /// What is left of the limit; `None`: it is paused.
    pub slack: Option<Span>,
}

impl StopStratum {
    fn of(snapshot: &Snapshot<'_>) -> StopStratum {
        let idle = IDLE_FROM.partition_point(|from| *from <= snapshot.idle_hours());
        let used = USED_FROM.partition_point(|from| *from <= snapshot.share_used());
        let is_paused = usize::from(snapshot.phase == Phase::Paused);
        let holder = snapshot.incident.holder as usize;
        let number = ((holder * 2 + is_paused) * IDLE_CLASSES + idle) * USED_CLASSES + used;
        StopStratum(number as u8)
    }

    /// Whether its clocks are paused.
    pub fn is_paused(self) -> bool {
        usize::from(self.0) / (IDLE_CLASSES * USED_CLASSES) % 2 == 1
    }

    /// Whether something just happened to its clocks.
    pub fn is_fresh(self) -> bool {
        usize::from(self.0) / USED_CLASSES % IDLE_CLASSES == 0
    }

    /// The stratum of a number; `None` if there is none.
    pub fn numbered(number: u32) -> Option<StopStratum> {
        u8::try_from(number).ok().filter(|number| usize::from(*number) < STRATA).map(StopStratum)
    }

    /// Its number: less than 256.
    pub fn number(self) -> u32 {
        u32::from(self.0)
    }
}

impl StopFeatures {
    /// Those of a snapshot, in the clock's service hours.
    pub fn of(snapshot: &Snapshot<'_>, hours: &ServiceHours) -> StopFeatures {
        let is_paused = snapshot.phase == Phase::Paused;
        StopFeatures {
            stratum: StopStratum::of(snapshot),
            unit: if is_paused { week(snapshot.time, hours) } else { snapshot.limit },
            slack: (!is_paused).then(|| snapshot.remaining()),
        }
    }
}

/// The service time of an average week from an instant on.
fn week(from: Instant, hours: &ServiceHours) -> Span {
    let weeks = Span::from_hours(WEEKS_MEASURED * 7 * 24);
    let to = from.checked_add(weeks).unwrap_or(Instant::MAX);
    Span::from_nanos(hours.elapsed(from, to).nanos() / WEEKS_MEASURED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stratum_has_a_number_of_its_own() {
        assert!(STRATA <= 256);
        let numbered = |number| StopStratum::numbered(number).map(StopStratum::number);
        assert!((0..STRATA as u32).all(|number| numbered(number) == Some(number)));
        assert_eq!(numbered(STRATA as u32), None);
        let paused = (0..STRATA as u32).filter_map(StopStratum::numbered);
        assert_eq!(paused.filter(|stratum| stratum.is_paused()).count(), STRATA / 2);
    }
}
