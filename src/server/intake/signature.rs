//! Signatures of tools over what they post: HMAC-SHA256 by a secret that both know.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use tonic::codegen::http::HeaderMap;

use crate::domain::time::{Instant, Span};

/// The header of Jira's signatures: `sha256=` and digits.
const JIRA: &str = "x-hub-signature";
/// The headers of Zendesk's: base64, and when it was signed.
const ZENDESK: &str = "x-zendesk-webhook-signature";
const ZENDESK_TIME: &str = "x-zendesk-webhook-signature-timestamp";
/// How far from now a signature may have been made.
const AGE_MAX: Span = Span::from_minutes(5);

/// By which rules a tool signs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scheme {
    /// It signs nothing.
    #[default]
    None,
    /// As Jira does: the body, in digits.
    Jira,
    /// As Zendesk does: the time and the body, in base64.
    Zendesk,
}

/// How a source signs.
#[derive(Clone)]
pub(super) struct Signature {
    scheme: Scheme,
    secret: String,
}

impl Signature {
    pub fn new(scheme: Scheme, secret: &str) -> Signature {
        Signature { scheme, secret: secret.to_owned() }
    }

    /// Whether a request has a signature, right or wrong.
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        match self.scheme {
            Scheme::None => false,
            Scheme::Jira => headers.contains_key(JIRA),
            Scheme::Zendesk => headers.contains_key(ZENDESK),
        }
    }

    /// Checks the signature of a body.
    ///
    /// # Errors
    /// Why it is not accepted, for the audit log.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<(), String> {
        let (time, signature) = match self.scheme {
            Scheme::None => return Err("the source signs nothing".to_owned()),
            Scheme::Jira => {
                let digits = one(headers, JIRA)?.strip_prefix("sha256=");
                let digits = digits.ok_or("the signature is not made with SHA-256")?;
                ("", decode_digits(digits).ok_or("the signature is not in hexadecimal")?)
            }
            Scheme::Zendesk => {
                let time = one(headers, ZENDESK_TIME)?;
                check_age(time, now)?;
                let decoded = STANDARD.decode(one(headers, ZENDESK)?);
                (time, decoded.map_err(|_| "the signature is not in base64")?)
            }
        };
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes());
        let mut mac = mac.map_err(|_| "the secret is no key")?;
        mac.update(time.as_bytes());
        mac.update(body);
        // It takes as long however much of it is right.
        mac.verify_slice(&signature).map_err(|_| "the signature is wrong".to_owned())
    }
}

// Neither a log nor an error has a secret in it.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:?})", self.scheme)
    }
}

/// The value of a header that a request has once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, String> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(format!("there is no {name}, or several"));
    };
    value.to_str().map_err(|_| format!("{name} is no text"))
}

fn check_age(time: &str, now: Instant) -> Result<(), String> {
    let signed = DateTime::parse_from_rfc3339(time).ok();
    let signed = signed.and_then(|time| Instant::try_from(time.to_utc()).ok());
    let signed = signed.ok_or("the time of the signature is none")?;
    let age = now.since(signed).max(signed.since(now));
    match age > AGE_MAX {
        true => Err("the signature was made too long ago, or is from the future".to_owned()),
        false => Ok(()),
    }
}

fn decode_digits(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(values: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    fn at(text: &str) -> Instant {
        Instant::try_from(DateTime::parse_from_rfc3339(text).unwrap().to_utc()).unwrap()
    }

    /// The example of Atlassian's documentation of webhooks.
    #[test]
    fn a_signature_of_jira_is_that_of_its_documentation() {
        let jira = Signature::new(Scheme::Jira, "It's a Secret to Everybody");
        let digits = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        let now = at("2026-10-05T07:00:00Z");
        let verify = |value: &str| jira.verify(&headers(&[(JIRA, value)]), b"Hello World!", now);
        assert_eq!(verify(&format!("sha256={digits}")), Ok(()));
        for wrong in [
            format!("sha256={}", digits.replace('a', "b")),
            format!("sha256={}", digits.replacen("a4", "", 1)),
            format!("sha256={digits}0"),
            "sha256=".to_owned(),
            "sha256=+f".to_owned(),
            format!("sha1={digits}"),
            digits.to_owned(),
        ] {
            assert!(verify(&wrong).is_err(), "{wrong}");
        }
        let right = format!("sha256={digits}");
        let twice = headers(&[(JIRA, &right), (JIRA, &right)]);
        assert!(jira.verify(&twice, b"Hello World!", now).is_err());
        assert!(jira.verify(&HeaderMap::new(), b"Hello World!", now).is_err());
        assert!(jira.is_in(&twice) && !jira.is_in(&HeaderMap::new()));
    }

    #[test]
    fn a_signature_of_zendesk_is_over_the_time_and_the_body_and_gets_old() {
        let zendesk = Signature::new(Scheme::Zendesk, "secret");
        let time = "2026-10-05T07:00:00Z";
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(b"2026-10-05T07:00:00Z{}");
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let sent = headers(&[(ZENDESK, &signature), (ZENDESK_TIME, time)]);
        for now in ["2026-10-05T06:55:00Z", time, "2026-10-05T07:05:00Z"] {
            assert_eq!(zendesk.verify(&sent, b"{}", at(now)), Ok(()), "{now}");
        }
        for now in ["2026-10-05T06:54:59Z", "2026-10-05T07:05:01Z"] {
            assert!(zendesk.verify(&sent, b"{}", at(now)).is_err(), "{now}");
        }
        assert!(zendesk.verify(&sent, b"{ }", at(time)).is_err());
        let newer = headers(&[(ZENDESK, &signature), (ZENDESK_TIME, "2026-10-05T07:00:01Z")]);
        assert!(zendesk.verify(&newer, b"{}", at(time)).is_err());
        assert!(zendesk.verify(&headers(&[(ZENDESK, &signature)]), b"{}", at(time)).is_err());
        assert_eq!(format!("{zendesk:?}"), "Signature(Zendesk)");
    }
}
