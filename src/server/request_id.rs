//! The id of a call, by which its caller, the log, the audit log and traces mean the same.

use std::fmt;
use std::sync::Arc;

use tonic::codegen::http::{HeaderMap, HeaderValue};

use crate::codec::scalar::hexadecimal;

/// The header of a request that names its id, and of every answer.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// Bytes that an id of a caller may have.
const ID_BYTES_MAX: usize = 128;
const RANDOM_BYTES: usize = 8;

/// The id of a call: the caller's, or made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId(Arc<str>);

impl RequestId {
    /// The id of a call with these headers: theirs, if there is one of up to 128 visible ASCII
    /// characters. Whatever else was sent would break lines, or pass for several.
    pub fn of(headers: &HeaderMap) -> RequestId {
        let mut values = headers.get_all(REQUEST_ID).iter();
        match (values.next().and_then(well_formed), values.next()) {
            (Some(sent), None) => RequestId(sent.into()),
            _ => RequestId(random().into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the answer's header has it.
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn well_formed(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_visible && (1..=ID_BYTES_MAX).contains(&text.len())).then_some(text)
}

fn random() -> String {
    let mut random = [0; RANDOM_BYTES];
    match getrandom::fill(&mut random) {
        Ok(()) => hexadecimal(&random),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
        }
        RequestId::of(&headers).to_string()
    }

    #[test]
    fn an_id_of_visible_ascii_is_kept() {
        assert_eq!(id(&[b"7f3a-\"{}/1"]), "7f3a-\"{}/1");
        assert_eq!(id(&[&[b'x'; 128]]).len(), 128);
    }

    #[test]
    fn what_is_no_id_is_replaced_by_one() {
        let long = [b'x'; 129];
        for wrong in
            [&[b"".as_slice()][..], &[b"a b"], &[b"a\tb"], &[b"\xc3\xa4"], &[&long], &[b"a", b"b"]]
        {
            let made = id(wrong);
            assert!(made.len() == 16 && made.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_ne!(made, id(wrong));
        }
        assert_eq!(id(&[]).len(), 16);
    }
}
