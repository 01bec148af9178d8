//! The second account: what people went through, beside what was agreed.

use prost_types::Duration;
use slx::wire::v1;
use slx::wire::v1::incident_event::Fact;

use crate::kit::{Clients, Server, TENANT, at, contract, event, hours, opened, slx, succeed};

const LATER: &str = "2026-11-10T12:00:00Z";

fn minutes(minutes: i64) -> Duration {
    Duration { seconds: minutes * 60, nanos: 0 }
}

/// Resolution within eight hours for P1, which may trouble people for four.
fn essay_contract() -> v1::Contract {
    let mut contract = contract("C");
    let terms = contract.terms.as_mut().expect("terms");
    terms.targets[0].limits[0].limit = Some(hours(8));
    let limit = v1::ExperienceLimit { priority: "P1".into(), limit: Some(hours(4)) };
    terms.experience = Some(v1::ExperienceTerms {
        calendar_id: "office".into(),
        limits: vec![limit],
        people: 400,
    });
    contract
}

fn hit(contracts: &[&str], people: i32) -> Fact {
    let Fact::Opened(opening) = opened("C", "P1") else { unreachable!("it opens") };
    let contract_ids = contracts.iter().map(|id| (*id).to_owned()).collect();
    Fact::Opened(v1::Opened { contract_ids, affected_users: people, ..opening })
}

fn worked(duration: Duration) -> Fact {
    Fact::WorkLogged(v1::WorkLogged { duration: Some(duration), ..Default::default() })
}

/// Forty people stopped at nine in Amsterdam; half an hour of work, just before three.
async fn record_essay(clients: &mut Clients, incident: &str) {
    let done = "2026-10-06T13:00:00Z";
    let survey = v1::Surveyed { score: 3, lost_time: Some(hours(200)) };
    let facts = vec![
        event(incident, "o", "2026-10-06T07:00:00Z", hit(&["C"], 40)),
        event(incident, "w", done, worked(minutes(30))),
        event(incident, "r", done, Fact::Resolved(v1::Resolved {})),
        event(incident, "s", "2026-10-07T08:00:00Z", Fact::Surveyed(survey)),
    ];
    clients.record(facts).await;
}

#[tokio::test]
async fn half_an_hour_of_work_left_for_six_is_met_and_cost_240_hours() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(essay_contract()).await;
    record_essay(&mut clients, "E").await;
    let judged = clients.evaluate("E", LATER, None).await;
    let verdict = judged.verdicts.iter().find(|v| v.target_id == "resolve").expect("a verdict");
    assert_eq!(verdict.outcome(), v1::Outcome::Met);
    let [lived] = judged.experience.as_slice() else { panic!("{:?}", judged.experience) };
    assert_eq!(lived.lost_time, Some(hours(240)));
    assert_eq!((lived.experienced_time, lived.limit), (Some(hours(6)), Some(hours(4))));
    assert_eq!((lived.gap, lived.people_hit), (Some(hours(0)), 40));
    assert_eq!(lived.trouble_end_time, Some(at("2026-10-06T13:00:00Z")));
    let flow = lived.flow.clone().expect("a flow");
    assert_eq!((flow.touch_time, flow.idle_time), (Some(minutes(30)), Some(minutes(330))));
    assert_eq!(flow.efficiency_percent, "8.3333");
    let survey = lived.survey.clone().expect("a survey");
    assert_eq!((survey.average_score.as_str(), survey.lost_time), ("3", Some(hours(200))));

    let told = shown(&server, "E");
    assert!(told.contains("240h 00m") && told.contains("5h 30m"), "{told}");
}

fn shown(server: &Server, incident: &str) -> String {
    let mut command = slx();
    command.args(["incident", incident, "--tenant", TENANT, "--address", &server.address]);
    succeed(command.args(["--as-of-time", LATER, "--zone", "Europe/Amsterdam"]))
}

#[tokio::test]
async fn a_supplier_that_may_take_longer_than_the_sla_shows_in_the_chain() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut sla = contract("C");
    let pause = v1::Pause { waiting_on: v1::WaitingOn::ThirdParty as i32, ..Default::default() };
    sla.terms.as_mut().expect("terms").targets[0].pauses.push(pause);
    clients.put_contract(sla).await;
    let mut supplier = contract("UC");
    supplier.kind = v1::ContractKind::Uc as i32;
    supplier.provider = "Carrier".into();
    supplier.underpins = "C".into();
    let target = &mut supplier.terms.as_mut().expect("terms").targets[0];
    target.limits[0].limit = Some(hours(16));
    target.start_when = "waiting_on == 'third_party'".into();
    let findings = clients.put_contract(supplier).await.findings;
    let warned = findings.iter().any(|finding| finding.description.contains("longer than"));
    assert!(warned, "{findings:?}");

    let carrier = Fact::StatusChanged(v1::StatusChanged {
        waiting_on: v1::WaitingOn::ThirdParty as i32,
        third_party: "Carrier".into(),
        ..Default::default()
    });
    // From Tuesday 9:00 on: two hours ours, twelve theirs over the night, one ours.
    let facts = vec![
        event("S", "o", "2026-10-06T07:00:00Z", hit(&["C", "UC"], 5)),
        event("S", "w", "2026-10-06T09:00:00Z", carrier),
        event("S", "b", "2026-10-07T13:00:00.5Z", crate::kit::waiting(v1::WaitingOn::Provider)),
        event("S", "r", "2026-10-07T14:00:00.5Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(facts).await;
    let judged = clients.evaluate("S", LATER, None).await;
    let links: Vec<_> = judged.chain.iter().map(|l| (&*l.contract_id, &*l.underpins)).collect();
    assert_eq!(links, [("C", ""), ("UC", "C")]);
    assert_eq!(judged.chain[1].kind(), v1::ContractKind::Uc);
    let outcome = |contract: &str| {
        let is_it = |v: &&v1::TargetVerdict| v.contract_id == contract && v.target_id == "resolve";
        judged.verdicts.iter().find(is_it).map(|verdict| verdict.outcome())
    };
    assert_eq!(outcome("C"), Some(v1::Outcome::Met), "three hours of its own");
    assert_eq!(outcome("UC"), Some(v1::Outcome::Met), "thirteen of sixteen");
    let time = |kind: v1::PartyTimeKind| {
        let mut found = judged.party_time.iter().filter(|part| part.contract_id == "C");
        found.find(|part| part.kind() == kind).and_then(|part| part.duration)
    };
    let nanos = 500_000_000;
    let theirs = Duration { nanos, ..hours(12) };
    assert_eq!(time(v1::PartyTimeKind::Provider), Some(hours(3)));
    assert_eq!(time(v1::PartyTimeKind::ThirdParty), Some(theirs));
    assert_eq!(time(v1::PartyTimeKind::ClosedHours), Some(hours(16)));
    assert_eq!(time(v1::PartyTimeKind::Client), None);
    let lived = judged.experience.iter().find(|lived| lived.contract_id == "C").expect("it");
    assert_eq!(lived.experienced_time, Some(Duration { nanos, ..hours(15) }));
    assert_eq!(lived.gap, Some(theirs), "what the pause hid");

    let told = shown(&server, "S");
    assert!(told.contains("\n  UC"), "{told}");
    assert!(
        told.lines().any(|line| line.contains("Carrier") && line.contains("12h 00m")),
        "{told}"
    );
}
