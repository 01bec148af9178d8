//! Lost time: the working time that an incident cost the people it hit (IEEE Std 1366).
//!
//! IEEE Std 1366, on electric power distribution, calls `N` x `r`, the customers an interruption
//! hits times how long it lasts, *customer-minutes of interruption* (CMI). Their sum per customer
//! served is SAIDI (how long a customer was without), the sum of `N` per customer served SAIFI (how
//! often). Service desks that measure experience call the same thing lost user hours. slx counts:
//!
//! ```text
//! lost time = sum over passages of trouble: people hit x working time in it x loss / 100
//! ```
//!
//! Working time is what the client's own calendar opens; the loss is how much of their work they
//! could not do, in percent, as reported. Nothing is paused or excluded. With the people a contract
//! serves, SAIDI is `lost time / people` and SAIFI `people hit / people`.

use super::passages::Passages;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;
use crate::domain::time_sum::TimeSum;

/// The people-time lost within `hours`, rounded down to the nanosecond once, at the end.
pub fn lost_time(passages: &Passages<'_>, hours: &ServiceHours) -> TimeSum {
    let lost = passages.trouble().map(|passage| {
        let working = hours.elapsed(passage.start, passage.end);
        TimeSum::of(passage.affected_users, working).times(u128::from(passage.productivity_loss))
    });
    lost.sum::<TimeSum>().divided(100)
}

/// The most people it hit at once: `N` of IEEE Std 1366.
pub fn people_hit(passages: &Passages<'_>) -> u32 {
    passages.trouble().map(|passage| passage.affected_users).max().unwrap_or_default()
}

/// What is known of how many people an incident hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeopleReported {
    /// Nothing: the people-time it cost is not measured.
    #[default]
    Not,
    /// Somebody's guess, such as one person an incident.
    Estimated,
    /// A number that was counted.
    Counted,
}

impl PeopleReported {
    /// What was reported up to an instant. A number that is reported later replaces an estimate.
    pub fn of(history: &History<'_>, as_of: Instant) -> PeopleReported {
        let known = history.effective().iter().map(|recorded| &recorded.value);
        let mut facts = known.take_while(|event| event.occur_time <= as_of).map(|e| &e.fact);
        let names_people =
            |fact: &Fact| matches!(fact, Fact::ImpactChanged { affected_users: Some(_), .. });
        if facts.clone().any(names_people) {
            return PeopleReported::Counted;
        }
        match facts
            .find_map(|fact| if let Fact::Opened(opened) = fact { Some(opened) } else { None })
        {
            Some(opened) if opened.affected_users.is_none() => PeopleReported::Not,
            Some(opened) if opened.are_users_estimated => PeopleReported::Estimated,
            Some(_) => PeopleReported::Counted,
            None => PeopleReported::Not,
        }
    }
}
