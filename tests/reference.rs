//! The documented semantics a second time, as plainly and as slowly as can be: everything recorded
//! lies in lists, and a clock is walked minute by minute, each tested whether it counts.
//!
//! Only what the model test needs: response and resolution, priorities that count from the start,
//! reopenings that go on without the gap, pauses by who must act; contracts that all say so; hours
//! that are the same on each of a calendar's days, in a zone without daylight saving; facts on
//! whole minutes.

use std::collections::BTreeMap;

use prost::Message;
use prost_types::{Duration, Timestamp};
use slx::codec::store::v1::{Record, record::Entry};
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::at;

/// An instant since 1970, or a span.
pub type Nanos = i64;
pub const MINUTE: Nanos = 60_000_000_000;
pub const DAY: Nanos = 24 * 60 * MINUTE;
/// The one zone the reference knows, and what its wall clocks are ahead of UTC, always.
pub const ZONE: &str = "Asia/Kolkata";
const AHEAD_OF_UTC: Nanos = 330 * MINUTE;

pub fn nanos(time: &Timestamp) -> Nanos {
    time.seconds * 1_000_000_000 + Nanos::from(time.nanos)
}

pub fn timestamp(time: Nanos) -> Timestamp {
    let (second, rest) = (time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000));
    Timestamp { seconds: second, nanos: rest as i32 }
}

pub fn span(span: &Option<Duration>) -> Nanos {
    let span = span.as_ref().expect("a span");
    span.seconds * 1_000_000_000 + Nanos::from(span.nanos)
}

/// Everything that was ever recorded, in its order.
#[derive(Default)]
pub struct Reference {
    incidents: BTreeMap<String, Vec<v1::RecordedEvent>>,
    contracts: BTreeMap<String, Vec<Revision<v1::Contract>>>,
    ends: Vec<(Nanos, String, Nanos)>,
    calendars: BTreeMap<String, Vec<Revision<v1::Calendar>>>,
}

struct Revision<T> {
    number: i32,
    effective: Nanos,
    record_time: Nanos,
    content: T,
}

/// What a clock says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub incident: String,
    pub contract: String,
    pub contract_revision: i32,
    pub target: String,
    pub priority: String,
    pub calendar: String,
    pub calendar_revision: i32,
    pub phase: v1::Phase,
    pub outcome: v1::Outcome,
    pub limit: Nanos,
    pub elapsed: Nanos,
    pub start: Option<Nanos>,
    pub stop: Option<Nanos>,
    pub original_due: Option<Nanos>,
    pub due: Option<Nanos>,
    pub breach: Option<Nanos>,
}

impl Figures {
    pub fn of(clock: &v1::Clock) -> Figures {
        let time = |time: &Option<Timestamp>| time.as_ref().map(nanos);
        Figures {
            incident: clock.incident_id.clone(),
            contract: clock.contract_id.clone(),
            contract_revision: clock.contract_revision,
            target: clock.target_id.clone(),
            priority: clock.priority.clone(),
            calendar: clock.calendar_id.clone(),
            calendar_revision: clock.calendar_revision,
            phase: clock.phase(),
            outcome: clock.outcome(),
            limit: span(&clock.limit),
            elapsed: span(&clock.elapsed),
            start: time(&clock.start_time),
            stop: time(&clock.stop_time),
            original_due: time(&clock.original_due_time),
            due: time(&clock.due_time),
            breach: time(&clock.breach_time),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.phase, v1::Phase::Running | v1::Phase::Paused)
    }

    /// Its place in a list: those without an instant come last.
    fn place(&self, effect: Nanos) -> (Nanos, String, String, String) {
        // Nobody breaches what is not agreed yet.
        let is_agreed_later = self.start.is_some_and(|start| start < effect);
        let agreed = if is_agreed_later { effect } else { Nanos::MIN };
        let decided = || self.breach.map(|breach| breach.max(agreed)).or(self.stop);
        let time = if self.is_open() { self.due } else { decided() };
        let (incident, contract) = (self.incident.clone(), self.contract.clone());
        (time.unwrap_or(Nanos::MAX), incident, contract, self.target.clone())
    }
}

impl Reference {
    /// What the records of a journal say.
    pub fn of(records: &[v1::JournalRecord]) -> Reference {
        let mut reference = Reference::default();
        for record in records {
            let body = Record::decode(record.body.as_slice()).expect("a record");
            let time = record.record_time.expect("its time");
            reference.learn(record.sequence, time, body.entry.expect("an entry"));
        }
        reference
    }

    fn learn(&mut self, sequence: i64, time: Timestamp, entry: Entry) {
        let record_time = Some(time);
        match entry {
            Entry::IncidentEvent(event) => {
                let events = self.incidents.entry(event.incident_id.clone()).or_default();
                let (event, retracted_by) = (Some(event), String::new());
                events.push(v1::RecordedEvent { event, sequence, record_time, retracted_by });
            }
            Entry::Contract(contract) => {
                let revisions = self.contracts.entry(contract.id.clone()).or_default();
                add(revisions, nanos(&time), contract.effective_time, contract);
            }
            Entry::Calendar(calendar) => {
                let revisions = self.calendars.entry(calendar.id.clone()).or_default();
                add(revisions, nanos(&time), calendar.effective_time, calendar);
            }
            Entry::ContractEnd(end) => {
                let end_time = nanos(&end.end_time.expect("an end"));
                self.ends.push((nanos(&time), end.contract_id, end_time));
            }
            Entry::TimeZoneDatabaseAdopted(adopted) => {
                // The one that the store began with; all databases agree about the zone used here.
                assert_eq!(adopted.effective_time, None, "nobody adopted another");
            }
            entry => panic!("nobody recorded {entry:?}"),
        }
    }

    /// Every event recorded.
    pub fn events(&self) -> impl Iterator<Item = &v1::RecordedEvent> {
        self.incidents.values().flatten()
    }

    pub fn incident_ids(&self) -> impl Iterator<Item = &String> {
        self.incidents.keys()
    }

    /// A revision of a contract.
    pub fn contract(&self, id: &str, revision: i32) -> &v1::Contract {
        &self.contracts[id][revision as usize - 1].content
    }

    /// An incident's events, in the order they occurred, with what voids them; `None`: none of it
    /// was known.
    pub fn list_events(
        &self,
        incident: &str,
        as_of: Nanos,
        known: Nanos,
    ) -> Option<Vec<v1::RecordedEvent>> {
        let mut events = self.known_events(incident, known)?;
        events.retain(|recorded| occurred(recorded) <= as_of);
        Some(events)
    }

    fn known_events(&self, incident: &str, known: Nanos) -> Option<Vec<v1::RecordedEvent>> {
        let recorded = self.incidents.get(incident)?.iter();
        let is_known = |event: &&v1::RecordedEvent| nanos(&event.record_time.expect("it")) <= known;
        let recorded: Vec<_> = recorded.filter(is_known).collect();
        let mut events: Vec<v1::RecordedEvent> = recorded.iter().copied().cloned().collect();
        for event in &mut events {
            let id = &fact(event).event_id;
            let voids = |by: &&v1::IncidentEvent| voids(by) == id;
            let by = recorded.iter().map(|by| fact(by)).filter(voids);
            let by = by.map(|by| by.event_id.clone()).min();
            event.retracted_by = by.unwrap_or_default();
        }
        events.sort_by_key(|recorded| {
            let event = fact(recorded);
            (occurred(recorded), event.occur_order, rank(event), event.event_id.clone())
        });
        (!events.is_empty()).then_some(events)
    }

    /// An incident's clocks, by contract and target; `None`: nothing of it was known.
    pub fn evaluate(&self, incident: &str, as_of: Nanos, known: Nanos) -> Option<Vec<Figures>> {
        let events = self.known_events(incident, known)?;
        let in_effect = events.iter().filter(|recorded| recorded.retracted_by.is_empty());
        let facts: Vec<_> = in_effect.map(fact).collect();
        let opening = facts.iter().find_map(|event| match &event.fact {
            Some(Fact::Opened(opened)) => Some((nanos(&event.occur_time.expect("it")), opened)),
            _ => None,
        });
        let Some((opened, opening)) = opening.filter(|(time, _)| *time <= as_of) else {
            return Some(Vec::new());
        };
        let mut contracts = opening.contract_ids.clone();
        contracts.sort();
        contracts.dedup();
        let story = IncidentFeatures { reference: self, incident, facts, opened, known };
        Some(contracts.iter().flat_map(|contract| story.evaluate(contract, as_of)).collect())
    }

    /// A contract's clocks, in the order of lists.
    pub fn list_clocks(&self, contract: &str, as_of: Nanos, known: Nanos) -> Vec<Figures> {
        let all = self.incident_ids().filter_map(|id| self.evaluate(id, as_of, known));
        let mut clocks: Vec<_> = all.flatten().filter(|clock| clock.contract == contract).collect();
        clocks.sort_by_cached_key(|clock| clock.place(self.effect(contract, clock)));
        clocks
    }

    /// When the revision took effect that governs a clock.
    fn effect(&self, contract: &str, clock: &Figures) -> Nanos {
        let mut revisions = self.contracts.get(contract).into_iter().flatten();
        let governing = revisions.find(|revision| revision.number == clock.contract_revision);
        governing.expect("the revision").effective
    }
}

fn add<T>(
    revisions: &mut Vec<Revision<T>>,
    record_time: Nanos,
    effective: Option<Timestamp>,
    content: T,
) {
    let effective = nanos(&effective.expect("an effective time"));
    let number = revisions.len() as i32 + 1;
    revisions.push(Revision { number, effective, record_time, content });
}

/// Of the revisions known, the one that took effect last by `time`; of several at once, the one
/// recorded last.
fn in_force<T>(revisions: &[Revision<T>], known: Nanos, time: Nanos) -> Option<&Revision<T>> {
    let known = revisions.iter().filter(|revision| revision.record_time <= known);
    known.filter(|r| r.effective <= time).max_by_key(|r| (r.effective, r.number))
}

fn fact(recorded: &v1::RecordedEvent) -> &v1::IncidentEvent {
    recorded.event.as_ref().expect("an event")
}

fn occurred(recorded: &v1::RecordedEvent) -> Nanos {
    nanos(&fact(recorded).occur_time.expect("when it occurred"))
}

/// The id of the fact that this one takes back; empty: none.
fn voids(event: &v1::IncidentEvent) -> &str {
    match &event.fact {
        Some(Fact::Retracted(retracted)) => &retracted.event_id,
        _ => &event.corrects_event_id,
    }
}

/// Which of the facts of one instant comes first.
fn rank(event: &v1::IncidentEvent) -> usize {
    let name = match event.fact.as_ref().expect("a fact") {
        Fact::Opened(_) => "opened",
        Fact::Retracted(_) => "retracted",
        Fact::PriorityChanged(_) => "priority",
        Fact::Responded(_) => "responded",
        Fact::StatusChanged(_) => "status",
        Fact::Restored(_) => "restored",
        Fact::Resolved(_) => "resolved",
        Fact::Closed(_) => "closed",
        Fact::Cancelled(_) => "cancelled",
        Fact::Reopened(_) => "reopened",
        fact => panic!("nobody made up {fact:?}"),
    };
    let order = [
        "opened",
        "retracted",
        "priority",
        "responded",
        "status",
        "restored",
        "resolved",
        "closed",
        "cancelled",
        "reopened",
    ];
    order.iter().position(|of| *of == name).expect("a place")
}

/// An incident's fields.
#[derive(Clone, Default)]
struct State {
    is_open: bool,
    priority: String,
    waiting_on: i32,
    is_responded: bool,
    is_resolved: bool,
    is_cancelled: bool,
    is_closed: bool,
}

impl State {
    fn learn(&mut self, event: &v1::IncidentEvent) {
        match event.fact.as_ref().expect("a fact") {
            Fact::Opened(opened) if !self.is_open => {
                self.is_open = true;
                self.priority.clone_from(&opened.priority);
                self.waiting_on = v1::WaitingOn::Provider as i32;
            }
            Fact::PriorityChanged(changed) => self.priority.clone_from(&changed.priority),
            Fact::StatusChanged(_) if self.is_closed || self.is_cancelled => {}
            Fact::StatusChanged(changed) => self.waiting_on = changed.waiting_on,
            Fact::Responded(_) | Fact::Restored(_) => self.is_responded = true,
            Fact::Resolved(_) | Fact::Closed(_) => {
                (self.is_responded, self.is_resolved) = (true, true);
                self.is_closed |= matches!(event.fact, Some(Fact::Closed(_)));
                self.waiting_on = v1::WaitingOn::Nobody as i32;
            }
            Fact::Cancelled(_) => {
                self.is_cancelled = true;
                self.waiting_on = v1::WaitingOn::Nobody as i32;
            }
            Fact::Reopened(_) => {
                (self.is_resolved, self.is_cancelled, self.is_closed) = (false, false, false);
                self.waiting_on = v1::WaitingOn::Provider as i32;
            }
            _ => {}
        }
    }

    /// Learns what happened in one instant: a status reported with a reopening holds after it.
    fn learn_all(&mut self, events: &[&v1::IncidentEvent]) {
        events.iter().for_each(|event| self.learn(event));
        let facts = || events.iter().filter_map(|event| event.fact.as_ref());
        if facts().any(|fact| matches!(fact, Fact::Reopened(_))) {
            let mut reported = facts().filter_map(|fact| match fact {
                Fact::StatusChanged(changed) => Some(changed.waiting_on),
                _ => None,
            });
            self.waiting_on = reported.next_back().unwrap_or(self.waiting_on);
        }
    }

    /// How a clock of this metric has ended.
    fn end(&self, metric: v1::Metric) -> Option<v1::Phase> {
        let is_done = match metric {
            v1::Metric::Response => self.is_responded,
            v1::Metric::Resolution => self.is_resolved,
            metric => panic!("the reference does not know {metric:?}"),
        };
        let cancelled = self.is_cancelled.then_some(v1::Phase::Cancelled);
        if is_done { Some(v1::Phase::Stopped) } else { cancelled }
    }
}

/// One incident, as it was known.
struct IncidentFeatures<'r> {
    reference: &'r Reference,
    incident: &'r str,
    facts: Vec<&'r v1::IncidentEvent>,
    opened: Nanos,
    known: Nanos,
}

/// What a clock did from which instant on, and how it has ended.
struct Timeline {
    /// Who must act; `None`: it does not live.
    doing: BTreeMap<Nanos, Option<i32>>,
    first_priority: String,
    priority: String,
    ended: Option<(Nanos, v1::Phase)>,
    /// The ends after which it went on, each with the priority then.
    halts: Vec<(Nanos, String)>,
}

impl IncidentFeatures<'_> {
    fn evaluate(&self, contract: &str, as_of: Nanos) -> Vec<Figures> {
        let Some(revisions) = self.reference.contracts.get(contract) else { return Vec::new() };
        let Some(first) = in_force(revisions, self.known, self.opened) else { return Vec::new() };
        let ends = self.reference.ends.iter();
        let mut known = ends.filter(|(recorded, id, _)| *recorded <= self.known && id == contract);
        if known.next_back().is_some_and(|(_, _, end)| *end <= self.opened) {
            return Vec::new();
        }
        let targets = &first.content.terms.as_ref().expect("terms").targets;
        let ids = targets.iter().map(|target| target.id.as_str());
        ids.map(|id| self.evaluate_target(revisions, first, id, as_of)).collect()
    }

    /// The revision at the start rules, unless a later one finds the clock open and undecided and
    /// says that it applies.
    fn evaluate_target(
        &self,
        revisions: &[Revision<v1::Contract>],
        first: &Revision<v1::Contract>,
        id: &str,
        as_of: Nanos,
    ) -> Figures {
        let mut ruling = first;
        let mut changes: Vec<_> = revisions.iter().map(|revision| revision.effective).collect();
        changes.sort_unstable();
        changes.dedup();
        for change in changes.into_iter().filter(|at| self.opened < *at && *at <= as_of) {
            let Some(later) = in_force(revisions, self.known, change) else { continue };
            if later.effective == change && later.content.applies_to_open_clocks {
                let then = self.figures(ruling, id, change);
                if then.is_open() && then.outcome == v1::Outcome::Undecided {
                    ruling = later;
                }
            }
        }
        self.figures(ruling, id, as_of)
    }

    fn life(&self, metric: v1::Metric, as_of: Nanos) -> Timeline {
        let (mut state, mut first_priority) = (State::default(), None);
        let (mut doing, mut ended) = (BTreeMap::new(), None);
        let mut halts = Vec::new();
        let mut priority = String::new();
        let moment =
            |event: &v1::IncidentEvent| (nanos(&event.occur_time.expect("it")), event.occur_order);
        for events in self.facts.chunk_by(|a, b| moment(a) == moment(b)) {
            let (time, _) = moment(events[0]);
            state.learn_all(events);
            if time > as_of || !state.is_open {
                continue;
            }
            first_priority.get_or_insert(state.priority.clone());
            let end = state.end(metric);
            // What was answered while it was cancelled stops it once it is cancelled no longer.
            let was_cancelled = ended.is_some_and(|(_, phase)| phase == v1::Phase::Cancelled);
            let goes_on = end.is_none() || (was_cancelled && !state.is_cancelled);
            if let (Some((at, _)), true) = (ended, goes_on) {
                halts.push((at, priority.clone()));
            }
            if ended.is_none() || goes_on {
                priority.clone_from(&state.priority);
                ended = end.map(|phase| (time, phase));
                doing.insert(time, end.is_none().then_some(state.waiting_on));
            }
        }
        let first_priority = first_priority.expect("an opening");
        Timeline { doing, first_priority, priority, ended, halts }
    }

    fn figures(&self, revision: &Revision<v1::Contract>, id: &str, as_of: Nanos) -> Figures {
        let targets = &revision.content.terms.as_ref().expect("terms").targets;
        let target = targets.iter().find(|target| target.id == id).expect("the target");
        let life = self.life(target.metric(), as_of);
        let (limit, calendar) = self.limit(target, &life.priority);
        let (first_limit, first_calendar) = self.limit(target, &life.first_priority);
        let first = Count::new(first_calendar, first_limit, &[]);
        let until = life.ended.map_or(as_of, |(time, _)| time);
        let mut count = self.count(target, &life, &life.priority, until);
        // A breach with which it ended stays.
        let halts = life.halts.iter();
        let halted = halts.filter_map(|(at, then)| self.count(target, &life, then, *at).breach);
        count.breach = halted.chain(count.breach).min();
        let waiting_on = life.doing.values().last().copied().flatten().unwrap_or_default();
        let phase = life.ended.map_or(count.phase(waiting_on), |(_, phase)| phase);
        let outcome = match (count.breach, phase) {
            (Some(_), _) => v1::Outcome::Breached,
            (None, v1::Phase::Stopped) => v1::Outcome::Met,
            (None, _) => v1::Outcome::Undecided,
        };
        Figures {
            incident: self.incident.to_owned(),
            contract: revision.content.id.clone(),
            contract_revision: revision.number,
            target: id.to_owned(),
            priority: life.priority,
            calendar: calendar.content.id.clone(),
            calendar_revision: calendar.number,
            phase,
            outcome,
            limit,
            elapsed: count.elapsed,
            start: Some(self.opened),
            stop: life.ended.map(|(time, _)| time),
            original_due: first.due_from(self.opened, 0),
            breach: count.breach,
            due: match phase {
                v1::Phase::Cancelled => count.due,
                _ => count.due_from(until, waiting_on),
            },
        }
    }

    /// The count of a clock up to an instant, by one priority's limit.
    fn count<'t>(
        &'t self,
        target: &'t v1::Target,
        life: &Timeline,
        priority: &str,
        until: Nanos,
    ) -> Count<'t> {
        let (limit, calendar) = self.limit(target, priority);
        let mut count = Count::new(calendar, limit, &target.pauses);
        let next = life.doing.keys().skip(1).copied().chain([until]);
        for ((start, doing), end) in life.doing.iter().zip(next).filter(|((at, _), _)| **at < until)
        {
            match doing {
                Some(waiting_on) => count.live(*start, end.min(until), *waiting_on),
                None => count.pause = None,
            }
        }
        count
    }

    /// A priority's limit and the calendar revision in force when the clock started: the first one
    /// for what starts before any was.
    fn limit(&self, target: &v1::Target, priority: &str) -> (Nanos, &Revision<v1::Calendar>) {
        let named = target.limits.iter().find(|limit| limit.priority == priority);
        let other = || target.limits.iter().find(|limit| limit.priority.is_empty());
        let limit = named.or_else(other).expect("a limit");
        let revisions = &self.reference.calendars[&limit.calendar_id];
        let calendar = in_force(revisions, self.known, self.opened).unwrap_or(&revisions[0]);
        (span(&limit.limit), calendar)
    }
}

/// A calendar's hours.
struct Hours {
    /// Minutes of the day, on the days of the week from Monday on, not on these days since 1970.
    opens: Nanos,
    closes: Nanos,
    weekdays: [bool; 7],
    holidays: Vec<i64>,
}

impl Hours {
    fn of(calendar: &v1::Calendar) -> Hours {
        assert_eq!(calendar.time_zone, ZONE);
        let minute = |text: &str| {
            let (hours, minutes) = text.split_once(':').expect("a time");
            hours.parse::<i64>().expect("hours") * 60 + minutes.parse::<i64>().expect("minutes")
        };
        let day = |date: &str| at(&format!("{date}T00:00:00Z")).seconds / 86_400;
        let weekly = &calendar.weekly[0];
        let mut weekdays = [false; 7];
        weekly.days.iter().for_each(|day| weekdays[*day as usize - 1] = true);
        Hours {
            opens: minute(&weekly.opens),
            closes: minute(&weekly.closes),
            weekdays,
            holidays: calendar.holidays.iter().map(|holiday| day(&holiday.date)).collect(),
        }
    }

    fn is_open(&self, time: Nanos) -> bool {
        let local = time + AHEAD_OF_UTC;
        let (day, minute) = (local.div_euclid(DAY), local.rem_euclid(DAY) / MINUTE);
        // The first day of 1970 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as usize;
        let is_within = self.opens <= minute && minute < self.closes;
        is_within && self.weekdays[weekday] && !self.holidays.contains(&day)
    }
}

/// A clock's count so far.
struct Count<'r> {
    hours: Hours,
    limit: Nanos,
    pauses: &'r [v1::Pause],
    elapsed: Nanos,
    due: Option<Nanos>,
    breach: Option<Nanos>,
    pause: Option<PauseSoFar>,
}

/// A pause by one rule, how much of it is used up, and whether it went beyond its maximum.
#[derive(Clone, Copy)]
struct PauseSoFar {
    rule: usize,
    used: Nanos,
    is_over: bool,
}

impl<'r> Count<'r> {
    fn new(calendar: &Revision<v1::Calendar>, limit: Nanos, pauses: &'r [v1::Pause]) -> Count<'r> {
        let hours = Hours::of(&calendar.content);
        Count { hours, limit, pauses, elapsed: 0, due: None, breach: None, pause: None }
    }

    fn rule(&self, waiting_on: i32) -> Option<usize> {
        self.pauses.iter().position(|pause| pause.waiting_on == waiting_on)
    }

    /// Lives from one instant to another, minute by minute.
    fn live(&mut self, start: Nanos, end: Nanos, waiting_on: i32) {
        let rule = self.rule(waiting_on);
        let mut time = start;
        while time < end {
            let next = ((time / MINUTE + 1) * MINUTE).min(end);
            self.live_minute(time, next, rule);
            time = next;
        }
    }

    fn live_minute(&mut self, start: Nanos, end: Nanos, rule: Option<usize>) {
        if self.pause.map(|pause| pause.rule) != rule {
            self.pause = rule.map(|rule| PauseSoFar { rule, used: 0, is_over: false });
        }
        if !self.hours.is_open(start) {
            return;
        }
        if let Some(pause) = &mut self.pause {
            let maximum = &self.pauses[pause.rule].maximum;
            if maximum.is_none() || pause.used < span(maximum) {
                pause.used += end - start;
                return;
            }
            pause.is_over = true;
        }
        let left = self.limit - self.elapsed;
        self.elapsed += end - start;
        if self.elapsed >= self.limit {
            self.due.get_or_insert(start + left);
        }
        if self.elapsed > self.limit {
            self.breach.get_or_insert(start + left);
        }
    }

    fn phase(&self, waiting_on: i32) -> v1::Phase {
        let rule = self.rule(waiting_on);
        let is_over = self.pause.is_some_and(|pause| Some(pause.rule) == rule && pause.is_over);
        let is_paused = rule.is_some() && !is_over;
        if is_paused { v1::Phase::Paused } else { v1::Phase::Running }
    }

    /// When it is due if it lives on from `time` so; `None`: a pause without a maximum lasts.
    fn due_from(mut self, mut time: Nanos, waiting_on: i32) -> Option<Nanos> {
        let rule = self.rule(waiting_on);
        if self.due.is_none() && rule.is_some_and(|rule| self.pauses[rule].maximum.is_none()) {
            return None;
        }
        while self.due.is_none() {
            let next = (time / MINUTE + 1) * MINUTE;
            self.live_minute(time, next, rule);
            time = next;
        }
        self.due
    }
}
