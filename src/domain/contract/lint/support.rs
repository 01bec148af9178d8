//! Holds what an OLA or UC promises against the SLA that rests on it.

use std::collections::BTreeSet;

use super::longer::longer_from;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{
    CATCH_ALL, Contract, Limit, Metric, PauseRule, Target, is_catch_all,
};
use crate::domain::incident::WaitingOn;

/// An OLA or UC, and the SLA that rests on it.
#[derive(Clone, Copy)]
pub(super) struct Support<'p> {
    pub support: &'p Contract,
    pub sla: &'p Contract,
}

/// What the targets of the support promise less than the SLA needs: the field of the support, and a
/// sentence.
pub(super) fn hold_targets<'c>(
    pair: Support<'_>,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (index, target) in pair.support.terms.targets.iter().enumerate() {
        let of_metric = |one: &&Target| one.metric == target.metric;
        for needed in pair.sla.terms.targets.iter().filter(of_metric) {
            let path = format!("terms.targets[{index}]");
            pair.hold_limits(target, needed, &path, hours, &mut found);
            pair.hold_pauses(target, needed, &path, &mut found);
        }
    }
    found.extend(pair.no_end());
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
        let is_same_unit = given.limit.is_in_working_days() == needed.limit.is_in_working_days();
        if given.calendar_id == needed.calendar_id && is_same_unit {
            return given.limit.compare(needed.limit).is_gt().then_some(promises);
        }
        let (own, other) = (hours(&given.calendar_id)?, hours(&needed.calendar_id)?);
        let start = longer_from((own, given.limit), (other, needed.limit))?;
        let (by, than) = (&given.calendar_id, &needed.calendar_id);
        Some(format!("{promises}: by {by:?} and {than:?}, from {start} on for example"))
    }

    /// Holds the pauses of a target against those of one of the same metric: the support's clock
    /// stands where the SLA's runs on. While the provider must act, it may.
    fn hold_pauses(
        self,
        target: &Target,
        needed: &Target,
        path: &str,
        found: &mut Vec<(String, String)>,
    ) {
        let (support, sla) = (&self.support.id, &self.sla.id);
        for (index, pause) in target.pauses.iter().enumerate() {
            let is_needed = needed.pauses.iter().any(|other| covers(other, pause));
            if pause.waiting_on != WaitingOn::Provider && !is_needed {
                let text = format!(
                    "the clock of {support:?} stands while {} must act, where that of {sla:?}, \
                     which rests on it, runs on",
                    pause.waiting_on.word()
                );
                found.push((format!("{path}.pauses[{index}]"), text));
            }
        }
        let source = |target: &Target| target.pause_when.as_ref().map(|c| c.source().to_owned());
        if let Some(condition) = source(target)
            && source(needed).as_ref() != Some(&condition)
        {
            let text = format!(
                "the clock of {support:?} stands while {condition:?}, where that of {sla:?}, which \
                 rests on it, may run on"
            );
            found.push((format!("{path}.pause_when"), text));
        }
    }

    /// A support that has targets, none of which ends an incident, where the SLA promises an end.
    fn no_end(self) -> Option<(String, String)> {
        let ends = |contract: &Contract| {
            let mut targets = contract.terms.targets.iter();
            targets.any(|one| matches!(one.metric, Metric::Resolution | Metric::Restoration))
        };
        let lacks_it = !self.support.terms.targets.is_empty() && !ends(self.support);
        let (support, sla) = (&self.support.id, &self.sla.id);
        (lacks_it && ends(self.sla)).then(|| {
            let text = format!(
                "{support:?} has no target on resolution or restoration, for which {sla:?}, which \
                 rests on it, promises one"
            );
            ("terms.targets".to_owned(), text)
        })
    }
}

/// Whether a pause holds whenever another one does.
fn covers(pause: &PauseRule, other: &PauseRule) -> bool {
    let for_its_reasons = pause.reasons.is_empty()
        || (!other.reasons.is_empty() && other.reasons.iter().all(|r| pause.reasons.contains(r)));
    let as_long = match (pause.maximum, other.maximum) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(most), Some(other)) => other <= most,
    };
    pause.waiting_on == other.waiting_on && for_its_reasons && as_long
}
