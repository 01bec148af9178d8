//! Signatures of reviews, and who does something.

use crate::codec::checks::Checks;
use crate::codec::scalar::{instant, timestamp};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::time::Instant;
use crate::domain::violation::Violation;
use crate::engine::action::Signature;

/// The signature of a message.
pub(in crate::codec) fn decode_with(
    signature: v1::ReviewSignature,
    checks: Checks<'_>,
) -> Result<Signature, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let signature = Signature {
        id: violations.or("signature_id", checks.id(signature.signature_id), String::new()),
        contract_id: violations.or(
            "contract_id",
            checks.terms_id(signature.contract_id),
            String::new(),
        ),
        period: signature.period,
        signed_by: violations.or("signed_by", checks.person(signature.signed_by), String::new()),
        note: violations.or("note", checks.note(signature.note), String::new()),
        as_of: violations.or("as_of_time", instant(signature.as_of_time), Instant::MIN),
        recorded_by: signature.recorded_by,
        known: violations.or("known_time", instant(signature.known_time), Instant::MIN),
    };
    violations.check().map(|()| signature)
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
        recorded_by: signature.recorded_by.clone(),
    }
}

/// Who does something, as a request says.
pub fn who(name: String) -> Result<String, String> {
    Checks::REQUEST.person(name)
}
