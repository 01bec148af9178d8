//! How an incident that is not over stands under a contract, kept so that later questions go on
//! from there by time alone, without its facts.
//!
//! Until something is recorded of it, or of its terms, an incident's clocks change at known
//! instants only: when one is due, is to be warned of or goes over its limit, when a fact or a
//! revision takes effect that was recorded ahead, when a pause reaches its maximum. Up to the first
//! of those the clocks are what they were, with more of their limits used: that is how long what is
//! kept [holds](KeptIncident::holds). Whatever else would move them makes that no time at all, and
//! the incident is evaluated anew for each question.

use std::mem::size_of;
use std::sync::Arc;

use super::answers::group_key::GroupKey;
use super::catalog::Known;
use super::tally::Day;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Exclusion, Outcome, Phase, Warning};
use crate::domain::compliance::Counts;
use crate::domain::contract::Metric;
use crate::domain::forecast::{FeatureFields, Holder, IncidentFeatures};
use crate::domain::incident::{ExclusionDecision, WaitingOn};
use crate::domain::time::{Instant, Span};

/// Bytes that one takes in memory beside what it holds: its place in a map, and what it is
/// allocated with.
const PLACE_BYTES: usize = 96;
/// The same of a text, with its counts.
const TEXT_BYTES: usize = 24;

/// An incident that is not over, as it stood under a contract at an instant.
#[derive(Debug, PartialEq)]
pub struct KeptIncident {
    pub(super) incident_id: Arc<str>,
    /// When it was evaluated.
    pub(super) from: Instant,
    /// What is kept holds before this instant.
    pub(super) until: Instant,
    pub(super) service: Arc<str>,
    pub(super) features: KeptFeatures,
    /// Its clocks that run or are paused.
    pub(super) clocks: Box<[KeptClock]>,
    /// How each of its targets is counted.
    pub(super) targets: Box<[KeptTarget]>,
    /// What it has added to the tallies; `None`: nothing.
    pub(super) contributed: Option<Box<KeptContribution>>,
}

#[derive(Debug, PartialEq)]
pub(super) struct KeptFeatures {
    pub(super) category: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) assignee: Arc<str>,
    pub(super) third_party: Arc<str>,
    pub(super) waiting_on: WaitingOn,
    pub(super) effort_remaining: Option<Span>,
    pub(super) holder: Holder,
    pub(super) last_event_time: Instant,
    pub(super) in_state_since: Instant,
    pub(super) held_since: Instant,
    pub(super) event_count: u32,
    pub(super) reassignment_count: u32,
}

/// A clock without its segments.
#[derive(Debug, PartialEq)]
pub(super) struct KeptClock {
    pub(super) contract_revision: u32,
    pub(super) calendar_revision: u32,
    pub(super) cycle: u32,
    pub(super) metric: Metric,
    pub(super) phase: Phase,
    pub(super) outcome: Outcome,
    pub(super) target_id: Arc<str>,
    pub(super) priority: Arc<str>,
    pub(super) calendar_id: Arc<str>,
    pub(super) limit: Span,
    pub(super) elapsed: Span,
    pub(super) start_time: Instant,
    pub(super) taken_over: Option<Instant>,
    pub(super) governed_since: Option<Instant>,
    pub(super) original_due_time: Option<Instant>,
    pub(super) due_time: Option<Instant>,
    pub(super) breach_time: Option<Instant>,
    pub(super) exclusion: Option<KeptExclusion>,
    pub(super) warnings: Box<[Warning]>,
    pub(super) notes: Box<[String]>,
}

/// Why a clock is excluded.
#[derive(Debug, PartialEq)]
pub(super) enum KeptExclusion {
    /// By the rule at this place of the revision that rules the clock.
    Rule(usize),
    /// By a decision, the fact with this event id.
    Decision(Box<(String, ExclusionDecision)>),
}

/// How a target of the incident is counted in periods.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptTarget {
    /// Its id.
    pub target_id: Arc<str>,
    /// The priority that rules it.
    pub priority: Arc<str>,
    /// When the first of its clocks began: as
    /// [`Entry::begin_time`](crate::domain::compliance::Entry::begin_time).
    pub begin_time: Option<Instant>,
    /// Where it is placed: as
    /// [`Entry::place_time`](crate::domain::compliance::Entry::place_time).
    pub place_time: Option<Instant>,
    /// As what it is counted where it is placed.
    pub placed: Counts,
    /// As what it is counted while it is open.
    pub open: Counts,
}

/// What an incident has added to the tallies, as far as it is counts of clocks.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptContribution {
    pub(super) service: Arc<str>,
    pub(super) category: Arc<str>,
    pub(super) group: Arc<str>,
    /// What its targets have added.
    pub targets: Box<[KeptAddition]>,
}

/// What a target has added to the tallies.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAddition {
    /// Its id.
    pub target_id: Arc<str>,
    /// The priority it was measured by.
    pub priority: Arc<str>,
    /// The local day it is placed on.
    pub day: Day,
    /// As what it was counted.
    pub counts: Counts,
}

impl KeptIncident {
    /// Its id.
    pub fn incident_id(&self) -> &str {
        &self.incident_id
    }

    /// Whether it stands at an instant as it is kept, but for the time that its clocks have used.
    pub fn holds(&self, as_of: Instant) -> bool {
        as_of == self.from || (self.from < as_of && as_of < self.until)
    }

    /// Its value of a key that incidents have.
    pub fn group(&self, key: GroupKey) -> &str {
        match key {
            GroupKey::Service => &self.service,
            GroupKey::Category => &self.features.category,
            GroupKey::Group => &self.features.group,
            GroupKey::Target | GroupKey::Priority | GroupKey::Party => "",
        }
    }

    /// How each of its targets is counted in periods.
    pub fn targets(&self) -> &[KeptTarget] {
        &self.targets
    }

    /// What it has added to the tallies.
    pub fn contributed(&self) -> Option<&KeptContribution> {
        self.contributed.as_deref()
    }

    /// What a forecast uses of it.
    pub fn features(&self) -> IncidentFeatures<'_> {
        let kept = &self.features;
        let state = FeatureFields {
            category: &kept.category,
            group: &kept.group,
            assignee: &kept.assignee,
            waiting_on: kept.waiting_on,
            third_party: &kept.third_party,
            effort_remaining: kept.effort_remaining,
        };
        IncidentFeatures {
            state,
            holder: kept.holder,
            last_event_time: kept.last_event_time,
            in_state_since: kept.in_state_since,
            held_since: kept.held_since,
            event_count: kept.event_count,
            reassignment_count: kept.reassignment_count,
        }
    }

    /// How many clocks it has under the contract that run or are paused.
    pub fn clock_count(&self) -> usize {
        self.clocks.len()
    }

    /// One of them at an instant at which the incident stands as it is kept: as evaluating it then
    /// gives it, but without segments and overruns, which are not kept.
    pub fn clock<'c>(
        &'c self,
        place: usize,
        contract_id: &'c str,
        (known, as_of): (&Known<'c>, Instant),
    ) -> Option<Clock<'c>> {
        let elapsed = |kept: &KeptClock| kept.elapsed_by(self.from, as_of, || kept.hours(known));
        let clock = self.clock_when_kept(place, contract_id, known)?;
        Some(Clock { elapsed: elapsed(self.clocks.get(place)?), ..clock })
    }

    /// The same as it was kept: what it has used of its limit is of then, and all else of now.
    pub fn clock_when_kept<'c>(
        &'c self,
        place: usize,
        contract_id: &'c str,
        known: &Known<'c>,
    ) -> Option<Clock<'c>> {
        let kept = self.clocks.get(place)?;
        let exclusion = kept.exclusion.as_ref();
        let exclusion =
            exclusion.and_then(|of| of.exclusion(contract_id, kept.contract_revision, known));
        Some(Clock { exclusion, ..kept.clock(contract_id) })
    }

    /// The place of a clock among those due at once: its incident, target and cycle.
    pub fn clock_id(&self, place: usize) -> Option<(&str, &str, u32)> {
        let kept = self.clocks.get(place)?;
        Some((&self.incident_id, &kept.target_id, kept.cycle))
    }

    /// Bytes that it takes in memory, about: texts that it shares with others not counted.
    pub fn memory_bytes(&self) -> usize {
        let clock = |clock: &KeptClock| {
            let notes: usize = clock.notes.iter().map(|note| TEXT_BYTES + note.len()).sum();
            size_of::<KeptClock>() + clock.warnings.len() * size_of::<Warning>() + notes
        };
        let contributed = self.contributed.as_ref().map_or(0, |of| {
            size_of::<KeptContribution>() + of.targets.len() * size_of::<KeptAddition>()
        });
        let targets = self.targets.len() * size_of::<KeptTarget>();
        let own = size_of::<KeptIncident>() + 2 * (TEXT_BYTES + self.incident_id.len());
        PLACE_BYTES + own + contributed + targets + self.clocks.iter().map(clock).sum::<usize>()
    }
}

impl KeptClock {
    /// Its service hours, which every clock has that can be measured.
    fn hours<'k>(&self, known: &'k Known<'_>) -> Option<&'k ServiceHours> {
        Some(known.in_force(&self.calendar_id, self.start_time)?.hours)
    }

    /// What it has used of its limit by an instant.
    fn elapsed_by<'h>(
        &self,
        from: Instant,
        as_of: Instant,
        hours: impl FnOnce() -> Option<&'h ServiceHours>,
    ) -> Span {
        match self.phase {
            Phase::Running if from < as_of => {
                let went_by = hours().map_or(Span::ZERO, |hours| hours.elapsed(from, as_of));
                self.elapsed + went_by
            }
            _ => self.elapsed,
        }
    }

    /// It as it was kept, without its exclusion.
    fn clock<'c>(&'c self, contract_id: &'c str) -> Clock<'c> {
        Clock {
            contract_id,
            contract_revision: self.contract_revision,
            target_id: &self.target_id,
            metric: self.metric,
            cycle: self.cycle,
            priority: &self.priority,
            phase: self.phase,
            outcome: self.outcome,
            exclusion: None,
            limit: self.limit,
            elapsed: self.elapsed,
            start_time: Some(self.start_time),
            stop_time: None,
            taken_over: self.taken_over,
            governed_since: self.governed_since,
            original_due_time: self.original_due_time,
            due_time: self.due_time,
            breach_time: self.breach_time,
            calendar_id: &self.calendar_id,
            calendar_revision: self.calendar_revision,
            segments: Vec::new(),
            overruns: Vec::new(),
            warnings: self.warnings.to_vec(),
            notes: self.notes.to_vec(),
        }
    }
}

impl KeptExclusion {
    /// The exclusion of a clock that a revision of a contract rules.
    fn exclusion<'c>(
        &'c self,
        contract_id: &str,
        revision: u32,
        known: &Known<'c>,
    ) -> Option<Exclusion<'c>> {
        match self {
            KeptExclusion::Rule(place) => {
                let revision = known.contract(contract_id).numbered(revision)?;
                revision.content.terms.exclusions.get(*place).map(Exclusion::Rule)
            }
            KeptExclusion::Decision(by) => {
                let (event_id, decision) = by.as_ref();
                Some(Exclusion::Decision { event_id, decision })
            }
        }
    }
}

impl KeptContribution {
    /// The value of a key for what was added to the tallies.
    pub fn group(&self, key: GroupKey) -> &str {
        match key {
            GroupKey::Service => &self.service,
            GroupKey::Category => &self.category,
            GroupKey::Group => &self.group,
            GroupKey::Target | GroupKey::Priority | GroupKey::Party => "",
        }
    }
}
