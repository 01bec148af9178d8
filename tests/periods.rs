//! Periods: how they are cut, what of them a contract is in force for, and which words rule them.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use slx::codec::v1::objective::Promise;
use slx::codec::v1::service_event::Fact as ServiceFact;

use crate::testing::{Clients, Server, TENANT, at, event, hours, opened};

/// A server with a calendar that is always open.
async fn start(data: &tempfile::TempDir) -> (Server, Clients) {
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let calendar = v1::Calendar {
        id: "always".into(),
        time_zone: "UTC".into(),
        always_open: true,
        ..Default::default()
    };
    let (tenant, calendar) = (TENANT.to_owned(), Some(calendar));
    let request = v1::PutCalendarRequest { tenant, calendar, ..Default::default() };
    clients.calendars.put_calendar(request).await.expect("put");
    (server, clients)
}

/// Resolution of anything in four hours, in a zone.
fn contract(id: &str, time_zone: &str, objectives: Vec<v1::Objective>) -> v1::Contract {
    let limit = v1::Limit { limit: Some(hours(4)), calendar_id: "always".into(), ..zeroed() };
    let target = v1::Target {
        id: "resolve".into(),
        metric: v1::Metric::Resolution as i32,
        limits: vec![limit],
        ..zeroed()
    };
    v1::Contract {
        id: id.into(),
        kind: v1::ContractKind::Sla as i32,
        time_zone: time_zone.into(),
        currency: "EUR".into(),
        terms: Some(v1::Terms { targets: vec![target], objectives, ..zeroed() }),
        ..zeroed()
    }
}

fn zeroed<T: Default>() -> T {
    T::default()
}

fn on_time(period: v1::ObjectivePeriod) -> v1::Objective {
    let promise = Promise::Attainment(v1::AttainmentObjective {
        target_id: "resolve".into(),
        percent: "90".into(),
        ..zeroed()
    });
    objective("on-time", period, promise)
}

fn objective(id: &str, period: v1::ObjectivePeriod, promise: Promise) -> v1::Objective {
    v1::Objective { id: id.into(), period: period as i32, promise: Some(promise), ..zeroed() }
}

async fn put(clients: &mut Clients, contract: v1::Contract, effective: Option<&str>) {
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        effective_time: effective.map(at),
        ..zeroed()
    };
    clients.contracts.put_contract(request).await.expect("put");
}

/// Opened under a contract at an instant, and resolved at another.
fn incident(id: &str, contract: &str, from: &str, to: &str) -> Vec<v1::IncidentEvent> {
    vec![
        event(id, "o", from, opened(contract, "P1")),
        event(id, "r", to, Fact::Resolved(v1::Resolved {})),
    ]
}

async fn compliance(
    clients: &mut Clients,
    contract: &str,
    period: &str,
    as_of: Option<&str>,
) -> v1::GetComplianceResponse {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: contract.into(),
        period: period.into(),
        as_of_time: as_of.map(at),
        ..zeroed()
    };
    clients.compliance.get_compliance(request).await.expect("computed").into_inner()
}

async fn review(
    clients: &mut Clients,
    contract: &str,
    period: &str,
    as_of: Option<&str>,
) -> v1::GetServiceReviewResponse {
    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: contract.into(),
        period: period.into(),
        as_of_time: as_of.map(at),
        ..zeroed()
    };
    clients.compliance.get_service_review(request).await.expect("reviewed").into_inner()
}

fn ends(period: &Option<v1::Period>) -> (String, String) {
    let period = period.clone().expect("a period");
    let text = |time: Option<prost_types::Timestamp>| time.expect("an instant").to_string();
    (text(period.start_time), text(period.end_time))
}

fn from_to(from: &str, to: &str) -> (String, String) {
    (from.into(), to.into())
}

/// P11: a later time zone re-cuts nothing: not the periods before it, nor a signed review. Each end
/// of a period is cut in the zone in force then, and consecutive periods leave no gap.
#[tokio::test]
async fn a_later_time_zone_cuts_only_what_comes_after_it() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let objectives = vec![on_time(v1::ObjectivePeriod::Month)];
    put(&mut clients, contract("C", "UTC", objectives.clone()), None).await;
    // Met in March by UTC, and in February by New York; breached in April by UTC, in March by NY.
    let met = incident("A", "C", "2024-03-01T00:00:00Z", "2024-03-01T02:00:00Z");
    let late = incident("B", "C", "2024-03-31T22:00:00Z", "2024-04-01T03:00:00Z");
    clients.record(met).await;
    clients.record(late).await;
    // July begins at 04:00Z; decided at 03:00Z, so in June.
    clients.record(incident("D", "C", "2024-07-01T01:00:00Z", "2024-07-01T03:00:00Z")).await;
    let sign = v1::SignServiceReviewRequest {
        tenant: TENANT.into(),
        signature_id: "march".into(),
        contract_id: "C".into(),
        period: "2024-03".into(),
        signed_by: "ann".into(),
        as_of_time: Some(at("2024-05-01T00:00:00Z")),
        ..zeroed()
    };
    clients.compliance.sign_service_review(sign).await.expect("signed");
    let new_york = contract("C", "America/New_York", objectives);
    put(&mut clients, new_york, Some("2024-06-15T00:00:00Z")).await;

    for as_of in [Some("2024-05-01T00:00:00Z"), Some("2024-08-01T00:00:00Z"), None] {
        let march = compliance(&mut clients, "C", "2024-03", as_of).await;
        let cut = from_to("2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z");
        assert_eq!(ends(&march.period), cut);
        assert_eq!(ends(&march.objectives[0].period), cut);
        let tally = march.objectives[0].tally.clone().expect("clocks");
        assert_eq!((tally.met, tally.breached), (1, 0), "{as_of:?}");
    }
    let signed = review(&mut clients, "C", "2024-03", None).await;
    let moved = signed.restatement.expect("a restatement");
    assert_eq!((moved.moved_count, moved.signed_objectives.len()), (0, 0));

    let june = compliance(&mut clients, "C", "2024-06", None).await;
    assert_eq!(ends(&june.period), from_to("2024-06-01T00:00:00Z", "2024-07-01T04:00:00Z"));
    assert_eq!(june.objectives[0].tally.clone().expect("clocks").met, 1);
    let july = compliance(&mut clients, "C", "2024-07", None).await;
    assert_eq!(ends(&july.period), from_to("2024-07-01T04:00:00Z", "2024-08-01T04:00:00Z"));
    assert_eq!(july.objectives[0].tally.clone().expect("clocks").met, 0);
}

/// P12: a review of March has the March of every contract of the chain, each in its own zone, for
/// the total and for the objectives.
#[tokio::test]
async fn the_chain_is_measured_over_the_period_of_the_same_name() {
    for (zone, start, end) in [
        ("Europe/Amsterdam", "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z"),
        ("America/New_York", "2024-03-01T05:00:00Z", "2024-04-01T04:00:00Z"),
    ] {
        let data = tempfile::tempdir().expect("a directory");
        let (_server, mut clients) = start_chain(&data, zone).await;
        // Missed in March, and met in April.
        clients.record(incident("A", "U", "2024-03-10T00:00:00Z", "2024-03-10T09:00:00Z")).await;
        clients.record(incident("B", "U", "2024-04-10T00:00:00Z", "2024-04-10T01:00:00Z")).await;
        let march = review(&mut clients, "S", "2024-03", None).await;
        let link = &march.chain[0];
        let total = link.total.clone().expect("a total").contractual.expect("counts");
        assert_eq!((total.met, total.breached), (0, 1), "{zone}");
        let result = &link.objectives[0];
        assert_eq!(result.verdict(), v1::ObjectiveVerdict::Missed, "{zone}");
        assert_eq!(ends(&result.period), from_to(start, end));
        assert_eq!(result.tally.clone().expect("clocks"), total);
    }
}

async fn start_chain(data: &tempfile::TempDir, zone: &str) -> (Server, Clients) {
    let (server, mut clients) = start(data).await;
    let monthly = || vec![on_time(v1::ObjectivePeriod::Month)];
    put(&mut clients, contract("S", "Europe/London", monthly()), None).await;
    let supplier = v1::Contract {
        kind: v1::ContractKind::Uc as i32,
        underpins: "S".into(),
        ..contract("U", zone, monthly())
    };
    put(&mut clients, supplier, None).await;
    (server, clients)
}

const FEBRUARY: &str = "2025-02-01T00:00:00Z";

/// Up for a share of the month, round the clock.
fn available(percent: &str) -> v1::Objective {
    let promise = Promise::Availability(v1::AvailabilityObjective {
        service: "mail".into(),
        percent: percent.into(),
        calendar_id: "always".into(),
        ..zeroed()
    });
    objective("up", v1::ObjectivePeriod::Month, promise)
}

/// A fee of 1,000.00 a month, of which a tenth is credited when an objective is missed.
fn credited(mut contract: v1::Contract, objectives: &[&str]) -> v1::Contract {
    let rule = |id: &&str| v1::CreditRule {
        objective_id: (*id).into(),
        tiers: vec![v1::CreditTier { credit_percent: "10".into(), ..zeroed() }],
        ..zeroed()
    };
    let rules = objectives.iter().map(rule).collect();
    let terms = contract.terms.as_mut().expect("terms");
    terms.credits = Some(v1::Credits { monthly_fee: 100_000, rules, ..zeroed() });
    contract
}

async fn down(clients: &mut Clients, from: &str, to: &str) {
    let fact = |id: &str, time: &str, fact| v1::ServiceEvent {
        event_id: format!("{id}-{time}"),
        service: "mail".into(),
        occur_time: Some(at(time)),
        fact: Some(fact),
        ..zeroed()
    };
    let outage_id = || from.to_owned();
    let started = ServiceFact::OutageStarted(v1::OutageStarted { outage_id: outage_id() });
    let ended = ServiceFact::OutageEnded(v1::OutageEnded { outage_id: outage_id() });
    clients.record_services(vec![fact("down", from, started), fact("up", to, ended)]).await;
}

async fn measure(clients: &mut Clients, time: &str, value: i64) {
    let measured = v1::Measured { indicator: "delay".into(), value: Some(value), ..zeroed() };
    let event = v1::ServiceEvent {
        event_id: format!("measured-{time}"),
        service: "mail".into(),
        occur_time: Some(at(time)),
        fact: Some(ServiceFact::Measured(measured)),
        ..zeroed()
    };
    clients.record_services(vec![event]).await;
}

async fn end(clients: &mut Clients, contract: &str, time: &str) {
    let request = v1::EndContractRequest {
        tenant: TENANT.into(),
        contract_id: contract.into(),
        end_time: Some(at(time)),
    };
    clients.contracts.end_contract(request).await.expect("ended");
}

fn of<'a>(answer: &'a v1::GetComplianceResponse, id: &str) -> &'a v1::ObjectiveResult {
    let named = |result: &&v1::ObjectiveResult| {
        result.objective.as_ref().is_some_and(|objective| objective.id == id)
    };
    answer.objectives.iter().find(named).unwrap_or_else(|| panic!("no {id} in {answer:?}"))
}

fn agreed_hours(result: &v1::ObjectiveResult) -> (i64, i64) {
    let uptime = result.uptime.clone().expect("an uptime");
    let hours = |span: Option<prost_types::Duration>| span.expect("a span").seconds / 3600;
    (hours(uptime.agreed_in_period), hours(uptime.downtime))
}

fn outages_and_delay() -> [v1::Objective; 2] {
    let outages = Promise::Outages(v1::OutagesObjective {
        service: "mail".into(),
        calendar_id: "always".into(),
        ..zeroed()
    });
    let delay = Promise::Performance(v1::PerformanceObjective {
        service: "mail".into(),
        indicator: "delay".into(),
        percentile: "100".into(),
        threshold: 1_000,
        ..zeroed()
    });
    let month = v1::ObjectivePeriod::Month;
    [objective("outages", month, outages), objective("delay", month, delay)]
}

/// P1: in force from 15 July to 10 September. What happens outside is promised by nobody: months
/// outside have no data and no credits, months partly inside count from and to.
#[tokio::test]
async fn objectives_hold_while_their_contract_is_in_force() {
    use v1::NoDataReason::NotInForce;
    use v1::ObjectiveVerdict::{Met, NoData};
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let [outages, delay] = outages_and_delay();
    let objectives = vec![available("99.9"), outages, delay, on_time(v1::ObjectivePeriod::Month)];
    let contract = credited(contract("C", "UTC", objectives), &["up", "outages", "delay"]);
    put(&mut clients, contract, Some("2024-07-15T00:00:00Z")).await;
    end(&mut clients, "C", "2024-09-10T00:00:00Z").await;
    for day in ["05-03", "07-02", "09-20", "10-05"] {
        let [from, to] = ["10", "12"].map(|hour| format!("2024-{day}T{hour}:00:00Z"));
        down(&mut clients, &from, &to).await;
        measure(&mut clients, &from, 5_000).await;
    }
    measure(&mut clients, "2024-07-20T00:00:00Z", 500).await;

    for month in ["2024-05", "2024-10"] {
        let answer = compliance(&mut clients, "C", month, None).await;
        assert_eq!(answer.objectives.len(), 4, "{month}");
        for result in &answer.objectives {
            assert_eq!((result.verdict(), result.no_data_reason()), (NoData, NotInForce));
        }
        assert_eq!((answer.credits, answer.credit_totals), (None, vec![]), "{month}");
    }
    for (month, hours) in [("2024-07", 17 * 24), ("2024-08", 31 * 24), ("2024-09", 9 * 24)] {
        let answer = compliance(&mut clients, "C", month, None).await;
        let up = of(&answer, "up");
        assert_eq!((up.verdict(), agreed_hours(up)), (Met, (hours, 0)), "{month}");
        assert_eq!(up.counted.is_some(), month != "2024-08");
        assert_eq!(of(&answer, "outages").verdict(), Met, "{month}");
        let delay = of(&answer, "delay");
        let expected = if month == "2024-07" { Met } else { NoData };
        assert_eq!(delay.verdict(), expected, "{month}");
        assert!(delay.no_data_reason() != NotInForce, "{month}");
        assert_eq!(answer.credits.expect("a statement").total_amount, 0, "{month}");
    }
    let september = compliance(&mut clients, "C", "2024-09", Some("2024-09-12T00:00:00Z")).await;
    assert!(!of(&september, "up").provisional, "nothing more can happen to it");
    assert!(of(&september, "on-time").provisional, "an open clock may still be decided");
    let early = compliance(&mut clients, "C", "2024-07", Some("2024-07-10T00:00:00Z")).await;
    assert_eq!(of(&early, "up").verdict(), NoData);
}

/// P1: an outage that lasts over the beginning or the end of a contract counts while it is in
/// force, for availability and for its length.
#[tokio::test]
async fn an_outage_counts_only_while_the_contract_is_in_force() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let [outages, _] = outages_and_delay();
    let contract = contract("C", "UTC", vec![available("99.9"), outages]);
    put(&mut clients, contract, Some("2024-07-15T00:00:00Z")).await;
    end(&mut clients, "C", "2024-09-10T00:00:00Z").await;
    down(&mut clients, "2024-07-14T20:00:00Z", "2024-07-15T02:00:00Z").await;
    down(&mut clients, "2024-09-09T21:00:00Z", "2024-09-10T09:00:00Z").await;
    for (month, down) in [("2024-07", 2), ("2024-09", 3)] {
        let answer = compliance(&mut clients, "C", month, None).await;
        assert_eq!(agreed_hours(of(&answer, "up")).1, down, "{month}");
        let outages = of(&answer, "outages").uptime.clone().expect("an uptime");
        assert_eq!((outages.outages, outages.longest_outage), (1, Some(hours(down))), "{month}");
    }
}

/// P2: the words in force as a month begins rule all of it, whatever is agreed later in the month:
/// neither a stricter word nor one that is relaxed an hour before its end moves its verdict.
#[tokio::test]
async fn words_that_change_within_a_period_rule_from_the_next_one_on() {
    use v1::ObjectiveVerdict::{Met, Missed};
    for (first, second, since, expected, credit) in [
        ("99", "99.9", "2024-10-15T00:00:00Z", Met, 0),
        ("99.9", "90", "2024-10-31T23:00:00Z", Missed, 10_000),
    ] {
        let data = tempfile::tempdir().expect("a directory");
        let (_server, mut clients) = start(&data).await;
        let words =
            |percent: &str| credited(contract("C", "UTC", vec![available(percent)]), &["up"]);
        put(&mut clients, words(first), None).await;
        put(&mut clients, words(second), Some(since)).await;
        down(&mut clients, "2024-10-03T10:00:00Z", "2024-10-03T12:00:00Z").await;
        down(&mut clients, "2024-11-03T10:00:00Z", "2024-11-03T12:00:00Z").await;
        for as_of in ["2024-10-31T22:00:00Z", "2024-10-31T23:30:00Z", FEBRUARY] {
            let october = compliance(&mut clients, "C", "2024-10", Some(as_of)).await;
            let up = of(&october, "up");
            assert_eq!((up.verdict(), up.contract_revision), (expected, 1), "{as_of}");
            assert_eq!(up.percent, if as_of == FEBRUARY { "99.7311" } else { &up.percent });
            let statement = october.credits.expect("a statement");
            assert_eq!((statement.total_amount, statement.contract_revision), (credit, 1));
        }
        let november = compliance(&mut clients, "C", "2024-11", None).await;
        let up = of(&november, "up");
        let other = if expected == Met { Missed } else { Met };
        assert_eq!((up.verdict(), up.contract_revision), (other, 2));
        let reviewed = review(&mut clients, "C", "2024-10", None).await;
        assert_eq!(reviewed.contract.expect("its words").revision, 1);
    }
}

/// P2: with EACH_PART each part of a month is evaluated by the words in force then, calendars too; a
/// part that is missed is the month's miss.
#[tokio::test]
async fn each_part_of_a_period_may_be_ruled_by_its_own_words() {
    use v1::ObjectiveVerdict::{Met, Missed};
    for (down_on, verdicts, percent, credit) in
        [("2024-10-03", [Met, Met], "99.4047", 0), ("2024-10-20", [Met, Missed], "99.5098", 10_000)]
    {
        let data = tempfile::tempdir().expect("a directory");
        let (_server, mut clients) = start(&data).await;
        let words = |percent: &str, title: &str| {
            let objectives = vec![available(percent), on_time(v1::ObjectivePeriod::Month)];
            let mut words = credited(contract("C", "UTC", objectives), &["up"]);
            let terms = words.terms.as_mut().expect("terms");
            terms.period_terms = v1::PeriodTerms::EachPart as i32;
            v1::Contract { title: title.into(), ..words }
        };
        put(&mut clients, words("99", "One"), None).await;
        // Another title is no other word of the objective.
        put(&mut clients, words("99", "Two"), Some("2024-10-08T12:00:00Z")).await;
        put(&mut clients, words("99.9", "Two"), Some("2024-10-15T00:00:00Z")).await;
        let [from, to] = ["10", "12"].map(|hour| format!("{down_on}T{hour}:00:00Z"));
        down(&mut clients, &from, &to).await;
        let october = compliance(&mut clients, "C", "2024-10", None).await;
        let up = of(&october, "up");
        let found: Vec<_> = up.parts.iter().map(v1::ObjectiveResult::verdict).collect();
        assert_eq!(found, verdicts);
        let revisions: Vec<_> = up.parts.iter().map(|part| part.contract_revision).collect();
        assert_eq!(revisions, [1, 3]);
        let [first, second] = [0, 1].map(|part: usize| ends(&up.parts[part].counted));
        assert_eq!(first, from_to("2024-10-01T00:00:00Z", "2024-10-15T00:00:00Z"));
        assert_eq!(second, from_to("2024-10-15T00:00:00Z", "2024-11-01T00:00:00Z"));
        assert_eq!((up.verdict(), up.percent.as_str()), (verdicts[1], percent));
        assert_eq!(ends(&up.period), from_to("2024-10-01T00:00:00Z", "2024-11-01T00:00:00Z"));
        let statement = october.credits.clone().expect("a statement");
        assert_eq!(statement.total_amount, credit);
        assert!(of(&october, "on-time").parts.is_empty(), "its words stay the same");
        let so_far = compliance(&mut clients, "C", "2024-10", Some("2024-10-10T00:00:00Z")).await;
        assert!(of(&so_far, "up").parts.is_empty(), "the second part has not begun");
        assert!(of(&so_far, "up").provisional);
    }
}

/// P2: the calendar of agreed service time follows the same rule.
#[tokio::test]
async fn a_calendar_that_changes_within_a_period_rules_from_the_next_one_on() {
    for (policy, hours, parts) in
        [(v1::PeriodTerms::AtPeriodStart, 31 * 24, 0), (v1::PeriodTerms::EachPart, 17 * 12, 2)]
    {
        let data = tempfile::tempdir().expect("a directory");
        let (_server, mut clients) = start(&data).await;
        let mut words = contract("C", "UTC", vec![available("99")]);
        words.terms.as_mut().expect("terms").period_terms = policy as i32;
        put(&mut clients, words, None).await;
        let window = v1::WeeklyWindow {
            days: (1..=7).collect(),
            opens: "08:00".into(),
            closes: "20:00".into(),
        };
        let calendar = v1::Calendar {
            id: "always".into(),
            time_zone: "UTC".into(),
            weekly: vec![window],
            ..zeroed()
        };
        let request = v1::PutCalendarRequest {
            tenant: TENANT.into(),
            calendar: Some(calendar),
            effective_time: Some(at("2024-10-15T00:00:00Z")),
            ..zeroed()
        };
        clients.calendars.put_calendar(request).await.expect("put");
        // Half a day down within the hours of both.
        down(&mut clients, "2024-10-20T08:00:00Z", "2024-10-20T20:00:00Z").await;
        let october = compliance(&mut clients, "C", "2024-10", None).await;
        let up = of(&october, "up");
        assert_eq!(up.parts.len(), parts, "{policy:?}");
        assert_eq!(agreed_hours(up), (hours, 12), "{policy:?}: of the part that stands worst");
        let november = compliance(&mut clients, "C", "2024-11", None).await;
        assert_eq!(agreed_hours(of(&november, "up")).0, 30 * 12, "{policy:?}");
    }
}

/// P4: a quarter's answer has every month's verdict and credit, totals add up, and what runs on is
/// marked as such.
#[tokio::test]
async fn a_quarter_lists_its_months_and_their_credits() {
    use v1::ObjectiveVerdict::{AtRisk, Met, Missed, NoData};
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let year = v1::ObjectivePeriod::Year;
    let named = |id: &str, objective: v1::Objective| v1::Objective { id: id.into(), ..objective };
    let objectives = vec![
        available("99.9"),
        on_time(v1::ObjectivePeriod::Quarter),
        named("yearly", on_time(year)),
    ];
    let words = credited(contract("C", "UTC", objectives), &["up", "on-time", "yearly"]);
    put(&mut clients, words, None).await;
    down(&mut clients, "2024-04-03T10:00:00Z", "2024-04-03T12:00:00Z").await;
    clients.record(incident("A", "C", "2024-05-04T00:00:00Z", "2024-05-04T01:00:00Z")).await;
    // Late in the third quarter: nothing that the second one shows.
    clients.record(incident("B", "C", "2024-07-04T00:00:00Z", "2024-07-04T09:00:00Z")).await;

    let quarter = compliance(&mut clients, "C", "2024-Q2", None).await;
    let row = |result: &v1::ObjectiveResult| {
        let name = result.period.clone().expect("a period").name;
        (name, result.verdict(), result.provisional)
    };
    let rows: Vec<_> = quarter.objectives.iter().map(row).collect();
    let row_of = |name: &str, verdict, provisional| (name.to_owned(), verdict, provisional);
    assert_eq!(
        rows,
        [
            row_of("2024-04", Missed, false),
            row_of("2024-05", Met, false),
            row_of("2024-06", Met, false),
            row_of("2024-Q2", Met, false),
            row_of("2024", Met, true),
        ]
    );
    let seen = ends(&quarter.objectives[4].counted);
    assert_eq!(seen, from_to("2024-01-01T00:00:00Z", "2024-07-01T00:00:00Z"));
    let statement =
        |s: &v1::CreditStatement| (s.period.clone().expect("a period").name, s.total_amount);
    let contained: Vec<_> = quarter.contained_credits.iter().map(statement).collect();
    let none = |month: &str| (month.to_owned(), 0);
    assert_eq!(contained, [("2024-04".to_owned(), 10_000), none("2024-05"), none("2024-06")]);
    assert_eq!(quarter.credits.as_ref().map(statement), Some(none("2024-Q2")));
    assert_eq!(quarter.credit_totals.len(), 1);
    let total = &quarter.credit_totals[0];
    assert_eq!((&*total.currency, total.total_amount, total.provisional), ("EUR", 10_000, false));
    let april = compliance(&mut clients, "C", "2024-04", None).await;
    assert_eq!(april.credits.as_ref().map(statement), Some(("2024-04".to_owned(), 10_000)));
    assert!(april.contained_credits.is_empty());

    let reviewed = review(&mut clients, "C", "2024-Q2", None).await;
    let results: Vec<_> =
        reviewed.objectives.iter().filter_map(|o| o.result.as_ref()).map(row).collect();
    assert_eq!(results, rows);
    assert_eq!(reviewed.contained_credits, quarter.contained_credits);
    assert_eq!(reviewed.credit_totals, quarter.credit_totals);

    // In May, June has not begun, and May goes on; the year's verdict is one so far.
    let so_far = compliance(&mut clients, "C", "2024-Q2", Some("2024-05-20T00:00:00Z")).await;
    let rows: Vec<_> = so_far.objectives.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            row_of("2024-04", Missed, false),
            row_of("2024-05", Met, true),
            row_of("2024-Q2", Met, true),
            row_of("2024", Met, true),
        ]
    );
    let third = compliance(&mut clients, "C", "2024-Q3", None).await;
    assert_eq!(row(third.objectives.last().expect("the year")), row_of("2024", AtRisk, true));
    let year = compliance(&mut clients, "C", "2024", None).await;
    assert_eq!(year.objectives.len(), 12 + 4 + 1);
    assert_eq!(row(&year.objectives[12]), row_of("2024-Q1", NoData, false));
    assert_eq!(row(&year.objectives[16]), row_of("2024", Missed, false));
    let statements = year.contained_credits.iter().chain(&year.credits);
    let sum: i64 = statements.map(|statement| statement.total_amount).sum();
    // April, the third quarter, and the year.
    assert_eq!((sum, year.credit_totals[0].total_amount), (160_000, 160_000));
}

/// P4: rolling days within a month are those that end with its last day; a range lists the months
/// that overlap it.
#[tokio::test]
async fn rolling_days_are_evaluated_once_and_a_range_lists_its_months() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let rolling = v1::Objective { rolling_days: 7, ..on_time(v1::ObjectivePeriod::RollingDays) };
    put(&mut clients, contract("C", "UTC", vec![rolling, available("99")]), None).await;
    let month = compliance(&mut clients, "C", "2024-10", None).await;
    assert_eq!(month.objectives.len(), 2);
    let rolled = of(&month, "on-time");
    assert_eq!(ends(&rolled.period), from_to("2024-10-25T00:00:00Z", "2024-11-01T00:00:00Z"));
    assert!(!rolled.provisional);
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        start_time: Some(at("2024-01-15T00:00:00Z")),
        end_time: Some(at("2024-03-20T00:00:00Z")),
        ..zeroed()
    };
    let range = clients.compliance.get_compliance(request).await.expect("computed").into_inner();
    let months = range.objectives.iter().filter(|result| result.uptime.is_some());
    let named = |result: &v1::ObjectiveResult| {
        (result.period.clone().expect("a period").name, result.provisional)
    };
    let months: Vec<_> = months.map(named).collect();
    let row_of = |name: &str, is_provisional| (name.to_owned(), is_provisional);
    assert_eq!(
        months,
        [row_of("2024-01", false), row_of("2024-02", false), row_of("2024-03", true)]
    );
}
