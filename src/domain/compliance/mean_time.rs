//! Mean time objectives: the mean elapsed time of the decided clocks of a target, such as the mean
//! time to respond. Excluded clocks do not count; one that is over its limit and open counts with
//! what has elapsed.

use super::Tally;
use super::attainment::Verdict;
use crate::domain::contract::MeanTimePromise;
use crate::domain::time_sum::TimeSum;

/// The result of an objective on a mean time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanTimeResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The mean, rounded down to the nanosecond; `None` when nothing was decided.
    pub mean: Option<TimeSum>,
}

/// Evaluates an objective on a mean time, exactly: reaching it is met.
pub fn evaluate(promise: &MeanTimePromise, tally: &Tally, is_over: bool) -> MeanTimeResult {
    let decided = tally.contractual.decided();
    let allowed = TimeSum::from(promise.at_most).times(u128::from(decided));
    let verdict = if decided < promise.minimum_count.max(1) {
        Verdict::NoData
    } else if tally.elapsed_total <= allowed {
        Verdict::Met
    } else if is_over {
        Verdict::Missed
    } else {
        Verdict::AtRisk
    };
    MeanTimeResult { verdict, mean: tally.elapsed_mean() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compliance::Counts;
    use crate::domain::time::Span;

    /// P18: the mean time to respond, as a promise.
    #[test]
    fn the_mean_of_what_was_decided_is_compared_exactly() {
        let tally = Tally {
            contractual: Counts { met: 2, breached: 1, excluded_met: 5, ..Counts::default() },
            elapsed_total: TimeSum::from_parts(3 * 600, 1),
            ..Tally::default()
        };
        let of = |at_most, minimum_count, is_over| {
            let (target_id, priorities) = ("respond".into(), Vec::new());
            let promise = MeanTimePromise { target_id, priorities, at_most, minimum_count };
            evaluate(&promise, &tally, is_over).verdict
        };
        let ten = Span::from_minutes(10);
        assert_eq!(of(ten, 1, true), Verdict::Missed, "a nanosecond over, of three clocks");
        assert_eq!(of(ten, 1, false), Verdict::AtRisk);
        assert_eq!(of(ten + Span::from_nanos(1), 3, true), Verdict::Met);
        assert_eq!(of(ten + Span::from_nanos(1), 4, true), Verdict::NoData);
        assert_eq!(tally.elapsed_mean(), Some(TimeSum::from_parts(600, 0)));
        assert_eq!(Tally::default().elapsed_mean(), None);
    }
}
