//! Where an incident stands among all others, so that questions find it without reading it.
//!
//! Time passing is no write: a running clock is filed under the instant it is due, once, and that
//! stays right until a fact moves it. A clock that has ended is filed under what decided it.

use super::catalog::Known;
use super::experience::entries_of;
use super::ledger::Ledger;
use super::query::judge_incident;
use super::tally::Counted;
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;

/// Where one incident stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its clocks.
    pub clocks: Vec<ClockPlace>,
    /// Every contract it was ever opened under, retracted openings included.
    pub contracts: Vec<String>,
    /// When the last of its facts occurs, if that is after it was recorded: until then it is not
    /// yet as it is filed.
    pub settles: Option<Instant>,
    /// What it adds to the tallies.
    pub counted: Counted,
}

/// Under what an incident is filed in the views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// The keys that lead to it, sorted.
    pub keys: Vec<Vec<u8>>,
    /// What it has added to the tallies.
    pub counted: Counted,
}

/// Where one clock is filed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockPlace {
    /// The contract.
    pub contract_id: String,
    /// Open, or how it ended.
    pub shelf: Shelf,
    /// When it is due, or was decided; [`Instant::MAX`] when nothing decides it.
    pub time: Instant,
    /// The target.
    pub target_id: String,
    /// The cycle.
    pub cycle: u32,
}

/// What is filed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Pending, running or paused: time alone may breach it.
    Open,
    /// Stopped within its limit.
    Met,
    /// Stopped over its limit.
    Breached,
    /// Cancelled.
    Cancelled,
}

/// Every shelf.
pub const SHELVES: [Shelf; 4] = [Shelf::Open, Shelf::Met, Shelf::Breached, Shelf::Cancelled];

impl Shelf {
    /// Whether a clock on this shelf may be in this phase at a later instant.
    pub fn may_hold_phase(self, phase: Phase) -> bool {
        match phase {
            Phase::Pending | Phase::Running | Phase::Paused => self == Shelf::Open,
            Phase::Stopped => matches!(self, Shelf::Met | Shelf::Breached),
            Phase::Cancelled => self == Shelf::Cancelled,
        }
    }

    /// Whether a clock on this shelf may have this outcome at a later instant.
    pub fn may_hold_outcome(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Undecided => matches!(self, Shelf::Open | Shelf::Cancelled),
            Outcome::Met => self == Shelf::Met,
            Outcome::Breached => self != Shelf::Met,
            // Filed as though nothing excluded it.
            Outcome::Excluded => true,
        }
    }
}

/// Where the incident of a ledger stands by everything recorded.
pub fn standing(ledger: &Ledger, catalog: Known<'_>) -> Standing {
    let history = History::fold(&ledger.events, Instant::MAX);
    let judgement = judge_incident(&history, &catalog, Instant::MAX);
    let last_record = ledger.events.iter().map(|recorded| recorded.record_time).max();
    let last_fact = history.effective().last().map(|recorded| recorded.value.occur_time);
    let entries = entries_of(&history, &judgement, &catalog, Instant::MAX);
    Standing {
        counted: Counted::of(&entries, catalog),
        clocks: judgement.clocks.iter().map(place).collect(),
        contracts: contracts(ledger),
        settles: last_fact.filter(|fact| Some(*fact) > last_record),
    }
}

/// Where a clock is filed. Judged as of the end of time: only facts can move it from there.
pub fn place(clock: &Clock<'_>) -> ClockPlace {
    let (shelf, time) = match (clock.phase, clock.outcome) {
        (Phase::Pending | Phase::Running | Phase::Paused, _) => (Shelf::Open, clock.due_time),
        (Phase::Stopped, Outcome::Breached) => (Shelf::Breached, clock.decide_time()),
        (Phase::Stopped, _) => (Shelf::Met, clock.decide_time()),
        (Phase::Cancelled, _) => (Shelf::Cancelled, clock.decide_time()),
    };
    ClockPlace {
        contract_id: clock.contract_id.to_owned(),
        shelf,
        time: time.unwrap_or(Instant::MAX),
        target_id: clock.target_id.to_owned(),
        cycle: clock.cycle,
    }
}

fn contracts(ledger: &Ledger) -> Vec<String> {
    let openings = ledger.events.iter().filter_map(|recorded| match &recorded.value.fact {
        Fact::Opened(opened) => Some(&opened.contract_ids),
        _ => None,
    });
    let mut contracts: Vec<_> = openings.flatten().cloned().collect();
    contracts.sort_unstable();
    contracts.dedup();
    contracts
}
