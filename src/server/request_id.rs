//! The id of a call, by which its caller, the log, the audit log and traces mean the same.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use tonic::codegen::http::{HeaderMap, HeaderValue};

/// The header of a request that names its id, and of every answer.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// Bytes that an id of a caller may have.
const ID_BYTES_MAX: usize = 128;

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
            _ => RequestId(made_up().into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the answer's header has it. It is sent as what no table keeps: one that each answer has
    /// another of would push all others out of it.
    pub fn header(&self) -> Option<HeaderValue> {
        let mut header = HeaderValue::from_str(&self.0).ok()?;
        header.set_sensitive(true);
        Some(header)
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

/// An id that no other call has. It is no secret, only unlikely to be that of another process: a
/// count, hashed by a key that each process draws once.
fn made_up() -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:016x}", KEY.hash_one(count))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
        let made: HashSet<_> = (0..10_000).map(|_| id(&[])).collect();
        assert_eq!(made.len(), 10_000);
    }
}
