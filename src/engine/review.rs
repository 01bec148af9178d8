//! A contract's period as it is laid on the table: its figures, their trend, and what to talk of.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::catalog::Known;
use super::compliance::{Compliance, GroupKey, PeriodAsked, Question, last_instant};
use super::deed::{Book, Signature};
use super::experience::{entries_lived, experiences};
use super::learning::Turnout;
use super::query::{Times, judge_among};
use super::refusal::Refusal;
use super::settlement::{credit_of, standing};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::compliance::{Counts, Entry, Period, Tally, why};
use crate::domain::contract::{Contract, Effective, Revision};
use crate::domain::experience::{Experience, Holder, TimeSum};
use crate::domain::incident::{History, WaitingOn};
use crate::domain::settlement::{Item, Settled, items};
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::ZoneDatabase;

/// Periods before the one asked about that its trend goes back.
const PERIODS_BEFORE_MAX: usize = 11;

/// Clocks of a kind told one by one; the rest are counted.
pub const CLOCKS_TOLD_MAX: usize = 1_000;

/// Items left to be settled told one by one; the rest are counted.
pub const UNSETTLED_TOLD_MAX: usize = 1_000;

/// Moved verdicts told one by one; the rest are counted.
pub const MOVED_TOLD_MAX: usize = 1_000;

/// What the clocks of a review are grouped by.
pub const GROUPED_BY: [GroupKey; 2] = [GroupKey::Target, GroupKey::Priority];

/// A period of a contract on the table.
#[derive(Debug)]
pub struct Review<'c> {
    /// The period, by target and priority.
    pub present: Compliance<'c>,
    /// Those before it, the newest first.
    pub before: Vec<Compliance<'c>>,
    /// The OLAs and UCs that the contract's promises rest on, over the period.
    pub chain: Vec<Compliance<'c>>,
    /// What to talk of.
    pub table: Table,
    /// What is left to be settled, the oldest first.
    pub unsettled: Vec<Settled>,
    /// The instant everything is evaluated at.
    pub as_of: Instant,
    items: Vec<Item>,
    known: Known<'c>,
    times: Times,
}

/// What a review tells of a period's incidents.
#[derive(Debug, Default)]
pub struct Table {
    /// The targets that are breached, excluded or watermelons: those to be told one by one.
    pub clocks: Vec<Talk>,
    /// How many there are.
    pub clock_count: u64,
    /// How many of those were only left to lie.
    pub only_left_lying: u64,
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
pub struct Talk {
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
    /// Its work was left to lie.
    pub is_left_lying: bool,
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

impl<'c> Review<'c> {
    /// Nothing yet, of a named period.
    pub fn new(
        contract_id: &str,
        period: &str,
        known: Known<'c>,
        zones: &ZoneDatabase,
        times: Times,
    ) -> Result<Review<'c>, Refusal> {
        let ask = |contract_id: &str, period: PeriodAsked, group_by: &[GroupKey]| {
            let contract_id = contract_id.to_owned();
            let question = Question { contract_id, period, group_by: group_by.to_vec() };
            Compliance::new(&question, known, zones, times)
        };
        let present = ask(contract_id, PeriodAsked::Named(period.to_owned()), &GROUPED_BY)?;
        let before = names_before(&present, known).into_iter();
        let before = before.map(|name| ask(contract_id, PeriodAsked::Named(name), &[]));
        let Period { start, end, .. } = present.period;
        let chain = underpinning(contract_id, known, last_instant(&present.period, times.as_of));
        let chain = chain.into_iter().map(|id| ask(id, PeriodAsked::Between(start, end), &[]));
        Ok(Review {
            before: before.collect::<Result<_, _>>()?,
            chain: chain.collect::<Result<_, _>>()?,
            present,
            table: Table::default(),
            unsettled: Vec::new(),
            items: Vec::new(),
            known,
            times,
            as_of: times.as_of,
        })
    }

    /// Takes in an incident for the period and for the chain, but not for what was before.
    pub fn add(&mut self, incident: &str, history: &History<'_>) {
        let known = self.known;
        let is_meant = |id: &str| {
            let mut meant = [&self.present].into_iter().chain(&self.chain);
            meant.any(|compliance| compliance.contract_id() == id)
        };
        let judgement = judge_among(history, is_meant, &known, self.as_of);
        let experiences = experiences(history, &judgement, &known, self.as_of);
        let state = history.state(self.as_of);
        let entries = entries_lived(history, &judgement, &experiences, &known, self.as_of);
        for compliance in [&mut self.present].into_iter().chain(&mut self.chain) {
            entries.iter().for_each(|entry| compliance.add(entry));
        }
        let belongs = |entry: &&Entry<'_>| self.present.takes(entry);
        let belonging: Vec<_> = entries.iter().filter(belongs).collect();
        for entry in &belonging {
            self.table.add(incident, entry, &judgement.clocks);
        }
        if let Some(first) = belonging.first() {
            let is_late = belonging.iter().any(|e| e.contractual.outcome == Outcome::Breached);
            let confidence = state.cause.and_then(|cause| cause.confidence_percent);
            self.table.note_cause(first, is_late, confidence);
            let contract = &self.present.ruling.content;
            let judged = (entries.as_slice(), judgement.clocks.as_slice());
            let lived = experiences.iter().find(|lived| lived.contract_id == contract.id);
            lived.into_iter().for_each(|lived| self.table.add_party_time(lived));
            self.items.extend(items(incident, contract, history, &state, judged, self.as_of));
        }
    }

    /// Ends it, when all incidents are taken in.
    pub fn finish(&mut self, book: &Book) {
        self.items.extend(credit_of(&self.present, self.times));
        let all =
            standing(std::mem::take(&mut self.items), book, self.present.contract_id(), self.times);
        self.unsettled = all.into_values().filter(Settled::is_open).collect();
        self.unsettled.sort_by_key(|settled| settled.item.open_time);
        let has_clocks = |compliance: &Compliance<'_>| !compliance.groups.is_empty();
        let told = self.before.iter().rposition(has_clocks).map_or(0, |last| last + 1);
        self.before.truncate(told);
        self.table.sort();
    }
}

/// Why a target is to be talked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Breached,
    Excluded,
    Watermelon,
    LeftLying,
}

impl Talk {
    fn kind(&self) -> Kind {
        match self.outcome {
            Outcome::Breached => Kind::Breached,
            Outcome::Excluded => Kind::Excluded,
            _ if self.is_watermelon => Kind::Watermelon,
            _ => Kind::LeftLying,
        }
    }

    /// Those that went furthest over their limits as people lived it come first.
    fn place(&self) -> (Kind, Reverse<Span>, &str, &str) {
        let over = self.experienced_elapsed - self.limit;
        (self.kind(), Reverse(over), &self.incident_id, &self.target_id)
    }
}

impl Table {
    /// Puts what is to be talked of in order, and leaves out what is too much.
    fn sort(&mut self) {
        self.clocks.sort_by(|a, b| a.place().cmp(&b.place()));
        let mut told = 0;
        let mut last = Kind::Breached;
        self.clocks.retain(|talk| {
            told = if talk.kind() == last { told + 1 } else { 1 };
            last = talk.kind();
            told <= CLOCKS_TOLD_MAX
        });
    }

    fn add(&mut self, incident: &str, entry: &Entry<'_>, clocks: &[Clock<'_>]) {
        let name = (incident.to_owned(), entry.target_id.to_owned());
        self.verdicts.insert(name, entry.verdict());
        self.pauses.add(entry, clocks);
        let is_red = matches!(entry.verdict(), Outcome::Breached | Outcome::Excluded);
        if !is_red && !entry.is_watermelon() {
            if !entry.is_left_lying() {
                return;
            }
            self.only_left_lying += 1;
        }
        self.clock_count += 1;
        self.clocks.push(Talk {
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
            why: why(entry, clocks),
            is_left_lying: entry.is_left_lying(),
            avoidable_time: entry.avoidable.map(|avoidable| avoidable.lost_time),
        });
    }

    fn add_party_time(&mut self, lived: &Experience<'_>) {
        for (holder, span) in &lived.party_time {
            let holder = holder.named(str::to_owned);
            *self.party_time.entry(holder).or_default() += (*span).into();
        }
    }

    fn note_cause(&mut self, entry: &Entry<'_>, is_late: bool, confidence: Option<u32>) {
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
        let (met, lived) = (entry.verdict() == Outcome::Met, entry.unrelieved.outcome);
        self.met_by_pauses += u64::from(met && lived == Outcome::Breached);
        if !entry.is_excluded {
            match lived {
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

/// The names of the periods before one, the newest first.
fn names_before(present: &Compliance<'_>, known: Known<'_>) -> Vec<String> {
    let Some((kind, zone)) = present.kind().zip(known.zone(&present.ruling.content.id)) else {
        return Vec::new();
    };
    let before = |period: &Period| period.before(kind, &zone).ok();
    let periods = std::iter::successors(before(&present.period), before);
    periods.take(PERIODS_BEFORE_MAX).map(|period| period.name).collect()
}

/// The contracts that underpin one at an instant.
fn underpinning<'c>(contract_id: &str, known: Known<'c>, at: Instant) -> Vec<&'c str> {
    let underpins = |id: &&str| {
        let revisions: Effective<'_, Contract> = known.contract(id);
        let ruling: Option<&Revision<Contract>> = revisions.at(at);
        ruling.is_some_and(|revision| revision.content.underpins == contract_id)
    };
    known.contract_ids().filter(underpins).collect()
}

/// All groups of a compliance together.
pub fn total(compliance: &Compliance<'_>) -> Tally {
    let mut total = Tally::default();
    compliance.groups.values().for_each(|tally| total.add(tally));
    total
}

/// A target whose verdict in a signed period moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// The incident.
    pub incident_id: String,
    /// The target.
    pub target_id: String,
    /// As it was signed; `None`: the period had none.
    pub signed: Option<Outcome>,
    /// Now; `None`: the period has none.
    pub present: Option<Outcome>,
}

/// A review, who signed it, and what moved since.
#[derive(Debug)]
pub struct Reviewed<'c> {
    /// The review.
    pub review: Review<'c>,
    /// Who signed it, and when that was recorded.
    pub signatures: Vec<(Instant, Signature)>,
    /// How the forecasts of its clocks had turned out.
    pub forecasts: Option<Turnout>,
    /// What is other than it was when it was signed last.
    pub restatement: Option<Restatement<'c>>,
}

/// What is other than it was when a review was signed.
#[derive(Debug)]
pub struct Restatement<'c> {
    /// The signature.
    pub signature_id: String,
    /// The review as it was signed.
    pub signed: Review<'c>,
    /// The first verdicts that moved, each with the facts that were recorded since.
    pub moved: Vec<(Restated, Vec<String>)>,
    /// How many moved.
    pub moved_count: usize,
}

/// The verdicts that differ, by incident and target.
pub fn moved(signed: &Table, present: &Table) -> Vec<Restated> {
    let only_now = present.verdicts.keys().filter(|name| !signed.verdicts.contains_key(*name));
    let names = signed.verdicts.keys().chain(only_now);
    let mut moved: Vec<_> = names
        .map(|name| Restated {
            incident_id: name.0.clone(),
            target_id: name.1.clone(),
            signed: signed.verdicts.get(name).copied(),
            present: present.verdicts.get(name).copied(),
        })
        .filter(|restated| restated.signed != restated.present)
        .collect();
    moved.sort_by(|a, b| (&a.incident_id, &a.target_id).cmp(&(&b.incident_id, &b.target_id)));
    moved
}
