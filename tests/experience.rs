//! The second account: what people went through, beside what was agreed.

use prost_types::Duration;
use slx::codec::v1;
use slx::codec::v1::experience_objective::Measure;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, at, contract, event, hours, opened, slx, succeed};

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
        slx_weights: Some(v1::SlxWeights {
            lost_time: 50,
            idle: 25,
            score: 25,
            worst_lost_time_per_hundred_people: Some(hours(122)),
            minimum_answers: 1,
            minimum_promises: 1,
            ..Default::default()
        }),
        ..Default::default()
    });
    contract
}

fn hit(contracts: &[&str], people: i32) -> Fact {
    let Fact::Opened(opening) = opened("C", "P1") else { unreachable!("it opens") };
    let contract_ids = contracts.iter().map(|id| (*id).to_owned()).collect();
    Fact::Opened(v1::Opened { contract_ids, affected_users: Some(people), ..opening })
}

fn estimated(remaining: Duration) -> Fact {
    Fact::EffortEstimated(v1::EffortEstimated { remaining: Some(remaining) })
}

fn worked(duration: Duration) -> Fact {
    Fact::WorkLogged(v1::WorkLogged { duration: Some(duration), ..Default::default() })
}

/// Forty people stopped at nine in Amsterdam; half an hour of work, just before three.
async fn record_essay(clients: &mut Clients, incident: &str) {
    let done = "2026-10-06T13:00:00Z";
    let survey = v1::Surveyed { score: Some(3), lost_time: Some(hours(200)) };
    let facts = vec![
        event(incident, "o", "2026-10-06T07:00:00Z", hit(&["C"], 40)),
        event(incident, "e", "2026-10-06T07:00:00Z", estimated(minutes(30))),
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
    let evaluated = clients.evaluate("E", LATER, None).await;
    let verdict = evaluated.verdicts.iter().find(|v| v.target_id == "resolve").expect("a verdict");
    assert_eq!(verdict.outcome(), v1::Outcome::Met);
    let [experience] = evaluated.experience.as_slice() else {
        panic!("{:?}", evaluated.experience)
    };
    assert_eq!(experience.lost_time, Some(hours(240)));
    assert_eq!((experience.experienced_time, experience.limit), (Some(hours(6)), Some(hours(4))));
    assert_eq!((experience.gap, experience.people_hit), (Some(hours(0)), 40));
    assert_eq!(experience.trouble_end_time, Some(at("2026-10-06T13:00:00Z")));
    let flow = experience.flow.clone().expect("a flow");
    assert_eq!((flow.touch_time, flow.idle_time), (Some(minutes(30)), Some(minutes(330))));
    assert_eq!(flow.efficiency_percent, "8.3333");
    let survey = experience.survey.clone().expect("a survey");
    assert_eq!((survey.average_score.as_str(), survey.lost_time), ("3", Some(hours(200))));

    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let review = clients.compliance.get_service_review(request).await.expect("a review");
    let review = review.into_inner();
    let listed: Vec<_> = review.clocks.iter().filter(|clock| clock.is_watermelon).collect();
    let [melon] = listed.as_slice() else { panic!("{:?}", review.clocks) };
    assert_eq!((melon.incident_id.as_str(), melon.target_id.as_str()), ("E", "resolve"));
    let why = "6 h of its 8 h, but 6 h of 4 h for people; 240 people-hours lost; ";
    assert!(melon.why.starts_with(why), "{}", melon.why);
    assert!(melon.why.ends_with("left idle: 30 min of work, and 5 h 30 min were avoidable"));
    assert_eq!((melon.idle_work, melon.avoidable_time), (true, Some(minutes(330))));
    assert_eq!(review.total.map(|total| total.idle_work), Some(1));
    assert_eq!((melon.elapsed, melon.experienced_elapsed), (Some(hours(6)), Some(hours(6))));

    // It lies from the moment on at which it has lain for as long as the work takes.
    let mut lies = Vec::new();
    for time in ["2026-10-06T07:29:59Z", "2026-10-06T07:30:00Z", LATER] {
        let evaluated = clients.evaluate("E", time, None).await;
        let work = evaluated.work.iter().find(|work| work.target_id == "resolve").expect("work");
        lies.push(work.idle_work);
        assert_eq!(work.ready_time.is_some(), time == LATER);
    }
    assert_eq!(lies, [false, true, true]);

    let output = shown(&server, "E");
    assert!(
        output.contains("IDLE WORK C resolve: done at once, it could have been ready"),
        "{output}"
    );
    assert!(output.contains("240h 00m") && output.contains("5h 30m"), "{output}");
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

    // From Tuesday 9:00 on: two hours ours, twelve theirs over the night, one ours.
    let facts = vec![
        event("S", "o", "2026-10-06T07:00:00Z", hit(&["C", "UC"], 5)),
        event("S", "w", "2026-10-06T09:00:00Z", on_carrier()),
        event("S", "b", "2026-10-07T13:00:00.5Z", crate::testing::waiting(v1::WaitingOn::Provider)),
        event("S", "r", "2026-10-07T14:00:00.5Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(facts).await;
    let evaluated = clients.evaluate("S", LATER, None).await;
    let links: Vec<_> = evaluated.chain.iter().map(|l| (&*l.contract_id, &*l.underpins)).collect();
    assert_eq!(links, [("C", ""), ("UC", "C")]);
    assert_eq!(evaluated.chain[1].kind(), v1::ContractKind::Uc);
    let outcome = |contract: &str| {
        let is_it = |v: &&v1::TargetVerdict| v.contract_id == contract && v.target_id == "resolve";
        evaluated.verdicts.iter().find(is_it).map(|verdict| verdict.outcome())
    };
    assert_eq!(outcome("C"), Some(v1::Outcome::Met), "three hours of its own");
    assert_eq!(outcome("UC"), Some(v1::Outcome::Met), "thirteen of sixteen");
    let time = |kind: v1::PartyTimeKind| {
        let mut found = evaluated.party_time.iter().filter(|part| part.contract_id == "C");
        found.find(|part| part.kind() == kind).and_then(|part| part.duration)
    };
    let nanos = 500_000_000;
    let theirs = Duration { nanos, ..hours(12) };
    assert_eq!(time(v1::PartyTimeKind::Provider), Some(hours(3)));
    assert_eq!(time(v1::PartyTimeKind::ThirdParty), Some(theirs));
    assert_eq!(time(v1::PartyTimeKind::ClosedHours), Some(hours(16)));
    assert_eq!(time(v1::PartyTimeKind::Client), None);
    let experience =
        evaluated.experience.iter().find(|experience| experience.contract_id == "C").expect("it");
    assert_eq!(experience.experienced_time, Some(Duration { nanos, ..hours(15) }));
    assert_eq!(experience.gap, Some(theirs), "what the pause hid");

    let output = shown(&server, "S");
    assert!(output.contains("\n  UC"), "{output}");
    assert!(
        output.lines().any(|line| line.contains("Carrier") && line.contains("12h 00m")),
        "{output}"
    );
}

fn objective(id: &str, measure: Measure) -> v1::Objective {
    let promise = v1::ExperienceObjective {
        measure: Some(measure),
        minimum_answers: 2,
        ..Default::default()
    };
    v1::Objective {
        id: id.into(),
        period: v1::ObjectivePeriod::Month as i32,
        promise: Some(v1::objective::Promise::Experience(promise)),
        ..Default::default()
    }
}

/// What October came to, grouped by target.
async fn october(clients: &mut Clients) -> v1::GetComplianceResponse {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        group_by: vec![v1::GroupKey::Target as i32],
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    clients.compliance.get_compliance(request).await.expect("computed").into_inner()
}

fn group<'a>(answer: &'a v1::GetComplianceResponse, target: &str) -> &'a v1::ComplianceGroup {
    let found = answer.groups.iter().find(|group| group.target_id == target);
    found.unwrap_or_else(|| panic!("no {target}: {:?}", answer.groups))
}

fn verdicts(answer: &v1::GetComplianceResponse) -> Vec<(String, v1::ObjectiveVerdict)> {
    let objectives = answer.objectives.iter();
    let id = |status: &v1::ObjectiveResult| status.objective.clone().expect("it").id;
    objectives.map(|status| (id(status), status.verdict())).collect()
}

#[tokio::test]
async fn a_month_holds_both_accounts_and_evaluates_what_people_went_through() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut contract = essay_contract();
    contract.terms.as_mut().expect("terms").objectives = vec![
        objective("score", Measure::AverageScore("6.5".into())),
        objective("happy", Measure::HappinessPercent("0.5".into())),
        objective("lost", Measure::LostTimePerHundredPeople(hours(61))),
    ];
    clients.put_contract(contract).await;
    record_essay(&mut clients, "E").await;
    // Ten hours by the contract, but it worked again after two: half of four people's work.
    let back = "2026-10-08T09:00:00Z";
    let impact = v1::ImpactChanged { affected_users: Some(4), productivity_loss: Some(50) };
    let promise = v1::ClientUpdated { reported_time: Some(at(back)) };
    let survey = v1::Surveyed { score: Some(10), lost_time: None };
    let facts = vec![
        event("F", "o", "2026-10-08T07:00:00Z", hit(&["C"], 4)),
        event("F", "i", "2026-10-08T07:00:00Z", Fact::ImpactChanged(impact)),
        event("F", "u", "2026-10-08T08:00:00Z", Fact::ClientUpdated(promise)),
        event("F", "b", back, Fact::Restored(v1::Restored {})),
        event("F", "r", "2026-10-09T09:00:00Z", Fact::Resolved(v1::Resolved {})),
        event("F", "s", "2026-10-09T10:00:00Z", Fact::Surveyed(survey)),
    ];
    clients.record(facts).await;
    let answer = october(&mut clients).await;
    let resolve = group(&answer, "resolve");
    let paper = resolve.contractual.clone().expect("counts");
    assert_eq!((paper.met, paper.breached), (1, 1));
    assert_eq!(
        (resolve.watermelons, resolve.reverse_watermelons, resolve.met_by_pauses),
        (1, 1, 0)
    );
    assert_eq!(resolve.attainment_gap, "0");
    let experience_totals = resolve.experience_totals.clone().expect("experience totals");
    assert_eq!((experience_totals.incidents, experience_totals.people_hit), (2, 44));
    assert_eq!(experience_totals.lost_time, Some(hours(244)));
    assert_eq!(experience_totals.lost_time_p50, Some(hours(4)), "of 4 and 240 hours");
    assert_eq!(experience_totals.experienced_time, Some(hours(8)));
    assert_eq!(
        (experience_totals.idle_time, experience_totals.touch_time),
        (Some(minutes(930)), Some(minutes(30)))
    );
    assert_eq!((experience_totals.promises_kept, experience_totals.promises_broken), (1, 0));
    let survey = experience_totals.survey.expect("a survey");
    assert_eq!((survey.average_score.as_str(), survey.happiness_percent.as_str()), ("6.5", "0"));
    let responses = group(&answer, "respond").experience_totals.clone().expect("experience totals");
    assert_eq!(responses.incidents, 0, "each incident is counted once");
    assert_eq!(responses.lost_time_p50, None);
    let expected = [
        ("score".to_owned(), v1::ObjectiveVerdict::Met),
        ("happy".to_owned(), v1::ObjectiveVerdict::Missed),
        ("lost".to_owned(), v1::ObjectiveVerdict::Met),
    ];
    assert_eq!(verdicts(&answer), expected);
    let experience = answer.objectives[2].experience.clone().expect("what people went through");
    assert_eq!(experience.lost_time_per_hundred_people, Some(hours(61)));
    assert_eq!(experience.lost_time_left, Some(hours(0)));

    // The worst of 400 people is 488 hours in 720, so 504.9444 in the 745 of October; of those
    // 260.9444 were not lost. Of 16 hours half of one was not idle.
    let figure = answer.slx.clone().expect("a figure");
    let part = |part: Option<v1::SlxPart>| part.map(|part| part.percent).unwrap_or_default();
    let parts = [figure.lost_time, figure.promises, figure.idle, figure.score].map(part);
    assert_eq!(parts, ["51.6778", "100", "3.125", "65"]);
    assert_eq!(figure.percent, "42.8701", "50 x 51.6778 + 25 x 3.125 + 25 x 65, by 100");

    // It is reopened and takes a second more.
    let again = vec![
        event("F", "a", "2026-10-12T09:00:00Z", Fact::Reopened(v1::Reopened {})),
        event("F", "c", "2026-10-12T09:00:01Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(again).await;
    let answer = october(&mut clients).await;
    assert_eq!(verdicts(&answer)[2].1, v1::ObjectiveVerdict::Missed);
    assert_eq!(
        group(&answer, "resolve").experience_totals.clone().expect("experience totals").reopenings,
        1
    );

    let mut command = slx();
    command.args(["compliance", "C", "2026-10", "--tenant", TENANT, "--by", "target"]);
    let output = succeed(command.args(["--address", &server.address, "--as-of-time", LATER]));
    assert!(output.contains("244h 00m 02s") && output.contains("score 6.5"), "{output}");
    // The second more of the one is cut away: 4 h 0 min 2 s.
    assert!(output.contains("LOST P50") && output.contains("4h 00m "), "{output}");
}

fn closed_by(id: &str, opening: v1::Opened) -> Vec<v1::IncidentEvent> {
    vec![
        event(id, "o", "2026-10-06T07:00:00Z", Fact::Opened(opening)),
        event(id, "r", "2026-10-06T10:00:00Z", Fact::Resolved(v1::Resolved {})),
    ]
}

/// P7: what no fact says is not measured: it is no good figure and no bad one.
#[tokio::test]
async fn what_is_never_reported_is_not_measured_and_has_no_weight() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut contract = essay_contract();
    let terms = contract.terms.as_mut().expect("terms");
    terms.objectives =
        vec![objective("lost", Measure::LostTimePerHundredPeople(hours(61))), score("5")];
    let experience = terms.experience.as_mut().expect("experience terms");
    experience.slx_weights.as_mut().expect("weights").minimum_answers = 0;
    clients.put_contract(contract).await;
    let Fact::Opened(untold) = opened("C", "P1") else { unreachable!("it opens") };
    for id in ["A", "B", "D"] {
        clients.record(closed_by(id, untold.clone())).await;
    }
    let survey = Fact::Surveyed(v1::Surveyed { score: Some(10), ..Default::default() });
    clients.record(vec![event("A", "s", "2026-10-07T08:00:00Z", survey)]).await;
    let answer = october(&mut clients).await;
    let totals = group(&answer, "resolve").experience_totals.clone().expect("experience totals");
    assert_eq!((totals.lost_time, totals.lost_time_p50), (None, None));
    assert_eq!((totals.idle_time, totals.touch_time), (None, None));
    assert_eq!((totals.incidents, totals.people_reported, totals.work_reported), (3, 0, 0));
    assert_eq!(verdicts(&answer)[0].1, v1::ObjectiveVerdict::NoData);
    let lost = answer.objectives[0].experience.clone().expect("what people went through");
    assert_eq!((lost.lost_time_per_hundred_people, lost.lost_time_left), (None, None));
    let figure = answer.slx.clone().expect("a figure");
    let parts = [figure.lost_time, figure.promises, figure.idle, figure.score];
    let parts = parts.map(|part| part.expect("a part"));
    let said = parts.each_ref().map(|part| (part.percent.as_str(), part.count, part.counts));
    assert_eq!(said, [("", 0, false), ("", 0, false), ("", 0, false), ("100", 1, false)]);
    assert_eq!((parts[3].minimum, figure.percent.as_str()), (10, ""), "one answer of three");

    let mut command = slx();
    command.args(["compliance", "C", "2026-10", "--tenant", TENANT, "--by", "target"]);
    let output = succeed(command.args(["--address", &server.address, "--as-of-time", LATER]));
    assert!(output.contains("not measured: no weight"), "{output}");
    assert!(output.contains("1, fewer than 10: no weight"), "{output}");

    // Of two more incidents it is reported how many they hit; of one that is a guess.
    let hit = |affected_users, affected_users_estimated| v1::Opened {
        affected_users,
        affected_users_estimated,
        ..untold.clone()
    };
    for (id, opening) in
        [("F", hit(Some(4), false)), ("G", hit(Some(1), true)), ("H", hit(Some(1), true))]
    {
        clients.record(closed_by(id, opening)).await;
    }
    let answer = october(&mut clients).await;
    let totals = group(&answer, "resolve").experience_totals.clone().expect("experience totals");
    assert_eq!((totals.people_reported, totals.people_estimated), (3, 2));
    assert_eq!(totals.lost_time, Some(hours(4 * 3 + 2 * 3)), "three hours each");
    assert_eq!(verdicts(&answer)[0].1, v1::ObjectiveVerdict::Met, "of three of six");
    let part = answer.slx.and_then(|slx| slx.lost_time).expect("a part");
    assert_eq!((part.count, part.minimum, part.estimated, part.counts), (3, 3, 2, true));
}

/// P14: the service hours of each target are what it is experienced in by default.
#[tokio::test]
async fn a_target_is_experienced_in_its_own_service_hours() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let always = v1::Calendar {
        always_open: true,
        weekly: vec![],
        id: "always".into(),
        ..crate::testing::office()
    };
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(always),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put");
    let mut contract = contract("C");
    let terms = contract.terms.as_mut().expect("terms");
    let limit = |hour, calendar: &str| {
        vec![v1::Limit {
            priority: "P1".into(),
            limit: Some(hours(hour)),
            calendar_id: calendar.into(),
            ..Default::default()
        }]
    };
    let target = |id: &str, metric: v1::Metric, limits| v1::Target {
        id: id.into(),
        metric: metric as i32,
        limits,
        ..Default::default()
    };
    terms.targets = vec![
        target("resolve", v1::Metric::Resolution, limit(48, "always")),
        target("restore", v1::Metric::Restoration, limit(8, "office")),
    ];
    terms.experience = Some(v1::ExperienceTerms::default());
    clients.put_contract(contract).await;
    // Monday 16:00 in Amsterdam, and Tuesday 10:00.
    let facts = vec![
        event("A", "o", "2026-10-05T14:00:00Z", opened("C", "P1")),
        event("A", "b", "2026-10-06T08:00:00Z", Fact::Restored(v1::Restored {})),
        event("A", "r", "2026-10-06T10:00:00Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(facts).await;
    let answer = october(&mut clients).await;
    for target in ["resolve", "restore"] {
        let group = group(&answer, target);
        let experienced = group.experienced.clone().expect("counts");
        assert_eq!((experienced.met, experienced.breached), (1, 0), "{target}");
        assert_eq!(group.watermelons, 0, "{target}");
    }
}

#[tokio::test]
async fn experience_terms_that_can_not_be_evaluated_are_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let wrong = |change: fn(&mut v1::Terms)| {
        let mut contract = essay_contract();
        change(contract.terms.as_mut().expect("terms"));
        contract
    };
    let lost = Measure::LostTimePerHundredPeople(hours(1));
    let cases = [
        (wrong(|terms| terms.experience.as_mut().expect("it").people = -1), "experience.people"),
        (wrong(|terms| terms.experience.as_mut().expect("it").calendar_id = "no".into()), "put it"),
        (wrong(|terms| terms.objectives = vec![score("11")]), "write 0 to 10"),
        (
            wrong(|terms| {
                let weights = v1::SlxWeights { lost_time: 1, ..Default::default() };
                terms.experience.as_mut().expect("it").slx_weights = Some(weights);
            }),
            "worst_lost_time_per_hundred_people",
        ),
        (wrong(|terms| terms.objectives = vec![score("7.125")]), "at most two decimals"),
        (wrong(|terms| terms.objectives = vec![score("")]), "average_score"),
        (
            {
                let mut contract = essay_contract();
                let terms = contract.terms.as_mut().expect("terms");
                terms.objectives = vec![objective("lost", lost)];
                terms.experience.as_mut().expect("it").people = 0;
                contract
            },
            "say how many the contract serves",
        ),
    ];
    for (contract, violation) in cases {
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract),
            ..Default::default()
        };
        let status = clients.contracts.put_contract(request).await.expect_err("refused");
        assert!(format!("{status:?}").contains(violation), "{violation}: {status:?}");
    }
}

fn score(text: &str) -> v1::Objective {
    objective("score", Measure::AverageScore(text.into()))
}

#[tokio::test]
async fn what_the_example_agrees_can_be_put_as_it_stands() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    server.clients().await;
    let page = include_str!("../docs/experience.md");
    let terms = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let file = data.path().join("terms.yaml");
    std::fs::write(&file, terms.expect("terms")).expect("written");
    let mut command = slx();
    command.args(["apply", "--tenant", TENANT, "--address", &server.address, "--file"]);
    command.arg(&file);
    let output = succeed(&mut command);
    assert!(output.contains("workplace"), "{output}");
}

const CHAIN: &str = "
contracts:
- id: C
  kind: sla
  client: The municipality
  provider: Us
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - id: resolve
      metric: resolution
      pauses: [{waiting_on: third_party}]
      limits: [{priority: P1, limit: 4h, calendar_id: office}]
    experience: {calendar_id: office, people: 100}
    objectives:
    - {id: solved, period: month, attainment: {target_id: resolve, percent: 75}}
    credits:
      monthly_fee: 100000
      rules:
      - {objective_id: solved, tiers: [{below_percent: 75, credit_percent: 10}]}
- id: UC
  kind: uc
  underpins: C
  client: Us
  provider: Carrier
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - id: repair
      metric: resolution
      start_when: waiting_on == 'third_party'
      limits: [{priority: P1, limit: 16h, calendar_id: office}]
    objectives:
    - {id: repaired, period: month, attainment: {target_id: repair, percent: 75}}
    credits:
      monthly_fee: 40000
      rules:
      - {objective_id: repaired, tiers: [{below_percent: 75, credit_percent: 5}]}
";

fn on_carrier() -> Fact {
    Fact::StatusChanged(v1::StatusChanged {
        waiting_on: v1::WaitingOn::ThirdParty as i32,
        third_party: "Carrier".into(),
        ..Default::default()
    })
}

/// What is to be settled of a contract, and for how much.
async fn amounts(clients: &mut Clients, contract: &str) -> Vec<(String, Option<i64>)> {
    let request = v1::ListSettlementItemsRequest {
        tenant: TENANT.into(),
        contract_id: contract.into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let items = clients.settlement.list_settlement_items(request).await.expect("listed");
    let items = items.into_inner().items.into_iter().filter_map(|status| status.item);
    items.map(|item| (item.item_id, item.amount)).collect()
}

/// October, from Tuesday the sixth at nine in Amsterdam on. S waits 12 hours for the carrier and 3
/// for us, T 17 for the carrier and 1 for us, V 5 for us alone.
async fn record_chain(clients: &mut Clients) {
    let begins = "2026-10-06T07:00:00Z";
    let back = || crate::testing::waiting(v1::WaitingOn::Provider);
    let facts = vec![
        event("S", "o", begins, hit(&["C", "UC"], 5)),
        event("S", "w", "2026-10-06T09:00:00Z", on_carrier()),
        event("S", "b", "2026-10-07T13:00:00Z", back()),
        event("S", "r", "2026-10-07T14:00:00Z", Fact::Resolved(v1::Resolved {})),
        event("T", "o", begins, hit(&["C", "UC"], 2)),
        event("T", "w", begins, on_carrier()),
        event("T", "b", "2026-10-08T08:00:00Z", back()),
        event("T", "r", "2026-10-08T09:00:00Z", Fact::Resolved(v1::Resolved {})),
        event("V", "o", begins, hit(&["C"], 1)),
        event("V", "r", "2026-10-06T12:00:00Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(facts).await;
}

#[tokio::test]
async fn the_money_of_a_chain_follows_the_contract_and_the_second_account_the_people() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let file = data.path().join("terms.yaml");
    std::fs::write(&file, CHAIN).expect("written");
    let mut command = slx();
    command.args(["apply", "--tenant", TENANT, "--address", &server.address, "--file"]);
    let warned = succeed(command.arg(&file));
    assert!(warned.contains("longer than"), "{warned}");
    record_chain(&mut clients).await;

    let evaluated = clients.evaluate("T", LATER, None).await;
    let outcomes: Vec<_> =
        evaluated.verdicts.iter().map(|v| (&*v.contract_id, v.outcome())).collect();
    assert_eq!(outcomes, [("C", v1::Outcome::Met), ("UC", v1::Outcome::Breached)]);

    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        as_of_time: Some(at(LATER)),
        ..Default::default()
    };
    let review = clients.compliance.get_service_review(request).await.expect("a review");
    let review = review.into_inner();
    let total = review.total.expect("a total");
    let counts = |tally: Option<v1::Tally>| tally.map(|tally| (tally.met, tally.breached));
    assert_eq!(counts(total.contractual), Some((2, 1)), "what the carrier took is paused");
    assert_eq!(counts(total.experienced), Some((0, 3)), "people waited for all of it");
    assert_eq!(total.watermelons, 2);
    let turns: Vec<_> = review.party_time.iter().map(|part| (part.kind(), part.duration)).collect();
    assert!(turns.contains(&(v1::PartyTimeKind::Provider, Some(hours(3 + 1 + 5)))), "{turns:?}");
    assert!(turns.contains(&(v1::PartyTimeKind::ThirdParty, Some(hours(12 + 17)))), "{turns:?}");
    // 2 of 3 in time: 10 % of 1,000.00. Of the carrier 1 of 2: 5 % of 400.00.
    assert_eq!(review.credits.map(|credits| credits.total_amount), Some(10_000));
    let carrier = review.chain[0].total.clone().expect("the carrier's");
    assert_eq!(counts(carrier.contractual), Some((1, 1)));
    let due = [("credit:C:2026-10".to_owned(), Some(10_000))];
    assert_eq!(amounts(&mut clients, "C").await, due);
    let back = [("credit:UC:2026-10".to_owned(), Some(2_000))];
    assert_eq!(amounts(&mut clients, "UC").await, back);
}
