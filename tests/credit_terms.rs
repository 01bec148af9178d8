//! Credits as real contracts write them (P18): what they are given for, how several come together,
//! what the fee is, bonuses, deadlines, rolling days. Amounts are worked out by hand.

// Amounts are written with their cents apart.
#![allow(
    clippy::inconsistent_digit_grouping,
    clippy::mistyped_literal_suffixes,
    reason = "euros and cents"
)]

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, apply, at, event, opened, slx, succeed};

const LATER: &str = "2190-01-01T00:00:00Z";

/// A contract with one target of 4 h on any priority, and these objectives and credits.
fn terms(objectives: &str, credits: &str) -> String {
    let indent = |text: &str| text.replace('\n', "\n    ");
    format!(
        "
calendars:
- {{id: always, time_zone: Europe/Amsterdam, always_open: true}}
contracts:
- id: C
  kind: sla
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - {{id: resolve, metric: resolution, limits: [{{limit: 4h, calendar_id: always}}]}}
    objectives:{}
    credits:{}
",
        indent(objectives),
        indent(credits)
    )
}

async fn start(data: &tempfile::TempDir, terms: &str) -> (Server, Clients) {
    let mut server = Server::start(data.path(), &[]);
    let clients = server.clients().await;
    apply(&server, terms);
    (server, clients)
}

/// Opened at ten in Amsterdam (in summer), and resolved in one hour or in five.
async fn incidents(clients: &mut Clients, all: &[(&str, &str, bool)]) {
    for (number, (priority, day, is_met)) in all.iter().enumerate() {
        let id = format!("{priority}-{day}-{number}");
        let end = if *is_met { "09" } else { "13" };
        let opening = event(&id, "o", &format!("{day}T08:00:00Z"), opened("C", priority));
        let resolved = Fact::Resolved(v1::Resolved {});
        let resolved = event(&id, "r", &format!("{day}T{end}:00:00Z"), resolved);
        clients.record(vec![opening, resolved]).await;
    }
}

async fn statement_of(clients: &mut Clients, period: &str, as_of: &str) -> v1::CreditStatement {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    let answer = clients.compliance.get_compliance(request).await.expect("computed").into_inner();
    answer.credits.expect("a statement")
}

async fn statement(clients: &mut Clients, period: &str) -> v1::CreditStatement {
    statement_of(clients, period, LATER).await
}

/// The amounts of a statement's lines, and their sum.
async fn amounts(clients: &mut Clients, period: &str) -> (Vec<i64>, i64) {
    let statement = statement(clients, period).await;
    (statement.lines.iter().map(|line| line.amount).collect(), statement.total_amount)
}

fn printed(server: &Server, period: &str) -> String {
    let mut command = slx();
    command.args(["compliance", "C", period, "--tenant", TENANT, "--as-of-time", LATER]);
    succeed(command.args(["--address", &server.address]))
}

/// P18: credits per outage, per late incident, per hour and per point below.
#[tokio::test]
async fn a_credit_is_given_for_each_outage_late_incident_started_hour_or_point() {
    let objectives = "
- {id: up, period: month, availability: {service: mail, percent: 99.9, calendar_id: always}}
- id: outages
  period: month
  outages: {service: mail, most: 1, longer_than: 30m, calendar_id: always}
- {id: p1, period: month, attainment: {target_id: resolve, priorities: [P1], percent: 90}}
- {id: p2, period: month, attainment: {target_id: resolve, priorities: [P2], percent: 90}}";
    let credits = "
  fee: 1000.00 EUR
  rules:
  - {objective_id: up, per: downtime, tiers: [{credit_percent: 1}]}
  - {objective_id: outages, per: outage, tiers: [{credit: 20.00 EUR}]}
  - {objective_id: p1, per: late-incident, tiers: [{credit: 25 EUR}]}
  - {objective_id: p2, per: point, step_percent: 5, tiers: [{credit_percent: 2}]}";
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, &terms(objectives, credits)).await;
    for (from, to) in [
        ("06-02T10:00", "06-02T12:00"),
        ("06-03T10:00", "06-03T10:40"),
        ("06-04T10:00", "06-04T11:00"),
    ] {
        clients.outage("mail", from, to).await;
    }
    let found = [
        ("P1", "2026-06-05", true),
        ("P1", "2026-06-06", false),
        ("P1", "2026-06-07", false),
        ("P2", "2026-06-05", true),
        ("P2", "2026-06-06", false),
    ];
    incidents(&mut clients, &found).await;
    let june = statement(&mut clients, "2026-06").await;
    let lines: Vec<_> = june.lines.iter().map(|l| (l.count, l.amount, l.reason.as_str())).collect();
    let expected = [
        // 3 h 40 min of 720 h, of which 99.9 % allow 43 min 12 s: 2 h 56 min 48 s, three started
        // hours of 1 % of 1,000.00.
        (
            3,
            30_00,
            "2 h 56 min of downtime more than allowed: 1% of the fee for each started hour, 3 times",
        ),
        // Three of them lasted over half an hour.
        (2, 40_00, "3 outages, where 1 is allowed: 20.00 EUR for each, 2 times"),
        // Of 3, 90 % are all 3.
        (2, 50_00, "2 late incidents of 3, where 0 are allowed: 25.00 EUR for each, 2 times"),
        // 50 % is 40 points below 90 %: eight times five, for 2 % of 1,000.00 each.
        (8, 160_00, "50% is 40 points below 90%: 2% of the fee for each started 5 points, 8 times"),
    ];
    assert_eq!(lines, expected);
    assert_eq!(june.total_amount, 280_00);
}

/// P18: credits per hour that late incidents are late, up to their stops or the period's end, by
/// their clocks' own hours.
#[tokio::test]
async fn a_credit_is_given_for_each_hour_that_a_late_incident_is_late() {
    let objectives = "
- {id: p1, period: month, attainment: {target_id: resolve, priorities: [P1], percent: 100}}
- {id: p2, period: month, attainment: {target_id: resolve, priorities: [P2], percent: 60}}
- {id: p3, period: month, attainment: {target_id: resolve, priorities: [P3], percent: 100}}";
    let credits = "
  fee: 1000.00 EUR
  rules:
  - {objective_id: p1, per: lateness, tiers: [{credit: 10 EUR}]}
  - {objective_id: p2, per: lateness, step_time: 30m, steps: full, tiers: [{credit_percent: 1}]}
  - {objective_id: p3, per: lateness, cap_percent: 5, tiers: [{credit: 10 EUR}]}";
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, &terms(objectives, credits)).await;
    for (id, priority, from, to) in [
        // In time to the second; late by 1 h 1 s, two started hours; and by 1 h.
        ("a", "P1", "2026-06-05T08:00:00Z", "2026-06-05T12:00:00Z"),
        ("b", "P1", "2026-06-06T08:00:00Z", "2026-06-06T13:00:01Z"),
        ("c", "P1", "2026-06-07T08:00:00Z", "2026-06-07T13:00:00Z"),
        // Late by 10 min, by 59 min and by 2 h 40 min; of 3, 60 % are 2: one might be late.
        ("d", "P2", "2026-06-08T08:00:00Z", "2026-06-08T12:10:00Z"),
        ("e", "P2", "2026-06-08T08:00:00Z", "2026-06-08T12:59:00Z"),
        ("f", "P2", "2026-06-08T08:00:00Z", "2026-06-08T14:40:00Z"),
        // Late since 22:00 in Amsterdam; 2 h to the month's end, and until 4 July in all.
        ("g", "P3", "2026-06-30T16:00:00Z", "2026-07-04T16:00:00Z"),
    ] {
        let opening = event(id, "o", from, opened("C", priority));
        let resolved = event(id, "r", to, Fact::Resolved(v1::Resolved {}));
        clients.record(vec![opening, resolved]).await;
    }
    let june = statement(&mut clients, "2026-06").await;
    let lines: Vec<_> = june.lines.iter().map(|l| (l.count, l.amount, l.reason.as_str())).collect();
    let expected = [
        // 2 + 1 started hours of 10.00.
        (
            3,
            30_00,
            "2 late incidents of 3, where 0 are allowed, 2 h over their limits together: 10.00 \
             EUR for each started hour of each incident, 3 times",
        ),
        // 59 min are one full half hour, and 2 h 40 min five: 6 x 1 % of 1,000.00.
        (
            6,
            60_00,
            "3 late incidents of 3, where 1 is allowed, the 2 latest 3 h 39 min over their limits \
             together: 1% of the fee for each full 30 min of each incident, 6 times",
        ),
        (
            2,
            20_00,
            "1 late incident of 1, where 0 are allowed, 2 h over its limit: 10.00 EUR for each \
             started hour of each incident, 2 times",
        ),
    ];
    assert_eq!(lines, expected);
    assert_eq!(statement(&mut clients, "2026-07").await.total_amount, 0, "breached in June");
    // The same one by one as from the tallies.
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-06".into(),
        as_of_time: Some(at("2026-08-01T00:00:00Z")),
        ..Default::default()
    };
    let answer = clients.compliance.get_compliance(request).await.expect("computed").into_inner();
    assert_eq!(answer.credits, Some(june));
    let late: i64 = answer.groups.iter().flat_map(|group| group.lateness).map(|l| l.seconds).sum();
    assert_eq!(late, 2 * 3600 + 1 + (10 + 59 + 160) * 60 + 2 * 3600);
}

/// P18: the highest only, a minimum, what is too little to be paid, and caps by kind of period.
#[tokio::test]
async fn credits_come_together_as_agreed_and_a_year_s_cap_counts_what_was_credited_before() {
    let objectives = "
- {id: p1, period: month, attainment: {target_id: resolve, priorities: [P1], percent: 90}}
- {id: p2, period: month, attainment: {target_id: resolve, priorities: [P2], percent: 90}}
- {id: q, period: quarter, attainment: {target_id: resolve, percent: 90}}
- {id: y, period: year, attainment: {target_id: resolve, percent: 90}}";
    let credits = "
  fee: 1000.00 EUR
  combination: highest-only
  minimum_credit: 60 EUR
  caps:
  - {period: year, percent: 4}
  - {period: quarter, amount: 300.00 EUR}
  rules:
  - {objective_id: p1, tiers: [{credit_percent: 20}], earn_back_percent: 100}
  - {objective_id: p2, tiers: [{credit_percent: 5}]}
  - {objective_id: q, tiers: [{credit_percent: 10}]}
  - {objective_id: y, tiers: [{credit_percent: 10}]}";
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = start(&data, &terms(objectives, credits)).await;
    let found = [
        ("P1", "2026-04-05", false),
        ("P2", "2026-04-05", false),
        ("P2", "2026-05-05", false),
        ("P1", "2026-06-05", false),
        ("P1", "2026-07-05", true),
        ("P1", "2026-08-05", false),
        ("P1", "2026-09-05", false),
    ];
    incidents(&mut clients, &found).await;
    let known_time = clients.status().await.stamp.expect("a stamp").known_time;
    // 200.00 and 50.00: only the higher.
    assert_eq!(amounts(&mut clients, "2026-04").await, (vec![200_00, 50_00, -50_00], 200_00));
    // 50.00, raised to 60.00.
    assert_eq!(amounts(&mut clients, "2026-05").await, (vec![0, 50_00, 10_00], 60_00));
    // 200.00; of the quarter's 300.00 April and May have used up 260.00.
    assert_eq!(amounts(&mut clients, "2026-06").await, (vec![200_00, 0, -160_00], 40_00));
    // 10 % of 3,000.00; of the year's 480.00 there are 180.00 left, and of the quarter's none.
    assert_eq!(amounts(&mut clients, "2026-Q2").await, (vec![300_00, -120_00, -180_00], 0));
    // June's 200.00 go back, of which 160.00 had not been given.
    assert_eq!(amounts(&mut clients, "2026-07").await, (vec![0, 0, -200_00, 160_00], -40_00));
    // 4 % of 12,000.00 are 480.00, of which 260.00 are used up: June's 40.00 are there again.
    assert_eq!(amounts(&mut clients, "2026-08").await, (vec![200_00, 0], 200_00));
    // The quarter has 100.00 left, and the year 20.00, which is lower.
    let september = statement(&mut clients, "2026-09").await;
    assert_eq!(september.total_amount, 20_00, "{september:?}");
    let reason = "all credits of a year are at most 480.00 EUR, of which 460.00 EUR are used up";
    assert!(september.lines.iter().any(|line| line.reason == reason), "{september:?}");
    assert_eq!(amounts(&mut clients, "2026").await, (vec![1_200_00, -1_200_00], 0));
    // The same from all incidents as from the tallies.
    let mut request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-09".into(),
        as_of_time: Some(at(LATER)),
        known_time,
        ..Default::default()
    };
    incidents(&mut clients, &[("P1", "2026-05-06", false)]).await;
    let answer = clients.compliance.get_compliance(request.clone()).await.expect("computed");
    assert_eq!(answer.into_inner().credits, Some(september));
    request.known_time = None;
    // With May missed on P1, 200.00: April and May fill the quarter's 300.00, and nothing of June's
    // goes back. Then the year has 180.00 left for August, and nothing for September.
    let answer = clients.compliance.get_compliance(request).await.expect("computed");
    assert_eq!(answer.into_inner().credits.expect("a statement").total_amount, 0);
    assert_eq!(amounts(&mut clients, "2026-08").await.1, 180_00);
    assert!(printed(&server, "2026-08").contains("of which 300.00 EUR are used up"));
}

/// P1 and P18: a fee pro rata of the days in force, and one that changes within a quarter.
#[tokio::test]
async fn each_month_has_its_own_fee_for_the_days_in_force() {
    let objectives = "
- {id: month, period: month, attainment: {target_id: resolve, percent: 90}}
- {id: quarter, period: quarter, attainment: {target_id: resolve, percent: 90}}";
    let credits = "
  fee: 1000.00 EUR
  rules:
  - {objective_id: month, tiers: [{credit_percent: 10}]}
  - {objective_id: quarter, tiers: [{credit_percent: 5}]}";
    let data = tempfile::tempdir().expect("a directory");
    // In force from 15 July to 10 September.
    let words = terms(objectives, credits);
    let from = |time: &str, words: &str| format!("effective_time: {time}\n{words}");
    let (server, mut clients) = start(&data, &from("2026-07-14T22:00:00Z", &words)).await;
    let found =
        [("P1", "2026-07-20", false), ("P1", "2026-08-20", false), ("P1", "2026-09-05", false)];
    incidents(&mut clients, &found).await;
    let request = v1::EndContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        end_time: Some(at("2026-09-10T22:00:00Z")),
    };
    clients.contracts.end_contract(request).await.expect("ended");
    let july = statement(&mut clients, "2026-07").await;
    // 17 of 31 days of 1,000.00, and 10 % of that.
    assert_eq!((july.lines[0].base_amount, july.total_amount), (548_39, 54_84));
    let fee = &july.fees[0];
    assert_eq!((fee.amount, fee.days_in_force, fee.days), (Some(548_39), 17, 31));
    assert_eq!(amounts(&mut clients, "2026-08").await.1, 100_00);
    // 10 of 30 days.
    assert_eq!(amounts(&mut clients, "2026-09").await.1, 33_33);
    // 5 % of 548.39, 1,000.00 and 333.33.
    let quarter = statement(&mut clients, "2026-Q3").await;
    assert_eq!((quarter.lines[0].base_amount, quarter.total_amount), (1_881_72, 94_09));
    let note = "The fee of 2026-09, with 10 of 30 days in force: 333.33.";
    assert!(printed(&server, "2026-Q3").contains(note));
    // From August on it is 2,000.00.
    let dearer = words.replace("fee: 1000.00", "fee: 2000.00");
    apply(&server, &from("2026-07-31T22:00:00Z", &dearer));
    let quarter = statement(&mut clients, "2026-Q3").await;
    let fees: Vec<_> = quarter.fees.iter().map(|fee| fee.amount).collect();
    assert_eq!(fees, [Some(548_39), Some(2_000_00), Some(666_67)]);
    assert_eq!(quarter.lines[0].base_amount, 3_215_06);
}

/// P18: a fee by use.
#[tokio::test]
async fn a_fee_by_use_is_not_nothing_before_it_is_known() {
    let objectives = "
- {id: month, period: month, attainment: {target_id: resolve, percent: 90}}";
    let credits = "
  fee_by_use: true
  month_fees: [{month: 2026-07, fee: 812.34 EUR}]
  rules: [{objective_id: month, tiers: [{credit_percent: 10}]}]";
    let words = |credits: &str| {
        format!("effective_time: 2026-01-01T00:00:00Z\n{}", terms(objectives, credits))
    };
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = start(&data, &words(credits)).await;
    incidents(&mut clients, &[("P1", "2026-07-20", false), ("P1", "2026-08-20", false)]).await;
    // 10 % of 812.34.
    assert_eq!(amounts(&mut clients, "2026-07").await.1, 81_23);
    let august = statement(&mut clients, "2026-08").await;
    assert_eq!((august.total_amount, august.no_cap, august.fees[0].amount), (0, true, None));
    assert!(august.lines[0].reason.contains("10% of a fee that is not known yet"), "{august:?}");
    assert!(printed(&server, "2026-08").contains("The fee of 2026-08 is not known yet."));
    let owed = async |clients: &mut Clients| {
        let items = items(clients, "2026-10-01T00:00:00Z").await;
        items.into_iter().map(|item| (item.item_id, item.amount)).collect::<Vec<_>>()
    };
    let of = |month: &str, amount| (format!("credit:C:{month}"), amount);
    assert_eq!(owed(&mut clients).await, [of("2026-07", Some(81_23)), of("2026-08", None)]);
    let known = credits.replace("}]\n  rules", "}, {month: 2026-08, fee: 99.95 EUR}]\n  rules");
    apply(&server, &words(&known));
    let both = [of("2026-07", Some(81_23)), of("2026-08", Some(10_00))];
    assert_eq!(owed(&mut clients).await, both);
}

async fn items(clients: &mut Clients, as_of: &str) -> Vec<v1::SettlementItem> {
    let request = v1::ListSettlementItemsRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    let answer = clients.settlement.list_settlement_items(request).await.expect("listed");
    answer.into_inner().items.into_iter().filter_map(|status| status.item).collect()
}

/// P18: a bonus, never netted silently, and a deadline to claim.
#[tokio::test]
async fn a_bonus_is_owed_beside_a_credit_that_must_be_claimed_in_time() {
    let objectives = "
- {id: p1, period: month, attainment: {target_id: resolve, priorities: [P1], percent: 90}}
- {id: p2, period: month, attainment: {target_id: resolve, priorities: [P2], percent: 90}}";
    let credits = "
  fee: 1000.00 EUR
  claim_within_days: 30
  rules:
  - {objective_id: p1, tiers: [{credit_percent: 10}]}
  - objective_id: p2
    tiers: [{credit_percent: 10}]
    bonuses: [{from_percent: 99.5, bonus_percent: 2}]";
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = start(&data, &terms(objectives, credits)).await;
    incidents(&mut clients, &[("P1", "2026-07-20", false), ("P2", "2026-07-20", true)]).await;
    let july = statement(&mut clients, "2026-07").await;
    assert_eq!((july.total_amount, july.bonus_amount), (100_00, 20_00));
    assert_eq!(july.bonus_lines[0].kind(), v1::CreditLineKind::Bonus);
    // Thirty days after the last of July.
    assert_eq!(july.claim_by_date, "2026-08-30");
    let printed = printed(&server, "2026-07");
    assert!(printed.contains("owed to the provider and not set off"), "{printed}");
    assert!(printed.contains("To be claimed by 2026-08-30."), "{printed}");
    let found = items(&mut clients, "2026-08-02T00:00:00Z").await;
    let found: Vec<_> = found
        .iter()
        .map(|i| (i.item_id.as_str(), i.amount, i.claim_by_date.as_str(), i.summary.as_str()))
        .collect();
    let expected = [
        (
            "bonus:C:2026-07",
            Some(-20_00),
            "",
            "exceeded objectives of 2026-07 earn the provider a bonus",
        ),
        (
            "credit:C:2026-07",
            Some(100_00),
            "2026-08-30",
            "missed objectives of 2026-07 credit the client, to be claimed by 2026-08-30",
        ),
    ];
    assert_eq!(found, expected);
    let decision = v1::SettlementDecision {
        decision_id: "d".into(),
        item_id: "bonus:C:2026-07".into(),
        facet: v1::SettlementFacet::Financial as i32,
        state: v1::SettlementState::Agreed as i32,
        decided_by: "Anna".into(),
        ..Default::default()
    };
    let request =
        v1::DecideSettlementItemRequest { tenant: TENANT.into(), decision: Some(decision) };
    let decided = clients.settlement.decide_settlement_item(request).await.expect("decided");
    let basis = decided.into_inner().decision.and_then(|decision| decision.basis);
    assert_eq!(basis.and_then(|basis| basis.amount), Some(-20_00));
}

/// P18: credits on rolling days, in the month whose last day they end with.
#[tokio::test]
async fn rolling_days_are_credited_in_the_month_they_end_with() {
    let objectives = "
- id: rolling
  period: rolling-days
  rolling_days: 30
  attainment: {target_id: resolve, percent: 90}";
    let credits = "
  fee: 1000.00 EUR
  rules: [{objective_id: rolling, tiers: [{credit_percent: 10}]}]";
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, &terms(objectives, credits)).await;
    // June ends with 1 to 30 June, July with 2 to 31 July.
    incidents(&mut clients, &[("P1", "2026-06-30", false), ("P1", "2026-07-20", true)]).await;
    assert_eq!(amounts(&mut clients, "2026-06").await, (vec![100_00], 100_00));
    assert_eq!(amounts(&mut clients, "2026-07").await, (vec![0], 0));
    assert_eq!(amounts(&mut clients, "2026-Q2").await, (vec![], 0));
    // On 15 July, the days from 16 June on: one late of one.
    let july = statement_of(&mut clients, "2026-07", "2026-07-15T12:00:00Z").await;
    assert_eq!((july.provisional, july.total_amount), (true, 100_00));
    // On 1 July 1, the late one is the first of July: not among July's last 30 days.
    incidents(&mut clients, &[("P1", "2026-07-01", false)]).await;
    assert_eq!(amounts(&mut clients, "2026-07").await.1, 0);
    let by_quarter = credits.replace("{objective_id", "{credited_in: quarter, objective_id");
    apply(
        &_server,
        &format!("effective_time: 2026-01-01T00:00:00Z\n{}", terms(objectives, &by_quarter)),
    );
    // 10 % of 3,000.00.
    assert_eq!(amounts(&mut clients, "2026-Q2").await, (vec![300_00], 300_00));
}

/// P15, P18 and P20: what is probably not meant is found.
#[tokio::test]
async fn what_the_money_of_a_contract_probably_does_not_mean_is_found() {
    let objectives = "
- {id: p1, period: month, attainment: {target_id: resolve, percent: 95}}
- {id: none, period: month, attainment: {target_id: resolve, percent: 0}}
- id: delay
  period: month
  performance: {service: mail, indicator: delay, percentile: 95, threshold: 2000}";
    let credits = "
  fee: 1000.00 EUR
  cap_percent: 0
  rules:
  - objective_id: p1
    tiers: [{below_percent: 99, credit_percent: 5}, {below_percent: 90, credit_percent: 10}]
    earn_back_percent: 94.9
    bonuses: [{from_percent: 94, bonus: 5 EUR}]";
    let data = tempfile::tempdir().expect("a directory");
    let words = terms(objectives, credits);
    let mut server = Server::start(data.path(), &[]);
    let _clients = server.clients().await;
    let found = apply(&server, &words);
    for (field, what) in [
        ("terms.credits.cap_percent", "nothing is ever credited"),
        ("terms.credits.rules[0].tiers[0].below_percent", "99% is above the 95%"),
        ("terms.credits.rules[0].earn_back_percent", "94.9% is not enough"),
        ("terms.credits.rules[0].bonuses[0].from_percent", "which takes 95%"),
        ("terms.objectives[1].attainment.percent", "can't be missed"),
        ("terms.objectives[2].performance.unit", "at most 2 of what?"),
    ] {
        let is_found = found.lines().any(|line| line.contains(field) && line.contains(what));
        assert!(is_found, "{field}: {what}: {found}");
    }
    let unknown =
        words.replace("currency: EUR", "currency: XYZ").replace("fee: 1000.00 EUR\n", "\n");
    let unknown = unknown.replace("bonus: 5 EUR", "bonus_percent: 1");
    let found = apply(&server, &unknown);
    assert!(found.contains("currency: ISO 4217 has no currency \"XYZ\""), "{found}");
    let up = "
contracts:
- id: U
  kind: sla
  time_zone: Europe/Amsterdam
  terms:
    objectives:
    - {id: up, period: month, availability: {service: mail, percent: 99.9, calendar_id: always}}
";
    assert_eq!(apply(&server, up), "contract U: created\n", "availability alone is a promise");
}
