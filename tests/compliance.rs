//! Did the period comply: counted in groups, evaluated by objectives, with both accounts.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::random::{random, setting};
use crate::testing::{Clients, Server, TENANT, at, contract, event, opened, slx, succeed, waiting};

/// 95 % of P1 and all of what is resolved, each month, and the same over the quarter.
pub fn promising(id: &str) -> v1::Contract {
    let objective = |id: &str, period, percent: &str, priorities: &[&str]| v1::Objective {
        id: id.into(),
        period: period as i32,
        promise: Some(v1::objective::Promise::Attainment(v1::AttainmentObjective {
            target_id: "resolve".into(),
            priorities: priorities.iter().map(|p| (*p).into()).collect(),
            percent: percent.into(),
            minimum_count: 2,
        })),
        ..Default::default()
    };
    let mut contract = contract(id);
    let terms = contract.terms.as_mut().expect("terms");
    terms.objectives = vec![
        objective("p1-month", v1::ObjectivePeriod::Month, "50", &["P1"]),
        objective("all-quarter", v1::ObjectivePeriod::Quarter, "99.5", &[]),
    ];
    terms.objectives.push(happy_enough());
    terms.exclusions = vec![v1::Exclusion {
        id: "theirs".into(),
        title: "The client's own doing".into(),
        cause: v1::Party::Client as i32,
        target_ids: vec!["resolve".into()],
        ..Default::default()
    }];
    contract
}

/// Answers to surveys score 5 on average, each quarter.
fn happy_enough() -> v1::Objective {
    let measure = v1::experience_objective::Measure::AverageScore("5".into());
    let promise = v1::ExperienceObjective {
        measure: Some(measure),
        minimum_answers: 1,
        ..Default::default()
    };
    v1::Objective {
        id: "happy".into(),
        period: v1::ObjectivePeriod::Quarter as i32,
        promise: Some(v1::objective::Promise::Experience(promise)),
        ..Default::default()
    }
}

/// Opened at 9:00 in Amsterdam and resolved some hours later, the day being of October 2026.
fn incident(id: &str, priority: &str, day: u32, hours: u32) -> Vec<v1::IncidentEvent> {
    let time = |hour| format!("2026-10-{day:02}T{hour:02}:00:00Z");
    let resolved = Fact::Resolved(v1::Resolved {});
    vec![
        event(id, "o", &time(7), opened("C", priority)),
        event(id, "r", &time(7 + hours), resolved),
    ]
}

fn caused_by_client(id: &str) -> v1::IncidentEvent {
    let cause = v1::CauseAttributed { party: v1::Party::Client as i32, ..Default::default() };
    event(id, "cause", "2026-10-30T10:00:00Z", Fact::CauseAttributed(cause))
}

async fn query(
    clients: &mut Clients,
    by: &[v1::GroupKey],
    as_of: &str,
) -> v1::GetComplianceResponse {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        group_by: by.iter().map(|key| *key as i32).collect(),
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    clients.compliance.get_compliance(request).await.expect("computed").into_inner()
}

fn resolve(answer: &v1::GetComplianceResponse, priority: &str) -> v1::ComplianceGroup {
    let mut groups = answer.groups.iter();
    let found = groups.find(|group| group.target_id == "resolve" && group.priority == priority);
    found.cloned().unwrap_or_else(|| panic!("no {priority} in {answer:?}"))
}

const BY: [v1::GroupKey; 2] = [v1::GroupKey::Target, v1::GroupKey::Priority];
const LATER: &str = "2026-11-20T00:00:00Z";

async fn fill(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(promising("C")).await;
    // P1 in 4 hours: met, met at the limit, breached; and one that is the client's own doing.
    for (id, day, hours) in [("A", 1, 3), ("B", 2, 4), ("C", 5, 5), ("D", 6, 7)] {
        clients.record(incident(id, "P1", day, hours)).await;
    }
    clients.record(vec![caused_by_client("D")]).await;
    // Met only since the client was waited for: 4 hours of service time count of 6.
    let mut waited = incident("E", "P1", 7, 6);
    waited.push(event("E", "w", "2026-10-07T08:00:00Z", waiting(v1::WaitingOn::Client)));
    waited.push(event("E", "b", "2026-10-07T10:00:00Z", waiting(v1::WaitingOn::Provider)));
    clients.record(waited).await;
    // Opened in October, over its limit on Monday 2 November, never resolved.
    let late = event("F", "o", "2026-10-30T14:00:00Z", opened("C", "P1"));
    clients.record(vec![late]).await;
    clients.record(incident("G", "P2", 8, 2)).await;
    // Over its eight hours on the next day, and cancelled after that; and cancelled before that.
    for (id, day) in [("H", 14), ("I", 13)] {
        let opening = event(id, "o", "2026-10-13T07:00:00Z", opened("C", "P2"));
        let time = format!("2026-10-{day}T14:00:00Z");
        let cancelled = event(id, "x", &time, Fact::Cancelled(v1::Cancelled {}));
        clients.record(vec![opening, cancelled]).await;
    }
}

#[tokio::test]
async fn a_month_is_counted_by_the_contract_and_as_it_was_experienced() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let answer = query(&mut clients, &BY, LATER).await;
    let period = answer.period.clone().expect("a period");
    assert_eq!(period.start_time, Some(at("2026-09-30T22:00:00Z")));
    assert_eq!(period.end_time, Some(at("2026-10-31T23:00:00Z")));

    let group = resolve(&answer, "P1");
    let counts = group.contractual.clone().expect("counts");
    assert_eq!((counts.met, counts.breached, counts.excluded, counts.undecided), (3, 1, 1, 0));
    assert_eq!((counts.excluded_breached, counts.attainment.as_str()), (1, "75"));
    let experience = group.experienced.clone().expect("counts");
    assert_eq!((experience.met, experience.breached, experience.excluded), (2, 3, 0));
    assert_eq!(group.watermelons, 2, "the one that waited and the excluded one");
    assert_eq!(group.elapsed_p90, Some(crate::testing::hours(5)));
    let counts = resolve(&answer, "P2").contractual.expect("counts");
    assert_eq!((counts.met, counts.breached, counts.undecided), (1, 1, 0));

    let result = |id: &str| {
        let mut found = answer.objectives.iter();
        let is_it = |s: &&v1::ObjectiveResult| s.objective.as_ref().expect("it").id == id;
        found.find(is_it).cloned().unwrap_or_else(|| panic!("no {id}"))
    };
    let month = result("p1-month");
    assert_eq!(month.verdict(), v1::ObjectiveVerdict::Met);
    assert_eq!((month.percent.as_str(), month.breach_allowance), ("75", 2));
    // The quarter goes on, and holds November's breach too: 4 of 7.
    let quarter = result("all-quarter");
    assert_eq!(quarter.period.clone().expect("a period").name, "2026-Q4");
    assert_eq!(quarter.verdict(), v1::ObjectiveVerdict::AtRisk);
    assert_eq!(quarter.percent, "57.1428");

    // While October went on, F was open in it.
    let then = query(&mut clients, &BY, "2026-10-31T00:00:00Z").await;
    let counts = resolve(&then, "P1").contractual.expect("counts");
    assert_eq!((counts.met, counts.breached, counts.undecided), (3, 1, 1));
}

#[tokio::test]
async fn the_index_counts_what_evaluating_every_incident_counts() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let known = clients.status().await.stamp.expect("a stamp").known_time;
    let now = query(&mut clients, &BY, LATER).await;
    // Something else is recorded: what was known before can't be read off the index any more.
    clients.record(incident("Z", "P1", 9, 1)).await;
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        group_by: BY.iter().map(|key| *key as i32).collect(),
        as_of_time: Some(at(LATER)),
        known_time: known,
        ..Default::default()
    };
    let then = clients.compliance.get_compliance(request).await.expect("computed").into_inner();
    assert_eq!((&now.groups, &now.objectives), (&then.groups, &then.objectives));
    let counts = resolve(&query(&mut clients, &BY, LATER).await, "P1").contractual;
    assert_eq!(counts.expect("counts").met, 4);
}

/// A fact of an incident that was opened on some day of September to December, reported in any
/// order.
pub fn some_fact(seed: u64, place: u64) -> v1::IncidentEvent {
    let pick = |what: u64, choices: u64| random(seed, place * 16 + what) % choices;
    let id = format!("R{}", pick(0, 40));
    let opened_on = random(seed, 1_000_000 + pick(0, 40)) % 100;
    let minutes = opened_on * 24 * 60 + pick(1, 4 * 24 * 60);
    let time = at("2026-09-01T06:00:00Z").seconds + minutes as i64 * 60;
    let cause = |party| v1::CauseAttributed {
        party,
        third_party: ["Carrier", "Power"][pick(3, 2) as usize].into(),
        ..Default::default()
    };
    let fact = match pick(2, 16) {
        0..=3 => {
            let mut fact = opened("C", ["P1", "P2"][pick(3, 2) as usize]);
            if let Fact::Opened(opened) = &mut fact {
                opened.service = ["mail", "web"][pick(4, 2) as usize].into();
                opened.category = ["", "net\0work"][pick(5, 2) as usize].into();
            }
            fact
        }
        4 => waiting(v1::WaitingOn::Client),
        5 => waiting(v1::WaitingOn::Provider),
        6 => Fact::PriorityChanged(v1::PriorityChanged { priority: "P1".into() }),
        7 => Fact::Assigned(v1::Assigned { group: "second".into(), ..Default::default() }),
        8 => Fact::CauseAttributed(cause(1 + pick(4, 3) as i32)),
        9 => Fact::Reopened(v1::Reopened {}),
        10 => Fact::Cancelled(v1::Cancelled {}),
        11 => Fact::Retracted(v1::Retracted { event_id: format!("e{}", place / 2) }),
        12 => some_experience(pick(3, 6), pick(4, 100)),
        _ => Fact::Resolved(v1::Resolved {}),
    };
    let occur_time = Some(prost_types::Timestamp { seconds: time, nanos: 0 });
    v1::IncidentEvent { occur_time, ..event(&id, &format!("e{place}"), LATER, fact) }
}

fn some_experience(kind: u64, figure: u64) -> Fact {
    let span =
        |minutes: u64| Some(prost_types::Duration { seconds: minutes as i64 * 60, nanos: 7 });
    match kind {
        0 => Fact::WorkLogged(v1::WorkLogged { duration: span(figure), ..Default::default() }),
        1 => Fact::Surveyed(v1::Surveyed { score: figure as i32 % 11, lost_time: span(figure) }),
        2 => Fact::Restored(v1::Restored {}),
        3 => Fact::ClientUpdated(v1::ClientUpdated {
            reported_time: Some(at("2026-11-20T10:00:00Z")),
        }),
        _ => {
            let loss = figure as i32;
            Fact::ImpactChanged(v1::ImpactChanged { affected_users: 7, productivity_loss: loss })
        }
    }
}

#[tokio::test]
async fn tallies_equal_a_recount_under_late_retracted_and_changed_facts() {
    let data = tempfile::tempdir().expect("a directory");
    let seed = setting("SLX_TALLY_SEED", u64::from(std::process::id()));
    println!("SLX_TALLY_SEED={seed}");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut contract = promising("C");
    let limit =
        v1::ExperienceLimit { priority: "P1".into(), limit: Some(crate::testing::hours(3)) };
    contract.terms.as_mut().expect("terms").experience =
        Some(v1::ExperienceTerms { limits: vec![limit], ..Default::default() });
    clients.put_contract(contract).await;
    for round in 0..8 {
        let facts = (round * 60..(round + 1) * 60).map(|place| some_fact(seed, place));
        clients.record(facts.collect()).await;
        if round == 4 {
            let mut looser = promising("C");
            looser.time_zone = "Asia/Tokyo".into();
            looser.terms.as_mut().expect("terms").exclusions.clear();
            clients.put_contract(looser).await;
        }
        compare_with_a_recount(&mut clients, round).await;
    }
}

/// Queries the tallies; then records something else, so that what was known before that has to be
/// evaluated incident by incident, and queries again.
async fn compare_with_a_recount(clients: &mut Clients, round: u64) {
    let request = |period: &str, key: v1::GroupKey, as_of: &str| v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: period.into(),
        group_by: vec![v1::GroupKey::Priority as i32, key as i32],
        as_of_time: Some(at(as_of)),
        ..Default::default()
    };
    let mut requested = Vec::new();
    for period in ["2026-10", "2026-Q4", "2026"] {
        for key in 1..=6 {
            for as_of in ["2027-01-05T00:00:00Z", "2026-12-20T10:00:00Z"] {
                let key = v1::GroupKey::try_from(key).expect("a key");
                requested.push(request(period, key, as_of));
            }
        }
    }
    let mut answers = Vec::new();
    for request in &requested {
        let answer = clients.compliance.get_compliance(request.clone()).await;
        answers.push(answer.expect("computed").into_inner());
    }
    let other = event(&format!("other{round}"), "a", LATER, Fact::Responded(v1::Responded {}));
    clients.record(vec![other]).await;
    for (request, by_tallies) in requested.into_iter().zip(answers) {
        let known_time = by_tallies.stamp.expect("a stamp").known_time;
        let request = v1::GetComplianceRequest { known_time, ..request };
        let recount = clients.compliance.get_compliance(request.clone()).await;
        let recount = recount.expect("computed").into_inner();
        assert_eq!(by_tallies.groups, recount.groups, "{request:?}");
        assert_eq!(by_tallies.objectives, recount.objectives, "{request:?}");
    }
}

#[tokio::test]
async fn a_decision_overrules_the_rules_and_the_clock_says_why() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let evaluated = clients.evaluate("D", LATER, None).await;
    let clock =
        evaluated.clocks.iter().find(|clock| clock.target_id == "resolve").expect("a clock");
    assert_eq!(clock.outcome(), v1::Outcome::Excluded);
    assert_eq!(clock.excluded_outcome(), v1::Outcome::Breached);
    assert_eq!(clock.exclusion, "rule theirs: The client's own doing");
    let decided = v1::ExclusionDecided {
        contract_id: "C".into(),
        excluded: false,
        decided_by: "J. de Vries".into(),
        reason: "ours after all".into(),
        ..Default::default()
    };
    let fact = Fact::ExclusionDecided(decided.clone());
    clients.record(vec![event("D", "d1", "2026-11-02T10:00:00Z", fact)]).await;
    let counts = resolve(&query(&mut clients, &BY, LATER).await, "P1").contractual;
    assert_eq!(counts.map(|counts| (counts.breached, counts.excluded)), Some((2, 0)));
    let fact = Fact::ExclusionDecided(v1::ExclusionDecided { excluded: true, ..decided });
    clients.record(vec![event("C", "d2", "2026-11-02T10:00:00Z", fact)]).await;
    let counts = resolve(&query(&mut clients, &BY, LATER).await, "P1").contractual;
    assert_eq!(counts.map(|counts| (counts.breached, counts.excluded)), Some((1, 1)));

    let mut command = slx();
    command.args(["compliance", "C", "2026-10", "--tenant", TENANT]);
    command.args(["--address", &server.address, "--as-of-time", LATER]);
    let output = succeed(command.args(["--by", "party", "--zone", "Europe/Amsterdam"]));
    assert!(
        output.contains("2026-10 from Thu 2026-10-01 00:00 to Sun 2026-11-01 00:00"),
        "{output}"
    );
    assert!(output.lines().any(|line| line.starts_with("client ")), "{output}");
    assert!(output.contains("p1-month") && output.contains("at risk"), "{output}");
}

#[tokio::test]
async fn a_simulation_reports_what_the_proposed_terms_would_have_given() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let present = query(&mut clients, &BY, LATER).await;
    // P1 in 3 hours, nothing excluded, and an hour's later opening.
    let mut proposal = promising("C");
    let terms = proposal.terms.as_mut().expect("terms");
    terms.targets[0].limits[0].limit = Some(crate::testing::hours(3));
    terms.exclusions.clear();
    let mut calendar = crate::testing::office();
    calendar.weekly[0].opens = "10:00".into();
    let request = v1::SimulateContractRequest {
        tenant: TENANT.into(),
        contract: Some(proposal.clone()),
        calendars: vec![calendar.clone()],
        period: "2026-10".into(),
        group_by: BY.iter().map(|key| *key as i32).collect(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let simulation =
        clients.compliance.simulate_contract(request).await.expect("simulated").into_inner();
    let simulated_present = simulation.present.clone().expect("the present");
    assert_eq!(simulated_present.groups, present.groups);
    assert_eq!(simulated_present.objectives, present.objectives);
    assert!(simulation.caveat.contains("otherwise"));
    let verdict_changes: Vec<_> = simulation
        .verdict_changes
        .iter()
        .map(|verdict_change| verdict_change.incident_id.as_str())
        .collect();
    // D is excluded no more; G's hour to respond begins later. The tighter limit and the later
    // opening weigh each other up for the others.
    assert_eq!(verdict_changes, ["D", "G"]);
    assert_eq!(simulation.verdict_change_count, 2);
    assert_eq!(query(&mut clients, &BY, LATER).await.groups, present.groups, "nothing is recorded");

    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let from_ever_on = Some(at("1970-01-01T00:00:00Z"));
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(calendar),
        effective_time: from_ever_on,
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put");
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(proposal),
        effective_time: from_ever_on,
        ..Default::default()
    };
    clients.contracts.put_contract(request).await.expect("put");
    let so = query(&mut clients, &BY, LATER).await;
    assert_eq!(simulation.proposed.expect("the proposed").groups, so.groups);
}

#[tokio::test]
async fn what_can_not_be_requested_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(promising("C")).await;
    let wrong = |change: fn(&mut v1::GetComplianceRequest)| {
        let mut request = v1::GetComplianceRequest {
            tenant: TENANT.into(),
            contract_id: "C".into(),
            period: "2026-10".into(),
            ..Default::default()
        };
        change(&mut request);
        request
    };
    let cases: [(v1::GetComplianceRequest, &str); 5] = [
        (wrong(|request| request.period = "october".into()), "2026-Q3"),
        (wrong(|request| request.period.clear()), "is missing"),
        (wrong(|request| request.start_time = Some(at(LATER))), "one or the other"),
        (wrong(|request| request.group_by = vec![99]), "group_by[0]"),
        (wrong(|request| request.contract_id = "X".into()), "no contract"),
    ];
    for (request, violation) in cases {
        let status = clients.compliance.get_compliance(request).await.expect_err("refused");
        assert!(format!("{status:?}").contains(violation), "{status:?}");
    }
    let mut fickle = promising("C");
    fickle.terms.as_mut().expect("terms").exclusions[0].when = "now > 0".into();
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(fickle),
        ..Default::default()
    };
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    assert!(format!("{status:?}").contains("contract.terms.exclusions[0].when"), "{status:?}");
}
