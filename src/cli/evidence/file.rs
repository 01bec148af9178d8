//! The evidence file, format 1.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::format::Format;

/// What the file says it is. Another version of it says another.
pub const FORMAT: Format = Format { name: "slx evidence", version: 1 };

/// Explains to whoever opens the file what is in it and how to check it without slx.
pub const HOW_TO_CHECK: &str = "slx evidence --check FILE --head HEAD does all of this. By hand: \
for each record, sha256(previousHash + sequence as 8 bytes + recordTime as 8 bytes of nanoseconds \
since 1970 + body) is its chainHash (integers big-endian, hashes hexadecimal, the body base64). \
Then sha256(0x00 + chainHash) is a leaf of the Merkle tree of RFC 9162, and with the path it gives \
the head as its section 2.1.3.2 says, for leaf number sequence - 1 of a tree of journal.records \
leaves. Compare the head with one that was noted: GetStatus shows it. The body is a protobuf \
message slx.store.v1.Record; holds is the same in JSON, without the files of time zone databases. \
The verdict follows from facts and terms. That no other fact of the incident was left out is \
shown by the journal itself: slx verify.";

/// One incident: what was recorded, and what follows from it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    pub format: String,
    pub how_to_check: String,
    pub tenant: String,
    pub incident_id: String,
    pub as_of_time: String,
    pub known_time: String,
    pub time_zone_database: String,
    pub journal: JournalHead,
    pub facts: Vec<Proven>,
    pub terms: Vec<Proven>,
    /// The adoptions of the time zone databases that local time is read by. None: the store had not
    /// recorded any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_zones: Vec<Proven>,
    /// The names that tokens in the facts stand for, each as the file of names has it, in base64. A
    /// name is proven by its token, a keyed hash of it, in a body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    pub verdict: Value,
}

/// The journal the records are of, as it stood then.
#[derive(Debug, Deserialize, Serialize)]
pub struct JournalHead {
    pub records: u64,
    pub head: String,
}

/// A record, and the way from it to the head.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    pub sequence: u64,
    pub record_time: String,
    pub previous_hash: String,
    pub chain_hash: String,
    pub body: String,
    pub holds: Value,
    pub path: Vec<String>,
}
