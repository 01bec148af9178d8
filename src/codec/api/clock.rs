//! Clocks, as answers show them.

use crate::codec::choices::{
    cycle_verdict_number, metric_number, outcome_number, phase_number, segment_kind_number,
    waiting_on_number,
};
use crate::codec::scalar::{duration, timestamp};
use crate::codec::v1;
use crate::domain::clock::{Clock, Evaluation, Exclusion, Segment, TargetVerdict, WarnAt, Warning};

/// The message of a clock, with its segments or without.
pub fn encode(
    incident_id: &str,
    clock: &Clock<'_>,
    time_zone_database: &str,
    with_segments: bool,
) -> v1::Clock {
    let segments = if with_segments { clock.segments.as_slice() } else { &[] };
    v1::Clock {
        incident_id: incident_id.to_owned(),
        contract_id: clock.contract_id.to_owned(),
        contract_revision: clock.contract_revision as i32,
        target_id: clock.target_id.to_owned(),
        cycle: clock.cycle as i32,
        priority: clock.priority.to_owned(),
        phase: phase_number(clock.phase),
        outcome: outcome_number(clock.verdict()),
        limit: Some(duration(clock.limit)),
        elapsed: Some(duration(clock.elapsed)),
        remaining: Some(duration(clock.remaining())),
        percent_elapsed: clock.elapsed.percent_of(clock.limit),
        start_time: clock.start_time.map(timestamp),
        stop_time: clock.stop_time.map(timestamp),
        original_due_time: clock.original_due_time.map(timestamp),
        due_time: clock.due_time.map(timestamp),
        breach_time: clock.breach_time.map(timestamp),
        exclusion: clock.exclusion.as_ref().map(encode_exclusion).unwrap_or_default(),
        excluded_outcome: clock.exclusion.map_or(0, |_| outcome_number(clock.outcome)),
        calendar_revision: clock.calendar_revision as i32,
        time_zone_database: time_zone_database.to_owned(),
        segments: segments.iter().map(encode_segment).collect(),
        calendar_id: clock.calendar_id.to_owned(),
        metric: metric_number(clock.metric),
        warnings: clock.warnings.iter().map(encode_warning).collect(),
        notes: clock.notes.clone(),
        forecast: None,
    }
}

/// On what ground a clock is excluded.
pub(super) fn encode_exclusion(exclusion: &Exclusion<'_>) -> String {
    match exclusion {
        Exclusion::Rule(rule) if rule.title.is_empty() => format!("rule {}", rule.id),
        Exclusion::Rule(rule) => format!("rule {}: {}", rule.id, rule.title),
        Exclusion::Decision { event_id, decision } => {
            let (by, reason) = (&decision.decided_by, &decision.reason);
            format!("decided by {by} ({event_id}): {reason}")
        }
    }
}

/// The message of a stretch of a clock's timeline.
pub fn encode_segment(segment: &Segment<'_>) -> v1::Segment {
    v1::Segment {
        start_time: Some(timestamp(segment.start)),
        end_time: Some(timestamp(segment.end)),
        kind: segment_kind_number(segment.kind),
        waiting_on: waiting_on_number(segment.waiting_on),
        third_party: segment.third_party.to_owned(),
        reason: segment.reason.to_owned(),
        service_time: Some(duration(segment.service_time)),
        counted: Some(duration(segment.counted)),
        event_id: segment.event_id.to_owned(),
        priority: segment.priority.to_owned(),
        moved_due_time: segment.moved_due.map(timestamp),
    }
}

/// A warning of a clock.
pub(super) fn encode_warning(warning: &Warning) -> v1::Warning {
    let (percent, before, after) = match warning.at {
        WarnAt::Percent(percent) => (i32::from(percent), None, None),
        WarnAt::BeforeDue(before) => (0, Some(duration(before)), None),
        WarnAt::AfterDue(after) => (0, None, Some(duration(after))),
    };
    v1::Warning {
        percent,
        before_due: before,
        after_due: after,
        time: warning.time.map(timestamp),
        reached: warning.reached,
    }
}

/// The message of an evaluation's clocks and verdicts.
pub fn encode_evaluation(
    incident_id: &str,
    evaluation: &Evaluation<'_>,
    time_zone_database: &str,
    with_segments: bool,
) -> v1::EvaluateIncidentResponse {
    let clocks = evaluation.clocks.iter();
    let clocks = clocks.map(|clock| encode(incident_id, clock, time_zone_database, with_segments));
    v1::EvaluateIncidentResponse {
        clocks: clocks.collect(),
        verdicts: evaluation.verdicts.iter().map(encode_verdict).collect(),
        ..Default::default()
    }
}

/// The message of a target's verdict.
fn encode_verdict(verdict: &TargetVerdict<'_>) -> v1::TargetVerdict {
    v1::TargetVerdict {
        contract_id: verdict.contract_id.to_owned(),
        target_id: verdict.target_id.to_owned(),
        cycle_verdict: cycle_verdict_number(verdict.cycle_verdict),
        outcome: outcome_number(verdict.verdict()),
        cycle: verdict.cycle as i32,
        elapsed: Some(duration(verdict.elapsed)),
        limit: Some(duration(verdict.limit)),
    }
}
