//! Performance objectives: a percentile of what was measured at a service, by nearest rank.
//!
//! The percentile is exact: all measurements are sorted and none is approximated.

use super::Period;
use super::attainment::Verdict;
use crate::domain::contract::PerformancePromise;
use crate::domain::service::{ServiceEvent, ServiceFact};
use crate::domain::share::Share;

/// The result of an objective on performance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerformanceResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The percentile, in thousandths of the indicator's unit; `None` without measurements.
    pub value: Option<i64>,
    /// How many times something was measured.
    pub count: u128,
}

/// Evaluates a performance objective on the measurements of a period, by the events in effect.
pub fn evaluate(
    promise: &PerformancePromise,
    events: &[&ServiceEvent],
    period: &Period,
    is_over: bool,
) -> PerformanceResult {
    let in_period = events.iter().filter(|event| period.contains(event.occur_time));
    let measured = in_period.filter_map(|event| match &event.fact {
        ServiceFact::Measured { indicator, value, count } if *indicator == promise.indicator => {
            Some((*value, u64::try_from(*count).unwrap_or_default()))
        }
        _ => None,
    });
    let (value, count) = percentile(measured.collect(), promise.percentile);
    let verdict = match value {
        _ if count < u128::from(promise.minimum_count) => Verdict::NoData,
        None => Verdict::NoData,
        Some(value) if value <= promise.threshold => Verdict::Met,
        Some(_) if is_over => Verdict::Missed,
        Some(_) => Verdict::AtRisk,
    };
    PerformanceResult { verdict, value, count }
}

/// The nearest-rank percentile of values with their counts: the smallest value that at least
/// `share` of all measurements do not exceed. Also how many measurements there are.
fn percentile(mut measured: Vec<(i64, u64)>, share: Share) -> (Option<i64>, u128) {
    measured.sort_unstable();
    let count: u128 = measured.iter().map(|(_, count)| u128::from(*count)).sum();
    let mut seen = 0_u128;
    let mut up_to = measured.iter().filter(|(_, times)| *times > 0).skip_while(|(_, times)| {
        seen += u128::from(*times);
        !share.is_reached(seen, count)
    });
    (up_to.next().map(|(value, _)| *value), count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Instant;

    fn p(percent: &str, measured: &[(i64, u64)]) -> Option<i64> {
        percentile(measured.to_vec(), Share::from_percent(percent).unwrap_or_default()).0
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank_by_hand() {
        // Twenty of them: the 95th percentile is the nineteenth, the 96th the twentieth.
        let twenty: Vec<(i64, u64)> = (1..=20).rev().map(|value| (value * 100, 1)).collect();
        assert_eq!(p("95", &twenty), Some(1900));
        assert_eq!(p("95.0001", &twenty), Some(2000));
        assert_eq!(p("96", &twenty), Some(2000));
        assert_eq!(p("100", &twenty), Some(2000));
        assert_eq!(p("0.0001", &twenty), Some(100));
        assert_eq!(p("50", &[]), None);
    }

    #[test]
    fn a_value_weighs_as_often_as_it_was_seen() {
        let seen = [(300, 90), (-5, 5), (2000, 5)];
        assert_eq!(p("5", &seen), Some(-5));
        assert_eq!(p("95", &seen), Some(300));
        assert_eq!(p("95.0001", &seen), Some(2000));
        assert_eq!(p("99", &[(1, i64::MAX as u64), (2, i64::MAX as u64)]), Some(2));
    }

    fn measured(indicator: &str, second: i64, value: i64, count: i64) -> ServiceEvent {
        ServiceEvent {
            recorded_by: None,
            occur_order: 0,
            source: String::new(),
            event_id: format!("{indicator}{second}"),
            service: "mail".into(),
            occur_time: Instant::from_seconds(second).unwrap_or_default(),
            fact: ServiceFact::Measured { indicator: indicator.into(), value, count },
        }
    }

    #[test]
    fn only_the_period_and_the_indicator_count_and_too_few_are_no_data() {
        let at = |second| Instant::from_seconds(second).unwrap_or_default();
        let period = Period { name: String::new(), start: at(10), end: at(20) };
        let events = [
            measured("delay", 9, 9_000, 1),
            measured("delay", 10, 1_000, 3),
            measured("delay", 19, 2_000, 1),
            measured("delay", 20, 9_000, 1),
            measured("size", 15, 9_000, 9),
        ];
        let events: Vec<_> = events.iter().collect();
        let verdict = |threshold, minimum_count, is_over| {
            let promise = PerformancePromise {
                service: "mail".into(),
                indicator: "delay".into(),
                percentile: Share::from_percent("90").unwrap_or_default(),
                threshold,
                unit: String::new(),
                minimum_count,
            };
            let result = evaluate(&promise, &events, &period, is_over);
            assert_eq!((result.value, result.count), (Some(2_000), 4));
            result.verdict
        };
        assert_eq!(verdict(2_000, 4, true), Verdict::Met);
        assert_eq!(verdict(1_999, 4, true), Verdict::Missed);
        assert_eq!(verdict(1_999, 4, false), Verdict::AtRisk);
        assert_eq!(verdict(2_000, 5, true), Verdict::NoData);
    }
}
