//! Requests objectives: at least a share of the requests to a service must be served.
//!
//! Requests belong to the period in which the stretch they were counted over began.

use super::Period;
use super::attainment::Verdict;
use crate::domain::contract::RequestsPromise;
use crate::domain::service::{ServiceEvent, ServiceFact};
use crate::domain::share::Share;
use crate::domain::time::Instant;

/// The result of an objective on requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestsResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The share that was served, rounded down to the millionth; `None` without requests.
    pub served: Option<Share>,
    /// How many requests were counted.
    pub requests: u128,
    /// How many of them failed.
    pub failed: u128,
}

/// Evaluates an objective on requests on those counted in a period, exactly, by the events in
/// effect: reaching the share is met.
pub fn evaluate(
    promise: &RequestsPromise,
    events: &[&ServiceEvent],
    period: &Period,
    is_over: bool,
) -> RequestsResult {
    let (mut requests, mut failed) = (0_u128, 0_u128);
    for event in events {
        let ServiceFact::RequestsCounted(counted) = &event.fact else { continue };
        let began = event.occur_time.checked_add(-counted.duration).unwrap_or(Instant::MIN);
        if period.contains(began) {
            requests += u128::from(counted.requests);
            failed += u128::from(counted.failed.min(counted.requests));
        }
    }
    let served = requests - failed;
    let verdict = if requests < u128::from(promise.minimum_requests.max(1)) {
        Verdict::NoData
    } else if promise.share.is_reached(served, requests) {
        Verdict::Met
    } else if is_over {
        Verdict::Missed
    } else {
        Verdict::AtRisk
    };
    RequestsResult { verdict, served: Share::of(served, requests), requests, failed }
}
