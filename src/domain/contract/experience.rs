//! Experience terms: how the experience of the client's people is measured and limited.

use super::is_catch_all;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// How the experience of the client's people is measured and limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExperienceTerms {
    /// The hours in which they work; empty: the service hours of each target.
    pub calendar_id: String,
    /// How long an incident may trouble them, by priority; none: the target's limit.
    pub limits: Vec<ExperienceLimit>,
    /// How many people the contract serves; 0: not reported.
    pub people: u32,
    /// The weights of the SLX figure; `None`: there is no such figure.
    pub slx_weights: Option<SlxWeights>,
}

/// The weights of the SLX figure's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlxWeights {
    /// The weight of lost time.
    pub lost_time: u32,
    /// The weight of promises kept.
    pub promises: u32,
    /// The weight of idle time.
    pub idle: u32,
    /// The weight of the score.
    pub score: u32,
    /// The people-time lost by a hundred people in thirty days at which the lost-time part is 0.
    pub worst_lost_time: Span,
    /// With fewer answers the score has no weight.
    pub minimum_answers: u64,
    /// With fewer promises kept or broken, promises have no weight.
    pub minimum_promises: u64,
    /// Lost and idle time have no weight unless what they rest on was reported of at least this
    /// share of incidents.
    pub minimum_reported: Share,
}

impl SlxWeights {
    /// How many answers and promises a part must rest on, unless the contract says otherwise.
    pub const MINIMUM_COUNT: u64 = 10;
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
    /// With fewer survey answers there is no data, for measures that rest on them.
    pub minimum_answers: u64,
    /// For lost time: of at least this share of incidents it must be reported how many people they
    /// hit, or there is no data.
    pub minimum_reported: Share,
}

/// Of which share of incidents something must be reported to be a finding, unless the contract says
/// otherwise.
pub const MINIMUM_REPORTED: Share = Share::HALF;

/// How people's experience is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExperienceMeasure {
    /// An average score of at least so many hundredths.
    Score(u32),
    /// A happiness (share of scores 9 and 10 less share of 0 to 6, as in the Net Promoter Score) of
    /// at least so many hundredths of a percent.
    Happiness(i32),
    /// At most this people-time lost for each hundred people the contract serves.
    LostTime(Span),
}

impl ExperienceTerms {
    /// How long an incident of a priority may trouble people, if the terms limit that.
    pub fn limit(&self, priority: &str) -> Option<Span> {
        let named = self.limits.iter().find(|limit| limit.priority == priority);
        let found =
            named.or_else(|| self.limits.iter().find(|limit| is_catch_all(&limit.priority)));
        found.map(|limit| limit.limit)
    }
}
