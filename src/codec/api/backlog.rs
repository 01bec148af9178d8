//! Objectives on the backlog.

use crate::codec::checks::Checks;
use crate::codec::scalar::{count, duration, share_or, unsigned_span};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::{BacklogBound, BacklogPromise};
use crate::domain::share::Share;
use crate::domain::time::Span;

/// An objective on the backlog.
pub(super) fn decode(
    promise: v1::BacklogObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> BacklogPromise {
    let bound = decode_bound(&promise, violations);
    let priority = |priority| checks.priority(priority);
    BacklogPromise {
        target_id: violations.or("target_id", checks.terms_id(promise.target_id), String::new()),
        priorities: violations.each("priorities", promise.priorities, priority),
        bound,
    }
}

fn decode_bound(promise: &v1::BacklogObjective, violations: &mut FieldViolations) -> BacklogBound {
    let (most, percent) = (promise.most, promise.percentile.as_str());
    match (promise.older_than, promise.at_most) {
        (Some(older_than), None) => {
            if !percent.is_empty() {
                violations.add("percentile", "goes with at_most only");
            }
            BacklogBound::Most {
                most: violations.or("most", count(most), 0),
                older_than: violations.or(
                    "older_than",
                    unsigned_span(Some(older_than)),
                    Span::ZERO,
                ),
            }
        }
        (None, Some(at_most)) => {
            if most != 0 {
                violations.add("most", "goes with older_than only");
            }
            let percentile = match share_or(percent, Share::ALL) {
                Ok(Share::NONE) => Err("is 0: write more than 0, up to 100".to_owned()),
                other => other,
            };
            BacklogBound::Percentile {
                percentile: violations.or("percentile", percentile, Share::ALL),
                at_most: violations.or("at_most", unsigned_span(Some(at_most)), Span::ZERO),
            }
        }
        (Some(_), Some(_)) => {
            violations.add("at_most", "is given beside older_than: choose one");
            BacklogBound::Most { most: 0, older_than: Span::ZERO }
        }
        (None, None) => {
            violations.add("older_than", "is missing: give it with most, or at_most");
            BacklogBound::Most { most: 0, older_than: Span::ZERO }
        }
    }
}

/// The message of an objective on the backlog.
pub(super) fn encode(promise: &BacklogPromise) -> v1::BacklogObjective {
    let encoded = v1::BacklogObjective {
        target_id: promise.target_id.clone(),
        priorities: promise.priorities.clone(),
        ..Default::default()
    };
    match promise.bound {
        BacklogBound::Most { most, older_than } => v1::BacklogObjective {
            most: most as i32,
            older_than: Some(duration(older_than)),
            ..encoded
        },
        BacklogBound::Percentile { percentile, at_most } => v1::BacklogObjective {
            percentile: percentile.to_string(),
            at_most: Some(duration(at_most)),
            ..encoded
        },
    }
}
