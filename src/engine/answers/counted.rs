//! An incident as periods count it: by its verdicts as of now, and by its times up to each period's
//! end. `docs/periods.md` has the definition.
//!
//! The verdicts, and where they are placed, come from everything that is known. Times are counted
//! up to the end of the period. So no figure of a period that is over grows with the wall clock,
//! or with the later life of a clock that breached in it.

use std::collections::BTreeMap;

use super::experience::{entries_experience, experiences};
use crate::domain::calendar::Calendars;
use crate::domain::clock::{Clock, Evaluation, TargetVerdict};
use crate::domain::compliance::{CountedAs, Entry, Membership, Period};
use crate::domain::experience::{Experience, ExperienceTotals, Passages};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_among;

/// An incident evaluated.
#[derive(Debug)]
pub struct Evaluated<'a> {
    /// Its clocks and verdicts.
    pub evaluation: Evaluation<'a>,
    /// How people experienced it, under each contract.
    pub experiences: Vec<Experience<'a>>,
    /// What each of its targets adds.
    pub entries: Vec<Entry<'a>>,
}

/// An incident as periods count it.
#[derive(Debug)]
pub struct CountedIncident<'a> {
    /// It as of now.
    pub present: Evaluated<'a>,
    as_of: Instant,
    /// When it was opened.
    opened: Instant,
    /// The same with its times up to the ends of periods that it outlives.
    at_ends: BTreeMap<Instant, Evaluated<'a>>,
}

/// An entry that a period counts.
#[derive(Clone, Debug)]
pub struct CountedEntry<'c, 'a> {
    /// The entry, with its times up to the period's end wherever the period shows them.
    pub entry: &'c Entry<'a>,
    /// How it belongs to the period.
    pub membership: Membership,
}

impl CountedEntry<'_, '_> {
    /// How the period counts it.
    pub fn counted_as(&self) -> CountedAs {
        self.entry.counted_while(self.membership)
    }
}

impl<'a> CountedIncident<'a> {
    /// The incident as of an instant, under those contracts that pass a test; and with its times up
    /// to the ends of those `periods` that are over by then, that show its times and that it
    /// outlives.
    pub fn of<'p>(
        history: &History<'a>,
        is_meant: impl Fn(&str) -> bool,
        known: &'a Known<'a>,
        as_of: Instant,
        periods: impl IntoIterator<Item = &'p Period>,
    ) -> CountedIncident<'a> {
        let evaluation = evaluate_among(history, is_meant, known, as_of);
        let experiences = experiences(history, &evaluation, known, as_of);
        let entries = entries_experience(history, &evaluation, &experiences, known, as_of);
        let present = Evaluated { evaluation, experiences, entries };
        let over = over_time(&present.evaluation.clocks, &Passages::of(history, as_of));
        let mut at_ends = BTreeMap::new();
        for period in periods {
            // Of what is open at the end, only what is excluded is listed with its times.
            let shows_times = |entry: &Entry<'_>| match period.membership(entry, as_of) {
                Some(Membership::Placed) => true,
                Some(Membership::OpenAtEnd) => entry.is_excluded,
                None => false,
            };
            let outlives = period.end <= as_of && over.is_none_or(|over| period.end <= over);
            let is_new = outlives && !at_ends.contains_key(&period.end);
            if is_new && present.entries.iter().any(shows_times) {
                at_ends.insert(period.end, present.up_to(period.end, history, known, as_of));
            }
        }
        CountedIncident { present, as_of, opened: history.begin(), at_ends }
    }

    /// The entries that a period of a contract counts.
    pub fn counted<'s>(
        &'s self,
        contract_id: &'s str,
        period: &'s Period,
    ) -> impl Iterator<Item = CountedEntry<'s, 'a>> {
        let of_contract = self.present.entries.iter().filter(move |e| e.contract_id == contract_id);
        of_contract.filter_map(move |entry| {
            let membership = period.membership(entry, self.as_of)?;
            let at_end = self.at(period).entry(entry);
            Some(CountedEntry { entry: at_end.unwrap_or(entry), membership })
        })
    }

    /// How a period of a contract counts a target of it, if it does.
    pub fn counted_as(
        &self,
        (contract_id, target_id): (&str, &str),
        period: &Period,
    ) -> Option<CountedAs> {
        let mut counted = self.counted(contract_id, period);
        let counted = counted.find(|counted| counted.entry.target_id == target_id);
        counted.map(|counted| counted.counted_as())
    }

    /// The entries under a contract by which the incident is in the backlog of a period, and its
    /// age: it was open at the period's end, or is now while that goes on, whatever it came to.
    pub fn backlog<'s>(
        &'s self,
        contract_id: &'s str,
        period: &'s Period,
    ) -> impl Iterator<Item = (&'s Entry<'a>, Span)> {
        let of_contract = self.present.entries.iter().filter(move |e| e.contract_id == contract_id);
        let open = of_contract.filter(|entry| !entry.is_excluded && self.is_open(entry, period));
        let age = period.counted_until(self.as_of).since(self.opened);
        open.map(move |entry| (entry, age))
    }

    /// Whether a clock of a target was open at a period's end, or is now while that goes on.
    fn is_open(&self, entry: &Entry<'_>, period: &Period) -> bool {
        let mut clocks = entry.clocks(&self.present.evaluation.clocks);
        match period.end <= self.as_of {
            true => clocks.any(|clock| clock.was_open_before(period.end)),
            false => {
                let has_begun = period.start <= self.as_of;
                has_begun && clocks.any(|clock| clock.is_open() && clock.start_time.is_some())
            }
        }
    }

    /// The incident with its times up to the end of a period that shows them.
    pub fn at(&self, period: &Period) -> &Evaluated<'a> {
        self.at_ends.get(&period.end).unwrap_or(&self.present)
    }
}

impl<'a> Evaluated<'a> {
    /// The same with its times up to an instant.
    fn up_to(
        &self,
        end: Instant,
        history: &History<'a>,
        known: &'a Known<'a>,
        as_of: Instant,
    ) -> Evaluated<'a> {
        let clocks = self.evaluation.clocks.iter();
        let clocks: Vec<_> = clocks.filter_map(|clock| up_to(clock, end, known)).collect();
        let is_decided = |verdict: &TargetVerdict<'_>| {
            let decided = self.entries.iter().filter(|e| e.decide_time.is_some_and(|t| t < end));
            let mut decided = decided.map(|entry| (entry.contract_id, entry.target_id));
            decided.any(|name| name == (verdict.contract_id, verdict.target_id))
        };
        let verdicts = self.evaluation.verdicts.iter();
        let verdicts = verdicts.filter_map(|v| v.as_of_end(is_decided(v), &clocks)).collect();
        let evaluation = Evaluation { clocks, verdicts, ..Evaluation::default() };
        let experiences = experiences(&history.before(end), &self.evaluation, known, end);
        let mut entries = entries_experience(history, &evaluation, &experiences, known, as_of);
        for entry in &mut entries {
            entry.experience_totals = self.totals(entry);
        }
        Evaluated { evaluation, experiences, entries }
    }

    /// The totals of an entry up to an earlier instant, with all answers to surveys: what people
    /// answer is no time, and counts whenever they do.
    fn totals(&self, earlier: &Entry<'_>) -> Option<ExperienceTotals> {
        let totals = earlier.experience_totals.clone()?;
        let present = self.entry(earlier).and_then(|entry| entry.experience_totals.as_ref());
        Some(ExperienceTotals { survey: present.map_or(totals.survey, |t| t.survey), ..totals })
    }

    fn entry(&self, like: &Entry<'_>) -> Option<&Entry<'a>> {
        let is_same =
            |e: &&Entry<'_>| e.contract_id == like.contract_id && e.target_id == like.target_id;
        self.entries.iter().find(is_same)
    }
}

/// A clock with its times up to an instant; `None` when it had not started before.
pub(super) fn up_to<'a>(
    clock: &Clock<'a>,
    end: Instant,
    known: &'a Known<'a>,
) -> Option<Clock<'a>> {
    let start = clock.start_time?;
    clock.up_to(end, |segment| Some(known.in_force(segment.calendar_id, start)?.hours))
}

/// When nothing about an incident went on any more: its clocks, its being open, and the trouble
/// people had. `None`: something does.
pub fn over_time(clocks: &[Clock<'_>], passages: &Passages<'_>) -> Option<Instant> {
    let started = clocks.iter().filter(|clock| clock.start_time.is_some());
    let ends = started.map(|clock| clock.stop_time).chain([passages.over_time()]);
    ends.reduce(|one, other| Some(one?.max(other?)))?
}
