//! The facts of an incident.

use std::collections::BTreeMap;

use crate::domain::recorded::Recorded;
use crate::domain::time::{Instant, Span};

/// One fact an ITSM backend reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentEvent {
    /// The backend's own id of the fact, unique within the incident for ever.
    pub event_id: String,
    /// The incident it is about.
    pub incident_id: String,
    /// When it happened.
    pub occur_time: Instant,
    /// The order of facts of one instant, ascending, for backends with coarse clocks.
    pub occur_order: i64,
    /// The system or person that reports it.
    pub source: String,
    /// The id of the earlier fact this one replaces; empty: none.
    pub corrects_event_id: String,
    /// The identity that recorded a decision, an attribution, or what takes one back; `None`: none
    /// was checked.
    pub recorded_by: Option<Box<str>>,
    /// What happened.
    pub fact: Fact,
}

/// An event with its place in the journal.
pub type RecordedEvent = Recorded<IncidentEvent>;

/// Who must act now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitingOn {
    /// The provider, as from the opening on.
    #[default]
    Provider,
    /// The client.
    Client,
    /// A third party.
    ThirdParty,
    /// Nobody.
    Nobody,
}

impl WaitingOn {
    /// The word conditions use: `provider`, `client`, `third_party`, `nobody`.
    pub fn word(self) -> &'static str {
        match self {
            WaitingOn::Provider => "provider",
            WaitingOn::Client => "client",
            WaitingOn::ThirdParty => "third_party",
            WaitingOn::Nobody => "nobody",
        }
    }
}

/// Who a cause lies with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The provider.
    Provider,
    /// The client.
    Client,
    /// A third party.
    ThirdParty,
}

/// The party that an incident's cause is attributed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Whose cause it is.
    pub party: Party,
    /// The third party's name.
    pub third_party: String,
    /// Why.
    pub note: String,
    /// How sure the attribution is, from 1 to 100 percent; `None`: not stated.
    pub confidence_percent: Option<u32>,
}

/// A backend's status, with who it waits for and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The status as the backend names it; `None`: it stays.
    pub status: Option<String>,
    /// Who must act now.
    pub waiting_on: WaitingOn,
    /// The third party's name, when one must act.
    pub third_party: String,
    /// Why it waits; `None`: it stays while the same party must act.
    pub reason: Option<String>,
}

/// What the backend knew when the incident was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The contracts it falls under.
    pub contract_ids: Vec<String>,
    /// The service it hit.
    pub service: String,
    /// The backend's category.
    pub category: String,
    /// The priority as the backend names it.
    pub priority: String,
    /// How many people it hit; `None`: nobody said.
    pub affected_users: Option<u32>,
    /// Whether that number is an estimate.
    pub are_users_estimated: bool,
    /// When the client's trouble began, if that was before the opening.
    pub trouble_time: Option<Instant>,
    /// Anything else conditions may refer to.
    pub attributes: BTreeMap<String, String>,
}

/// What an incident is, from now on: the contracts it falls under and how it is described. What is
/// not sent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailsChange {
    /// The contracts it falls under.
    pub contract_ids: Option<Vec<String>>,
    /// The service it hit; empty: none.
    pub service: Option<String>,
    /// The backend's category.
    pub category: Option<String>,
    /// The attributes that are set.
    pub attributes: BTreeMap<String, String>,
    /// The names of the attributes that are taken away.
    pub removed_attributes: Vec<String>,
}

/// A person's decision that clocks are left out of the contractual figures, or are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExclusionDecision {
    /// The id of the contract.
    pub contract_id: String,
    /// Only the clocks of this target; empty: of all.
    pub target_id: String,
    /// Whether they are left out; otherwise they count, whatever the contract's rules are.
    pub is_excluded: bool,
    /// Who decided.
    pub decided_by: String,
    /// Why.
    pub reason: String,
}

/// What happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// It was opened. The first opening by occurrence counts; a later one has no effect.
    Opened(Opened),
    /// The provider responded for the first time.
    Responded,
    /// The backend's status changed.
    StatusChanged(Waiting),
    /// The priority changed to this.
    PriorityChanged(String),
    /// It was assigned.
    Assigned {
        /// The group; empty: none; `None`: it stays.
        group: Option<String>,
        /// The person; empty: none; `None`: it stays.
        assignee: Option<String>,
    },
    /// The client received an update.
    ClientUpdated {
        /// By when the client was promised that it would work again; `None`: nothing was promised.
        reported_time: Option<Instant>,
    },
    /// The client wrote or called.
    ClientReplied,
    /// Work was done.
    WorkLogged {
        /// When it began; `None`: it ended when the event occurred.
        start_time: Option<Instant>,
        /// How long it took.
        duration: Span,
    },
    /// This much work is estimated to be left.
    EffortEstimated(Span),
    /// The number of people affected, or how much it hinders them, changed.
    ImpactChanged {
        /// How many people it hits now; `None`: that stays.
        affected_users: Option<u32>,
        /// How much of their work they can't do, 0 to 100 percent; `None`: that stays.
        productivity_loss: Option<u32>,
    },
    /// It moved to other contracts, or its service, category or attributes changed.
    DetailsChanged(DetailsChange),
    /// The service works again.
    Restored,
    /// It was resolved.
    Resolved,
    /// It was opened again.
    Reopened,
    /// It was closed.
    Closed,
    /// It was cancelled.
    Cancelled,
    /// It was merged into this incident.
    Merged(String),
    /// Its cause was attributed.
    CauseAttributed(Cause),
    /// Somebody decided whether it is within the contract's scope.
    ScopeJudged {
        /// Whether it is within scope.
        in_scope: bool,
        /// Why.
        note: String,
    },
    /// It was decided whether clocks are left out of the contractual figures.
    ExclusionDecided(ExclusionDecision),
    /// The people it hit answered a survey.
    Surveyed {
        /// The score, 0 to 10; `None`: none was given.
        score: Option<u32>,
        /// The working time that they say they lost, all together.
        lost_time: Span,
    },
    /// The fact with this id is taken back, for good.
    Retracted(String),
}

impl Fact {
    /// The rank of the fact among those of the same instant: facts that only inform come before
    /// those that move clocks, and an end before a reopening.
    pub fn rank(&self) -> u8 {
        match self {
            Fact::Opened(_) => 0,
            Fact::Retracted(_) => 1,
            Fact::ScopeJudged { .. } => 2,
            Fact::CauseAttributed(_) | Fact::ExclusionDecided(_) => 3,
            Fact::Surveyed { .. } => 4,
            Fact::EffortEstimated(_) => 5,
            Fact::WorkLogged { .. } => 6,
            Fact::ImpactChanged { .. } => 7,
            Fact::Assigned { .. } | Fact::DetailsChanged(_) => 8,
            Fact::PriorityChanged(_) => 9,
            Fact::ClientReplied => 10,
            Fact::Responded => 11,
            Fact::ClientUpdated { .. } => 12,
            Fact::StatusChanged(_) => 13,
            Fact::Restored => 14,
            Fact::Resolved => 15,
            Fact::Closed => 16,
            Fact::Cancelled => 17,
            Fact::Merged(_) => 18,
            Fact::Reopened => 19,
        }
    }

    /// The fact's name, as the API spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Fact::Opened(_) => "opened",
            Fact::Responded => "responded",
            Fact::StatusChanged(_) => "status_changed",
            Fact::PriorityChanged(_) => "priority_changed",
            Fact::Assigned { .. } => "assigned",
            Fact::ClientUpdated { .. } => "client_updated",
            Fact::DetailsChanged(_) => "details_changed",
            Fact::ClientReplied => "client_replied",
            Fact::WorkLogged { .. } => "work_logged",
            Fact::EffortEstimated(_) => "effort_estimated",
            Fact::ImpactChanged { .. } => "impact_changed",
            Fact::Restored => "restored",
            Fact::Resolved => "resolved",
            Fact::Reopened => "reopened",
            Fact::Closed => "closed",
            Fact::Cancelled => "cancelled",
            Fact::Merged(_) => "merged",
            Fact::CauseAttributed(_) => "cause_attributed",
            Fact::ScopeJudged { .. } => "scope_judged",
            Fact::ExclusionDecided(_) => "exclusion_decided",
            Fact::Surveyed { .. } => "surveyed",
            Fact::Retracted(_) => "retracted",
        }
    }
}

impl Fact {
    /// The fact with zero and the empty text in place of what was not sent. Before fields said
    /// whether they were sent, that is how a fact was recorded.
    fn with_unsent_as_zero(&self) -> Fact {
        let mut fact = self.clone();
        match &mut fact {
            Fact::StatusChanged(waiting) => {
                zero_unless_sent(&mut waiting.status);
                zero_unless_sent(&mut waiting.reason);
            }
            Fact::Assigned { group, assignee } => {
                zero_unless_sent(group);
                zero_unless_sent(assignee);
            }
            Fact::ImpactChanged { affected_users, productivity_loss } => {
                zero_unless_sent(affected_users);
                zero_unless_sent(productivity_loss);
            }
            Fact::Surveyed { score, .. } => zero_unless_sent(score),
            _ => {}
        }
        fact
    }
}

fn zero_unless_sent<T: Default>(field: &mut Option<T>) {
    field.get_or_insert_default();
}

impl IncidentEvent {
    /// The event as it was recorded before fields said whether they were sent: with zero and the
    /// empty text in place of what was not sent.
    pub fn with_unsent_as_zero(self) -> IncidentEvent {
        IncidentEvent { fact: self.fact.with_unsent_as_zero(), ..self }
    }

    /// Whether another event is this one sent again. One that was recorded before fields said
    /// whether they were sent is the same as one that leaves out what it holds as zero. Whoever
    /// recorded it first stays who recorded it.
    pub fn is_same(&self, other: &IncidentEvent) -> bool {
        let is_around_it_same = || {
            let fact = Fact::Responded;
            let bare = |event: &IncidentEvent| {
                let recorded_by = None;
                IncidentEvent { fact: fact.clone(), recorded_by, ..event.clone() }
            };
            bare(self) == bare(other)
        };
        self == other
            || self.fact.with_unsent_as_zero() == other.fact.with_unsent_as_zero()
                && is_around_it_same()
    }

    /// Whether it holds what somebody decided or attributed, or takes a fact back.
    pub fn is_decision(&self) -> bool {
        let is_one = matches!(
            self.fact,
            Fact::CauseAttributed(_) | Fact::ScopeJudged { .. } | Fact::ExclusionDecided(_)
        );
        is_one || self.voids().is_some()
    }

    /// The id of the fact this one makes void: the one it retracts or corrects.
    pub fn voids(&self) -> Option<&str> {
        match &self.fact {
            Fact::Retracted(event_id) => Some(event_id),
            _ if !self.corrects_event_id.is_empty() => Some(&self.corrects_event_id),
            _ => None,
        }
    }
}
