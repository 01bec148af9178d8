//! What contracts promise of services beyond a share of time: several services together, started
//! minutes, error rates, mean times, and outages that are excluded.

use prost_types::Duration;
use slx::codec::v1;
use slx::codec::v1::objective::Promise;
use slx::codec::v1::service_event::Fact;

use crate::testing::{Clients, Server, TENANT, at, contract, hours, seconds, slx, succeed};

const ENDED: &str = "2026-12-20T00:00:00Z";

fn minutes(minutes: i64) -> Option<Duration> {
    Some(seconds(minutes * 60))
}

fn objective(id: &str, promise: Promise) -> v1::Objective {
    v1::Objective {
        id: id.into(),
        period: v1::ObjectivePeriod::Month as i32,
        promise: Some(promise),
        ..Default::default()
    }
}

fn availability(services: &[&str]) -> v1::AvailabilityObjective {
    v1::AvailabilityObjective {
        services: services.iter().map(|id| (*id).to_owned()).collect(),
        percent: "99.95".into(),
        calendar_id: "always".into(),
        ..Default::default()
    }
}

/// A contract with these objectives and exclusions, on a server that knows its calendars.
async fn start(
    data: &tempfile::TempDir,
    objectives: Vec<v1::Objective>,
    exclusions: Vec<v1::Exclusion>,
) -> (Server, Clients) {
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_always().await;
    let mut contract = contract("C");
    let terms = contract.terms.as_mut().expect("terms");
    (terms.objectives, terms.exclusions) = (objectives, exclusions);
    clients.put_contract(contract).await;
    (server, clients)
}

fn event(service: &str, event_id: &str, time: &str, fact: Fact) -> v1::ServiceEvent {
    v1::ServiceEvent {
        event_id: event_id.into(),
        service: service.into(),
        occur_time: Some(at(&format!("2026-11-{time}Z"))),
        fact: Some(fact),
        ..Default::default()
    }
}

/// An outage, which starts with the event `id`.
fn outage(service: &str, id: &str, from: &str, to: &str) -> Vec<v1::ServiceEvent> {
    let ends = format!("{id}-ends");
    vec![
        event(service, id, from, Fact::OutageStarted(Default::default())),
        event(service, &ends, to, Fact::OutageEnded(Default::default())),
    ]
}

async fn results(clients: &mut Clients) -> Vec<v1::ObjectiveResult> {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-11".into(),
        as_of_time: Some(at(ENDED)),
        ..Default::default()
    };
    let answer = clients.compliance.get_compliance(request).await;
    answer.expect("computed").into_inner().objectives
}

fn uptime(result: &v1::ObjectiveResult) -> v1::Uptime {
    result.uptime.clone().expect("how it was up")
}

/// P18: "both zones down at once", each started minute, and a group of which any may be down.
#[tokio::test]
async fn several_services_are_promised_together_and_by_the_started_minute() {
    let data = tempfile::tempdir().expect("a directory");
    let zones = ["zone-a", "zone-b"];
    let all = v1::AvailabilityObjective {
        down_when: v1::DownWhen::All as i32,
        downtime_unit: minutes(1),
        ..availability(&zones)
    };
    let outages = v1::OutagesObjective {
        services: zones.map(str::to_owned).to_vec(),
        down_when: v1::DownWhen::All as i32,
        most: 0,
        calendar_id: "always".into(),
        ..Default::default()
    };
    let objectives = vec![
        objective("both", Promise::Availability(all)),
        objective("any", Promise::Availability(availability(&zones))),
        objective("outages", Promise::Outages(outages)),
    ];
    let (_server, mut clients) = start(&data, objectives, vec![]).await;
    clients.record_services(outage("zone-a", "a", "05T02:00:00", "05T03:00:00")).await;
    let found = results(&mut clients).await;
    let verdicts: Vec<_> = found.iter().map(|result| result.verdict()).collect();
    let (met, missed) = (v1::ObjectiveVerdict::Met, v1::ObjectiveVerdict::Missed);
    assert_eq!(verdicts, [met, missed, met], "one zone was up");
    let Some(Promise::Availability(kept)) = found[0].objective.clone().and_then(|o| o.promise)
    else {
        panic!("{found:?}");
    };
    assert_eq!(
        (kept.services.clone(), kept.down_when()),
        (zones.map(str::to_owned).to_vec(), v1::DownWhen::All)
    );
    assert_eq!(kept.downtime_unit, minutes(1), "as it was put");

    clients.record_services(outage("zone-b", "b", "05T02:30:00", "05T02:51:01")).await;
    let found = results(&mut clients).await;
    let both = uptime(&found[0]);
    assert_eq!((both.downtime, found[0].verdict()), (minutes(22), missed), "21 min 1 s");
    assert_eq!(both.downtime_allowance, Some(seconds(21 * 60 + 36 - 22 * 60)));
    assert_eq!((both.outages, both.longest_outage), (1, Some(seconds(21 * 60 + 1))));
    assert_eq!(uptime(&found[1]).downtime, minutes(60));
    assert_eq!((found[2].verdict(), found[2].breach_allowance), (missed, -1));

    // The other account of the same facts: forecasts of how the allowance is used up.
    let request = v1::ForecastObjectivesRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-11".into(),
        as_of_time: Some(at("2026-11-05T06:00:00Z")),
        ..Default::default()
    };
    let answer = clients.forecasts.forecast_objectives(request).await.expect("forecast");
    let budgets = answer.into_inner().objectives;
    let used = budgets.iter().filter_map(|objective| objective.error_budget.as_ref());
    let left: Vec<_> = used.map(|budget| budget.left).collect();
    assert_eq!(left, [Some(seconds(-24)), Some(seconds(21 * 60 + 36 - 3600))]);
}

/// P18: outages of the client or of force majeure are left out by rule or by a decision, and stay
/// visible with what they would have cost.
#[tokio::test]
async fn an_outage_is_excluded_by_a_rule_or_a_decision_and_stays_visible() {
    let data = tempfile::tempdir().expect("a directory");
    let up = || Promise::Availability(availability(&["mail"]));
    let mean = Promise::MeanTimeToRestore(v1::MeanTimeToRestoreObjective {
        service: "mail".into(),
        at_most: Some(hours(1)),
        calendar_id: "always".into(),
        ..Default::default()
    });
    let rules = vec![
        v1::Exclusion {
            id: "client".into(),
            title: "The client's own doing".into(),
            cause: v1::Party::Client as i32,
            ..Default::default()
        },
        v1::Exclusion {
            id: "force-majeure".into(),
            outage_reasons: vec!["force majeure".into()],
            objective_ids: vec!["up".into()],
            ..Default::default()
        },
    ];
    let objectives = vec![objective("up", up()), objective("mean", mean)];
    let (server, mut clients) = start(&data, objectives, rules).await;
    clients.record_services(outage("mail", "short", "03T10:00:00", "03T10:10:00")).await;
    clients.record_services(outage("mail", "long", "05T02:00:00", "05T05:00:00")).await;
    let found = results(&mut clients).await;
    assert_eq!(found[0].verdict(), v1::ObjectiveVerdict::Missed);
    assert_eq!(uptime(&found[0]).without_exclusions, None, "nothing is excluded");
    // 10 and 180 minutes.
    assert_eq!(uptime(&found[1]).mean_time_to_restore, minutes(95));
    assert_eq!(found[1].verdict(), v1::ObjectiveVerdict::Missed);

    let attributed = |party: v1::Party, reason: &str| {
        Fact::OutageAttributed(v1::OutageAttributed {
            outage_event_id: "long".into(),
            party: party as i32,
            reason: reason.into(),
            ..Default::default()
        })
    };
    let flood = attributed(v1::Party::Unspecified, "force majeure");
    clients.record_services(vec![event("mail", "c1", "06T09:00:00", flood)]).await;
    let found = results(&mut clients).await;
    let up = uptime(&found[0]);
    assert_eq!((found[0].verdict(), up.downtime), (v1::ObjectiveVerdict::Met, minutes(10)));
    let excluded = up.excluded_outages.first().expect("an excluded outage");
    assert_eq!((excluded.rule_id.as_str(), excluded.agreed_time), ("force-majeure", minutes(180)));
    assert_eq!(excluded.start_time, Some(at("2026-11-05T02:00:00Z")));
    let without = up.without_exclusions.expect("what it would have been");
    assert_eq!(without.verdict(), v1::ObjectiveVerdict::Missed);
    // 190 of 43,200 minutes.
    assert_eq!((without.percent.as_str(), without.downtime), ("99.5601", minutes(190)));
    assert_eq!(without.mean_time_to_restore, minutes(95));
    assert_eq!(uptime(&found[1]).without_exclusions, None, "the rule is for the other objective");

    let client = attributed(v1::Party::Client, "");
    clients.record_services(vec![event("mail", "c2", "07T09:00:00", client)]).await;
    let found = results(&mut clients).await;
    assert_eq!(found[1].verdict(), v1::ObjectiveVerdict::Met);
    assert_eq!(uptime(&found[1]).mean_time_to_restore, minutes(10));

    let decision = |excluded| {
        Fact::OutageExclusionDecided(v1::OutageExclusionDecided {
            outage_event_id: "long".into(),
            contract_id: "C".into(),
            excluded,
            decided_by: "Ann and Bob".into(),
            reason: "the provider had been warned".into(),
            ..Default::default()
        })
    };
    clients.record_services(vec![event("mail", "d1", "08T09:00:00", decision(false))]).await;
    let found = results(&mut clients).await;
    assert_eq!(found[0].verdict(), v1::ObjectiveVerdict::Missed, "a decision precedes the rules");
    clients.record_services(vec![event("mail", "d2", "09T09:00:00", decision(true))]).await;
    let found = results(&mut clients).await;
    let excluded = uptime(&found[0]).excluded_outages.remove(0);
    assert_eq!((excluded.decision_event_id.as_str(), excluded.rule_id.as_str()), ("d2", ""));

    let mut command = slx();
    command.args(["compliance", "C", "2026-11", "--tenant", TENANT]);
    let output = succeed(command.args(["--address", &server.address, "--as-of-time", ENDED]));
    for said in ["mean at most 1h 00m", "Ann and Bob", "Without exclusions up would be missed"] {
        assert!(output.contains(said), "{said}: {output}");
    }
}

/// P18: uptime by request error rate, as a share of requests and as stretches that are down.
#[tokio::test]
async fn requests_make_a_share_or_outages() {
    let data = tempfile::tempdir().expect("a directory");
    let rated = v1::AvailabilityObjective {
        down_above_error_percent: "5".into(),
        ..availability(&["api"])
    };
    let served = Promise::Requests(v1::RequestsObjective {
        service: "api".into(),
        percent: "99.9".into(),
        minimum_requests: 2_000,
    });
    let objectives =
        vec![objective("up", Promise::Availability(rated)), objective("served", served)];
    let (_server, mut clients) = start(&data, objectives, vec![]).await;
    let counted = |id: &str, time: &str, requests, failed| {
        let duration = minutes(5);
        event(
            "api",
            id,
            time,
            Fact::RequestsCounted(v1::RequestsCounted { requests, failed, duration }),
        )
    };
    clients.record_services(vec![counted("1", "05T02:05:00", 1_000, 50)]).await;
    let found = results(&mut clients).await;
    assert_eq!(uptime(&found[0]).downtime, minutes(0), "exactly the rate");
    assert_eq!(found[1].verdict(), v1::ObjectiveVerdict::NoData);
    let more = vec![counted("2", "05T02:10:00", 1_000, 51), counted("3", "05T02:15:00", 99_000, 0)];
    clients.record_services(more).await;
    let found = results(&mut clients).await;
    assert_eq!((uptime(&found[0]).downtime, uptime(&found[0]).outages), (minutes(5), 1));
    let requests = found[1].requests.expect("requests");
    assert_eq!((requests.requests, requests.failed), (101_000, 101));
    assert_eq!(
        (found[1].percent.as_str(), found[1].verdict()),
        ("99.9", v1::ObjectiveVerdict::Met)
    );
}

#[tokio::test]
async fn terms_and_facts_of_services_that_make_no_sense_are_refused_by_name() {
    let data = tempfile::tempdir().expect("a directory");
    let up = objective("up", Promise::Availability(availability(&["mail"])));
    let (_server, mut clients) = start(&data, vec![up], vec![]).await;
    let both = v1::AvailabilityObjective { service: "mail".into(), ..availability(&["web"]) };
    let mut unsound = contract("D");
    let terms = unsound.terms.as_mut().expect("terms");
    terms.objectives = vec![
        objective("a", Promise::Availability(both)),
        objective("b", Promise::Availability(availability(&[]))),
        objective("c", Promise::MeanTimeToRestore(Default::default())),
    ];
    let rule = v1::Exclusion {
        id: "r".into(),
        objective_ids: vec!["nothing".into()],
        outage_reasons: vec!["flood".into()],
        ..Default::default()
    };
    terms.exclusions = vec![rule];
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(unsound),
        ..Default::default()
    };
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    let said = format!("{status:?}");
    for field in [
        "objectives[0].availability.service",
        "objectives[1].availability.service",
        "objectives[2].mean_time_to_restore.at_most",
    ] {
        assert!(said.contains(field), "{field}: {said}");
    }
    let wrong = [
        Fact::RequestsCounted(v1::RequestsCounted { requests: 1, failed: 2, ..Default::default() }),
        Fact::OutageAttributed(v1::OutageAttributed {
            outage_event_id: "x".into(),
            ..Default::default()
        }),
        Fact::OutageExclusionDecided(v1::OutageExclusionDecided {
            outage_event_id: "x".into(),
            ..Default::default()
        }),
    ];
    let fields = [
        "requests_counted.failed",
        "outage_attributed.party",
        "outage_exclusion_decided.contract_id",
    ];
    for (fact, field) in wrong.into_iter().zip(fields) {
        let mut events = vec![event("mail", "wrong", "05T02:00:00", fact)];
        events.extend(outage("mail", "sound", "06T02:00:00", "06T02:10:00"));
        let request = v1::RecordServiceEventsRequest { tenant: TENANT.into(), events };
        let answer = clients.incidents.record_service_events(request).await.expect("answered");
        let rejection = answer.into_inner().results[0].rejection.clone().expect("refused");
        assert_eq!(rejection.violations[0].field, field);
    }
}

/// P18: an excluded outage is settled like an excluded clock: by a rule or a decision, by facet,
/// until the ground is gone.
#[tokio::test]
async fn an_excluded_outage_is_an_item_to_settle() {
    let data = tempfile::tempdir().expect("a directory");
    let long = v1::OutagesObjective {
        service: "mail".into(),
        calendar_id: "always".into(),
        ..Default::default()
    };
    let objectives = vec![
        objective("up", Promise::Availability(availability(&["mail"]))),
        objective("outages", Promise::Outages(long)),
    ];
    let theirs = v1::Exclusion {
        id: "client".into(),
        title: "Their own doing".into(),
        cause: v1::Party::Client as i32,
        objective_ids: vec!["up".into()],
        ..Default::default()
    };
    let (server, mut clients) = start(&data, objectives, vec![theirs]).await;
    clients.record_services(outage("mail", "a", "05T02:00:00", "05T04:00:00")).await;
    clients.record_services(outage("mail", "b", "07T02:00:00", "07T03:00:00")).await;
    let list = async |clients: &mut Clients| {
        let request = v1::ListSettlementItemsRequest {
            tenant: TENANT.into(),
            contract_id: "C".into(),
            as_of_time: Some(at(ENDED)),
            ..Default::default()
        };
        let listed = clients.settlement.list_settlement_items(request).await.expect("listed");
        listed.into_inner().items
    };
    assert!(list(&mut clients).await.is_empty(), "nothing is excluded");
    let caused = Fact::OutageAttributed(v1::OutageAttributed {
        outage_event_id: "a".into(),
        party: v1::Party::Client as i32,
        ..Default::default()
    });
    let decision = |excluded| {
        Fact::OutageExclusionDecided(v1::OutageExclusionDecided {
            outage_event_id: "b".into(),
            contract_id: "C".into(),
            excluded,
            decided_by: "Ann and Bob".into(),
            reason: "a flood".into(),
            ..Default::default()
        })
    };
    clients.record_services(vec![event("mail", "c", "06T09:00:00", caused)]).await;
    clients.record_services(vec![event("mail", "d", "08T09:00:00", decision(true))]).await;
    let items: Vec<_> = list(&mut clients).await.into_iter().filter_map(|s| s.item).collect();
    let shown: Vec<_> = items.iter().map(|i| (i.item_id.as_str(), i.summary.as_str())).collect();
    let expected = [
        (
            "outage:C:mail:a",
            "mail down for 2 h, excluded by rule client (Their own doing); left out of up",
        ),
        (
            "outage:C:mail:b",
            "mail down for 1 h, excluded by Ann and Bob: a flood; left out of up, outages",
        ),
    ];
    assert_eq!(shown, expected);
    assert!(items.iter().all(|item| item.kind() == v1::SettlementKind::ExcludedOutage));
    assert_eq!(items[0].open_time, Some(at("2026-11-06T09:00:00Z")));
    assert_eq!(items[1].event_ids, ["b", "d"]);
    // The review of the month lists both; one facet is settled, and stays so when the ground goes.
    let mut command = slx();
    command.args(["review", "C", "2026-11", "--tenant", TENANT, "--as-of-time", ENDED]);
    let shown = succeed(command.args(["--address", &server.address]));
    assert!(shown.contains("outage excluded from the contractual figures"), "{shown}");
    let decided = v1::DecideSettlementItemRequest {
        tenant: TENANT.into(),
        decision: Some(v1::SettlementDecision {
            decision_id: "1".into(),
            item_id: "outage:C:mail:b".into(),
            facet: v1::SettlementFacet::Financial as i32,
            state: v1::SettlementState::Agreed as i32,
            decided_by: "Ann".into(),
            ..Default::default()
        }),
    };
    clients.settlement.decide_settlement_item(decided).await.expect("decided");
    clients.record_services(vec![event("mail", "e", "09T09:00:00", decision(false))]).await;
    let items = list(&mut clients).await;
    let ids: Vec<_> = items
        .iter()
        .map(|status| (status.item.clone().unwrap_or_default().item_id, status.withdrawn))
        .collect();
    assert!(ids.contains(&("outage:C:mail:a".into(), false)), "{ids:?}");
    assert!(!ids.contains(&("outage:C:mail:b".into(), false)), "{ids:?}");
}

/// P18: the mean time to respond and the first-contact resolution, as figures and as promises.
#[tokio::test]
async fn the_mean_time_to_respond_and_first_contacts_are_figures_and_promises() {
    use v1::incident_event::Fact as Incident;
    let data = tempfile::tempdir().expect("a directory");
    let mean = Promise::MeanTime(v1::MeanTimeObjective {
        target_id: "respond".into(),
        at_most: minutes(40),
        ..Default::default()
    });
    let first = Promise::Experience(v1::ExperienceObjective {
        measure: Some(v1::experience_objective::Measure::FirstContactPercent("50".into())),
        ..Default::default()
    });
    let objectives = vec![objective("mean", mean), objective("first", first)];
    let (server, mut clients) = start(&data, objectives, vec![]).await;
    let fact = |id: &str, event_id: &str, time: &str, fact| {
        crate::testing::event(id, event_id, &format!("2026-11-{time}:00Z"), fact)
    };
    let assigned = |group: &str| {
        Incident::Assigned(v1::Assigned { group: Some(group.into()), ..Default::default() })
    };
    // Responded after 30 and 51 minutes; by the first group, and by the second.
    for (id, respond) in [("A", "03T09:30"), ("B", "03T09:51")] {
        let mut facts = vec![
            fact(id, "o", "03T09:00", crate::testing::opened("C", "P1")),
            fact(id, "g", "03T09:00", assigned("desk")),
            fact(id, "p", respond, Incident::Responded(v1::Responded {})),
            fact(id, "r", "03T10:00", Incident::Resolved(v1::Resolved {})),
        ];
        if id == "B" {
            facts.push(fact(id, "h", "03T09:20", assigned("second line")));
        }
        clients.record(facts).await;
    }
    let found = results(&mut clients).await;
    assert_eq!(found[0].mean_time, Some(seconds(40 * 60 + 30)), "of 30 and 51 minutes");
    assert_eq!(found[0].verdict(), v1::ObjectiveVerdict::Missed);
    assert_eq!((found[1].percent.as_str(), found[1].verdict()), ("50", v1::ObjectiveVerdict::Met));
    // One that never was with a group is not known; one that responds at once lowers the mean.
    let facts = vec![
        fact("D", "o", "04T09:00", crate::testing::opened("C", "P1")),
        fact("D", "r", "04T09:00", Incident::Resolved(v1::Resolved {})),
    ];
    clients.record(facts).await;
    let found = results(&mut clients).await;
    assert_eq!(found[0].mean_time, Some(seconds(27 * 60)));
    assert_eq!(found[0].verdict(), v1::ObjectiveVerdict::Met);
    let people = found[1].experience.clone().and_then(|experience| experience.experience_totals);
    let people = people.expect("experience totals");
    assert_eq!((people.first_contact, people.first_contact_known), (1, 2));
    assert_eq!(people.first_contact_percent, "50");

    let mut command = slx();
    command.args(["compliance", "C", "2026-11", "--tenant", TENANT]);
    let output = succeed(command.args(["--address", &server.address, "--as-of-time", ENDED]));
    for said in ["mean at most 0h 40m", "first contact 50%", "FIRST CONTACT"] {
        assert!(output.contains(said), "{said}: {output}");
    }
}
