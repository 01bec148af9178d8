//! Periods: how they are cut, what of them a contract is in force for, and which words rule them.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use slx::codec::v1::objective::Promise;

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
    let met = incident("A", "C", "2026-03-01T00:00:00Z", "2026-03-01T02:00:00Z");
    let late = incident("B", "C", "2026-03-31T22:00:00Z", "2026-04-01T03:00:00Z");
    clients.record(met).await;
    clients.record(late).await;
    // July begins at 04:00Z; decided at 03:00Z, so in June.
    clients.record(incident("D", "C", "2026-07-01T01:00:00Z", "2026-07-01T03:00:00Z")).await;
    let sign = v1::SignServiceReviewRequest {
        tenant: TENANT.into(),
        signature_id: "march".into(),
        contract_id: "C".into(),
        period: "2026-03".into(),
        signed_by: "ann".into(),
        as_of_time: Some(at("2026-05-01T00:00:00Z")),
        ..zeroed()
    };
    clients.compliance.sign_service_review(sign).await.expect("signed");
    let new_york = contract("C", "America/New_York", objectives);
    put(&mut clients, new_york, Some("2026-06-15T00:00:00Z")).await;

    for as_of in [Some("2026-05-01T00:00:00Z"), Some("2026-08-01T00:00:00Z"), None] {
        let march = compliance(&mut clients, "C", "2026-03", as_of).await;
        let cut = from_to("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
        assert_eq!(ends(&march.period), cut);
        assert_eq!(ends(&march.objectives[0].period), cut);
        let tally = march.objectives[0].tally.clone().expect("clocks");
        assert_eq!((tally.met, tally.breached), (1, 0), "{as_of:?}");
    }
    let signed = review(&mut clients, "C", "2026-03", None).await;
    let moved = signed.restatement.expect("a restatement");
    assert_eq!((moved.moved_count, moved.signed_objectives.len()), (0, 0));

    let june = compliance(&mut clients, "C", "2026-06", None).await;
    assert_eq!(ends(&june.period), from_to("2026-06-01T00:00:00Z", "2026-07-01T04:00:00Z"));
    assert_eq!(june.objectives[0].tally.clone().expect("clocks").met, 1);
    let july = compliance(&mut clients, "C", "2026-07", None).await;
    assert_eq!(ends(&july.period), from_to("2026-07-01T04:00:00Z", "2026-08-01T04:00:00Z"));
    assert_eq!(july.objectives[0].tally.clone().expect("clocks").met, 0);
}

/// P12: a review of March has the March of every contract of the chain, each in its own zone, for
/// the total and for the objectives.
#[tokio::test]
async fn the_chain_is_measured_over_the_period_of_the_same_name() {
    for (zone, start, end) in [
        ("Europe/Amsterdam", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
        ("America/New_York", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"),
    ] {
        let data = tempfile::tempdir().expect("a directory");
        let (_server, mut clients) = start_chain(&data, zone).await;
        // Missed in March, and met in April.
        clients.record(incident("A", "U", "2026-03-10T00:00:00Z", "2026-03-10T09:00:00Z")).await;
        clients.record(incident("B", "U", "2026-04-10T00:00:00Z", "2026-04-10T01:00:00Z")).await;
        let march = review(&mut clients, "S", "2026-03", None).await;
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
