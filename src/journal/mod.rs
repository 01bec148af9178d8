//! The journal: the truth of slx, an append-only, checksummed, hash-chained sequence of records.
//!
//! The journal gives each record a sequence and a place in the chain. It does not know what a
//! record means, what time it is, or who reads it. What it promises:
//!
//! * A record counts once [`Log::commit`] has returned, and then survives any crash.
//! * Nothing is edited in place. A damaged record is named, never served.
//! * The chain hash of a record vouches for it and for every record before it; the journal's head
//!   vouches for them all.
//!
//! # Files
//!
//! A journal is a directory:
//!
//! | name | what it is |
//! | --- | --- |
//! | `lock` | empty; locked (`flock`) by the one process that writes |
//! | `00000000000000000001.log` | a segment, named by the sequence of its first record, 20 digits |
//! | `next.tmp` | a segment in the making; means nothing, may be deleted when nobody writes |
//!
//! # Format, version 1
//!
//! Integers are unsigned and big-endian unless said otherwise; offsets and sizes are in bytes. CRC
//! is CRC-32C (Castagnoli). A segment is a header, frames one right after the other, and zeros up
//! to the size that was set aside for it.
//!
//! Segment header, 78 bytes and 32 for each subtree:
//!
//! | offset | size | field |
//! | --- | --- | --- |
//! | 0 | 8 | the ASCII letters `SLXJRNAL` |
//! | 8 | 2 | format version: 1 |
//! | 10 | 16 | store id, the same in every segment |
//! | 26 | 8 | sequence of the first record, as in the file's name |
//! | 34 | 8 | record time of the record before it (as in a frame); 0 when there is none |
//! | 42 | 32 | chain hash of the record before it; zeros when there is none |
//! | 74 | 32 each | subtrees (below) of the records before |
//! | then | 4 | CRC of the bytes before |
//!
//! Frame, 69 bytes and the body:
//!
//! | offset | size | field |
//! | --- | --- | --- |
//! | 0 | 4 | size of the whole frame, from 69; 0 where nothing is written yet |
//! | 4 | 1 | format version: 1 |
//! | 5 | 8 | sequence of the first record that was written by the same commit |
//! | 13 | 8 | sequence: 1 for the first record of the journal, then consecutive |
//! | 21 | 8 | record time: signed nanoseconds since 1970-01-01T00:00:00Z; never decreases |
//! | 29 | 32 | chain hash |
//! | 61 | 4 | CRC of the body |
//! | 65 | 4 | CRC of the store id followed by the bytes 0 to 64 of the frame |
//! | 69 | - | body, up to 16 MiB |
//!
//! The chain hash is SHA-256 of: the chain hash of the record before (32 zero bytes for the first),
//! the sequence (8 bytes), the record time (8 bytes), the body. The *head* of the journal is the
//! root of the Merkle tree of RFC 9162, section 2.1, over all chain hashes: whoever notes it can be
//! shown later that a journal holds what it held then ([`verify`]), or that one record was in it,
//! without the rest ([`Path`]). A segment's header holds the roots of the tree's perfect subtrees
//! over the records before it, the largest first: one for each 1 in their number's binary digits.
//!
//! A later version keeps both headers as they are and adds behind them, so that any version can
//! distinguish "newer" from "damaged". The store id in a frame's CRC keeps a body that looks like a
//! frame from being taken for one.
//!
//! # Where a journal ends
//!
//! At the first place without a valid frame in the last segment. What lies behind it decides what
//! that means:
//!
//! * only zeros: the journal was left in good order;
//! * the header of a frame of a *later* commit: the commits before that one had been synced, so the
//!   record missing here had been too. It is damaged, and so is every segment but the last that
//!   ends before the next one begins. This is data loss and is never repaired on the way;
//! * anything else: a torn tail, what a crash left of the one commit that was under way. Its pages
//!   may have reached the disk in any order. Opening the journal cuts it: writes zeros over it.
//!
//! What is found up to there may have been in memory only when the process ended. Opening the
//! journal makes it durable before it counts.
//!
//! Who knows that more had been durable ([`Durable`]) learns of damage also where it just ends.
//! A commit lies in one segment, and a segment is only begun when everything before it is synced,
//! so only the last can have a torn tail.

mod chain;
mod disk;
mod error;
mod files;
mod frame;
mod group;
mod hash;
mod joints;
mod log;
mod open;
mod open_to_read;
mod prepare;
mod proof;
mod reader;
mod salvage;
mod scan;
mod segment;
mod store_id;
mod tail;
mod verify;
mod writer;

#[cfg(test)]
mod faulty;
#[cfg(test)]
mod in_memory;
#[cfg(test)]
mod tests;

pub use chain::{Tree, chain_hash};
pub use error::{
    CommitError, Damage, FileError, Flaw, NewerFormat, OpenError, ReadError, SalvageError,
    StageError,
};
pub use files::JournalFiles;
pub use frame::BODY_BYTES_MAX;
pub use group::{FrameGroup, GroupError, GroupInMaking, LogHeader};
pub use hash::ChainHash;
#[cfg(test)]
pub(crate) use in_memory::InMemoryLog;
pub use log::{Log, LogPosition, LogReader, LogSource, Record, Wake};
pub use open::{Durable, Journal, Opened, Options, Report, SEGMENT_BYTES_DEFAULT, TornTail};
pub use open_to_read::Unchanging;
pub use proof::{Path, Prover};
pub use reader::Reader;
pub use salvage::{Salvaged, salvage};
pub use store_id::StoreId;
pub use verify::{Verified, verify};
pub use writer::{Syncing, Writer};
