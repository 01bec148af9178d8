//! Surveys: the answers of the people an incident hit.
//!
//! Scores go from 0 to 10. *Happiness* is computed as the Net Promoter Score is (Reichheld, Harvard
//! Business Review, December 2003): the share of answers of 9 and 10 less the share of those of 0
//! to 6, from -100 % to 100 %; scores of 7 and 8 count in the total only.

use crate::domain::decimal::Decimal;
use crate::domain::figures::{Count, PeopleTime, define_figures, survey_table};
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;
use crate::domain::time_sum::TimeSum;

survey_table!(define_figures);

impl Survey {
    /// The answers about an incident up to an instant.
    pub fn of(history: &History<'_>, as_of: Instant) -> Survey {
        let mut survey = Survey::default();
        for recorded in history.effective() {
            match recorded.value.fact {
                Fact::Surveyed { score, lost_time } if recorded.value.occur_time <= as_of => {
                    survey.add(&Survey::answer(score, lost_time.into()));
                }
                _ => {}
            }
        }
        survey
    }

    /// An answer without a score says how much time was lost, and counts as no answer.
    fn answer(score: Option<u32>, lost_time: TimeSum) -> Survey {
        let Some(score) = score else { return Survey { lost_time, ..Survey::default() } };
        Survey {
            answers: 1,
            scores: u64::from(score),
            happy: u64::from(score >= 9),
            unhappy: u64::from(score <= 6),
            lost_time,
        }
    }

    /// The average score from 0 to 10, rounded down to the hundredth; `None` without answers.
    pub fn average_score(&self) -> Option<Decimal> {
        let hundredths = self.scores.saturating_mul(100).checked_div(self.answers)?;
        Some(Decimal::new(hundredths, 2))
    }

    /// The share of scores 9 and 10 less the share of 0 to 6, in percent from -100 to 100, rounded
    /// down to the hundredth; `None` without answers.
    pub fn happiness_percent(&self) -> Option<Decimal> {
        let part = i128::from(self.happy) - i128::from(self.unhappy);
        let whole = i128::from(self.answers);
        (whole > 0).then(|| Decimal::new((part * 10_000).div_euclid(whole), 2))
    }
}
