//! Random worlds: a contract in some revisions, and incidents that are reported late, corrected,
//! retracted, reopened and excluded, often on the edges of months, and several facts at once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::domain::calendar::{Calendar, Draft, DraftWeekly};
use crate::domain::clock::testing::{contract, fact, target};
use crate::domain::contract::{
    AttainmentPromise, BacklogBound, BacklogPromise, Combination, Contract, Credit, CreditRule,
    CreditTier, Credits, ExclusionRule, ExperienceMeasure, ExperiencePromise, ExperienceTerms, Fee,
    Objective, OpenIncidents, Per, PeriodKind, Promise, SlxWeights, Steps, Target,
};
use crate::domain::incident::{
    Cause, ExclusionDecision, Fact, IncidentEvent, Opened, Party, RecordedEvent,
};
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::terms_entry::TermsEntry;

/// The contract of every incident.
pub const CONTRACT: &str = "contract";

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// How long the incidents of a world go on.
const DAYS: i64 = 130;

pub static ZONES: LazyLock<ZoneDatabase> = LazyLock::new(ZoneDatabase::bundled);

/// Where a world is and when: among them a month with a change of clocks, a change at midnight, and
/// the end of a year.
const PLACES: [(&str, i64); 6] = [
    ("UTC", 1_772_323_200),              // 2026-03-01
    ("Europe/Amsterdam", 1_772_323_200), // 2026-03-01
    ("America/New_York", 1_790_812_800), // 2026-10-01
    ("America/St_Johns", 1_157_068_800), // 2006-09-01: changes at one past midnight
    ("Pacific/Auckland", 1_793_491_200), // 2026-11-01
    ("Asia/Kolkata", 1_704_067_200),     // 2024-01-01
];

const TARGETS: [&str; 16] = [
    "response *=1:00/office",
    "resolution P1=4:00 P2=8:00/office pause=client",
    "resolution *=40:00/office pause=client<3:00 pause=third_party",
    "resolution P1=4:00 P2=72:00 from_change pause=client",
    "resolution P1=4:00 P2=60:00/office carry_elapsed counting_gap",
    "resolution *=30:00 new_cycle first",
    "resolution *=30:00 new_cycle last pause=client",
    "resolution *=30:00 new_cycle worst",
    "resolution *=50:00 new_cycle total pause=client",
    "resolution P1=30:00 P2=300:00 restart frozen",
    "resolution *=700:00 counting_gap",
    "resolution *=12:00/office ignore",
    "restoration *=10:00 pause=client id=back",
    "update *=24:00/office worst",
    "update *=24:00 total",
    "next_reply *=8:00/office last",
];

const FACTS: [&str; 26] = [
    "priority P1",
    "priority P2",
    "priority P9",
    "waits client parts",
    "waits client",
    "waits third_party",
    "waits nobody",
    "waits provider",
    "waits provider",
    "responded",
    "restored",
    "resolved",
    "resolved",
    "resolved",
    "closed",
    "reopened",
    "reopened",
    "cancelled",
    "merged other",
    "updated",
    "replied",
    "assigned desk",
    "assigned second",
    "worked 2:00",
    "estimated 0:30",
    "surveyed 8 1:00",
];

/// Numbers that look random, and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// From 0 to less than `end`.
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut state = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((state ^ (state >> 31)) % end as u64) as i64
    }

    pub fn one_in(&mut self, many: i64) -> bool {
        self.below(many) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as i64) as usize].clone()
    }
}

/// A contract and its incidents.
pub struct World {
    pub catalog: Catalog,
    /// The terms in it and when they were recorded, its calendars first.
    pub terms: Vec<(Instant, TermsEntry)>,
    pub ledgers: BTreeMap<String, Ledger>,
    /// The zone in which its periods are cut.
    pub zone: Zone,
    /// The first instant of it.
    pub start: Instant,
    /// The instants at which something is recorded, occurs or takes effect, sorted.
    pub instants: Vec<Instant>,
    /// Another contract in the place of the present one.
    pub proposed: Contract,
    /// Whether its contract has one revision, always in force.
    pub is_plain: bool,
}

pub fn seconds(seconds: i64) -> Instant {
    Instant::from_seconds(seconds).unwrap()
}

impl World {
    pub fn random(seed: u64) -> World {
        let dice = &mut Dice::new(seed);
        let (zone_name, start) = dice.pick(&PLACES);
        let zone = ZONES.zone(zone_name).unwrap();
        let mut records = Vec::new();
        let targets: Vec<_> = (0..1 + dice.below(3)).map(|_| dice.pick(&TARGETS)).collect();
        let first = random_contract(dice, zone_name, &targets, false);
        let mut is_plain = true;
        let revision = |effective_time, contract| TermsEntry::Contract {
            effective_time,
            contract: Box::new(contract),
        };
        let effect = match dice.one_in(4) {
            true => seconds(start + dice.below(60 * DAY)),
            false => Instant::MIN,
        };
        is_plain &= effect == Instant::MIN;
        let mut terms = vec![(seconds(0), revision(effect, first.clone()))];
        if dice.one_in(3) {
            is_plain = false;
            let (recorded, lead) = (start + dice.below(DAYS * DAY), dice.below(9 * DAY));
            let open_clocks_too = dice.one_in(2);
            let later = random_contract(dice, zone_name, &targets, open_clocks_too);
            terms.push((seconds(recorded), revision(seconds(recorded + lead), later)));
        }
        if dice.one_in(8) {
            let (recorded, lead) = (start + dice.below(DAYS * DAY), dice.below(9 * DAY));
            let end = seconds(recorded + lead);
            let entry = TermsEntry::ContractEnd { contract_id: CONTRACT.into(), end_time: end };
            terms.push((seconds(recorded), entry));
        }
        terms.sort_by_key(|(time, _)| *time);
        for number in 0..1 + dice.below(5) {
            records.extend(random_incident(dice, number, &zone, start));
        }
        records.sort_by_key(|recorded: &RecordedEvent| recorded.record_time);
        let proposed = random_contract(dice, zone_name, &targets, false);
        let mut world = World::of(terms, records, zone, proposed);
        (world.start, world.is_plain) = (seconds(start), is_plain);
        world
    }

    /// A world of such records.
    pub fn of(
        terms: Vec<(Instant, TermsEntry)>,
        records: Vec<RecordedEvent>,
        zone: Zone,
        proposed: Contract,
    ) -> World {
        let mut catalog = Catalog::new(ZONES.clone());
        let mut instants = Vec::new();
        let mut all_terms = Vec::new();
        for (id, calendar) in calendars() {
            let entry = TermsEntry::Calendar { id, effective_time: Instant::MIN, calendar };
            all_terms.push((seconds(0), entry.clone()));
            catalog.apply(seconds(0), entry);
        }
        for (record_time, entry) in terms {
            instants.push(record_time);
            instants.push(match &entry {
                TermsEntry::Contract { effective_time, .. }
                | TermsEntry::Calendar { effective_time, .. } => *effective_time,
                TermsEntry::ContractEnd { end_time, .. } => *end_time,
            });
            all_terms.push((record_time, entry.clone()));
            catalog.apply(record_time, entry);
        }
        let mut ledgers: BTreeMap<String, Ledger> = BTreeMap::new();
        for (sequence, recorded) in (1..).zip(records) {
            instants.extend([recorded.record_time, recorded.value.occur_time]);
            if let Fact::ClientUpdated { reported_time: Some(time) } = &recorded.value.fact {
                instants.push(*time);
            }
            let id = recorded.value.incident_id.clone();
            let _ = ledgers.entry(id).or_default().push_new(RecordedEvent { sequence, ..recorded });
        }
        instants.sort_unstable();
        instants.dedup();
        let start = Instant::MIN;
        let terms = all_terms;
        World { catalog, terms, ledgers, zone, start, instants, proposed, is_plain: true }
    }
}

fn calendars() -> impl Iterator<Item = (String, Calendar)> {
    let draft = |always_open, weekly| Draft {
        time_zone: "Europe/Amsterdam".into(),
        always_open,
        weekly,
        ..Draft::default()
    };
    use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};
    let days = vec![Mon, Tue, Wed, Thu, Fri];
    let office = DraftWeekly { days, opens: "09:00".into(), closes: "17:00".into() };
    let drafts = [("always", draft(true, vec![])), ("office", draft(false, vec![office]))];
    drafts.into_iter().map(|(id, draft)| (id.to_owned(), Calendar::parse(&draft, &ZONES).unwrap()))
}

fn random_contract(
    dice: &mut Dice,
    time_zone: &str,
    targets: &[&str],
    applies_to_open_clocks: bool,
) -> Contract {
    let mut worded: Vec<Target> = Vec::new();
    for words in targets {
        let words = if dice.one_in(3) { dice.pick(&TARGETS) } else { words };
        let target = target(words);
        if worded.iter().all(|other| other.id != target.id) {
            worded.push(target);
        }
    }
    let ids: Vec<_> = worded.iter().map(|target| target.id.clone()).collect();
    let mut contract = contract(worded, applies_to_open_clocks);
    contract.time_zone = time_zone.into();
    contract.open_incidents = dice.pick(&[
        OpenIncidents::NotTakenOver,
        OpenIncidents::FromOpening,
        OpenIncidents::FromEffect,
    ]);
    let terms = &mut contract.terms;
    let attained = |target: &String, period| {
        let promise = AttainmentPromise {
            target_id: target.clone(),
            priorities: Vec::new(),
            share: Share::from_percent("80").unwrap(),
            minimum_count: 0,
        };
        Objective {
            id: format!("{target}-{period:?}"),
            period,
            promise: Promise::Attainment(promise),
        }
    };
    terms.objectives = ids.iter().map(|id| attained(id, PeriodKind::Month)).collect();
    terms.objectives.push(attained(&ids[0], PeriodKind::Quarter));
    terms.objectives.extend(backlogs(&ids));
    terms.exclusions = vec![ExclusionRule {
        id: "theirs".into(),
        title: String::new(),
        cause: Some(Party::Client),
        third_party: String::new(),
        out_of_scope: false,
        when: None,
        target_ids: if dice.one_in(2) { Vec::new() } else { vec![ids[0].clone()] },
        objective_ids: Vec::new(),
        outage_reasons: Vec::new(),
    }];
    if dice.one_in(2) {
        let measure = ExperienceMeasure::LostTime(Span::from_hours(50));
        let promise = Promise::Experience(ExperiencePromise {
            measure,
            minimum_answers: 1,
            minimum_reported: Share::NONE,
            minimum_incidents: 1,
        });
        terms.objectives.push(Objective { id: "lost".into(), period: PeriodKind::Month, promise });
        let worst_lost_time = Span::from_hours(100);
        let weights = SlxWeights {
            lost_time: 40,
            promises: 20,
            idle: 20,
            score: 20,
            worst_lost_time,
            minimum_answers: 1,
            minimum_promises: 1,
            minimum_reported: Share::NONE,
        };
        terms.experience = Some(Box::new(ExperienceTerms {
            calendar_id: if dice.one_in(2) { "office".into() } else { String::new() },
            people: 100,
            slx_weights: Some(weights),
            ..ExperienceTerms::default()
        }));
    }
    terms.credits = Some(Credits {
        fee: Fee { monthly: 100_000, ..Fee::default() },
        rules: terms.objectives.iter().map(credit).collect(),
        cap: Share::from_percent("50").unwrap(),
        from_date: None,
        combination: Combination::default(),
        minimum: 0,
        not_paid_below: 0,
        caps: Vec::new(),
        claim_within_days: 0,
    });
    contract
}

/// Objectives on the backlog: on its number in a month, and on its age in a quarter.
fn backlogs(target_ids: &[String]) -> Vec<Objective> {
    let older_than = Span::from_hours(72);
    let percentile = Share::HALF;
    let bounds = [
        (PeriodKind::Month, BacklogBound::Most { most: 1, older_than }),
        (PeriodKind::Quarter, BacklogBound::Percentile { percentile, at_most: older_than }),
    ];
    let objective = |((period, bound), target_id): ((PeriodKind, BacklogBound), &String)| {
        let (target_id, priorities) = (target_id.clone(), Vec::new());
        let promise = Promise::Backlog(BacklogPromise { target_id, priorities, bound });
        Objective { id: format!("backlog-{period:?}"), period, promise }
    };
    bounds.into_iter().zip(target_ids.iter().cycle()).map(objective).collect()
}

fn credit(objective: &Objective) -> CreditRule {
    let per = match (&objective.promise, objective.period) {
        (Promise::Attainment(_), PeriodKind::Quarter) => Per::Lateness(Span::from_hours(1)),
        _ => Per::default(),
    };
    CreditRule {
        objective_id: objective.id.clone(),
        tiers: vec![CreditTier {
            below: None,
            credit: Credit::Share(Share::from_percent("10").unwrap()),
        }],
        weight: Share::ALL,
        repeat: Share::from_percent("50").unwrap(),
        repeats_most: 1,
        earn_back: Some(Share::from_percent("90").unwrap()),
        per,
        counts_all: false,
        steps: Steps::default(),
        cap: None,
        bonuses: Vec::new(),
        credited_in: None,
    }
}

/// A second of the world: often the first of a month, or one beside it, or a full hour.
fn random_second(dice: &mut Dice, zone: &Zone, (from, until): (i64, i64)) -> i64 {
    let second = from + dice.below((until - from).max(1));
    if !dice.one_in(3) {
        return second / HOUR * HOUR;
    }
    let kind = PeriodKind::Month;
    let month =
        crate::domain::compliance::Period::around(kind, seconds(second), &zone.clone().into())
            .unwrap();
    (month.start.seconds() + dice.below(3) - 1).clamp(from, until)
}

fn random_incident(dice: &mut Dice, number: i64, zone: &Zone, start: i64) -> Vec<RecordedEvent> {
    let opened = random_second(dice, zone, (start, start + 100 * DAY));
    let longest = dice.pick(&[HOUR, 8 * HOUR, 3 * DAY, 40 * DAY, 100 * DAY]);
    let mut opening = Opened {
        contract_ids: vec![CONTRACT.into()],
        service: dice.pick(&["mail", "web"]).into(),
        priority: dice.pick(&["P1", "P2", "P1", "P2", "P9"]).into(),
        affected_users: Some(dice.below(4) as u32),
        ..Opened::default()
    };
    if dice.one_in(10) {
        opening.contract_ids.push("other".into());
    }
    let mut facts = vec![(opened, Fact::Opened(opening))];
    for _ in 0..dice.below(9) {
        let second = random_second(dice, zone, (opened, opened + longest));
        facts.push((second, random_fact(dice, opened + longest)));
    }
    if dice.one_in(2) {
        facts.push((opened + longest + 1, Fact::Resolved));
    }
    let count = facts.len() as i64;
    for _ in 0..dice.below(2) {
        facts.push((opened, Fact::Retracted(format!("e{}", dice.below(count)))));
    }
    let events = facts.into_iter().enumerate().map(|(place, (second, fact))| {
        let late = if dice.one_in(3) { dice.pick(&[HOUR, DAY, 20 * DAY, 60 * DAY]) } else { 0 };
        let ahead = if dice.one_in(40) { dice.below(9 * DAY) } else { 0 };
        RecordedEvent {
            sequence: 0,
            record_time: seconds(second + dice.below(late + 1) - ahead),
            value: IncidentEvent {
                recorded_by: None,
                event_id: format!("e{place}"),
                incident_id: format!("I-{number}"),
                occur_time: seconds(second),
                occur_order: 0,
                source: String::new(),
                corrects_event_id: String::new(),
                fact,
            },
        }
    });
    events.collect()
}

fn random_fact(dice: &mut Dice, until: i64) -> Fact {
    match dice.below(12) {
        0 => Fact::CauseAttributed(Cause {
            party: dice.pick(&[Party::Client, Party::Provider, Party::ThirdParty]),
            third_party: String::new(),
            note: String::new(),
            confidence_percent: None,
        }),
        1 => Fact::ExclusionDecided(ExclusionDecision {
            contract_id: CONTRACT.into(),
            target_id: String::new(),
            is_excluded: dice.one_in(2),
            decided_by: "Ann".into(),
            reason: String::new(),
        }),
        2 => Fact::ClientUpdated { reported_time: Some(seconds(until - dice.below(DAY))) },
        _ => fact(&dice.pick(&FACTS).split_whitespace().collect::<Vec<_>>()),
    }
}
