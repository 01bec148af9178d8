//! Limits: how long a priority may take, in service time or in working days.

use std::cmp::Ordering;
use std::fmt;

use crate::domain::calendar::hours::{FirstWorkingDay, ServiceHours};
use crate::domain::time::{Instant, Span};

/// How long a priority may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The priority as the backend names it; empty or `*`: every priority not named.
    pub priority: String,
    /// What is allowed. Reaching it exactly is met.
    pub limit: Allowed,
    /// The service hours it is measured in.
    pub calendar_id: String,
}

/// What a limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// So much service time.
    ServiceTime(Span),
    /// The service time until the close of a working day.
    WorkingDays {
        /// Which one it is, from 1.
        count: u16,
        /// Where counting begins.
        first: FirstWorkingDay,
    },
}

impl Allowed {
    /// The service time it comes to for a clock that counts from an instant on; `None`: the hours
    /// have no such working day by the end of time.
    pub fn service_time(self, hours: &ServiceHours, from: Instant) -> Option<Span> {
        match self {
            Allowed::ServiceTime(span) => Some(span),
            Allowed::WorkingDays { count, first } => {
                let close = hours.close_of_working_day(from, count, first)?;
                Some(hours.elapsed(from, close))
            }
        }
    }

    /// Whether it is counted in working days.
    pub fn is_in_working_days(self) -> bool {
        matches!(self, Allowed::WorkingDays { .. })
    }

    /// Which of two is shorter; `Equal` also where one is in service time and the other in days.
    pub fn compare(self, other: Allowed) -> Ordering {
        match (self, other) {
            (Allowed::ServiceTime(own), Allowed::ServiceTime(other)) => own.cmp(&other),
            (
                Allowed::WorkingDays { count: own, first: own_first },
                Allowed::WorkingDays { count: other, first: other_first },
            ) => own.cmp(&other).then(own_first.cmp(&other_first)),
            _ => Ordering::Equal,
        }
    }
}

impl From<Span> for Allowed {
    fn from(span: Span) -> Allowed {
        Allowed::ServiceTime(span)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowed::ServiceTime(span) => span.fmt(f),
            Allowed::WorkingDays { count: 1, .. } => f.pad("1 working day"),
            Allowed::WorkingDays { count, .. } => f.pad(&format!("{count} working days")),
        }
    }
}
