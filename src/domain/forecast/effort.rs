//! Combines engineers' estimates of the remaining work with the model's probability.
//!
//! Engineers err by a factor that differs from team to team: `ln(actual / estimate)` has a mean and
//! a spread, learnt from clocks that had an estimate. With `r` estimated, `m` the usual factor,
//! `s` the spread, `slack` what is left of the limit and `x = r / slack`:
//! `z = b * z_model + (1.45 / s) * ln(m * (x + 0.03)) - 0.5 * ln(1 - x)`, `b = s^2 / (s^2 + 1.5)`,
//! in log-odds. The better a team estimates, the more its estimate counts and the less the model.
//! The slopes were fitted to real remaining times with simulated errors of known spread. More work
//! never makes a breach less probable; and work that would no longer fit if it went on alone, with
//! nothing in its way, can't be done in time.

use std::collections::BTreeMap;

use crate::domain::time::Span;

/// The spread assumed of a team without estimates, and how many estimates that prior is worth.
const PRIOR_SPREAD: f64 = 1.0;
const PRIOR_WEIGHT: f64 = 10.0;
/// The least spread that is believed of a team.
const SPREAD_LEAST: f64 = 0.2;

const ESTIMATE_SLOPE: f64 = 1.45;
const MODEL_HALF: f64 = 1.5;
/// No work left counts as this share of what is left of the limit.
const SHARE_LEAST: f64 = 0.03;
/// How strongly the work fills up what is left of the limit as it nears all of it.
const FULLNESS: f64 = 0.5;

/// An estimate of the work left, beside what is left of the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    /// The group whose estimate it is.
    pub team: String,
    /// The work left, as estimated.
    pub left: Span,
    /// The limit less the elapsed time.
    pub slack: Span,
}

/// The estimation errors of each team.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimates {
    teams: BTreeMap<String, Errors>,
}

/// A team's errors, `ln(actual / estimate)`, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// How many estimates could be compared with the actual work.
    pub count: f64,
    /// The sum of their errors.
    pub sum: f64,
    /// The sum of their squares.
    pub sum_of_squares: f64,
}

impl Estimates {
    /// Learns from a stopped clock of a team: when `estimated` work was left by the estimate,
    /// `actual` was.
    pub fn learn(&mut self, team: &str, estimated: Span, actual: Span) {
        if estimated > Span::ZERO && actual > Span::ZERO {
            let error = ratio(actual, estimated).ln();
            let errors = self.teams.entry(team.to_owned()).or_default();
            errors.count += 1.0;
            errors.sum += error;
            errors.sum_of_squares += error * error;
        }
    }

    /// Each team's errors so far, in the order of their names.
    pub fn teams(&self) -> impl Iterator<Item = (&str, Errors)> {
        self.teams.iter().map(|(team, errors)| (team.as_str(), *errors))
    }

    /// The estimates with these errors, as [`Estimates::teams`] listed them.
    pub fn restored(teams: impl IntoIterator<Item = (String, Errors)>) -> Estimates {
        Estimates { teams: teams.into_iter().collect() }
    }

    /// A team's errors so far.
    pub fn errors(&self, team: &str) -> Errors {
        self.teams.get(team).copied().unwrap_or_default()
    }

    /// The breach probability from the model's and an estimate of the remaining work. It never
    /// falls with more work, and is 1 for work that does not fit into what is left of the limit.
    pub fn combine(&self, probability: f64, effort: &Effort) -> f64 {
        let Effort { left, slack, .. } = *effort;
        if slack <= Span::ZERO || left >= slack {
            return 1.0;
        }
        if probability <= 0.0 || probability >= 1.0 {
            return probability;
        }
        let errors = self.errors(&effort.team);
        let spread = errors.spread();
        let model = spread * spread / (spread * spread + MODEL_HALF);
        let log_odds = (probability / (1.0 - probability)).ln();
        let share = ratio(left, slack).max(0.0);
        let estimate = (share + SHARE_LEAST).ln() + errors.mean();
        let fullness = -FULLNESS * (1.0 - share).ln();
        let combined = model * log_odds + ESTIMATE_SLOPE / spread * estimate + fullness;
        1.0 / (1.0 + (-combined).exp())
    }
}

impl Errors {
    /// The mean error, shrunk towards zero.
    pub fn mean(self) -> f64 {
        self.sum / (self.count + PRIOR_WEIGHT)
    }

    /// The standard deviation of the errors, shrunk towards the prior.
    pub fn spread(self) -> f64 {
        let mean = self.mean();
        let about_mean = self.sum_of_squares - 2.0 * mean * self.sum + self.count * mean * mean;
        let prior = PRIOR_WEIGHT * (PRIOR_SPREAD * PRIOR_SPREAD + mean * mean);
        ((about_mean + prior) / (self.count + PRIOR_WEIGHT)).sqrt().max(SPREAD_LEAST)
    }
}

fn ratio(part: Span, whole: Span) -> f64 {
    part.nanos() as f64 / whole.nanos() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(lessons: usize, factor: i64) -> Estimates {
        let mut estimates = Estimates::default();
        for _ in 0..lessons {
            estimates.learn("T", Span::from_hours(1), Span::from_hours(factor));
        }
        estimates
    }

    #[test]
    fn a_team_that_is_always_right_is_believed_and_one_that_halves_is_doubled() {
        let right = after(300, 1);
        let effort = |left, slack| Effort {
            team: "T".into(),
            left: Span::from_hours(left),
            slack: Span::from_hours(slack),
        };
        let tight = right.combine(0.9, &effort(1, 8));
        assert!(tight < 0.002, "{tight}");
        let untried = Estimates::default();
        let wary = untried.combine(0.9, &effort(1, 8));
        assert!(wary > 10.0 * tight, "{wary}");
        let halves = after(300, 4);
        let late = halves.combine(0.2, &effort(3, 8));
        assert!(late > 0.5, "{late}");
    }

    proptest! {
        /// Finding 5: forty hours of work against thirteen came to 66 %, none at all to 98 %, and a
        /// minute to 2 %.
        #[test]
        fn it_never_falls_with_more_work_is_one_when_that_does_not_fit_and_does_not_jump_at_none(
            p in 0.001f64..0.999, left in 0i64..100_000, more in 0i64..100_000,
            slack in 3600i64..100_000, lessons in 0usize..30, factor in 1i64..9,
        ) {
            let estimates = after(lessons, factor);
            let of = |left| {
                let (left, slack) = (Span::from_seconds(left), Span::from_seconds(slack));
                estimates.combine(p, &Effort { team: "T".into(), left, slack })
            };
            prop_assert!(of(left) <= of(left + more));
            prop_assert_eq!(of(slack), 1.0);
            prop_assert_eq!(of(slack + more), 1.0);
            prop_assert!((of(1) - of(0)).abs() < 0.01, "{} {}", of(0), of(1));
        }

        #[test]
        fn it_is_a_probability_and_never_larger_for_more_slack(
            p in 0.001f64..0.999, estimated in 0i64..100_000, slack in 1i64..100_000,
            more in 0i64..100_000, lessons in 0usize..30, factor in 1i64..9,
        ) {
            let estimates = after(lessons, factor);
            let seconds = Span::from_seconds;
            let effort = |slack| Effort {
                team: "T".into(),
                left: seconds(estimated),
                slack: seconds(slack),
            };
            let of = |slack| estimates.combine(p, &effort(slack));
            prop_assert!((0.0..=1.0).contains(&of(slack)));
            prop_assert!(of(slack + more) <= of(slack));
        }
    }
}
