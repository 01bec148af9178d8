//! The experienced account of one incident, by the working hours of one contract.

use std::collections::BTreeMap;

use super::first_contact::first_contact;
use super::flow::{Flow, flow, is_work_reported};
use super::lost_time::{PeopleReported, lost_time, people_hit};
use super::party_time::{Holder, party_time};
use super::passages::Passages;
use super::survey::Survey;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Agreement, Clock};
use crate::domain::contract::Metric;
use crate::domain::incident::History;
use crate::domain::intervals::Intervals;
use crate::domain::time::{Instant, Span};
use crate::domain::time_sum::TimeSum;

/// How people experienced an incident, by the working hours of one contract.
#[derive(Clone, Debug)]
pub struct Experience<'a> {
    /// The id of the contract.
    pub contract_id: &'a str,
    /// The target it stands beside: the contract's first on resolution, else its first on
    /// restoration, else its first that has a clock.
    pub target_id: &'a str,
    /// Whose turn it was, by the service hours of that target; the spans partition the open time.
    pub party_time: BTreeMap<Holder<&'a str>, Span>,
    /// How the incident flowed, by the same hours.
    pub flow: Flow,
    /// The hours in which the client's people work.
    pub calendar_id: &'a str,
    /// That calendar's revision.
    pub calendar_revision: u32,
    /// When the trouble began; `None`: there was none.
    pub trouble_began: Option<Instant>,
    /// When it ended, if it is over.
    pub trouble_ended: Option<Instant>,
    /// How long people had trouble, in their working hours. Nothing is paused or excluded; the time
    /// between a resolution and a reopening is no trouble.
    pub experienced: Span,
    /// The limit on that by the contract's experience terms, if they set one.
    pub limit: Option<Span>,
    /// Whether the contract has experience terms.
    pub is_agreed: bool,
    /// Whether the incident is no longer open, so that time alone changes nothing any more.
    pub has_ended: bool,
    /// The people-time lost; zero while it is not reported how many people it hits.
    pub lost_time: TimeSum,
    /// The most people it hit at once.
    pub people_hit: u32,
    /// What is known of how many they are.
    pub people_reported: PeopleReported,
    /// Whether it was ever reported that somebody worked on it.
    pub is_work_reported: bool,
    /// Whether it was resolved at first contact; `None`: it is not resolved, or that is not known.
    pub first_contact: Option<bool>,
    /// Their answers to surveys.
    pub survey: Survey,
    /// All trouble, and the times in which the incident was under the contract.
    trouble: Intervals,
    under: Intervals,
    working: &'a ServiceHours,
    /// The hours of each clock, by target and cycle, where the terms name no calendar.
    clock_hours: BTreeMap<(&'a str, u32), &'a ServiceHours>,
}

impl Experience<'_> {
    /// The experienced time less the time counted by the target's clocks among `clocks`; negative
    /// when it was over for people before it was by the contract.
    pub fn gap(&self, clocks: &[Clock<'_>]) -> Span {
        let is_its = |clock: &&Clock<'_>| {
            clock.contract_id == self.contract_id && clock.target_id == self.target_id
        };
        let counted: Span = clocks.iter().filter(is_its).map(|clock| clock.elapsed).sum();
        self.experienced - counted
    }

    /// How long people had trouble in `[from, until)`, in their working hours: those that the
    /// contract's experience terms name, or else the service hours of this clock. Only while the
    /// incident was under the contract, unless the clock counts from before it came there.
    pub fn experienced_within(&self, clock: &Clock<'_>, from: Instant, until: Instant) -> Span {
        let own = self.clock_hours.get(&(clock.target_id, clock.cycle)).copied();
        let trouble = match counts_from_before(clock, &self.under) {
            true => self.trouble.within(from, until),
            false => self.trouble.both(&self.under).within(from, until),
        };
        trouble.elapsed(own.unwrap_or(self.working))
    }
}

/// Whether a clock counts from before the incident came under its contract.
fn counts_from_before(clock: &Clock<'_>, under: &Intervals) -> bool {
    let came = under.bounds().next().map(|(came, _)| came);
    clock.start_time.zip(came).is_some_and(|(start, came)| start < came)
}

/// When an incident was under a contract. The time before its opening belongs to the one it was
/// opened under.
fn times_under(history: &History<'_>, contract_id: &str) -> Intervals {
    let stints = history.stints(contract_id);
    if stints.is_empty() {
        return Intervals::always();
    }
    Intervals::union(stints.into_iter().map(|stint| {
        let from = if stint.is_first { Instant::MIN } else { stint.from.time };
        (from, stint.until.map_or(Instant::MAX, |(place, _)| place.time))
    }))
}

/// The experience of an incident as of an instant, under the contract whose clocks these are:
/// while it was under that, or from its opening where the target it stands beside counts so. `None`
/// without clocks, or when a calendar is unknown.
pub fn experience<'a>(
    history: &History<'a>,
    passages: &Passages<'a>,
    clocks: &[Clock<'a>],
    agreement: &Agreement<'a>,
    calendars: &'a dyn Calendars,
    as_of: Instant,
) -> Option<Experience<'a>> {
    let leading = leading(clocks)?;
    let revision = agreement.revisions.numbered(leading.contract_revision)?;
    let terms = revision.content.terms.experience.as_deref();
    let under = times_under(history, leading.contract_id);
    let mut of_its_target = clocks.iter().filter(|clock| clock.target_id == leading.target_id);
    let is_whole = of_its_target.next().is_none_or(|first| counts_from_before(first, &under));
    let all = passages;
    let counted = if is_whole { Intervals::always() } else { under.clone() };
    let passages = &all.within(&counted);
    let own_calendar = terms.map(|terms| terms.calendar_id.as_str()).filter(|id| !id.is_empty());
    let began = passages.trouble_began().unwrap_or(as_of);
    let hours_of = |clock: &Clock<'a>| {
        calendars.in_force(clock.calendar_id, clock.start_time.unwrap_or(began))
    };
    let service = hours_of(leading)?;
    let (calendar_id, working) = match own_calendar {
        Some(calendar_id) => (calendar_id, calendars.in_force(calendar_id, began)?),
        None => (leading.calendar_id, hours_of(leading)?),
    };
    let mut clock_hours = BTreeMap::new();
    if own_calendar.is_none() {
        let own =
            |clock: &Clock<'a>| Some(((clock.target_id, clock.cycle), hours_of(clock)?.hours));
        clock_hours.extend(clocks.iter().filter_map(own));
    }
    let intervals = |passages: &Passages<'_>| {
        Intervals::union(passages.trouble().map(|passage| (passage.start, passage.end)))
    };
    let trouble = intervals(all);
    let flow = flow(history, passages, &counted, service.hours, as_of);
    let contact = (flow.handovers, terms.map_or(Span::ZERO, |terms| terms.first_contact_within));
    Some(Experience {
        contract_id: leading.contract_id,
        target_id: leading.target_id,
        party_time: party_time(passages, service.hours),
        flow,
        first_contact: first_contact(history, all, &history.state(as_of), contact, as_of),
        calendar_id,
        calendar_revision: working.revision,
        trouble_began: passages.trouble_began(),
        trouble_ended: passages.trouble_ended(),
        experienced: intervals(passages).elapsed(working.hours),
        limit: terms.and_then(|terms| terms.limit(leading.priority)),
        is_agreed: terms.is_some(),
        has_ended: passages.has_ended(),
        lost_time: lost_time(passages, working.hours),
        people_hit: people_hit(passages),
        people_reported: PeopleReported::of(history, as_of),
        is_work_reported: is_work_reported(history, as_of),
        survey: Survey::of(history, as_of),
        trouble,
        under,
        working: working.hours,
        clock_hours,
    })
}

/// The clock that stands for the incident: the last cycle of the first resolution target, else of
/// the first restoration target, else of the first target. Clocks that have not started are passed
/// over unless none has.
fn leading<'c, 'a>(clocks: &'c [Clock<'a>]) -> Option<&'c Clock<'a>> {
    let none_started = clocks.iter().all(|clock| clock.start_time.is_none());
    let mut started = clocks.iter().filter(|c| none_started || c.start_time.is_some());
    let of = |metric| started.clone().find(|clock| clock.metric == metric);
    let first = of(Metric::Resolution).or_else(|| of(Metric::Restoration));
    let first = first.or_else(|| started.next())?;
    clocks.iter().rfind(|clock| clock.target_id == first.target_id)
}
