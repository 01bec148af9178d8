//! Experience terms: by what the experience of the client's people is measured.

use super::{Contract, Finding, Promise, lint};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::Span;

/// By what the experience of the client's people is measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExperienceTerms {
    /// The hours in which they work; empty: the service hours of each target.
    pub calendar_id: String,
    /// How long an incident may trouble them, by priority; none: what the target promises.
    pub limits: Vec<ExperienceLimit>,
    /// How many people the contract serves; 0: it is not told.
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

pub(super) fn lint_experience<'c>(
    contract: &Contract,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    lint_people(contract, findings);
    let Some(terms) = &contract.terms.experience else { return };
    if !terms.calendar_id.is_empty() {
        let field = "terms.experience.calendar_id".to_owned();
        lint::lint_calendar(&terms.calendar_id, field, hours, findings);
    }
    let knows = |priority: &str| contract.terms.targets.iter().any(|t| t.limit(priority).is_some());
    for (index, limit) in terms.limits.iter().enumerate() {
        if !limit.priority.is_empty() && !knows(&limit.priority) {
            let field = format!("terms.experience.limits[{index}].priority");
            let text = format!("no target has a limit for priority {:?}", limit.priority);
            findings.push(lint::warning(field, text));
        }
    }
}

/// Whoever promises something for each hundred people must tell how many there are.
fn lint_people(contract: &Contract, findings: &mut Vec<Finding>) {
    let terms = contract.terms.experience.as_deref();
    let is_told = terms.is_some_and(|terms| terms.people > 0);
    let weights = terms.and_then(|terms| terms.slx_weights);
    if !is_told && weights.is_some_and(|weights| weights.lost_time > 0) {
        let text = "lost time is weighed for each hundred people: tell how many there are";
        findings.push(lint::error("terms.experience.people", text));
    }
    let promises_lost_time = |promise: &Promise| {
        let Promise::Experience(promise) = promise else { return false };
        matches!(promise.measure, ExperienceMeasure::LostTime(_))
    };
    let mut objectives = contract.terms.objectives.iter();
    if let Some(objective) = objectives.find(|o| promises_lost_time(&o.promise) && !is_told) {
        let text = format!(
            "{:?} is reckoned for each hundred people: tell how many the contract serves",
            objective.id
        );
        findings.push(lint::error("terms.experience.people", text));
    }
}
