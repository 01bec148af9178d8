//! Clocks against `EvaluateIncident`, and what months count against `GetCompliance`.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use slx::codec::v1;

use super::calendar::{Hours, Minute, PLACES, Table, instant};
use super::clock::{Cycle, Fact, Target, What, cycles, party_minutes};
use super::{Differences, minutes, wire_time, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, seconds};

/// Days that are modelled, from a month's first day on; half of them see facts.
const DAYS: usize = 70;

/// Everything of one tenant.
#[derive(Debug)]
struct World {
    tenant: String,
    zone: &'static str,
    first: Date,
    calendars: Vec<Hours>,
    tables: Vec<Table>,
    targets: Vec<Target>,
    ends: Option<Minute>,
    incidents: Vec<Vec<Fact>>,
    /// Facts that are sent and taken back.
    retracted: Vec<Vec<Fact>>,
}

const PRIORITIES: [&str; 3] = ["P1", "P2", "P3"];

fn roll_target(dice: &mut Dice, number: usize) -> Target {
    let metrics = [v1::Metric::Resolution, v1::Metric::Response, v1::Metric::Restoration];
    let metric = metrics[number];
    let changes = [
        v1::OnPriorityChange::FromStart,
        v1::OnPriorityChange::CarryElapsed,
        v1::OnPriorityChange::Frozen,
    ];
    let reopens = [
        v1::OnReopen::ContinueExcludingGap,
        v1::OnReopen::NewCycle,
        v1::OnReopen::ContinueCountingGap,
        v1::OnReopen::Restart,
        v1::OnReopen::Ignore,
    ];
    let limit = |dice: &mut Dice| [15, 60, 240, 480, 961][dice.below(5) as usize];
    let calendar = dice.below(2) as usize;
    let mut pauses = Vec::new();
    if !dice.one_in(3) {
        let most = dice.one_in(2).then(|| 30 + dice.below(300) as i64);
        let reason = if dice.one_in(3) { "parts" } else { "" };
        pauses.push((v1::WaitingOn::Client, reason, most));
    }
    if dice.one_in(3) {
        pauses.push((v1::WaitingOn::ThirdParty, "", None));
    }
    let answers = [v1::Answer::Responded, v1::Answer::Restored, v1::Answer::Resolved];
    let answered_by = match metric == v1::Metric::Response && dice.one_in(3) {
        true => answers[..1 + dice.below(3) as usize].to_vec(),
        false => Vec::new(),
    };
    let on_priority_change = dice.pick(&changes);
    let other = match on_priority_change {
        v1::OnPriorityChange::CarryElapsed => calendar,
        _ => dice.below(2) as usize,
    };
    Target {
        id: ["resolve", "respond", "restore"][number],
        metric,
        limits: vec![
            ("P1", limit(dice), calendar),
            ("P2", limit(dice), other),
            ("*", limit(dice), calendar),
        ],
        pauses,
        on_priority_change,
        on_reopen: if dice.one_in(2) { reopens[0] } else { dice.pick(&reopens) },
        answered_by,
    }
}

/// An incident's facts in the order they occur; several of one instant have an `occur_order`.
fn roll_incident(dice: &mut Dice, first: Minute) -> Vec<Fact> {
    let mut at = first + dice.below(33 * 1440) as i64;
    let mut facts = Vec::new();
    let mut add = |at: Minute, what: What| {
        let order = facts.len() as i64;
        facts.push(Fact { at, order, what });
    };
    if dice.one_in(8) {
        add(at - 30, What::Waiting(v1::WaitingOn::Client, ""));
    }
    add(at, What::Opened(dice.pick(&PRIORITIES)));
    let (mut ended, mut waiting, mut priority, mut ended_now) = (false, "", "", -1);
    for _ in 0..dice.below(9) {
        if !dice.one_in(5) {
            let most = dice.pick(&[20, 200, 1000, 3000]);
            at += 1 + dice.below(most) as i64;
        }
        if ended {
            if dice.one_in(2) && at > ended_now {
                (ended, waiting) = (false, "");
                add(at, What::Reopened);
                if dice.one_in(4) {
                    waiting = "client";
                    add(at, What::Waiting(v1::WaitingOn::Client, ""));
                }
            } else if dice.one_in(2) {
                add(at, dice.pick(&[What::Responded, What::Updated]));
            } else if dice.one_in(2) {
                priority = dice.pick(&PRIORITIES);
                add(at, What::Priority(priority));
            }
            continue;
        }
        match dice.below(12) {
            0 => add(at, What::Responded),
            1 => add(at, What::Updated),
            2..=5 => {
                let next = dice.pick(&[
                    ("client", v1::WaitingOn::Client),
                    ("third", v1::WaitingOn::ThirdParty),
                    ("provider", v1::WaitingOn::Provider),
                ]);
                if next.0 != waiting {
                    waiting = next.0;
                    add(at, What::Waiting(next.1, dice.pick(&["parts", "answer"])));
                }
            }
            6 | 7 => {
                let next = dice.pick(&PRIORITIES);
                if next != priority {
                    priority = next;
                    add(at, What::Priority(next));
                }
            }
            8 => add(at, What::Restored),
            9 | 10 => {
                (ended, ended_now) = (true, at);
                add(at, dice.pick(&[What::Resolved, What::Closed]));
            }
            _ => {
                (ended, ended_now) = (true, at);
                add(at, What::Cancelled);
            }
        }
    }
    facts
}

fn roll_world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let month_begins = date(year, month, 1);
    let calendars: Vec<Hours> = (0..2).map(|_| Hours::roll(&mut dice, zone, year, month)).collect();
    let first = month_begins.yesterday().expect("a date");
    let tables: Vec<Table> = calendars.iter().map(|hours| hours.table(first, DAYS)).collect();
    let begins = instant(zone, month_begins, 0);
    let targets = (0..3).map(|number| roll_target(&mut dice, number)).collect();
    let ends = dice.one_in(4).then(|| begins + dice.below(35 * 1440) as i64);
    let incidents: Vec<Vec<Fact>> = (0..6).map(|_| roll_incident(&mut dice, begins)).collect();
    let retracted = incidents.iter().map(|facts| {
        let other = roll_incident(&mut dice, facts[0].at);
        let keep = |fact: &Fact| !matches!(fact.what, What::Opened(_));
        other.into_iter().filter(keep).take(2).collect()
    });
    let retracted = retracted.collect();
    let tenant = format!("w{seed}");
    World { tenant, zone, first, calendars, tables, targets, ends, incidents, retracted }
}

fn event(incident: usize, id: String, fact: &Fact) -> v1::IncidentEvent {
    v1::IncidentEvent {
        event_id: id,
        incident_id: format!("i{incident}"),
        occur_time: Some(wire_time(fact.at)),
        occur_order: fact.order,
        fact: Some(fact.what.to_wire("agreed")),
        ..Default::default()
    }
}

impl World {
    fn events(&self, dice: &mut Dice) -> Vec<v1::IncidentEvent> {
        let mut events = Vec::new();
        for (number, facts) in self.incidents.iter().enumerate() {
            let described = facts.iter().enumerate();
            events.extend(described.map(|(at, fact)| event(number, format!("e{at}"), fact)));
            for (at, fact) in self.retracted[number].iter().enumerate() {
                events.push(event(number, format!("r{at}"), fact));
                let back = v1::Retracted { event_id: format!("r{at}") };
                events.push(v1::IncidentEvent {
                    event_id: format!("x{at}"),
                    incident_id: format!("i{number}"),
                    occur_time: Some(wire_time(fact.at)),
                    fact: Some(v1::incident_event::Fact::Retracted(back)),
                    ..Default::default()
                });
            }
        }
        dice.shuffle(&mut events);
        events
    }

    async fn send_facts(&self, clients: &mut Clients, dice: &mut Dice) {
        for (number, hours) in self.calendars.iter().enumerate() {
            let request = v1::PutCalendarRequest {
                tenant: self.tenant.clone(),
                calendar: Some(hours.to_wire(&format!("hours-{number}"))),
                ..Default::default()
            };
            clients.calendars.put_calendar(request).await.expect("put");
        }
        let targets: Vec<v1::Target> = self.targets.iter().map(Target::to_wire).collect();
        let request = v1::PutContractRequest {
            tenant: self.tenant.clone(),
            contract: Some(v1::Contract {
                id: "agreed".into(),
                kind: v1::ContractKind::Sla as i32,
                time_zone: self.zone.into(),
                currency: "EUR".into(),
                terms: Some(v1::Terms {
                    targets,
                    objectives: vec![on_time()],
                    credits: Some(credits()),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let put = clients.contracts.put_contract(request).await;
        put.unwrap_or_else(|status| panic!("{status} {self:?}"));
        if let Some(end) = self.ends {
            let request = v1::EndContractRequest {
                tenant: self.tenant.clone(),
                contract_id: "agreed".into(),
                end_time: Some(wire_time(end)),
            };
            clients.contracts.end_contract(request).await.expect("ended");
        }
        for events in self.events(dice).chunks(20) {
            let (tenant, events) = (self.tenant.clone(), events.to_vec());
            let answer =
                clients.incidents.record_events(v1::RecordEventsRequest { tenant, events });
            for result in answer.await.expect("recorded").into_inner().results {
                assert!(result.rejection.is_none(), "{result:?}");
            }
        }
    }

    fn story(&self, incident: usize, target: &str) -> String {
        let target = self.targets.iter().find(|of| of.id == target);
        let facts: Vec<String> = self.incidents[incident].iter().map(described).collect();
        let (facts, ends) = (facts.join("\n  "), self.ends.map(time));
        format!("ends {ends:?}\n  {target:?}\n  {facts}\n  {:?}", self.calendars)
    }
}

/// 90 % of resolutions in time, each month.
fn on_time() -> v1::Objective {
    let promise = v1::objective::Promise::Attainment(v1::AttainmentObjective {
        target_id: "resolve".into(),
        percent: "90".into(),
        ..Default::default()
    });
    v1::Objective {
        id: "on-time".into(),
        period: v1::ObjectivePeriod::Month as i32,
        promise: Some(promise),
        ..Default::default()
    }
}

/// In cents a month.
const FEE: i64 = 100_001;

/// 7.5 % of the fee of a month that misses it.
fn credits() -> v1::Credits {
    let tier = v1::CreditTier { credit_percent: "7.5".into(), ..Default::default() };
    let rule =
        v1::CreditRule { objective_id: "on-time".into(), tiers: vec![tier], ..Default::default() };
    let fee = v1::Money { minor_units: FEE, currency: "EUR".into() };
    v1::Credits { fee: Some(fee), rules: vec![rule], ..Default::default() }
}

/// A month that is over: its objective, and what it credits of the fee of its days in force.
fn hold_credit(
    world: &World,
    begins: Date,
    tallies: &BTreeMap<(String, String), [i64; 4]>,
    answer: &v1::GetComplianceResponse,
    differences: &mut Differences,
) {
    let of_target = tallies.iter().filter(|(key, _)| key.0 == "resolve");
    let (met, breached) = of_target.fold((0, 0), |sum, (_, t)| (sum.0 + t[0], sum.1 + t[1]));
    let days: Vec<Date> = begins.series(jiff::Span::new().days(1)).take(31).collect();
    let days = days.into_iter().filter(|day| day.month() == begins.month());
    let days: Vec<Minute> = days.map(|day| instant(world.zone, day, 0)).collect();
    let in_force =
        days.iter().filter(|day| world.ends.is_none_or(|end| **day < end)).count() as i64;
    let many = days.len() as i64;
    let fee = (2 * FEE * in_force + many) / (2 * many);
    let (verdict, credit) = if in_force == 0 || met + breached == 0 {
        (v1::ObjectiveVerdict::NoData, 0)
    } else if met * 100 >= 90 * (met + breached) {
        (v1::ObjectiveVerdict::Met, 0)
    } else {
        (v1::ObjectiveVerdict::Missed, (2 * fee * 75 + 1000) / 2000)
    };
    let story = || format!("{} {begins}, ends {:?}: {answer:?}", world.tenant, world.ends);
    let server = answer.objectives.first().map(v1::ObjectiveResult::verdict);
    differences.compare("objective", Some(verdict), server, story);
    let total = answer.credits.as_ref().map(|credits| credits.total_amount);
    differences.compare("credit", credit, total.unwrap_or(0), story);
    if let Some(fees) = answer.credits.as_ref().and_then(|credits| credits.fees.first()) {
        let server = (fees.days_in_force.into(), fees.days.into(), fees.amount.unwrap_or(-1));
        differences.compare("fee", (in_force, many, fee), server, story);
    }
}

fn time(minute: Minute) -> String {
    jiff::Timestamp::from_second(minute * 60).expect("an instant").to_string()
}

fn described(fact: &Fact) -> String {
    format!("{} {} {:?}", time(fact.at), fact.order, fact.what)
}

#[tokio::test]
async fn clocks_and_months_are_what_counting_minute_by_minute_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut differences = Differences::default();
    for seed in worlds(8) {
        let world = roll_world(seed);
        let mut dice = Dice::new(seed + (1 << 32));
        world.send_facts(&mut clients, &mut dice).await;
        for incident in 0..world.incidents.len() {
            for _ in 0..3 {
                let as_of = roll_as_of(&world.incidents[incident], &mut dice);
                hold_incident(&world, incident, as_of, &mut clients, &mut differences).await;
            }
        }
        hold_months(&world, &mut clients, &mut differences).await;
    }
    differences.assert_none();
}

fn roll_as_of(facts: &[Fact], dice: &mut Dice) -> Minute {
    let fact = dice.below(facts.len() as u64) as usize;
    match dice.below(3) {
        0 => facts[fact].at,
        1 => facts[fact].at + dice.below(400) as i64,
        _ => facts[facts.len() - 1].at + dice.below(4000) as i64,
    }
}

async fn hold_incident(
    world: &World,
    incident: usize,
    as_of: Minute,
    clients: &mut Clients,
    differences: &mut Differences,
) {
    let request = v1::EvaluateIncidentRequest {
        tenant: world.tenant.clone(),
        incident_id: format!("i{incident}"),
        as_of_time: Some(wire_time(as_of)),
        ..Default::default()
    };
    let answer = clients.clocks.evaluate_incident(request).await.expect("evaluated").into_inner();
    hold_parties(world, incident, as_of, &answer, differences);
    for target in &world.targets {
        let facts = &world.incidents[incident];
        let model = cycles(target, &world.tables, facts, as_of, world.ends);
        let of_target = answer.clocks.iter().filter(|clock| clock.target_id == target.id);
        let started = |clock: &&v1::Clock| clock.phase != v1::Phase::Pending as i32;
        let server: Vec<v1::Clock> = of_target.filter(started).cloned().collect();
        let story = || {
            let story = world.story(incident, target.id);
            format!("{} i{incident} as of {}: {story}", world.tenant, time(as_of))
        };
        differences.compare("cycles", model.len(), server.len(), story);
        for (model, server) in model.iter().zip(&server) {
            hold_clock(model, server, story, differences);
        }
    }
}

/// Whose turn it was, by the hours of the target on resolution, where that has the same for all.
fn hold_parties(
    world: &World,
    incident: usize,
    as_of: Minute,
    answer: &v1::EvaluateIncidentResponse,
    differences: &mut Differences,
) {
    let resolve = &world.targets[0];
    if answer.clocks.is_empty() || resolve.limits.iter().any(|l| l.2 != resolve.limits[0].2) {
        return;
    }
    let table = &world.tables[resolve.limits[0].2];
    let model = party_minutes(table, &world.incidents[incident], as_of);
    let mut server = [0; 4];
    for time in &answer.party_time {
        let party = match time.kind() {
            v1::PartyTimeKind::Client => 1,
            v1::PartyTimeKind::ThirdParty => 2,
            v1::PartyTimeKind::ClosedHours => 3,
            _ => 0,
        };
        server[party] += time.duration.map_or(0, |time| time.seconds / 60);
    }
    let story = || {
        let story = world.story(incident, "resolve");
        format!("{} i{incident} as of {}: {story}", world.tenant, time(as_of))
    };
    differences.compare("party time", model, server, story);
}

fn hold_clock(
    model: &Cycle,
    server: &v1::Clock,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    let story = || format!("{model:?}\n  server {server:?}\n  {}", story());
    let whole = |minutes: i64| Some(seconds(minutes * 60));
    if let Some(phase) = model.phase {
        differences.compare("phase", phase, server.phase(), story);
    }
    differences.compare("outcome", model.outcome, server.outcome(), story);
    differences.compare("elapsed", whole(model.elapsed), server.elapsed, story);
    differences.compare("limit", whole(model.limit), server.limit, story);
    differences.compare("priority", model.priority, server.priority.as_str(), story);
    let at = |minute: Option<Minute>| minute.map(time);
    differences.compare("start", at(Some(model.start)), at(minutes(server.start_time)), story);
    differences.compare("stop", at(model.stop), at(minutes(server.stop_time)), story);
    differences.compare("breach", at(model.breach), at(minutes(server.breach_time)), story);
    if let Some(due) = model.due {
        differences.compare("due", at(due), at(minutes(server.due_time)), story);
    }
}

/// The tallies of both months by target and priority. Which month an incident of several cycles
/// belongs to is not said in one sentence: targets that make new cycles are left out.
async fn hold_months(world: &World, clients: &mut Clients, differences: &mut Differences) {
    let as_of = world.tables[0].end() - 4 * 1440;
    let month_begins = world.first.tomorrow().expect("a date");
    for months in 0..2 {
        let begins = month_begins.saturating_add(jiff::Span::new().months(months));
        let ends = begins.saturating_add(jiff::Span::new().months(1));
        let name = format!("{:04}-{:02}", begins.year(), begins.month());
        let within = instant(world.zone, begins, 0)..instant(world.zone, ends, 0);
        let mut model = BTreeMap::<(String, String), [i64; 4]>::new();
        for (target, facts) in world
            .targets
            .iter()
            .flat_map(|target| world.incidents.iter().map(move |facts| (target, facts)))
        {
            let cycles = cycles(target, &world.tables, facts, as_of, world.ends);
            let [cycle] = &cycles[..] else { continue };
            let place = match (cycle.outcome, cycle.decided()) {
                (v1::Outcome::Met, Some(at)) if within.contains(&at) => 0,
                (v1::Outcome::Breached, Some(at)) if within.contains(&at) => 1,
                (v1::Outcome::Undecided, Some(at)) if within.contains(&at) => 3,
                (_, decided)
                    if cycle.start < within.end && decided.is_none_or(|at| at >= within.end) =>
                {
                    2
                }
                _ => continue,
            };
            let key = (target.id.to_owned(), cycle.priority.to_owned());
            model.entry(key).or_default()[place] += 1;
        }
        let request = v1::GetComplianceRequest {
            tenant: world.tenant.clone(),
            contract_id: "agreed".into(),
            period: name.clone(),
            group_by: vec![v1::GroupKey::Target as i32, v1::GroupKey::Priority as i32],
            as_of_time: Some(wire_time(as_of)),
            ..Default::default()
        };
        let answer = clients.compliance.get_compliance(request).await.expect("counted");
        let answer = answer.into_inner();
        if world.targets[0].on_reopen != v1::OnReopen::NewCycle {
            hold_credit(world, begins, &model, &answer, differences);
        }
        let mut server = BTreeMap::new();
        for group in answer.groups {
            let tally = group.contractual.expect("a tally");
            let key = (group.target_id, group.priority);
            server.insert(key, [tally.met, tally.breached, tally.undecided, tally.cancelled]);
        }
        let new_cycles = |target: &Target| target.on_reopen == v1::OnReopen::NewCycle;
        for target in world.targets.iter().filter(|target| !new_cycles(target)) {
            let of = |tallies: &BTreeMap<(String, String), [i64; 4]>| {
                let of_target = |(key, _): &(&(String, String), &[i64; 4])| key.0 == target.id;
                let some = |(_, tally): &(&(String, String), &[i64; 4])| **tally != [0; 4];
                let tallies = tallies.iter().filter(of_target).filter(some);
                tallies.map(|(key, tally)| (key.1.clone(), *tally)).collect::<BTreeMap<_, _>>()
            };
            let story = || {
                let of = |facts| cycles(target, &world.tables, facts, as_of, world.ends);
                let all: Vec<_> = world.incidents.iter().map(|facts| of(facts)).collect();
                format!("{} {name}: {all:#?}", world.tenant)
            };
            differences.compare("month", of(&model), of(&server), story);
        }
    }
}
