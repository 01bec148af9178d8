//! Service credits: what a period's missed objectives cost, from a file of terms to a statement.

// Amounts are written with their cents apart.
#![allow(
    clippy::inconsistent_digit_grouping,
    clippy::mistyped_literal_suffixes,
    reason = "euros and cents"
)]

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;

use crate::errors::check;
use crate::testing::{Clients, Server, TENANT, apply, at, contract, event, opened, slx, succeed};

/// 1,234.50 a month from July on, at most 15 % of it credited.
const TERMS: &str = "
contracts:
- id: C
  kind: sla
  title: Workplace
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - id: resolve
      metric: resolution
      limits:
      - {priority: P1, limit: 4h, calendar_id: office}
      - {priority: P2, limit: 8h, calendar_id: office}
    objectives:
    - {id: p1, period: month, attainment: {target_id: resolve, priorities: [P1], percent: 90}}
    - {id: p2, period: month, attainment: {target_id: resolve, priorities: [P2], percent: 90}}
    - {id: all, period: quarter, attainment: {target_id: resolve, percent: 95}}
    credits:
      monthly_fee: 123450
      cap_percent: 15
      from_date: 2026-07-01
      rules:
      - objective_id: p1
        tiers:
        - {below_percent: 90, credit_percent: 5}
        - {below_percent: 70, credit_percent: 10}
        repeat_percent: 20
        earn_back_percent: 100
      - objective_id: p2
        tiers: [{credit_percent: '12.5'}]
        weight_percent: 50
      - objective_id: all
        tiers: [{below_percent: 95, credit_percent: 2}]
";

const LATER: &str = "2190-01-01T00:00:00Z";

/// Opened on a day at ten in Amsterdam, and resolved within an hour, or on the third day after.
fn incident(id: &str, priority: &str, day: &str, is_met: bool) -> Vec<v1::IncidentEvent> {
    let opening = event(id, "o", &format!("{day}T08:00:00Z"), opened("C", priority));
    let mut end = at(&format!("{day}T09:00:00Z"));
    end.seconds += if is_met { 0 } else { 3 * 24 * 60 * 60 };
    let mut resolved = event(id, "r", LATER, Fact::Resolved(v1::Resolved {}));
    resolved.occur_time = Some(end);
    vec![opening, resolved]
}

/// June: 0 of 1 of P1. July and August: 1 of 2 each. September: 1 of 1. Of P2: 0 of 1 in August.
async fn fill(clients: &mut Clients) {
    for (id, priority, day, is_met) in [
        ("A", "P1", "2026-06-10", false),
        ("B", "P1", "2026-07-07", true),
        ("C", "P1", "2026-07-08", false),
        ("D", "P1", "2026-08-04", true),
        ("E", "P1", "2026-08-05", false),
        ("F", "P2", "2026-08-05", false),
        ("G", "P1", "2026-09-09", true),
    ] {
        clients.record(incident(id, priority, day, is_met)).await;
    }
}

fn asking(period: &str, as_of: &str) -> v1::GetComplianceRequest {
    v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    }
}

async fn query(clients: &mut Clients, request: v1::GetComplianceRequest) -> v1::CreditStatement {
    let answer = clients.compliance.get_compliance(request).await.expect("computed").into_inner();
    answer.credits.expect("a statement")
}

/// The amounts of a statement's lines, and their sum.
fn amounts(statement: &v1::CreditStatement) -> (Vec<i64>, i64) {
    (statement.lines.iter().map(|line| line.amount).collect(), statement.total_amount)
}

#[tokio::test]
async fn each_period_reports_what_its_missed_objectives_cost() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let applied = apply(&server, TERMS);
    assert!(applied.starts_with("contract C: created\n"), "{applied}");
    fill(&mut clients).await;

    // June is before the credits begin. July begins in June by UTC, and is not.
    let june = query(&mut clients, asking("2026-06", LATER)).await;
    assert_eq!(amounts(&june), (vec![0, 0], 0));
    // 50 % is below 70 %: 10 % of 1,234.50. June is no repetition.
    let july = query(&mut clients, asking("2026-07", LATER)).await;
    assert_eq!(amounts(&july), (vec![123_45, 0], 123_45));
    // P1: 10 % of 1,234.50, and 20 % more since July was missed: 148.14.
    // P2: 50 % of 12.5 % of 1,234.50: 77.15625, and so 77.16.
    // The cap is 15 % of 1,234.50: 185.175, and so 185.18. 225.30 are 40.12 more.
    let august = query(&mut clients, asking("2026-08", LATER)).await;
    assert_eq!(amounts(&august), (vec![148_14, 77_16, -40_12], 185_18));
    assert_eq!((august.cap_amount, august.provisional), (185_18, false));
    let line = &august.lines[0];
    assert_eq!((line.kind(), line.repeats), (v1::CreditLineKind::Objective, 1));
    assert_eq!((line.base_amount, line.credit_percent.as_str()), (1_234_50, "10"));
    // P1 was met with 100 %: August's 148.14 go back, without the 40.12 that the cap had withheld.
    let september = query(&mut clients, asking("2026-09", LATER)).await;
    assert_eq!(amounts(&september), (vec![0, 0, -148_14, 40_12], -108_02));
    assert_eq!(september.lines[2].kind(), v1::CreditLineKind::EarnBack);
    assert_eq!(september.lines[2].period.as_ref().expect("a period").name, "2026-08");
    // 3 of 6 are below 95 %: 2 % of 3 x 1,234.50.
    let quarter = query(&mut clients, asking("2026-Q3", LATER)).await;
    assert_eq!(amounts(&quarter), (vec![74_07], 74_07));
    let year = query(&mut clients, asking("2026", LATER)).await;
    assert_eq!((amounts(&year), year.cap_amount), ((vec![], 0), 2_222_10));
    let mut week = asking("", LATER);
    week.start_time = Some(at("2026-08-02T22:00:00Z"));
    week.end_time = Some(at("2026-08-09T22:00:00Z"));
    let answer = clients.compliance.get_compliance(week).await.expect("computed").into_inner();
    assert_eq!(answer.credits, None, "a week has no fee");
}

#[tokio::test]
async fn credits_are_the_same_by_tallies_and_by_a_recount_while_a_month_goes_on_and_after() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    apply(&server, TERMS);
    fill(&mut clients).await;
    let known_time = clients.status().await.stamp.expect("a stamp").known_time;
    let periods = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-Q3"];
    let mut by_tallies = Vec::new();
    for period in periods {
        by_tallies.push(query(&mut clients, asking(period, LATER)).await);
    }
    clients.record(incident("Z", "P1", "2026-09-16", false)).await;
    for (period, by_tallies) in periods.into_iter().zip(by_tallies) {
        let request = v1::GetComplianceRequest { known_time, ..asking(period, LATER) };
        assert_eq!(query(&mut clients, request).await, by_tallies, "{period}");
    }
    // A late fact takes September's earning back with it: 1 of 2 is missed for the third time in a
    // row, and credits 10 % of 1,234.50 and 2 x 20 % more: 172.83.
    let september = query(&mut clients, asking("2026-09", LATER)).await;
    assert_eq!(amounts(&september), (vec![172_83, 0], 172_83));

    // On the fifth of August, 1 of 1 was met; on the seventh, 1 of 2.
    let august = query(&mut clients, asking("2026-08", "2026-08-05T00:00:00Z")).await;
    assert!(august.provisional);
    assert_eq!(amounts(&august), (vec![0, 0, -123_45], -123_45), "July's, so far");
    let august = query(&mut clients, asking("2026-08", "2026-08-07T00:00:00Z")).await;
    assert!(august.provisional);
    assert_eq!(amounts(&august), (vec![148_14, 77_16, -40_12], 185_18));
}

#[tokio::test]
async fn each_period_is_credited_by_the_terms_that_ruled_it() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    apply(&server, TERMS);
    fill(&mut clients).await;
    let dearer = TERMS.replace("monthly_fee: 123450", "monthly_fee: 200000");
    let from_september = format!("effective_time: 2026-08-31T22:00:00Z{dearer}");
    assert!(apply(&server, &from_september).starts_with("contract C: revision 2\n"));
    let august = query(&mut clients, asking("2026-08", LATER)).await;
    assert_eq!(august.total_amount, 185_18);
    let september = query(&mut clients, asking("2026-09", LATER)).await;
    assert_eq!(amounts(&september), (vec![0, 0, -148_14, 40_12], -108_02));
    let fees: Vec<_> = september.lines.iter().map(|line| line.base_amount).collect();
    assert_eq!(fees, [2_000_00, 2_000_00, 1_234_50, 1_234_50]);
    assert_eq!(september.cap_amount, 300_00);
}

#[tokio::test]
async fn the_statement_is_printed_with_the_currency_s_decimals_and_its_sum() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    apply(&server, TERMS);
    fill(&mut clients).await;
    let print = |period: &str, as_of: &str| {
        let mut command = slx();
        command.args(["compliance", "C", period, "--tenant", TENANT, "--as-of-time", as_of]);
        succeed(command.args(["--address", &server.address]))
    };
    let output = print("2026-08", LATER);
    assert!(output.contains("Credits of 2026-08 in EUR, at most 185.18:"), "{output}");
    let printed = |output: &str| -> Vec<String> {
        let lines = output.lines().skip_while(|line| !line.starts_with("Credits of"));
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.skip(2).map(words).collect()
    };
    let expected = [
        "OBJECTIVE PERIOD WHY FEE CREDIT",
        "p1 2026-08 50% is below 70%: 10% of the fee, and 20% more since it was missed before \
         1234.50 148.14",
        "p2 2026-08 0% misses it: 12.5% of the fee, weight 50% 1234.50 77.16",
        "all 2026-08 all credits together are at most 15% of the fee 1234.50 -40.12",
        "total 185.18",
    ];
    assert_eq!(printed(&output), expected, "{output}");
    let output = print("2026-08", "2026-08-05T00:00:00Z");
    assert!(output.contains("Credits of 2026-08 in EUR, so far, at most 185.18:"), "{output}");
    assert_eq!(printed(&output).last().expect("a sum"), "total -123.45", "{output}");
    // P4: a year has the statements of the months within it, and what they come to together.
    let year = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026".into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let year = clients.compliance.get_compliance(year).await.expect("it is there").into_inner();
    let total = year.credit_totals[0].total_amount;
    let output = print("2026", LATER);
    let together = format!("Credits together, in EUR: {}.{:02}", total / 100, total % 100);
    for text in ["Credits of 2026-08 in EUR, at most 185.18:", &together] {
        assert!(output.contains(text), "no {text:?} in\n{output}");
    }
    assert!(!output.contains("no credited objective"), "{output}");

    let yen = TERMS.replace("EUR", "JPY").replace("2026-07-01", "2026-01-01");
    apply(&server, &format!("effective_time: 2026-01-01T00:00:00Z{yen}"));
    assert_eq!(printed(&print("2026-06", LATER)).last().expect("a sum"), "total 12345");
}

fn credited(change: impl Fn(&mut v1::Credits)) -> v1::Contract {
    let mut contract = contract("C");
    let objective = |id: &str, period: v1::ObjectivePeriod, rolling_days| v1::Objective {
        id: id.into(),
        period: period as i32,
        rolling_days,
        promise: Some(v1::objective::Promise::Attainment(v1::AttainmentObjective {
            target_id: "resolve".into(),
            percent: "95".into(),
            ..Default::default()
        })),
    };
    let terms = contract.terms.as_mut().expect("terms");
    terms.objectives = vec![
        objective("month", v1::ObjectivePeriod::Month, 0),
        objective("rolling", v1::ObjectivePeriod::RollingDays, 30),
    ];
    let mut credits = v1::Credits {
        monthly_fee: 1_000_00,
        rules: vec![rule("month", &[("95", "5"), ("90", "10")])],
        ..Default::default()
    };
    change(&mut credits);
    terms.credits = Some(credits);
    contract
}

fn rule(objective: &str, tiers: &[(&str, &str)]) -> v1::CreditRule {
    let tier = |(below, credit): &(&str, &str)| v1::CreditTier {
        below_percent: (*below).into(),
        credit_percent: (*credit).into(),
        credit: None,
    };
    v1::CreditRule {
        objective_id: objective.into(),
        tiers: tiers.iter().map(tier).collect(),
        ..Default::default()
    }
}

fn putting(contract: v1::Contract) -> v1::PutContractRequest {
    v1::PutContractRequest { tenant: TENANT.into(), contract: Some(contract), ..Default::default() }
}

#[tokio::test]
async fn every_wrong_field_of_credits_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let wrong = credited(|credits| {
        credits.monthly_fee = -1;
        credits.cap_percent = "15%".into();
        credits.from_date = "1 July".into();
        credits.rules = vec![
            rule("month", &[("90", "5"), ("95", "ten"), ("95", "4"), ("", "20")]),
            rule("", &[]),
        ];
        credits.rules[0].weight_percent = "101".into();
        credits.rules[0].repeats_most = 13;
        credits.rules[0].repeat_percent = "-1".into();
        credits.rules[0].earn_back_percent = "all".into();
    });
    let status = clients.contracts.put_contract(putting(wrong)).await.expect_err("refused");
    let within = |field: &&str| format!("contract.terms.credits.{field}");
    let named: Vec<_> = [
        "monthly_fee",
        "rules[0].tiers[1].below_percent",
        "rules[0].tiers[2].below_percent",
        "rules[0].tiers[3].below_percent",
        "rules[0].tiers[1].credit_percent",
        "rules[0].weight_percent",
        "rules[0].repeat_percent",
        "rules[0].repeats_most",
        "rules[0].earn_back_percent",
        "rules[1].tiers",
        "rules[1].objective_id",
        "cap_percent",
        "from_date",
    ]
    .iter()
    .map(within)
    .collect();
    let named: Vec<_> = named.iter().map(String::as_str).collect();
    check(status, Code::InvalidArgument, "INVALID_FIELD", &named);

    let tier: &[(&str, &str)] = &[("95", "5")];
    let falling: &[(&str, &str)] = &[("95", "5"), ("90", "4")];
    let cases = [
        (vec![rule("month", tier), rule("month", tier)], "rules[1].objective_id"),
        (vec![rule("elsewhere", tier)], "rules[0].objective_id"),
        (vec![rule("month", falling)], "rules[0].tiers[1].credit_percent"),
        (vec![rule("month", &[("95", "5"); 17])], "rules[0].tiers: 17"),
    ];
    for (rules, field) in cases {
        let contract = credited(|credits| credits.rules = rules.clone());
        let status = clients.contracts.put_contract(putting(contract)).await.expect_err("refused");
        assert!(format!("{status:?}").contains(&within(&field)), "{field}: {status:?}");
    }
}

#[tokio::test]
async fn what_credits_can_not_mean_is_found() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut no_money = credited(|_| {});
    no_money.currency.clear();
    let mut per_outage = rule("month", &[("", "5")]);
    per_outage.per = v1::CreditPer::Outage as i32;
    let uncounted = credited(|credits| credits.rules = vec![per_outage.clone()]);
    for (contract, field) in [(no_money, "currency"), (uncounted, "terms.credits.rules[0].per")] {
        let status = clients.contracts.put_contract(putting(contract)).await.expect_err("refused");
        assert!(format!("{status:?}").contains(field), "{field}: {status:?}");
    }
    // Whatever is below 95 % is below 99 % too, and nothing is below 0 %.
    let tiers = [("99", "5"), ("98", "6"), ("95", "7"), ("0", "10")];
    let contract = credited(|credits| {
        credits.rules = vec![rule("month", &tiers)];
        credits.monthly_fee = 0;
    });
    let findings = clients.put_contract(contract).await.findings;
    let fields: Vec<_> = findings.iter().map(|finding| finding.field.as_str()).collect();
    let expected = ["fee", "rules[0].tiers[0]", "rules[0].tiers[1]", "rules[0].tiers[3]"];
    assert_eq!(fields[0], "terms.targets");
    assert_eq!(fields[1..], expected.map(|field| format!("terms.credits.{field}")));
    let findings = clients.put_contract(credited(|_| {})).await.findings;
    let only = findings.iter().all(|finding| finding.field == "terms.targets");
    assert!(only, "{findings:?}");

    let mut command = slx();
    command.args(["compliance", "C", "2026-02", "--json", "--tenant", TENANT]);
    let output = succeed(command.args(["--address", &server.address]));
    let output: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(output["credits"]["currency"], "EUR", "{output}");
}

/// The ids of a contract's open items for credits.
async fn owed(
    clients: &mut Clients,
    as_of: &str,
    known: Option<prost_types::Timestamp>,
) -> Vec<String> {
    let request = v1::ListSettlementItemsRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        only_open: true,
        page_size: 1_000,
        as_of_time: (!as_of.is_empty()).then(|| at(as_of)),
        known_time: known,
        ..Default::default()
    };
    let listed = clients.settlement.list_settlement_items(request).await.expect("listed");
    let items = listed.into_inner().items.into_iter().filter_map(|status| status.item);
    items.map(|item| item.item_id).filter(|id| id.starts_with("credit:")).collect()
}

/// P6: as of years later, nothing was left to settle.
#[tokio::test]
async fn what_is_owed_does_not_lapse_with_the_years() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let always = TERMS.lines().filter(|line| !line.contains("from_date"));
    apply(&server, &always.collect::<Vec<_>>().join("\n"));
    assert_eq!(owed(&mut clients, LATER, None).await, Vec::<String>::new());
    for (id, priority, day) in [("A", "P1", "2016-05-10"), ("B", "P1", "2021-03-02")] {
        clients.record(incident(id, priority, day, false)).await;
    }
    let found = owed(&mut clients, "", None).await;
    assert!(found.contains(&"credit:C:2016-05".to_owned()), "{found:?}");
    assert!(found.contains(&"credit:C:2021-03".to_owned()), "{found:?}");
    // Breached long ago and open ever since: it was decided then.
    let open = incident("D", "P1", "2018-02-05", false).into_iter().take(1).collect();
    let answer = clients.record(open).await;
    let known = answer.stamp.and_then(|stamp| stamp.known_time);
    let found = owed(&mut clients, "", None).await;
    assert!(found.contains(&"credit:C:2018-02".to_owned()), "{found:?}");
    assert!(!found.iter().any(|id| id.contains("2017") || id.contains("2015")), "{found:?}");
    // The same by what was known, incident by incident, and many years on.
    assert_eq!(owed(&mut clients, LATER, None).await, found);
    clients.record(incident("E", "P1", "2012-02-07", false)).await;
    assert_eq!(owed(&mut clients, LATER, known).await, found);
    let now = owed(&mut clients, LATER, None).await;
    assert!(now.contains(&"credit:C:2012-02".to_owned()), "{now:?}");
    let early = owed(&mut clients, "2016-06-15T00:00:00Z", None).await;
    assert_eq!(early, ["credit:C:2012-02", "credit:C:2012-Q1", "credit:C:2016-05"]);
}
