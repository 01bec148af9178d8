//! Journal records and view rows.

use std::borrow::Cow;
use std::sync::Arc;

use prost::Message;

use super::kept_name::NoSalt;
use super::names::Names;
use super::unreadable::Unreadable;
use super::v1 as store;
use super::v1::record::Entry as Wire;
use crate::codec::api::{
    calendar, contract, incident, service_event, settlement, signature, time_zones, webhook,
};
use crate::codec::checks::Checks;
use crate::codec::scalar;
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::domain::incident::IncidentEvent;
use crate::domain::personal::Personal;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::action::Action;
use crate::engine::adoption::Adoption;
use crate::engine::ledger::Ledger;
use crate::engine::record::{Entry, Record, TermsEntry};
use crate::engine::webhooks::WebhookEntry;

/// The format of the records that are written. A higher one for whatever must not be left out by
/// those who don't know it.
const FORMAT: u32 = 3;
/// The first format whose fields say whether they were sent. Of an older record, what is absent
/// was zero or empty.
const SAYS_WHAT_WAS_SENT: u32 = 2;
/// The first format with tokens in place of personal texts.
const HAS_TOKENS: u32 = 3;

/// The bytes of a record, with its personal texts in it.
pub fn encode(record: &Record) -> Vec<u8> {
    message(record).encode_to_vec()
}

/// The bytes of a record for the journal: tokens stand for its personal texts.
///
/// # Errors
/// There is no salt for a text that is new.
pub fn encode_sealed(record: &Record, names: &Names) -> Result<Vec<u8>, NoSalt> {
    if !record.entry.has_personal() {
        return Ok(encode(record));
    }
    let mut record = record.clone();
    names.seal(&record.tenant, &mut record.entry)?;
    Ok(encode(&record))
}

/// Whether the bytes of a record may hold tokens: it is of a format that has them, or unreadable.
pub fn may_have_tokens(bytes: &[u8]) -> bool {
    store::Record::decode(bytes).map_or(true, |record| record.format >= HAS_TOKENS)
}

/// The bytes of the record of a fact about an incident; `None`: it has a personal text that is new,
/// which only [`encode_sealed`] gives a token.
pub fn encode_incident_event(
    tenant: &TenantId,
    event: &IncidentEvent,
    names: &Names,
) -> Option<Vec<u8>> {
    encode_event(tenant, event, names, |event| Wire::IncidentEvent(incident::encode(event)))
}

/// The same for a fact about a service.
pub fn encode_service_event(
    tenant: &TenantId,
    event: &ServiceEvent,
    names: &Names,
) -> Option<Vec<u8>> {
    encode_event(tenant, event, names, |event| Wire::ServiceEvent(service_event::encode(event)))
}

fn encode_event<E: Personal>(
    tenant: &TenantId,
    event: &E,
    names: &Names,
    wire: impl FnOnce(&E) -> Wire,
) -> Option<Vec<u8>> {
    let entry = match event.has_personal() {
        false => wire(event),
        true => {
            let mut event = event.clone();
            if !names.seal_if_known(tenant, &mut event) {
                return None;
            }
            wire(&event)
        }
    };
    let (tenant, entry) = (tenant.to_string(), Some(entry));
    Some(store::Record { tenant, entry, format: FORMAT }.encode_to_vec())
}

/// The record of some bytes. It is not held to the API's limits.
pub fn decode(bytes: &[u8], zones: &ZoneDatabase, names: &Names) -> Result<Record, Unreadable> {
    from_message(store::Record::decode(bytes)?, zones, names)
}

fn message(record: &Record) -> store::Record {
    let entry = match &record.entry {
        Entry::IncidentEvent(event) => Wire::IncidentEvent(incident::encode(event)),
        Entry::ServiceEvent(event) => Wire::ServiceEvent(service_event::encode(event)),
        Entry::Terms(TermsEntry::Contract { effective_time, contract }) => {
            let effective_time = Some(scalar::timestamp(*effective_time));
            let message = contract::encode(contract);
            Wire::Contract(v1::Contract { effective_time, ..message })
        }
        Entry::Terms(TermsEntry::ContractEnd { contract_id, end_time }) => {
            let end_time = Some(scalar::timestamp(*end_time));
            Wire::ContractEnd(store::ContractEnd { contract_id: contract_id.clone(), end_time })
        }
        Entry::Terms(TermsEntry::Calendar { id, effective_time, calendar }) => {
            let effective_time = Some(scalar::timestamp(*effective_time));
            let message = calendar::encode(id, calendar);
            Wire::Calendar(v1::Calendar { effective_time, ..message })
        }
        Entry::Action(Action::ReviewSigned(signature)) => {
            Wire::ReviewSigned(signature::encode(signature))
        }
        Entry::Action(Action::ItemOpened(item)) => Wire::ItemOpened(settlement::encode(item)),
        Entry::Action(Action::ItemDecided(decided)) => {
            Wire::ItemDecided(settlement::encode_decided(decided, None))
        }
        Entry::Webhook(WebhookEntry::Put { webhook, generation }) => {
            let (webhook, generation) = (Some(webhook::encode(webhook)), *generation);
            Wire::WebhookPut(store::WebhookPut { webhook, generation })
        }
        Entry::Webhook(WebhookEntry::Removed(webhook_id)) => {
            Wire::WebhookRemoved(store::WebhookRemoved { webhook_id: webhook_id.clone() })
        }
        Entry::Adoption(adoption) => Wire::TimeZoneDatabaseAdopted(encode_adoption(adoption)),
        Entry::Lost => Wire::Lost(store::Lost {}),
    };
    store::Record { tenant: record.tenant.to_string(), entry: Some(entry), format: FORMAT }
}

fn from_message(
    record: store::Record,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<Record, Unreadable> {
    if record.format > FORMAT {
        return Err(Unreadable::from(format!(
            "it has format {}: it needs a newer slx",
            record.format
        )));
    }
    let entry = record.entry.ok_or_else(|| "it holds nothing known".to_owned())?;
    let mut entry = match decode_entry(entry, zones, Checks::RECORD)? {
        Entry::IncidentEvent(event) if record.format < SAYS_WHAT_WAS_SENT => {
            Entry::IncidentEvent(event.with_unsent_as_zero())
        }
        entry => entry,
    };
    if record.format >= HAS_TOKENS {
        names.reveal(&mut entry)?;
    }
    Ok(Record { tenant: record.tenant.into(), entry })
}

pub(in crate::codec) fn decode_entry(
    entry: Wire,
    zones: &ZoneDatabase,
    checks: Checks<'_>,
) -> Result<Entry, Unreadable> {
    Ok(match entry {
        Wire::IncidentEvent(event) => Entry::IncidentEvent(incident::decode_with(event, checks)?),
        Wire::ServiceEvent(event) => {
            Entry::ServiceEvent(service_event::decode_with(event, checks)?)
        }
        Wire::Contract(message) => {
            let effective_time = scalar::instant(message.effective_time)?;
            let contract = contract::decode_with(message, zones, checks)?;
            Entry::Terms(TermsEntry::Contract { effective_time, contract: Box::new(contract) })
        }
        Wire::ContractEnd(end) => {
            let end_time = scalar::instant(end.end_time)?;
            Entry::Terms(TermsEntry::ContractEnd { contract_id: end.contract_id, end_time })
        }
        Wire::Calendar(message) => {
            let effective_time = scalar::instant(message.effective_time)?;
            let (id, calendar) = calendar::decode_with(message, zones, checks)?;
            Entry::Terms(TermsEntry::Calendar { id, effective_time, calendar })
        }
        Wire::ReviewSigned(signature) => {
            Entry::Action(Action::ReviewSigned(signature::decode_with(signature, checks)?))
        }
        Wire::ItemOpened(item) => {
            Entry::Action(Action::ItemOpened(settlement::decode_with(item, checks)?))
        }
        Wire::ItemDecided(decided) => {
            let decided = settlement::decode_decided_with(decided, checks)?;
            Entry::Action(Action::ItemDecided(Box::new(decided)))
        }
        Wire::TimeZoneDatabaseAdopted(adopted) => Entry::Adoption(decode_adoption(adopted)?),
        Wire::WebhookPut(put) => {
            let webhook = webhook::decode_with(put.webhook.unwrap_or_default(), checks)?;
            Entry::Webhook(WebhookEntry::Put { webhook, generation: put.generation })
        }
        Wire::WebhookRemoved(removed) => Entry::Webhook(WebhookEntry::Removed(removed.webhook_id)),
        Wire::Lost(store::Lost {}) => Entry::Lost,
    })
}

/// The bytes of the same record without the files of a time zone database, which nobody reads.
pub fn without_zone_files(bytes: &[u8]) -> Vec<u8> {
    match store::Record::decode(bytes) {
        Ok(store::Record {
            tenant,
            entry: Some(Wire::TimeZoneDatabaseAdopted(mut of)),
            format,
        }) => {
            of.database.iter_mut().for_each(|database| database.files.clear());
            let entry = Some(Wire::TimeZoneDatabaseAdopted(of));
            store::Record { tenant, entry, format }.encode_to_vec()
        }
        _ => bytes.to_vec(),
    }
}

fn encode_adoption(adoption: &Adoption) -> store::TimeZoneDatabaseAdopted {
    store::TimeZoneDatabaseAdopted {
        database: Some(time_zones::encode(&adoption.files)),
        effective_time: adoption.effective_time.map(scalar::timestamp),
        recorded_by: adoption.recorded_by.clone(),
    }
}

fn decode_adoption(adopted: store::TimeZoneDatabaseAdopted) -> Result<Adoption, Unreadable> {
    let database = adopted.database.unwrap_or_default();
    let digest = database.digest.clone();
    let files = time_zones::files(database);
    if files.digest().to_string() != digest {
        return Err("the digest of its time zone database is not that of the files"
            .to_owned()
            .into());
    }
    Ok(Adoption {
        files: Arc::new(files),
        effective_time: scalar::optional_instant(adopted.effective_time)?,
        recorded_by: adopted.recorded_by,
    })
}

/// What a view holds of something: tokens where its record has them. What is erased stays what is
/// read in its place.
pub(super) fn in_view<'r, P: Personal>(
    recorded: &'r Recorded<P>,
    tenant: &TenantId,
    names: &Names,
) -> Cow<'r, P> {
    if !recorded.value.has_personal() || recorded.sequence < names.first_sealed() {
        return Cow::Borrowed(&recorded.value);
    }
    let mut sealed = recorded.value.clone();
    names.seal_if_known(tenant, &mut sealed);
    Cow::Owned(sealed)
}

/// The bytes of a service's row.
pub fn encode_service_ledger(
    ledger: &Ledger<ServiceEvent>,
    tenant: &TenantId,
    names: &Names,
) -> Vec<u8> {
    let events = ledger.events.iter().map(|recorded| store::RecordedServiceEvent {
        sequence: recorded.sequence,
        record_nanos: recorded.record_time.nanos(),
        event: Some(service_event::encode(&in_view(recorded, tenant, names))),
    });
    store::ServiceRow { events: events.collect() }.encode_to_vec()
}

/// A service's row.
pub fn decode_service_ledger(
    bytes: &[u8],
    names: &Names,
) -> Result<Ledger<ServiceEvent>, Unreadable> {
    let row = store::ServiceRow::decode(bytes)?;
    let event = |recorded: store::RecordedServiceEvent| -> Result<_, Unreadable> {
        let message = recorded.event.unwrap_or_default();
        let mut value = service_event::decode_with(message, Checks::RECORD)?;
        names.reveal(&mut value)?;
        let record_time = record_time(recorded.record_nanos)?;
        Ok(Recorded { sequence: recorded.sequence, record_time, value })
    };
    row.events.into_iter().map(event).collect()
}

/// The bytes of the row of a record that is kept whole.
pub fn encode_kept(recorded: &Recorded<Record>, names: &Names) -> Vec<u8> {
    let Recorded { sequence, record_time, value: Record { tenant, entry } } = recorded;
    let entry = Recorded { sequence: *sequence, record_time: *record_time, value: entry.clone() };
    let entry = in_view(&entry, tenant, names).into_owned();
    let record = Some(message(&Record { tenant: tenant.clone(), entry }));
    store::KeptRow { record_nanos: record_time.nanos(), record }.encode_to_vec()
}

/// A record that is kept whole: when it was recorded, and what.
pub fn decode_kept(
    bytes: &[u8],
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<(Instant, Record), Unreadable> {
    let row = store::KeptRow::decode(bytes)?;
    let record = from_message(row.record.unwrap_or_default(), zones, names)?;
    Ok((record_time(row.record_nanos)?, record))
}

pub(super) fn record_time(nanos: i64) -> Result<Instant, Unreadable> {
    Instant::from_nanos(nanos).map_err(|error| Unreadable::from(error.to_string()))
}
