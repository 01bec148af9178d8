//! P18: the age of the backlog, as a figure and as an objective.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, apply, at, event, hours, opened, slx, succeed};

const TERMS: &str = "
calendars:
- {id: always, time_zone: Europe/Amsterdam, always_open: true}
contracts:
- id: C
  kind: sla
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - {id: resolve, metric: resolution, limits: [{limit: 4h, calendar_id: always}]}
    objectives:
    - {id: old, period: month, backlog: {target_id: resolve, most: 1, older_than: 720h}}
    - id: age
      period: month
      backlog: {target_id: resolve, priorities: [P2], percentile: 50, at_most: 240h}
    - {id: oldest, period: month, backlog: {target_id: resolve, at_most: 900h}}
    credits:
      fee: 1000.00 EUR
      rules: [{objective_id: old, tiers: [{credit_percent: 5}]}]
";

async fn month(clients: &mut Clients, period: &str, as_of: &str) -> v1::GetComplianceResponse {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        as_of_time: Some(at(as_of)),
        group_by: vec![v1::GroupKey::Priority as i32],
        ..Default::default()
    };
    clients.compliance.get_compliance(request).await.expect("computed").into_inner()
}

/// Open at the end of June in Amsterdam, 22:00 in UTC: opened 40, 32 and 12 days before, and half a
/// day; one was late and closed before, one is closed in July.
async fn incidents(clients: &mut Clients) {
    for (id, priority, from, to) in [
        ("a", "P1", "2026-05-21T22:00:00Z", None),
        ("b", "P2", "2026-05-29T22:00:00Z", Some("2026-07-03T00:00:00Z")),
        ("c", "P2", "2026-06-18T22:00:00Z", None),
        ("d", "P2", "2026-06-30T10:00:00Z", Some("2026-07-01T00:00:00Z")),
        ("e", "P2", "2026-05-01T10:00:00Z", Some("2026-06-30T00:00:00Z")),
    ] {
        clients.record(vec![event(id, "o", from, opened("C", priority))]).await;
        if let Some(to) = to {
            clients.record(vec![event(id, "r", to, Fact::Resolved(v1::Resolved {}))]).await;
        }
    }
}

#[tokio::test]
async fn the_age_of_what_is_open_at_a_months_end_is_a_figure_and_an_objective() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    apply(&server, TERMS);
    incidents(&mut clients).await;
    let june = month(&mut clients, "2026-06", "2026-07-20T00:00:00Z").await;
    let backlog: i64 = june.groups.iter().map(|group| group.backlog).sum();
    let p2 = june.groups.iter().find(|group| group.priority == "P2").expect("a group");
    assert_eq!((backlog, p2.backlog), (4, 3));
    // Of 12 h, 288 h and 768 h.
    assert_eq!(p2.backlog_age_p50, Some(hours(288)));
    assert_eq!(p2.backlog_age_p90, Some(hours(768)));
    assert_eq!(p2.backlog_age_oldest, Some(hours(768)));
    let found: Vec<_> = june.objectives.iter().map(|o| (o.verdict(), o.breach_allowance)).collect();
    use v1::ObjectiveVerdict::{AtRisk, Met, Missed};
    // Two are older than 30 days, where one may be; the median of P2 is 12 days, over 10; and the
    // oldest of all 40 days, over 900 h.
    assert_eq!(found, [(Missed, -1), (Missed, 0), (Missed, 0)]);
    let stock = june.objectives[0].backlog.expect("a backlog");
    let expected =
        v1::Backlog { open: 4, older: 2, percentile: None, oldest: Some(hours(40 * 24)) };
    assert_eq!(stock, expected);
    assert_eq!(june.objectives[1].backlog.unwrap().percentile, Some(hours(288)));
    assert_eq!(june.credits.expect("a statement").total_amount, 5_000);
    // The same from the tallies as one by one, and later; and so far while the month goes on.
    let now = month(&mut clients, "2026-06", "2190-01-01T00:00:00Z").await;
    assert_eq!(now.groups, june.groups);
    assert_eq!(now.objectives, june.objectives);
    let on_the_20th = month(&mut clients, "2026-06", "2026-06-20T22:00:00Z").await;
    // a is 30 days old, and b 22; e is 50, and open.
    let stock = on_the_20th.objectives[0].backlog.expect("a backlog");
    assert_eq!((stock.open, stock.older), (4, 1));
    assert_eq!(on_the_20th.objectives[0].verdict(), Met);
    assert_eq!(on_the_20th.objectives[2].verdict(), AtRisk, "e is 50 days old");
    let printed = |subcommand: &str, more: &[&str]| {
        let mut command = slx();
        command.args([subcommand, "C", "2026-06", "--tenant", TENANT]);
        command.args(["--as-of-time", "2026-07-20T00:00:00Z"]).args(more);
        succeed(command.args(["--address", &server.address]))
    };
    let shown = printed("compliance", &[]);
    for text in ["at most 1 older than 720h", "p50 of ages at most 240h", "-1 older", "BACKLOG"] {
        assert!(shown.contains(text), "{text:?} in {shown}");
    }
    for (language, text) in [
        ("en", "Of all incidents, at most 1 open for more than"),
        ("nl", "Van alle incidenten staat er aan het einde hoogstens 1 langer dan"),
        ("de", "Anzahl aller Störungen, die am Ende länger als"),
    ] {
        let shown = printed("review", &["--language", language]);
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(text), "{text:?} in {shown}");
    }
}

/// Where the contract ends within the month, what is open as it ends is meant.
#[tokio::test]
async fn what_is_open_as_the_contract_ends_is_its_backlog() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    apply(&server, TERMS);
    incidents(&mut clients).await;
    let request = v1::EndContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        end_time: Some(at("2026-06-10T00:00:00Z")),
    };
    clients.contracts.end_contract(request).await.expect("ended");
    let june = month(&mut clients, "2026-06", "2026-07-20T00:00:00Z").await;
    // a, b and e were open then: 19, 11 and 39 days old.
    let stock = june.objectives[0].backlog.expect("a backlog");
    assert_eq!((stock.open, stock.older), (3, 1));
    assert_eq!(
        june.objectives[0].counted.clone().unwrap().end_time,
        Some(at("2026-06-10T00:00:00Z"))
    );
    let july = month(&mut clients, "2026-07", "2026-08-20T00:00:00Z").await;
    assert!(july.objectives.iter().all(|o| o.verdict() == v1::ObjectiveVerdict::NoData));
}

/// What says no bound, or two, is refused by its field.
#[tokio::test]
async fn a_backlog_without_a_bound_or_with_two_is_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    apply(&server, TERMS);
    let stored = clients.contracts.get_contract(v1::GetContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        ..Default::default()
    });
    let contract = stored.await.expect("found").into_inner().contract.expect("a contract");
    let day = Some(hours(24));
    for (wrong, field) in [
        (v1::BacklogObjective::default(), "older_than"),
        (v1::BacklogObjective { older_than: day, at_most: day, ..Default::default() }, "at_most"),
        (
            v1::BacklogObjective { at_most: day, percentile: "0".into(), ..Default::default() },
            "percentile",
        ),
        (v1::BacklogObjective { at_most: day, most: 2, ..Default::default() }, "most"),
        (
            v1::BacklogObjective { older_than: day, percentile: "5".into(), ..Default::default() },
            "percentile",
        ),
    ] {
        let mut contract = contract.clone();
        let promise = v1::BacklogObjective { target_id: "resolve".into(), ..wrong };
        let terms = contract.terms.as_mut().expect("terms");
        terms.objectives[0].promise = Some(v1::objective::Promise::Backlog(promise));
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract),
            ..Default::default()
        };
        let refused = clients.contracts.put_contract(request).await.expect_err("refused");
        let field = format!("objectives[0].backlog.{field}");
        assert!(format!("{refused:?}").contains(&field), "{field} in {refused:?}");
    }
}

/// Closing an incident is no answer: its response clock runs on, late once and open for good.
#[tokio::test]
async fn what_was_closed_unanswered_is_in_every_later_backlog_until_it_is_answered_after_all() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    apply(&server, &TERMS.replace("resolve, metric: resolution", "resolve, metric: response"));
    for (id, from, to) in [
        ("a", "2026-05-10T08:00:00Z", "2026-05-10T13:00:00Z"),
        ("b", "2026-05-20T08:00:00Z", "2026-05-20T13:00:00Z"),
        ("c", "2026-07-02T08:00:00Z", "2026-07-02T13:00:00Z"),
    ] {
        clients.record(vec![event(id, "o", from, opened("C", "P1"))]).await;
        clients.record(vec![event(id, "c", to, Fact::Closed(v1::Closed {}))]).await;
    }
    let now = "2026-08-20T00:00:00Z";
    let (mut late, mut old) = (Vec::new(), Vec::new());
    for answered in [false, true] {
        if answered {
            let answer = Fact::Responded(v1::Responded {});
            clients.record(vec![event("a", "r", "2026-06-15T08:00:00Z", answer)]).await;
        }
        for period in ["2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-Q2", "2026"] {
            let found = month(&mut clients, period, now).await;
            let group = found.groups.first().cloned().unwrap_or_default();
            let breached = group.contractual.map_or(0, |counts| counts.breached);
            late.push((breached, group.backlog));
            let stock = found.objectives.last().and_then(|objective| objective.backlog);
            old.push(stock.map_or(0, |stock| stock.open));
            assert_eq!(group.backlog_age_oldest, stock.and_then(|stock| stock.oldest), "{period}");
        }
    }
    let before = [(0, 0), (2, 2), (0, 2), (1, 3), (0, 3), (2, 2), (3, 3)];
    let since = [(0, 0), (2, 2), (0, 1), (1, 2), (0, 2), (2, 1), (3, 2)];
    assert_eq!(late, [before, since].concat());
    assert_eq!(old, late.iter().map(|(_, backlog)| *backlog).collect::<Vec<_>>());
    // To the end of June in Amsterdam, once `a` is answered: 41 days and 14 hours.
    let june = month(&mut clients, "2026-06", now).await;
    assert_eq!(june.groups[0].backlog_age_oldest, Some(hours(41 * 24 + 14)));
    let as_of = |time: &str| v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-06".into(),
        as_of_time: Some(at(time)),
        ..Default::default()
    };
    let on_the_14th = clients.compliance.get_compliance(as_of("2026-06-14T08:00:00Z")).await;
    let group = on_the_14th.expect("computed").into_inner().groups.remove(0);
    assert_eq!((group.backlog, group.backlog_age_oldest), (2, Some(hours(35 * 24))));
}
