//! Availability (ITIL 4): the share of agreed service time in which a service was up in a period.
//!
//! - The service is down while an outage of any name lasts. Outages that overlap or touch are one.
//! - Planned maintenance wins over an outage, and an outage over a degradation.
//! - Only agreed service time counts. Planned maintenance in it counts as up.
//! - An outage that has not ended lasts until the instant evaluated at.
//! - An outage's downtime is the agreed service time in it outside planned maintenance. The outage
//!   is counted in the period in which its downtime begins, with all of it, including what lies
//!   after the period's end. One without downtime is no outage.

use std::collections::BTreeMap;

use super::Period;
use super::attainment::Verdict;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{AvailabilityPromise, OutagesPromise};
use crate::domain::intervals::Intervals;
use crate::domain::service::{ServiceEvent, ServiceFact};
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};

/// How a service was up in a period, in agreed service time; while the period goes on, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// The agreed service time up to the end of the period or the instant evaluated at.
    pub agreed: Span,
    /// The agreed service time of the whole period.
    pub agreed_in_period: Span,
    /// The time down, outside planned maintenance.
    pub outage: Span,
    /// The time degraded, outside planned maintenance and outages.
    pub degraded: Span,
    /// The time in planned maintenance.
    pub maintenance: Span,
    /// The downtime of each outage that began in the period, in the order they began.
    pub outages: Vec<Span>,
    /// How much of a degraded second counts as down.
    pub degradation_weight: Share,
}

/// The result of an objective on availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvailabilityResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The share of the agreed time that was up, rounded down to the millionth; `None` when none
    /// was agreed.
    pub uptime: Option<Share>,
    /// How much more downtime the whole period can take before it is missed; negative when it is
    /// missed. To the nanosecond.
    pub downtime_allowance: Span,
}

/// The result of an objective on outages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutagesResult {
    /// The verdict.
    pub verdict: Verdict,
    /// How many outages were long enough to count.
    pub long_outages: u64,
    /// How many more of those the period can take before it is missed; negative when it is missed.
    pub allowance: i64,
}

/// When and how a service should be up.
#[derive(Clone, Copy, Debug)]
pub struct Agreed<'a> {
    /// The service hours.
    pub hours: &'a ServiceHours,
    /// Maintenance is planned only if it was announced this long before it began.
    pub maintenance_notice: Span,
    /// How much of a degraded second counts as down.
    pub degradation_weight: Share,
}

impl Availability {
    /// Computes it from the service's events in effect as of an instant.
    pub fn evaluate(
        events: &[&ServiceEvent],
        agreed: Agreed<'_>,
        period: &Period,
        as_of: Instant,
    ) -> Availability {
        let Agreed { hours, maintenance_notice, degradation_weight } = agreed;
        let planned = planned(events, maintenance_notice);
        let down = lasting(events, as_of, outage);
        let degraded = lasting(events, as_of, degradation).without(&down).without(&planned);
        let until = period.end.min(as_of);
        let elapsed = |time: &Intervals| time.within(period.start, until).elapsed(hours);
        Availability {
            agreed: hours.elapsed(period.start, until),
            agreed_in_period: hours.elapsed(period.start, period.end),
            outage: elapsed(&down.without(&planned)),
            degraded: elapsed(&degraded),
            maintenance: elapsed(&planned),
            outages: begun_in(period, &down, &planned, hours),
            degradation_weight,
        }
    }

    /// The outage time plus the weighted degraded time, rounded down to the nanosecond.
    pub fn downtime(&self) -> Span {
        self.outage + self.degradation_weight.of_span(self.degraded)
    }

    /// The agreed service time less the downtime.
    pub fn uptime(&self) -> Span {
        self.agreed - self.downtime()
    }

    /// The downtime of the longest outage; `None` without outages.
    pub fn longest_outage(&self) -> Option<Span> {
        self.outages.iter().copied().max()
    }

    /// The mean downtime of an outage (MTTR), rounded down to the nanosecond; `None` without
    /// outages.
    pub fn mean_time_to_restore(&self) -> Option<Span> {
        per(self.outages.iter().copied().sum(), self.outages.len())
    }

    /// The uptime divided by the number of outages (MTBF), rounded down to the nanosecond; `None`
    /// without outages.
    pub fn mean_time_between_failures(&self) -> Option<Span> {
        per(self.uptime(), self.outages.len())
    }

    /// How many outages were longer than a span.
    pub fn outages_longer_than(&self, span: Span) -> u64 {
        self.outages.iter().filter(|outage| **outage > span).count() as u64
    }

    /// The uptime's share of the agreed service time, rounded down to the millionth; `None` when
    /// none was agreed.
    pub fn share_up(&self) -> Option<Share> {
        let whole = in_millionths(self.agreed, Share::ALL);
        Share::of(whole.saturating_sub(self.exact_downtime()), whole)
    }

    /// The downtime in millionths of a nanosecond, so that applying a weight rounds nothing.
    pub(super) fn exact_downtime(&self) -> u128 {
        let degraded = in_millionths(self.degraded, self.degradation_weight);
        in_millionths(self.outage, Share::ALL) + degraded
    }

    /// Whether `whole` less the downtime so far is at least `share` of `whole`.
    fn is_reached(&self, share: Share, whole: Span) -> bool {
        let whole = in_millionths(whole, Share::ALL);
        share.is_reached(whole.saturating_sub(self.exact_downtime()), whole)
    }
}

/// Evaluates an objective on availability, exactly: reaching the share is met.
///
/// It is missed once the downtime is more than the whole period's agreed service time allows, even
/// while the period goes on. Until then it is at risk while less than the share was up so far.
pub fn evaluate(promise: &AvailabilityPromise, found: &Availability) -> AvailabilityResult {
    let verdict = if found.agreed == Span::ZERO {
        Verdict::NoData
    } else if !found.is_reached(promise.share, found.agreed_in_period) {
        Verdict::Missed
    } else if found.is_reached(promise.share, found.agreed) {
        Verdict::Met
    } else {
        Verdict::AtRisk
    };
    let allowed = promise.share.rest().of_span(found.agreed_in_period);
    let downtime_allowance = allowed - found.downtime();
    AvailabilityResult { verdict, uptime: found.share_up(), downtime_allowance }
}

/// Evaluates an objective on outages. It is met until there are more than the most allowed, and
/// then missed at once, even while the period goes on.
pub fn evaluate_outages(promise: &OutagesPromise, found: &Availability) -> OutagesResult {
    let long_outages = found.outages_longer_than(promise.longer_than);
    let is_met = long_outages <= u64::from(promise.most);
    let verdict = match (found.agreed, is_met) {
        (Span::ZERO, _) => Verdict::NoData,
        (_, true) => Verdict::Met,
        (_, false) => Verdict::Missed,
    };
    let count = i64::try_from(long_outages).unwrap_or(i64::MAX);
    OutagesResult { verdict, long_outages, allowance: i64::from(promise.most) - count }
}

/// Maintenance that was announced before it began, and long enough before.
fn planned(events: &[&ServiceEvent], notice: Span) -> Intervals {
    Intervals::union(events.iter().filter_map(|event| match event.fact {
        ServiceFact::MaintenanceScheduled { start, end, announced } => {
            (announced < start && start.since(announced) >= notice).then_some((start, end))
        }
        _ => None,
    }))
}

/// The name of an outage or degradation, and whether a fact begins it (`true`) or ends it.
type Turn<'e> = (&'e str, bool);

fn outage(fact: &ServiceFact) -> Option<Turn<'_>> {
    match fact {
        ServiceFact::OutageStarted(name) => Some((name, true)),
        ServiceFact::OutageEnded(name) => Some((name, false)),
        _ => None,
    }
}

fn degradation(fact: &ServiceFact) -> Option<Turn<'_>> {
    match fact {
        ServiceFact::DegradationStarted(name) => Some((name, true)),
        ServiceFact::DegradationEnded(name) => Some((name, false)),
        _ => None,
    }
}

/// When at least one outage or degradation lasted, by the facts that began and ended them. One
/// that begins and ends in the same instant changes nothing, so the order of the two facts does
/// not matter.
fn lasting(
    events: &[&ServiceEvent],
    as_of: Instant,
    turn: fn(&ServiceFact) -> Option<Turn<'_>>,
) -> Intervals {
    let mut by_name: BTreeMap<&str, BTreeMap<Instant, [bool; 2]>> = BTreeMap::new();
    for event in events {
        if let Some((name, begins)) = turn(&event.fact) {
            let [ended, begun] =
                by_name.entry(name).or_default().entry(event.occur_time).or_default();
            *if begins { begun } else { ended } = true;
        }
    }
    Intervals::union(by_name.values().flat_map(|turns| intervals_of(turns, as_of)))
}

fn intervals_of(turns: &BTreeMap<Instant, [bool; 2]>, as_of: Instant) -> Vec<(Instant, Instant)> {
    let mut found = Vec::new();
    let mut began: Option<Instant> = None;
    for (time, [ended, begun]) in turns {
        match [ended, begun] {
            [false, true] => began = began.or(Some(*time)),
            [true, false] => found.extend(began.take().map(|began| (began, *time))),
            _ => {}
        }
    }
    found.extend(began.map(|began| (began, as_of)));
    found
}

/// The downtime of each outage that began in a period.
fn begun_in(
    period: &Period,
    down: &Intervals,
    planned: &Intervals,
    hours: &ServiceHours,
) -> Vec<Span> {
    let outages = down.each().map(|outage| outage.without(planned));
    let began_in_it =
        |outage: &Intervals| outage.first_open(hours).is_some_and(|began| period.contains(began));
    outages.filter(began_in_it).map(|outage| outage.elapsed(hours)).collect()
}

fn per(total: Span, count: usize) -> Option<Span> {
    let each = total.nanos().checked_div(i64::try_from(count).ok()?)?;
    Some(Span::from_nanos(each))
}

/// A share of a span that is not negative, in millionths of a nanosecond.
fn in_millionths(span: Span, share: Share) -> u128 {
    u128::from(span.nanos().unsigned_abs()) * u128::from(share.millionths())
}

#[cfg(test)]
mod tests;
