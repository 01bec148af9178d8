//! The toll: what incidents cost people, added up.

use super::{Experience, Survey, TimeSum};

/// What incidents that have ended cost people, and how they flowed. All of it adds up, and what was
/// added can be taken out again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Toll {
    /// How many incidents.
    pub incidents: u64,
    /// The most people each hit at once.
    pub people_hit: u64,
    /// Times clients were told when it would work again, and it did.
    pub promises_kept: u64,
    /// Times it did not.
    pub promises_broken: u64,
    /// Times one went from one group to another.
    pub handovers: u64,
    /// Times one was reopened.
    pub reopenings: u64,
    /// How long people had trouble, in their hours, however many they were.
    pub experienced: TimeSum,
    /// The people-time it cost.
    pub lost_time: TimeSum,
    /// Time worked.
    pub touch_time: TimeSum,
    /// Service hours in which they were open.
    pub service_time: TimeSum,
    /// Of those: in which nobody but the provider was waited on, and nobody worked.
    pub idle_time: TimeSum,
    /// What people say.
    pub survey: Survey,
}

impl Toll {
    /// The toll of one incident.
    pub fn of(experience: &Experience<'_>) -> Toll {
        let flow = &experience.flow;
        Toll {
            incidents: 1,
            people_hit: u64::from(experience.people_hit),
            promises_kept: u64::from(flow.promises.kept),
            promises_broken: u64::from(flow.promises.broken),
            handovers: u64::from(flow.handovers),
            reopenings: u64::from(flow.reopenings),
            experienced: experience.experienced.into(),
            lost_time: experience.lost_time,
            touch_time: flow.touch_time.into(),
            service_time: flow.service_time.into(),
            idle_time: flow.idle_time.into(),
            survey: experience.survey,
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Toll) {
        let mut other = *other;
        for (count, by) in self.counts().into_iter().zip(other.counts()) {
            *count = count.saturating_add(*by);
        }
        for (time, by) in self.times().into_iter().zip(other.times()) {
            *time += *by;
        }
        self.survey.add(&other.survey);
    }

    /// Takes out another that had been added.
    pub fn remove(&mut self, other: &Toll) {
        let mut other = *other;
        for (count, by) in self.counts().into_iter().zip(other.counts()) {
            *count = count.saturating_sub(*by);
        }
        for (time, by) in self.times().into_iter().zip(other.times()) {
            *time = time.less(*by);
        }
        self.survey.remove(&other.survey);
    }

    fn counts(&mut self) -> [&mut u64; 6] {
        [
            &mut self.incidents,
            &mut self.people_hit,
            &mut self.promises_kept,
            &mut self.promises_broken,
            &mut self.handovers,
            &mut self.reopenings,
        ]
    }

    fn times(&mut self) -> [&mut TimeSum; 5] {
        [
            &mut self.experienced,
            &mut self.lost_time,
            &mut self.touch_time,
            &mut self.service_time,
            &mut self.idle_time,
        ]
    }
}
