//! Coverage (V1): what no clock measures is seen, with the reason, wherever one looks for it.

use slx::codec::v1;
use slx::codec::v1::MissingClockReason as Reason;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, at, contract, event, hours, office, opened};
use crate::testing::{run, slx, succeed};

/// Limits for P1 and P2 on one target, measured by a calendar of office hours.
fn workplace() -> v1::Contract {
    let mut contract = contract("workplace");
    contract.terms.as_mut().expect("terms").targets.truncate(1);
    contract
}

const MAPPING: &str = "
incident: number
time: when
time_format: rfc3339
contracts_column: contract
priority:
  column: priority
state:
  column: state
  states:
    New: {}
";

fn priority(priority: &str) -> Fact {
    Fact::PriorityChanged(v1::PriorityChanged { priority: priority.into() })
}

fn day(day: u32, hour: u32) -> String {
    format!("2026-10-{day:02}T{hour:02}:00:00Z")
}

/// Incidents that nothing measures: three of P9, one each of "", "p1" and "P1 ", one that changes
/// from P1 to P9, three under a contract that does not exist, one under none; and two that are
/// fine.
async fn fill(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(workplace()).await;
    let mut events = Vec::new();
    for (number, shown) in ["P9", "P9", "P9", "", "p1", "P1 ", "P1", "P2"].into_iter().enumerate() {
        let opening = opened("workplace", shown);
        events.push(event(&format!("I{number}"), "o", &day(5 + number as u32, 9), opening));
    }
    events.push(event("I6", "p", &day(11, 10), priority("P9")));
    events.push(event("J1", "o", &day(20, 9), opened("workplace", "P1")));
    for number in 0..3 {
        events.push(event(&format!("K{number}"), "o", &day(6, 9), opened("workplce", "P1")));
    }
    events.push(event("L", "o", &day(6, 9), Fact::Opened(v1::Opened::default())));
    clients.record(events).await;
}

async fn compliance(clients: &mut Clients, query: v1::GetComplianceRequest) -> v1::Coverage {
    let query = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        ..query
    };
    let answer = clients.compliance.get_compliance(query).await.expect("an answer");
    answer.into_inner().coverage.expect("coverage")
}

fn month(period: &str) -> v1::GetComplianceRequest {
    v1::GetComplianceRequest { period: period.into(), ..Default::default() }
}

fn rows(coverage: &v1::Coverage) -> Vec<(Reason, &str, i64)> {
    let gaps = coverage.gaps.iter();
    gaps.map(|gap| (gap.reason(), gap.value.as_str(), gap.incidents)).collect()
}

async fn list(clients: &mut Clients, query: v1::ListIncidentsRequest) -> Vec<v1::Incident> {
    let mut query = v1::ListIncidentsRequest {
        tenant: TENANT.into(),
        only_missing_clocks: true,
        page_size: 2,
        ..query
    };
    let mut found = Vec::new();
    loop {
        let page = clients.incidents.list_incidents(query.clone()).await.expect("a page");
        let page = page.into_inner();
        found.extend(page.incidents);
        if page.next_page_token.is_empty() {
            return found;
        }
        query.page_token = page.next_page_token;
    }
}

fn ids(incidents: &[v1::Incident]) -> Vec<&str> {
    incidents.iter().map(|incident| incident.id.as_str()).collect()
}

/// V1: an incident of "P9", "", "p1" or "P1 " had no clock, no note and was in no group.
#[tokio::test]
async fn incidents_without_a_clock_are_counted_by_reason_in_the_period_of_their_opening() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let expected = [
        (Reason::NoLimit, "", 1),
        (Reason::NoLimit, "P1 ", 1),
        (Reason::NoLimit, "P9", 3),
        (Reason::NoLimit, "p1", 1),
        (Reason::LimitWithdrawn, "P9", 1),
    ];
    let coverage = compliance(&mut clients, month("2026-10")).await;
    assert_eq!((rows(&coverage).as_slice(), coverage.uncovered), (expected.as_slice(), 7));
    let near: Vec<_> = coverage.gaps.iter().map(|gap| gap.did_you_mean.as_str()).collect();
    assert_eq!(near, ["", "P1", "", "P1", ""]);
    // The same incident by incident: as of a past instant, for parts of days, in many groups.
    for query in [
        v1::GetComplianceRequest { as_of_time: Some(at(&day(25, 9))), ..month("2026-10") },
        v1::GetComplianceRequest {
            start_time: Some(at("2026-10-02T11:00:00Z")),
            end_time: Some(at("2026-10-28T11:00:00Z")),
            ..Default::default()
        },
        v1::GetComplianceRequest { group_by: vec![3, 4, 5], ..month("2026-10") },
    ] {
        assert_eq!(compliance(&mut clients, query).await, coverage);
    }
    let none = compliance(&mut clients, month("2026-09")).await;
    assert_eq!((rows(&none), none.uncovered), (vec![], 0));
    let early = v1::GetComplianceRequest { as_of_time: Some(at(&day(6, 12))), ..month("2026-10") };
    let early = compliance(&mut clients, early).await;
    assert_eq!(rows(&early), [(Reason::NoLimit, "P9", 2)]);
    let review = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        period: "2026-10".into(),
        ..Default::default()
    };
    let past = v1::GetServiceReviewRequest { as_of_time: Some(at(&day(25, 9))), ..review.clone() };
    for review in [review, past] {
        let review = clients.compliance.get_service_review(review).await.expect("a review");
        assert_eq!(review.into_inner().coverage.as_ref(), Some(&coverage));
    }
}

/// V1: late facts, retractions, other terms and a rebuild move the counts.
#[tokio::test]
async fn the_counts_follow_late_facts_retractions_and_terms_and_are_what_counting_anew_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    assert_eq!(compliance(&mut clients, month("2026-10")).await.uncovered, 7);
    // A correction, a change of priority that comes late, an opening that was none.
    let mut corrected = event("I4", "o2", &day(9, 9), opened("workplace", "P1"));
    corrected.corrects_event_id = "o".into();
    let retracted = Fact::Retracted(v1::Retracted { event_id: "o".into() });
    clients
        .record(vec![
            corrected,
            event("I0", "p", &day(5, 10), priority("P2")),
            event("I1", "x", &day(6, 10), retracted),
        ])
        .await;
    let coverage = compliance(&mut clients, month("2026-10")).await;
    let expected = [
        (Reason::NoLimit, "", 1),
        (Reason::NoLimit, "P1 ", 1),
        (Reason::NoLimit, "P9", 1),
        (Reason::LimitWithdrawn, "P9", 1),
    ];
    assert_eq!(rows(&coverage), expected);
    // An opening that is moved to another month takes its count with it.
    let mut moved = event("I2", "o2", "2026-09-30T21:59:00Z", opened("workplace", "P9"));
    moved.corrects_event_id = "o".into();
    clients.record(vec![moved]).await;
    let september = compliance(&mut clients, month("2026-09")).await;
    assert_eq!(rows(&september), [(Reason::NoLimit, "P9", 1)]);
    assert_eq!(compliance(&mut clients, month("2026-10")).await.uncovered, 3);
    // An opening still to come is not counted yet.
    let future = event("M", "o", "2039-10-02T09:00:00Z", opened("workplace", "P9"));
    clients.record(vec![future]).await;
    assert_eq!(compliance(&mut clients, month("2039-10")).await.uncovered, 0);
    assert_eq!(clients_verify(server, data.path()).await, "");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    // A catch-all limit, in force since ever.
    let mut contract = workplace();
    let target = &mut contract.terms.as_mut().expect("terms").targets[0];
    let everything = v1::Limit {
        priority: "*".into(),
        limit: Some(hours(40)),
        calendar_id: "office".into(),
        ..Default::default()
    };
    target.limits.push(everything);
    let put = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        effective_time: Some(at("1970-01-01T00:00:00Z")),
        ..Default::default()
    };
    let put = clients.contracts.put_contract(put).await.expect("put").into_inner();
    assert!(put.findings.is_empty(), "{:?}", put.findings);
    for period in ["2026-09", "2026-10"] {
        assert_eq!(compliance(&mut clients, month(period)).await, v1::Coverage::default());
    }
    assert_eq!(clients_verify(server, data.path()).await, "");
}

/// Stops the server and counts anew: what differs.
async fn clients_verify(server: Server, data: &std::path::Path) -> String {
    server.stop().await;
    let (is_equal, shown) = run(slx().args(["verify", "--tallies"]).arg(data));
    if is_equal { String::new() } else { shown }
}

/// V1: `ListIncidents` can list them, those of a contract that does not exist included.
#[tokio::test]
async fn incidents_without_a_clock_are_listed_with_the_reasons() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let all = list(&mut clients, v1::ListIncidentsRequest::default()).await;
    let unmeasured = ["I0", "I1", "I2", "I3", "I4", "I5", "I6"];
    assert_eq!(ids(&all), [unmeasured.as_slice(), &["K0", "K1", "K2", "L"]].concat());
    let of = |contract: &str| v1::ListIncidentsRequest {
        contract_id: contract.into(),
        ..Default::default()
    };
    assert_eq!(ids(&list(&mut clients, of("workplace")).await), unmeasured);
    let typo = list(&mut clients, of("workplce")).await;
    assert_eq!(ids(&typo), ["K0", "K1", "K2"]);
    let missing = &typo[0].missing_clocks;
    assert_eq!(missing[0].description, "contract workplce does not exist");
    let past = v1::ListIncidentsRequest { as_of_time: Some(at(&day(7, 12))), ..of("") };
    assert_eq!(ids(&list(&mut clients, past).await), ["I0", "I1", "I2", "K0", "K1", "K2", "L"]);
    let unknown = v1::ListIncidentsRequest { tenant: TENANT.into(), ..of("nobody-names-it") };
    let refused = clients.incidents.list_incidents(unknown).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::NotFound);
    let address = format!("http://{}", server.address);
    let shown =
        succeed(slx().args(["clocks", "--missing", "--tenant", TENANT, "--address", &address]));
    for line in [
        "3 contract workplce does not exist",
        "1 priority \"P1 \" has no limit in workplace: did you mean P1?",
        "1 its opening names no contract",
    ] {
        assert!(shown.contains(line), "no {line:?} in:\n{shown}");
    }
}

/// V1: `EvaluateIncident` says per contract and target why there is no clock.
#[tokio::test]
async fn an_incident_is_evaluated_with_the_reason_for_each_clock_that_it_lacks() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut sla = contract("sla");
    sla.terms.as_mut().expect("terms").targets[1].applies_when = "category == 'vip'".into();
    clients.put_contract(sla).await;
    let opening = Fact::Opened(v1::Opened {
        contract_ids: vec!["SLA".into(), "sla".into()],
        priority: " p2".into(),
        ..Default::default()
    });
    clients.record(vec![event("I", "o", &day(5, 9), opening)]).await;
    clients.record(vec![event("N", "r", &day(5, 9), Fact::Responded(v1::Responded {}))]).await;
    let answer = clients.evaluate("I", &day(6, 9), None).await;
    let missing: Vec<_> = answer
        .missing_clocks
        .iter()
        .map(|one| {
            (
                one.contract_id.as_str(),
                one.target_id.as_str(),
                one.reason(),
                one.did_you_mean.as_str(),
            )
        })
        .collect();
    let expected = [
        ("SLA", "", Reason::ContractNotFound, "sla"),
        ("sla", "resolve", Reason::NoLimit, "P2"),
        ("sla", "respond", Reason::DoesNotApply, ""),
    ];
    assert_eq!(missing, expected);
    let early = clients.evaluate("I", &day(5, 8), None).await;
    assert_eq!(early.missing_clocks[0].reason(), Reason::NotOpened);
    let unopened = clients.evaluate("N", &day(6, 9), None).await;
    assert_eq!(unopened.missing_clocks[0].reason(), Reason::NotOpened);
}

/// V1: events that name an unknown contract or a priority without a limit are accepted with a
/// warning, and so are they when they are sent again.
#[tokio::test]
async fn events_that_lead_to_no_clock_are_accepted_with_a_warning_also_as_duplicates() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(workplace()).await;
    let decided = Fact::ExclusionDecided(v1::ExclusionDecided {
        contract_id: "workplace".into(),
        target_id: "resolv".into(),
        excluded: true,
        decided_by: "Kim".into(),
        reason: "force majeure".into(),
    });
    let events = vec![
        event("A", "o", &day(5, 9), opened("workplace", "P1")),
        event("A", "p", &day(5, 10), priority("p2")),
        event("A", "x", &day(5, 11), decided),
        event("B", "o", &day(5, 9), opened("workplace", "P9")),
        event("C", "o", &day(5, 9), opened("workplce", "P1")),
        event("D", "o", &day(5, 9), Fact::Opened(v1::Opened::default())),
        event("E", "p", &day(5, 9), priority("P9")),
        event("", "bad", &day(5, 9), priority("P9")),
    ];
    let expected = [
        vec![],
        vec![(Reason::NoLimit, "p2", "P2")],
        vec![(Reason::TargetNotFound, "workplace", "")],
        vec![(Reason::NoLimit, "P9", "")],
        vec![(Reason::ContractNotFound, "workplce", "")],
        vec![(Reason::NoContract, "", "")],
        vec![],
        vec![],
    ];
    for outcome in [v1::RecordOutcome::Accepted, v1::RecordOutcome::Duplicate] {
        let stream = v1::StreamEventsRequest { tenant: TENANT.into(), events: events.clone() };
        let results = match outcome {
            v1::RecordOutcome::Accepted => clients.record(events.clone()).await.results,
            _ => {
                let stream = tokio_stream::once(stream);
                let answers = clients.incidents.stream_events(stream).await.expect("a stream");
                let answer = answers.into_inner().message().await.expect("an answer");
                answer.expect("a message").results
            }
        };
        for (result, expected) in results.iter().zip(&expected) {
            let found: Vec<_> = result
                .warnings
                .iter()
                .map(|one| (one.reason(), one.value.as_str(), one.did_you_mean.as_str()))
                .collect();
            assert_eq!(&found, expected, "{result:?}");
            assert!(result.rejection.is_some() || result.outcome() == outcome, "{result:?}");
        }
    }
}

/// V1: an incident that moves is warned of as one that is opened, and a later priority by the
/// contracts it then falls under.
#[tokio::test]
async fn a_move_that_leads_to_no_clock_is_warned_of_and_a_priority_by_the_contracts_moved_to() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(workplace()).await;
    let mut network = v1::Contract { id: "network".into(), ..workplace() };
    network.terms.as_mut().expect("terms").targets[0].limits[0].priority = "P5".into();
    clients.put_contract(network).await;
    let moved = |to: &[&str]| {
        let contract_ids = to.iter().map(|id| (*id).to_owned()).collect();
        let contracts = Some(v1::ContractIds { contract_ids });
        Fact::DetailsChanged(v1::DetailsChanged { contracts, ..Default::default() })
    };
    let renamed = v1::DetailsChanged { category: Some("mail".into()), ..Default::default() };
    let events = vec![
        event("A", "o", &day(5, 9), opened("workplace", "P1")),
        event("A", "m", &day(5, 10), moved(&["netwrk"])),
        event("B", "o", &day(5, 9), opened("workplace", "P1")),
        event("B", "m", &day(5, 10), moved(&["workplace", "network"])),
        event("C", "o", &day(5, 9), opened("workplace", "P1")),
        event("C", "p", &day(5, 11), priority("P5")),
        event("C", "m", &day(5, 10), moved(&["network"])),
        event("D", "o", &day(5, 9), opened("workplace", "P1")),
        event("D", "n", &day(5, 10), Fact::DetailsChanged(renamed)),
        event("D", "m", &day(5, 11), moved(&[])),
        event("E", "p", &day(5, 8), priority("P9")),
        event("E", "o", &day(5, 9), opened("workplace", "P1")),
    ];
    let expected = [
        ("A", "m", vec![(Reason::ContractNotFound, "netwrk", "netwrk")]),
        ("B", "m", vec![(Reason::NoLimit, "network", "P1")]),
        ("C", "m", vec![(Reason::NoLimit, "network", "P1")]),
        ("E", "p", vec![(Reason::NoLimit, "workplace", "P9")]),
    ];
    let results = clients.record(events.clone()).await.results;
    for (event, result) in events.iter().zip(&results) {
        let warnings = result.warnings.iter();
        let found: Vec<_> = warnings
            .map(|one| (one.reason(), one.contract_id.as_str(), one.value.as_str()))
            .collect();
        let name = (event.incident_id.as_str(), event.event_id.as_str());
        let expected = expected.iter().find(|(incident, id, _)| (*incident, *id) == name);
        let expected = expected.map(|(_, _, warnings)| warnings.clone()).unwrap_or_default();
        assert_eq!(found, expected, "{name:?}");
    }
}

/// A contract that takes its backlog over was said not to be in force for each incident of it.
#[tokio::test]
async fn a_backlog_that_a_contract_takes_over_is_warned_of_by_that_contract_s_words() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let put = |id: &str, open_incidents: v1::OpenIncidents| v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(v1::Contract {
            id: id.into(),
            open_incidents: open_incidents as i32,
            ..workplace()
        }),
        effective_time: Some(at("2026-10-06T09:00:00Z")),
        ..Default::default()
    };
    let contracts = [
        ("over", v1::OpenIncidents::FromEffect),
        ("opening", v1::OpenIncidents::FromOpening),
        ("plain", v1::OpenIncidents::Unspecified),
    ];
    for (id, policy) in contracts {
        clients.contracts.put_contract(put(id, policy)).await.expect("the contract is put");
    }
    let warned = [
        ("over", "P1", None),
        ("opening", "P2", None),
        ("opening", "P9", Some(Reason::NoLimit)),
        ("plain", "P1", Some(Reason::ContractNotInForce)),
    ];
    let events = warned.iter().enumerate().map(|(number, (id, priority, _))| {
        event(&format!("I{number}"), "o", &day(5, 9), opened(id, priority))
    });
    let results = clients.record(events.collect()).await.results;
    for (result, (id, priority, expected)) in results.iter().zip(warned) {
        let found: Vec<_> = result.warnings.iter().map(|one| one.reason()).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{id} {priority}");
    }
}

/// V1: `slx import` ends with what has no clock, also when everything is known already.
#[tokio::test]
async fn an_import_ends_with_what_has_no_clock() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(workplace()).await;
    let mut rows = "number,state,when,priority,contract\n".to_owned();
    for number in 0..14 {
        let (priority, contract) = match number {
            0..9 => ("P9", "workplace"),
            9..12 => ("P1", "workplce"),
            _ => ("P1", "workplace"),
        };
        rows += &format!("I{number},New,2026-10-05T09:00:00Z,{priority},{contract}\n");
    }
    let file = data.path().join("rows.csv");
    std::fs::write(&file, rows).expect("written");
    let mapping = data.path().join("mapping.yaml");
    std::fs::write(&mapping, MAPPING).expect("written");
    let address = format!("http://{}", server.address);
    for _ in 0..2 {
        let shown = succeed(
            slx()
                .args(["import", "--tenant", TENANT, "--address", &address, "--file"])
                .arg(&file)
                .arg("--mapping")
                .arg(&mapping),
        );
        let line = "12 incidents have no clock: 9 priority P9 has no limit in workplace, \
                    3 contract workplce does not exist";
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
    }
}

/// V1: a wrong tenant or contract listed nothing with success.
#[tokio::test]
async fn a_list_of_a_contract_or_tenant_that_does_not_exist_is_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    for (tenant, contract, reason) in
        [(TENANT, "workplce", "CONTRACT_NOT_FOUND"), ("acne", "", "TENANT_NOT_FOUND")]
    {
        let (tenant, contract_id) = (tenant.to_owned(), contract.to_owned());
        let query = v1::ListClocksRequest {
            tenant: tenant.clone(),
            contract_id: contract_id.clone(),
            ..Default::default()
        };
        let mut refusals = vec![clients.clocks.list_clocks(query).await.map(drop)];
        let query = v1::ListSettlementItemsRequest {
            tenant: tenant.clone(),
            contract_id: contract_id.clone(),
            ..Default::default()
        };
        refusals.push(clients.settlement.list_settlement_items(query).await.map(drop));
        let query = v1::ExportClocksRequest {
            tenant: tenant.clone(),
            contract_id: contract_id.clone(),
            ..Default::default()
        };
        let exported = clients.compliance.export_clocks(query).await.expect("a stream");
        refusals.push(exported.into_inner().message().await.map(drop));
        let query = v1::CompareClocksRequest {
            tenant: tenant.clone(),
            contract_id,
            earlier_known_time: Some(at(&day(1, 0))),
            ..Default::default()
        };
        let compared = clients.clocks.compare_clocks(query).await.expect("a stream");
        refusals.push(compared.into_inner().message().await.map(drop));
        if contract.is_empty() {
            let query = v1::ListIncidentsRequest { tenant, ..Default::default() };
            refusals.push(clients.incidents.list_incidents(query).await.map(drop));
        }
        for refused in refusals {
            let status = refused.expect_err("refused");
            assert_eq!(status.code(), tonic::Code::NotFound);
            let details = String::from_utf8_lossy(status.details()).into_owned();
            assert!(details.contains(reason), "{details}");
        }
    }
    // Of whom an incident alone is recorded, that is known, also after a restart.
    let only = vec![event("I", "o", &day(5, 9), opened("none", "P1"))];
    let record = v1::RecordEventsRequest { tenant: "facts-only".into(), events: only };
    clients.incidents.record_events(record).await.expect("recorded");
    let query = v1::ListClocksRequest { tenant: "facts-only".into(), ..Default::default() };
    assert!(clients.clocks.list_clocks(query.clone()).await.is_ok());
    server.stop().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    assert!(clients.clocks.list_clocks(query).await.is_ok());
}

/// V1: the lint warns, once and mildly, of a contract without a catch-all.
#[tokio::test]
async fn the_lint_warns_once_of_a_contract_without_a_limit_for_every_other_priority() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let findings = clients.put_contract(workplace()).await.findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].severity(), v1::FindingSeverity::Warning);
    assert!(findings[0].description.contains("\"*\""), "{findings:?}");
    let mut twice = workplace();
    let limits = &mut twice.terms.as_mut().expect("terms").targets[0].limits;
    for priority in ["", "*"] {
        let limit = Some(hours(1));
        limits.push(v1::Limit {
            priority: priority.into(),
            limit,
            calendar_id: office().id,
            ..Default::default()
        });
    }
    let put = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(twice),
        ..Default::default()
    };
    let refused = clients.contracts.put_contract(put).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
}

/// An incident that moves to another contract in a later month belongs to the month of its opening
/// all the same: for the contract it was opened under, which goes on counting what it lacked, and
/// for the one it moved to.
#[tokio::test]
async fn an_incident_that_moved_is_counted_in_the_month_of_its_opening() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(workplace()).await;
    clients.put_contract(v1::Contract { id: "other".into(), ..workplace() }).await;
    let moved = Fact::DetailsChanged(v1::DetailsChanged {
        contracts: Some(v1::ContractIds { contract_ids: vec!["other".into()] }),
        ..Default::default()
    });
    let events = vec![
        event("M", "o", &day(20, 9), opened("workplace", "P9")),
        event("M", "m", "2026-11-05T09:00:00Z", moved),
        event("N", "o", &day(20, 9), opened("workplace", "P1")),
        event("N", "r", &day(20, 10), Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(events).await;
    let mut counted = async |contract: &str, period: &str, as_of: &str| {
        let request = v1::GetComplianceRequest {
            tenant: TENANT.into(),
            contract_id: contract.into(),
            period: period.into(),
            as_of_time: Some(at(as_of)),
            ..Default::default()
        };
        let answer = clients.compliance.get_compliance(request).await.expect("an answer");
        let coverage = answer.into_inner().coverage.expect("coverage");
        (coverage.uncovered, coverage.gaps.len())
    };
    let later = "2026-12-20T00:00:00Z";
    // By the tallies (which know of it all), and one by one.
    for as_of in [later, "2026-11-20T00:00:00Z"] {
        for contract in ["workplace", "other"] {
            assert_eq!(
                counted(contract, "2026-10", as_of).await,
                (1, 1),
                "{contract} as of {as_of}"
            );
            assert_eq!(
                counted(contract, "2026-11", as_of).await,
                (0, 0),
                "{contract} as of {as_of}"
            );
        }
    }
    let before = "2026-11-05T08:00:00Z";
    assert_eq!(counted("workplace", "2026-10", before).await, (1, 1));
    assert_eq!(counted("other", "2026-10", before).await, (0, 0), "it has not come");
}
