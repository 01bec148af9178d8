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

    /// Moves the weight by a lesson that counts for `part`, 0 to 1.
    pub(super) fn learn(&mut self, lesson: Lesson, part: f32) {
        let age = lesson.day.saturating_sub(self.day) as f32;
        let fading = 0.5f32.powf(age / HALF_LIFE_DAYS);
        self.information = PRIOR_INFORMATION + self.evidence() * fading + part * lesson.information;
        self.value -= part * lesson.error / self.information;
        self.day = lesson.day;
    }
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
