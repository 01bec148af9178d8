//! What is open at the ends of its periods, which tallies do not count: whose incidents must be
//! evaluated, and what is left open since before, which is in their backlogs.

use std::collections::BTreeSet;

use super::Compliance;
use crate::domain::compliance::Period;
use crate::engine::answers::credit::all_attainments;
use crate::engine::lifespan::LeftOpen;
use crate::engine::period::days;
use crate::engine::tally::Day;

impl Compliance<'_> {
    /// The first local days after its periods. Who was open as one of them began is not counted by
    /// the tally buckets.
    pub fn days_after(&self) -> BTreeSet<Day> {
        self.periods().map(|period| days(period, &self.local_days).end).collect()
    }

    /// The last of the local days that its periods begin with.
    pub fn last_first_day(&self) -> Day {
        let first_days = self.periods().map(|period| days(period, &self.local_days).start);
        first_days.max().unwrap_or(Day::MIN)
    }

    /// Adds targets that incidents leave open, each since a local day, to the backlogs of those of
    /// its periods that begin after that.
    pub fn add_left_open(&mut self, left_open: &[(Day, LeftOpen)]) {
        let (as_of, local_days, grouped_by) =
            (self.as_of, self.local_days.clone(), self.objectives_by);
        let of_period = |period: &Period| {
            let (first_day, has_begun) = (days(period, &local_days).start, period.start <= as_of);
            let until = period.counted_until(as_of);
            let is_before = move |(since, target): &&(Day, LeftOpen)| {
                has_begun && *since < first_day && !target.is_excluded
            };
            let age = move |target: &LeftOpen| until.since(target.opened);
            left_open.iter().filter(is_before).map(move |(_, target)| (target, age(target)))
        };
        for (target, age) in of_period(&self.period) {
            let key = self.group_by.iter().map(|key| key.of_left_open(target).to_owned()).collect();
            self.groups.entry(key).or_default().add_to_backlog(age);
        }
        let attainments = all_attainments(&mut self.attainments, &mut self.credited);
        for attainment in attainments.filter(|attainment| attainment.goes_by_backlog()) {
            let promise = attainment.promise();
            for (target, age) in of_period(&attainment.period.clone()) {
                if promise.covers(&target.target_id, &target.priority) {
                    attainment.add_to_backlog(grouped_by.map(|key| key.of_left_open(target)), age);
                }
            }
        }
    }
}
