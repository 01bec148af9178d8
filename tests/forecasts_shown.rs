//! Forecasts where tickets are shown: with an incident, in lists of clocks, of given incidents.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;

use crate::errors::check;
use crate::forecasting::{NOW, asking, fill, of, query};
use crate::testing::{Clients, Server, TENANT, at, event, opened, slx, succeed, waiting};

async fn evaluated(clients: &mut Clients, id: &str, with_forecast: bool) -> Vec<v1::Clock> {
    let request = v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: id.into(),
        as_of_time: Some(at(NOW)),
        with_forecast,
        ..Default::default()
    };
    clients.clocks.evaluate_incident(request).await.expect("evaluated").into_inner().clocks
}

/// The forecast that goes with a clock is that of `ForecastClocks`.
fn check_same(clock: &v1::Clock, forecasts: &[v1::ClockForecast]) {
    let is_same = |other: &v1::Clock| {
        (&other.incident_id, &other.target_id) == (&clock.incident_id, &clock.target_id)
    };
    let found = forecasts.iter().find(|one| one.clock.as_ref().is_some_and(is_same));
    let Some((expected, found)) = found.zip(clock.forecast.as_ref()) else {
        panic!("{clock:?} {found:?}");
    };
    assert_eq!(found.probability, expected.breach_probability);
    assert_eq!(found.stop_time_p50, expected.stop_time_p50);
    assert_eq!(found.summary, expected.summary);
    assert_eq!(found.alike_clocks, expected.alike_clocks);
    assert_eq!(found.learnt_clocks, expected.learnt_clocks);
    let texts: Vec<_> = expected.reasons.iter().map(|reason| reason.text.clone()).collect();
    assert_eq!(found.reasons, texts);
    assert!(found.model_version > 0);
}

/// Finding 7: the probability of one clock was only to be had in a list of all.
#[tokio::test]
async fn the_forecast_is_shown_with_incidents_and_clocks_on_request() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let (forecasts, _) = query(&mut clients, asking()).await;
    for id in ["O1", "O2", "O3", "O4"] {
        let clocks = evaluated(&mut clients, id, true).await;
        assert_eq!(clocks.len(), 2, "{id}");
        clocks.iter().for_each(|clock| check_same(clock, &forecasts));
        let bare = evaluated(&mut clients, id, false).await;
        assert!(bare.iter().all(|clock| clock.forecast.is_none()));
        let without = clocks.into_iter().map(|clock| v1::Clock { forecast: None, ..clock });
        assert_eq!(without.collect::<Vec<_>>(), bare, "{id}");
    }
    let over = evaluated(&mut clients, "S0", true).await;
    assert!(over.iter().all(|clock| clock.forecast.is_none()), "{over:?}");

    let mut request = v1::ListClocksRequest {
        tenant: TENANT.into(),
        as_of_time: Some(at(NOW)),
        page_size: 3,
        with_forecast: true,
        ..Default::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = clients.clocks.list_clocks(request.clone()).await.expect("a page").into_inner();
        listed.extend(page.clocks);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let (open, ended): (Vec<_>, Vec<_>) =
        listed.iter().partition(|clock| clock.stop_time.is_none());
    assert_eq!((open.len(), ended.len()), (8, 80));
    open.iter().for_each(|clock| check_same(clock, &forecasts));
    assert!(ended.iter().all(|clock| clock.forecast.is_none()));
    let bare = v1::ListClocksRequest { with_forecast: false, ..request };
    let status = clients.clocks.list_clocks(bare).await.expect_err("other arguments");
    check(status, Code::InvalidArgument, "INVALID_PAGE_TOKEN", &["page_token"]);
    server.stop().await;
}

#[tokio::test]
async fn given_incidents_are_forecast_and_unknown_ones_are_named() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let (all, _) = query(&mut clients, asking()).await;
    let ids = |ids: &[&str]| v1::ForecastClocksRequest {
        incident_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..asking()
    };
    // S0 is over, so it has no forecast; that O3 is named twice changes nothing.
    let (some, _) = query(&mut clients, ids(&["O3", "S0", "O1", "O3"])).await;
    let wanted = |forecast: &&v1::ClockForecast| {
        let clock = forecast.clock.as_ref().expect("a clock");
        ["O1", "O3"].contains(&clock.incident_id.as_str())
    };
    let expected: Vec<_> = all.iter().filter(wanted).cloned().collect();
    assert_eq!(some, expected);
    let target_id = "resolve".into();
    let (one, _) =
        query(&mut clients, v1::ForecastClocksRequest { target_id, ..ids(&["O4"]) }).await;
    assert_eq!(one, [of(&all, "O4").clone()]);
    let priority = "P2".into();
    let (second, _) = query(&mut clients, v1::ForecastClocksRequest { priority, ..asking() }).await;
    assert_eq!(second.len(), 2, "both of O4: {second:?}");

    let what_if =
        Some(v1::WhatIf { incident_id: "O4".into(), priority: "P1".into(), ..Default::default() });
    let many: Vec<_> = (0..501).map(|number| format!("I{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    for (request, code, reason, fields) in [
        (ids(&["O1", "X"]), Code::NotFound, "INCIDENT_NOT_FOUND", &[][..]),
        (ids(&["X", "Y"]), Code::NotFound, "INCIDENT_NOT_FOUND", &[]),
        (ids(&["O1", ""]), Code::InvalidArgument, "INVALID_FIELD", &["incident_ids[1]"]),
        (ids(&many), Code::InvalidArgument, "INVALID_FIELD", &["incident_ids"]),
        (
            v1::ForecastClocksRequest { what_if, priority: "P1".into(), ..ids(&["O4"]) },
            Code::InvalidArgument,
            "INVALID_FIELD",
            &["incident_ids", "priority"],
        ),
    ] {
        check(refused(&mut clients, request).await, code, reason, fields);
    }
    let both = refused(&mut clients, ids(&["X", "O1", "Y"])).await;
    assert_eq!(both.message(), "there are no incidents \"X\", \"Y\"");
    server.stop().await;
}

async fn refused(clients: &mut Clients, request: v1::ForecastClocksRequest) -> tonic::Status {
    match clients.forecasts.forecast_clocks(request).await {
        Err(status) => status,
        Ok(answers) => answers.into_inner().message().await.expect_err("refused"),
    }
}

/// Finding 10: an unknown priority came to "No clock is open".
#[tokio::test]
async fn what_a_contract_does_not_have_is_refused_with_what_it_has() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    // The catch-all limit of `respond` is for any priority; without it only P1 and P2 have one.
    let mut strict = crate::testing::contract("C");
    strict.terms.as_mut().expect("terms").targets.retain(|target| target.id == "resolve");
    strict.id = "strict".into();
    clients.put_contract(strict).await;
    let strict = || v1::ForecastClocksRequest { contract_id: "strict".into(), ..asking() };
    let no_limit = "no target of contract \"strict\" has a limit for priority \"XX\": there are \
                    limits for P1, P2";
    let what_if = |priority: &str| {
        let (incident_id, priority) = ("O4".into(), priority.into());
        Some(v1::WhatIf { incident_id, priority, ..Default::default() })
    };
    for (request, field, said) in [
        (v1::ForecastClocksRequest { priority: "XX".into(), ..strict() }, "priority", no_limit),
        (
            v1::ForecastClocksRequest { what_if: what_if("XX"), ..strict() },
            "what_if.priority",
            no_limit,
        ),
        (
            v1::ForecastClocksRequest { target_id: "XX".into(), ..asking() },
            "target_id",
            "contract \"C\" has no target \"XX\": it has resolve, respond",
        ),
    ] {
        let status = refused(&mut clients, request).await;
        assert_eq!(status.message(), format!("{field}: {said}"));
        check(status, Code::InvalidArgument, "INVALID_FIELD", &[field]);
    }
    let request = v1::GetForecastQualityRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        target_id: "XX".into(),
        ..Default::default()
    };
    let status = clients.forecasts.get_forecast_quality(request).await.expect_err("no target");
    check(status, Code::InvalidArgument, "INVALID_FIELD", &["target_id"]);
    let any = v1::ForecastClocksRequest { priority: "XX".into(), ..asking() };
    assert_eq!(query(&mut clients, any).await.0, [], "`respond` has a limit for any priority");

    let mut command = slx();
    command.args(["forecast", "strict", "--priority", "XX", "--tenant", TENANT, "--address"]);
    let output = command.arg(&server.address).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(no_limit), "{said}");
    server.stop().await;
}

/// Issue 13, 3: who is on shift asks what may still breach, not what did weeks ago.
#[tokio::test]
async fn clocks_long_over_their_limits_are_left_out_and_counted() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    // Its clocks breach on Wednesday the 7th at 08:00Z and 11:00Z.
    let old = event("OLD", "o", "2026-10-07T07:00:00Z", opened("C", "P1"));
    let waits = event("OLD", "w", "2026-10-07T11:30:00Z", waiting(v1::WaitingOn::Client));
    clients.record(vec![old, waits]).await;
    for (as_of, left_out) in [
        ("2026-10-14T08:00:00Z", 0),
        ("2026-10-14T08:00:00.000000001Z", 1),
        ("2026-10-14T11:00:00Z", 1),
        ("2026-10-14T12:00:00Z", 2),
    ] {
        let request = v1::ForecastClocksRequest { as_of_time: Some(at(as_of)), ..asking() };
        let all = v1::ForecastClocksRequest { with_long_breached: true, ..request.clone() };
        let named =
            v1::ForecastClocksRequest { incident_ids: vec!["OLD".into()], ..request.clone() };
        assert_eq!(listed(&mut clients, request).await, (2 - left_out, left_out), "{as_of}");
        assert_eq!(listed(&mut clients, all).await, (2, 0), "{as_of}");
        assert_eq!(listed(&mut clients, named).await, (2, 0), "{as_of}");
    }
    server.stop().await;
}

/// How many clocks of OLD are listed, and how many clocks are left out.
async fn listed(clients: &mut Clients, request: v1::ForecastClocksRequest) -> (i64, i64) {
    let answers = clients.forecasts.forecast_clocks(request).await.expect("a stream");
    let answer = answers.into_inner().message().await.expect("an answer").expect("one message");
    let is_old =
        |one: &&v1::ClockForecast| one.clock.as_ref().is_some_and(|c| c.incident_id == "OLD");
    (answer.forecasts.iter().filter(is_old).count() as i64, answer.long_breached_clocks)
}

#[tokio::test]
async fn the_command_line_shows_the_probability_with_an_incident_and_in_lists() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let third_party = Fact::StatusChanged(v1::StatusChanged {
        status: Some("Pending".into()),
        waiting_on: v1::WaitingOn::ThirdParty as i32,
        third_party: "Acme".into(),
        ..Default::default()
    });
    clients.record(vec![event("O4", "w", "2026-10-14T11:56:00Z", third_party)]).await;
    let run = |arguments: &[&str]| {
        let mut command = slx();
        command.args(arguments).args(["--as-of-time", NOW, "--zone", "Europe/Amsterdam"]);
        succeed(command.args(["--tenant", TENANT, "--address", &server.address]))
    };
    let shown = run(&["incident", "O3"]);
    assert!(shown.contains("\nforecast: ") && shown.contains(" to breach; in half"), "{shown}");
    let summary = "\n  it has waited for the client since Wednesday 09:30 CEST; ";
    assert!(shown.contains(summary), "{shown}");
    assert!(shown.contains("\n  (learnt from 8"), "{shown}");
    assert!(shown.contains(" decided clocks of the contract)\n"), "{shown}");
    let late = run(&["incident", "O1"]);
    assert!(late.contains("\nforecast: late already; in half"), "{late}");
    assert!(late.contains("\n  late since Tuesday 13:00 CEST; "), "{late}");
    assert!(!run(&["incident", "O3", "--no-forecast"]).contains("forecast"));
    assert!(!run(&["incident", "S0"]).contains("forecast"));
    let clocks = run(&["clocks"]);
    assert!(clocks.lines().next().is_some_and(|line| line.ends_with(" BREACH")), "{clocks}");
    let of_it = |line: &&str| line.starts_with("O3") && line.contains("C/resolve");
    assert!(clocks.lines().find(of_it).is_some_and(|line| line.ends_with('%')), "{clocks}");
    assert!(!run(&["clocks", "--no-forecast"]).contains("BREACH"));
    let named = run(&["forecast", "C", "--incident", "O4"]);
    assert!(named.contains("it has waited for Acme since Wednesday 13:56 CEST; "), "{named}");
    assert_eq!(named.matches("O4").count(), 2, "{named}");
    let none = run(&["forecast", "C", "--incident", "S0"]);
    assert_eq!(none, "No such clock of S0 is open.\n");
    server.stop().await;
}
