//! Surveys: what the people an incident hit say themselves.
//!
//! Scores go from 0 to 10. *Happiness* is reckoned as the Net Promoter Score is (Reichheld, Harvard
//! Business Review, December 2003): the share of answers of 9 and 10 less the share of those of 0
//! to 6, from -100 % to 100 %; the 7 and 8 between them count in the whole only.

use super::time_sum::TimeSum;
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;

/// Answers added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many there are.
    pub answers: u64,
    /// Their scores, added up.
    pub scores: u64,
    /// Answers of 9 and 10.
    pub happy: u64,
    /// Answers of 0 to 6.
    pub unhappy: u64,
    /// The working time they say it cost them, all together.
    pub lost_time: TimeSum,
}

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

    fn answer(score: u32, lost_time: TimeSum) -> Survey {
        Survey {
            answers: 1,
            scores: u64::from(score),
            happy: u64::from(score >= 9),
            unhappy: u64::from(score <= 6),
            lost_time,
        }
    }

    /// Adds others.
    pub fn add(&mut self, other: &Survey) {
        self.answers += other.answers;
        self.scores += other.scores;
        self.happy += other.happy;
        self.unhappy += other.unhappy;
        self.lost_time += other.lost_time;
    }

    /// Takes out others that had been added.
    pub fn remove(&mut self, other: &Survey) {
        self.answers = self.answers.saturating_sub(other.answers);
        self.scores = self.scores.saturating_sub(other.scores);
        self.happy = self.happy.saturating_sub(other.happy);
        self.unhappy = self.unhappy.saturating_sub(other.unhappy);
        self.lost_time = self.lost_time.less(other.lost_time);
    }

    /// The average score in hundredths, rounded down; `None` of nothing.
    pub fn average_hundredths(&self) -> Option<u64> {
        (self.scores * 100).checked_div(self.answers)
    }

    /// The share of 9 and 10 less the share of 0 to 6 in hundredths of a percent, rounded down;
    /// `None` of nothing.
    pub fn happiness(&self) -> Option<i64> {
        let part = i128::from(self.happy) - i128::from(self.unhappy);
        let whole = i128::from(self.answers);
        let share = (whole > 0).then(|| (part * 10_000).div_euclid(whole))?;
        i64::try_from(share).ok()
    }
}
