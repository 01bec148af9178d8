//! The experience of an incident and its entries, under each of its contracts.

use crate::domain::calendar::Calendars;
use crate::domain::clock::{Clock, Evaluation};
use crate::domain::compliance::{Entry, entries};
use crate::domain::contract::Contract;
use crate::domain::experience::{Avoidable, Experience, Passages, avoidable, experience};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::catalog::Known;

/// The experience as of an instant, under each contract that the incident was evaluated under.
pub fn experiences<'a>(
    history: &History<'a>,
    evaluation: &Evaluation<'a>,
    known: &'a Known<'a>,
    as_of: Instant,
) -> Vec<Experience<'a>> {
    let passages = Passages::of(history, as_of);
    let by_contract = evaluation.clocks.chunk_by(|a, b| a.contract_id == b.contract_id);
    let evaluated = by_contract.filter_map(|clocks| {
        let contract_id = clocks.first()?.contract_id;
        let agreement = known.agreement(contract_id);
        match left(history, contract_id).filter(|left| *left <= as_of) {
            Some(left) => {
                let passages = Passages::of(history, left);
                experience(history, &passages, clocks, &agreement, known, left)
            }
            None => experience(history, &passages, clocks, &agreement, known, as_of),
        }
    });
    evaluated.collect()
}

/// When the incident left a contract for good; `None`: it is under it.
fn left(history: &History<'_>, contract_id: &str) -> Option<Instant> {
    let until = history.stints(contract_id).last()?.until;
    until.map(|(place, _)| place.time)
}

/// The entries of an incident as of an instant: one for each target that has a clock, with all
/// accounts and the avoidable time.
pub fn entries_of<'a>(
    history: &History<'a>,
    evaluation: &Evaluation<'a>,
    known: &'a Known<'a>,
    as_of: Instant,
) -> Vec<Entry<'a>> {
    let experiences = experiences(history, evaluation, known, as_of);
    entries_experience(history, evaluation, &experiences, known, as_of)
}

/// The same, from experiences that are computed already.
pub fn entries_experience<'a>(
    history: &History<'a>,
    evaluation: &Evaluation<'a>,
    experiences: &[Experience<'a>],
    known: &'a Known<'a>,
    as_of: Instant,
) -> Vec<Entry<'a>> {
    let mut entries = entries(evaluation, &history.state(as_of), experiences);
    for entry in &mut entries {
        let of_target = |clock: &&Clock<'_>| {
            clock.contract_id == entry.contract_id && clock.target_id == entry.target_id
        };
        let last = evaluation.clocks.iter().rfind(of_target);
        entry.avoidable = last.and_then(|clock| avoidable_of(history, clock, known));
    }
    entries
}

/// The avoidable time of a stopped clock; `None` as for [`avoidable`], or when its calendar is
/// unknown.
pub fn avoidable_of(
    history: &History<'_>,
    clock: &Clock<'_>,
    known: &Known<'_>,
) -> Option<Avoidable> {
    let calendar = known.in_force(clock.calendar_id, clock.start_time?)?;
    avoidable(history, clock, calendar.hours)
}

/// The contracts an incident was evaluated under, each as the last revision that governs one of its
/// clocks words it, and each right before those that underpin it.
pub fn chain<'a>(evaluation: &Evaluation<'a>, known: &'a Known<'a>) -> Vec<&'a Contract> {
    let by_contract = evaluation.clocks.chunk_by(|a, b| a.contract_id == b.contract_id);
    let worded = by_contract.filter_map(|clocks| {
        let revision = clocks.iter().map(|clock| clock.contract_revision).max()?;
        let revisions = known.contract(clocks.first()?.contract_id);
        revisions.numbered(revision).map(|revision| &revision.content)
    });
    let mut left: Vec<&Contract> = worded.collect();
    let mut chain = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let rests_on_none = |contract: &Contract| left.iter().all(|o| o.id != contract.underpins);
        // Contracts that underpin one another in a circle begin with the first.
        let top = left.iter().position(|contract| rests_on_none(contract)).unwrap_or(0);
        let top = left.remove(top);
        chain.push(top);
        put_support(top, &mut left, &mut chain);
    }
    chain
}

fn put_support<'a>(top: &Contract, left: &mut Vec<&'a Contract>, chain: &mut Vec<&'a Contract>) {
    while let Some(place) = left.iter().position(|contract| contract.underpins == top.id) {
        let support = left.remove(place);
        chain.push(support);
        put_support(support, left, chain);
    }
}
