//! The service review: of a period, signed, and restated when late facts change it.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;

use crate::errors::check;
use crate::testing::{Clients, Server, TENANT, apply, at, event, opened, slx, succeed, waiting};

/// The provider's promise to the client, and the supplier's to the provider.
const TERMS: &str = "
contracts:
- id: S
  kind: sla
  title: Workplace
  client: The municipality
  provider: Us
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - id: resolve
      metric: resolution
      limits: [{priority: P1, limit: 4h, calendar_id: office}]
      pauses: [{waiting_on: client}]
    exclusions:
    - {id: theirs, title: Their own doing, cause: client}
    objectives:
    - {id: p1, period: month, attainment: {target_id: resolve, percent: 75}}
    credits:
      monthly_fee: 100000
      rules:
      - {objective_id: p1, tiers: [{below_percent: 75, credit_percent: 10}]}
- id: U
  kind: uc
  provider: The supplier
  underpins: S
  time_zone: Europe/Amsterdam
  terms:
    targets:
    - id: repair
      metric: resolution
      limits: [{priority: P1, limit: 3h, calendar_id: office}]
    objectives:
    - {id: repaired, period: month, attainment: {target_id: repair, percent: 90}}
";

const LATER: &str = "2026-11-20T00:00:00Z";

/// Opened at nine in Amsterdam on a day of a month, and resolved some hours later.
fn incident(id: &str, day: &str, hours: u32) -> Vec<v1::IncidentEvent> {
    let time = |hour| format!("2026-{day}T{hour:02}:00:00Z");
    let mut opening = opened("S", "P1");
    if let Fact::Opened(opened) = &mut opening {
        opened.service = "mail".into();
    }
    vec![
        event(id, "o", &time(7), opening),
        event(id, "r", &time(7 + hours), Fact::Resolved(v1::Resolved {})),
    ]
}

fn caused(id: &str, party: v1::Party, confidence_percent: i32) -> v1::IncidentEvent {
    let party = party as i32;
    let cause = v1::CauseAttributed { party, confidence_percent, ..Default::default() };
    event(id, "cause", "2026-10-30T10:00:00Z", Fact::CauseAttributed(cause))
}

/// September: one met. October: A met; B an hour late; C late, but the client's own doing; D in
/// time thanks to five hours of waiting; E met beside the supplier's hour too late.
async fn fill(server: &Server, clients: &mut Clients) {
    clients.put_office().await;
    apply(server, TERMS);
    for (id, day, hours) in [
        ("Z", "09-08", 1),
        ("A", "10-06", 3),
        ("B", "10-07", 5),
        ("C", "10-08", 7),
        ("D", "10-09", 7),
    ] {
        clients.record(incident(id, day, hours)).await;
    }
    let mut beside = incident("E", "10-12", 4);
    if let Some(Fact::Opened(opened)) = &mut beside[0].fact {
        opened.contract_ids.push("U".into());
    }
    clients.record(beside).await;
    let causes = vec![caused("C", v1::Party::Client, 70), caused("B", v1::Party::Provider, 0)];
    clients.record(causes).await;
    let waits = event("D", "w", "2026-10-09T08:00:00Z", waiting(v1::WaitingOn::Client));
    let goes_on = event("D", "p", "2026-10-09T13:00:00Z", waiting(v1::WaitingOn::Provider));
    clients.record(vec![waits, goes_on]).await;
}

fn asking() -> v1::GetServiceReviewRequest {
    v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "S".into(),
        period: "2026-10".into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    }
}

fn signed() -> v1::GetServiceReviewRequest {
    v1::GetServiceReviewRequest { as_of_time: None, as_signed: true, ..asking() }
}

fn signing() -> v1::SignServiceReviewRequest {
    v1::SignServiceReviewRequest {
        tenant: TENANT.into(),
        signature_id: "review-1".into(),
        contract_id: "S".into(),
        period: "2026-10".into(),
        signed_by: "Anna".into(),
        note: "As agreed.".into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    }
}

async fn query(
    clients: &mut Clients,
    request: v1::GetServiceReviewRequest,
) -> v1::GetServiceReviewResponse {
    clients.compliance.get_service_review(request).await.expect("a review").into_inner()
}

fn percent_of(tally: &Option<v1::Tally>) -> &str {
    tally.as_ref().map_or("", |tally| &tally.attainment)
}

#[tokio::test]
async fn a_month_is_laid_on_the_table_with_its_reasons() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let review = query(&mut clients, asking()).await;

    let total = review.total.clone().expect("a total");
    // A, D and E of four; C is excluded. People waited too long for B, C and D.
    assert_eq!(percent_of(&total.contractual), "75");
    assert_eq!(percent_of(&total.experienced), "40");
    assert_eq!(total.watermelons, 2);
    let compliance = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "S".into(),
        period: "2026-10".into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let compliance = clients.compliance.get_compliance(compliance).await.expect("computed");
    let compliance = compliance.into_inner();
    assert_eq!(compliance.groups, [total]);
    let results: Vec<_> =
        review.objectives.iter().filter_map(|objective| objective.result.clone()).collect();
    assert_eq!(compliance.objectives, results);
    assert_eq!(compliance.credits, review.credits);

    // Nothing was decided before September.
    let names: Vec<_> =
        review.trend.iter().filter_map(|point| Some(point.period.clone()?.name)).collect();
    assert_eq!(names, ["2026-09", "2026-10"]);
    let trend: Vec<_> =
        review.objectives[0].trend.iter().map(|point| point.percent.as_str()).collect();
    assert_eq!(trend[trend.len() - 2..], ["100", "75"]);

    let reported: Vec<_> =
        review.clocks.iter().map(|c| (c.incident_id.as_str(), c.why.as_str())).collect();
    let expected = [
        ("B", "1 h over its 4 h; counted while it was up to provider 5 h"),
        (
            "C",
            "3 h over its 4 h; excluded by rule theirs (Their own doing); counted while it was \
             up to provider 7 h",
        ),
        (
            "D",
            "2 h of its 4 h, but 7 h for people; counted while it was up to provider 2 h; paused \
             for client 5 h",
        ),
    ];
    assert_eq!(reported, expected);
    assert_eq!(review.clock_count, 3);

    let pauses = review.pauses.expect("pauses");
    // 5 of 26 hours.
    assert_eq!((pauses.share.as_str(), pauses.met_by_pauses), ("19.2307", 1));
    assert_eq!(pauses.attainment_without, "50");
    assert_eq!(pauses.grounds[0].waiting_on(), v1::WaitingOn::Client);
    let causes: Vec<_> = review
        .causes
        .iter()
        .map(|c| (c.party.as_str(), c.incidents, c.breached, c.least_confidence_percent))
        .collect();
    assert_eq!(causes[0], ("", 3, 0, 0));
    assert!(causes.contains(&("client", 1, 1, 70)) && causes.contains(&("provider", 1, 1, 0)));
    let link = &review.chain[0];
    assert_eq!(link.contract.as_ref().expect("a contract").id, "U");
    assert_eq!(link.objectives[0].verdict(), v1::ObjectiveVerdict::Missed);
    assert!(!review.time_zone_database.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn what_was_signed_stays_and_a_late_fact_is_reported_as_a_restatement() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let before = query(&mut clients, asking()).await;
    assert!(before.signatures.is_empty() && before.restatement.is_none());
    let status = clients.compliance.get_service_review(signed()).await.expect_err("not signed");
    check(status, Code::FailedPrecondition, "REVIEW_NOT_SIGNED", &[]);

    let answer = clients.compliance.sign_service_review(signing()).await.expect("signed");
    let signature = answer.into_inner().signature.expect("a signature");
    assert_eq!(signature.known_time, before.stamp.and_then(|stamp| stamp.known_time));
    let again = clients.compliance.sign_service_review(signing()).await.expect("signed");
    assert!(again.into_inner().duplicate);
    let other = v1::SignServiceReviewRequest { signed_by: "Bert".into(), ..signing() };
    let status = clients.compliance.sign_service_review(other).await.expect_err("taken");
    check(status, Code::AlreadyExists, "EVENT_CONFLICT", &[]);

    // D did not wait for the client after all.
    let late = event(
        "D",
        "late",
        "2026-10-09T08:00:00Z",
        Fact::Retracted(v1::Retracted { event_id: "w".into() }),
    );
    clients.record(vec![late]).await;
    for is_new_start in [false, true] {
        if is_new_start {
            server.kill();
            server = Server::start(data.path(), &[]);
            clients = server.clients().await;
        }
        let as_signed = query(&mut clients, signed()).await;
        assert!(as_signed.restatement.is_none());
        assert_eq!(as_signed.signatures, std::slice::from_ref(&signature));
        let unsigned = v1::GetServiceReviewResponse {
            signatures: Vec::new(),
            stamp: before.stamp,
            ..as_signed
        };
        assert_eq!(unsigned, before);

        let now = query(&mut clients, asking()).await;
        assert_eq!(percent_of(&now.total.clone().expect("a total").contractual), "50");
        let restatement = now.restatement.expect("a restatement");
        assert_eq!(restatement.signature_id, "review-1");
        assert_eq!(restatement.signed_total, before.total);
        assert_eq!(restatement.signed_objectives[0].percent, "75");
        assert_eq!(restatement.signed_credits, before.credits);
        assert_eq!(restatement.moved_count, 1);
        let moved = &restatement.moved[0];
        assert_eq!((moved.incident_id.as_str(), moved.target_id.as_str()), ("D", "resolve"));
        assert_eq!(moved.signed_outcome(), v1::Outcome::Met);
        assert_eq!(moved.present_outcome(), v1::Outcome::Breached);
        assert_eq!(moved.event_ids, ["late"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_can_t_be_signed_or_reviewed_is_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let refused = [
        (
            v1::SignServiceReviewRequest {
                as_of_time: Some(at("2026-10-20T00:00:00Z")),
                ..signing()
            },
            (Code::FailedPrecondition, "PERIOD_GOES_ON", vec![]),
        ),
        (
            v1::SignServiceReviewRequest { signed_by: " ".into(), ..signing() },
            (Code::InvalidArgument, "INVALID_FIELD", vec!["signed_by"]),
        ),
        (
            v1::SignServiceReviewRequest { period: "okt".into(), ..signing() },
            (Code::InvalidArgument, "INVALID_FIELD", vec!["period"]),
        ),
        (
            v1::SignServiceReviewRequest {
                as_of_time: Some(at("2100-01-01T00:00:00Z")),
                ..signing()
            },
            (Code::InvalidArgument, "INVALID_FIELD", vec!["as_of_time"]),
        ),
        (
            v1::SignServiceReviewRequest { contract_id: "X".into(), ..signing() },
            (Code::NotFound, "CONTRACT_NOT_FOUND", vec![]),
        ),
    ];
    for (request, (code, reason, fields)) in refused {
        let status = clients.compliance.sign_service_review(request).await.expect_err(reason);
        check(status, code, reason, &fields);
    }
    let both = v1::GetServiceReviewRequest { as_signed: true, ..asking() };
    let status = clients.compliance.get_service_review(both).await.expect_err("both");
    check(status, Code::InvalidArgument, "INVALID_FIELD", &["as_signed"]);
    let review = query(&mut clients, asking()).await;
    assert!(review.signatures.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_review_is_printed_and_written_as_a_page_that_needs_nothing_else() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let run = |subcommand: &str, flags: &[&str]| {
        let mut command = slx();
        command.args([subcommand, "S", "2026-10", "--tenant", TENANT, "--address"]);
        succeed(command.arg(&server.address).args(["--as-of-time", LATER]).args(flags))
    };
    // Numbers and their units are kept on one line.
    let plain = |text: String| text.replace('\u{a0}', " ");
    let output = plain(run("review", &[]));
    for line in [
        "Service review, October 2026",
        "Client: The municipality; provider: Us",
        "The objective of this review is met.",
        "75% of all incidents solved within 4 h of service hours",
        "The fee of October 2026 is €1,000.00. Credits come to at most 100% of the fee",
        "1 late by the contract",
        "Resolution P1: 4 h",
        "1 h over the limit; counted: 5 h with the provider",
        "excluded by the rule “Their own doing”; 3 h over the limit",
        "Underpinning contract “U” with The supplier",
        "19.2% of the service time was paused. 1 clock is in time thanks to that",
    ] {
        assert!(output.contains(line), "no {line:?} in:\n{output}");
    }
    let signed = run("sign", &["--by", "Anna B."]);
    assert!(signed.starts_with("2026-10 of S is signed by Anna B.\n"), "{signed}");
    assert!(signed.ends_with("signature review:S:2026-10:Anna-B-\n"), "{signed}");

    let file = data.path().join("review.html");
    let written = run("review", &["--html", &file.to_string_lossy()]);
    assert_eq!(written, format!("{} is written\n", file.display()));
    let page = std::fs::read_to_string(&file).expect("a page");
    for text in [
        "The objective of this review is met.",
        "<b>75.0%</b>",
        "For the client: The municipality",
        "Signed by Anna B.",
        "how many people were hit is not reported",
        "</html>",
    ] {
        assert!(page.contains(text), "no {text:?} in:\n{page}");
    }
    for outside in ["http:", "https:", "<script", "<link", "@import", "url(\""] {
        assert!(!page.contains(outside), "{outside} in:\n{page}");
    }
    let dutch = plain(run("review", &["--language", "nl"]));
    for line in ["Servicerapportage oktober 2026", "Opdrachtgever: De", "75% van alle incidenten"] {
        let line = line.replace("Opdrachtgever: De", "Opdrachtgever: The municipality");
        assert!(dutch.contains(&line), "no {line:?} in:\n{dutch}");
    }
    let json: serde_json::Value = serde_json::from_str(&run("review", &["--json"])).expect("JSON");
    assert_eq!(json["total"]["contractual"]["attainment"], "75");
    server.stop().await;
}

/// P16 and P19: only the number of the revision moves, and the words of a reason with it.
#[tokio::test]
async fn a_revision_that_moves_no_figure_restates_nothing_and_the_stamp_stays() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let answer = clients.compliance.sign_service_review(signing()).await.expect("signed");
    let known = answer.into_inner().signature.and_then(|signature| signature.known_time);
    let as_signed = query(&mut clients, signed()).await;
    let stamp = as_signed.stamp.expect("a stamp");
    assert_eq!(stamp.known_time, known);
    let get = v1::GetContractRequest {
        tenant: TENANT.into(),
        contract_id: "S".into(),
        ..Default::default()
    };
    let contract = clients.contracts.get_contract(get).await.expect("it is there").into_inner();
    let mut contract = contract.contract.expect("a contract");
    contract.title = "The same by another title".into();
    let put = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        effective_time: Some(at("1970-01-01T00:00:00Z")),
        ..Default::default()
    };
    clients.contracts.put_contract(put).await.expect("put");
    let now = query(&mut clients, asking()).await;
    let restatement = now.restatement.expect("a restatement");
    assert_eq!(restatement.moved_count, 0);
    assert!(restatement.signed_objectives.is_empty(), "{:?}", restatement.signed_objectives);
    assert_eq!(restatement.signed_credits, None);
    let again = query(&mut clients, signed()).await;
    assert_eq!(again, as_signed);
    let same = v1::GetServiceReviewRequest {
        as_of_time: stamp.as_of_time,
        known_time: stamp.known_time,
        ..asking()
    };
    assert_eq!(query(&mut clients, same).await.stamp, Some(stamp));
}

/// P4, P9: an objective whose period still runs is met so far, never met; one that missed is named
/// with its words, and incidents are links where the contract says how.
#[tokio::test]
async fn what_still_runs_is_met_so_far_and_incidents_are_links() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let shown = "  language: de-AT\n  incident_url_template: https://desk/{incident_id}\n  terms:";
    apply(&server, &TERMS.replacen("  terms:", shown, 1));
    for (id, day, hours) in [("A", "10-06", 3), ("B", "10-07", 5)] {
        clients.record(incident(id, day, hours)).await;
    }
    let file = data.path().join("review.html");
    let run = |as_of: &str, flags: &[&str]| {
        let mut command = slx();
        command.args(["review", "S", "2026-10", "--tenant", TENANT, "--address"]);
        let command = command.arg(&server.address).args(["--as-of-time", as_of]);
        succeed(command.args(["--html", &file.to_string_lossy()]).args(flags));
        std::fs::read_to_string(&file).expect("a page").replace('\u{a0}', " ")
    };
    let runs = run("2026-10-06T20:00:00Z", &["--language", "en"]);
    assert!(runs.contains("✓ met so far") && !runs.contains("✓ met<"), "{runs}");
    assert!(runs.contains("October 2026, so far"), "{runs}");
    let over = run(LATER, &[]);
    for text in ["<html lang=\"de-AT\">", "✗ verfehlt", "href=\"https://desk/B\"", "Oktober 2026"]
    {
        assert!(over.contains(text), "no {text:?} in:\n{over}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_language_that_is_no_tag_and_a_url_that_is_none_are_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut put = async |language: &str, template: &str| {
        let contract = v1::Contract {
            language: language.into(),
            incident_url_template: template.into(),
            ..crate::testing::contract("S")
        };
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract),
            validate_only: true,
            ..Default::default()
        };
        clients.contracts.put_contract(request).await
    };
    let status = put("dutch", "javascript:{incident_id}").await.expect_err("both");
    let fields = ["contract.language", "contract.incident_url_template"];
    check(status, Code::InvalidArgument, "INVALID_FIELD", &fields);
    server.stop().await;
}
