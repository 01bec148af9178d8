//! One learnt figure, and how it moves with every lesson.

/// The information a prior is worth: about 125 lessons move a weight half way.
const PRIOR_INFORMATION: f32 = 20.0;
const HALF_LIFE_DAYS: f32 = 45.0;

/// One learnt figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// In log-odds.
    pub value: f32,
    /// How much evidence stands behind it, the prior's included.
    pub information: f32,
    /// The day of the last lesson, from 1970-01-01.
    pub day: u32,
}

impl Weight {
    /// A value nothing was learnt of yet.
    pub const fn prior(value: f32) -> Weight {
        Weight { value, information: PRIOR_INFORMATION, day: 0 }
    }

    /// What was learnt beyond the prior, as it is worth on its last day.
    pub fn evidence(&self) -> f32 {
        self.information - PRIOR_INFORMATION
    }

    /// Moves it by a part of a lesson.
    pub(super) fn learn(&mut self, lesson: Lesson, part: f32) {
        let age = lesson.day.saturating_sub(self.day) as f32;
        let fading = 0.5f32.powf(age / HALF_LIFE_DAYS);
        self.information = PRIOR_INFORMATION + self.evidence() * fading + part * lesson.information;
        self.value -= part * lesson.error / self.information;
        self.day = lesson.day;
    }
}

/// What a decided clock teaches at one of its feature vectors.
#[derive(Clone, Copy)]
pub(super) struct Lesson {
    /// The probability less the truth.
    pub error: f32,
    /// How much it teaches: the more, the less the outcome was certain.
    pub information: f32,
    /// The day it was decided on, from 1970-01-01.
    pub day: u32,
}
