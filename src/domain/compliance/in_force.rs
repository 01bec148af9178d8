//! The life of a contract: it is in force from its first revision's effect to its end. What lies
//! outside is promised by nobody, and nothing is owed for it.

use super::{LocalDays, Period};
use crate::domain::time::{Instant, Span};

/// When a contract is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractLife {
    /// When its first revision takes effect.
    pub start: Instant,
    /// When it ends: it is no longer in force then. `None`: it has no end.
    pub end: Option<Instant>,
}

/// On how many local days of a period a contract is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaysInForce {
    /// The days on which it is in force at some instant.
    pub in_force: u32,
    /// All days of the period.
    pub all: u32,
}

impl ContractLife {
    /// The stretch of `[start, end)` in which it is in force; `None` when there is none.
    pub fn within(&self, start: Instant, end: Instant) -> Option<(Instant, Instant)> {
        let end = self.end.map_or(end, |ends| ends.min(end));
        let start = self.start.max(start);
        (start < end).then_some((start, end))
    }

    /// Whether it is in force at some instant of a period.
    pub fn touches(&self, period: &Period) -> bool {
        self.within(period.start, period.end).is_some()
    }

    /// On how many local days of a period it is in force. A day on which it begins or ends counts
    /// whole.
    pub fn days_in_force(&self, period: &Period, days: &LocalDays) -> DaysInForce {
        let within = self.within(period.start, period.end);
        DaysInForce {
            in_force: within.map_or(0, |(start, end)| count(start, end, days)),
            all: count(period.start, period.end, days),
        }
    }
}

/// How many local days `[start, end)` touches.
fn count(start: Instant, end: Instant, days: &LocalDays) -> u32 {
    let last = end.checked_add(-Span::from_nanos(1)).unwrap_or(start).max(start);
    let between = days.date(last).signed_duration_since(days.date(start)).num_days();
    u32::try_from(between.saturating_add(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::ZoneDatabase;

    fn at(text: &str) -> Instant {
        let time: jiff::Timestamp = text.parse().unwrap();
        Instant::from_seconds(time.as_second()).unwrap()
    }

    /// P1: in force from 15 July to 10 September.
    #[test]
    fn days_in_force_are_counted_in_local_days_of_the_period() {
        let zones = ZoneDatabase::bundled();
        let days = LocalDays::from(zones.zone("Europe/Amsterdam").unwrap());
        let of = |name: &str, start: &str, end: Option<&str>| {
            let period = Period::named(name, &days).unwrap();
            let life = ContractLife { start: at(start), end: end.map(at) };
            let found = life.days_in_force(&period, &days);
            (found.in_force, found.all)
        };
        let (start, end) = ("2026-07-14T22:00:00Z", Some("2026-09-09T22:00:00Z"));
        assert_eq!(of("2026-06", start, end), (0, 30));
        assert_eq!(of("2026-07", start, end), (17, 31));
        assert_eq!(of("2026-08", start, end), (31, 31));
        assert_eq!(of("2026-09", start, end), (9, 30));
        assert_eq!(of("2026-10", start, end), (0, 31));
        assert_eq!(of("2026-Q3", start, end), (57, 92));
        assert_eq!(of("2026-07", "2026-07-15T10:00:00Z", None), (17, 31), "a day begun is a day");
        assert_eq!(of("2026-07", "2026-07-15T10:00:00Z", Some("2026-07-15T09:00:00Z")), (0, 31));
    }
}
