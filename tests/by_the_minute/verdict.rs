//! What a target came to over its cycles, where that is placed, and whether it is excluded. Written
//! from the words of docs/periods.md, contract.proto and incident.proto.

use slx::codec::v1;

use super::calendar::Minute;
use super::clock::{Cycle, Fact, Target, What};

/// How a period counts a target of an incident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Met,
    Breached,
    Undecided,
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Verdict {
    pub kind: Kind,
    /// The cycles that may give it: of equally bad ones the words do not say which.
    pub deciding: Vec<usize>,
    /// When its first clock started.
    pub start: Minute,
    pub place: Option<Minute>,
    pub priority: &'static str,
    pub elapsed: i64,
}

impl Verdict {
    pub fn outcome(&self) -> v1::Outcome {
        match self.kind {
            Kind::Met => v1::Outcome::Met,
            Kind::Breached => v1::Outcome::Breached,
            Kind::Undecided | Kind::Cancelled => v1::Outcome::Undecided,
        }
    }
}

fn kind(cycle: &Cycle) -> Kind {
    match (cycle.outcome, cycle.stop) {
        (v1::Outcome::Breached, _) => Kind::Breached,
        (v1::Outcome::Met, _) => Kind::Met,
        (_, Some(_)) => Kind::Cancelled,
        (_, None) => Kind::Undecided,
    }
}

/// The verdict over the cycles of a clock; none: no clock has started.
pub fn verdict(target: &Target, cycles: &[Cycle]) -> Option<Verdict> {
    let last = cycles.last()?;
    if target.cycle_verdict == v1::CycleVerdict::Total {
        return Some(total(cycles, last));
    }
    let deciding = match target.cycle_verdict {
        v1::CycleVerdict::First => first(cycles),
        v1::CycleVerdict::Last => cycles.len() - 1,
        _ => worst(cycles),
    };
    let cycle = &cycles[deciding];
    Some(Verdict {
        kind: kind(cycle),
        deciding: vec![deciding + 1],
        start: cycles[0].start,
        place: cycle.decided(),
        priority: cycle.priority,
        elapsed: cycle.elapsed,
    })
}

/// The first; one that was cancelled within its limit decides nothing once another follows.
fn first(cycles: &[Cycle]) -> usize {
    let decides = cycles.iter().position(|cycle| kind(cycle) != Kind::Cancelled);
    decides.unwrap_or(cycles.len() - 1)
}

/// The first that went over its limit; otherwise the last, which shows how it ended.
fn worst(cycles: &[Cycle]) -> usize {
    let breached = cycles.iter().position(|cycle| kind(cycle) == Kind::Breached);
    breached.unwrap_or(cycles.len() - 1)
}

/// Their elapsed times together, against one limit.
fn total(cycles: &[Cycle], last: &Cycle) -> Verdict {
    let counted: Vec<Minute> = cycles.iter().flat_map(|cycle| cycle.counted.clone()).collect();
    let breach = counted.get(usize::try_from(last.limit).expect("a limit")).copied();
    let kind = if breach.is_some() { Kind::Breached } else { kind(last) };
    Verdict {
        kind,
        deciding: vec![0],
        start: cycles[0].start,
        place: breach.or(last.stop),
        priority: last.priority,
        elapsed: counted.len() as i64,
    }
}

/// A rule that excludes clocks: all conditions that it gives must hold.
#[derive(Clone, Debug)]
pub struct Rule {
    pub id: &'static str,
    pub cause: Option<v1::Party>,
    pub out_of_scope: bool,
    pub force_majeure: bool,
    /// Of these targets; empty: of all.
    pub targets: Vec<&'static str>,
}

impl Rule {
    fn holds(&self, target: &str, facts: &[Fact]) -> bool {
        let cause = latest(facts, |what| match what {
            What::Cause(party) => Some(*party),
            _ => None,
        });
        let scope = latest(facts, |what| match what {
            What::InScope(within) => Some(*within),
            _ => None,
        });
        let force = latest(facts, |what| match what {
            What::ForceMajeure(value) => Some(*value),
            _ => None,
        });
        (self.targets.is_empty() || self.targets.contains(&target))
            && (self.cause.is_none() || self.cause == cause)
            && (!self.out_of_scope || scope == Some(false))
            && (!self.force_majeure || force == Some("yes"))
    }

    pub fn to_wire(&self) -> v1::Exclusion {
        let when = if self.force_majeure { "attributes.force == \"yes\"" } else { "" };
        v1::Exclusion {
            id: self.id.into(),
            title: "Rule".into(),
            cause: self.cause.map_or(0, |party| party as i32),
            out_of_scope: self.out_of_scope,
            when: when.into(),
            target_ids: self.targets.iter().map(|target| (*target).into()).collect(),
            ..Default::default()
        }
    }
}

/// What the last fact of a kind says.
fn latest<T>(facts: &[Fact], says: impl Fn(&What) -> Option<T>) -> Option<T> {
    let mut facts: Vec<&Fact> = facts.iter().collect();
    facts.sort_by_key(|fact| (fact.at, fact.order));
    facts.into_iter().rev().find_map(|fact| says(&fact.what))
}

/// What excludes a target of an incident, by the facts that have occurred: of several rules any.
pub fn exclusions(target: &str, facts: &[Fact], rules: &[Rule]) -> Vec<String> {
    let mut facts: Vec<&Fact> = facts.iter().collect();
    facts.sort_by_key(|fact| (fact.at, fact.order));
    let decision = facts.iter().rev().find_map(|fact| match fact.what {
        What::Decided(of, excluded) if of.is_empty() || of == target => Some((fact, excluded)),
        _ => None,
    });
    match decision {
        Some((fact, true)) => vec![fact.id.clone()],
        Some((_, false)) => Vec::new(),
        None => {
            let facts: Vec<Fact> = facts.into_iter().cloned().collect();
            let rules = rules.iter().filter(|rule| rule.holds(target, &facts));
            rules.map(|rule| rule.id.to_owned()).collect()
        }
    }
}
