//! The contracts in `examples/contracts`: each is applied as it is, and a month worked by hand is
//! recorded. The amounts are those in the files' comments.

// Amounts are written with their cents apart.
#![allow(
    clippy::inconsistent_digit_grouping,
    clippy::mistyped_literal_suffixes,
    reason = "euros and cents"
)]

use std::path::Path;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, apply, at, event, opened};

const LATER: &str = "2190-01-01T00:00:00Z";

/// A server that has taken one of the files, about which the lint has nothing to say.
async fn start(data: &tempfile::TempDir, file: &str) -> (Server, Clients) {
    let mut server = Server::start(data.path(), &[]);
    let clients = server.clients().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/contracts");
    let terms = std::fs::read_to_string(folder.join(file)).expect("an example");
    let applied = apply(&server, &terms);
    assert!(applied.lines().all(|line| line.ends_with(": created")), "{applied}");
    (server, clients)
}

/// Opened at one instant, answered and solved at others.
async fn incident(
    clients: &mut Clients,
    (id, contracts, priority): (&str, &[&str], &str),
    [open, answered, solved]: [&str; 3],
) {
    let Fact::Opened(opening) = opened("", priority) else { unreachable!() };
    let contract_ids = contracts.iter().map(|id| (*id).to_owned()).collect();
    let opening = Fact::Opened(v1::Opened { contract_ids, ..opening });
    let responded = Fact::Responded(v1::Responded {});
    let events = vec![
        event(id, "o", &format!("2026-{open}:00Z"), opening),
        event(id, "a", &format!("2026-{answered}:00Z"), responded),
        event(id, "s", &format!("2026-{solved}:00Z"), Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(events).await;
}

async fn statement(clients: &mut Clients, contract: &str, period: &str) -> v1::CreditStatement {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: contract.into(),
        period: period.into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let answer = clients.compliance.get_compliance(request).await.expect("computed").into_inner();
    answer.credits.expect("a statement")
}

/// The amounts of a statement's lines, and their sum.
async fn amounts(clients: &mut Clients, contract: &str, period: &str) -> (Vec<i64>, i64) {
    let statement = statement(clients, contract, period).await;
    (statement.lines.iter().map(|line| line.amount).collect(), statement.total_amount)
}

#[tokio::test]
async fn a_municipality_s_malus_is_capped_and_earned_back() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, "municipal-ict.yaml").await;
    let contract: &[&str] = &["municipal-ict"];
    // Twenty P1 of Monday 4 May from 08:00: five of them solved after 4 h 1 min, three answered
    // after 31 min.
    for number in 0..20 {
        let solved = if number < 5 { "05-04T10:01" } else { "05-04T10:00" };
        let answered = if number < 3 { "05-04T06:31" } else { "05-04T06:30" };
        let times = ["05-04T06:00", answered, solved];
        incident(&mut clients, (&format!("M{number}"), contract, "P1"), times).await;
    }
    // And P2 of June: 8 h from Monday 1 June 16:00 end on Tuesday at 14:00.
    for number in 0..20 {
        let times = ["06-01T14:00", "06-01T15:59", "06-02T12:00"];
        incident(&mut clients, (&format!("J{number}"), contract, "P2"), times).await;
    }
    let may = amounts(&mut clients, "municipal-ict", "2026-05").await;
    assert_eq!(may, (vec![3_750_00, 2_500_00, -2_500_00], 3_750_00));
    let june = amounts(&mut clients, "municipal-ict", "2026-06").await;
    assert_eq!(june, (vec![0, 0, -3_750_00, -2_500_00, 2_500_00], -3_750_00));
}

#[tokio::test]
async fn a_cloud_credits_its_bill_in_three_tiers() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, "cloud-uptime.yaml").await;
    clients.outage("database", "11-10T00:00", "11-10T08:00").await;
    clients.outage("database", "12-10T00:00", "12-10T08:00").await;
    let november = statement(&mut clients, "cloud-uptime", "2026-11").await;
    assert_eq!((november.total_amount, november.claim_by_date.as_str()), (308_64, "2026-12-30"));
    assert_eq!(november.lines[0].reason, "98.8888% is below 99%: 25% of the fee");
    let december = statement(&mut clients, "cloud-uptime", "2026-12").await;
    assert_eq!((december.total_amount, december.fees[0].amount), (0, None));
}

#[tokio::test]
async fn a_carrier_credits_failures_and_long_repairs() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, "carrier.yaml").await;
    for (from, to) in [
        ("11-02T10:00", "11-02T15:10"),
        ("11-03T10:00", "11-03T10:10"),
        ("11-04T10:00", "11-04T11:00"),
        ("11-05T10:00", "11-05T10:20"),
    ] {
        clients.outage("line", from, to).await;
    }
    let november = amounts(&mut clients, "carrier", "2026-11").await;
    assert_eq!(november, (vec![16_00, 80_00, 32_00], 128_00));
}

#[tokio::test]
async fn a_service_desk_answers_in_business_hours_and_p1_round_the_clock() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, "service-desk.yaml").await;
    let contract: &[&str] = &["service-desk"];
    let mut call = async |id: &str, priority: &str, open: &str, answered: &str| {
        incident(&mut clients, (id, contract, priority), [open, answered, answered]).await;
    };
    // Saturday night, after 15 min; Friday 17:50 to Monday 08:05, 15 min of business hours.
    call("1", "P1", "06-06T01:00", "06-06T01:15").await;
    call("2", "P3", "06-05T15:50", "06-08T06:05").await;
    // Saturday night, a minute too late.
    call("3", "P1", "06-13T01:00", "06-13T01:16").await;
    for (month, late) in [("06", 0), ("07", 2), ("08", 0)] {
        for number in 0..if month == "06" { 7 } else { 10 } {
            let answered = if number < late { "08:16" } else { "08:15" };
            let (open, id) = (format!("{month}-10T08:00"), format!("{month}-{number}"));
            call(&id, "P2", &open, &format!("{month}-10T{answered}")).await;
        }
    }
    assert_eq!(amounts(&mut clients, "service-desk", "2026-06").await, (vec![0], 0));
    let july = statement(&mut clients, "service-desk", "2026-07").await;
    assert_eq!((july.lines[0].count, july.total_amount, july.bonus_amount), (2, 120_00, 0));
    let august = statement(&mut clients, "service-desk", "2026-08").await;
    assert_eq!((august.total_amount, august.bonus_amount), (0, 60_00));
}

#[tokio::test]
async fn suppliers_back_to_back_return_less_than_the_client_is_credited() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = start(&data, "chain.yaml").await;
    let times = ["06-01T07:00", "06-01T07:30", "06-01T12:00"];
    incident(&mut clients, ("N", &["workplace", "network"], "P1"), times).await;
    let times = ["06-02T07:00", "06-02T07:30", "06-03T09:00"];
    incident(&mut clients, ("H", &["workplace", "hosting"], "P1"), times).await;
    for (contract, credited) in [("workplace", 1_000_00), ("network", 100_00), ("hosting", 250_00)]
    {
        assert_eq!(amounts(&mut clients, contract, "2026-06").await.1, credited, "{contract}");
    }
}
