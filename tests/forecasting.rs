//! Forecasts over gRPC: of open clocks, of periods, and how they turn out.

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;

use crate::errors::check;
use crate::testing::{
    Clients, Server, TENANT, at, contract, event, hours, opened, seconds, slx, succeed, waiting,
};

pub const NOW: &str = "2026-10-14T12:00:00Z";

/// 75 % of what October decides is resolved in time, and the desk is up 99 % of office hours.
fn promising() -> v1::Contract {
    let mut promising = contract("C");
    let attainment = v1::AttainmentObjective {
        target_id: "resolve".into(),
        percent: "75".into(),
        ..Default::default()
    };
    let availability = v1::AvailabilityObjective {
        service: "desk".into(),
        percent: "99".into(),
        calendar_id: "office".into(),
        ..Default::default()
    };
    let objective = |id: &str, promise| v1::Objective {
        id: id.into(),
        period: v1::ObjectivePeriod::Month as i32,
        promise: Some(promise),
        ..Default::default()
    };
    promising.terms.as_mut().expect("terms").objectives = vec![
        objective("in-time", v1::objective::Promise::Attainment(attainment)),
        objective("up", v1::objective::Promise::Availability(availability)),
    ];
    promising
}

/// September: forty incidents, every fourth of them late unless it was a weekend. October: O1 over
/// its limit, O2 with an estimate that does not fit, O3 that waits for the client, O4 fresh.
pub async fn fill(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(promising()).await;
    for number in 0..40 {
        let (id, day) = (format!("S{number}"), 1 + number % 28);
        let end = if number % 4 == 0 { "15" } else { "09" };
        let opening = format!("2026-09-{day:02}T07:00:00Z");
        let resolved = format!("2026-09-{day:02}T{end}:30:00Z");
        clients
            .record(vec![
                event(&id, "o", &opening, opened("C", "P1")),
                event(&id, "r", &resolved, Fact::Resolved(v1::Resolved {})),
            ])
            .await;
    }
    let estimated = |seconds_left| {
        let remaining = Some(seconds(seconds_left));
        Fact::EffortEstimated(v1::EffortEstimated { remaining })
    };
    let events = vec![
        event("O1", "o", "2026-10-13T07:00:00Z", opened("C", "P1")),
        event("O2", "o", "2026-10-14T09:00:00Z", opened("C", "P1")),
        event("O2", "e", "2026-10-14T09:00:00Z", estimated(6 * 3600)),
        event("O3", "o", "2026-10-14T07:00:00Z", opened("C", "P1")),
        event("O3", "w", "2026-10-14T07:30:00Z", waiting(v1::WaitingOn::Client)),
        event("O4", "o", "2026-10-14T11:55:00Z", opened("C", "P2")),
    ];
    clients.record(events).await;
}

pub fn asking() -> v1::ForecastClocksRequest {
    v1::ForecastClocksRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        as_of_time: Some(at(NOW)),
        ..Default::default()
    }
}

pub async fn query(
    clients: &mut Clients,
    request: v1::ForecastClocksRequest,
) -> (Vec<v1::ClockForecast>, v1::Stamp) {
    let answers = clients.forecasts.forecast_clocks(request).await.expect("a stream");
    let (mut answers, mut all, mut stamp) = (answers.into_inner(), Vec::new(), None);
    while let Some(answer) = answers.message().await.expect("forecasts") {
        all.extend(answer.forecasts);
        stamp = answer.stamp;
    }
    (all, stamp.expect("a stamp"))
}

pub fn of<'f>(forecasts: &'f [v1::ClockForecast], incident: &str) -> &'f v1::ClockForecast {
    let is_it = |forecast: &&v1::ClockForecast| {
        let clock = forecast.clock.as_ref().expect("a clock");
        clock.incident_id == incident && clock.target_id == "resolve"
    };
    forecasts.iter().find(is_it).unwrap_or_else(|| panic!("no {incident}"))
}

fn due(forecast: &v1::ClockForecast) -> Option<Timestamp> {
    forecast.clock.as_ref().and_then(|clock| clock.due_time)
}

#[tokio::test]
async fn open_clocks_are_forecast_the_most_urgent_first() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let (forecasts, stamp) = query(&mut clients, asking()).await;
    assert!(forecasts.iter().all(|f| (0.0..=1.0).contains(&f.breach_probability)));
    assert_eq!(of(&forecasts, "O1").breach_probability, 1.0);
    let due_times: Vec<_> = forecasts.iter().filter_map(due).map(|time| time.seconds).collect();
    assert!(due_times.is_sorted(), "{due_times:?}");
    let fresh = of(&forecasts, "O4");
    // Its priority was never seen, and every response was late: half of all clocks have breached.
    // That is told from resolutions, of which one in six was late, by the target's weight alone,
    // which forty clocks move only half of the way.
    assert!(fresh.breach_probability < 0.6 && fresh.learnt_clocks >= 40, "{fresh:?}");
    assert!(!fresh.reasons.is_empty());
    let stops = [fresh.stop_time_p10, fresh.stop_time_p50, fresh.stop_time_p90];
    let stops: Vec<_> = stops.iter().flatten().map(|time| time.seconds).collect();
    assert!(stops.len() == 3 && stops.is_sorted(), "{stops:?}");
    // Six hours of work no longer fit into four: it had to begin two hours before it was opened.
    let tight = of(&forecasts, "O2");
    assert!(tight.breach_probability > fresh.breach_probability, "{tight:?}");
    assert_eq!(tight.slack, Some(seconds(-5 * 3600)));

    let (likely, _) =
        query(&mut clients, v1::ForecastClocksRequest { minimum_probability: 1.0, ..asking() })
            .await;
    assert!(likely.iter().all(|forecast| forecast.breach_probability == 1.0));
    assert!(!likely.is_empty() && likely.len() < forecasts.len());
    let soon = v1::ForecastClocksRequest { due_before: Some(at(NOW)), ..asking() };
    let (soon, _) = query(&mut clients, soon).await;
    assert!(soon.iter().all(|forecast| due(forecast).expect("due").seconds < at(NOW).seconds));

    // Whatever is recorded later leaks into nothing that is queried by what was known then.
    let later = (0..20).flat_map(|number| {
        let id = format!("L{number}");
        let resolved = Fact::Resolved(v1::Resolved {});
        [
            event(&id, "o", "2026-10-14T07:00:00Z", opened("C", "P2")),
            event(&id, "r", "2026-10-14T11:00:00Z", resolved),
        ]
    });
    clients.record(later.collect()).await;
    let then = v1::ForecastClocksRequest { known_time: stamp.known_time, ..asking() };
    assert_eq!(query(&mut clients, then).await.0, forecasts);
    server.stop().await;
}

#[tokio::test]
async fn what_if_changes_the_forecast_and_records_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let (forecasts, stamp) = query(&mut clients, asking()).await;
    let present = of(&forecasts, "O4").breach_probability;
    let thinking = |what_if| v1::ForecastClocksRequest { what_if: Some(what_if), ..asking() };
    let of_it = |effort: i64, priority: &str| v1::WhatIf {
        incident_id: "O4".into(),
        effort_remaining: Some(hours(effort)),
        priority: priority.into(),
        ..Default::default()
    };
    let (easy, _) = query(&mut clients, thinking(of_it(1, ""))).await;
    let (hard, _) = query(&mut clients, thinking(of_it(12, ""))).await;
    let (raised, _) = query(&mut clients, thinking(of_it(1, "P1"))).await;
    let probability = |forecasts: &[v1::ClockForecast]| of(forecasts, "O4").breach_probability;
    assert!(probability(&easy) < probability(&hard), "{easy:?} {hard:?}");
    assert!(probability(&easy) < probability(&raised), "{raised:?}");
    assert_eq!(of(&raised, "O4").clock.as_ref().expect("a clock").limit, Some(hours(4)));
    // The client answers in two hours: then O3 has three and a half of its four hours left.
    let waits = v1::WhatIf {
        incident_id: "O3".into(),
        wait_end_time: Some(at("2026-10-14T14:00:00Z")),
        ..Default::default()
    };
    let (answered, _) = query(&mut clients, thinking(waits)).await;
    let clock = of(&answered, "O3").clock.clone().expect("a clock");
    assert_eq!(clock.phase(), v1::Phase::Running);
    assert_eq!(clock.remaining, Some(seconds(3 * 3600 + 1800)));
    let (again, after) = query(&mut clients, asking()).await;
    assert_eq!((of(&again, "O4").breach_probability, after.sequence), (present, stamp.sequence));

    // Finding 5: a hypothesis counted as something that happened, so each looked better than it is.
    for unchanged in [
        v1::WhatIf { incident_id: "O4".into(), priority: "P2".into(), ..Default::default() },
        v1::WhatIf { incident_id: "O4".into(), wait_end_time: Some(at(NOW)), ..Default::default() },
        v1::WhatIf {
            incident_id: "O2".into(),
            effort_remaining: Some(hours(6)),
            ..Default::default()
        },
    ] {
        let id = unchanged.incident_id.clone();
        let (same, _) = query(&mut clients, thinking(unchanged)).await;
        assert_eq!(of(&same, &id), of(&forecasts, &id));
    }
    let efforts = [0, 1, 2, 4, 7, 8, 40];
    let mut last = 0.0;
    for effort in efforts {
        let (found, _) = query(&mut clients, thinking(of_it(effort, ""))).await;
        assert!(probability(&found) >= last, "{effort} hours");
        last = probability(&found);
        let is_listed = |reason: &v1::ForecastReason| reason.text.contains("of work is left");
        assert!(of(&found, "O4").reasons.iter().any(is_listed), "{effort} hours: {found:?}");
    }
    assert_eq!(last, 1.0, "forty hours do not fit into eight");
    let earlier = v1::WhatIf {
        incident_id: "O3".into(),
        wait_end_time: Some(at("2026-10-14T08:00:00Z")),
        ..Default::default()
    };
    let nothing = v1::WhatIf { incident_id: "O4".into(), ..Default::default() };
    for (request, code, reason, fields) in [
        (thinking(nothing), Code::InvalidArgument, "INVALID_FIELD", vec!["what_if"]),
        (thinking(earlier), Code::InvalidArgument, "INVALID_FIELD", vec!["what_if.wait_end_time"]),
        (
            v1::ForecastClocksRequest { minimum_probability: f64::NAN, ..asking() },
            Code::InvalidArgument,
            "INVALID_FIELD",
            vec!["minimum_probability"],
        ),
        (
            v1::ForecastClocksRequest { contract_id: "X".into(), ..asking() },
            Code::NotFound,
            "CONTRACT_NOT_FOUND",
            vec![],
        ),
        (
            thinking(v1::WhatIf { incident_id: "X".into(), ..of_it(1, "") }),
            Code::NotFound,
            "INCIDENT_NOT_FOUND",
            vec![],
        ),
    ] {
        let status = match clients.forecasts.forecast_clocks(request).await {
            Err(status) => status,
            Ok(answers) => answers.into_inner().message().await.expect_err(reason),
        };
        check(status, code, reason, &fields);
    }
    server.stop().await;
}

async fn objectives(
    clients: &mut Clients,
    period: &str,
    as_of: &str,
) -> Vec<v1::ObjectiveForecast> {
    let request = v1::ForecastObjectivesRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    let answer = clients.forecasts.forecast_objectives(request).await.expect("forecast");
    answer.into_inner().objectives
}

/// T1: what is requested as of an instant rests on what had occurred by then, though a whole history was
/// recorded at once; and by what was known, on what had been recorded by then.
#[tokio::test]
async fn a_forecast_as_of_an_instant_rests_on_what_had_occurred_by_then() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let whole = |id: &str, day: &str, hours: u32| {
        let until = format!("2026-09-{day}T{:02}:00:00Z", 7 + hours);
        vec![
            event(id, "o", &format!("2026-09-{day}T07:00:00Z"), opened("C", "P1")),
            event(id, "p", &until, Fact::Responded(v1::Responded {})),
            event(id, "r", &until, Fact::Resolved(v1::Resolved {})),
        ]
    };
    // On the 1st, 2nd, 9th and 10th; and one that is open from the 3rd to the 11th.
    for (id, day, hours) in [("A", "01", 2), ("B", "02", 6), ("D", "09", 2), ("E", "10", 6)] {
        clients.record(whole(id, day, hours)).await;
    }
    let before = clients.status().await.stamp.expect("a stamp").known_time;
    let open = vec![
        event("O", "o", "2026-09-03T07:00:00Z", opened("C", "P2")),
        event("O", "r", "2026-09-11T07:00:00Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(open).await;
    let learnt = async |clients: &mut Clients, as_of: &str| {
        let request = v1::ForecastClocksRequest { as_of_time: Some(at(as_of)), ..asking() };
        let (forecasts, _) = query(clients, request).await;
        of(&forecasts, "O").learnt_clocks
    };
    // Each has two clocks.
    assert_eq!(learnt(&mut clients, "2026-09-03T07:30:00Z").await, 4, "of A and B");
    let quality = async |clients: &mut Clients, as_of: &str, known_time| {
        let request = v1::GetForecastQualityRequest {
            tenant: TENANT.into(),
            contract_id: "C".into(),
            target_id: "resolve".into(),
            as_of_time: Some(at(as_of)),
            known_time,
            ..Default::default()
        };
        let answer = clients.forecasts.get_forecast_quality(request).await.expect("answered");
        answer.into_inner().quality.map_or(0, |quality| quality.clocks)
    };
    let scored = quality(&mut clients, "2026-09-03T07:30:00Z", None).await;
    let all = quality(&mut clients, "2026-09-20T00:00:00Z", None).await;
    assert!(scored < all, "{scored} of {all}: those of the future are not scored yet");
    assert_eq!(scored, 2, "A and B");
    let known = quality(&mut clients, "2026-09-20T00:00:00Z", before).await;
    assert_eq!((known, all), (4, 5), "O was not recorded by then");
    assert_eq!(quality(&mut clients, "2026-08-01T00:00:00Z", None).await, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_period_s_end_is_forecast_and_an_error_budget_burns() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let outage = |id: &str, time: &str, fact| v1::ServiceEvent {
        event_id: id.into(),
        service: "desk".into(),
        occur_time: Some(at(time)),
        fact: Some(fact),
        ..Default::default()
    };
    let events = vec![
        outage(
            "1",
            "2026-10-13T09:00:00Z",
            v1::service_event::Fact::OutageStarted(v1::OutageStarted::default()),
        ),
        outage(
            "2",
            "2026-10-13T09:30:00Z",
            v1::service_event::Fact::OutageEnded(v1::OutageEnded::default()),
        ),
    ];
    let request = v1::RecordServiceEventsRequest { tenant: TENANT.into(), events };
    clients.incidents.record_service_events(request).await.expect("recorded");

    // September is over: 33 of 40 in time (weekends don't count), and certain. It could have taken
    // three breaches more.
    let over = objectives(&mut clients, "2026-09", NOW).await;
    assert_eq!(over[0].miss_probability, 0.0);
    assert!((over[0].expected_attainment - 0.825).abs() < 1e-9, "{:?}", over[0]);
    assert_eq!((over[0].allowance_left, over[0].most_influential.len()), (3, 0));

    let goes_on = objectives(&mut clients, "2026-10", NOW).await;
    let in_time = &goes_on[0];
    assert!(0.0 < in_time.miss_probability && in_time.miss_probability < 1.0, "{in_time:?}");
    assert!(in_time.attainment_low <= in_time.expected_attainment);
    assert!(in_time.expected_attainment <= in_time.attainment_high);
    assert!(in_time.expected_decided > 4.0, "{in_time:?}");
    let most_influential = in_time.most_influential.first().expect("open clocks weigh");
    assert!(
        most_influential.miss_probability_saved >= 0.0
            && most_influential.incident_id.starts_with('O')
    );

    // October has 22 days of eight hours: 1 % is 1 h 45 min 36 s, and half an hour is used up.
    let budget = goes_on[1].error_budget.expect("a budget");
    assert_eq!(budget.allowed, Some(seconds(22 * 8 * 36)));
    assert_eq!(budget.left, Some(seconds(22 * 8 * 36 - 1800)));
    let rates = (budget.burn_rate_short, budget.burn_rate_long);
    assert!(matches!(rates, (Some(short), Some(long)) if short == 0.0 && long > 1.0), "{rates:?}");
    assert!(budget.exhausted_after.is_some());
    server.stop().await;
}

#[tokio::test]
async fn forecasts_are_scored_when_their_clocks_are_decided() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let asking = |period: &str, target: &str| v1::GetForecastQualityRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        target_id: target.into(),
        period: period.into(),
        ..Default::default()
    };
    let mut before = None;
    for is_new_start in [false, true] {
        if is_new_start {
            server.kill();
            std::fs::remove_dir_all(data.path().join("views")).expect("no views");
            server = Server::start(data.path(), &[]);
            clients = server.clients().await;
        }
        clients.learnt().await;
        let all = clients.forecasts.get_forecast_quality(asking("", "resolve")).await;
        let all = all.expect("scored").into_inner().quality.expect("quality");
        assert!(all.forecasts >= 40 && all.clocks >= 40, "{all:?}");
        assert!((0.0..=1.0).contains(&all.brier_score) && all.log_loss > 0.0, "{all:?}");
        let percents = all.stop_coverage.iter().map(|of| of.percent).collect::<Vec<_>>();
        assert_eq!(percents, [10, 50, 90]);
        let held = all.stop_coverage.iter().map(|of| of.held).collect::<Vec<_>>();
        assert!(held.is_sorted() && held[2] > 30, "{:?}", all.stop_coverage);
        let shares =
            all.stop_coverage.iter().all(|of| of.share == of.held as f64 / of.forecasts as f64);
        assert!(shares && all.stop_coverage[0].forecasts == 40, "{:?}", all.stop_coverage);
        let in_rows: i64 = all.calibration.iter().map(|row| row.forecasts).sum();
        assert_eq!(in_rows, all.forecasts);
        assert_eq!(*before.get_or_insert(all.clone()), all);
    }
    let none = clients.forecasts.get_forecast_quality(asking("2025", "")).await;
    assert_eq!(none.expect("nothing").into_inner().quality, None);
    let september = clients.forecasts.get_forecast_quality(asking("2026-09", "resolve")).await;
    let september = september.expect("scored").into_inner().quality.expect("quality");
    assert_eq!((september.clocks, september.base_rate), (40, 0.175));

    let run = |flags: &[&str]| {
        let mut command = slx();
        command.args(["forecast", "C", "--tenant", TENANT, "--address"]);
        succeed(command.arg(&server.address).args(flags))
    };
    let clocks = run(&["--as-of-time", NOW]);
    assert!(clocks.contains("O1") && clocks.contains("late since Tuesday 13:00 CEST"), "{clocks}");
    assert!(clocks.contains("decided clocks of the contract."), "{clocks}");
    let period = run(&["--as-of-time", NOW, "--period", "2026-10"]);
    assert!(period.contains("in-time") && period.contains("Most influential"), "{period}");
    let quality = run(&["--quality", "--target", "resolve"]);
    assert!(quality.contains("Brier score") && quality.contains("* predicted"), "{quality}");
    assert!(
        quality.contains("40 expected stops") && quality.contains("stopped by p90"),
        "{quality}"
    );
    let thought = ["--what-if", "O4", "--effort", "12h", "--as-of-time", NOW];
    let thought = run(&thought);
    assert_eq!(thought.matches("as it is").count(), 2, "two clocks: {thought}");
    assert_eq!(thought.matches("what if  ").count(), 2, "each beside itself: {thought}");
    assert!(thought.contains("12 h of work is left, more than fits into"), "{thought}");
    assert!(thought.contains("Nothing is recorded."), "{thought}");
    server.stop().await;
}

/// In-time of every month, quarter and year.
fn over_all_periods() -> v1::Contract {
    let mut terms = promising();
    let objectives = &mut terms.terms.as_mut().expect("terms").objectives;
    let first = objectives[0].clone();
    for (id, period) in
        [("quarterly", v1::ObjectivePeriod::Quarter), ("yearly", v1::ObjectivePeriod::Year)]
    {
        objectives.push(v1::Objective { id: id.into(), period: period as i32, ..first.clone() });
    }
    terms
}

/// From July to the middle of October two a day: those about the mail are resolved in time, of
/// those about the network every other one late. Four of each are open.
async fn fill_two_services(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(over_all_periods()).await;
    let about = |service: &str| {
        let contract_ids = vec!["C".into()];
        let (service, priority) = (service.into(), "P1".into());
        Fact::Opened(v1::Opened { contract_ids, service, priority, ..Default::default() })
    };
    for (month, days) in [(7, 31), (8, 31), (9, 30), (10, 13)] {
        let mut events = Vec::new();
        for day in 1..=days {
            for service in ["mail", "network"] {
                let id = format!("{service}-{month}-{day}");
                let late = service == "network" && day % 2 == 0;
                let end = if late { "14" } else { "08" };
                let date = format!("2026-{month:02}-{day:02}");
                let resolved = Fact::Resolved(v1::Resolved {});
                events.push(event(&id, "o", &format!("{date}T07:00:00Z"), about(service)));
                events.push(event(&id, "r", &format!("{date}T{end}:30:00Z"), resolved));
            }
        }
        clients.record(events).await;
    }
    let open = ["mail", "network"].into_iter().flat_map(|service| {
        (0..4).map(move |number| {
            let id = format!("{service}-open-{number}");
            event(&id, "o", "2026-10-14T10:00:00Z", about(service))
        })
    });
    clients.record(open.collect()).await;
}

fn of_period(period: &str, group_by: Vec<i32>) -> v1::ForecastObjectivesRequest {
    v1::ForecastObjectivesRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        as_of_time: Some(at(NOW)),
        group_by,
        ..Default::default()
    }
}

async fn forecast_of(
    clients: &mut Clients,
    request: v1::ForecastObjectivesRequest,
) -> v1::ForecastObjectivesResponse {
    clients.forecasts.forecast_objectives(request).await.expect("forecast").into_inner()
}

fn named(objective: &v1::ObjectiveForecast) -> (String, String, v1::ForecastState) {
    let result = objective.result.clone().expect("a result");
    let period = result.period.expect("a period").name;
    (result.objective.expect("an objective").id, period, objective.state())
}

/// Finding 4: in a quarter's answer the running month's objective had no name, and an ended period
/// said ">99 %".
#[tokio::test]
async fn every_contained_period_is_named_and_what_is_over_is_certain() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill_two_services(&mut clients).await;
    let listed = |answer: &v1::ForecastObjectivesResponse| -> Vec<_> {
        answer.objectives.iter().map(named).filter(|named| named.0 != "up").collect()
    };
    let name = |id: &str, period: &str, state| (id.to_owned(), period.to_owned(), state);
    let third = forecast_of(&mut clients, of_period("2026-Q3", vec![])).await;
    let expected = vec![
        name("in-time", "2026-07", v1::ForecastState::Decided),
        name("in-time", "2026-08", v1::ForecastState::Decided),
        name("in-time", "2026-09", v1::ForecastState::Decided),
        name("quarterly", "2026-Q3", v1::ForecastState::Decided),
        name("yearly", "2026", v1::ForecastState::Beyond),
    ];
    assert_eq!(listed(&third), expected);
    for objective in third.objectives.iter().filter(|of| of.state() == v1::ForecastState::Decided) {
        let verdict = objective.result.as_ref().expect("a result").verdict();
        let missed = f64::from(u8::from(verdict == v1::ObjectiveVerdict::Missed));
        assert_eq!(objective.miss_probability, missed, "{objective:?}");
    }
    let fourth = forecast_of(&mut clients, of_period("2026-Q4", vec![])).await;
    let expected = vec![
        name("in-time", "2026-10", v1::ForecastState::GoesOn),
        name("in-time", "2026-11", v1::ForecastState::ToCome),
        name("in-time", "2026-12", v1::ForecastState::ToCome),
        name("quarterly", "2026-Q4", v1::ForecastState::GoesOn),
        name("yearly", "2026", v1::ForecastState::GoesOn),
    ];
    assert_eq!(listed(&fourth), expected);
    let year = forecast_of(&mut clients, of_period("2026", vec![])).await;
    assert!(listed(&year).iter().any(|of| of.2 == v1::ForecastState::GoesOn && of.1 == "2026-10"));
    assert_eq!(listed(&year).iter().filter(|of| of.0 == "in-time").count(), 12);
    let later = forecast_of(&mut clients, of_period("2027-01", vec![])).await;
    assert!(listed(&later).iter().all(|of| of.2 == v1::ForecastState::ToCome), "{later:?}");

    let run = |flags: &[&str]| {
        let mut command = slx();
        command.args(["forecast", "C", "--as-of-time", NOW, "--tenant", TENANT, "--address"]);
        succeed(command.arg(&server.address).args(flags))
    };
    let shown = run(&["--period", "2026-Q4", "--by", "service"]);
    for text in ["2026-10", "2026-11", "not begun", "2026-Q4", "If each service", "mail", "network"]
    {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let influential = shown.split("Most influential").nth(1).unwrap_or_default();
    assert!(!influential.contains("<1%"), "{shown}");
    let ended = run(&["--period", "2026-09"]);
    assert!(ended.contains(" met ") && !ended.contains(">99%"), "{ended}");
    server.stop().await;
}

/// The groups' clocks, decided and late ones, add up to those of the whole, from the tallies and
/// one by one; a group is forecast from its own history.
#[tokio::test]
async fn objectives_are_forecast_for_each_group() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill_two_services(&mut clients).await;
    let by_service = vec![v1::GroupKey::Service as i32];
    let one_by_one = of_period("2026-Q4", by_service.clone());
    let tallied = v1::ForecastObjectivesRequest { as_of_time: None, ..one_by_one.clone() };
    for (request, is_present) in [(one_by_one, false), (tallied, true)] {
        let answer = forecast_of(&mut clients, request).await;
        let values: Vec<_> = answer.groups.iter().map(|group| group.service.as_str()).collect();
        assert_eq!((values, answer.groups_left_out), (vec!["mail", "network"], 0));
        let counts = |objective: &v1::ObjectiveForecast| {
            let tally = objective.result.as_ref().and_then(|result| result.tally.clone());
            tally.map_or((0, 0), |tally| (tally.met, tally.breached))
        };
        for whole in answer.objectives.iter().filter(|of| of.state() == v1::ForecastState::GoesOn) {
            if named(whole).0 == "up" {
                continue;
            }
            let of_groups = answer.groups.iter().flat_map(|group| &group.objectives);
            let same = of_groups.filter(|of| named(of) == named(whole)).map(counts);
            let sum = same.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
            assert_eq!(sum, counts(whole), "{:?}", named(whole));
        }
        let missed = |place: usize| answer.groups[place].objectives[0].miss_probability;
        if !is_present {
            assert!(missed(0) < 0.2 && missed(1) > 0.8, "{} {}", missed(0), missed(1));
        }
        let clocks = answer.groups[0].objectives.iter().flat_map(|of| &of.most_influential);
        for clock in clocks {
            assert!(clock.incident_id.starts_with("mail"), "{clock:?}");
            let moves = clock.miss_probability_if_breached - clock.miss_probability_if_met;
            assert!(moves >= 0.01 && clock.miss_probability_saved >= 0.0, "{clock:?}");
        }
    }
    let plain = forecast_of(&mut clients, of_period("2026-Q4", vec![])).await;
    let grouped = forecast_of(&mut clients, of_period("2026-Q4", by_service.clone())).await;
    assert_eq!(plain.objectives, grouped.objectives);
    let (priority, group) = (v1::GroupKey::Priority as i32, v1::GroupKey::Group as i32);
    for keys in [vec![priority], vec![group, by_service[0]]] {
        let refused = clients.forecasts.forecast_objectives(of_period("2026-10", keys)).await;
        let status = refused.expect_err("refused");
        check(status, Code::InvalidArgument, "INVALID_FIELD", &["group_by"]);
    }
    server.stop().await;
}
