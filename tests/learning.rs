//! Learning beside everything else: nobody waits for it, it says how far it is, and it goes on.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::{Code, Status};

use crate::errors::check;
use crate::testing::{Clients, Server, TENANT, contract, event, opened, slx, succeed, waiting};

const INCIDENTS: usize = 300;
const OPEN: usize = 20;

/// One incident's facts, in order: every third is late, some wait for the client, the last stay
/// open.
fn incident(number: usize) -> Vec<v1::IncidentEvent> {
    let (id, day, hour) = (format!("I{number:03}"), 1 + number % 28, 7 + number % 6);
    let at = |hours: usize| format!("2026-{:02}-{day:02}T{:02}:00:00Z", 7 + number % 2, hours);
    let assigned = |group: &str| {
        Fact::Assigned(v1::Assigned { group: Some(group.to_owned()), ..Default::default() })
    };
    let mut facts = vec![event(&id, "o", &at(hour), opened("C", ["P1", "P2"][number % 2]))];
    facts.push(event(&id, "a", &at(hour + 1), assigned(["A", "B"][number / 7 % 2])));
    if number.is_multiple_of(5) {
        facts.push(event(&id, "w", &at(hour + 2), waiting(v1::WaitingOn::Client)));
        facts.push(event(&id, "p", &at(hour + 3), waiting(v1::WaitingOn::Provider)));
    }
    if number < INCIDENTS - OPEN {
        let end = if number.is_multiple_of(3) { 23 } else { hour + 4 };
        facts.push(event(&id, "r", &at(end), Fact::Resolved(v1::Resolved {})));
    }
    facts
}

pub async fn import(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    for some in (0..INCIDENTS).collect::<Vec<_>>().chunks(100) {
        clients.record(some.iter().copied().flat_map(incident).collect()).await;
    }
}

fn quality() -> v1::GetForecastQualityRequest {
    v1::GetForecastQualityRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        ..Default::default()
    }
}

fn review() -> v1::GetServiceReviewRequest {
    v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-07".into(),
        ..Default::default()
    }
}

/// What is learnt holds together with the stamp.
fn check_learnt(learnt: Option<v1::Learnt>, stamp: Option<v1::Stamp>) -> v1::Learnt {
    let (learnt, stamp) = (learnt.expect("how far it learnt"), stamp.expect("a stamp"));
    assert_eq!(learnt.sequence + learnt.records_behind, stamp.sequence, "{learnt:?}");
    assert!(learnt.records_behind == 0 || learnt.until != stamp.as_of_time, "{learnt:?}");
    learnt
}

/// The scores, and the open clocks with their probabilities.
pub async fn figures(clients: &mut Clients) -> (v1::ForecastQuality, Vec<(String, f64)>) {
    let request = v1::ForecastClocksRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        with_long_breached: true,
        ..Default::default()
    };
    let mut answers = clients.forecasts.forecast_clocks(request).await.expect("forecasts");
    let mut found = Vec::new();
    while let Some(answer) = answers.get_mut().message().await.expect("forecasts") {
        check_learnt(answer.learnt, answer.stamp);
        found.extend(answer.forecasts.into_iter().map(|forecast| {
            let clock = forecast.clock.expect("a clock");
            let id = format!("{} {}", clock.incident_id, clock.target_id);
            (id, forecast.breach_probability)
        }));
    }
    let scored = clients.forecasts.get_forecast_quality(quality()).await.expect("scored");
    let scored = scored.into_inner();
    let learnt = check_learnt(scored.learnt, scored.stamp);
    assert_eq!(learnt.records_behind, 0, "it was waited for");
    (scored.quality.expect("quality"), found)
}

/// Finding 8 and A3: the first forecast after an import learnt the history while it was waited for,
/// and so did a review posed meanwhile.
#[tokio::test]
async fn after_an_import_all_is_answered_at_once_and_says_how_far_it_learnt() {
    let (imported, live) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
    let mut server = Server::start(imported.path(), &[]);
    let mut clients = server.clients().await;
    import(&mut clients).await;
    let scored = clients.forecasts.get_forecast_quality(quality()).await.expect("answered");
    check_learnt(scored.get_ref().learnt, scored.get_ref().stamp);
    let reviewed = clients.compliance.get_service_review(review()).await.expect("reviewed");
    check_learnt(reviewed.get_ref().learnt, reviewed.get_ref().stamp);
    clients.learnt().await;
    let (scores, forecasts) = figures(&mut clients).await;
    assert!(scores.clocks > 400 && forecasts.len() >= OPEN, "{scores:?}");
    let mut status = slx();
    status.args(["status", "--address", &server.address]);
    let status = succeed(&mut status);
    assert!(status.contains("forecasts have learnt from all of them"), "{status}");

    // The same facts one after the other, each learnt from before the next is recorded.
    let mut other = Server::start(live.path(), &[]);
    let mut clients = other.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let mut facts: Vec<_> = (0..INCIDENTS).flat_map(incident).collect();
    facts.sort_by_key(|fact| fact.occur_time.map(|time| time.seconds));
    for some in facts.chunks(100) {
        clients.record(some.to_vec()).await;
        clients.learnt().await;
        clients.forecasts.get_forecast_quality(quality()).await.expect("answered");
    }
    let (live_scores, live_forecasts) = figures(&mut clients).await;
    assert_eq!(live_scores.clocks, scores.clocks);
    assert!((live_scores.brier_score - scores.brier_score).abs() < 1e-3);
    assert!((live_scores.skill - scores.skill).abs() < 1e-3);
    assert_eq!(live_forecasts.len(), forecasts.len());
    for (one, other) in forecasts.iter().zip(&live_forecasts) {
        assert!(one.0 == other.0 && (one.1 - other.1).abs() < 1e-3, "{one:?} {other:?}");
    }
    server.stop().await;
    other.stop().await;
}

/// What was not learnt when the server ended, or crashed, is learnt after the next start, though
/// nobody asks.
#[tokio::test]
async fn learning_goes_on_after_a_crash_a_stop_and_without_views() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    import(&mut clients).await;
    server.kill();
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.learnt().await;
    let learnt = figures(&mut clients).await;
    server.stop().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.learnt().await;
    assert_eq!(figures(&mut clients).await, learnt, "it goes on from what it kept");
    server.kill();
    std::fs::remove_dir_all(data.path().join("views")).expect("no views");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.learnt().await;
    assert_eq!(figures(&mut clients).await, learnt, "it is learnt anew");
    server.stop().await;
}

/// A2: a question about a tenant that does not exist left a file open and memory held for ever.
#[tokio::test]
async fn questions_about_tenants_that_do_not_exist_leave_nothing_behind() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    import(&mut clients).await;
    clients.learnt().await;
    figures(&mut clients).await;
    let files = server.open_files();
    for number in 0..300 {
        let (tenant, contract_id) = (format!("nobody-{number}"), "C".to_owned());
        let objectives = v1::ForecastObjectivesRequest {
            tenant: tenant.clone(),
            contract_id: contract_id.clone(),
            period: "2026-07".into(),
            ..Default::default()
        };
        let refused = clients.forecasts.forecast_objectives(objectives).await;
        check_refused(refused.expect_err("nobody"));
        let scores = v1::GetForecastQualityRequest { tenant: tenant.clone(), ..quality() };
        check_refused(clients.forecasts.get_forecast_quality(scores).await.expect_err("nobody"));
        let past = v1::GetServiceReviewRequest { tenant, ..review() };
        check_refused(clients.compliance.get_service_review(past).await.expect_err("nobody"));
    }
    assert!(server.open_files() <= files + 5, "{} were open, now {}", files, server.open_files());
    server.stop().await;
}

fn check_refused(status: Status) {
    check(status, Code::NotFound, "CONTRACT_NOT_FOUND", &[]);
}
