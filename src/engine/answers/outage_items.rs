//! The settlement items of a contract's excluded outages.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::calendar::Calendars;
use crate::domain::compliance::{
    ContractLife, ExcludedOutage, LocalDays, Outage, OutageExclusion, OutageExclusions, Period,
    outages,
};
use crate::domain::contract::{Contract, Objective, PeriodTerms, Revision};
use crate::domain::intervals::Intervals;
use crate::domain::service::{ServiceEvent, ServiceFact, in_effect};
use crate::domain::settlement::{Item, excluded_outage};
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;
use crate::engine::ledger::Ledger;
use crate::engine::times::Times;

/// The services whose outages a contract may exclude.
pub fn services_of(known: Known<'_>, contract: &str) -> BTreeSet<String> {
    let revisions = known.contract(contract).all().iter();
    let objectives = revisions.flat_map(|revision| &revision.content.terms.objectives);
    let agreed = objectives.filter_map(|objective| objective.promise.agreed());
    agreed.flat_map(|agreed| agreed.services.clone()).collect()
}

/// The items of the outages that objectives of a contract leave out: one for each outage, in which
/// there is agreed service time while the contract is in force.
pub fn outage_items(
    contract: &str,
    ledgers: &BTreeMap<String, &Ledger<ServiceEvent>>,
    known: Known<'_>,
    times: Times,
) -> Vec<Item> {
    let revisions = known.contract(contract);
    let (Some(life), Some(days)) = (known.life(contract), known.local_days(contract)) else {
        return Vec::new();
    };
    let about = About { contract, known, life, days, times };
    let mut found: BTreeMap<(String, String), LeftOut<'_>> = BTreeMap::new();
    for revision in revisions.all() {
        for objective in &revision.content.terms.objectives {
            let services = objective.promise.agreed().map_or(&[][..], |agreed| &agreed.services);
            let its = services.iter().filter_map(|service| ledgers.get(service));
            let events: Vec<_> =
                its.flat_map(|ledger| in_effect(ledger.known(times.known), times.as_of)).collect();
            about.leave_out(revision, objective, &events, &mut found);
        }
    }
    let ruling = revisions.at(times.as_of).or_else(|| revisions.all().last());
    let Some(ruling) = ruling.map(|ruling| &ruling.content) else { return Vec::new() };
    let item = |left_out: LeftOut<'_>| {
        let by = (left_out.by.0.as_str(), left_out.by.1);
        excluded_outage(ruling, &left_out.outage, &left_out.objective_ids, by)
    };
    found.into_values().map(item).collect()
}

/// The contract whose outages are gathered.
struct About<'a> {
    contract: &'a str,
    known: Known<'a>,
    life: ContractLife,
    days: LocalDays,
    times: Times,
}

/// An outage, the objectives that leave it out, and the event by which it came up.
struct LeftOut<'a> {
    outage: ExcludedOutage,
    objective_ids: Vec<&'a str>,
    by: (String, Instant),
}

impl<'a> About<'a> {
    /// Notes the outages that an objective leaves out, of those that its revision rules.
    fn leave_out(
        &self,
        revision: &'a Revision<Contract>,
        objective: &'a Objective,
        events: &[&ServiceEvent],
        found: &mut BTreeMap<(String, String), LeftOut<'a>>,
    ) {
        let Some(agreed) = objective.promise.agreed() else { return };
        let exclusions = OutageExclusions {
            contract_id: self.contract,
            objective_id: &objective.id,
            rules: &revision.content.terms.exclusions,
        };
        for outage in outages(events, agreed.error_rate) {
            let Some(why) = exclusions.of(&outage, events) else { continue };
            let time = self.agreed_time(&outage, &agreed.calendar_id);
            if time <= Span::ZERO || !self.rules(revision, objective, outage.start) {
                continue;
            }
            let shown = ExcludedOutage::of(&outage, why, time);
            let by = came_up(&outage, why, events);
            let key = (shown.service.clone(), shown.event_id.clone());
            let left_out = found.entry(key).or_insert_with(|| LeftOut {
                outage: shown,
                objective_ids: Vec::new(),
                by,
            });
            left_out.objective_ids.push(&objective.id);
        }
    }

    /// The agreed service time in an outage while the contract is in force, so far.
    fn agreed_time(&self, outage: &Outage<'_>, calendar_id: &str) -> Span {
        let end = outage.end.min(self.times.as_of);
        let within = self.life.within(outage.start, end);
        let calendar = self.known.in_force(calendar_id, outage.start);
        within.zip(calendar).map_or(Span::ZERO, |(lasted, calendar)| {
            Intervals::union([lasted]).elapsed(calendar.hours)
        })
    }

    /// Whether a revision words the objective over the period in which an outage began.
    fn rules(&self, revision: &Revision<Contract>, objective: &Objective, start: Instant) -> bool {
        let start = start.max(self.life.start);
        let revisions = self.known.contract(self.contract);
        let Ok(period) = Period::around(objective.period, start, &self.days) else { return false };
        let ruling = revisions.ruling(period.start);
        let each_part =
            ruling.is_some_and(|ruling| ruling.content.terms.period_terms == PeriodTerms::EachPart);
        let ruling = if each_part { revisions.at(start) } else { ruling };
        ruling.is_some_and(|ruling| ruling.number == revision.number)
    }
}

/// The event by which an excluded outage came up, and when that occurred: the decision, or the last
/// that names its cause.
fn came_up(
    outage: &Outage<'_>,
    why: OutageExclusion<'_>,
    events: &[&ServiceEvent],
) -> (String, Instant) {
    let is_it = |event: &&&ServiceEvent| match (why, &event.fact) {
        (OutageExclusion::Decision { event_id, .. }, _) => event.event_id == event_id,
        (OutageExclusion::Rule(_), ServiceFact::OutageAttributed(cause)) => {
            event.service == outage.service
                && outage.event_ids.contains(&cause.outage_event_id.as_str())
        }
        _ => false,
    };
    let last =
        events.iter().filter(is_it).max_by_key(|event| (event.occur_time, event.occur_order));
    last.map_or((String::new(), outage.start), |event| (event.event_id.clone(), event.occur_time))
}
