//! What a review shows of a period's incidents: which targets need discussion, pauses and causes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::clock::{Clock, Outcome};
use crate::domain::compliance::{Counts, Entry, verdict_reason};
use crate::domain::experience::{Experience, Holder, TimeSum};
use crate::domain::incident::WaitingOn;
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};

/// Clocks of a kind listed one by one; the rest are counted.
pub const CLOCKS_LISTED_MAX: usize = 1_000;

/// What a review shows of a period's incidents.
#[derive(Debug, Default)]
pub struct ReviewFigures {
    /// The targets that are breached, excluded or watermelons: those to be listed one by one.
    pub clocks: Vec<ReviewItem>,
    /// How many there are.
    pub clock_count: u64,
    /// How many of those were only left idle.
    pub only_idle_work: u64,
    /// What pauses did.
    pub pauses: Pauses,
    /// Whose part of the chain took the time of the incidents.
    pub party_time: BTreeMap<Holder<String>, TimeSum>,
    /// By party and service.
    pub causes: BTreeMap<(String, String), CauseCount>,
    /// What each target came to, by incident and target.
    pub verdicts: BTreeMap<(String, String), Outcome>,
}

/// A target of an incident that is to be talked of.
#[derive(Clone, Debug)]
pub struct ReviewItem {
    /// The incident.
    pub incident_id: String,
    /// The target.
    pub target_id: String,
    /// The priority that rules it.
    pub priority: String,
    /// The incident's service.
    pub service: String,
    /// The group it is assigned to.
    pub group: String,
    /// Its contractual verdict.
    pub outcome: Outcome,
    /// Its verdict as it was experienced.
    pub experienced_outcome: Outcome,
    /// Its limit.
    pub limit: Span,
    /// What counted.
    pub elapsed: Span,
    /// What would have counted with nothing paused.
    pub experienced_elapsed: Span,
    /// When it was decided.
    pub decide_time: Option<Instant>,
    /// Green by the contract, red as it was experienced.
    pub is_watermelon: bool,
    /// Why it came to that.
    pub why: String,
    /// Its work was left idle.
    pub has_idle_work: bool,
    /// By how much earlier it could have been ready.
    pub avoidable_time: Option<Span>,
}

/// What pauses did to a period's clocks, in service time.
#[derive(Clone, Debug, Default)]
pub struct Pauses {
    /// In which clocks were paused.
    pub paused: TimeSum,
    /// What counted.
    pub counted: TimeSum,
    /// How many clocks are met and would be breached had nothing been paused.
    pub met_by_pauses: u64,
    /// What counts would be had nothing been paused, and the same excluded.
    pub without: Counts,
    /// By who was waited for and why.
    pub grounds: BTreeMap<(WaitingOn, String, String), (TimeSum, u64)>,
}

/// How many incidents have a cause, and how many of them were late.
#[derive(Clone, Copy, Debug, Default)]
pub struct CauseCount {
    /// How many incidents.
    pub incidents: u64,
    /// Of those: how many have a clock over its limit.
    pub breached: u64,
    /// How sure those who attributed them are at least; `None`: nobody said how sure they are.
    pub least_confidence_percent: Option<u32>,
}

impl Pauses {
    /// paused / (paused + counted).
    pub fn share(&self) -> Option<Share> {
        Share::of(self.paused.nanos(), (self.paused + self.counted).nanos())
    }
}

/// Why a target is to be talked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Breached,
    Excluded,
    Watermelon,
    IdleWork,
}

impl ReviewItem {
    fn kind(&self) -> Kind {
        match self.outcome {
            Outcome::Breached => Kind::Breached,
            Outcome::Excluded => Kind::Excluded,
            _ if self.is_watermelon => Kind::Watermelon,
            _ => Kind::IdleWork,
        }
    }

    /// Those that went furthest over their limits as people experienced it come first.
    fn place(&self) -> (Kind, Reverse<Span>, &str, &str) {
        let over = self.experienced_elapsed - self.limit;
        (self.kind(), Reverse(over), &self.incident_id, &self.target_id)
    }
}

impl ReviewFigures {
    /// Puts what is to be talked of in order, and leaves out what is too much.
    pub(super) fn sort(&mut self) {
        self.clocks.sort_by(|a, b| a.place().cmp(&b.place()));
        let mut described = 0;
        let mut last = Kind::Breached;
        self.clocks.retain(|item| {
            described = if item.kind() == last { described + 1 } else { 1 };
            last = item.kind();
            described <= CLOCKS_LISTED_MAX
        });
    }

    pub(super) fn add(&mut self, incident: &str, entry: &Entry<'_>, clocks: &[Clock<'_>]) {
        let name = (incident.to_owned(), entry.target_id.to_owned());
        self.verdicts.insert(name, entry.verdict());
        self.pauses.add(entry, clocks);
        let is_red = matches!(entry.verdict(), Outcome::Breached | Outcome::Excluded);
        if !is_red && !entry.is_watermelon() {
            if !entry.has_idle_work() {
                return;
            }
            self.only_idle_work += 1;
        }
        self.clock_count += 1;
        self.clocks.push(ReviewItem {
            incident_id: incident.to_owned(),
            target_id: entry.target_id.to_owned(),
            priority: entry.priority.to_owned(),
            service: entry.service.to_owned(),
            group: entry.group.to_owned(),
            outcome: entry.verdict(),
            experienced_outcome: entry.experienced.outcome,
            limit: entry.limit,
            elapsed: entry.contractual.elapsed,
            experienced_elapsed: entry.experienced.elapsed,
            decide_time: entry.decide_time,
            is_watermelon: entry.is_watermelon(),
            why: verdict_reason(entry, clocks),
            has_idle_work: entry.has_idle_work(),
            avoidable_time: entry.avoidable.map(|avoidable| avoidable.lost_time),
        });
    }

    pub(super) fn add_party_time(&mut self, experience: &Experience<'_>) {
        for (holder, span) in &experience.party_time {
            let holder = holder.named(str::to_owned);
            *self.party_time.entry(holder).or_default() += (*span).into();
        }
    }

    pub(super) fn note_cause(&mut self, entry: &Entry<'_>, is_late: bool, confidence: Option<u32>) {
        let key = (entry.party.to_owned(), entry.service.to_owned());
        let count = self.causes.entry(key).or_default();
        count.incidents += 1;
        count.breached += u64::from(is_late);
        let said = [count.least_confidence_percent, confidence];
        count.least_confidence_percent = said.into_iter().flatten().min();
    }
}

impl Pauses {
    fn add(&mut self, entry: &Entry<'_>, clocks: &[Clock<'_>]) {
        let (met, experience) = (entry.verdict() == Outcome::Met, entry.unrelieved.outcome);
        self.met_by_pauses += u64::from(met && experience == Outcome::Breached);
        if !entry.is_excluded {
            match experience {
                Outcome::Met => self.without.met += 1,
                Outcome::Breached => self.without.breached += 1,
                _ => self.without.undecided += 1,
            }
        }
        self.counted += entry.contractual.elapsed.into();
        self.paused += (entry.unrelieved.elapsed - entry.contractual.elapsed).into();
        for segment in entry.clocks(clocks).flat_map(|clock| &clock.segments) {
            let paused = segment.paused();
            if paused > Span::ZERO {
                let (third_party, reason) = (segment.third_party, segment.reason);
                let key = (segment.waiting_on, third_party.to_owned(), reason.to_owned());
                let ground = self.grounds.entry(key).or_default();
                *ground = (ground.0 + paused.into(), ground.1 + 1);
            }
        }
    }
}
