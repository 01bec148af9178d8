//! Experience terms: by what the experience of the client's people is measured.

use crate::domain::time::Span;

/// By what the experience of the client's people is measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExperienceTerms {
    /// The hours in which they work; empty: the service hours of each target.
    pub calendar_id: String,
    /// How long an incident may trouble them, by priority; none: what the target promises.
    pub limits: Vec<ExperienceLimit>,
    /// How many people the contract serves; 0: not reported.
    pub people: u32,
    /// How the SLX figure is weighed; none: there is no such figure.
    pub slx_weights: Option<SlxWeights>,
}

/// How the SLX figure is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlxWeights {
    /// What lost time weighs.
    pub lost_time: u32,
    /// What promises kept weigh.
    pub promises: u32,
    /// What idle time weighs.
    pub idle: u32,
    /// What the score weighs.
    pub score: u32,
    /// The people-time that a hundred people lose in thirty days when the part is worth nothing.
    pub worst_lost_time: Span,
}

/// How long an incident of a priority may trouble people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperienceLimit {
    /// The priority as the backend names it; empty: every priority not named.
    pub priority: String,
    /// In the hours they work. Reaching it exactly is met.
    pub limit: Span,
}

/// What people's experience must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExperiencePromise {
    /// What is promised.
    pub measure: ExperienceMeasure,
    /// With fewer answers to surveys it says nothing, where it rests on them.
    pub minimum_answers: u64,
}

/// How people's experience is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExperienceMeasure {
    /// An average score of at least so many hundredths.
    Score(u32),
    /// A share of 9 and 10 less that of 0 to 6 of at least so many hundredths of a percent.
    Happiness(i32),
    /// At most this people-time lost for each hundred people the contract serves.
    LostTime(Span),
}

impl ExperienceTerms {
    /// How long an incident of a priority may trouble people, if they say so.
    pub fn limit(&self, priority: &str) -> Option<Span> {
        let named = self.limits.iter().find(|limit| limit.priority == priority);
        let found = named.or_else(|| self.limits.iter().find(|limit| limit.priority.is_empty()));
        found.map(|limit| limit.limit)
    }
}
