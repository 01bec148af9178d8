//! Items that are to be settled, as they are recorded and answered.

use super::credit_statement::date;
use crate::codec::checks::Checks;
use crate::codec::choices::{
    facet, facet_number, item_kind, item_kind_number, party, party_number, settlement_state,
    settlement_state_number,
};
use crate::codec::scalar::{
    instant, optional_date, optional_instant, span_between, text, timestamp,
};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::settlement::{Decided, Decision, Facet, FacetState, Item, ItemKind, ItemStatus};
use crate::domain::time::Instant;
use crate::domain::violation::Violation;
use crate::engine::action::OpenItem;

/// An item as it is recorded.
pub(in crate::codec) fn decode_with(
    item: v1::SettlementItem,
    checks: Checks<'_>,
) -> Result<Item, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let kind = violations.or("kind", item_kind(item.kind), ItemKind::Other);
    let open_time = violations.or("open_time", instant(item.open_time), Instant::MIN);
    let item = content(item, kind, open_time, checks, &mut violations);
    violations.check().map(|()| item)
}

/// An item that somebody opens, by a request.
pub fn decode_opening(item: v1::SettlementItem) -> Result<OpenItem, Vec<Violation>> {
    let checks = Checks::REQUEST;
    let mut violations = FieldViolations::default();
    if item.kind != 0 {
        violations.add("kind", "is given: items of that kind follow from facts by themselves");
    }
    let opened_id = checks.id(item.item_id.clone()).and_then(|id| match ItemKind::of_id(&id) {
        Some(kind) => {
            Err(format!("begins with \"{}:\", as of items that follow from facts", kind.word()))
        }
        None => Ok(id),
    });
    violations.keep("item_id", opened_id);
    violations.keep("opened_by", checks.person(item.opened_by.clone()));
    if item.summary.trim().is_empty() {
        violations.add("summary", "is missing: say what is to be settled");
    }
    if !item.currency.is_empty() || !item.client.is_empty() {
        violations.add("currency", "is given: client and currency are the contract's");
    }
    let open_time = violations.or("open_time", optional_instant(item.open_time), None);
    let item = content(item, ItemKind::Other, Instant::MIN, checks, &mut violations);
    violations.check().map(|()| OpenItem { item, open_time })
}

fn content(
    item: v1::SettlementItem,
    kind: ItemKind,
    open_time: Instant,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Item {
    let limits = checks.limits;
    violations.at_most("incident_ids", item.incident_ids.len(), limits.incidents_per_item);
    violations.at_most("event_ids", item.event_ids.len(), limits.incidents_per_item);
    let party = match item.party {
        0 => None,
        number => violations.keep("party", party(number)),
    };
    let note = |note, violations: &mut FieldViolations, field| {
        violations.or(field, checks.note(note), String::new())
    };
    let opened_by = text(item.opened_by, limits.person_bytes);
    Item {
        id: violations.or("item_id", item_id(item.item_id, checks), String::new()),
        kind,
        contract_id: violations.or("contract_id", checks.terms_id(item.contract_id), String::new()),
        client: item.client,
        incident_ids: violations.each("incident_ids", item.incident_ids, |id| checks.id(id)),
        period: item.period,
        summary: note(item.summary, violations, "summary"),
        opened_by: violations.or("opened_by", opened_by, String::new()),
        open_time,
        party,
        third_party: note(item.third_party, violations, "third_party"),
        amount: item.amount,
        claim_by: violations.or("claim_by_date", optional_date(&item.claim_by_date), None),
        currency: item.currency,
        event_ids: violations.each("event_ids", item.event_ids, |id| checks.id(id)),
        recorded_by: item.recorded_by,
    }
}

/// Names of items that follow from facts are made of two ids.
fn item_id(id: String, checks: Checks<'_>) -> Result<String, String> {
    match id.is_empty() {
        true => Err("is missing".to_owned()),
        false => text(id, checks.limits.item_id_bytes),
    }
}

/// The message of an item.
pub fn encode(item: &Item) -> v1::SettlementItem {
    v1::SettlementItem {
        item_id: item.id.clone(),
        kind: item_kind_number(item.kind),
        contract_id: item.contract_id.clone(),
        client: item.client.clone(),
        incident_ids: item.incident_ids.clone(),
        period: item.period.clone(),
        summary: item.summary.clone(),
        opened_by: item.opened_by.clone(),
        open_time: Some(timestamp(item.open_time)),
        party: item.party.map_or(0, party_number),
        third_party: item.third_party.clone(),
        amount: item.amount,
        currency: item.currency.clone(),
        event_ids: item.event_ids.clone(),
        claim_by_date: date(item.claim_by),
        recorded_by: item.recorded_by.clone(),
    }
}

/// A decision as it is recorded, with what it rests on.
pub(in crate::codec) fn decode_decided_with(
    message: v1::SettlementDecision,
    checks: Checks<'_>,
) -> Result<Decided, Vec<Violation>> {
    let basis = decode_with(message.basis.clone().unwrap_or_default(), checks)?;
    let (decision, decide_time) = decision(message, checks)?;
    let decide_time = decide_time.unwrap_or(Instant::MIN);
    Ok(Decided { decision: Decision { decide_time, ..decision }, basis })
}

/// A decision that somebody takes by a request, and when it was taken if that is given.
pub fn decode_decision(
    message: v1::SettlementDecision,
) -> Result<(Decision, Option<Instant>), Vec<Violation>> {
    decision(message, Checks::REQUEST)
}

fn decision(
    message: v1::SettlementDecision,
    checks: Checks<'_>,
) -> Result<(Decision, Option<Instant>), Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decide_time = violations.or("decide_time", optional_instant(message.decide_time), None);
    let decision = Decision {
        id: violations.or("decision_id", checks.id(message.decision_id), String::new()),
        item_id: violations.or("item_id", item_id(message.item_id, checks), String::new()),
        facet: violations.or("facet", facet(message.facet), Facet::Technical),
        state: violations.or("state", settlement_state(message.state), FacetState::Open),
        amount: message.amount,
        decided_by: violations.or("decided_by", checks.person(message.decided_by), String::new()),
        note: violations.or("note", checks.note(message.note), String::new()),
        decide_time: Instant::MIN,
        recorded_by: message.recorded_by,
    };
    violations.check().map(|()| (decision, decide_time))
}

/// The message of a decision, and of when it was recorded.
pub fn encode_decided(
    Decided { decision, basis }: &Decided,
    record_time: Option<Instant>,
) -> v1::SettlementDecision {
    v1::SettlementDecision {
        decision_id: decision.id.clone(),
        item_id: decision.item_id.clone(),
        facet: facet_number(decision.facet),
        state: settlement_state_number(decision.state),
        amount: decision.amount,
        decided_by: decision.decided_by.clone(),
        note: decision.note.clone(),
        decide_time: Some(timestamp(decision.decide_time)),
        basis: Some(encode(basis)),
        record_time: record_time.map(timestamp),
        recorded_by: decision.recorded_by.clone(),
    }
}

/// The message of an item and how it stands.
pub fn encode_result(settled: &ItemStatus, as_of: Instant) -> v1::SettlementItemStatus {
    let encoded = |(time, decided): &(Instant, Decided)| encode_decided(decided, Some(*time));
    let facets = Facet::ALL.into_iter().map(|facet| v1::FacetStatus {
        facet: facet_number(facet),
        state: settlement_state_number(settled.state(facet)),
        decision: settled.ruling(facet).map(encoded),
    });
    v1::SettlementItemStatus {
        item: Some(encode(&settled.item)),
        facets: facets.collect(),
        decisions: settled.decisions.iter().map(encoded).collect(),
        open: settled.is_open(),
        age: Some(span_between(settled.item.open_time, as_of)),
        changes: settled.changes(),
        withdrawn: settled.is_withdrawn,
    }
}
