//! Lints chains of contracts: an SLA that promises more than what underpins it.

use std::collections::BTreeSet;

use super::support::{Support, promises};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{Contract, ContractKind, Finding};

/// Notes chains that go round in a circle, and where an OLA or UC promises less than the SLA that
/// rests on it. `hours` finds a calendar's service hours by id.
pub(super) fn lint<'c>(
    contract: &Contract,
    others: &[&Contract],
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    if lint_circle(contract, others, findings) {
        return;
    }
    match contract.kind {
        ContractKind::Sla => lint_below(contract, others, hours, findings),
        ContractKind::Ola | ContractKind::Uc => lint_above(contract, others, hours, findings),
    }
}

/// Notes a contract that rests on itself, at once or by way of others; whether it does.
fn lint_circle(contract: &Contract, others: &[&Contract], findings: &mut Vec<Finding>) -> bool {
    let mut way = vec![contract.id.as_str()];
    let mut seen = BTreeSet::new();
    let mut next = contract.underpins.as_str();
    while !next.is_empty() && next != contract.id && seen.insert(next) {
        way.push(next);
        let above = others.iter().find(|other| other.id == next);
        next = above.map_or("", |above| above.underpins.as_str());
    }
    let is_circle = next == contract.id;
    if is_circle {
        let text = match way.as_slice() {
            [_] => {
                format!("{:?} can't underpin itself: name the SLA that rests on it", contract.id)
            }
            _ => format!("{} underpin one another in a circle", way.join(", ")),
        };
        findings.push(Finding::warning("underpins", text));
    }
    is_circle
}

/// Notes what the contracts that an SLA rests on promise less.
fn lint_below<'c>(
    sla: &Contract,
    others: &[&Contract],
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    for support in others.iter().filter(|other| other.underpins == sla.id) {
        for (field, text) in promises(Support { support, sla }, hours) {
            // Its own field would be one of the other contract.
            let part = if field.starts_with("terms.objectives") { "objectives" } else { "targets" };
            findings.push(Finding::warning(format!("terms.{part}"), text));
        }
    }
}

/// Notes what an OLA or UC promises less than the SLA that rests on it.
fn lint_above<'c>(
    support: &Contract,
    others: &[&Contract],
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    if support.underpins.is_empty() {
        return;
    }
    let Some(sla) = others.iter().find(|other| other.id == support.underpins) else {
        let text = format!("there is no contract {:?} for it to underpin", support.underpins);
        findings.push(Finding::warning("underpins", text));
        return;
    };
    let found = promises(Support { support, sla }, hours).into_iter();
    findings.extend(found.map(|(field, text)| Finding::warning(field, text)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Calendars;
    use crate::domain::clock::testing::{TestCalendars, contract, target};
    use crate::domain::contract::{
        AgreedService, AttainmentPromise, AvailabilityPromise, Objective, PeriodKind, Promise,
    };
    use crate::domain::share::Share;
    use crate::domain::time::{Instant, Span};

    static CALENDARS: TestCalendars = TestCalendars;

    fn named(id: &str, kind: ContractKind, targets: &[&str]) -> Contract {
        let targets = targets.iter().map(|text| target(text)).collect();
        Contract { id: id.into(), kind, ..contract(targets, false) }
    }

    fn sla(targets: &[&str]) -> Contract {
        named("sla", ContractKind::Sla, targets)
    }

    fn supply(targets: &[&str]) -> Contract {
        Contract { underpins: "sla".into(), ..named("supply", ContractKind::Uc, targets) }
    }

    /// The fields of what is found when the first is put beside the others.
    fn fields(contract: &Contract, others: &[&Contract]) -> Vec<String> {
        let hours = |id: &str| CALENDARS.in_force(id, Instant::MIN).map(|found| found.hours);
        let mut findings = Vec::new();
        lint(contract, others, &hours, &mut findings);
        findings.into_iter().map(|finding| finding.field).collect()
    }

    const LIMIT: &str = "terms.targets[0].limits[0].limit";

    /// P15: four office hours under four hours round the clock.
    #[test]
    fn limits_are_compared_by_what_their_calendars_make_of_them() {
        for (own, above, is_longer) in [
            ("resolution P1=4:00/office", "resolution P1=4:00/always", true),
            ("resolution P1=4:00/always", "resolution P1=4:00/office", false),
            // From a Friday afternoon it takes the whole weekend.
            ("resolution P1=1:00/office", "resolution P1=24:00/always", true),
            ("resolution P1=1:00/office", "resolution P1=64:00/always", true),
            ("resolution P1=1:00/office", "resolution P1=65:00/always", false),
            ("resolution P1=4:00/long", "resolution P1=4:00/office", false),
            // Begun at noon it is in time until the next morning, four hours of work on.
            ("resolution P1=4:00/early", "resolution P1=4:00/office", true),
            ("resolution P1=8:00/long", "resolution P1=7:00/office", true),
            ("resolution P1=4:00/evening", "resolution P1=4:00/office", true),
            ("resolution P1=5:00/office", "resolution P1=4:00/office", true),
            ("resolution P1=4:00/office", "resolution P1=4:00/office", false),
            ("response P1=9:00/office", "resolution P1=4:00/office", false),
            ("resolution P1=3days/office", "resolution P1=2days/office", true),
            ("resolution P1=2days/office", "resolution P1=2days/office", false),
            ("resolution P1=2days/office", "resolution P1=2th_day/office", true),
            ("resolution P1=2th_day/office", "resolution P1=2days/office", false),
            // From the midnight on which it begins, a day and the next.
            ("resolution P1=1days/office", "resolution P1=16:00/office", false),
            ("resolution P1=1days/office", "resolution P1=15:00/office", true),
            // Begun at the last instant of a day, there is only the next.
            ("resolution P1=8:00/office", "resolution P1=1days/office", false),
            ("resolution P1=9:00/office", "resolution P1=1days/office", true),
            ("resolution P1=1days/always", "resolution P1=1days/office", false),
            ("resolution P1=1days/office", "resolution P1=1days/always", true),
        ] {
            let found = fields(&supply(&[own]), &[&sla(&[above])]);
            assert_eq!(found == [LIMIT], is_longer, "{own} under {above}: {found:?}");
            assert!(found.len() <= 1);
            let below = fields(&sla(&[above]), &[&supply(&[own])]);
            assert_eq!(below == ["terms.targets"], is_longer, "{own} under {above}: {below:?}");
        }
    }

    /// P15: a UC without P1.
    #[test]
    fn a_priority_that_the_sla_promises_and_its_support_does_not_know_is_noted() {
        let above = sla(&["resolution P1=4:00 P2=8:00"]);
        assert_eq!(
            fields(&supply(&["resolution P2=8:00"]), &[&above]),
            ["terms.targets[0].limits"]
        );
        assert_eq!(fields(&supply(&["resolution P1=4:00 P2=8:00 P3=9:00"]), &[&above]), [""; 0]);
        // One limit for all is one for P1, and may be too long for it.
        assert_eq!(fields(&supply(&["resolution *=4:00"]), &[&above]), [""; 0]);
        assert_eq!(fields(&supply(&["resolution *=5:00"]), &[&above]), [LIMIT]);
        let all = sla(&["resolution *=4:00"]);
        assert_eq!(fields(&supply(&["resolution P1=5:00"]), &[&all]), [LIMIT]);
    }

    /// P15: `underpins` in a circle, or of itself.
    #[test]
    fn a_contract_that_rests_on_itself_is_noted_however_long_the_way() {
        let mut own = supply(&["resolution *=1:00"]);
        own.underpins = "supply".into();
        assert_eq!(fields(&own, &[]), ["underpins"]);
        let link = |id: &str, underpins: &str, kind| Contract {
            underpins: underpins.into(),
            ..named(id, kind, &["resolution *=1:00"])
        };
        let uc = link("uc", "ola", ContractKind::Uc);
        let ola = link("ola", "sla", ContractKind::Ola);
        let round = link("sla", "uc", ContractKind::Sla);
        assert_eq!(fields(&uc, &[&ola, &round]), ["underpins"]);
        assert_eq!(fields(&round, &[&ola, &uc]), ["underpins"]);
        let top = link("sla", "", ContractKind::Sla);
        assert_eq!(fields(&uc, &[&ola, &top]), [""; 0]);
        // A circle above is noted where it is, not on what leads into it.
        let (a, b) = (link("a", "b", ContractKind::Ola), link("b", "a", ContractKind::Ola));
        assert_eq!(fields(&link("uc", "a", ContractKind::Uc), &[&a, &b]), [""; 0]);
    }

    fn promising(mut contract: Contract, promise: Promise) -> Contract {
        let objective = Objective { id: "o".into(), period: PeriodKind::Month, promise };
        contract.terms.objectives.push(objective);
        contract
    }

    fn availability(service: &str, percent: &str, calendar_id: &str) -> Promise {
        Promise::Availability(AvailabilityPromise {
            agreed: AgreedService {
                services: vec![service.into()],
                calendar_id: calendar_id.into(),
                ..AgreedService::default()
            },
            share: Share::from_percent(percent).unwrap(),
            downtime_unit: Span::ZERO,
            degradation_weight: Share::NONE,
        })
    }

    fn attainment(percent: &str, priorities: &[&str]) -> Promise {
        Promise::Attainment(AttainmentPromise {
            target_id: "resolution".into(),
            priorities: priorities.iter().map(|priority| (*priority).into()).collect(),
            share: Share::from_percent(percent).unwrap(),
            minimum_count: 0,
        })
    }

    /// P15: availability 99 under 99.9, attainment 80 under 95.
    #[test]
    fn objectives_that_promise_less_than_the_sla_are_noted() {
        let targets = ["resolution *=4:00"];
        let check = |own: Promise, above: Promise, expected: &[&str]| {
            let (own, above) = (promising(supply(&targets), own), promising(sla(&targets), above));
            assert_eq!(fields(&own, &[&above]), expected);
        };
        let share = "terms.objectives[0].availability.percent";
        let needed = || availability("mail", "99.9", "office");
        check(availability("mail", "99", "office"), needed(), &[share]);
        check(availability("mail", "99.9", "office"), needed(), &[]);
        check(availability("mail", "99", "office"), availability("web", "99.9", "office"), &[]);
        let calendar = "terms.objectives[0].availability.calendar_id";
        check(availability("mail", "99.95", "early"), needed(), &[calendar]);
        check(availability("mail", "99.95", "long"), needed(), &[]);
        check(availability("mail", "99.95", "always"), needed(), &[]);
        let share = "terms.objectives[0].attainment.percent";
        check(attainment("80", &[]), attainment("95", &["P1"]), &[share]);
        check(attainment("80", &["P1"]), attainment("95", &[]), &[share]);
        check(attainment("80", &["P2"]), attainment("95", &["P1"]), &[]);
        check(attainment("95", &[]), attainment("95", &[]), &[]);
    }
}
