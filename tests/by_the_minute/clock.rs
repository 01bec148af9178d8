//! Clocks, minute by minute: of each minute of an incident it is decided whether a target's clock
//! goes on, and whether the minute counts. Written from the words of contract.proto, clock.proto and
//! incident.proto.

use std::collections::BTreeMap;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact as Wire;

use super::calendar::{Minute, Table};

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Opened(&'static str),
    Responded,
    Updated,
    /// Who must act, and why.
    Waiting(v1::WaitingOn, &'static str),
    Priority(&'static str),
    Restored,
    Resolved,
    Closed,
    Cancelled,
    Reopened,
    /// The party it is attributed to.
    Cause(v1::Party),
    InScope(bool),
    /// An attribute that a rule may ask for.
    ForceMajeure(&'static str),
    /// A decision: on one target or (empty) all, whether they are excluded.
    Decided(&'static str, bool),
}

#[derive(Clone, Debug)]
pub struct Fact {
    pub id: String,
    pub at: Minute,
    pub order: i64,
    pub what: What,
}

impl What {
    pub fn to_wire(&self, contract: &str) -> Wire {
        match self {
            What::Opened(priority) => crate::testing::opened(contract, priority),
            What::Responded => Wire::Responded(v1::Responded {}),
            What::Updated => Wire::ClientUpdated(v1::ClientUpdated::default()),
            What::Waiting(waiting_on, reason) => Wire::StatusChanged(v1::StatusChanged {
                status: Some("Status".into()),
                waiting_on: *waiting_on as i32,
                reason: Some((*reason).into()),
                third_party: match waiting_on {
                    v1::WaitingOn::ThirdParty => "Vendor".into(),
                    _ => String::new(),
                },
            }),
            What::Priority(priority) => {
                Wire::PriorityChanged(v1::PriorityChanged { priority: (*priority).into() })
            }
            What::Restored => Wire::Restored(v1::Restored {}),
            What::Resolved => Wire::Resolved(v1::Resolved {}),
            What::Closed => Wire::Closed(v1::Closed {}),
            What::Cancelled => Wire::Cancelled(v1::Cancelled {}),
            What::Reopened => Wire::Reopened(v1::Reopened {}),
            What::Cause(party) => Wire::CauseAttributed(v1::CauseAttributed {
                party: *party as i32,
                third_party: match party {
                    v1::Party::ThirdParty => "Vendor".into(),
                    _ => String::new(),
                },
                ..Default::default()
            }),
            What::InScope(in_scope) => Wire::ScopeJudged(v1::ScopeJudged {
                in_scope: Some(*in_scope),
                ..Default::default()
            }),
            What::ForceMajeure(value) => Wire::DetailsChanged(v1::DetailsChanged {
                attributes: [("force".to_owned(), (*value).to_owned())].into(),
                ..Default::default()
            }),
            What::Decided(target, excluded) => Wire::ExclusionDecided(v1::ExclusionDecided {
                contract_id: contract.into(),
                target_id: (*target).into(),
                excluded: *excluded,
                decided_by: "somebody".into(),
                reason: "as agreed".into(),
            }),
        }
    }
}

/// An incident after all facts of an instant.
#[derive(Clone, Debug)]
pub struct State {
    pub priority: &'static str,
    pub waiting_on: v1::WaitingOn,
    pub reason: &'static str,
    /// Counts the waits, so that two that follow each other are kept apart. To wait on the same party
    /// again goes on with the same wait.
    wait: usize,
    closed: bool,
    pub restored: bool,
    pub resolved: bool,
    pub cancelled: bool,
    responded: bool,
    updated: bool,
    ever_restored: bool,
    ever_resolved: bool,
}

impl State {
    pub fn new() -> State {
        State {
            priority: "",
            waiting_on: v1::WaitingOn::Provider,
            reason: "",
            wait: 0,
            closed: false,
            restored: false,
            resolved: false,
            cancelled: false,
            responded: false,
            updated: false,
            ever_restored: false,
            ever_resolved: false,
        }
    }

    fn wait_on(&mut self, who: v1::WaitingOn, reason: &'static str) {
        if self.waiting_on != who {
            self.wait += 1;
        }
        (self.waiting_on, self.reason) = (who, reason);
    }

    pub fn ended(&self) -> bool {
        self.resolved || self.cancelled
    }

    /// A reopening asks for an answer after it, where a target begins another cycle by it.
    fn ask_again(&mut self) {
        (self.responded, self.updated) = (false, false);
        (self.ever_restored, self.ever_resolved) = (false, false);
    }

    fn apply_all(&mut self, facts: &[&Fact]) {
        let names_a_wait = facts.iter().any(|fact| matches!(fact.what, What::Waiting(..)));
        facts.iter().for_each(|fact| self.apply(&fact.what, names_a_wait));
    }

    pub fn apply(&mut self, what: &What, named_a_wait: bool) {
        match what {
            What::Opened(priority) => {
                self.priority = priority;
                if !named_a_wait {
                    self.wait_on(v1::WaitingOn::Provider, "");
                }
            }
            What::Responded => self.responded = true,
            What::Updated => self.updated = true,
            What::Waiting(who, reason) => {
                // A resolution may still wait for somebody to confirm it.
                if !self.closed && !self.cancelled {
                    self.wait_on(*who, reason);
                }
            }
            What::Priority(priority) => self.priority = priority,
            What::Restored => (self.restored, self.ever_restored) = (true, true),
            What::Resolved | What::Closed => {
                (self.restored, self.ever_restored) = (true, true);
                (self.resolved, self.ever_resolved) = (true, true);
                self.closed |= *what == What::Closed;
                self.wait_on(v1::WaitingOn::Nobody, "");
            }
            What::Cancelled => {
                self.cancelled = true;
                self.wait_on(v1::WaitingOn::Nobody, "");
            }
            What::Reopened => {
                (self.restored, self.resolved, self.cancelled) = (false, false, false);
                self.closed = false;
                if !named_a_wait {
                    self.wait_on(v1::WaitingOn::Provider, "");
                }
            }
            What::Cause(_) | What::InScope(_) | What::ForceMajeure(_) | What::Decided(..) => {}
        }
    }

    fn answered(&self, by: &[v1::Answer]) -> bool {
        let default = [v1::Answer::Responded, v1::Answer::ClientUpdated];
        let by = if by.is_empty() { &default } else { by };
        by.iter().any(|answer| match answer {
            v1::Answer::Responded => self.responded,
            v1::Answer::ClientUpdated => self.updated,
            v1::Answer::Restored => self.ever_restored,
            v1::Answer::Resolved => self.ever_resolved,
            v1::Answer::Unspecified => false,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Target {
    pub id: &'static str,
    pub metric: v1::Metric,
    /// Priority, limit in minutes, number of the calendar.
    pub limits: Vec<(&'static str, i64, usize)>,
    /// Party, reason (empty: any), most minutes.
    pub pauses: Vec<(v1::WaitingOn, &'static str, Option<i64>)>,
    pub on_priority_change: v1::OnPriorityChange,
    pub on_reopen: v1::OnReopen,
    pub cycle_verdict: v1::CycleVerdict,
    pub answered_by: Vec<v1::Answer>,
}

impl Target {
    pub fn limit(&self, priority: &str) -> (i64, usize) {
        let named = self.limits.iter().find(|limit| limit.0 == priority);
        let found = named.or_else(|| self.limits.iter().find(|limit| limit.0 == "*"));
        found.map(|limit| (limit.1, limit.2)).expect("every priority has a limit")
    }

    fn stops(&self, state: &State) -> bool {
        match self.metric {
            v1::Metric::Response => state.answered(&self.answered_by),
            v1::Metric::Restoration => state.restored,
            _ => state.resolved,
        }
    }

    fn pause(&self, who: v1::WaitingOn, reason: &str) -> Option<(usize, Option<i64>)> {
        let applies = |pause: &(v1::WaitingOn, &str, Option<i64>)| {
            pause.0 == who && (pause.1.is_empty() || pause.1 == reason)
        };
        let index = self.pauses.iter().position(applies)?;
        Some((index, self.pauses[index].2))
    }

    pub fn to_wire(&self) -> v1::Target {
        let wire = |minutes: i64| Some(crate::testing::seconds(minutes * 60));
        v1::Target {
            id: self.id.into(),
            metric: self.metric as i32,
            limits: (self.limits.iter())
                .map(|(priority, limit, calendar)| v1::Limit {
                    priority: (*priority).into(),
                    limit: wire(*limit),
                    calendar_id: format!("hours-{calendar}"),
                    ..Default::default()
                })
                .collect(),
            pauses: (self.pauses.iter())
                .map(|(who, reason, most)| v1::Pause {
                    waiting_on: *who as i32,
                    reasons: (!reason.is_empty()).then(|| (*reason).into()).into_iter().collect(),
                    maximum: most.and_then(wire),
                })
                .collect(),
            on_priority_change: self.on_priority_change as i32,
            on_reopen: self.on_reopen as i32,
            cycle_verdict: self.cycle_verdict as i32,
            answered_by: self.answered_by.iter().map(|answer| *answer as i32).collect(),
            ..Default::default()
        }
    }
}

/// A minute in which a clock goes on.
#[derive(Clone, Debug)]
struct Live {
    minute: Minute,
    priority: &'static str,
    waiting_on: v1::WaitingOn,
    reason: &'static str,
    wait: usize,
}

/// What a cycle came to.
#[derive(Clone, Debug)]
pub struct Cycle {
    pub start: Minute,
    pub stop: Option<Minute>,
    /// Not compared where a pause has just reached its maximum: the words leave that instant open.
    pub phase: Option<v1::Phase>,
    pub outcome: v1::Outcome,
    pub priority: &'static str,
    pub elapsed: i64,
    /// The minutes that count.
    pub counted: Vec<Minute>,
    pub limit: i64,
    pub breach: Option<Minute>,
    /// When the limit is used up if nothing changes. Not given (`None`) of a clock that has ended, and
    /// of one whose limit was lowered below what had elapsed.
    pub due: Option<Option<Minute>>,
}

impl Cycle {
    /// In a line.
    pub fn brief(&self) -> String {
        let Cycle { phase, outcome, elapsed, limit, priority, .. } = self;
        let time = |minute: Option<Minute>| minute.map_or("-".into(), super::time);
        let (start, stop) = (super::time(self.start), time(self.stop));
        let (breach, due) = (time(self.breach), self.due.map(time));
        format!(
            "{start} to {stop} {priority} {phase:?} {outcome:?} {elapsed} of {limit}, breach {breach}, \
             due {due:?}"
        )
    }

    /// When it was decided.
    pub fn decided(&self) -> Option<Minute> {
        self.breach.or(self.stop)
    }
}

struct Run<'a> {
    target: &'a Target,
    tables: &'a [Table],
    start: Minute,
    stop: Option<Minute>,
    cancelled: bool,
    first_priority: &'static str,
    priority: &'static str,
    live: Vec<Live>,
    gap: Vec<Live>,
    kept_breach: Option<Minute>,
}

/// What counting came to.
#[derive(Default)]
struct Count {
    elapsed: i64,
    counted: Vec<Minute>,
    breach: Option<Minute>,
    used_up: Option<Minute>,
    paused_at_end: bool,
    at_maximum: bool,
}

impl Run<'_> {
    fn ruling(&self, at: &'static str) -> &'static str {
        match self.target.on_priority_change {
            v1::OnPriorityChange::Frozen => self.first_priority,
            v1::OnPriorityChange::CarryElapsed => at,
            _ => self.priority,
        }
    }

    /// Counts one minute after the other.
    fn count(&self, live: &[Live], at_end: &State) -> Count {
        let mut count = Count::default();
        let mut pause_of = None;
        let mut used = 0;
        for minute in live {
            let (limit, calendar) = self.target.limit(self.ruling(minute.priority));
            if count.elapsed > limit && count.breach.is_none() {
                count.breach = Some(minute.minute);
            }
            let open = self.tables[calendar].is_open(minute.minute);
            let pause = self.target.pause(minute.waiting_on, minute.reason);
            let this = pause.map(|(index, _)| (index, minute.wait));
            if this != pause_of {
                (pause_of, used) = (this, 0);
            }
            let holds = pause.is_some_and(|(_, most)| most.is_none_or(|most| used < most));
            if holds && open {
                used += 1;
            }
            if open && !holds {
                if count.elapsed == limit && count.breach.is_none() {
                    count.breach = Some(minute.minute);
                }
                count.elapsed += 1;
                count.counted.push(minute.minute);
                if count.elapsed == limit {
                    count.used_up = Some(minute.minute + 1);
                }
            }
        }
        let pause = self.target.pause(at_end.waiting_on, at_end.reason);
        let this = pause.map(|(index, _)| (index, at_end.wait));
        used = if this == pause_of { used } else { 0 };
        count.paused_at_end = pause.is_some_and(|(_, most)| most.is_none_or(|most| used < most));
        count.at_maximum = pause.is_some_and(|(_, most)| most == Some(used));
        count
    }

    fn breach(&self, state: &State, at: Minute) -> Option<Minute> {
        let count = self.count(&self.live, state);
        let (limit, _) = self.target.limit(self.ruling(self.priority));
        let over = count.breach.or((count.elapsed > limit).then_some(at));
        self.kept_breach.into_iter().chain(over).min()
    }

    fn end(&mut self, state: &State, at: Minute, cancelled: bool) {
        (self.stop, self.cancelled) = (Some(at), cancelled);
        self.kept_breach = self.breach(state, at);
    }

    fn cycle(&self, state: &State, as_of: Minute) -> Cycle {
        let count = self.count(&self.live, state);
        let ruling = self.ruling(self.priority);
        let (limit, _) = self.target.limit(ruling);
        let breach = self.breach(state, as_of);
        let met = self.stop.is_some() && !self.cancelled;
        let outcome = match (breach, met) {
            (Some(_), _) => v1::Outcome::Breached,
            (None, true) => v1::Outcome::Met,
            (None, false) => v1::Outcome::Undecided,
        };
        let phase = match (self.stop, self.cancelled) {
            (Some(_), true) => v1::Phase::Cancelled,
            (Some(_), false) => v1::Phase::Stopped,
            (None, _) if count.paused_at_end => v1::Phase::Paused,
            (None, _) => v1::Phase::Running,
        };
        let due = (self.stop.is_none()).then(|| self.due(state, as_of, limit)).flatten();
        Cycle {
            start: self.start,
            stop: self.stop,
            phase: (self.stop.is_some() || !count.at_maximum).then_some(phase),
            outcome,
            priority: ruling,
            elapsed: count.elapsed,
            counted: count.counted,
            limit,
            breach,
            due,
        }
    }

    /// Goes on as things stand until the limit is used up.
    fn due(&self, state: &State, as_of: Minute, limit: i64) -> Option<Option<Minute>> {
        let count = self.count(&self.live, state);
        if count.elapsed > limit {
            return count.used_up.map(Some);
        }
        let end = self.tables.iter().map(Table::end).min()?;
        let coming = (as_of..end).map(|minute| live(minute, state));
        let live: Vec<Live> = self.live.iter().cloned().chain(coming).collect();
        let used_up = self.count(&live, state).used_up;
        let endless =
            self.target.pause(state.waiting_on, state.reason).is_some_and(|p| p.1.is_none());
        if used_up.is_some() || endless { Some(used_up) } else { None }
    }
}

fn live(minute: Minute, state: &State) -> Live {
    Live {
        minute,
        priority: state.priority,
        waiting_on: state.waiting_on,
        reason: state.reason,
        wait: state.wait,
    }
}

/// The cycles of a target's clock on an incident, as of a minute.
pub fn cycles(
    target: &Target,
    tables: &[Table],
    facts: &[Fact],
    as_of: Minute,
    contract_ends: Option<Minute>,
) -> Vec<Cycle> {
    cycles_since(target, tables, facts, as_of, contract_ends, None)
}

/// The same of a clock that starts later than the opening.
pub fn cycles_since(
    target: &Target,
    tables: &[Table],
    facts: &[Fact],
    as_of: Minute,
    contract_ends: Option<Minute>,
    since: Option<Minute>,
) -> Vec<Cycle> {
    let instants = instants(facts, as_of);
    let opening = facts.iter().find(|fact| matches!(fact.what, What::Opened(_)));
    let Some(opening) = opening.filter(|fact| fact.at <= as_of) else { return Vec::new() };
    if contract_ends.is_some_and(|end| opening.at >= end) {
        return Vec::new();
    }
    let mut state = State::new();
    for (_, facts) in instants.range(..(opening.at, i64::MIN)) {
        state.apply_all(facts);
    }
    let mut runs: Vec<Run> = Vec::new();
    for minute in opening.at..=as_of {
        let starts_now = since == Some(minute);
        // Those of different order act one after the other.
        for (_, facts) in instants.range((minute, i64::MIN)..=(minute, i64::MAX)) {
            let reopens = facts.iter().any(|fact| matches!(fact.what, What::Reopened));
            if reopens && state.ended() && target.on_reopen == v1::OnReopen::NewCycle {
                state.ask_again();
            }
            state.apply_all(facts);
            if since.is_none()
                && runs.is_empty()
                && facts.iter().any(|fact| matches!(fact.what, What::Opened(_)))
            {
                runs.push(begin(target, tables, minute, &state));
            }
            if !runs.is_empty() {
                happen(&mut runs, minute, &state, contract_ends);
            }
        }
        if starts_now {
            runs.push(begin(target, tables, minute, &state));
        }
        let Some(run) = runs.last_mut() else { continue };
        let list = if run.stop.is_some() { &mut run.gap } else { &mut run.live };
        if minute < as_of {
            list.push(live(minute, &state));
        }
    }
    runs.iter().map(|run| run.cycle(&state, as_of)).collect()
}

/// Facts that act together: those of one instant and order.
fn instants(facts: &[Fact], as_of: Minute) -> BTreeMap<(Minute, i64), Vec<&Fact>> {
    let mut instants: BTreeMap<(Minute, i64), Vec<&Fact>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.at <= as_of) {
        instants.entry((fact.at, fact.order)).or_default().push(fact);
    }
    instants
}

fn begin<'a>(target: &'a Target, tables: &'a [Table], minute: Minute, state: &State) -> Run<'a> {
    Run {
        target,
        tables,
        start: minute,
        stop: None,
        cancelled: false,
        first_priority: state.priority,
        priority: state.priority,
        live: Vec::new(),
        gap: Vec::new(),
        kept_breach: None,
    }
}

/// What the facts of a minute do to the clock.
fn happen(runs: &mut Vec<Run>, minute: Minute, state: &State, contract_ends: Option<Minute>) {
    let run = runs.last_mut().expect("it has begun");
    let target = run.target;
    // What ended it no longer holds.
    let undone = !state.cancelled && !target.stops(state);
    let goes_on = run.stop.is_some() && undone;
    if goes_on {
        match target.on_reopen {
            v1::OnReopen::Ignore => {}
            v1::OnReopen::NewCycle => {
                if contract_ends.is_none_or(|end| minute < end) {
                    let next = begin(target, run.tables, minute, state);
                    runs.push(next);
                }
            }
            v1::OnReopen::Restart => {
                (run.stop, run.cancelled) = (None, false);
                run.live.clear();
                run.gap.clear();
            }
            v1::OnReopen::ContinueCountingGap => {
                (run.stop, run.cancelled) = (None, false);
                // All of it counts: nothing is paused in it.
                let gap = std::mem::take(&mut run.gap).into_iter();
                let nobody = v1::WaitingOn::Nobody;
                run.live.extend(gap.map(|minute| Live { waiting_on: nobody, ..minute }));
            }
            _ => {
                (run.stop, run.cancelled) = (None, false);
                run.gap.clear();
            }
        }
    }
    let run = runs.last_mut().expect("it has begun");
    // What was answered while it was cancelled stops it with the time it had.
    let goes_on = !matches!(target.on_reopen, v1::OnReopen::Ignore | v1::OnReopen::NewCycle);
    if run.cancelled && !state.cancelled && target.stops(state) && goes_on {
        (run.stop, run.cancelled) = (None, false);
        let gap = std::mem::take(&mut run.gap);
        if target.on_reopen == v1::OnReopen::ContinueCountingGap {
            run.live.extend(gap);
        }
    }
    if run.stop.is_none() {
        if target.on_priority_change != v1::OnPriorityChange::FromStart {
            run.kept_breach = run.breach_before(state);
        }
        run.priority = state.priority;
        if target.stops(state) {
            run.end(state, minute, false);
        } else if state.cancelled {
            run.end(state, minute, true);
        }
    }
}

impl Run<'_> {
    /// A breach before this instant, under the priority so far.
    fn breach_before(&self, state: &State) -> Option<Minute> {
        self.kept_breach.or_else(|| self.count(&self.live, state).breach)
    }
}

/// Whose turn it was while an incident was open, in minutes: the provider's, the client's, a third
/// party's, and outside service hours.
pub fn party_minutes(table: &Table, facts: &[Fact], as_of: Minute) -> [i64; 4] {
    let mut state = State::new();
    let mut of_party = [0; 4];
    let mut is_opened = false;
    let instants = instants(facts, as_of);
    let Some(((first, _), _)) = instants.first_key_value() else { return of_party };
    for minute in *first..as_of {
        for (_, facts) in instants.range((minute, i64::MIN)..=(minute, i64::MAX)) {
            is_opened |= facts.iter().any(|fact| matches!(fact.what, What::Opened(_)));
            state.apply_all(facts);
        }
        if is_opened && !state.ended() {
            let party = match state.waiting_on {
                _ if !table.is_open(minute) => 3,
                v1::WaitingOn::Client => 1,
                v1::WaitingOn::ThirdParty => 2,
                _ => 0,
            };
            of_party[party] += 1;
        }
    }
    of_party
}
