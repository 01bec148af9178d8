//! Webhooks, as they are put, recorded and listed.

use crate::codec::checks::Checks;
use crate::codec::choices::{notice_kind, notice_kind_number};
use crate::codec::scalar::text;
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::violation::Violation;
use crate::domain::webhook::Webhook;
use crate::limits::{FILTER_VALUES_MAX, URL_BYTES_MAX};

/// A webhook that somebody puts. Whether its URL can be called is for the service to say.
pub fn decode(webhook: v1::Webhook) -> Result<Webhook, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let filters = [
        ("contract_ids", webhook.contract_ids.len()),
        ("target_ids", webhook.target_ids.len()),
        ("kinds", webhook.kinds.len()),
        ("priorities", webhook.priorities.len()),
        ("groups", webhook.groups.len()),
    ];
    for (field, length) in filters {
        violations.at_most(field, length, FILTER_VALUES_MAX);
    }
    violations.keep("url", text(webhook.url.clone(), URL_BYTES_MAX));
    let decoded = decode_with(webhook, Checks::REQUEST);
    let decoded = violations.keep("", decoded);
    violations.check()?;
    decoded.ok_or_else(Vec::new)
}

/// A webhook as it is recorded.
pub(in crate::codec) fn decode_with(
    webhook: v1::Webhook,
    checks: Checks<'_>,
) -> Result<Webhook, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = Webhook {
        id: violations.or("id", checks.terms_id(webhook.id), String::new()),
        url: webhook.url,
        contract_ids: violations
            .each("contract_ids", webhook.contract_ids, |id| checks.terms_id(id)),
        target_ids: violations.each("target_ids", webhook.target_ids, |id| checks.terms_id(id)),
        kinds: violations.each("kinds", webhook.kinds, notice_kind),
        priorities: violations.each("priorities", webhook.priorities, |text| checks.priority(text)),
        groups: violations.each("groups", webhook.groups, |group| checks.note(group)),
    };
    violations.check().map(|()| decoded)
}

/// The message of a webhook.
pub fn encode(webhook: &Webhook) -> v1::Webhook {
    v1::Webhook {
        id: webhook.id.clone(),
        url: webhook.url.clone(),
        contract_ids: webhook.contract_ids.clone(),
        target_ids: webhook.target_ids.clone(),
        kinds: webhook.kinds.iter().copied().map(notice_kind_number).collect(),
        priorities: webhook.priorities.clone(),
        groups: webhook.groups.clone(),
    }
}
