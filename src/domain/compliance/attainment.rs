//! Attainment objectives: at least a share of the decided clocks must be met.

use super::Counts;
use crate::domain::contract::AttainmentPromise;
use crate::domain::share::Share;

/// The verdict on an objective over a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is reached; while the period goes on, so far.
    Met,
    /// The period has ended and did not reach it.
    Missed,
    /// The period goes on and does not reach it so far.
    AtRisk,
    /// Too little happened to evaluate it: fewer clocks, answers or measurements than it requires.
    NoData,
}

/// Whether one result of an objective is worse than another: by the verdict, then by the share
/// reached.
fn is_worse(one: (Verdict, Option<Share>), other: (Verdict, Option<Share>)) -> bool {
    let severity = |verdict| match verdict {
        Verdict::NoData => 0,
        Verdict::Met => 1,
        Verdict::AtRisk => 2,
        Verdict::Missed => 3,
    };
    let reached = |share: Option<Share>| share.unwrap_or(Share::ALL);
    let [left, right] = [one, other].map(|(verdict, share)| (severity(verdict), reached(share)));
    left.0 > right.0 || (left.0 == right.0 && left.1 < right.1)
}

/// The part of a period that stands worst, of parts that `stands` says the result of: what decides
/// where several words rule one period. Of equal ones the first; `None` without parts.
pub fn worst<T>(
    parts: impl IntoIterator<Item = T>,
    stands: impl Fn(&T) -> (Verdict, Option<Share>),
) -> Option<T> {
    let worse = |worst, part| if is_worse(stands(&part), stands(&worst)) { part } else { worst };
    parts.into_iter().reduce(worse)
}

/// The result of an objective on attainment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttainmentResult {
    /// The verdict.
    pub verdict: Verdict,
    /// met / (met + breached), rounded down to the millionth; `None` when nothing was decided.
    pub attainment: Option<Share>,
    /// How many more breaches the objective can take before it is missed, with the clocks met so
    /// far; negative when it is missed.
    pub breach_allowance: i64,
}

/// Evaluates the objective on counts of clocks, exactly: reaching the share is met. `is_over`:
/// the period has ended.
///
/// The allowance is the largest `k` with `met >= share x (met + breached + k)`; `i64::MAX` where
/// there is none, since every share is at least 0 %.
pub fn evaluate(promise: &AttainmentPromise, counts: &Counts, is_over: bool) -> AttainmentResult {
    let decided = saturated(counts.decided());
    let most = promise.share.largest_whole(counts.met).map(saturated);
    AttainmentResult {
        verdict: verdict(promise, counts, is_over),
        attainment: counts.attainment(),
        breach_allowance: most.map_or(i64::MAX, |most| most.saturating_sub(decided)),
    }
}

fn verdict(promise: &AttainmentPromise, counts: &Counts, is_over: bool) -> Verdict {
    let decided = counts.decided();
    if decided < promise.minimum_count.max(1) {
        Verdict::NoData
    } else if promise.share.is_reached(counts.met, decided) {
        Verdict::Met
    } else if is_over {
        Verdict::Missed
    } else {
        Verdict::AtRisk
    }
}

fn saturated(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn promise(percent: &str, minimum_count: u64) -> AttainmentPromise {
        AttainmentPromise {
            target_id: "resolve".into(),
            priorities: Vec::new(),
            share: Share::from_percent(percent).unwrap_or_default(),
            minimum_count,
        }
    }

    fn counts(met: u64, breached: u64) -> Counts {
        Counts { met, breached, ..Counts::default() }
    }

    #[test]
    fn ninety_five_of_a_hundred_is_met_and_one_less_is_not() {
        let of = |met, breached| evaluate(&promise("95", 1), &counts(met, breached), true);
        assert_eq!(of(95, 5).verdict, Verdict::Met);
        assert_eq!(of(95, 5).breach_allowance, 0);
        assert_eq!(of(94, 6).verdict, Verdict::Missed);
        assert_eq!(of(94, 6).breach_allowance, -2);
        assert_eq!(of(190, 5).breach_allowance, 5);
    }

    /// P15: an objective of "0" left 9,223,372,036,854,775,804 breaches.
    #[test]
    fn nothing_misses_an_objective_of_nothing() {
        let of = |met, breached| evaluate(&promise("0", 1), &counts(met, breached), true);
        assert_eq!((of(0, 3).verdict, of(0, 3).breach_allowance), (Verdict::Met, i64::MAX));
        assert_eq!(of(5, 0).breach_allowance, i64::MAX);
    }

    #[test]
    fn a_period_that_goes_on_is_at_risk_and_one_with_too_few_clocks_has_no_data() {
        assert_eq!(evaluate(&promise("95", 1), &counts(9, 1), false).verdict, Verdict::AtRisk);
        assert_eq!(evaluate(&promise("95", 20), &counts(9, 1), true).verdict, Verdict::NoData);
        assert_eq!(evaluate(&promise("0", 1), &counts(0, 0), true).verdict, Verdict::NoData);
    }

    #[test]
    fn a_miss_stands_worst_then_what_reached_less_and_no_data_does_not_count() {
        let share = |percent| Share::from_percent(percent).ok();
        let ascending = [
            (Verdict::NoData, None),
            (Verdict::Met, share("99.9")),
            (Verdict::Met, share("99")),
            (Verdict::AtRisk, None),
            (Verdict::Missed, None),
            (Verdict::Missed, share("98")),
            (Verdict::Missed, share("97")),
        ];
        for (place, one) in ascending.into_iter().enumerate() {
            for (other_place, other) in ascending.into_iter().enumerate() {
                assert_eq!(is_worse(one, other), place > other_place, "{one:?} {other:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_allowance_can_be_used_up_and_not_one_breach_more(
            share in 1u32..=100, met in 0u64..500, breached in 0u64..500,
        ) {
            let promise = promise(&share.to_string(), 1);
            let AttainmentResult { verdict, breach_allowance, .. } =
                evaluate(&promise, &counts(met, breached), true);
            if met + breached > 0 {
                prop_assert_eq!(verdict == Verdict::Met, breach_allowance >= 0);
            }
            if let Ok(more) = u64::try_from(breach_allowance) {
                let used_up = evaluate(&promise, &counts(met, breached + more), true);
                let and_one = evaluate(&promise, &counts(met, breached + more + 1), true);
                prop_assert!(met + breached + more == 0 || used_up.verdict == Verdict::Met);
                prop_assert_eq!(and_one.verdict, Verdict::Missed);
            }
        }
    }
}
