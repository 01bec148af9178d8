//! Test cases as text: calendars by name, targets and timelines in a line each.
//!
//! Times are days of the week that begins on Monday 2024-01-01, in UTC: `Mon 10:00`, and a week
//! later `Mon+1 10:00`. Seconds and their decimals are written where they are not zero.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::Weekday;
use itertools::Itertools;

use super::{Agreement, Clock, Evaluation, Outcome, Phase, evaluate};
use crate::domain::calendar::hours::{FirstWorkingDay, ServiceHours};
use crate::domain::calendar::{Calendar, CalendarInForce, Calendars, Draft, DraftWeekly};
use crate::domain::contract::{
    Allowed, Condition, Contract, ContractKind, CycleVerdict, DueAt, ExperienceLimit,
    ExperienceTerms, Limit, Metric, OnPriorityChange, OnReopen, OnTransfer, OpenIncidents,
    PauseRule, Revision, Revisions, SAME_INSTANT_ORDER, Target, Terms,
};
use crate::domain::experience::{Experience, Passages, experience};
use crate::domain::incident::{
    DetailsChange, Fact, History, IncidentEvent, Opened, Place, RecordedEvent, Stint, Waiting,
    WaitingOn,
};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::ZoneDatabase;

/// Monday 2024-01-01T00:00:00Z.
pub const MONDAY_SECOND: i64 = 1_704_067_200;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const WORKING_DAYS: [Weekday; 5] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// What a case's calendars are called, and their hours from Monday to Friday.
pub const WORKING_HOURS: [(&str, u32, u32); 4] =
    [("office", 9, 17), ("early", 8, 16), ("long", 8, 18), ("evening", 18, 22)];

/// `always`, those of [`WORKING_HOURS`], and `never`. The second revision of `office`, from
/// Wednesday 00:00 on, is that of `early`.
pub struct TestCalendars;

static HOURS: LazyLock<BTreeMap<&str, ServiceHours>> = LazyLock::new(|| {
    let zones = ZoneDatabase::bundled();
    let compile = |draft: Draft| {
        let calendar = Calendar::parse(&draft, &zones).unwrap();
        ServiceHours::compile(&calendar, &zones).unwrap()
    };
    let utc = || Draft { time_zone: "UTC".into(), ..Draft::default() };
    let mut hours: BTreeMap<_, _> = WORKING_HOURS
        .iter()
        .map(|(name, opens, closes)| {
            let window = DraftWeekly {
                days: WORKING_DAYS.into(),
                opens: format!("{opens:02}:00"),
                closes: format!("{closes:02}:00"),
            };
            (*name, compile(Draft { weekly: vec![window], ..utc() }))
        })
        .collect();
    hours.insert("always", compile(Draft { always_open: true, ..utc() }));
    hours.insert("never", compile(utc()));
    hours
});

impl Calendars for TestCalendars {
    fn in_force(&self, calendar_id: &str, start: Instant) -> Option<CalendarInForce<'_>> {
        let is_moved = calendar_id == "moving" && start >= at("Wed 00:00");
        let (name, revision) = match calendar_id {
            "moving" if is_moved => ("early", 2),
            "moving" => ("office", 1),
            name => (name, 1),
        };
        HOURS.get(name).map(|hours| CalendarInForce { revision, hours })
    }
}

/// A contract, the events of an incident, and the `known_time` of the evaluation.
pub struct Case {
    pub revisions: Revisions<Contract>,
    pub end_time: Option<Instant>,
    pub events: Vec<RecordedEvent>,
    pub known_time: Instant,
}

impl Case {
    pub fn new(targets: impl Into<Vec<Target>>, timeline: &str) -> Case {
        Case::of(targets, timeline_events(timeline))
    }

    pub fn of(targets: impl Into<Vec<Target>>, events: Vec<RecordedEvent>) -> Case {
        let mut revisions = Revisions::default();
        revisions.push(Instant::MIN, Instant::MIN, contract(targets.into(), false));
        Case { revisions, end_time: None, events, known_time: Instant::MAX }
    }

    /// With a later revision, which may also rule open clocks.
    pub fn revised(mut self, effective: &str, targets: &[Target], open_clocks_too: bool) -> Case {
        let revision = contract(targets.to_vec(), open_clocks_too);
        self.revisions.push(at(effective), Instant::MIN, revision);
        self
    }

    /// What becomes of incidents that are open when the last revision takes effect.
    pub fn takes_over(mut self, open_incidents: OpenIncidents) -> Case {
        let mut all = self.revisions.known(Instant::MAX).all().to_vec();
        let last = all.last_mut().expect("a revision");
        last.content.open_incidents = open_incidents;
        self.revisions = Revisions::default();
        for Revision { effective_time, record_time, content, .. } in all {
            self.revisions.push(effective_time, record_time, content);
        }
        self
    }

    /// With its revisions in force from an instant on only.
    pub fn effective(mut self, from: &str) -> Case {
        let all = self.revisions.known(Instant::MAX).all().to_vec();
        self.revisions = Revisions::default();
        for Revision { effective_time, record_time, content, .. } in all {
            self.revisions.push(effective_time.max(at(from)), record_time, content);
        }
        self
    }

    /// With experience terms in the last revision.
    pub fn experienced(mut self, calendar_id: &str, limits: &[(&str, &str)]) -> Case {
        let revisions = self.revisions.known(Instant::MAX).all();
        let mut contract = revisions.last().expect("a revision").content.clone();
        let limits = limits.iter().map(|(priority, limit)| ExperienceLimit {
            priority: (*priority).into(),
            limit: span(limit),
        });
        let calendar_id = calendar_id.into();
        contract.terms.experience = Some(Box::new(ExperienceTerms {
            calendar_id,
            limits: limits.collect(),
            ..ExperienceTerms::default()
        }));
        self.revisions.push(Instant::MIN, Instant::MIN, contract);
        self
    }

    pub fn first_contact_within(mut self, within: Span) -> Case {
        let revisions = self.revisions.known(Instant::MAX).all();
        let mut contract = revisions.last().expect("a revision").content.clone();
        let terms = ExperienceTerms { first_contact_within: within, ..ExperienceTerms::default() };
        contract.terms.experience = Some(Box::new(terms));
        self.revisions.push(Instant::MIN, Instant::MIN, contract);
        self
    }

    pub fn ended(self, end: &str) -> Case {
        Case { end_time: Some(at(end)), ..self }
    }

    pub fn known(self, known_time: &str) -> Case {
        Case { known_time: at(known_time), ..self }
    }

    pub fn evaluated<T>(&self, as_of: Instant, read: impl FnOnce(&Evaluation<'_>) -> T) -> T {
        let history = History::fold(&self.events, self.known_time);
        let revisions = self.revisions.known(Instant::MAX);
        let agreement = Agreement { revisions, end_time: self.end_time };
        read(&evaluate(&history, &stints(&history), agreement, &TestCalendars, as_of))
    }

    /// Evaluates the incident and computes its experience.
    pub fn experience<T>(
        &self,
        as_of: Instant,
        read: impl FnOnce(Option<Experience<'_>>, &Passages<'_>, &Evaluation<'_>) -> T,
    ) -> T {
        let history = History::fold(&self.events, self.known_time);
        let passages = Passages::of(&history, as_of);
        let agreement =
            Agreement { revisions: self.revisions.known(Instant::MAX), end_time: self.end_time };
        self.evaluated(as_of, |evaluation| {
            let clocks = &evaluation.clocks;
            let experience =
                experience(&history, &passages, clocks, &agreement, &TestCalendars, as_of);
            read(experience, &passages, evaluation)
        })
    }

    /// Evaluates at each line's instant: `Mon 11:00 | running undecided 1:00 of 3:00 due Mon
    /// 13:00`, several clocks apart by `;`, none by nothing.
    #[track_caller]
    pub fn check(&self, lines: &str) -> &Case {
        self.compare(lines, |evaluation| evaluation.clocks.iter().map(clock_text).join("; "))
    }

    /// Compares each target's verdict: `Mon 11:00 | met 1:00 of 3:00 by 1`.
    #[track_caller]
    pub fn check_verdicts(&self, lines: &str) -> &Case {
        self.compare(lines, |evaluation| {
            let verdicts = evaluation.verdicts.iter().map(|verdict| {
                let outcome = format!("{:?}", verdict.outcome).to_lowercase();
                let (elapsed, limit) = (span_text(verdict.elapsed), span_text(verdict.limit));
                format!("{outcome} {elapsed} of {limit} by {}", verdict.cycle)
            });
            verdicts.collect_vec().join("; ")
        })
    }

    /// Compares the segments of every clock as of an instant, a line each.
    #[track_caller]
    pub fn check_segments(&self, as_of: &str, lines: &str) -> &Case {
        let found = self.evaluated(at(as_of), |evaluation| {
            let clocks = evaluation.clocks.iter();
            clocks.flat_map(|clock| clock.segments.iter().map(segment_text)).collect_vec()
        });
        assert_eq!(found.join("\n"), trimmed(lines).join("\n"));
        self
    }

    #[track_caller]
    fn compare(&self, lines: &str, text: impl Fn(&Evaluation<'_>) -> String) -> &Case {
        let lines = trimmed(lines);
        let instants = lines.iter().map(|line| line.split('|').next().unwrap().trim());
        let found = instants.map(|instant| {
            let found = self.evaluated(at(instant), &text);
            format!("{instant} | {found}").trim_end().to_owned()
        });
        assert_eq!(found.collect_vec().join("\n"), lines.join("\n"));
        self
    }
}

fn trimmed(lines: &str) -> Vec<&str> {
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

pub fn contract(targets: Vec<Target>, applies_to_open_clocks: bool) -> Contract {
    Contract {
        id: "contract".into(),
        kind: ContractKind::Sla,
        title: String::new(),
        client: String::new(),
        provider: String::new(),
        time_zone: "UTC".into(),
        currency: "EUR".into(),
        underpins: String::new(),
        applies_to_open_clocks,
        open_incidents: OpenIncidents::default(),
        presentation: Default::default(),
        terms: Terms { targets, ..Terms::default() },
    }
}

/// A target in words: its metric, which is also its id unless `id=` says otherwise; limits as
/// `P1=3:00` or `*=8:00/office`; pauses as `pause=client`, `pause=client:holiday` and
/// `pause=client<2:00`; `after=response`; `warn=50`; and policies by their names.
pub fn target(words: &str) -> Target {
    let mut words = words.split_whitespace();
    let metric = words.next().unwrap();
    let mut target = Target {
        id: metric.into(),
        metric: metric_named(metric),
        limits: Vec::new(),
        pauses: Vec::new(),
        on_priority_change: OnPriorityChange::FromStart,
        on_reopen: OnReopen::ContinueExcludingGap,
        on_transfer: OnTransfer::FromTransfer,
        cycle_verdict: CycleVerdict::Worst,
        answered_by: Vec::new(),
        starts_after: String::new(),
        warn_at_percent: Vec::new(),
        warn_before: Vec::new(),
        escalate_every: None,
        due_at: DueAt::Closing,
        pauses_maximum: None,
        on_priority_raised: None,
        on_priority_lowered: None,
        applies_when: None,
        start_when: None,
        pause_when: None,
        stop_when: None,
        restart_when: None,
        cancel_when: None,
        same_instant_order: SAME_INSTANT_ORDER,
    };
    for word in words {
        match word.split_once('=') {
            Some(("id", id)) => target.id = id.into(),
            Some(("pause", rule)) => target.pauses.push(pause_rule(rule)),
            Some(("after", before)) => target.starts_after = before.into(),
            Some(("before", before)) => target.warn_before.push(span(before)),
            Some(("every", every)) => target.escalate_every = Some(span(every)),
            Some(("pauses", maximum)) => target.pauses_maximum = Some(span(maximum)),
            Some(("raised", policy)) => target.on_priority_raised = Some(priority_policy(policy)),
            Some(("lowered", policy)) => target.on_priority_lowered = Some(priority_policy(policy)),
            Some(("warn", percent)) => target.warn_at_percent.push(percent.parse().unwrap()),
            Some((priority, limit)) => target.limits.push(limit_of(priority, limit)),
            None => set_policy(&mut target, word),
        }
    }
    target
}

pub fn condition(source: &str) -> Option<Condition> {
    Some(Condition::compile(source).unwrap())
}

fn metric_named(name: &str) -> Metric {
    match name {
        "response" => Metric::Response,
        "resolution" => Metric::Resolution,
        "restoration" => Metric::Restoration,
        "update" => Metric::Update,
        "next_reply" => Metric::NextReply,
        "custom" => Metric::Custom,
        other => panic!("no metric {other:?}"),
    }
}

fn limit_of(priority: &str, limit: &str) -> Limit {
    let (limit, calendar_id) = limit.split_once('/').unwrap_or((limit, "always"));
    let priority = priority.trim_matches('*').to_owned();
    let days = |text: &str| text.parse().unwrap();
    let limit = match (limit.strip_suffix("th_day"), limit.strip_suffix("days")) {
        (Some(count), _) => {
            Allowed::WorkingDays { count: days(count), first: FirstWorkingDay::DayOfStart }
        }
        (_, Some(count)) => {
            Allowed::WorkingDays { count: days(count), first: FirstWorkingDay::DayAfterStart }
        }
        _ => span(limit).into(),
    };
    Limit { priority, limit, calendar_id: calendar_id.into() }
}

fn pause_rule(words: &str) -> PauseRule {
    let (words, maximum) = match words.split_once('<') {
        Some((words, maximum)) => (words, Some(span(maximum))),
        None => (words, None),
    };
    let mut words = words.split(':');
    let waiting_on = party(words.next().unwrap());
    PauseRule { waiting_on, reasons: words.map(Into::into).collect(), maximum }
}

fn priority_policy(word: &str) -> OnPriorityChange {
    match word {
        "from_start" => OnPriorityChange::FromStart,
        "from_change" => OnPriorityChange::FromChange,
        "carry_elapsed" => OnPriorityChange::CarryElapsed,
        "carry_fraction" => OnPriorityChange::CarryFraction,
        "frozen" => OnPriorityChange::Frozen,
        other => panic!("no policy {other:?}"),
    }
}

fn set_policy(target: &mut Target, word: &str) {
    match word {
        "from_start" => target.on_priority_change = OnPriorityChange::FromStart,
        "from_change" => target.on_priority_change = OnPriorityChange::FromChange,
        "carry_elapsed" => target.on_priority_change = OnPriorityChange::CarryElapsed,
        "carry_fraction" => target.on_priority_change = OnPriorityChange::CarryFraction,
        "frozen" => target.on_priority_change = OnPriorityChange::Frozen,
        "excluding_gap" => target.on_reopen = OnReopen::ContinueExcludingGap,
        "counting_gap" => target.on_reopen = OnReopen::ContinueCountingGap,
        "new_cycle" => target.on_reopen = OnReopen::NewCycle,
        "restart" => target.on_reopen = OnReopen::Restart,
        "transfer_from_opening" => target.on_transfer = OnTransfer::FromOpening,
        "ignore" => target.on_reopen = OnReopen::Ignore,
        "due_at_opening" => target.due_at = DueAt::NextOpening,
        "first" => target.cycle_verdict = CycleVerdict::First,
        "last" => target.cycle_verdict = CycleVerdict::Last,
        "worst" => target.cycle_verdict = CycleVerdict::Worst,
        "total" => target.cycle_verdict = CycleVerdict::Total,
        other => panic!("no policy {other:?}"),
    }
}

fn party(word: &str) -> WaitingOn {
    match word {
        "provider" => WaitingOn::Provider,
        "client" => WaitingOn::Client,
        "third_party" => WaitingOn::ThirdParty,
        "nobody" => WaitingOn::Nobody,
        other => panic!("no party {other:?}"),
    }
}

/// The events of a timeline, a line each: when, what, and what else: `Mon 11:00 waits client`,
/// `Mon 12:00 resolved order=1`, `Tue 09:00 opened P2 id=b corrects=a recorded=Wed-10:00`.
/// Ids are `e1`, `e2`, ... by the line unless given.
pub fn timeline_events(timeline: &str) -> Vec<RecordedEvent> {
    let lines = trimmed(timeline);
    lines.iter().enumerate().map(|(index, line)| recorded(index as u64 + 1, line)).collect()
}

fn recorded(number: u64, line: &str) -> RecordedEvent {
    let words = line.split_whitespace().collect_vec();
    let (settings, words): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.contains('='));
    let setting = |name: &str| {
        settings.iter().filter_map(|s| s.split_once('=')).find(|s| s.0 == name).map(|s| s.1)
    };
    let mut recorded = event(number, at(&words[..2].join(" ")), fact(&words[2..]));
    if let Some(id) = setting("id") {
        recorded.value.event_id = id.into();
    }
    if let Some(order) = setting("order") {
        recorded.value.occur_order = order.parse().unwrap();
    }
    if let Some(time) = setting("recorded") {
        recorded.record_time = at(&time.replace('-', " "));
    }
    if let (Some(time), Fact::Opened(opened)) = (setting("trouble"), &mut recorded.value.fact) {
        opened.trouble_time = Some(at(&time.replace('-', " ")));
    }
    if let (Some(ids), Fact::Opened(opened)) = (setting("under"), &mut recorded.value.fact) {
        opened.contract_ids = ids.split(',').map(str::to_owned).collect();
    }
    recorded.value.corrects_event_id = setting("corrects").unwrap_or_default().into();
    recorded
}

/// The stints of an incident under the contract; all of its life where nothing names contracts.
pub fn stints<'e>(history: &History<'e>) -> Vec<Stint<'e>> {
    let named = history.stints("contract");
    let names_any = history.effective().iter().any(|e| !e.value.fact.contract_ids().is_empty());
    let opening = history.opening().filter(|_| !names_any);
    let life = opening.map(|opening| Stint {
        from: Place::at(opening.value.occur_time),
        began_by: &opening.value.event_id,
        is_first: true,
        until: None,
    });
    named.into_iter().chain(life).collect()
}

/// The event `e{number}`, recorded before all time.
pub fn event(number: u64, occur_time: Instant, fact: Fact) -> RecordedEvent {
    let event = IncidentEvent {
        recorded_by: None,
        event_id: format!("e{number}"),
        incident_id: "incident".into(),
        occur_time,
        occur_order: 0,
        source: String::new(),
        corrects_event_id: String::new(),
        fact,
    };
    RecordedEvent { sequence: number, record_time: Instant::MIN, value: event }
}

/// A fact in words: `waits client parts`, `priority P2`.
pub fn fact(words: &[&str]) -> Fact {
    let word = |place: usize| words.get(place).copied().unwrap_or_default().to_owned();
    match words[0] {
        "opened" => Fact::Opened(Opened {
            priority: word(1),
            affected_users: word(2).parse().ok(),
            ..Opened::default()
        }),
        "responded" => Fact::Responded,
        "waits" => Fact::StatusChanged(Waiting {
            status: Some(word(3)),
            waiting_on: party(words[1]),
            third_party: word(4),
            reason: Some(word(2).replace('.', "")),
        }),
        "priority" => Fact::PriorityChanged(word(1)),
        "assigned" => Fact::Assigned {
            group: Some(word(1)),
            assignee: words.get(2).map(|name| (*name).to_owned()),
        },
        "updated" => Fact::ClientUpdated {
            reported_time: words.get(1).map(|time| at(&time.replace('-', " "))),
        },
        "moved" => Fact::DetailsChanged(DetailsChange {
            contract_ids: Some(words[1..].iter().map(|id| (*id).to_owned()).collect()),
            ..DetailsChange::default()
        }),
        "category" => Fact::DetailsChanged(DetailsChange {
            category: Some(word(1)),
            ..DetailsChange::default()
        }),
        "attribute" => Fact::DetailsChanged(DetailsChange {
            attributes: words[1..]
                .chunks(2)
                .filter(|pair| pair.len() == 2)
                .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
                .collect(),
            removed_attributes: words[1..]
                .chunks(2)
                .filter(|pair| pair.len() == 1)
                .map(|pair| pair[0].to_owned())
                .collect(),
            ..DetailsChange::default()
        }),
        "worked" => Fact::WorkLogged { start_time: None, duration: span(words[1]) },
        "impact" => Fact::ImpactChanged {
            affected_users: word(1).parse().ok(),
            productivity_loss: word(2).parse().ok(),
        },
        "surveyed" => Fact::Surveyed {
            score: word(1).parse().ok(),
            lost_time: words.get(2).map_or(Span::ZERO, |time| span(time)),
        },
        "estimated" => Fact::EffortEstimated(span(words[1])),
        "replied" => Fact::ClientReplied,
        "restored" => Fact::Restored,
        "resolved" => Fact::Resolved,
        "reopened" => Fact::Reopened,
        "closed" => Fact::Closed,
        "cancelled" => Fact::Cancelled,
        "merged" => Fact::Merged(word(1)),
        "retracted" => Fact::Retracted(word(1)),
        other => panic!("no fact {other:?}"),
    }
}

/// `Mon 10:00`, `Mon+1 10:00:30.5`.
pub fn at(text: &str) -> Instant {
    let (day, time) = text.split_once(' ').unwrap_or_else(|| panic!("no instant: {text:?}"));
    let (day, weeks) = day.split_once('+').unwrap_or((day, "0"));
    let day = DAYS.iter().position(|name| *name == day).expect("a day") as i64;
    let days = day + 7 * weeks.parse::<i64>().unwrap();
    let midnight = Instant::from_seconds(MONDAY_SECOND + days * 86_400).unwrap();
    midnight.checked_add(span(time)).unwrap()
}

/// `3:00`, `0:00:01.5`: hours, minutes and perhaps seconds.
pub fn span(text: &str) -> Span {
    let mut parts = text.split(':');
    let mut whole = || parts.next().unwrap_or("0").parse::<i64>();
    let (hours, minutes) = (whole().unwrap(), whole().unwrap());
    let (seconds, decimals) = parts.next().unwrap_or("0").split_once('.').unwrap_or_else(|| {
        let last = text.splitn(3, ':').nth(2).unwrap_or("0");
        (last, "0")
    });
    let nanos: i64 = format!("{decimals:0<9}").parse().unwrap();
    let seconds = hours * 3600 + minutes * 60 + seconds.parse::<i64>().unwrap();
    Span::from_seconds(seconds) + Span::from_nanos(nanos)
}

pub fn span_text(span: Span) -> String {
    let sign = if span < Span::ZERO { "-" } else { "" };
    let nanos = span.nanos().abs();
    let seconds = nanos / 1_000_000_000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match nanos % 60_000_000_000 {
        0 => format!("{sign}{hours}:{minutes:02}"),
        rest => {
            let decimals = format!(".{:09}", rest % 1_000_000_000);
            let decimals = decimals.trim_end_matches('0').trim_end_matches('.');
            format!("{sign}{hours}:{minutes:02}:{:02}{decimals}", seconds % 60)
        }
    }
}

pub fn instant_text(instant: Instant) -> String {
    let since = instant.since(at("Mon 00:00")).nanos();
    let (days, rest) = (since.div_euclid(86_400_000_000_000), since.rem_euclid(86_400_000_000_000));
    let week = match days.div_euclid(7) {
        0 => String::new(),
        weeks => format!("+{weeks}"),
    };
    let time = span_text(Span::from_nanos(rest));
    let time = if time.find(':') == Some(1) { format!("0{time}") } else { time };
    format!("{}{week} {time}", DAYS[days.rem_euclid(7) as usize])
}

/// `running undecided 1:00 of 3:00 due Mon 13:00`, and `breached Mon 13:00` if so.
pub fn clock_text(clock: &Clock<'_>) -> String {
    let (elapsed, limit) = (span_text(clock.elapsed), span_text(clock.limit));
    let words = format!("{:?} {:?}", clock.phase, clock.outcome).to_lowercase();
    let mut text = format!("{words} {elapsed} of {limit}");
    for (word, instant) in [("due", clock.due_time), ("over", clock.breach_time)] {
        if let Some(instant) = instant {
            text += &format!(" {word} {}", instant_text(instant));
        }
    }
    text
}

fn segment_text(segment: &super::Segment<'_>) -> String {
    let kind = format!("{:?}", segment.kind).to_lowercase();
    let (start, end) = (instant_text(segment.start), instant_text(segment.end));
    let mut text = format!("{start} - {end} {kind} {}", span_text(segment.counted));
    if !segment.event_id.is_empty() {
        text += &format!(" by {}", segment.event_id);
    }
    if let Some(due) = segment.moved_due {
        text += &format!(" due {}", instant_text(due));
    }
    text
}

/// The figures of a clock, without its segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    pub phase: Phase,
    pub outcome: Outcome,
    pub elapsed: Span,
    pub due_time: Option<Instant>,
    pub breach_time: Option<Instant>,
}

impl Figures {
    pub fn of(clock: &Clock<'_>) -> Figures {
        Figures {
            phase: clock.phase,
            outcome: clock.outcome,
            elapsed: clock.elapsed,
            due_time: clock.due_time,
            breach_time: clock.breach_time,
        }
    }
}
