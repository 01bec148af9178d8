//! The terms of a contract: its targets and their policies.

use std::cmp::Ordering;

use super::{
    Condition, Credits, ExclusionRule, ExperienceTerms, Limit, Objective, Presentation,
    is_catch_all,
};
use crate::domain::incident::{Fact, WaitingOn};
use crate::domain::time::Span;

/// An agreement between a provider and a client, as one revision words it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The client's own id.
    pub id: String,
    /// What kind of agreement.
    pub kind: ContractKind,
    /// What people call it.
    pub title: String,
    /// Who is served.
    pub client: String,
    /// Who serves.
    pub provider: String,
    /// IANA time zone its periods are cut in.
    pub time_zone: String,
    /// ISO 4217 code of its money.
    pub currency: String,
    /// The contract whose promises rest on this OLA or UC; empty: none.
    pub underpins: String,
    /// Whether this revision also governs clocks that are open and undecided when it takes effect.
    pub applies_to_open_clocks: bool,
    /// What becomes of incidents that are open when this revision takes effect and have no clock of
    /// one of its targets.
    pub open_incidents: OpenIncidents,
    /// How it is shown to people.
    pub presentation: Presentation,
    /// What is agreed.
    pub terms: Terms,
}

/// What kind of agreement a contract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractKind {
    /// Service level agreement with the client.
    Sla,
    /// Operational level agreement inside the provider.
    Ola,
    /// Underpinning contract with a supplier.
    Uc,
}

/// What becomes of incidents that are open when a revision takes effect and have no clock of one of
/// its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenIncidents {
    /// They get none: the target is for incidents that are opened from then on.
    #[default]
    NotTakenOver,
    /// They get one that counts from the opening, as though the target had always been in force;
    /// what was over before is not measured.
    FromOpening,
    /// They get one that starts when the revision takes effect.
    FromEffect,
}

/// From when on the clock of a target counts for an incident that moves to its contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTransfer {
    /// From the moment it moves.
    #[default]
    FromTransfer,
    /// From the opening, as though it had always been under the contract; what was over before is
    /// not measured.
    FromOpening,
}

/// What is agreed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// The clock rules, none before the one its `starts_after` names.
    pub targets: Vec<Target>,
    /// What periods must reach.
    pub objectives: Vec<Objective>,
    /// When clocks are left out of the contractual figures.
    pub exclusions: Vec<ExclusionRule>,
    /// What missed objectives cost the provider.
    pub credits: Option<Credits>,
    /// By what the experience of the client's people is measured.
    pub experience: Option<Box<ExperienceTerms>>,
    /// Which revisions rule a period.
    pub period_terms: PeriodTerms,
}

/// Which revisions rule a period that begins under these terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeriodTerms {
    /// The one in force as it begins, or else the first to take effect within it, rules all of it.
    #[default]
    AtPeriodStart,
    /// Each part of it is ruled by the revision in force then.
    EachPart,
}

/// One clock rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Names it within the contract.
    pub id: String,
    /// What it measures.
    pub metric: Metric,
    /// How long it may take, by priority.
    pub limits: Vec<Limit>,
    /// When its clock pauses; the first rule that fits applies.
    pub pauses: Vec<PauseRule>,
    /// The longest that all pauses of a clock may be together, in service time; then it runs on.
    /// `None`: they have no maximum together.
    pub pauses_maximum: Option<Span>,
    /// What a change of priority does to its clock.
    pub on_priority_change: OnPriorityChange,
    /// What a change to a higher priority does; `None`: what any change does.
    pub on_priority_raised: Option<OnPriorityChange>,
    /// What a change to a lower priority does; `None`: what any change does.
    pub on_priority_lowered: Option<OnPriorityChange>,
    /// What a reopening does to its clock.
    pub on_reopen: OnReopen,
    /// From when on it counts for an incident that moves to the contract.
    pub on_transfer: OnTransfer,
    /// Which of its cycles gives the verdict.
    pub cycle_verdict: CycleVerdict,
    /// What counts as an answer to the client; none: [`ANSWERS`].
    pub answered_by: Vec<Answer>,
    /// The target whose stop starts this clock; empty: none.
    pub starts_after: String,
    /// Warnings at these shares of the limit, in percent, ascending; above 100 after it is due.
    pub warn_at_percent: Vec<u16>,
    /// Warnings so long before it is due, in service time.
    pub warn_before: Vec<Span>,
    /// Warnings each time so much more service time has passed since it was due; `None`: none.
    pub escalate_every: Option<Span>,
    /// Which of two instants a due time that falls on a closing shows.
    pub due_at: DueAt,
    /// Which incidents it applies to; evaluated when the clock starts.
    pub applies_when: Option<Condition>,
    /// Starts the clock.
    pub start_when: Option<Condition>,
    /// Pauses it, beside `pauses`.
    pub pause_when: Option<Condition>,
    /// Stops it.
    pub stop_when: Option<Condition>,
    /// Ends the cycle and begins the next, when it becomes true.
    pub restart_when: Option<Condition>,
    /// Cancels it.
    pub cancel_when: Option<Condition>,
    /// The order in which actions of one instant are applied.
    pub same_instant_order: [ClockAction; 5],
}

/// What a target measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Opening to the first response.
    Response,
    /// Opening to resolution.
    Resolution,
    /// Opening to service restored.
    Restoration,
    /// From each update to the client to the next.
    Update,
    /// From each reply of the client to the next update or response.
    NextReply,
    /// From `start_when` to `stop_when`.
    Custom,
}

/// What counts as an answer to the client: a response, and the end of a wait for the next reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A response.
    Responded,
    /// An update.
    ClientUpdated,
    /// That the service was restored, or the incident resolved or closed.
    Restored,
    /// That the incident was resolved or closed.
    Resolved,
}

/// What counts as an answer unless a target says otherwise: only what reached the client.
pub const ANSWERS: [Answer; 2] = [Answer::Responded, Answer::ClientUpdated];

/// A reason for a clock to pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseRule {
    /// While this party must act.
    pub waiting_on: WaitingOn,
    /// Only for these reasons; none: for all.
    pub reasons: Vec<String>,
    /// The longest a single pause may be, in service time; then the clock runs on. `None`: it has
    /// no maximum.
    pub maximum: Option<Span>,
}

/// What a change of priority does to a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnPriorityChange {
    /// The new limit and calendar count from the clock's start, as though it had always been so.
    #[default]
    FromStart,
    /// The new limit counts from the change; a breach before it stands.
    FromChange,
    /// The elapsed time counts against the new limit; a breach before it stands.
    CarryElapsed,
    /// The share of the limit used is kept, rounded down to the nanosecond; a breach before it
    /// stands.
    CarryFraction,
    /// The clock keeps the limit of the priority at its start.
    Frozen,
}

/// What a reopening does to a clock that had ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReopen {
    /// It runs on; the gap does not count.
    #[default]
    ContinueExcludingGap,
    /// It runs on; the gap counts.
    ContinueCountingGap,
    /// A new cycle begins.
    NewCycle,
    /// It begins again from zero in the same cycle; a breach before it stands.
    Restart,
    /// It stays stopped.
    Ignore,
}

/// Which instant is shown as due when the last of the time allowed ends where the service hours do:
/// both are within the limit, and no verdict depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DueAt {
    /// The closing.
    #[default]
    Closing,
    /// The opening after it, at which the first late instant lies.
    NextOpening,
}

/// Which of a target's cycles gives its verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CycleVerdict {
    /// The first.
    First,
    /// The last.
    Last,
    /// The worst: breached if any is.
    #[default]
    Worst,
    /// Their elapsed times added up, against the limit of the last.
    Total,
}

/// What can happen to a clock in one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockAction {
    /// It stops.
    Stop,
    /// A cycle ends and the next begins, or it runs again after a reopening.
    Restart,
    /// It is cancelled.
    Cancel,
    /// It pauses.
    Pause,
    /// It runs on.
    Resume,
}

/// The order of one instant's actions, unless a target sets another.
pub const SAME_INSTANT_ORDER: [ClockAction; 5] = [
    ClockAction::Stop,
    ClockAction::Restart,
    ClockAction::Cancel,
    ClockAction::Pause,
    ClockAction::Resume,
];

impl Contract {
    /// Whether this revision changes what is measured of incidents that are open when it takes
    /// effect.
    pub fn takes_over(&self) -> bool {
        self.applies_to_open_clocks || self.open_incidents != OpenIncidents::NotTakenOver
    }
}

impl OnReopen {
    /// Whether the clock that had ended goes on in its own cycle.
    pub fn goes_on(self) -> bool {
        !matches!(self, OnReopen::Ignore | OnReopen::NewCycle)
    }
}

impl Terms {
    /// The target with this id.
    pub fn target(&self, id: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.id == id)
    }
}

impl Metric {
    /// Whether its clock runs until the client is answered.
    pub fn awaits_an_answer(self) -> bool {
        matches!(self, Metric::Response | Metric::NextReply)
    }

    /// Whether its clock runs until the work is done.
    pub fn runs_until_done(self) -> bool {
        match self {
            Metric::Resolution | Metric::Restoration | Metric::Custom => true,
            Metric::Response | Metric::Update | Metric::NextReply => false,
        }
    }
}

impl Target {
    /// The limit of `priority`: its own, else that for every priority not named.
    pub fn limit(&self, priority: &str) -> Option<&Limit> {
        let named = self.limits.iter().find(|limit| limit.priority == priority);
        named.or_else(|| self.limits.iter().find(|limit| is_catch_all(&limit.priority)))
    }

    /// Whether a fact is an answer to the client.
    pub fn is_answered_by(&self, fact: &Fact) -> bool {
        let answers = if self.answered_by.is_empty() { &ANSWERS[..] } else { &self.answered_by };
        let counts = |answer| answers.contains(&answer);
        match fact {
            Fact::Responded => counts(Answer::Responded),
            Fact::ClientUpdated { .. } => counts(Answer::ClientUpdated),
            Fact::Restored => counts(Answer::Restored),
            Fact::Resolved | Fact::Closed => counts(Answer::Resolved) || counts(Answer::Restored),
            _ => false,
        }
    }

    /// What a change from one priority to another does. A priority with a shorter limit is higher;
    /// of two with the same limit, or limits that can't be compared, the one that is listed first.
    pub fn on_priority(&self, from: &str, to: &str) -> OnPriorityChange {
        let ranked = |priority: &str| {
            let limit = self.limit(priority)?;
            let place = self.limits.iter().position(|one| one == limit)?;
            Some((limit.limit, place))
        };
        let order = ranked(to).zip(ranked(from)).map(|((to, to_place), (from, from_place))| {
            to.compare(from).then(to_place.cmp(&from_place))
        });
        let directed = match order {
            Some(Ordering::Less) => self.on_priority_raised,
            Some(Ordering::Greater) => self.on_priority_lowered,
            Some(Ordering::Equal) | None => None,
        };
        directed.unwrap_or(self.on_priority_change)
    }

    /// Whether raising and lowering the priority do different things.
    pub fn minds_direction(&self) -> bool {
        self.on_priority_raised.is_some() || self.on_priority_lowered.is_some()
    }

    /// The index in `pauses` of the first rule that fits who is waited on and why.
    pub fn pause_rule(&self, waiting_on: WaitingOn, reason: &str) -> Option<usize> {
        self.pauses.iter().position(|rule| {
            rule.waiting_on == waiting_on
                && (rule.reasons.is_empty() || rule.reasons.iter().any(|r| r == reason))
        })
    }

    /// Every condition of the target, with its field's name.
    pub fn conditions(&self) -> impl Iterator<Item = (&'static str, &Condition)> {
        [
            ("applies_when", &self.applies_when),
            ("start_when", &self.start_when),
            ("pause_when", &self.pause_when),
            ("stop_when", &self.stop_when),
            ("restart_when", &self.restart_when),
            ("cancel_when", &self.cancel_when),
        ]
        .into_iter()
        .filter_map(|(name, condition)| Some((name, condition.as_ref()?)))
    }
}
