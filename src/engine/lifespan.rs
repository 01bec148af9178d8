//! For how long an incident is of interest to its contracts, and what is left open after that.
//!
//! An incident is of interest to a period of its contract as long as anything about it goes on:
//! its clocks, its being open, the trouble people had. A clock that is over its limit and never
//! stops, such as the response clock of an incident that was closed unanswered, goes on for good.
//! Once it is placed and all else is over, later periods count it in their backlog alone. So it is
//! indexed as [left open](LeftOpen), with all that they need, and its incident need not be
//! evaluated for them.

use super::answers::counted::over_time;
use super::catalog::Known;
use super::tally::{Day, local_day};
use crate::domain::clock::{Clock, Evaluation};
use crate::domain::compliance::Entry;
use crate::domain::experience::Passages;
use crate::domain::ids::{ContractId, TargetId};
use crate::domain::time::Instant;

/// From when to when an incident is of interest to a contract: from the start of its first clock
/// until nothing about it goes on but what is left open, by everything recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifespan {
    /// The id of the contract.
    pub contract_id: ContractId,
    /// The local day its first clock started on.
    pub begin: Day,
    /// The local day on which nothing about it went on any more, or nothing but what is left open;
    /// `None`: more does.
    pub end: Option<Day>,
    /// The targets that are left open.
    pub left_open: Vec<LeftOpen>,
}

/// A target of an incident that is left open: it is over its limit and never stopped, while all
/// else about the incident is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOpen {
    /// The id of the target, unique within its contract.
    pub target_id: TargetId,
    /// The priority that rules it.
    pub priority: String,
    /// Whether it is left out of the contractual figures.
    pub is_excluded: bool,
    /// When the incident was opened.
    pub opened: Instant,
    /// The incident's service.
    pub service: String,
    /// Its category.
    pub category: String,
    /// The group it is assigned to.
    pub group: String,
    /// Who its cause is attributed to.
    pub party: String,
}

/// The lifespans of an incident under its contracts, by its evaluation as of the end of time and
/// the entries of that.
pub fn lifespans(
    (evaluation, entries): (&Evaluation<'_>, &[Entry<'_>]),
    passages: &Passages<'_>,
    opened: Instant,
    known: Known<'_>,
) -> Vec<Lifespan> {
    let by_contract = evaluation.clocks.chunk_by(|a, b| a.contract_id == b.contract_id);
    let lifespan = |clocks: &[Clock<'_>]| {
        let contract_id = clocks.first()?.contract_id;
        let begin = clocks.iter().filter_map(|clock| clock.start_time).min()?;
        let of_day = |instant| local_day(known, contract_id, instant);
        let end = over_time(clocks, passages).and_then(of_day);
        let left = || left_open_time(clocks, entries, passages).and_then(of_day);
        let (end, left_open) = match (end, left()) {
            (None, Some(left)) => (Some(left), left_open(clocks, entries, opened)),
            _ => (end, Vec::new()),
        };
        Some(Lifespan { contract_id: contract_id.into(), begin: of_day(begin)?, end, left_open })
    };
    by_contract.filter_map(lifespan).collect()
}

/// When everything about an incident under a contract was over or placed, so that from then on
/// only its clocks that are open go on, and are in no count but that of the backlog. `None`: more
/// goes on.
fn left_open_time(
    clocks: &[Clock<'_>],
    entries: &[Entry<'_>],
    passages: &Passages<'_>,
) -> Option<Instant> {
    let started = clocks.iter().filter(|clock| clock.start_time.is_some());
    let ends = started.map(|clock| clock.stop_time.or_else(|| open_alike_since(clock, entries)));
    ends.chain([passages.over_time()]).reduce(|one, other| Some(one?.max(other?)))?
}

/// From when on a clock that is open is placed, and open at the end of any period.
fn open_alike_since(clock: &Clock<'_>, entries: &[Entry<'_>]) -> Option<Instant> {
    let is_its = |entry: &&Entry<'_>| {
        entry.contract_id == clock.contract_id && entry.target_id == clock.target_id
    };
    let placed = entries.iter().find(is_its)?.place_time()?;
    // A later cycle may begin after the one was decided by which the target is placed.
    clock.begin_time().max(Some(placed))
}

/// The targets of some clocks of a contract that are open.
fn left_open(clocks: &[Clock<'_>], entries: &[Entry<'_>], opened: Instant) -> Vec<LeftOpen> {
    let is_open = |clock: &Clock<'_>| clock.is_open() && clock.start_time.is_some();
    let of_contract = clocks.first().map(|clock| clock.contract_id);
    let its = entries.iter().filter(|entry| Some(entry.contract_id) == of_contract);
    let open = its.filter(|entry| entry.clocks(clocks).any(is_open));
    let left_open = open.map(|entry| LeftOpen {
        target_id: entry.target_id.into(),
        priority: entry.priority.to_owned(),
        is_excluded: entry.is_excluded,
        opened,
        service: entry.service.to_owned(),
        category: entry.category.to_owned(),
        group: entry.group.to_owned(),
        party: entry.party.to_owned(),
    });
    left_open.collect()
}
