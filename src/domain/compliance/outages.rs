//! The outages and degradations of a service, each by the facts that began and ended it.
//!
//! They are told apart by their ids or, without one, by who reports them. Starts and ends of one of
//! them at one instant and `occur_order` are counted: what more of them say holds from then on. To
//! start again before the end changes nothing.

use std::collections::BTreeMap;

use crate::domain::service::{Requests, ServiceEvent, ServiceFact};
use crate::domain::share::Share;
use crate::domain::time::Instant;

/// An outage or degradation of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage<'e> {
    /// The service.
    pub service: &'e str,
    /// What its facts name it; empty: nothing.
    pub outage_id: &'e str,
    /// Whether the service only worked worse.
    pub is_degradation: bool,
    /// When it began.
    pub start: Instant,
    /// When it ended; the last instant there is: it has not.
    pub end: Instant,
    /// The ids of the events that began it: the first, and those that say so again.
    pub event_ids: Vec<&'e str>,
}

/// The id that a start or end of an outage or degradation gives, and whether it is a start.
pub(super) type Turn<'e> = (&'e str, bool);

/// What tells an outage from others of its kind: its service, and its id or else the source that
/// reports it.
type Name<'e> = (&'e str, &'e str, &'e str);

/// The events that begin or end one outage at one instant and order.
#[derive(Debug, Default)]
struct Turns<'e> {
    more_starts: i64,
    starts: Vec<&'e str>,
}

/// The start or end of an outage that a fact is, if it is one.
pub(super) fn outage(fact: &ServiceFact) -> Option<Turn<'_>> {
    match fact {
        ServiceFact::OutageStarted(id) => Some((id, true)),
        ServiceFact::OutageEnded(id) => Some((id, false)),
        _ => None,
    }
}

/// The start or end of a degradation that a fact is, if it is one.
pub(super) fn degradation(fact: &ServiceFact) -> Option<Turn<'_>> {
    match fact {
        ServiceFact::DegradationStarted(id) => Some((id, true)),
        ServiceFact::DegradationEnded(id) => Some((id, false)),
        _ => None,
    }
}

/// The outages and degradations by the events in effect, of any services. With an error rate,
/// stretches in which a larger share of the requests failed are outages too.
pub fn outages<'e>(events: &[&'e ServiceEvent], error_rate: Option<Share>) -> Vec<Outage<'e>> {
    let failing = error_rate.map(|rate| events.iter().filter_map(move |e| failing(e, rate)));
    let turned = told(events, outage, false).into_iter().chain(told(events, degradation, true));
    turned.chain(failing.into_iter().flatten()).collect()
}

fn name<'e>(event: &'e ServiceEvent, id: &'e str) -> Name<'e> {
    (&event.service, id, if id.is_empty() { &event.source } else { "" })
}

fn told<'e>(
    events: &[&'e ServiceEvent],
    turn: fn(&ServiceFact) -> Option<Turn<'_>>,
    is_degradation: bool,
) -> Vec<Outage<'e>> {
    let mut by_name: BTreeMap<Name<'e>, BTreeMap<(Instant, i64), Turns<'e>>> = BTreeMap::new();
    for event in events {
        if let Some((id, begins)) = turn(&event.fact) {
            let all = by_name.entry(name(event, id)).or_default();
            let turns = all.entry((event.occur_time, event.occur_order)).or_default();
            turns.more_starts += if begins { 1 } else { -1 };
            turns.starts.extend(begins.then_some(event.event_id.as_str()));
        }
    }
    let named = by_name.into_iter();
    named.flat_map(|(name, turns)| follow(name, is_degradation, turns)).collect()
}

/// The outages of one name, by how many more starts than ends there were at each instant. What
/// starts as often as it ends at one instant is as it was before, whichever came first.
fn follow<'e>(
    (service, outage_id, _): Name<'e>,
    is_degradation: bool,
    turns: BTreeMap<(Instant, i64), Turns<'e>>,
) -> Vec<Outage<'e>> {
    let mut found = Vec::new();
    let mut lasting: Option<Outage<'e>> = None;
    for ((time, _), mut turns) in turns {
        turns.starts.sort_unstable();
        match (turns.more_starts.signum(), lasting.take()) {
            (1, None) => {
                let (end, event_ids) = (Instant::MAX, turns.starts);
                let start = time;
                let began = Outage { service, outage_id, is_degradation, start, end, event_ids };
                lasting = Some(began);
            }
            (sign, Some(mut outage)) => {
                outage.event_ids.extend(turns.starts);
                match sign {
                    -1 => found.push(Outage { end: time, ..outage }),
                    _ => lasting = Some(outage),
                }
            }
            (_, None) => {}
        }
    }
    found.extend(lasting);
    found
}

/// The outage that a stretch of counted requests is.
fn failing(event: &ServiceEvent, rate: Share) -> Option<Outage<'_>> {
    let ServiceFact::RequestsCounted(Requests { requests, failed, duration }) = event.fact else {
        return None;
    };
    // More than the share failed: less than the rest was served, of at least one request.
    let is_down =
        requests > 0 && !rate.rest().is_reached(requests - failed.min(requests), requests);
    is_down.then(|| Outage {
        service: &event.service,
        outage_id: "",
        is_degradation: false,
        start: event.occur_time.checked_add(-duration).unwrap_or(Instant::MIN),
        end: event.occur_time,
        event_ids: vec![&event.event_id],
    })
}
