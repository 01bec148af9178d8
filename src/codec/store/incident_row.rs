//! The row of an incident: its events, and what it is indexed under, packed each by itself, since
//! most readers need one of them.

use prost::Message;

use super::index_keys::StoredIndexKeys;
use super::names::Names;
use super::packed::{pack, unpack};
use super::record::{in_view, record_time};
use super::unreadable::Unreadable;
use super::v1 as store;
use crate::codec::api::incident;
use crate::codec::checks::Checks;
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::domain::incident::RecordedEvent;
use crate::engine::index::IndexKeys;
use crate::engine::ledger::Ledger;
use crate::engine::tally::Contribution;

/// The bytes of an incident's row, with what it is indexed under.
pub fn encode(
    ledger: &Ledger,
    index_keys: &StoredIndexKeys,
    tenant: &TenantId,
    names: &Names,
) -> Vec<u8> {
    let events = ledger.events.iter().map(|recorded| store::RecordedEvent {
        sequence: recorded.sequence,
        record_nanos: recorded.record_time.nanos(),
        event: Some(v1::IncidentEvent {
            incident_id: String::new(),
            ..incident::encode(&in_view(recorded, tenant, names))
        }),
    });
    let events = store::IncidentEvents { events: events.collect() };
    let row = store::IncidentRow {
        packed_events: pack(&events.encode_to_vec()),
        packed_index_keys: pack(index_keys.as_bytes()),
    };
    row.encode_to_vec()
}

/// An incident's row, with what it is indexed under.
pub fn decode(
    incident_id: &str,
    bytes: &[u8],
    names: &Names,
) -> Result<(Ledger, StoredIndexKeys), Unreadable> {
    let row = store::IncidentRow::decode(bytes)?;
    let index_keys = unpack(&row.packed_index_keys)?.into();
    Ok((ledger_of(incident_id, &row.packed_events, names)?, index_keys))
}

/// A `store::IncidentRow` of which what it is indexed under is passed over.
#[derive(Clone, PartialEq, Message)]
struct RowOfEvents {
    #[prost(bytes = "vec", tag = "5")]
    packed_events: Vec<u8>,
}

/// The events of an incident's row.
pub fn decode_events(incident_id: &str, bytes: &[u8], names: &Names) -> Result<Ledger, Unreadable> {
    ledger_of(incident_id, &RowOfEvents::decode(bytes)?.packed_events, names)
}

fn ledger_of(incident_id: &str, packed_events: &[u8], names: &Names) -> Result<Ledger, Unreadable> {
    let events = store::IncidentEvents::decode(unpack(packed_events)?.as_slice())?.events;
    let event = |recorded: store::RecordedEvent| -> Result<RecordedEvent, Unreadable> {
        let mut message = recorded.event.unwrap_or_default();
        incident_id.clone_into(&mut message.incident_id);
        let mut value = incident::decode_with(message, Checks::RECORD)?;
        names.reveal(&mut value)?;
        let record_time = record_time(recorded.record_nanos)?;
        Ok(RecordedEvent { sequence: recorded.sequence, record_time, value })
    };
    events.into_iter().map(event).collect()
}

/// A `store::IncidentRow` of which the events are passed over: they are most of it.
#[derive(Clone, PartialEq, Message)]
struct RowWithoutEvents {
    #[prost(bytes = "vec", tag = "6")]
    packed_index_keys: Vec<u8>,
}

/// What an incident's row says that it is indexed under.
pub fn decode_index_keys(bytes: &[u8]) -> Result<IndexKeys, Unreadable> {
    index_keys_of(bytes)?.decode()
}

/// What an incident's row says that it adds to the tallies.
pub fn decode_contribution(bytes: &[u8]) -> Result<Contribution, Unreadable> {
    index_keys_of(bytes)?.contribution()
}

fn index_keys_of(bytes: &[u8]) -> Result<StoredIndexKeys, Unreadable> {
    Ok(unpack(&RowWithoutEvents::decode(bytes)?.packed_index_keys)?.into())
}
