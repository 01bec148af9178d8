//! Contracts.

use prost_types::Duration;

use super::answers;
use super::credit;
use super::experience;
use super::named;
use super::objective;
use super::presentation;
use crate::codec::checks::Checks;
use crate::codec::choices::{
    clock_action, clock_action_number, contract_kind, contract_kind_number, cycle_verdict,
    cycle_verdict_number, due_at, due_at_number, metric, metric_number, on_priority_change,
    on_priority_change_number, on_reopen, on_reopen_number, on_transfer, on_transfer_number,
    open_incidents, open_incidents_number, period_terms, period_terms_number, severity_number,
    waiting_on, waiting_on_number,
};
use crate::codec::limits::Limits;
use crate::codec::scalar::{duration, optional_positive_span, positive_span};
use crate::codec::v1;
use crate::codec::violations::{FieldViolations, Wrong};
use crate::domain::contract::{
    ClockAction, Condition, Contract, ContractKind, Finding, Limit, Metric, OnPriorityChange,
    PauseRule, SAME_INSTANT_ORDER, Target, Terms,
};
use crate::domain::incident::WaitingOn;
use crate::domain::time::Span;
use crate::domain::violation::Violation;
use crate::domain::zone::ZoneDatabase;

/// The wording of a contract, of a request; who set its revision and when is the caller's to
/// read.
pub fn decode(contract: v1::Contract, zones: &ZoneDatabase) -> Result<Contract, Vec<Violation>> {
    decode_with(contract, zones, Checks::REQUEST)
}

/// The wording of a contract.
pub(in crate::codec) fn decode_with(
    contract: v1::Contract,
    zones: &ZoneDatabase,
    checks: Checks<'_>,
) -> Result<Contract, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let terms = contract.terms.unwrap_or_default();
    let terms = decode_terms(terms, &contract.currency, checks);
    let decoded = Contract {
        id: violations.or("id", checks.terms_id(contract.id), String::new()),
        kind: violations.or("kind", contract_kind(contract.kind), ContractKind::Sla),
        title: contract.title,
        client: contract.client,
        provider: contract.provider,
        time_zone: violations.or("time_zone", time_zone(contract.time_zone, zones), String::new()),
        currency: violations.or("currency", currency(contract.currency, checks), String::new()),
        underpins: violations.or(
            "underpins",
            checks.optional_terms_id(contract.underpins),
            String::new(),
        ),
        applies_to_open_clocks: contract.applies_to_open_clocks,
        open_incidents: unless_zero(
            &mut violations,
            "open_incidents",
            contract.open_incidents,
            open_incidents,
        ),
        presentation: presentation::decode(
            contract.language,
            contract.incident_url_template,
            checks,
            &mut violations,
        ),
        terms: violations.or("terms", terms, Terms::default()),
    };
    let is_sla = decoded.kind == ContractKind::Sla;
    if checks.are_rules_held && is_sla && !decoded.underpins.is_empty() {
        violations.add("underpins", "an SLA underpins nothing: leave it out, or choose OLA or UC");
    }
    violations.check()?;
    Ok(decoded)
}

fn time_zone(name: String, zones: &ZoneDatabase) -> Result<String, String> {
    match name.as_str() {
        "" => Err("is missing: give an IANA zone such as \"Europe/Amsterdam\"".to_owned()),
        known if zones.zone(known).is_some() => Ok(name),
        _ => Err(format!(
            "{name:?} is not in time zone database {}: give an IANA zone such as \
             \"Europe/Amsterdam\"",
            zones.version()
        )),
    }
}

fn currency(code: String, checks: Checks<'_>) -> Result<String, String> {
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if code.is_empty() || is_code || !checks.are_rules_held {
        Ok(code)
    } else {
        Err(format!("{code:?} is not an ISO 4217 code: write \"EUR\""))
    }
}

fn decode_terms(
    terms: v1::Terms,
    currency: &str,
    checks: Checks<'_>,
) -> Result<Terms, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    check_lengths(&terms, checks.limits, &mut violations);
    let targets = violations.each("targets", terms.targets, |given| decode_target(given, checks));
    let objectives =
        violations.each("objectives", terms.objectives, |given| objective::decode(given, checks));
    let exclusions = violations
        .each("exclusions", terms.exclusions, |given| objective::decode_exclusion(given, checks));
    let credits = terms.credits.map(|given| credit::decode(given, currency, checks));
    let credits = credits.and_then(|decoded| violations.keep("credits", decoded));
    let experience = terms.experience.map(|given| experience::decode(given, checks));
    let experience = experience.and_then(|decoded| violations.keep("experience", decoded));
    let experience = experience.map(Box::new);
    let period_terms =
        unless_zero(&mut violations, "period_terms", terms.period_terms, period_terms);
    let terms = Terms { targets, objectives, exclusions, credits, experience, period_terms };
    check_targets(&terms.targets, &mut violations);
    check_ids("objectives", terms.objectives.iter().map(|o| o.id.as_str()), &mut violations);
    check_ids("exclusions", terms.exclusions.iter().map(|e| e.id.as_str()), &mut violations);
    named::check_targets_named(&terms, &mut violations);
    credit::check_objectives_named(&terms, &mut violations);
    violations.check()?;
    Ok(terms)
}

fn check_lengths(terms: &v1::Terms, limits: &Limits, violations: &mut FieldViolations) {
    violations.at_most("targets", terms.targets.len(), limits.targets_per_contract);
    violations.at_most("objectives", terms.objectives.len(), limits.objectives_per_contract);
    violations.at_most("exclusions", terms.exclusions.len(), limits.exclusions_per_contract);
}

/// Ids are given once.
fn check_ids<'i>(
    field: &str,
    ids: impl Iterator<Item = &'i str>,
    violations: &mut FieldViolations,
) {
    let mut seen = Vec::new();
    for (index, id) in ids.enumerate() {
        if seen.contains(&id) {
            violations.add(&format!("{field}[{index}].id"), format!("{id:?} is given twice"));
        }
        seen.push(id);
    }
}

/// What a target waits for comes before it (so there are no circles).
fn check_targets(targets: &[Target], violations: &mut FieldViolations) {
    check_ids("targets", targets.iter().map(|target| target.id.as_str()), violations);
    for (index, target) in targets.iter().enumerate() {
        let before = targets.get(..index).unwrap_or_default();
        let waits_for = &target.starts_after;
        if !waits_for.is_empty() && !before.iter().any(|earlier| earlier.id == *waits_for) {
            let text = format!("{waits_for:?} is not the id of a target listed before this one");
            violations.add(&format!("targets[{index}].starts_after"), text);
        }
    }
}

fn decode_target(target: v1::Target, checks: Checks<'_>) -> Result<Target, Vec<Violation>> {
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
        limits: violations.each("limits", target.limits, |limit| decode_limit(limit, checks)),
        pauses: violations.each("pauses", target.pauses, decode_pause),
        on_priority_change: unless_zero(
            &mut violations,
            "on_priority_change",
            target.on_priority_change,
            on_priority_change,
        ),
        pauses_maximum: violations.or(
            "pauses_maximum",
            optional_positive_span(target.pauses_maximum),
            None,
        ),
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
        escalate_every: violations.or(
            "escalate_every",
            optional_positive_span(target.escalate_every),
            None,
        ),
        due_at: unless_zero(&mut violations, "due_at", target.due_at, due_at),
        on_reopen: unless_zero(&mut violations, "on_reopen", target.on_reopen, on_reopen),
        on_transfer: unless_zero(&mut violations, "on_transfer", target.on_transfer, on_transfer),
        cycle_verdict: unless_zero(
            &mut violations,
            "cycle_verdict",
            target.cycle_verdict,
            cycle_verdict,
        ),
        answered_by: violations.or("answered_by", answers::decode(target.answered_by), Vec::new()),
        starts_after: violations.or(
            "starts_after",
            checks.optional_terms_id(target.starts_after),
            String::new(),
        ),
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

/// A choice whose unspecified zero means the default.
fn unless_zero<T: Default>(
    violations: &mut FieldViolations,
    field: &str,
    number: i32,
    decode: fn(i32) -> Result<T, String>,
) -> T {
    if number == 0 {
        T::default()
    } else {
        violations.keep(field, decode(number)).unwrap_or_default()
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

fn decode_limit(limit: v1::Limit, checks: Checks<'_>) -> Result<Limit, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = Limit {
        priority: violations.or("priority", checks.priority(limit.priority), String::new()),
        limit: violations.or("limit", positive_span(limit.limit), Span::ZERO),
        calendar_id: violations.or(
            "calendar_id",
            checks.terms_id(limit.calendar_id),
            String::new(),
        ),
    };
    violations.check()?;
    Ok(decoded)
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

/// The message of a contract; its revision is left for the caller to fill in.
pub fn encode(contract: &Contract) -> v1::Contract {
    v1::Contract {
        id: contract.id.clone(),
        kind: contract_kind_number(contract.kind),
        title: contract.title.clone(),
        client: contract.client.clone(),
        provider: contract.provider.clone(),
        time_zone: contract.time_zone.clone(),
        currency: contract.currency.clone(),
        terms: Some(encode_terms(&contract.terms, &contract.currency)),
        revision: 0,
        effective_time: None,
        end_time: None,
        applies_to_open_clocks: contract.applies_to_open_clocks,
        underpins: contract.underpins.clone(),
        open_incidents: open_incidents_number(contract.open_incidents),
        language: contract.presentation.language.clone(),
        incident_url_template: contract.presentation.incident_url_template.clone(),
    }
}

fn encode_terms(terms: &Terms, currency: &str) -> v1::Terms {
    v1::Terms {
        targets: terms.targets.iter().map(encode_target).collect(),
        objectives: terms.objectives.iter().map(objective::encode).collect(),
        exclusions: terms.exclusions.iter().map(objective::encode_exclusion).collect(),
        credits: terms.credits.as_ref().map(|credits| credit::encode(credits, currency)),
        experience: terms.experience.as_deref().map(experience::encode),
        period_terms: period_terms_number(terms.period_terms),
    }
}

fn encode_target(target: &Target) -> v1::Target {
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
        limits: target.limits.iter().map(encode_limit).collect(),
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

fn encode_limit(limit: &Limit) -> v1::Limit {
    v1::Limit {
        priority: limit.priority.clone(),
        limit: Some(duration(limit.limit)),
        calendar_id: limit.calendar_id.clone(),
    }
}

fn encode_pause(pause: &PauseRule) -> v1::Pause {
    v1::Pause {
        waiting_on: waiting_on_number(pause.waiting_on),
        reasons: pause.reasons.clone(),
        maximum: pause.maximum.map(duration),
    }
}

/// The message of a finding of the lint.
pub fn encode_finding(finding: &Finding) -> v1::Finding {
    v1::Finding {
        severity: severity_number(finding.severity),
        field: finding.field.clone(),
        description: finding.description.clone(),
    }
}
