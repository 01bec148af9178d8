//! Events: notices as CloudEvents 1.0, in their structured form.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::codec::scalar::{hexadecimal, instant};
use crate::codec::{text, v1};
use crate::domain::ids::TenantId;
use crate::domain::time::Instant;

const TYPES: &str = "slx.v1.clock.";
const KINDS: &str = "NOTICE_KIND_";
const ID_BYTES: usize = 16;

/// An event that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WebhookEvent {
    /// The same whenever it is sent to its webhook, and another for each webhook.
    pub id: String,
    /// The id of the incident: of one incident they are sent in order.
    pub incident_id: String,
    /// When it could first be known.
    pub notice_time: Instant,
    /// The CloudEvent.
    pub body: String,
}

impl WebhookEvent {
    /// The event of a notice; `None`: it can't be written, which is a defect.
    pub fn of(tenant: &TenantId, webhook: &str, notice: &v1::Notice) -> Option<WebhookEvent> {
        let notice = without_persons(notice);
        let data = text::to_json(&notice, "slx.v1.Notice").ok()?;
        let data: Value = serde_json::from_str(&data).ok()?;
        let notice_time = instant(notice.notice_time).ok()?;
        let kind = notice.kind().as_str_name().trim_start_matches(KINDS).to_ascii_lowercase();
        let withdrawn = if notice.withdrawn { ".withdrawn" } else { "" };
        let body = json!({
            "specversion": "1.0",
            "id": notice.id,
            "source": format!("/slx/tenants/{}", in_path(tenant)),
            "type": format!("{TYPES}{kind}{withdrawn}"),
            "subject": notice.incident_id,
            "time": notice_time.to_string(),
            "datacontenttype": "application/json",
            "data": data,
        });
        Some(WebhookEvent {
            id: message_id(tenant, webhook, &notice.id),
            incident_id: notice.incident_id,
            notice_time,
            body: body.to_string(),
        })
    }
}

/// A notice without what somebody wrote about a person: a decision that excludes a clock names who
/// made it, and why. What has left slx can't be erased any more.
fn without_persons(notice: &v1::Notice) -> v1::Notice {
    let mut notice = notice.clone();
    if let Some(clock) = &mut notice.clock
        && clock.exclusion.starts_with("decided ")
    {
        "decided".clone_into(&mut clock.exclusion);
    }
    notice
}

/// The id of a message to a webhook. That of a notice is the same for every tenant and webhook.
fn message_id(tenant: &TenantId, webhook: &str, notice: &str) -> String {
    let tenant: &str = tenant;
    let digest = [tenant, webhook, notice].iter().fold(Sha256::new(), |digest, part| {
        digest.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
    });
    let digest = digest.finalize();
    format!("msg_{}", hexadecimal(digest.get(..ID_BYTES).unwrap_or_default()))
}

/// A text as a segment of a path: RFC 3986 writes whatever else there is by its bytes.
fn in_path(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                written.push(char::from(byte));
            }
            _ => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> v1::Notice {
        v1::Notice {
            id: "ab".into(),
            kind: v1::NoticeKind::Breached as i32,
            incident_id: "I 1".into(),
            notice_time: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
            ..Default::default()
        }
    }

    #[test]
    fn an_event_is_a_cloud_event_with_the_notice_as_its_data() {
        let event = WebhookEvent::of(&"a/c é".into(), "w", &notice()).unwrap();
        let body: Value = serde_json::from_str(&event.body).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": "ab",
            "source": "/slx/tenants/a%2Fc%20%C3%A9",
            "type": "slx.v1.clock.breached",
            "subject": "I 1",
            "time": "1970-01-01T00:00:01Z",
            "datacontenttype": "application/json",
            "data": {
                "id": "ab",
                "kind": "NOTICE_KIND_BREACHED",
                "incidentId": "I 1",
                "noticeTime": "1970-01-01T00:00:01Z",
            },
        });
        assert_eq!(body, expected);
        let withdrawn = v1::Notice { withdrawn: true, ..notice() };
        let event = WebhookEvent::of(&"t".into(), "w", &withdrawn).unwrap();
        assert!(event.body.contains("\"slx.v1.clock.breached.withdrawn\""), "{}", event.body);
    }

    #[test]
    fn the_id_of_a_message_is_of_its_tenant_webhook_and_notice() {
        let of = |tenant: &str, webhook| {
            WebhookEvent::of(&tenant.into(), webhook, &notice()).unwrap().id
        };
        assert_eq!(of("t", "w"), of("t", "w"));
        assert_ne!(of("t", "w"), of("t", "x"));
        assert_ne!(of("t", "w"), of("u", "w"));
        assert_ne!(of("t", "wx"), of("tw", "x"));
    }

    #[test]
    fn who_decided_an_exclusion_and_why_is_not_sent() {
        let clock = |exclusion: &str| {
            let clock = v1::Clock { exclusion: exclusion.into(), ..Default::default() };
            let notice = v1::Notice { clock: Some(clock), ..notice() };
            WebhookEvent::of(&"t".into(), "w", &notice).unwrap().body
        };
        let body = clock("decided by Jo (E1): Ms Doe was ill");
        assert!(body.contains("\"exclusion\":\"decided\""), "{body}");
        assert!(clock("rule maintenance: planned").contains("rule maintenance: planned"));
    }
}
