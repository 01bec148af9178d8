//! Holds what an OLA or UC promises against the SLA that rests on it.

use std::collections::BTreeSet;

use super::longer::longer_from;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{
    AgreedService, AttainmentPromise, CATCH_ALL, Contract, Limit, Metric, Promise, Target,
    is_catch_all,
};
use crate::domain::share::Share;

/// An OLA or UC, and the SLA that rests on it.
#[derive(Clone, Copy)]
pub(super) struct Support<'p> {
    pub support: &'p Contract,
    pub sla: &'p Contract,
}

/// What the support promises less than the SLA needs: the field of the support, and a sentence.
pub(super) fn promises<'c>(
    pair: Support<'_>,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (index, target) in pair.support.terms.targets.iter().enumerate() {
        let of_metric = |one: &&Target| one.metric == target.metric;
        for needed in pair.sla.terms.targets.iter().filter(of_metric) {
            let path = format!("terms.targets[{index}]");
            pair.hold_limits(target, needed, &path, hours, &mut found);
        }
    }
    for (index, objective) in pair.support.terms.objectives.iter().enumerate() {
        let path = format!("terms.objectives[{index}]");
        match &objective.promise {
            Promise::Attainment(promise) => pair.hold_attainment(promise, &path, &mut found),
            Promise::Availability(promise) => {
                pair.hold_availability(&promise.agreed, promise.share, &path, hours, &mut found);
            }
            Promise::MeanTime(_)
            | Promise::Backlog(_)
            | Promise::MeanTimeToRestore(_)
            | Promise::Requests(_)
            | Promise::Outages(_)
            | Promise::Performance(_)
            | Promise::Experience(_) => {}
        }
    }
    found.dedup();
    found
}

impl Support<'_> {
    /// Holds the limits of a target against those of one of the same metric.
    fn hold_limits<'c>(
        self,
        target: &Target,
        needed: &Target,
        path: &str,
        hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
        found: &mut Vec<(String, String)>,
    ) {
        let limits = needed.limits.iter().chain(&target.limits);
        let priorities = limits.map(|limit| match is_catch_all(&limit.priority) {
            true => CATCH_ALL,
            false => limit.priority.as_str(),
        });
        let priorities: BTreeSet<_> = priorities.collect();
        for priority in priorities {
            let Some(limit) = needed.limit(priority) else { continue };
            match target.limits.iter().position(|l| Some(l) == target.limit(priority)) {
                None if priority == CATCH_ALL => {}
                None => found.push((format!("{path}.limits"), self.no_limit(priority))),
                Some(place) => {
                    let given = target.limit(priority).unwrap_or(limit);
                    let field = format!("{path}.limits[{place}].limit");
                    let text = self.longer(given, limit, priority, hours);
                    found.extend(text.map(|text| (field, text)));
                }
            }
        }
    }

    fn no_limit(self, priority: &str) -> String {
        let (support, sla) = (&self.support.id, &self.sla.id);
        format!(
            "{support:?} has no limit for priority {priority}, for which {sla:?}, which rests on \
             it, promises one"
        )
    }

    /// How a limit is longer than the one needed, if it is.
    fn longer<'c>(
        self,
        given: &Limit,
        needed: &Limit,
        priority: &str,
        hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    ) -> Option<String> {
        let (support, sla) = (&self.support.id, &self.sla.id);
        let promises = format!(
            "{support:?} promises {} for {priority:?}, longer than the {} of {sla:?}, which rests \
             on it",
            given.limit, needed.limit
        );
        if given.calendar_id == needed.calendar_id {
            return (given.limit > needed.limit).then_some(promises);
        }
        let (own, other) = (hours(&given.calendar_id)?, hours(&needed.calendar_id)?);
        let start = longer_from((own, given.limit), (other, needed.limit))?;
        let (by, than) = (&given.calendar_id, &needed.calendar_id);
        Some(format!("{promises}: by {by:?} and {than:?}, from {start} on for example"))
    }

    /// Holds an attainment against those of the SLA on the same metric and priorities.
    fn hold_attainment(
        self,
        promise: &AttainmentPromise,
        path: &str,
        found: &mut Vec<(String, String)>,
    ) {
        let metric = |contract: &Contract, promise: &AttainmentPromise| -> Option<Metric> {
            contract.terms.target(&promise.target_id).map(|target| target.metric)
        };
        let own = metric(self.support, promise);
        let objectives = self.sla.terms.objectives.iter();
        let needed = objectives.filter_map(|objective| match &objective.promise {
            Promise::Attainment(needed) => Some((objective, needed)),
            _ => None,
        });
        for (objective, needed) in needed {
            let is_same = own == metric(self.sla, needed) && overlap(promise, needed);
            if is_same && promise.share < needed.share {
                let text = self.less(promise.share, needed.share, &objective.id);
                found.push((format!("{path}.attainment.percent"), text));
            }
        }
    }

    /// Holds an availability against those of the SLA on the same service.
    fn hold_availability<'c>(
        self,
        agreed: &AgreedService,
        share: Share,
        path: &str,
        hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
        found: &mut Vec<(String, String)>,
    ) {
        for objective in &self.sla.terms.objectives {
            let Promise::Availability(needed) = &objective.promise else { continue };
            if needed.agreed.services != agreed.services {
                continue;
            }
            if share < needed.share {
                let text = self.less(share, needed.share, &objective.id);
                found.push((format!("{path}.availability.percent"), text));
            }
            let calendars = [&agreed.calendar_id, &needed.agreed.calendar_id];
            let [own, other] = calendars.map(|id| hours(id));
            if let Some((own, other)) = own.zip(other)
                && super::longer::leaves_out(own, other)
            {
                let (support, sla) = (&self.support.id, &self.sla.id);
                let text = format!(
                    "{support:?} promises nothing outside {:?}, while {sla:?}, which rests on it, \
                     promises {:?} also then",
                    agreed.calendar_id, objective.id
                );
                found.push((format!("{path}.availability.calendar_id"), text));
            }
        }
    }

    fn less(self, given: Share, needed: Share, objective: &str) -> String {
        let (support, sla) = (&self.support.id, &self.sla.id);
        format!(
            "{support:?} promises {given} %, less than the {needed} % of {objective:?} in {sla:?}, \
             which rests on it"
        )
    }
}

/// Whether two promises are about a priority in common.
fn overlap(one: &AttainmentPromise, other: &AttainmentPromise) -> bool {
    let all = one.priorities.is_empty() || other.priorities.is_empty();
    all || one.priorities.iter().any(|priority| other.priorities.contains(priority))
}
