//! Explains a forecast: which features moved it, and by how much.

use super::categorical_feature::{CATEGORICAL_FEATURES, CategoricalFeature};
use super::curve_feature::{CURVE_FEATURES, CurveFeature};
use super::effort::{Effort, Estimates};
use super::feature_vector::FeatureVector;
use super::model::Model;
use super::snapshot::Snapshot;
use crate::domain::time::Span;

/// Effects smaller than this, in log-odds, are not listed.
const LISTED_FROM: f32 = 0.05;

/// One feature's effect on a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The feature's value in plain words: `it waits for the client`.
    pub words: String,
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

/// The at most `most` strongest effects on a forecast, the strongest first.
pub fn explain(
    model: &Model,
    snapshot: &Snapshot<'_>,
    features: &FeatureVector,
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
            Effect::CurveFeature(of) => curve_feature_words(of, snapshot),
        };
        Reason { words, log_odds, evidence }
    });
    reasons.filter(|reason| !reason.words.is_empty()).take(most).collect()
}

fn categorical_feature_words(of: CategoricalFeature, snapshot: &Snapshot<'_>) -> String {
    let incident = &snapshot.incident;
    let holder = incident.holder.words();
    let group = || named("group", incident.state.group);
    match of {
        CategoricalFeature::Bias => String::new(),
        CategoricalFeature::Clause => {
            let priority = named("priority", snapshot.priority);
            format!("target {} and {priority}", snapshot.target_id)
        }
        CategoricalFeature::ClauseAndHolder => {
            format!("{}: {holder}", named("priority", snapshot.priority))
        }
        CategoricalFeature::Events => {
            format!("something happened {}", times(incident.event_count))
        }
        CategoricalFeature::Reassignments => match incident.reassignment_count {
            0 => "never passed on".to_owned(),
            count => format!("passed on {}", times(count)),
        },
        CategoricalFeature::OffHours if snapshot.is_off_hours => {
            "last touched outside service hours".into()
        }
        CategoricalFeature::OffHours => "last touched within service hours".into(),
        CategoricalFeature::Group => group(),
        CategoricalFeature::GroupAndHolder => format!("{}: {holder}", group()),
        CategoricalFeature::Assignee => named("assignee", incident.state.assignee),
        CategoricalFeature::Category => named("category", snapshot.category),
        CategoricalFeature::Target => format!("target {}", snapshot.target_id),
    }
}

fn curve_feature_words(of: CurveFeature, snapshot: &Snapshot<'_>) -> String {
    let holder = snapshot.incident.holder.words();
    let group = || named("group", snapshot.incident.state.group);
    let used = || format!("{:.0} % of the limit is used", 100.0 * snapshot.share_used());
    let in_state = roughly(snapshot.time.since(snapshot.incident.in_state_since));
    match of {
        CurveFeature::ShareUsed => format!("{} while {holder}", used()),
        CurveFeature::Idle => {
            let idle = roughly(snapshot.time.since(snapshot.incident.last_event_time));
            format!("nothing has happened for {idle} while {holder}")
        }
        CurveFeature::InState => format!("for {in_state}, {holder}"),
        CurveFeature::ShareUsedOfGroup => format!("{}: {}", group(), used()),
        CurveFeature::InStateOfGroup => format!("{}: for {in_state} in its state", group()),
        CurveFeature::ShareUsedOfAssignee => {
            format!("{}: {}", named("assignee", snapshot.incident.state.assignee), used())
        }
        CurveFeature::Nearness => match snapshot.due_time {
            Some(due) => format!("due in {} if it runs on", roughly(due.since(snapshot.time))),
            None => String::new(),
        },
    }
}

/// The effect of an estimate of the work left on a probability that was another without it.
pub fn explain_effort(estimates: &Estimates, effort: &Effort, without: f64, with: f64) -> Reason {
    let (left, slack) = (roughly(effort.left), roughly(effort.slack));
    Reason {
        words: format!("{left} of work is left, and {slack} to do it"),
        log_odds: (log_odds(with) - log_odds(without)) as f32,
        evidence: estimates.errors(&effort.team).count as f32,
    }
}

/// The log-odds of a probability, which is taken to be no more certain than one in a million.
fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// A span in words, to what matters: `2 d 5 h`, `5 h 10 min`, `12 min`.
pub fn roughly(span: Span) -> String {
    let minutes = span.nanos().max(0) / 60_000_000_000;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

fn named(what: &str, name: &str) -> String {
    if name.is_empty() { format!("no {what}") } else { format!("{what} {name}") }
}
