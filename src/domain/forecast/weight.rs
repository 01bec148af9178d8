//! A learnt weight, and how it moves with every lesson.

/// The information of a prior: about 125 lessons move a weight half way.
const PRIOR_INFORMATION: f32 = 20.0;
/// After this many days half of what was learnt counts.
const HALF_LIFE_DAYS: f32 = 45.0;

/// A learnt weight: of a categorical feature's value, or of a curve's knot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// What it adds, in log-odds.
    pub value: f32,
    /// The Fisher information behind the value, the prior's included.
    pub information: f32,
    /// The day of the last lesson, from 1970-01-01.
    pub day: u32,
}

impl Weight {
    /// A weight of which nothing was learnt yet.
    pub const fn prior(value: f32) -> Weight {
        Weight { value, information: PRIOR_INFORMATION, day: 0 }
    }

    /// The information beyond the prior, as of the day of the last lesson.
    pub fn evidence(&self) -> f32 {
        self.information - PRIOR_INFORMATION
    }

    /// Moves the weight by a lesson that counts for `part`, 0 to 1. A lesson of an earlier day than
    /// the last counts for as much as is left of it by now, and moves no day back: what is faded
    /// once would be faded again otherwise.
    pub(super) fn learn(&mut self, lesson: Lesson, part: f32) {
        let fading = left_after(lesson.day.saturating_sub(self.day));
        let part = part * left_after(self.day.saturating_sub(lesson.day));
        self.information = PRIOR_INFORMATION + self.evidence() * fading + part * lesson.information;
        self.value -= part * lesson.error / self.information;
        self.day = self.day.max(lesson.day);
    }
}

/// The share of what was learnt that is left after some days.
fn left_after(days: u32) -> f32 {
    0.5f32.powf(days as f32 / HALF_LIFE_DAYS)
}

/// What a decided clock teaches by one of its feature vectors.
#[derive(Clone, Copy)]
pub(super) struct Lesson {
    /// The probability given less the outcome, 1 for breached and 0 for met.
    pub error: f32,
    /// The information of the lesson: `p (1 - p)`, most where the outcome was least certain.
    pub information: f32,
    /// The day it was decided on, from 1970-01-01.
    pub day: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finding 1: a lesson of an earlier day moved the weight's day back, and the next lesson faded
    /// all evidence once more.
    #[test]
    fn evidence_is_never_forgotten_twice() {
        let lesson = |day| Lesson { error: 0.1, information: 0.2, day };
        let (mut in_order, mut mixed) = (Weight::prior(0.0), Weight::prior(0.0));
        for day in 1000..1100 {
            for _ in 0..2 {
                in_order.learn(lesson(day), 1.0);
            }
            mixed.learn(lesson(day), 1.0);
            mixed.learn(lesson(day - 1), 1.0);
        }
        assert!(in_order.evidence() > 15.0, "{}", in_order.evidence());
        assert!((mixed.evidence() / in_order.evidence() - 1.0).abs() < 0.02);
        assert_eq!(mixed.day, in_order.day);
    }

    #[test]
    fn an_old_lesson_counts_for_what_is_left_of_it() {
        let lesson = |day| Lesson { error: 0.1, information: 0.2, day };
        let mut weight = Weight::prior(0.0);
        weight.learn(lesson(1000), 1.0);
        let before = weight.evidence();
        weight.learn(lesson(1000 - HALF_LIFE_DAYS as u32), 1.0);
        assert!((weight.evidence() - before - 0.1).abs() < 1e-6);
    }
}
