//! Explains a forecast in words: how things stand, how clocks alike turned out, and which features
//! moved it, and by how much.

use super::alike::Passed;
use super::categorical_feature::{CATEGORICAL_FEATURES, CategoricalFeature};
use super::curve_feature::{CURVE_FEATURES, CurveFeature};
use super::effort::{Effort, Estimates};
use super::feature_vector::FeatureVector;
use super::model::Model;
use super::snapshot::{Holder, Snapshot};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Outcome, Phase};
use crate::domain::incident::WaitingOn;
use crate::domain::time::{Instant, Span};
use crate::domain::wording::{LocalTime, roughly, service_time};

/// Effects smaller than this, in log-odds, are not listed.
const LISTED_FROM: f32 = 0.05;
/// From so many log-odds on an effect is no longer slight, and from so many on it is great: the
/// odds times 1.6 and 4.5.
const NOT_SLIGHT_FROM: f32 = 0.5;
const GREAT_FROM: f32 = 1.5;
const MINUTE: Span = Span::from_minutes(1);

/// One feature's effect on a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The feature's value and what it does, in plain words: `no group has it: a breach is slightly
    /// more likely`.
    pub text: String,
    /// What it adds to the log-odds; above zero it makes a breach more probable.
    pub log_odds: f32,
    /// The information behind it beyond the prior; 0: none of this contract's own.
    pub evidence: f32,
}

/// The feature that a contribution belongs to.
#[derive(Clone, Copy)]
enum Effect {
    CategoricalFeature(CategoricalFeature),
    CurveFeature(CurveFeature),
}

/// The effects on a forecast that are worth a word, the strongest first: `most` of them at most.
/// Instants are said in `local` time.
pub fn explain(
    model: &Model,
    snapshot: &Snapshot<'_>,
    features: &FeatureVector,
    local: &LocalTime,
    most: usize,
) -> Vec<Reason> {
    let categorical_features = CATEGORICAL_FEATURES.iter().zip(features.keys);
    let categorical_features = categorical_features
        .map(|(of, key)| (Effect::CategoricalFeature(*of), model.weight(key).evidence()));
    let curve_features = CURVE_FEATURES.iter().zip(features.points);
    let curve_features = curve_features
        .map(|(of, (key, at))| (Effect::CurveFeature(*of), model.curve_evidence(*of, key, at)));
    let effects = categorical_features.chain(curve_features).zip(model.contributions(features));
    let mut strongest: Vec<_> =
        effects.filter(|(_, log_odds)| log_odds.abs() >= LISTED_FROM).collect();
    strongest.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    let reasons = strongest.into_iter().map(|((effect, evidence), log_odds)| {
        let words = match effect {
            Effect::CategoricalFeature(of) => categorical_feature_words(of, snapshot),
            Effect::CurveFeature(of) => curve_feature_words(of, snapshot, local),
        };
        let text = format!("{words}: a breach is {}", as_likely(log_odds));
        (!words.is_empty()).then_some(Reason { text, log_odds, evidence })
    });
    // Whatever is beyond is not put into words at all.
    reasons.flatten().take(most).collect()
}

fn as_likely(log_odds: f32) -> &'static str {
    match (log_odds > 0.0, log_odds.abs()) {
        (_, ..LISTED_FROM) => "as likely as without",
        (true, ..NOT_SLIGHT_FROM) => "slightly more likely",
        (false, ..NOT_SLIGHT_FROM) => "slightly less likely",
        (true, GREAT_FROM..) => "much more likely",
        (false, GREAT_FROM..) => "much less likely",
        (true, _) => "more likely",
        (false, _) => "less likely",
    }
}

fn categorical_feature_words(of: CategoricalFeature, snapshot: &Snapshot<'_>) -> String {
    let incident = &snapshot.incident;
    let holder = incident.holder.words();
    match of {
        CategoricalFeature::Bias => String::new(),
        CategoricalFeature::Clause => {
            format!("target {}, {}", snapshot.target_id, priority(snapshot))
        }
        CategoricalFeature::ClauseAndHolder => format!("{} while {holder}", priority(snapshot)),
        CategoricalFeature::Events => match incident.event_count {
            0 | 1 => "nothing has happened since it was opened".to_owned(),
            2 => "something happened twice".to_owned(),
            count => format!("something happened {count} times"),
        },
        CategoricalFeature::Reassignments => match incident.reassignment_count {
            0 => "never handed over".to_owned(),
            1 => "handed over once".to_owned(),
            2 => "handed over twice".to_owned(),
            count => format!("handed over {count} times"),
        },
        CategoricalFeature::OffHours if snapshot.is_off_hours => {
            "something last happened outside service hours".into()
        }
        CategoricalFeature::OffHours => "something last happened within service hours".into(),
        CategoricalFeature::Group => group(snapshot),
        CategoricalFeature::GroupAndHolder => format!("{} while {holder}", group(snapshot)),
        CategoricalFeature::Assignee => assignee(snapshot),
        CategoricalFeature::Category if snapshot.category.is_empty() => "no category".to_owned(),
        CategoricalFeature::Category => format!("category {}", snapshot.category),
        CategoricalFeature::Target => format!("target {}", snapshot.target_id),
    }
}

fn curve_feature_words(of: CurveFeature, snapshot: &Snapshot<'_>, local: &LocalTime) -> String {
    let holder = snapshot.incident.holder.words();
    let used = || format!("{} % of the limit", snapshot.elapsed.percent_of(snapshot.limit));
    let status = || match snapshot.time.since(snapshot.incident.in_state_since) {
        new if new < MINUTE => "its status is new".to_owned(),
        old => format!("its status is {} old", roughly(old)),
    };
    match of {
        CurveFeature::ShareUsed => format!("{} is used while {holder}", used()),
        CurveFeature::Idle => match snapshot.time.since(snapshot.incident.last_event_time) {
            fresh if fresh < MINUTE => format!("something happened just now while {holder}"),
            idle => format!("nothing has happened for {} while {holder}", roughly(idle)),
        },
        CurveFeature::InState => format!("{} while {holder}", status()),
        CurveFeature::ShareUsedOfGroup => {
            format!("{} and {} is used", group(snapshot), used())
        }
        CurveFeature::InStateOfGroup => format!("{} and {}", group(snapshot), status()),
        CurveFeature::ShareUsedOfAssignee => {
            format!("{} and {} is used", assignee(snapshot), used())
        }
        CurveFeature::Nearness => nearness(snapshot, local),
    }
}

fn nearness(snapshot: &Snapshot<'_>, local: &LocalTime) -> String {
    match (snapshot.due_time, snapshot.phase) {
        (Some(due), _) if due <= snapshot.time => "its limit is used up".to_owned(),
        (Some(due), Phase::Paused) => {
            format!("it would be due {} if it went on now", local.moment(due))
        }
        (Some(due), _) => format!("it is due {}", local.moment(due)),
        (None, _) => String::new(),
    }
}

fn priority(snapshot: &Snapshot<'_>) -> String {
    match snapshot.priority {
        "" => "no priority".to_owned(),
        priority => format!("priority {priority}"),
    }
}

fn group(snapshot: &Snapshot<'_>) -> String {
    match snapshot.incident.state.group {
        "" => "no group has it".to_owned(),
        group => format!("group {group} has it"),
    }
}

fn assignee(snapshot: &Snapshot<'_>) -> String {
    match snapshot.incident.state.assignee {
        "" => "nobody is assigned".to_owned(),
        assignee => format!("{assignee} is assigned"),
    }
}

/// The effect of an estimate of the work left on a probability that was another without it.
pub fn explain_effort(estimates: &Estimates, effort: &Effort, without: f64, with: f64) -> Reason {
    let left = service_time(effort.left);
    let log_odds = (log_odds(with) - log_odds(without)) as f32;
    let fit = match effort.slack {
        slack if slack <= Span::ZERO => ", and nothing of the limit".to_owned(),
        slack if slack < effort.left => {
            format!(", more than fits into {}", service_time(slack))
        }
        slack => format!(", and {} to do it", service_time(slack)),
    };
    let likely = if effort.left >= effort.slack { "certain" } else { as_likely(log_odds) };
    let text = format!("{left} of work is left{fit}: a breach is {likely}");
    Reason { text, log_odds, evidence: estimates.errors(&effort.team).count as f32 }
}

/// The log-odds of a probability, which is taken to be no more certain than one in a million.
fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

/// How a clock stands, who holds its incident since when, and how clocks like it turned out; of one
/// that went over its limit at `breach_time`, since when it is late.
pub fn summary(
    snapshot: &Snapshot<'_>,
    breach_time: Option<Instant>,
    alike: Passed,
    hours: &ServiceHours,
    local: &LocalTime,
) -> String {
    let held = held(snapshot, local);
    let is_used_up = snapshot.phase == Phase::Running && snapshot.remaining() == Span::ZERO;
    let met_until = || hours.exceeds_at(snapshot.time, Span::ZERO);
    match (breach_time, is_used_up.then(met_until).flatten()) {
        (Some(breach), _) => format!("late since {}; {held}", local.moment(breach)),
        _ if snapshot.outcome == Outcome::Breached => format!("late; {held}"),
        (_, Some(until)) => {
            let until = local.moment(until);
            let met = format!("nothing of the limit is left, but stopped by {until} it is met");
            format!("{met}; {held}; {}", alike.words())
        }
        _ => format!("{held}; {}", alike.words()),
    }
}

fn held(snapshot: &Snapshot<'_>, local: &LocalTime) -> String {
    let incident = &snapshot.incident;
    let since = local.moment(incident.held_since);
    match (incident.holder, incident.state.third_party) {
        (Holder::Queue, _) => format!("nobody has taken it up since {since}"),
        (Holder::Provider, _) => format!("the provider has had it since {since}"),
        (Holder::Client, _) => format!("it has waited for the client since {since}"),
        (Holder::ThirdParty, "") => format!("it has waited for a third party since {since}"),
        (Holder::ThirdParty, name) => format!("it has waited for {name} since {since}"),
        (Holder::Internal, _) if incident.state.waiting_on == WaitingOn::Nobody => {
            format!("nobody has had to act since {since}")
        }
        (Holder::Internal, _) => format!("it has waited inside the provider since {since}"),
    }
}

#[cfg(test)]
mod tests;
