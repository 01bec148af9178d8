//! Lints chains of contracts: an SLA that promises more than what underpins it.

use std::collections::BTreeSet;

use super::support::{Support, hold_targets};
use super::support_objectives::hold_objectives;
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
        for (field, text) in promises_less(Support { support, sla }, hours) {
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
    let found = promises_less(Support { support, sla }, hours).into_iter();
    findings.extend(found.map(|(field, text)| Finding::warning(field, text)));
}

/// What the support promises less than the SLA needs: the field of the support, and a sentence.
fn promises_less<'c>(
    pair: Support<'_>,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
) -> Vec<(String, String)> {
    let mut found = hold_targets(pair, hours);
    hold_objectives(pair, hours, &mut found);
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Calendars;
    use crate::domain::clock::testing::{TestCalendars, contract, target};
    use crate::domain::contract::{
        AgreedService, AttainmentPromise, AvailabilityPromise, BacklogBound, BacklogPromise,
        Condition, DownWhen, MeanTimePromise, MeanTimeToRestorePromise, Objective, OutagesPromise,
        PerformancePromise, PeriodKind, Promise, RequestsPromise,
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

    /// P15: a UC without a target on resolution under an SLA with one.
    #[test]
    fn a_support_whose_targets_end_nothing_is_noted() {
        let above = sla(&["resolution P1=4:00"]);
        let found = fields(&supply(&["response P1=9:00/office"]), &[&above]);
        assert_eq!(found, ["terms.targets"]);
        assert_eq!(fields(&above, &[&supply(&["response P1=9:00"])]), ["terms.targets"]);
        assert_eq!(fields(&supply(&["restoration P1=4:00"]), &[&above]), [""; 0]);
        assert_eq!(
            fields(&supply(&[]), &[&above]),
            [""; 0],
            "it promises of services, if anything"
        );
        let above = sla(&["response P1=4:00"]);
        assert_eq!(fields(&supply(&["response P1=4:00"]), &[&above]), [""; 0]);
    }

    /// P15: a pause that the UC has and the SLA lacks: the UC's clock stands while the SLA's runs.
    #[test]
    fn a_pause_that_the_sla_lacks_is_noted() {
        let pause = "terms.targets[0].pauses[0]";
        for (own, above, is_noted) in [
            ("resolution P1=4:00 pause=client", "resolution P1=4:00", true),
            ("resolution P1=4:00 pause=client", "resolution P1=4:00 pause=third_party", true),
            ("resolution P1=4:00 pause=client", "resolution P1=4:00 pause=client", false),
            ("resolution P1=4:00 pause=third_party", "resolution P1=4:00", true),
            ("resolution P1=4:00 pause=provider", "resolution P1=4:00", false),
            ("resolution P1=4:00", "resolution P1=4:00 pause=client", false),
            ("response P1=4:00 pause=client", "resolution P1=4:00", false),
        ] {
            let found = fields(&supply(&[own]), &[&sla(&[above])]);
            assert_eq!(found.contains(&pause.to_owned()), is_noted, "{own} under {above}");
        }
        // For more reasons, or longer at a time.
        let paused = |reasons: &[&str], maximum: Option<i64>| {
            let mut contract = supply(&["resolution P1=4:00 pause=client"]);
            let pause = &mut contract.terms.targets[0].pauses[0];
            pause.reasons = reasons.iter().map(|reason| (*reason).into()).collect();
            pause.maximum = maximum.map(Span::from_hours);
            contract
        };
        let found = |own: Contract, above: Contract| {
            let above = Contract { id: "sla".into(), kind: ContractKind::Sla, ..above };
            !fields(&own, &[&above]).is_empty()
        };
        let (any, visit) = (&[][..], &["visit"][..]);
        assert!(found(paused(any, None), paused(visit, None)));
        assert!(!found(paused(visit, None), paused(any, None)));
        assert!(found(paused(any, None), paused(any, Some(8))));
        assert!(found(paused(any, Some(9)), paused(any, Some(8))));
        assert!(!found(paused(any, Some(8)), paused(any, Some(8))));
        let mut own = supply(&["resolution P1=4:00"]);
        own.terms.targets[0].pause_when = Some(Condition::compile("reason == 'parts'").unwrap());
        let field = ["terms.targets[0].pause_when"];
        assert_eq!(fields(&own, &[&sla(&["resolution P1=4:00"])]), field);
        let same = Contract { id: "sla".into(), kind: ContractKind::Sla, ..own.clone() };
        assert_eq!(fields(&own, &[&same]), [""; 0]);
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

    fn agreed(services: &[&str], calendar_id: &str) -> AgreedService {
        AgreedService {
            services: services.iter().map(|id| (*id).into()).collect(),
            calendar_id: calendar_id.into(),
            ..AgreedService::default()
        }
    }

    /// What is found of an objective of the support over one of the SLA.
    #[track_caller]
    fn check_over(
        (own_period, own): (PeriodKind, Promise),
        (period, needed): (PeriodKind, Promise),
        expected: &[&str],
    ) {
        let targets = ["resolution *=4:00/office"];
        let with = |contract: Contract, period, promise| {
            let mut contract = contract;
            contract.terms.objectives.push(Objective { id: "o".into(), period, promise });
            contract
        };
        let own = with(supply(&targets), own_period, own);
        let above = with(sla(&targets), period, needed);
        let found = fields(&own, &[&above]);
        let expected: Vec<_> =
            expected.iter().map(|field| format!("terms.objectives[0].{field}")).collect();
        assert_eq!(found, expected);
        let below = fields(&above, &[&own]);
        assert_eq!(below, vec!["terms.objectives"; expected.len()], "seen from the SLA");
    }

    #[track_caller]
    fn check(own: Promise, needed: Promise, expected: &[&str]) {
        check_over((PeriodKind::Month, own), (PeriodKind::Month, needed), expected);
    }

    /// P15: outages, counted.
    #[test]
    fn more_or_longer_outages_than_the_sla_allows_are_noted() {
        let outages = |most, minutes, agreed: AgreedService| {
            let longer_than = Span::from_minutes(minutes);
            Promise::Outages(OutagesPromise { agreed, most, longer_than })
        };
        let of = |most, minutes| outages(most, minutes, agreed(&["mail"], "office"));
        check(of(2, 0), of(2, 0), &[]);
        check(of(3, 0), of(2, 0), &["outages.most"]);
        check(of(2, 10), of(2, 0), &["outages.longer_than"]);
        check(of(2, 0), of(2, 10), &[]);
        // Three months of one are three, which a quarter allows two of; a year of two a month too.
        let (month, quarter) = (PeriodKind::Month, PeriodKind::Quarter);
        check_over((month, of(1, 0)), (quarter, of(2, 0)), &["outages.most"]);
        check_over((month, of(1, 0)), (quarter, of(3, 0)), &[]);
        check_over((quarter, of(2, 0)), (month, of(2, 0)), &[]);
        check_over((quarter, of(3, 0)), (month, of(2, 0)), &["outages.most", "period"]);
        check(outages(2, 0, agreed(&["mail"], "early")), of(2, 0), &["outages.calendar_id"]);
        check(outages(2, 0, agreed(&["web"], "office")), of(1, 0), &[]);
        // Both at once, where one alone counts.
        let mut both = agreed(&["mail", "web"], "office");
        both.down_when = DownWhen::All;
        check(outages(2, 0, both), of(2, 0), &["outages.down_when"]);
        let mut failing = agreed(&["mail"], "office");
        failing.error_rate = Some(Share::from_percent("5").unwrap());
        check(of(2, 0), outages(2, 0, failing), &["outages.down_above_error_percent"]);
    }

    /// P15: the mean time to restore, by the hours that count for it.
    #[test]
    fn a_longer_mean_time_to_restore_is_noted() {
        let mean = |hours, calendar_id: &str| {
            Promise::MeanTimeToRestore(MeanTimeToRestorePromise {
                agreed: agreed(&["line"], calendar_id),
                at_most: Span::from_hours(hours),
                minimum_outages: 1,
            })
        };
        let (at_most, calendar) =
            ("mean_time_to_restore.at_most", "mean_time_to_restore.calendar_id");
        check(mean(4, "always"), mean(4, "always"), &[]);
        check(mean(5, "always"), mean(4, "always"), &[at_most]);
        check(mean(4, "office"), mean(4, "always"), &[at_most, calendar]);
        check(mean(4, "always"), mean(4, "office"), &[]);
    }

    /// P15: requests, and what is measured.
    #[test]
    fn fewer_requests_and_slower_measurements_than_the_sla_s_are_noted() {
        let served = |percent: &str, service: &str| {
            Promise::Requests(RequestsPromise {
                service: service.into(),
                share: Share::from_percent(percent).unwrap(),
                minimum_requests: 1,
            })
        };
        check(served("99", "api"), served("99.9", "api"), &["requests.percent"]);
        check(served("99.9", "api"), served("99.9", "api"), &[]);
        check(served("99", "web"), served("99.9", "api"), &[]);
        let performance = |percentile: &str, threshold, indicator: &str| {
            Promise::Performance(PerformancePromise {
                service: "api".into(),
                indicator: indicator.into(),
                percentile: Share::from_percent(percentile).unwrap(),
                threshold,
                unit: "ms".into(),
                minimum_count: 1,
            })
        };
        let needed = || performance("95", 200_000, "time");
        check(performance("95", 300_000, "time"), needed(), &["performance.at_most"]);
        check(performance("90", 200_000, "time"), needed(), &["performance.percentile"]);
        check(performance("99", 100_000, "time"), needed(), &[]);
        check(performance("90", 300_000, "size"), needed(), &[]);
    }

    /// P15: mean times of clocks, and the backlog.
    #[test]
    fn a_longer_mean_time_of_clocks_and_an_older_backlog_are_noted() {
        let mean = |hours, priorities: &[&str]| {
            Promise::MeanTime(MeanTimePromise {
                target_id: "resolution".into(),
                priorities: priorities.iter().map(|priority| (*priority).into()).collect(),
                at_most: Span::from_hours(hours),
                minimum_count: 1,
            })
        };
        check(mean(3, &[]), mean(2, &["P1"]), &["mean_time.at_most"]);
        check(mean(3, &["P2"]), mean(2, &["P1"]), &[]);
        check(mean(2, &[]), mean(2, &[]), &[]);
        let backlog = |bound| {
            let (target_id, priorities) = ("resolution".into(), Vec::new());
            Promise::Backlog(BacklogPromise { target_id, priorities, bound })
        };
        let most = |most, days: i64| {
            backlog(BacklogBound::Most { most, older_than: Span::from_hours(24 * days) })
        };
        check(most(5, 30), most(5, 30), &[]);
        check(most(6, 31), most(5, 30), &["backlog.most", "backlog.older_than"]);
        let oldest = |percent: &str, days: i64| {
            let percentile = Share::from_percent(percent).unwrap();
            backlog(BacklogBound::Percentile { percentile, at_most: Span::from_hours(24 * days) })
        };
        check(oldest("50", 11), oldest("90", 10), &["backlog.percentile", "backlog.at_most"]);
        check(oldest("90", 10), most(5, 1), &[]);
        let (month, quarter) = (PeriodKind::Month, PeriodKind::Quarter);
        check_over((quarter, most(5, 30)), (month, most(5, 30)), &["period"]);
    }

    /// P15: by other hours than the SLA's.
    #[test]
    fn a_mean_time_of_clocks_is_compared_by_the_hours_of_their_limits() {
        let mean = || {
            Promise::MeanTime(MeanTimePromise {
                target_id: "resolution".into(),
                priorities: Vec::new(),
                at_most: Span::from_hours(2),
                minimum_count: 1,
            })
        };
        let own = promising(supply(&["resolution P1=4:00/office"]), mean());
        let above = promising(sla(&["resolution P1=99:00/always"]), mean());
        let expected = "terms.objectives[0].mean_time.at_most";
        assert_eq!(fields(&own, &[&above]), [expected]);
    }

    /// P15: over periods of another kind.
    #[test]
    fn a_promise_over_a_longer_period_than_the_sla_s_is_noted() {
        let (month, year) = (PeriodKind::Month, PeriodKind::Year);
        let rolling = PeriodKind::RollingDays;
        let all = || attainment("95", &[]);
        check_over((year, all()), (month, all()), &["period"]);
        check_over((month, all()), (year, all()), &[]);
        check_over((rolling(30), all()), (month, all()), &[]);
        check_over((rolling(90), all()), (month, all()), &["period"]);
        let percent = "attainment.percent";
        check_over((year, attainment("90", &[])), (month, all()), &[percent, "period"]);
        let up = || availability("mail", "99.9", "office");
        check_over((year, up()), (month, up()), &["period"]);
    }

    /// P15: what counts as down.
    #[test]
    fn maintenance_at_shorter_notice_and_lighter_degradation_are_noted() {
        let up = |notice, weight: &str| {
            let mut agreed = agreed(&["mail"], "office");
            agreed.maintenance_notice = Span::from_hours(notice);
            Promise::Availability(AvailabilityPromise {
                agreed,
                share: Share::from_percent("99.9").unwrap(),
                downtime_unit: Span::ZERO,
                degradation_weight: Share::from_percent(weight).unwrap(),
            })
        };
        check(up(48, "50"), up(48, "50"), &[]);
        check(up(24, "50"), up(48, "50"), &["availability.maintenance_notice"]);
        check(up(48, "0"), up(48, "50"), &["availability.degradation_weight_percent"]);
    }
}
