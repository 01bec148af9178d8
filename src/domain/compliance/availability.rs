//! Availability (ITIL 4): the share of agreed service time in which a service was up in a period.
//!
//! - The service is down while an outage lasts; outages that overlap or touch are one.
//! - Planned maintenance wins over an outage, and an outage over a degradation.
//! - Outages that are excluded count as up. What the period would have come to with them is
//!   computed beside it.
//! - Only agreed service time counts. Planned maintenance in it counts as up.
//! - An outage that has not ended lasts until the instant evaluated at.
//! - An outage's downtime is the agreed service time in it outside planned maintenance. The outage
//!   is counted in the period in which its downtime begins, with all of it, including what lies
//!   after the period's end; while it goes on, with what lies in the period. One without downtime
//!   is no outage.

use super::Period;
use super::attainment::Verdict;
use super::outage_exclusion::{ExcludedOutage, OutageExclusions};
use super::outages::{Outage, outages};
use super::service_state::ServiceState;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{
    AgreedService, AvailabilityPromise, MeanTimeToRestorePromise, OutagesPromise,
};
use crate::domain::intervals::Intervals;
use crate::domain::service::ServiceEvent;
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

/// The result of an objective on the mean time to restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanTimeToRestoreResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The mean downtime of an outage, rounded down to the nanosecond; `None` without outages.
    pub mean: Option<Span>,
}

/// When and how a service should be up.
#[derive(Clone, Copy, Debug)]
pub struct Agreed<'a> {
    /// The services.
    pub service: &'a AgreedService,
    /// The service hours.
    pub hours: &'a ServiceHours,
    /// How much of a degraded second counts as down.
    pub degradation_weight: Share,
    /// The length of the units in which downtime counts; zero: as long as it lasts.
    pub downtime_unit: Span,
}

/// The availability of a period, and what it would have been without exclusions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excluding {
    /// What counts.
    pub counted: Availability,
    /// What it would have come to; `None`: nothing is excluded.
    pub without_exclusions: Option<Availability>,
    /// The outages that are excluded and reach into the period, in the order they began.
    pub excluded: Vec<ExcludedOutage>,
}

impl Excluding {
    /// Evaluates a period by the events of its services in effect as of an instant.
    pub fn evaluate(
        events: &[&ServiceEvent],
        agreed: Agreed<'_>,
        exclusions: OutageExclusions<'_>,
        period: &Period,
        as_of: Instant,
    ) -> Excluding {
        let all = outages(events, agreed.service.error_rate);
        let why: Vec<_> = all.iter().map(|outage| exclusions.of(outage, events)).collect();
        let counting = all.iter().zip(&why).filter(|(_, why)| why.is_none());
        let evaluated =
            |outages: Vec<&Outage<'_>>| Availability::of(&outages, events, agreed, period, as_of);
        let until = period.end.min(as_of);
        let excluded = all.iter().zip(&why).filter_map(|(outage, why)| {
            let why = (*why)?;
            let lasted = Intervals::union([(outage.start, outage.end)]);
            let time = lasted.within(period.start, until).elapsed(agreed.hours);
            (time > Span::ZERO).then(|| ExcludedOutage::of(outage, why, time))
        });
        let mut excluded: Vec<_> = excluded.collect();
        excluded.sort_by(|a, b| (a.start, &a.event_id).cmp(&(b.start, &b.event_id)));
        Excluding {
            counted: evaluated(counting.map(|(outage, _)| outage).collect()),
            without_exclusions: (why.iter().any(Option::is_some))
                .then(|| evaluated(all.iter().collect())),
            excluded,
        }
    }
}

impl Availability {
    /// Computes it by the outages that count, and the events of its services in effect.
    fn of(
        outages: &[&Outage<'_>],
        events: &[&ServiceEvent],
        agreed: Agreed<'_>,
        period: &Period,
        as_of: Instant,
    ) -> Availability {
        let Agreed { service, hours, degradation_weight, downtime_unit } = agreed;
        let state = |id: &String| {
            let outages = outages.iter().copied();
            ServiceState::of(id, outages, events, service.maintenance_notice)
        };
        let states: Vec<_> = service.services.iter().map(state).collect();
        let ServiceState { down, degraded, planned } =
            ServiceState::together(&states, service.down_when);
        let degraded = degraded.without(&down).without(&planned);
        let until = period.end.min(as_of);
        let within = |time: &Intervals| time.within(period.start, until);
        let counted =
            |time: &Intervals| in_units(&within(time), hours, period.start, downtime_unit);
        let agreed = hours.elapsed(period.start, until);
        let outage = counted(&down.without(&planned)).min(agreed);
        Availability {
            agreed,
            agreed_in_period: hours.elapsed(period.start, period.end),
            outage,
            degraded: counted(&degraded).min(agreed - outage),
            maintenance: within(&planned).elapsed(hours),
            outages: begun_in(period, until, &down, &planned, hours),
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

/// Evaluates an objective on the mean time to restore, exactly: reaching it is met. An outage that
/// goes on counts so far.
pub fn evaluate_mean_time_to_restore(
    promise: &MeanTimeToRestorePromise,
    found: &Availability,
    is_over: bool,
) -> MeanTimeToRestoreResult {
    let total: i128 = found.outages.iter().map(|outage| i128::from(outage.nanos())).sum();
    let count = found.outages.len() as u64;
    let verdict = if count < promise.minimum_outages.max(1) {
        Verdict::NoData
    } else if total <= i128::from(promise.at_most.nanos()) * i128::from(count) {
        Verdict::Met
    } else if is_over {
        Verdict::Missed
    } else {
        Verdict::AtRisk
    };
    MeanTimeToRestoreResult { verdict, mean: found.mean_time_to_restore() }
}

/// Time in service hours, counted in whole units of some length: each begins with the first of it
/// that no unit before has covered, and counts as a whole. Without a length, as long as it is.
fn in_units(time: &Intervals, hours: &ServiceHours, from: Instant, unit: Span) -> Span {
    if unit <= Span::ZERO {
        return time.elapsed(hours);
    }
    let (mut covered, mut total) = (Span::ZERO, Span::ZERO);
    for (start, end) in time.bounds() {
        // In service time since the beginning, which runs on over closed hours.
        let begins = hours.elapsed(from, start).max(covered);
        let left = hours.elapsed(from, end) - begins;
        if left > Span::ZERO {
            let units = (left.nanos() + unit.nanos() - 1) / unit.nanos();
            let whole = Span::from_nanos(units * unit.nanos());
            covered = begins + whole;
            total += whole;
        }
    }
    total
}

/// The downtime of each outage that began in a period; of one that goes on, up to `until`.
fn begun_in(
    period: &Period,
    until: Instant,
    down: &Intervals,
    planned: &Intervals,
    hours: &ServiceHours,
) -> Vec<Span> {
    let known = down.bounds().filter_map(|(start, end)| {
        let end = if end == Instant::MAX { until } else { end };
        (start < end).then(|| Intervals::union([(start, end)]).without(planned))
    });
    let began_in_it =
        |outage: &Intervals| outage.first_open(hours).is_some_and(|began| period.contains(began));
    known.filter(began_in_it).map(|outage| outage.elapsed(hours)).collect()
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
