//! Items that are to be settled, as they are recorded and told.

use super::deed::who;
use super::faults::Faults;
use super::incident::{party, party_number};
use super::scalar::{choice, id, instant, optional_instant, span_between, text, timestamp};
use super::v1;
use crate::domain::fault::Fault;
use crate::domain::settlement::{Decided, Decision, Facet, Item, ItemKind, Settled, State};
use crate::domain::time::Instant;
use crate::engine::deed::OpenItem;
use crate::limits::{INCIDENTS_AN_ITEM_MAX, ITEM_ID_BYTES_MAX, NOTE_BYTES_MAX, PERSON_BYTES_MAX};

choice!(kind, kind_number, v1::SettlementKind, ItemKind, {
    OutOfScope = ItemKind::OutOfScope, Excluded = ItemKind::Excluded, Credit = ItemKind::Credit,
    DecisionOpen = ItemKind::DecisionOpen, Other = ItemKind::Other,
});

choice!(facet, facet_number, v1::SettlementFacet, Facet, {
    Technical = Facet::Technical, Administrative = Facet::Administrative,
    Financial = Facet::Financial,
});

choice!(state, state_number, v1::SettlementState, State, {
    Open = State::Open, Agreed = State::Agreed, Waived = State::Waived,
});

/// An item as it is recorded.
pub fn decode(item: v1::SettlementItem) -> Result<Item, Vec<Fault>> {
    let mut faults = Faults::default();
    let kind = faults.or("kind", kind(item.kind), ItemKind::Other);
    let open_time = faults.or("open_time", instant(item.open_time), Instant::MIN);
    let item = content(item, kind, open_time, &mut faults);
    faults.check().map(|()| item)
}

/// An item that somebody opens.
pub fn decode_opening(item: v1::SettlementItem) -> Result<OpenItem, Vec<Fault>> {
    let mut faults = Faults::default();
    if item.kind != 0 {
        faults.add("kind", "is given: items of that kind follow from facts by themselves");
    }
    let opened_id = id(item.item_id.clone()).and_then(|id| match ItemKind::of_id(&id) {
        Some(kind) => {
            Err(format!("begins with \"{}:\", as of items that follow from facts", kind.word()))
        }
        None => Ok(id),
    });
    faults.keep("item_id", opened_id);
    faults.keep("opened_by", who(item.opened_by.clone()));
    if item.summary.trim().is_empty() {
        faults.add("summary", "is missing: say what is to be settled");
    }
    if !item.currency.is_empty() || !item.client.is_empty() {
        faults.add("currency", "is given: client and currency are the contract's");
    }
    let open_time = faults.or("open_time", optional_instant(item.open_time), None);
    let item = content(item, ItemKind::Other, Instant::MIN, &mut faults);
    faults.check().map(|()| OpenItem { item, open_time })
}

fn content(
    item: v1::SettlementItem,
    kind: ItemKind,
    open_time: Instant,
    faults: &mut Faults,
) -> Item {
    faults.at_most("incident_ids", item.incident_ids.len(), INCIDENTS_AN_ITEM_MAX);
    faults.at_most("event_ids", item.event_ids.len(), INCIDENTS_AN_ITEM_MAX);
    let party = match item.party {
        0 => None,
        number => faults.keep("party", party(number)),
    };
    let note = |text_given, faults: &mut Faults, field| {
        faults.or(field, text(text_given, NOTE_BYTES_MAX), String::new())
    };
    Item {
        id: faults.or("item_id", item_id(item.item_id), String::new()),
        kind,
        contract_id: faults.or("contract_id", id(item.contract_id), String::new()),
        client: item.client,
        incident_ids: faults.each("incident_ids", item.incident_ids, id),
        period: item.period,
        summary: note(item.summary, faults, "summary"),
        opened_by: faults.or("opened_by", text(item.opened_by, PERSON_BYTES_MAX), String::new()),
        open_time,
        party,
        third_party: note(item.third_party, faults, "third_party"),
        amount: item.amount,
        currency: item.currency,
        event_ids: faults.each("event_ids", item.event_ids, id),
    }
}

/// Names of items that follow from facts are made of two ids.
fn item_id(id: String) -> Result<String, String> {
    match id.is_empty() {
        true => Err("is missing".to_owned()),
        false => text(id, ITEM_ID_BYTES_MAX),
    }
}

/// The message of an item.
pub fn encode(item: &Item) -> v1::SettlementItem {
    v1::SettlementItem {
        item_id: item.id.clone(),
        kind: kind_number(item.kind),
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
    }
}

/// A decision as it is recorded, with what it rests on.
pub fn decode_decided(message: v1::SettlementDecision) -> Result<Decided, Vec<Fault>> {
    let basis = decode(message.basis.clone().unwrap_or_default())?;
    let (decision, decide_time) = decode_decision(message)?;
    let decide_time = decide_time.unwrap_or(Instant::MIN);
    Ok(Decided { decision: Decision { decide_time, ..decision }, basis })
}

/// A decision that somebody takes, and when it was taken if that is given.
pub fn decode_decision(
    message: v1::SettlementDecision,
) -> Result<(Decision, Option<Instant>), Vec<Fault>> {
    let mut faults = Faults::default();
    let decide_time = faults.or("decide_time", optional_instant(message.decide_time), None);
    let decision = Decision {
        id: faults.or("decision_id", id(message.decision_id), String::new()),
        item_id: faults.or("item_id", item_id(message.item_id), String::new()),
        facet: faults.or("facet", facet(message.facet), Facet::Technical),
        state: faults.or("state", state(message.state), State::Open),
        amount: message.amount,
        decided_by: faults.or("decided_by", who(message.decided_by), String::new()),
        note: faults.or("note", text(message.note, NOTE_BYTES_MAX), String::new()),
        decide_time: Instant::MIN,
    };
    faults.check().map(|()| (decision, decide_time))
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
        state: state_number(decision.state),
        amount: decision.amount,
        decided_by: decision.decided_by.clone(),
        note: decision.note.clone(),
        decide_time: Some(timestamp(decision.decide_time)),
        basis: Some(encode(basis)),
        record_time: record_time.map(timestamp),
    }
}

/// The message of an item and how it stands.
pub fn encode_standing(settled: &Settled, as_of: Instant) -> v1::SettlementStanding {
    let told = |(time, decided): &(Instant, Decided)| encode_decided(decided, Some(*time));
    let facets = Facet::ALL.into_iter().map(|facet| v1::FacetStanding {
        facet: facet_number(facet),
        state: state_number(settled.state(facet)),
        decision: settled.ruling(facet).map(told),
    });
    v1::SettlementStanding {
        item: Some(encode(&settled.item)),
        facets: facets.collect(),
        decisions: settled.decisions.iter().map(told).collect(),
        open: settled.is_open(),
        age: Some(span_between(settled.item.open_time, as_of)),
        changes: settled.changes(),
        withdrawn: settled.is_withdrawn,
    }
}
