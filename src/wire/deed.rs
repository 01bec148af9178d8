//! Deeds, as they are recorded and told.

use super::faults::Faults;
use super::scalar::{id, instant, text, timestamp};
use super::v1;
use crate::domain::fault::Fault;
use crate::domain::time::Instant;
use crate::engine::deed::Signature;
use crate::limits::{NOTE_BYTES_MAX, PERSON_BYTES_MAX};

/// The signature of a message.
pub fn decode(signature: v1::ReviewSignature) -> Result<Signature, Vec<Fault>> {
    let mut faults = Faults::default();
    let signature = Signature {
        id: faults.or("signature_id", id(signature.signature_id), String::new()),
        contract_id: faults.or("contract_id", id(signature.contract_id), String::new()),
        period: signature.period,
        signed_by: faults.or("signed_by", who(signature.signed_by), String::new()),
        note: faults.or("note", text(signature.note, NOTE_BYTES_MAX), String::new()),
        as_of: faults.or("as_of_time", instant(signature.as_of_time), Instant::MIN),
        known: faults.or("known_time", instant(signature.known_time), Instant::MIN),
    };
    faults.check().map(|()| signature)
}

/// The message of a signature, without its record time.
pub fn encode(signature: &Signature) -> v1::ReviewSignature {
    v1::ReviewSignature {
        signature_id: signature.id.clone(),
        contract_id: signature.contract_id.clone(),
        period: signature.period.clone(),
        signed_by: signature.signed_by.clone(),
        note: signature.note.clone(),
        as_of_time: Some(timestamp(signature.as_of)),
        known_time: Some(timestamp(signature.known)),
        record_time: None,
    }
}

/// Who did something: somebody.
pub fn who(name: String) -> Result<String, String> {
    match name.trim().is_empty() {
        true => Err("is missing: write who".to_owned()),
        false => text(name, PERSON_BYTES_MAX),
    }
}
