//! The experience totals: what incidents cost people, added up.

use super::experienced::Experience;
use super::survey::Survey;
use crate::domain::figures::{Count, PeopleTime, ServiceTime, define_figures, totals_table};
use crate::domain::spread::Spread;

totals_table!(define_figures);

impl ExperienceTotals {
    /// The totals of a single incident.
    pub fn of(experience: &Experience<'_>) -> ExperienceTotals {
        let flow = &experience.flow;
        ExperienceTotals {
            incidents: 1,
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
}
