//! Was the service up as agreed: outages, maintenance and measurements, held against objectives.

use prost_types::{Duration, Timestamp};
use slx::codec::v1;
use slx::codec::v1::objective::Promise;
use slx::codec::v1::service_event::Fact;

use crate::testing::{Clients, Server, TENANT, at, contract, hours, office, seconds, slx, succeed};

const ENDED: &str = "2026-12-20T00:00:00Z";

fn minutes(minutes: i64) -> Option<Duration> {
    Some(seconds(minutes * 60))
}

fn availability(percent: &str, calendar: &str) -> Promise {
    Promise::Availability(v1::AvailabilityObjective {
        service: "mail".into(),
        percent: percent.into(),
        calendar_id: calendar.into(),
        degradation_weight_percent: "50".into(),
        maintenance_notice: Some(hours(24)),
        ..Default::default()
    })
}

fn objective(id: &str, period: v1::ObjectivePeriod, promise: Promise) -> v1::Objective {
    v1::Objective {
        id: id.into(),
        period: period as i32,
        promise: Some(promise),
        ..Default::default()
    }
}

/// What the tests hold services to, between objectives on clocks.
fn promising() -> v1::Contract {
    let clocks = Promise::Attainment(v1::AttainmentObjective {
        target_id: "resolve".into(),
        percent: "95".into(),
        ..Default::default()
    });
    let outages = Promise::Outages(v1::OutagesObjective {
        service: "mail".into(),
        most: 2,
        longer_than: minutes(30),
        calendar_id: "always".into(),
        maintenance_notice: Some(hours(24)),
        ..Default::default()
    });
    let delay = Promise::Performance(v1::PerformanceObjective {
        unit: "s".into(),
        at_most: String::new(),
        service: "mail".into(),
        indicator: "delay".into(),
        percentile: "95".into(),
        threshold: 2_000,
        minimum_count: 20,
    });
    let month = v1::ObjectivePeriod::Month;
    let mut contract = contract("C");
    contract.terms.as_mut().expect("terms").objectives = vec![
        objective("up", month, availability("99.95", "always")),
        objective("clocks", month, clocks),
        objective("up-office", month, availability("99.9", "office")),
        objective("outages", v1::ObjectivePeriod::Quarter, outages),
        objective("delay", month, delay),
    ];
    contract
}

/// A server that knows the contract and its calendars.
async fn start(data: &tempfile::TempDir) -> (Server, Clients) {
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_always().await;
    clients.put_contract(promising()).await;
    (server, clients)
}

fn service_event(event_id: &str, time: &str, fact: Fact) -> v1::ServiceEvent {
    v1::ServiceEvent {
        event_id: event_id.into(),
        service: "mail".into(),
        occur_time: Some(at(time)),
        fact: Some(fact),
        ..Default::default()
    }
}

async fn record(
    clients: &mut Clients,
    events: Vec<v1::ServiceEvent>,
) -> v1::RecordServiceEventsResponse {
    let request = v1::RecordServiceEventsRequest { tenant: TENANT.into(), events };
    let answer = clients.incidents.record_service_events(request).await;
    answer.expect("recorded").into_inner()
}

/// An outage as one monitor reports it; times are of November 2026, in UTC.
fn outage(outage_id: &str, from: &str, to: &str) -> Vec<v1::ServiceEvent> {
    let time = |text: &str| format!("2026-11-{text}:00Z");
    let id = || outage_id.to_owned();
    vec![
        service_event(
            &format!("down-{outage_id}-{from}"),
            &time(from),
            Fact::OutageStarted(v1::OutageStarted { outage_id: id() }),
        ),
        service_event(
            &format!("up-{outage_id}-{to}"),
            &time(to),
            Fact::OutageEnded(v1::OutageEnded { outage_id: id() }),
        ),
    ]
}

fn maintenance(from: &str, to: &str, announced: &str) -> v1::ServiceEvent {
    let time = |text: &str| at(&format!("2026-11-{text}:00Z"));
    let fact = Fact::MaintenanceScheduled(v1::MaintenanceScheduled {
        start_time: Some(time(from)),
        end_time: Some(time(to)),
        announce_time: Some(time(announced)),
    });
    service_event(&format!("plan-{from}"), &format!("2026-11-{announced}:00Z"), fact)
}

async fn query(
    clients: &mut Clients,
    as_of: &str,
    known_time: Option<Timestamp>,
) -> Vec<v1::ObjectiveResult> {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-11".into(),
        as_of_time: Some(at(as_of)),
        known_time,
        ..Default::default()
    };
    let answer = clients.compliance.get_compliance(request).await;
    answer.expect("computed").into_inner().objectives
}

fn result(results: &[v1::ObjectiveResult], id: &str) -> v1::ObjectiveResult {
    let is_it = |s: &&v1::ObjectiveResult| s.objective.as_ref().expect("it").id == id;
    results.iter().find(is_it).cloned().unwrap_or_else(|| panic!("no {id}"))
}

fn uptime(results: &[v1::ObjectiveResult], id: &str) -> v1::Uptime {
    result(results, id).uptime.expect("how it was up")
}

#[tokio::test]
async fn a_month_allows_what_its_agreed_time_allows_and_planned_maintenance_costs_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let nothing = query(&mut clients, ENDED, None).await;
    let ids: Vec<_> =
        nothing.iter().map(|s| s.objective.as_ref().expect("it").id.as_str()).collect();
    assert_eq!(ids, ["up", "clocks", "up-office", "outages", "delay"], "as the contract has them");
    assert_eq!(uptime(&nothing, "up").downtime_allowance, Some(seconds(21 * 60 + 36)));
    assert_eq!(uptime(&nothing, "up").agreed, Some(hours(720)));
    assert_eq!(uptime(&nothing, "up-office").agreed, Some(hours(21 * 8)));
    assert_eq!(result(&nothing, "up").verdict(), v1::ObjectiveVerdict::Met);

    // Planned from 2:00 to 3:00, out of order from 2:30 to 3:30.
    record(&mut clients, vec![maintenance("05T02:00", "05T03:00", "01T09:00")]).await;
    record(&mut clients, outage("", "05T02:30", "05T03:30")).await;
    let planned = query(&mut clients, ENDED, None).await;
    let up = uptime(&planned, "up");
    assert_eq!((up.downtime, up.maintenance), (minutes(30), Some(hours(1))));
    assert_eq!(up.downtime_allowance, Some(seconds(21 * 60 + 36 - 30 * 60)));
    assert_eq!((up.outages, up.longest_outage), (1, minutes(30)));
    assert_eq!(up.mean_time_to_restore, minutes(30));
    assert_eq!(up.mean_time_between_failures, minutes(720 * 60 - 30));
    assert_eq!(up.calendar_revision, 1);
    let missed = result(&planned, "up");
    assert_eq!(missed.verdict(), v1::ObjectiveVerdict::Missed);
    assert_eq!(missed.percent, "99.9305");
    assert_eq!(uptime(&planned, "up-office").downtime, minutes(0), "nobody was there");

    // Announced an hour before: all of it is downtime.
    record(&mut clients, vec![maintenance("12T02:00", "12T03:00", "12T01:00")]).await;
    record(&mut clients, outage("", "12T02:00", "12T03:00")).await;
    let late = uptime(&query(&mut clients, ENDED, None).await, "up");
    assert_eq!((late.downtime, late.maintenance), (minutes(90), Some(hours(1))));
}

#[tokio::test]
async fn what_several_monitors_describe_is_united_and_only_agreed_hours_count() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = start(&data).await;
    // Friday 15:30 to 17:30 in Amsterdam, reported late, in no order, and once more.
    let mut events = outage("ping", "06T14:30", "06T15:50");
    events.extend(outage("http", "06T15:40", "06T16:30"));
    events.reverse();
    record(&mut clients, events.clone()).await;
    let again = record(&mut clients, events).await;
    assert!(again.results.iter().all(|r| r.outcome() == v1::RecordOutcome::Duplicate));
    let degraded = [
        ("d1", "13T08:00", Fact::DegradationStarted(v1::DegradationStarted::default())),
        ("d2", "13T08:10", Fact::DegradationEnded(v1::DegradationEnded::default())),
    ];
    let degraded =
        degraded.map(|(id, time, fact)| service_event(id, &format!("2026-11-{time}:00Z"), fact));
    record(&mut clients, degraded.to_vec()).await;
    let found = query(&mut clients, ENDED, None).await;
    let (all, office) = (uptime(&found, "up"), uptime(&found, "up-office"));
    assert_eq!((all.outages, all.downtime, all.degraded), (1, minutes(125), minutes(10)));
    assert_eq!((office.outages, office.downtime), (1, minutes(95)));

    // What a crash leaves gives the same answer.
    server.kill();
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    assert_eq!(query(&mut clients, ENDED, None).await, found);
}

#[tokio::test]
async fn an_outage_lasts_until_now_and_a_false_alarm_is_taken_back() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    record(&mut clients, outage("", "29T22:00", "30T01:00")).await;
    let within = query(&mut clients, "2026-11-29T22:21:00Z", None).await;
    assert_eq!(uptime(&within, "up").downtime, minutes(21));
    assert_eq!(uptime(&within, "up").downtime_allowance, Some(seconds(36)));
    assert_eq!(result(&within, "up").verdict(), v1::ObjectiveVerdict::AtRisk);
    let missed = query(&mut clients, "2026-11-29T22:22:00Z", None).await;
    assert_eq!(result(&missed, "up").verdict(), v1::ObjectiveVerdict::Missed);

    let signed = clients.status().await.stamp.expect("a stamp").known_time;
    let before = query(&mut clients, ENDED, signed).await;
    assert_eq!(uptime(&before, "up").downtime, minutes(180));
    let retracted = |id: &str| Fact::Retracted(v1::Retracted { event_id: id.into() });
    let false_alarm = retracted("down--29T22:00");
    record(&mut clients, vec![service_event("r", "2026-12-01T09:00:00Z", false_alarm)]).await;
    // What is retracted stays so.
    record(&mut clients, vec![service_event("rr", "2026-12-01T10:00:00Z", retracted("r"))]).await;
    let after = query(&mut clients, ENDED, None).await;
    assert_eq!(uptime(&after, "up").downtime, minutes(0));
    assert_eq!(query(&mut clients, ENDED, signed).await, before, "the report that was signed");
}

/// P3: what happens several times in one instant is counted, and an order decides where counting
/// can't.
#[tokio::test]
async fn several_facts_of_one_instant_about_a_service_all_count() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let turn = |id: &str, time: &str, begins: bool| {
        let fact = match begins {
            true => Fact::OutageStarted(Default::default()),
            false => Fact::OutageEnded(Default::default()),
        };
        service_event(id, &format!("2026-11-{time}:00Z"), fact)
    };
    let three = [("a", true), ("b", false), ("c", true)];
    let mut facts: Vec<_> = three.map(|(id, begins)| turn(id, "05T03:00", begins)).to_vec();
    facts.push(turn("d", "05T04:00", false));
    record(&mut clients, facts).await;
    let downtime = async |clients: &mut Clients| {
        let found = query(clients, ENDED, None).await;
        uptime(&found, "up").downtime
    };
    assert_eq!(downtime(&mut clients).await, minutes(60), "start, end, start at 3:00, end 4:00");

    let mut facts = vec![turn("e", "10T02:00", true)];
    let three = [("f", false), ("g", true), ("h", false)];
    facts.extend(three.map(|(id, begins)| turn(id, "10T03:00", begins)));
    facts.extend([turn("i", "10T05:00", true), turn("j", "10T06:00", false)]);
    // Late, and in no order.
    facts.reverse();
    record(&mut clients, facts).await;
    assert_eq!(downtime(&mut clients).await, minutes(60 + 120));

    // Down since 12:00; at 13:00 it ends and starts, in an order that the monitor gives.
    let ordered = |id: &str, begins, occur_order| v1::ServiceEvent {
        occur_order,
        ..turn(id, "20T13:00", begins)
    };
    let facts = [turn("k", "20T12:00", true), ordered("l", true, 1), ordered("m", false, 2)];
    record(&mut clients, facts.to_vec()).await;
    assert_eq!(downtime(&mut clients).await, minutes(60 + 120 + 60));
    let other = v1::ServiceEvent { source: "probe".into(), ..turn("n", "20T12:30", true) };
    let ends = v1::ServiceEvent { source: "probe".into(), ..turn("o", "20T13:30", false) };
    record(&mut clients, vec![other, ends]).await;
    assert_eq!(downtime(&mut clients).await, minutes(60 + 120 + 90), "two monitors without ids");
}

#[tokio::test]
async fn downtime_is_credited_and_more_so_when_the_month_before_missed_too() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let mut crediting = promising();
    crediting.terms.as_mut().expect("terms").credits = Some(v1::Credits {
        monthly_fee: 1_000_000,
        rules: vec![v1::CreditRule {
            objective_id: "up".into(),
            tiers: vec![v1::CreditTier {
                credit: None,
                below_percent: "99.95".into(),
                credit_percent: "5".into(),
            }],
            repeat_percent: "20".into(),
            ..Default::default()
        }],
        ..Default::default()
    });
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(crediting),
        effective_time: Some(at("2026-01-01T00:00:00Z")),
        ..Default::default()
    };
    clients.contracts.put_contract(request).await.expect("put");
    // Half an hour of 720 hours: 43,170 of 43,200 minutes.
    record(&mut clients, outage("", "10T10:00", "10T10:30")).await;
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-11".into(),
        as_of_time: Some(at(ENDED)),
        ..Default::default()
    };
    let query = async |clients: &mut Clients| {
        let answer = clients.compliance.get_compliance(request.clone()).await.expect("computed");
        answer.into_inner().credits.expect("a statement")
    };
    let statement = query(&mut clients).await;
    assert_eq!((statement.total_amount, statement.provisional), (50_000, false));
    assert!(statement.lines[0].reason.starts_with("99.9305% is below 99.95%"), "{statement:?}");
    let before = [
        service_event("down", "2026-10-05T10:00:00Z", Fact::OutageStarted(Default::default())),
        service_event("up", "2026-10-05T11:00:00Z", Fact::OutageEnded(Default::default())),
    ];
    record(&mut clients, before.to_vec()).await;
    assert_eq!(query(&mut clients).await.total_amount, 60_000);
}

fn measured(number: i64, value: i64, count: i64) -> v1::ServiceEvent {
    let indicator = "delay".into();
    let fact =
        Fact::Measured(v1::Measured { indicator, value: Some(value), count, ..Default::default() });
    service_event(&format!("m{number}"), &format!("2026-11-10T10:{number:02}:00Z"), fact)
}

#[tokio::test]
async fn long_outages_are_counted_and_the_percentile_is_exact_and_a_table_describes_it() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = start(&data).await;
    let (tenth, later) = ("2026-11-11T00:00:00Z", "2026-11-28T00:00:00Z");
    for (from, to) in [("02T10:00", "02T10:30"), ("03T10:00", "03T10:31"), ("04T10:00", "04T11:00")]
    {
        record(&mut clients, outage("", from, to)).await;
    }
    // Nineteen of them, up to 1.9 seconds.
    record(&mut clients, (1..=19).map(|number| measured(number, number * 100, 0)).collect()).await;
    let found = query(&mut clients, tenth, None).await;
    let outages = result(&found, "outages");
    assert_eq!(outages.verdict(), v1::ObjectiveVerdict::Met);
    assert_eq!((outages.breach_allowance, uptime(&found, "outages").outages), (0, 3));
    assert_eq!(uptime(&found, "outages").long_outages, 2, "half an hour is not over half an hour");
    assert_eq!(result(&found, "delay").verdict(), v1::ObjectiveVerdict::NoData);

    // Of twenty the nineteenth is the percentile; of twenty-one the twentieth.
    let percentile = |found: &[v1::ObjectiveResult]| {
        let delay = result(found, "delay");
        let measured = delay.measured.expect("measured");
        (measured.value, measured.count, delay.verdict())
    };
    record(&mut clients, vec![measured(20, 2_001, 1)]).await;
    let twenty = percentile(&query(&mut clients, tenth, None).await);
    assert_eq!(twenty, (1_900, 20, v1::ObjectiveVerdict::Met));
    record(&mut clients, vec![measured(21, 2_001, 1)]).await;
    let more = percentile(&query(&mut clients, tenth, None).await);
    assert_eq!(more, (2_001, 21, v1::ObjectiveVerdict::AtRisk));
    let over = percentile(&query(&mut clients, ENDED, None).await);
    assert_eq!(over.2, v1::ObjectiveVerdict::Missed);

    record(&mut clients, outage("", "20T10:00", "20T10:40")).await;
    let outages = result(&query(&mut clients, later, None).await, "outages");
    assert_eq!(outages.verdict(), v1::ObjectiveVerdict::Missed, "though the quarter goes on");
    assert_eq!(outages.breach_allowance, -1);

    let mut command = slx();
    command.args(["compliance", "C", "2026-11", "--tenant", TENANT]);
    let output = succeed(command.args(["--address", &server.address, "--as-of-time", later]));
    let row = |id: &str| {
        let mut lines = output.lines().filter(|line| line.split_whitespace().next() == Some(id));
        let words: Vec<_> = lines.next().unwrap_or_default().split_whitespace().collect();
        words.join(" ")
    };
    assert_eq!(row("outages"), "outages 2026-Q4 at most 2 over 0h 30m 3 missed -1 outage");
    assert_eq!(row("delay"), "delay 2026-11 p95 at most 2 s 2.001 s at risk -");
    // 161 minutes of the 649 hours so far.
    assert_eq!(row("up"), "up 2026-11 99.95% 99.5865% missed -2h 19m 24s");
    assert_eq!(row("clocks"), "clocks 2026-11 95% - no data -");
}

#[tokio::test]
async fn what_can_not_be_measured_by_is_refused_by_name() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data).await;
    let never = v1::Calendar { id: "never".into(), weekly: vec![], ..office() };
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(never),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put");
    let mut unsound = promising();
    let month = v1::ObjectivePeriod::Month;
    unsound.terms.as_mut().expect("terms").objectives = vec![
        objective("a", month, availability("99", "nowhere")),
        objective("b", month, availability("99", "never")),
    ];
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(unsound),
        ..Default::default()
    };
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    let rejection = format!("{status:?}");
    for said in [
        "terms.objectives[0].availability.calendar_id",
        "there is no calendar",
        "terms.objectives[1].availability.calendar_id",
        "never opens",
    ] {
        assert!(rejection.contains(said), "{rejection}");
    }
    let wrong = [
        Fact::OutageEnded(v1::OutageEnded { outage_id: "no id ".into() }),
        Fact::Retracted(v1::Retracted::default()),
        Fact::Retracted(v1::Retracted { event_id: "wrong".into() }),
    ];
    let fields = ["outage_ended.outage_id", "retracted.event_id", "event_id"];
    for (fact, field) in wrong.into_iter().zip(fields) {
        let mut sent = vec![service_event("wrong", "2026-11-05T02:00:00Z", fact)];
        sent.extend(outage("", "05T02:00", "05T02:10"));
        let answer = record(&mut clients, sent).await;
        let rejection = answer.results[0].rejection.clone().expect("refused");
        assert_eq!(rejection.violations[0].field, field);
    }
}
