//! What is counted where (`docs/periods.md`), from outside: groups, export, review and simulation
//! agree, and a period that is over reads the same later. `src/engine/answers/counting_law.rs` holds
//! the same over random worlds.

use std::collections::BTreeMap;

use slx::codec::v1;

use crate::compliance::{promising, some_fact};
use crate::random::setting;
use crate::testing::{Clients, Server, TENANT, at, hours};

const LATER: &str = "2027-01-05T00:00:00Z";
const MUCH_LATER: &str = "2028-06-01T00:00:00Z";

async fn fill(clients: &mut Clients) -> v1::Contract {
    let seed = setting("SLX_PERIOD_SEED", u64::from(std::process::id()));
    println!("SLX_PERIOD_SEED={seed}");
    clients.put_office().await;
    let mut contract = promising("C");
    let limit = v1::ExperienceLimit { priority: "P1".into(), limit: Some(hours(3)) };
    let experience = v1::ExperienceTerms { limits: vec![limit], ..Default::default() };
    contract.terms.as_mut().expect("terms").experience = Some(experience);
    clients.put_contract(contract.clone()).await;
    clients.record((0..400).map(|place| some_fact(seed, place)).collect()).await;
    contract
}

async fn compliance(
    clients: &mut Clients,
    period: &str,
    as_of: &str,
    by: &[v1::GroupKey],
) -> v1::GetComplianceResponse {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        group_by: by.iter().map(|key| *key as i32).collect(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    clients.compliance.get_compliance(request).await.expect("computed").into_inner()
}

async fn review(clients: &mut Clients, period: &str, as_of: &str) -> v1::GetServiceReviewResponse {
    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    clients.compliance.get_service_review(request).await.expect("reviewed").into_inner()
}

async fn rows(clients: &mut Clients, period: &str, as_of: &str) -> Vec<v1::ClockRow> {
    let request = v1::ExportClocksRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        include_open: true,
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    let mut answers = clients.compliance.export_clocks(request).await.expect("rows").into_inner();
    let mut rows = Vec::new();
    while let Some(answer) = answers.message().await.expect("a part") {
        rows.extend(answer.rows);
    }
    rows
}

type Kinds = BTreeMap<(String, v1::CountedAs), i64>;

fn counted(groups: &[v1::ComplianceGroup]) -> Kinds {
    let mut kinds = Kinds::new();
    for group in groups {
        let tally = group.contractual.clone().unwrap_or_default();
        let counts = [
            (v1::CountedAs::Met, tally.met),
            (v1::CountedAs::Breached, tally.breached),
            (v1::CountedAs::Cancelled, tally.cancelled),
            (v1::CountedAs::Excluded, tally.excluded),
            (v1::CountedAs::Undecided, tally.undecided),
        ];
        for (kind, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            *kinds.entry((group.target_id.clone(), kind)).or_insert(0) += count;
        }
    }
    kinds
}

fn exported(rows: &[v1::ClockRow]) -> Kinds {
    let mut kinds = Kinds::new();
    for row in rows.iter().filter(|row| row.counted_as() != v1::CountedAs::Unspecified) {
        *kinds.entry((row.target_id.clone(), row.counted_as())).or_insert(0) += 1;
    }
    kinds
}

#[tokio::test]
async fn groups_export_review_and_simulation_count_the_same() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut contract = fill(&mut clients).await;
    let limit = &mut contract.terms.as_mut().expect("terms").targets[0].limits[0].limit;
    *limit = Some(hours(2));
    for period in ["2026-09", "2026-10", "2026-11", "2026-Q4"] {
        for as_of in ["2026-10-20T10:00:00Z", LATER] {
            let by = [v1::GroupKey::Target];
            let groups = counted(&compliance(&mut clients, period, as_of, &by).await.groups);
            let one_by_one = [v1::GroupKey::Target, v1::GroupKey::Service, v1::GroupKey::Group];
            let found = compliance(&mut clients, period, as_of, &one_by_one).await;
            assert_eq!(counted(&found.groups), groups, "{period} as of {as_of}, one by one");
            assert_eq!(exported(&rows(&mut clients, period, as_of).await), groups, "{period}");
            let reviewed = review(&mut clients, period, as_of).await;
            assert_eq!(counted(&reviewed.groups), groups, "{period} as of {as_of}, reviewed");
            explain(&mut clients, (period, as_of), &contract, groups).await;
        }
    }
}

/// The changes that a simulation lists lead from the present counts to those it proposes.
async fn explain(
    clients: &mut Clients,
    (period, as_of): (&str, &str),
    contract: &v1::Contract,
    mut groups: Kinds,
) {
    let request = v1::SimulateContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract.clone()),
        period: period.into(),
        group_by: vec![v1::GroupKey::Target as i32],
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    let answer = clients.compliance.simulate_contract(request).await.expect("simulated");
    let answer = answer.into_inner();
    for change in &answer.verdict_changes {
        let ends = [(change.present_counted_as(), -1), (change.proposed_counted_as(), 1)];
        for (kind, count) in ends.into_iter().filter(|(k, _)| *k != v1::CountedAs::Unspecified) {
            *groups.entry((change.target_id.clone(), kind)).or_insert(0) += count;
        }
    }
    groups.retain(|_, count| *count != 0);
    assert_eq!(groups, counted(&answer.proposed.expect("proposed").groups), "{period}");
}

/// Case P5.
#[tokio::test]
async fn a_period_that_is_over_reads_the_same_later() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    for period in ["2026-09", "2026-10", "2026-Q4"] {
        let by = [v1::GroupKey::Target, v1::GroupKey::Priority];
        let mut said = Vec::new();
        for as_of in [LATER, MUCH_LATER] {
            let compliance = compliance(&mut clients, period, as_of, &by).await;
            said.push(v1::GetComplianceResponse { stamp: None, ..compliance });
        }
        assert_eq!(said[0], said[1], "{period}");
        let (now, later) = (
            review(&mut clients, period, LATER).await,
            review(&mut clients, period, MUCH_LATER).await,
        );
        assert_eq!(now.groups, later.groups, "{period}");
        assert_eq!(now.objectives, later.objectives, "{period}");
        assert_eq!(now.pauses, later.pauses, "{period}");
        assert_eq!(now.party_time, later.party_time, "{period}");
        assert_eq!(now.clocks, later.clocks, "{period}");
        assert_eq!(now.causes, later.causes, "{period}");
        assert_eq!(now.credits, later.credits, "{period}");
        assert_eq!(now.trend, later.trend, "{period}");
    }
}
