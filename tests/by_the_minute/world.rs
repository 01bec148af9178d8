//! Random worlds of one contract: its calendars, targets and exclusions, and its incidents, whose
//! facts become known bit by bit: late, taken back, and corrected.

use jiff::civil::{Date, date};
use prost_types::Timestamp;
use slx::codec::v1;

use super::calendar::{Hours, Minute, PLACES, Table, instant};
use super::clock::{Fact, Target, What};
use super::verdict::Rule;
use super::wire_time;
use crate::random::Dice;
use crate::testing::Clients;

/// Days that are modelled, from a month's first day on; half of them see facts.
const DAYS: usize = 70;
/// How often what is known grows.
pub const BATCHES: usize = 3;

/// A fact, since which batch it is known, and since which it is void.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub fact: Fact,
    pub batch: usize,
    pub void_since: Option<usize>,
    /// The id of the fact that it replaces.
    pub corrects: Option<String>,
}

/// Everything of one tenant.
#[derive(Debug)]
pub struct World {
    pub tenant: String,
    pub zone: &'static str,
    pub first: Date,
    pub calendars: Vec<Hours>,
    pub tables: Vec<Table>,
    pub targets: Vec<Target>,
    pub rules: Vec<Rule>,
    pub ends: Option<Minute>,
    pub incidents: Vec<Vec<Recorded>>,
    /// The `known_time` of each batch.
    pub known_times: Vec<Option<Timestamp>>,
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
        v1::OnReopen::NewCycle,
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
    let mut target = Target {
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
        cycle_verdict: v1::CycleVerdict::Unspecified,
        answered_by,
    };
    if target.on_reopen == v1::OnReopen::NewCycle {
        let verdicts = [
            v1::CycleVerdict::Unspecified,
            v1::CycleVerdict::First,
            v1::CycleVerdict::Last,
            v1::CycleVerdict::Total,
        ];
        target.cycle_verdict = dice.pick(&verdicts);
    }
    // All cycles together are held against one limit: here there is only one.
    if target.cycle_verdict == v1::CycleVerdict::Total {
        let (_, limit, calendar) = target.limits[0];
        target.limits.iter_mut().for_each(|of| (of.1, of.2) = (limit, calendar));
    }
    target
}

fn roll_rules(dice: &mut Dice) -> Vec<Rule> {
    let rule = |id| Rule {
        id,
        cause: None,
        out_of_scope: false,
        force_majeure: false,
        targets: Vec::new(),
    };
    let targets =
        |dice: &mut Dice| dice.pick(&[vec![], vec!["resolve"], vec!["respond", "restore"]]);
    let mut rules = Vec::new();
    if dice.one_in(2) {
        let cause = Some(dice.pick(&[v1::Party::Client, v1::Party::ThirdParty]));
        rules.push(Rule { cause, targets: targets(dice), ..rule("cause") });
    }
    if dice.one_in(2) {
        rules.push(Rule { out_of_scope: true, targets: targets(dice), ..rule("scope") });
    }
    if dice.one_in(2) {
        rules.push(Rule { force_majeure: true, targets: targets(dice), ..rule("force") });
    }
    if dice.one_in(4) {
        let cause = Some(v1::Party::Client);
        rules.push(Rule { cause, out_of_scope: true, force_majeure: true, ..rule("all") });
    }
    rules
}

/// What moves no clock.
fn roll_aside(dice: &mut Dice) -> What {
    let parties = [v1::Party::Client, v1::Party::ThirdParty, v1::Party::Provider];
    match dice.below(5) {
        0 | 1 => What::Cause(dice.pick(&parties)),
        2 => What::InScope(dice.one_in(2)),
        3 => What::ForceMajeure(dice.pick(&["yes", "no"])),
        _ => What::Decided(dice.pick(&["", "resolve", "respond", "restore"]), !dice.one_in(3)),
    }
}

/// The facts of an incident that is being made up.
struct Plot {
    facts: Vec<Fact>,
}

impl Plot {
    fn add(&mut self, at: Minute, what: What) {
        let number = self.facts.len();
        self.facts.push(Fact { id: format!("e{number}"), at, order: number as i64, what });
    }

    /// In the instant and order of the fact before it: they act together.
    fn add_together(&mut self, what: What) {
        let (at, order) = self.facts.last().map(|fact| (fact.at, fact.order)).expect("a fact");
        self.add(at, what);
        self.facts.last_mut().expect("it").order = order;
    }
}

/// An incident's facts in the order they occur; those of one instant have an `occur_order`.
pub fn roll_facts(dice: &mut Dice, first: Minute) -> Vec<Fact> {
    let mut at = first + dice.below(33 * 1440) as i64;
    let mut story = Plot { facts: Vec::new() };
    if dice.one_in(8) {
        story.add(at - 30, What::Waiting(v1::WaitingOn::Client, ""));
    }
    if dice.one_in(12) {
        story.add(at - 20, dice.pick(&[What::Responded, What::Resolved, What::Restored]));
    }
    story.add(at, What::Opened(dice.pick(&PRIORITIES)));
    if dice.one_in(8) {
        story.add_together(What::Waiting(v1::WaitingOn::Client, "parts"));
    }
    let mut ended = story.facts.iter().any(|fact| fact.what == What::Resolved);
    let (mut waiting, mut priority, mut ended_now) = ("", "", -1);
    for _ in 0..dice.below(10) {
        if !dice.one_in(5) {
            let most = dice.pick(&[20, 200, 1000, 3000]);
            at += 1 + dice.below(most) as i64;
        }
        if dice.one_in(6) {
            story.add(at, roll_aside(dice));
            continue;
        }
        if ended {
            if dice.one_in(2) && at > ended_now {
                (ended, waiting) = (false, "");
                story.add(at, What::Reopened);
                if dice.one_in(4) {
                    waiting = "client";
                    story.add_together(What::Waiting(v1::WaitingOn::Client, ""));
                }
            } else if dice.one_in(2) {
                story.add(at, dice.pick(&[What::Responded, What::Updated]));
            } else if dice.one_in(2) {
                priority = dice.pick(&PRIORITIES);
                story.add(at, What::Priority(priority));
            }
            continue;
        }
        match dice.below(12) {
            0 => story.add(at, What::Responded),
            1 => story.add(at, What::Updated),
            2..=5 => {
                let next = dice.pick(&[
                    ("client", v1::WaitingOn::Client),
                    ("third", v1::WaitingOn::ThirdParty),
                    ("provider", v1::WaitingOn::Provider),
                ]);
                if next.0 != waiting {
                    waiting = next.0;
                    story.add(at, What::Waiting(next.1, dice.pick(&["parts", "answer"])));
                    if dice.one_in(4) {
                        story.add_together(What::Responded);
                    }
                }
            }
            6 | 7 => {
                let next = dice.pick(&PRIORITIES);
                if next != priority {
                    priority = next;
                    story.add(at, What::Priority(next));
                }
            }
            8 => story.add(at, What::Restored),
            9 | 10 => {
                (ended, ended_now) = (true, at);
                story.add(at, dice.pick(&[What::Resolved, What::Closed]));
                if dice.one_in(4) {
                    story.add_together(What::Responded);
                }
            }
            _ => {
                (ended, ended_now) = (true, at);
                story.add(at, What::Cancelled);
            }
        }
    }
    story.facts
}

/// How facts become known: some late, some first reported wrong, and some that never were.
fn roll_records(dice: &mut Dice, facts: Vec<Fact>) -> Vec<Recorded> {
    let mut records = Vec::new();
    let first = facts[0].at;
    for fact in facts {
        let batch = if dice.one_in(3) { dice.below(BATCHES as u64) as usize } else { 0 };
        let mut corrects = None;
        if dice.one_in(10) {
            let id = format!("wrong-{}", fact.id);
            let at = fact.at + dice.below(200) as i64 - 100;
            let what = match fact.what {
                What::Priority(_) => What::Priority(dice.pick(&PRIORITIES)),
                What::Opened(_) => What::Opened(dice.pick(&PRIORITIES)),
                ref what => what.clone(),
            };
            corrects = Some(id.clone());
            let wrong = Fact { id, at, what, ..fact };
            let at = dice.below(BATCHES as u64) as usize;
            records.push(Recorded {
                fact: wrong,
                batch: at,
                void_since: Some(batch),
                corrects: None,
            });
        }
        records.push(Recorded { fact, batch, void_since: None, corrects });
    }
    let others = roll_facts(dice, first);
    let keep = |fact: &Fact| !matches!(fact.what, What::Opened(_));
    for (number, mut fact) in others.into_iter().filter(keep).take(2).enumerate() {
        (fact.id, fact.order) = (format!("never-{number}"), 100 + number as i64);
        let batch = dice.below(BATCHES as u64) as usize;
        let void_since = Some(dice.below(BATCHES as u64) as usize);
        records.push(Recorded { fact, batch, void_since, corrects: None });
    }
    records
}

pub fn roll_world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let month_begins = date(year, month, 1);
    let calendars: Vec<Hours> = (0..2).map(|_| Hours::roll(&mut dice, zone, year, month)).collect();
    let first = month_begins.yesterday().expect("a date");
    let tables: Vec<Table> = calendars.iter().map(|hours| hours.table(first, DAYS)).collect();
    let begins = instant(zone, month_begins, 0);
    let targets = (0..3).map(|number| roll_target(&mut dice, number)).collect();
    let rules = roll_rules(&mut dice);
    let ends = dice.one_in(4).then(|| begins + dice.below(35 * 1440) as i64);
    let incidents = (0..6).map(|_| {
        let facts = roll_facts(&mut dice, begins);
        roll_records(&mut dice, facts)
    });
    let incidents = incidents.collect();
    let (tenant, known_times) = (format!("w{seed}"), Vec::new());
    World { tenant, zone, first, calendars, tables, targets, rules, ends, incidents, known_times }
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

fn retraction(incident: usize, fact: &Fact) -> v1::IncidentEvent {
    let back = v1::Retracted { event_id: fact.id.clone() };
    v1::IncidentEvent {
        event_id: format!("not-{}", fact.id),
        fact: Some(v1::incident_event::Fact::Retracted(back)),
        ..event(incident, String::new(), fact)
    }
}

impl World {
    /// The facts of an incident that are known and stand once a batch is recorded, as they occurred.
    pub fn known(&self, incident: usize, batch: usize) -> Vec<Fact> {
        let records = self.incidents[incident].iter();
        let stands = |record: &&Recorded| {
            record.batch <= batch && record.void_since.is_none_or(|since| since > batch)
        };
        let mut facts: Vec<Fact> = records.filter(stands).map(|of| of.fact.clone()).collect();
        facts.sort_by_key(|fact| (fact.at, fact.order));
        facts
    }

    /// Whether anything of an incident is recorded by then.
    pub fn is_heard_of(&self, incident: usize, batch: usize) -> bool {
        let known =
            |of: &Recorded| of.batch <= batch || of.void_since.is_some_and(|at| at <= batch);
        self.incidents[incident].iter().any(known)
    }

    fn events(&self, batch: usize, dice: &mut Dice) -> Vec<v1::IncidentEvent> {
        let mut events = Vec::new();
        for (number, records) in self.incidents.iter().enumerate() {
            for record in records {
                let fact = &record.fact;
                if record.batch == batch {
                    events.push(v1::IncidentEvent {
                        corrects_event_id: record.corrects.clone().unwrap_or_default(),
                        ..event(number, fact.id.clone(), fact)
                    });
                }
                let corrected = records.iter().any(|of| of.corrects.as_ref() == Some(&fact.id));
                if record.void_since == Some(batch) && !corrected {
                    events.push(retraction(number, fact));
                }
            }
        }
        dice.shuffle(&mut events);
        events
    }

    pub async fn send(&mut self, clients: &mut Clients, dice: &mut Dice) {
        for (number, hours) in self.calendars.iter().enumerate() {
            let request = v1::PutCalendarRequest {
                tenant: self.tenant.clone(),
                calendar: Some(hours.to_wire(&format!("hours-{number}"))),
                ..Default::default()
            };
            clients.calendars.put_calendar(request).await.expect("put");
        }
        self.send_contract(clients).await;
        for batch in 0..BATCHES {
            let mut known = None;
            for events in self.events(batch, dice).chunks(20) {
                let (tenant, events) = (self.tenant.clone(), events.to_vec());
                let request = v1::RecordEventsRequest { tenant, events };
                let answer = clients.incidents.record_events(request).await;
                let answer = answer.expect("recorded").into_inner();
                for result in answer.results {
                    assert!(result.rejection.is_none(), "{result:?}");
                }
                known = answer.stamp.and_then(|stamp| stamp.known_time);
            }
            let known = known.or_else(|| self.known_times.last().copied().flatten());
            self.known_times.push(known);
        }
    }

    async fn send_contract(&self, clients: &mut Clients) {
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
                    exclusions: self.rules.iter().map(Rule::to_wire).collect(),
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
pub const FEE: i64 = 100_001;

/// 7.5 % of the fee of a month that misses it.
fn credits() -> v1::Credits {
    let tier = v1::CreditTier { credit_percent: "7.5".into(), ..Default::default() };
    let rule =
        v1::CreditRule { objective_id: "on-time".into(), tiers: vec![tier], ..Default::default() };
    let fee = v1::Money { minor_units: FEE, currency: "EUR".into() };
    v1::Credits { fee: Some(fee), rules: vec![rule], ..Default::default() }
}
