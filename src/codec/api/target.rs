//! Targets: what starts, pauses and stops their clocks, and their limits.

use prost_types::Duration;

use super::{answers, limit};
use crate::codec::checks::Checks;
use crate::codec::choices::{
    clock_action, clock_action_number, cycle_verdict, cycle_verdict_number, due_at, due_at_number,
    metric, metric_number, on_priority_change, on_priority_change_number, on_reopen,
    on_reopen_number, on_transfer, on_transfer_number, waiting_on, waiting_on_number,
};
use crate::codec::limits::Limits;
use crate::codec::scalar::{duration, optional_positive_span, positive_span};
use crate::codec::v1;
use crate::codec::violations::{FieldViolations, Wrong};
use crate::domain::contract::{
    ClockAction, Condition, Limit, Metric, OnPriorityChange, PauseRule, SAME_INSTANT_ORDER, Target,
};
use crate::domain::incident::WaitingOn;
use crate::domain::time::Span;
use crate::domain::violation::Violation;

/// A target, with its limits and pauses.
pub(super) fn decode(target: v1::Target, checks: Checks<'_>) -> Result<Target, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    violations.at_most("limits", target.limits.len(), checks.limits.limits_per_target);
    violations.at_most("pauses", target.pauses.len(), checks.limits.pauses_per_target);
    let mut condition =
        |field: &str, source: String| violations.or(field, checks.condition(&source), None);
    let applies_when = condition("applies_when", target.applies_when);
    let start_when = condition("start_when", target.start_when);
    let pause_when = condition("pause_when", target.pause_when);
    let stop_when = condition("stop_when", target.stop_when);
    let restart_when = condition("restart_when", target.restart_when);
    let cancel_when = condition("cancel_when", target.cancel_when);
    let decoded = Target {
        id: violations.or("id", checks.terms_id(target.id), String::new()),
        metric: violations.or("metric", metric(target.metric), Metric::Custom),
        limits: violations.each("limits", target.limits, |one| limit::decode(one, checks)),
        pauses: violations.each("pauses", target.pauses, decode_pause),
        on_priority_change: violations.choice(
            "on_priority_change",
            target.on_priority_change,
            on_priority_change,
        ),
        pauses_maximum: decode_span("pauses_maximum", target.pauses_maximum, &mut violations),
        on_priority_raised: unless_unspecified(
            &mut violations,
            "on_priority_raised",
            target.on_priority_raised,
        ),
        on_priority_lowered: unless_unspecified(
            &mut violations,
            "on_priority_lowered",
            target.on_priority_lowered,
        ),
        warn_before: decode_spans("warn_before", target.warn_before, checks, &mut violations),
        escalate_every: decode_span("escalate_every", target.escalate_every, &mut violations),
        due_at: violations.choice("due_at", target.due_at, due_at),
        on_reopen: violations.choice("on_reopen", target.on_reopen, on_reopen),
        on_transfer: violations.choice("on_transfer", target.on_transfer, on_transfer),
        cycle_verdict: violations.choice("cycle_verdict", target.cycle_verdict, cycle_verdict),
        answered_by: violations.or("answered_by", answers::decode(target.answered_by), Vec::new()),
        starts_after: decode_earlier(target.starts_after, checks, &mut violations),
        warn_at_percent: violations.or(
            "warn_at_percent",
            decode_warnings(target.warn_at_percent, checks.limits),
            Vec::new(),
        ),
        applies_when,
        start_when,
        pause_when,
        stop_when,
        restart_when,
        cancel_when,
        same_instant_order: violations.or(
            "same_instant_order",
            decode_order(target.same_instant_order),
            SAME_INSTANT_ORDER,
        ),
    };
    check_limits(&decoded.limits, &mut violations);
    check_states(&decoded, &mut violations);
    violations.check()?;
    Ok(decoded)
}

/// What pauses a clock, and which incidents a target applies to, are states: `changed` lasts an
/// instant only.
fn check_states(target: &Target, violations: &mut FieldViolations) {
    for (field, condition) in target.conditions() {
        if matches!(field, "applies_when" | "pause_when") && condition.reads_changes() {
            let text = "uses `changed`, which holds in one instant only: say what holds for a time";
            violations.add(field, text);
        }
    }
}

fn check_limits(limits: &[Limit], violations: &mut FieldViolations) {
    for (index, limit) in limits.iter().enumerate() {
        let earlier = limits.iter().take(index);
        if earlier.into_iter().any(|earlier| earlier.priority == limit.priority) {
            let text = format!("{:?} is given twice", limit.priority);
            violations.add(&format!("limits[{index}].priority"), text);
        }
    }
}

fn decode_pause(pause: v1::Pause) -> Result<PauseRule, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let maximum = optional_positive_span(pause.maximum);
    let decoded = PauseRule {
        waiting_on: violations.or("waiting_on", waiting_on(pause.waiting_on), WaitingOn::Nobody),
        reasons: pause.reasons,
        maximum: violations.or("maximum", maximum, None),
    };
    violations.check()?;
    Ok(decoded)
}

/// The id of the target that must stop before; empty: none.
fn decode_earlier(id: String, checks: Checks<'_>, violations: &mut FieldViolations) -> String {
    violations.or("starts_after", checks.optional_terms_id(id), String::new())
}

/// A span longer than nothing; `None`: none is given.
fn decode_span(
    field: &str,
    span: Option<Duration>,
    violations: &mut FieldViolations,
) -> Option<Span> {
    violations.or(field, optional_positive_span(span), None)
}

/// Spans longer than nothing, as many as there may be warnings.
fn decode_spans(
    field: &str,
    spans: Vec<Duration>,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Vec<Span> {
    violations.at_most(field, spans.len(), checks.limits.warnings_per_target);
    let mut decoded = violations.each(field, spans, |span| positive_span(Some(span)));
    decoded.sort_unstable();
    decoded.dedup();
    decoded
}

/// What a change of priority in one direction does; unspecified: what any change does.
fn unless_unspecified(
    violations: &mut FieldViolations,
    field: &str,
    number: i32,
) -> Option<OnPriorityChange> {
    if number == 0 { None } else { violations.keep(field, on_priority_change(number)) }
}

fn decode_warnings(percents: Vec<i32>, limits: &Limits) -> Result<Vec<u16>, Wrong> {
    let mut violations = FieldViolations::default();
    violations.at_most("", percents.len(), limits.warnings_per_target);
    let mut decoded = violations.keep("", decode_percents(percents)).unwrap_or_default();
    violations.check()?;
    decoded.sort_unstable();
    decoded.dedup();
    Ok(decoded)
}

fn decode_percents(percents: Vec<i32>) -> Result<Vec<u16>, String> {
    let percent = |percent: i32| match u16::try_from(percent) {
        Ok(share @ (1..=99 | 101..=1_000)) => Ok(share),
        _ => Err(format!("{percent} is not a share of the limit: write 1 to 99, or 101 to 1000")),
    };
    percents.into_iter().map(percent).collect()
}

fn decode_order(order: Vec<i32>) -> Result<[ClockAction; 5], String> {
    if order.is_empty() {
        return Ok(SAME_INSTANT_ORDER);
    }
    let actions = order.into_iter().map(clock_action).collect::<Result<Vec<_>, _>>()?;
    let names_all = SAME_INSTANT_ORDER.iter().all(|action| actions.contains(action));
    match <[ClockAction; 5]>::try_from(actions) {
        Ok(actions) if names_all => Ok(actions),
        _ => Err("must name stop, restart, cancel, pause and resume once each".to_owned()),
    }
}

/// The message of a target.
pub(super) fn encode(target: &Target) -> v1::Target {
    let source = |condition: &Option<Condition>| {
        condition.as_ref().map(|condition| condition.source().to_owned()).unwrap_or_default()
    };
    let order = match target.same_instant_order {
        SAME_INSTANT_ORDER => Vec::new(),
        other => other.into_iter().map(clock_action_number).collect(),
    };
    v1::Target {
        id: target.id.clone(),
        metric: metric_number(target.metric),
        limits: target.limits.iter().map(limit::encode).collect(),
        pauses: target.pauses.iter().map(encode_pause).collect(),
        on_priority_change: on_priority_change_number(target.on_priority_change),
        pauses_maximum: target.pauses_maximum.map(duration),
        on_priority_raised: target.on_priority_raised.map_or(0, on_priority_change_number),
        on_priority_lowered: target.on_priority_lowered.map_or(0, on_priority_change_number),
        warn_before: target.warn_before.iter().copied().map(duration).collect(),
        escalate_every: target.escalate_every.map(duration),
        due_at: due_at_number(target.due_at),
        on_reopen: on_reopen_number(target.on_reopen),
        on_transfer: on_transfer_number(target.on_transfer),
        cycle_verdict: cycle_verdict_number(target.cycle_verdict),
        answered_by: answers::encode(&target.answered_by),
        starts_after: target.starts_after.clone(),
        warn_at_percent: target.warn_at_percent.iter().copied().map(i32::from).collect(),
        applies_when: source(&target.applies_when),
        start_when: source(&target.start_when),
        pause_when: source(&target.pause_when),
        stop_when: source(&target.stop_when),
        restart_when: source(&target.restart_when),
        cancel_when: source(&target.cancel_when),
        same_instant_order: order,
    }
}

fn encode_pause(pause: &PauseRule) -> v1::Pause {
    v1::Pause {
        waiting_on: waiting_on_number(pause.waiting_on),
        reasons: pause.reasons.clone(),
        maximum: pause.maximum.map(duration),
    }
}
