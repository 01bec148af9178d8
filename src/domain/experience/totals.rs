//! The experience totals: what incidents cost people, added up.

use super::experienced::Experience;
use super::lost_time::PeopleReported;
use super::survey::Survey;
use crate::domain::figures::{Count, PeopleTime, ServiceTime, define_figures, totals_table};
use crate::domain::spread::Spread;
use crate::domain::time_sum::TimeSum;

totals_table!(define_figures);

impl ExperienceTotals {
    /// The totals of a single incident.
    pub fn of(experience: &Experience<'_>) -> ExperienceTotals {
        let flow = &experience.flow;
        ExperienceTotals {
            incidents: 1,
            people_reported: u64::from(experience.people_reported != PeopleReported::Not),
            people_estimated: u64::from(experience.people_reported == PeopleReported::Estimated),
            work_reported: u64::from(experience.is_work_reported),
            people_hit: u64::from(experience.people_hit),
            promises_kept: u64::from(flow.promises.kept),
            promises_broken: u64::from(flow.promises.broken),
            handovers: u64::from(flow.handovers),
            reopenings: u64::from(flow.reopenings),
            experienced: experience.experienced.into(),
            lost_time: experience.lost_time,
            lost_times: Spread::of(experience.lost_time),
            touch_time: flow.touch_time.into(),
            service_time: flow.service_time.into(),
            idle_time: flow.idle_time.into(),
            survey: experience.survey,
        }
    }

    /// The people-time lost; `None`: of no incident it was reported how many people it hit.
    pub fn measured_lost_time(&self) -> Option<TimeSum> {
        (self.people_reported > 0).then_some(self.lost_time)
    }

    /// The median of the people-time that each incident cost; `None` likewise.
    pub fn median_lost_time(&self) -> Option<TimeSum> {
        self.lost_times.percentile(50).filter(|_| self.people_reported > 0)
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
