//! Incidents as they are kept, counted in the periods of a contract's objectives.

use super::compliance::Compliance;
use crate::domain::compliance::Membership;
use crate::domain::time::Instant;
use crate::engine::kept::KeptIncident;
use crate::engine::period::days;

impl Compliance<'_> {
    /// Whether all its periods end after an instant, so that only incidents that are not over by
    /// then cross their ends.
    pub fn ends_after(&self, time: Instant) -> bool {
        self.periods().all(|period| time < period.end)
    }

    /// Puts incidents as they stand in the place of what they have added to the tallies, as far as
    /// promises of attainment go by it: as counts of clocks, and for no other objective or figure.
    pub fn put_kept<'k>(&mut self, kept: impl Iterator<Item = &'k KeptIncident> + Clone) {
        let (as_of, by) = (self.as_of, self.objectives_by);
        for on in &mut self.attainments {
            let (promise, days) = (on.promise(), days(&on.period, &self.local_days));
            for incident in kept.clone() {
                if let Some(contributed) = incident.contributed() {
                    let group = by.map(|key| contributed.group(key));
                    let targets = contributed.targets.iter().filter(|target| {
                        days.contains(&target.day)
                            && promise.covers(&target.target_id, &target.priority)
                    });
                    targets.for_each(|target| on.remove_counts(group, &target.counts));
                }
                let group = by.map(|key| incident.group(key));
                for target in incident.targets() {
                    if !promise.covers(&target.target_id, &target.priority) {
                        continue;
                    }
                    let (begun, placed) = (target.begin_time, target.place_time);
                    match on.period.membership_of(begun, placed, as_of) {
                        Some(Membership::Placed) => on.add_counts(group, &target.placed),
                        Some(Membership::OpenAtEnd) => on.add_counts(group, &target.open),
                        None => {}
                    }
                }
            }
        }
    }
}
