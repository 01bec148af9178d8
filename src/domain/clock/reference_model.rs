//! Clocks implemented a second time, as plainly and as slowly as possible, to test the others
//! against: a history is walked second by second, and each second either counts or does not. Whole
//! seconds only, one target with its metric's own conditions, priorities that have a limit.

use super::testing::{Figures, MONDAY_SECOND, WORKING_HOURS};
use super::{Outcome, Phase};
use crate::domain::contract::{
    Allowed, Limit, Metric, OnPriorityChange, OnReopen, PauseRule, Target,
};
use crate::domain::incident::{Fact, RecordedEvent, WaitingOn};
use crate::domain::time::{Instant, Span};

const NANOS: i64 = 1_000_000_000;
/// How far ahead it looks for the due instant.
const LOOK_AHEAD_SECONDS: i64 = 14 * 86_400;

/// The figures of each cycle as of a second.
pub fn figures(target: &Target, events: &[RecordedEvent], as_of: i64) -> Vec<Figures> {
    let mut events: Vec<_> = events.iter().map(|recorded| &recorded.value).collect();
    events.sort_by_key(|event| (event.occur_time, event.fact.rank(), &event.event_id));
    let facts = events.iter().map(|event| (event.occur_time.seconds(), &event.fact)).collect();
    let scenario = Scenario { target, facts };
    scenario.cycles(as_of).iter().map(|cycle| scenario.walk(cycle, as_of)).collect()
}

struct Scenario<'s> {
    target: &'s Target,
    facts: Vec<(i64, &'s Fact)>,
}

/// The incident at the beginning of a second, with all that happened in that instant.
#[derive(Clone, Default)]
struct Incident {
    priority: String,
    waiting_on: WaitingOn,
    reason: String,
    is_open: bool,
    is_responded: bool,
    is_restored: bool,
    is_resolved: bool,
    is_cancelled: bool,
    is_closed: bool,
}

/// A cycle's start, what ended it, and what made it go on.
struct Cycle {
    start: i64,
    ends: Vec<(i64, Phase)>,
    goes_on: Vec<i64>,
}

/// A walk's count so far, in nanoseconds.
struct Count<'s> {
    elapsed: i64,
    limit: &'s Limit,
    due: Option<i64>,
    breached: Option<i64>,
    pause: Option<Pause<'s>>,
}

struct Pause<'s> {
    rule: &'s PauseRule,
    used: i64,
    is_used_up: bool,
}

impl Scenario<'_> {
    fn incident(&self, second: i64) -> Incident {
        let mut incident = Incident::default();
        let past = self.facts.partition_point(|(at, _)| *at <= second);
        for facts in self.facts[..past].chunk_by(|a, b| a.0 == b.0) {
            let mut wait = None;
            let was_ended = incident.is_resolved || incident.is_cancelled;
            for (_, fact) in facts {
                incident.learn(fact);
                wait = if let Fact::StatusChanged(reported) = fact { Some(reported) } else { wait };
            }
            let is_reopened = facts.iter().any(|(_, fact)| matches!(fact, Fact::Reopened));
            if is_reopened && was_ended && self.target.on_reopen == OnReopen::NewCycle {
                // Another answer is awaited, unless one comes with the reopening.
                incident.is_responded = facts.iter().any(|(_, fact)| answers(fact));
            }
            if let Some(reported) = wait.filter(|_| is_reopened) {
                (incident.waiting_on, incident.reason) =
                    (reported.waiting_on, reported.reason.clone().unwrap_or_default());
            }
        }
        incident
    }

    fn cycles(&self, as_of: i64) -> Vec<Cycle> {
        let mut cycles: Vec<Cycle> = Vec::new();
        let mut seconds: Vec<i64> = self.facts.iter().map(|(second, _)| *second).collect();
        seconds.dedup();
        for second in seconds.into_iter().filter(|second| *second <= as_of) {
            let incident = self.incident(second);
            if !incident.is_open {
                continue;
            }
            if cycles.is_empty() {
                cycles.push(Cycle::new(second));
            }
            let end = self.end(&incident);
            let cycle = cycles.last_mut().unwrap();
            let was_cancelled = matches!(cycle.last_end(), Some((_, Phase::Cancelled)));
            let is_done_since = was_cancelled && !incident.is_cancelled && end.is_some();
            match (cycle.is_ended(), end) {
                (true, Some(phase)) if is_done_since && self.target.on_reopen.goes_on() => {
                    cycle.goes_on.push(second);
                    cycle.ends.push((second, phase));
                }
                (false, Some(phase)) => cycle.ends.push((second, phase)),
                (true, None) if self.target.on_reopen == OnReopen::NewCycle => {
                    cycles.push(Cycle::new(second));
                }
                (true, None) if self.target.on_reopen.goes_on() => {
                    cycle.goes_on.push(second);
                }
                _ => {}
            }
        }
        cycles
    }

    fn end(&self, incident: &Incident) -> Option<Phase> {
        let is_done = match self.target.metric {
            Metric::Response => incident.is_responded,
            Metric::Restoration => incident.is_restored,
            _ => incident.is_resolved,
        };
        match (is_done, incident.is_cancelled) {
            (true, _) => Some(Phase::Stopped),
            (false, true) => Some(Phase::Cancelled),
            (false, false) => None,
        }
    }

    /// What it comes to. A breach that it had when it ended stays, whatever the priority is later.
    fn walk(&self, cycle: &Cycle, as_of: i64) -> Figures {
        let mut figures = self.walk_once(cycle, as_of);
        if self.target.on_priority_change != OnPriorityChange::FromStart {
            return figures;
        }
        for (count, _) in cycle.goes_on.iter().enumerate() {
            let (ends, goes_on) = (cycle.ends[..=count].to_vec(), cycle.goes_on[..count].to_vec());
            let then = self.walk_once(&Cycle { start: cycle.start, ends, goes_on }, as_of);
            if then.breach_time.is_some() {
                let own = figures.breach_time.or(then.breach_time);
                figures.breach_time = own.min(then.breach_time);
                figures.outcome = Outcome::Breached;
            }
        }
        figures
    }

    fn walk_once(&self, cycle: &Cycle, as_of: i64) -> Figures {
        let last = cycle.last_end().map_or(as_of, |(second, _)| second);
        let policy = self.target.on_priority_change;
        let mut priority = match policy {
            OnPriorityChange::FromStart => self.incident(last).priority,
            _ => self.incident(cycle.start).priority,
        };
        let can_change = !matches!(policy, OnPriorityChange::FromStart | OnPriorityChange::Frozen);
        let mut count = Count::new(self.limit(&priority));
        let mut incident = self.incident(cycle.start);
        for second in cycle.start..=last {
            if self.facts.iter().any(|(at, _)| *at == second) {
                incident = self.incident(second);
            }
            let is_gap = cycle.is_gap(second);
            let ends_at_once = cycle.ends.iter().any(|(end, _)| *end == second);
            let goes_on = cycle.goes_on.contains(&second) && !ends_at_once;
            if goes_on && self.target.on_reopen == OnReopen::Restart {
                count.set(second, 0);
            }
            let counts_gap = self.target.on_reopen == OnReopen::ContinueCountingGap;
            if can_change && incident.priority != priority && (!is_gap || counts_gap) {
                priority.clone_from(&incident.priority);
                count.change_limit(second, self.limit(&priority), policy);
            }
            if second == last {
                break;
            }
            match is_gap {
                true => count.live_in_gap(second, counts_gap),
                false => count.live(second, self.pause(&incident)),
            }
        }
        self.conclude(cycle, count, last, &incident)
    }

    fn conclude(&self, cycle: &Cycle, count: Count<'_>, last: i64, now: &Incident) -> Figures {
        let pause = self.pause(now);
        let is_paused = pause.is_some_and(|rule| !count.has_used_up(rule));
        let phase = match cycle.last_end() {
            Some((_, phase)) => phase,
            None if is_paused => Phase::Paused,
            None => Phase::Running,
        };
        let outcome = match (count.breached, phase) {
            (Some(_), _) => Outcome::Breached,
            (None, Phase::Stopped) => Outcome::Met,
            (None, _) => Outcome::Undecided,
        };
        let (elapsed, breached) = (count.elapsed, count.breached);
        let due = match phase {
            Phase::Cancelled => count.due,
            Phase::Stopped => count.look_ahead(last, None),
            _ => count.look_ahead(last, pause),
        };
        let instant = |nanos| Instant::from_nanos(nanos).unwrap();
        Figures {
            phase,
            outcome,
            elapsed: Span::from_nanos(elapsed),
            due_time: due.map(instant),
            breach_time: breached.map(instant),
        }
    }

    fn limit(&self, priority: &str) -> &Limit {
        self.target.limits.iter().find(|limit| limit.priority == priority).unwrap()
    }

    fn pause(&self, incident: &Incident) -> Option<&PauseRule> {
        let has_ended = incident.is_resolved || incident.is_cancelled;
        if has_ended && incident.waiting_on == WaitingOn::Nobody {
            return None;
        }
        self.target.pauses.iter().find(|rule| {
            let fits = rule.reasons.is_empty() || rule.reasons.contains(&incident.reason);
            fits && rule.waiting_on == incident.waiting_on
        })
    }
}

/// The service time of a limit.
fn nanos(limit: &Limit) -> i64 {
    let Allowed::ServiceTime(span) = limit.limit else { panic!("only limits of service time") };
    span.nanos()
}

fn answers(fact: &Fact) -> bool {
    matches!(fact, Fact::Responded | Fact::ClientUpdated { .. })
}

impl Incident {
    fn learn(&mut self, fact: &Fact) {
        match fact {
            Fact::Opened(opened) if !self.is_open => {
                self.is_open = true;
                self.priority.clone_from(&opened.priority);
                self.is_up_to(WaitingOn::Provider);
            }
            Fact::PriorityChanged(priority) => self.priority.clone_from(priority),
            // Once it is closed or cancelled, nobody is waited on.
            Fact::StatusChanged(_) if self.is_closed || self.is_cancelled => {}
            Fact::StatusChanged(waiting) => {
                self.waiting_on = waiting.waiting_on;
                self.reason = waiting.reason.clone().unwrap_or_default();
            }
            fact if answers(fact) => self.is_responded = true,
            Fact::Restored => self.is_restored = true,
            Fact::Resolved | Fact::Closed => {
                (self.is_restored, self.is_resolved) = (true, true);
                self.is_closed |= *fact == Fact::Closed;
                self.is_up_to(WaitingOn::Nobody);
            }
            Fact::Cancelled | Fact::Merged(_) => {
                self.is_cancelled = true;
                self.is_up_to(WaitingOn::Nobody);
            }
            Fact::Reopened => {
                (self.is_restored, self.is_resolved, self.is_cancelled) = (false, false, false);
                self.is_closed = false;
                self.is_up_to(WaitingOn::Provider);
            }
            _ => {}
        }
    }

    fn is_up_to(&mut self, who: WaitingOn) {
        self.waiting_on = who;
        self.reason.clear();
    }
}

impl Cycle {
    fn new(start: i64) -> Cycle {
        Cycle { start, ends: Vec::new(), goes_on: Vec::new() }
    }

    fn is_ended(&self) -> bool {
        self.ends.len() > self.goes_on.len()
    }

    fn last_end(&self) -> Option<(i64, Phase)> {
        self.ends.last().filter(|_| self.is_ended()).copied()
    }

    fn is_gap(&self, second: i64) -> bool {
        let gaps = self.ends.iter().zip(&self.goes_on);
        gaps.into_iter().any(|((end, _), goes_on)| (*end..*goes_on).contains(&second))
    }
}

impl<'s> Count<'s> {
    fn new(limit: &'s Limit) -> Count<'s> {
        Count { elapsed: 0, limit, due: None, breached: None, pause: None }
    }

    fn change_limit(&mut self, second: i64, limit: &'s Limit, policy: OnPriorityChange) {
        let old = i128::from(nanos(self.limit));
        let new = i128::from(nanos(limit));
        self.limit = limit;
        let elapsed = match policy {
            OnPriorityChange::FromChange => 0,
            OnPriorityChange::CarryFraction => (i128::from(self.elapsed) * new / old) as i64,
            _ => self.elapsed,
        };
        self.set(second, elapsed);
    }

    fn set(&mut self, second: i64, elapsed: i64) {
        let limit = nanos(self.limit);
        self.elapsed = elapsed;
        self.due = if elapsed >= limit { self.due.or(Some(second * NANOS)) } else { None };
        if elapsed > limit {
            self.breached.get_or_insert(second * NANOS);
        }
    }

    fn live_in_gap(&mut self, second: i64, counts: bool) {
        self.pause = None;
        if counts && self.is_open(second) {
            self.count(second);
        }
    }

    fn live(&mut self, second: i64, rule: Option<&'s PauseRule>) {
        let is_open = self.is_open(second);
        if self.pause.as_ref().map(|pause| pause.rule) != rule {
            self.pause = rule.map(|rule| Pause { rule, used: 0, is_used_up: false });
        }
        match &mut self.pause {
            Some(pause) if is_open => {
                let maximum = pause.rule.maximum.map_or(i64::MAX, |maximum| maximum.nanos());
                if pause.used < maximum {
                    pause.used += NANOS;
                } else {
                    pause.is_used_up = true;
                    self.count(second);
                }
            }
            None if is_open => self.count(second),
            _ => {}
        }
    }

    fn count(&mut self, second: i64) {
        let limit = nanos(self.limit);
        let (before, after) = (self.elapsed, self.elapsed + NANOS);
        if after >= limit {
            self.due.get_or_insert(second * NANOS + limit - before);
        }
        if after > limit {
            self.breached.get_or_insert(second * NANOS + limit - before);
        }
        self.elapsed = after;
    }

    fn has_used_up(&self, rule: &PauseRule) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.rule == rule && pause.is_used_up)
    }

    fn look_ahead(mut self, from: i64, rule: Option<&'s PauseRule>) -> Option<i64> {
        for second in from..from + LOOK_AHEAD_SECONDS {
            if self.due.is_some() {
                break;
            }
            self.live(second, rule);
        }
        self.due
    }

    fn is_open(&self, second: i64) -> bool {
        let name = self.limit.calendar_id.as_str();
        let since_monday = (second - MONDAY_SECOND).rem_euclid(7 * 86_400);
        let (day, hour) = (since_monday / 86_400, (since_monday % 86_400 / 3600) as u32);
        let Some((_, opens, closes)) = WORKING_HOURS.iter().find(|hours| hours.0 == name) else {
            return name == "always";
        };
        day < 5 && (*opens..*closes).contains(&hour)
    }
}
