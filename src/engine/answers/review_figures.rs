//! The figures of a review: targets to discuss, pauses, party time and causes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::counted::CountedEntry;
use crate::domain::clock::{Clock, Outcome};
use crate::domain::compliance::{
    CountedAs, Counts, Entry, Membership, VerdictGrounds, verdict_reason,
};
use crate::domain::experience::{Experience, Holder, TimeSum};
use crate::domain::incident::WaitingOn;
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};

/// How many targets of a kind are listed; the rest are counted.
pub const CLOCKS_LISTED_MAX: usize = 1_000;

/// The figures of a review, from the entries added so far.
#[derive(Debug, Default)]
pub struct ReviewFigures {
    /// The targets to discuss: breached, excluded, watermelons, or with idle work.
    pub clocks: Vec<ReviewItem>,
    /// How many such targets there are in all.
    pub clock_count: u64,
    /// How many of those have idle work only.
    pub only_idle_work: u64,
    /// The effect of pauses.
    pub pauses: Pauses,
    /// Whose turn it was in the incidents, added up.
    pub party_time: BTreeMap<Holder<String>, TimeSum>,
    /// The causes, by party and service.
    pub causes: BTreeMap<(String, String), CauseCount>,
    /// How each target is counted, by incident id and target id.
    pub verdicts: BTreeMap<(String, String), CountedAs>,
}

/// A target of an incident to discuss.
#[derive(Clone, Debug)]
pub struct ReviewItem {
    /// The id of the incident, as the backend sent it.
    pub incident_id: String,
    /// The id of the target, unique within its contract.
    pub target_id: String,
    /// The priority it is measured by.
    pub priority: String,
    /// The incident's service.
    pub service: String,
    /// The group it is assigned to.
    pub group: String,
    /// Its contractual verdict.
    pub outcome: Outcome,
    /// Its verdict as it was experienced.
    pub experienced_outcome: Outcome,
    /// Its limit, in service time.
    pub limit: Span,
    /// The service time that counted.
    pub elapsed: Span,
    /// The most that it has been over a limit it counted against; `None`: it was not late.
    pub lateness: Option<Span>,
    /// The time of the experienced account.
    pub experienced_elapsed: Span,
    /// When it was decided.
    pub decide_time: Option<Instant>,
    /// Whether it is green by the contract and red as experienced.
    pub is_watermelon: bool,
    /// Why it came to its verdict, in a line.
    pub why: String,
    /// What its verdict rests on.
    pub grounds: VerdictGrounds,
    /// Whether its deciding clock is open.
    pub is_open: bool,
    /// The limit of the experienced account.
    pub experienced_limit: Span,
    /// The people-time its incident cost; `None`: another target carries it, or it goes on.
    pub lost_time: Option<TimeSum>,
    /// Whether its work was left idle.
    pub has_idle_work: bool,
    /// How much earlier it could have been ready, in service time.
    pub avoidable_time: Option<Span>,
}

/// The effect of pauses on a period's clocks, in service time.
#[derive(Clone, Debug, Default)]
pub struct Pauses {
    /// The time in which clocks were paused.
    pub paused: TimeSum,
    /// The time that counted.
    pub counted: TimeSum,
    /// How many targets are met and would be breached had nothing been paused.
    pub met_by_pauses: u64,
    /// The counts had nothing been paused, with the same exclusions.
    pub without: Counts,
    /// The paused time and the number of pauses, by who was waited for (party and name) and why.
    pub grounds: BTreeMap<(WaitingOn, String, String), (TimeSum, u64)>,
}

/// How many incidents have a cause, and how many of them have a breach.
#[derive(Clone, Copy, Debug, Default)]
pub struct CauseCount {
    /// How many incidents.
    pub incidents: u64,
    /// Of those: how many have a clock over its limit.
    pub breached: u64,
    /// The least confidence of their attributions, in percent; `None`: none states one.
    pub least_confidence_percent: Option<u32>,
}

impl Pauses {
    /// paused / (paused + counted); `None` when both are zero.
    pub fn share(&self) -> Option<Share> {
        Share::of(self.paused.nanos(), (self.paused + self.counted).nanos())
    }
}

/// Why a target is to be discussed.
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

    /// The sort key: by kind, then those furthest over their limits as experienced first.
    fn place(&self) -> (Kind, Reverse<Span>, &str, &str) {
        let over = self.experienced_elapsed - self.limit;
        (self.kind(), Reverse(over), &self.incident_id, &self.target_id)
    }
}

impl ReviewFigures {
    /// Sorts the targets to discuss, and drops those of a kind beyond [`CLOCKS_LISTED_MAX`].
    pub(super) fn sort(&mut self) {
        self.clocks.sort_by(|a, b| a.place().cmp(&b.place()));
        let mut listed = 0;
        let mut last = Kind::Breached;
        self.clocks.retain(|item| {
            listed = if item.kind() == last { listed + 1 } else { 1 };
            last = item.kind();
            listed <= CLOCKS_LISTED_MAX
        });
    }

    pub(super) fn add(
        &mut self,
        incident: &str,
        counted: &CountedEntry<'_, '_>,
        clocks: &[Clock<'_>],
    ) {
        let (entry, counted_as) = (counted.entry, counted.counted_as());
        let is_placed = counted.membership == Membership::Placed;
        let name = (incident.to_owned(), entry.target_id.to_owned());
        self.verdicts.insert(name, counted_as);
        match is_placed {
            true => self.pauses.add(entry, clocks),
            false => self.pauses.add_open(entry),
        }
        let is_red = matches!(counted_as, CountedAs::Breached | CountedAs::Excluded);
        let is_to_discuss = is_red || (is_placed && entry.is_watermelon());
        if !is_to_discuss {
            if !(is_placed && entry.has_idle_work()) {
                return;
            }
            self.only_idle_work += 1;
        }
        self.clock_count += 1;
        let is_late = entry.contractual.outcome == Outcome::Breached;
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
            lateness: is_late.then_some(entry.lateness),
            experienced_elapsed: entry.experienced.elapsed,
            decide_time: entry.decide_time,
            is_watermelon: entry.is_watermelon(),
            why: verdict_reason(entry, clocks),
            grounds: VerdictGrounds::of(entry, clocks),
            is_open: entry.is_open,
            experienced_limit: entry.experienced_limit,
            lost_time: entry.experience_totals.as_ref().map(|totals| totals.lost_time),
            has_idle_work: entry.has_idle_work(),
            avoidable_time: entry.avoidable.map(|avoidable| avoidable.lost_time),
        });
    }

    /// Adds the figures of more incidents.
    pub(super) fn add_all(&mut self, other: ReviewFigures) {
        let ReviewFigures {
            clocks,
            clock_count,
            only_idle_work,
            pauses,
            party_time,
            causes,
            verdicts,
        } = other;
        self.clocks.extend(clocks);
        self.clock_count += clock_count;
        self.only_idle_work += only_idle_work;
        self.pauses.add_all(pauses);
        for (holder, time) in party_time {
            *self.party_time.entry(holder).or_default() += time;
        }
        for (key, causes) in causes {
            self.causes.entry(key).or_default().add_all(causes);
        }
        self.verdicts.extend(verdicts);
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
        let confidences = [count.least_confidence_percent, confidence];
        count.least_confidence_percent = confidences.into_iter().flatten().min();
    }
}

impl CauseCount {
    fn add_all(&mut self, other: CauseCount) {
        let CauseCount { incidents, breached, least_confidence_percent } = other;
        self.incidents += incidents;
        self.breached += breached;
        let confidences = [self.least_confidence_percent, least_confidence_percent];
        self.least_confidence_percent = confidences.into_iter().flatten().min();
    }
}

impl Pauses {
    fn add_all(&mut self, other: Pauses) {
        let Pauses { paused, counted, met_by_pauses, without, grounds } = other;
        self.paused += paused;
        self.counted += counted;
        self.met_by_pauses += met_by_pauses;
        self.without.add(&without);
        for (key, (time, number)) in grounds {
            let ground = self.grounds.entry(key).or_default();
            *ground = (ground.0 + time, ground.1 + number);
        }
    }

    /// Adds an entry that is open at the end of the period: its pauses count where it is placed.
    fn add_open(&mut self, entry: &Entry<'_>) {
        self.without.undecided += u64::from(!entry.is_excluded);
    }

    fn add(&mut self, entry: &Entry<'_>, clocks: &[Clock<'_>]) {
        let (met, experience) = (entry.verdict() == Outcome::Met, entry.unrelieved.outcome);
        self.met_by_pauses += u64::from(met && experience == Outcome::Breached);
        if !entry.is_excluded {
            match experience {
                Outcome::Met => self.without.met += 1,
                Outcome::Breached => self.without.breached += 1,
                _ => self.without.cancelled += 1,
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
