//! Contracts.

use super::credit;
use super::experience;
use super::named;
use super::objective;
use super::presentation;
use super::target;
use crate::codec::checks::Checks;
use crate::codec::choices::{
    contract_kind, contract_kind_number, open_incidents, open_incidents_number, period_terms,
    period_terms_number, severity_number,
};
use crate::codec::limits::Limits;
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::{Contract, ContractKind, Finding, Target, Terms};
use crate::domain::violation::Violation;
use crate::domain::zone::ZoneDatabase;

/// The wording of a contract, of a request; who set its revision and when is the caller's to read.
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
        time_zone: violations.or(
            "time_zone",
            time_zone(contract.time_zone, zones, checks),
            String::new(),
        ),
        currency: violations.or("currency", currency(contract.currency, checks), String::new()),
        underpins: violations.or(
            "underpins",
            checks.optional_terms_id(contract.underpins),
            String::new(),
        ),
        applies_to_open_clocks: contract.applies_to_open_clocks,
        open_incidents: violations.choice(
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

/// A record may name a zone that only a database adopted earlier has.
fn time_zone(name: String, zones: &ZoneDatabase, checks: Checks<'_>) -> Result<String, String> {
    match name.as_str() {
        "" => Err("is missing: give an IANA zone such as \"Europe/Amsterdam\"".to_owned()),
        known if !checks.are_rules_held || zones.zone(known).is_some() => Ok(name),
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
    let targets = violations.each("targets", terms.targets, |given| target::decode(given, checks));
    let objectives =
        violations.each("objectives", terms.objectives, |given| objective::decode(given, checks));
    let exclusions = violations
        .each("exclusions", terms.exclusions, |given| objective::decode_exclusion(given, checks));
    let credits = terms.credits.map(|given| credit::decode(given, currency, checks));
    let credits = credits.and_then(|decoded| violations.keep("credits", decoded));
    let experience = terms.experience.map(|given| experience::decode(given, checks));
    let experience = experience.and_then(|decoded| violations.keep("experience", decoded));
    let experience = experience.map(Box::new);
    let period_terms = violations.choice("period_terms", terms.period_terms, period_terms);
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
        targets: terms.targets.iter().map(target::encode).collect(),
        objectives: terms.objectives.iter().map(objective::encode).collect(),
        exclusions: terms.exclusions.iter().map(objective::encode_exclusion).collect(),
        credits: terms.credits.as_ref().map(|credits| credit::encode(credits, currency)),
        experience: terms.experience.as_deref().map(experience::encode),
        period_terms: period_terms_number(terms.period_terms),
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
