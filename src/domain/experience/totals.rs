//! The experience totals: what incidents cost people, added up.

use super::experienced::Experience;
use super::lost_time::PeopleReported;
use super::survey::Survey;
use crate::domain::figures::{Count, PeopleTime, ServiceTime, define_figures, totals_table};
use crate::domain::share::Share;
use crate::domain::spread::Spread;
use crate::domain::time_sum::TimeSum;

totals_table!(define_figures);

impl ExperienceTotals {
    /// The totals of a single incident.
    pub fn of(experience: &Experience<'_>) -> ExperienceTotals {
        let flow = &experience.flow;
        let is_reported = experience.people_reported != PeopleReported::Not;
        ExperienceTotals {
            incidents: 1,
            people_reported: u64::from(is_reported),
            people_estimated: u64::from(experience.people_reported == PeopleReported::Estimated),
            work_reported: u64::from(experience.is_work_reported),
            first_contact: u64::from(experience.first_contact == Some(true)),
            first_contact_known: u64::from(experience.first_contact.is_some()),
            people_hit: u64::from(experience.people_hit),
            promises_kept: u64::from(flow.promises.kept),
            promises_broken: u64::from(flow.promises.broken),
            handovers: u64::from(flow.handovers),
            reopenings: u64::from(flow.reopenings),
            experienced: experience.experienced.into(),
            lost_time: experience.lost_time,
            lost_times: match is_reported {
                true => Spread::of(experience.lost_time),
                false => Spread::default(),
            },
            touch_time: flow.touch_time.into(),
            service_time: flow.service_time.into(),
            idle_time: flow.idle_time.into(),
            survey: experience.survey,
        }
    }

    /// The share resolved at first contact, rounded down to the millionth; `None`: it is known of
    /// none.
    pub fn first_contact_share(&self) -> Option<Share> {
        Share::of(self.first_contact, self.first_contact_known)
    }

    /// The people-time lost; `None`: of no incident it was reported how many people it hit.
    pub fn measured_lost_time(&self) -> Option<TimeSum> {
        (self.people_reported > 0).then_some(self.lost_time)
    }

    /// The median of the people-time that incidents cost of which it was reported; `None` likewise.
    pub fn median_lost_time(&self) -> Option<TimeSum> {
        self.lost_times.percentile(50)
    }

    /// The time worked; `None`: of no incident it was reported that somebody worked on it.
    pub fn measured_touch_time(&self) -> Option<TimeSum> {
        (self.work_reported > 0).then_some(self.touch_time)
    }

    /// The idle time; `None` likewise.
    pub fn measured_idle_time(&self) -> Option<TimeSum> {
        (self.work_reported > 0).then_some(self.idle_time)
    }
}
