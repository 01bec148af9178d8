//! Groups as they travel: what a log that several nodes share is made of.
//!
//! Such a log is a journal without files. It begins with the header of a journal that holds
//! nothing ([`LogHeader`]), and goes on with groups, each the frames that one commit appends, just
//! as they lie in a segment. So every node that copies it into a journal of its own has the same
//! records, chain hashes and head, and whoever gets a group that does not follow what it has knows
//! it.

use super::chain::{Chain, Head};
use super::frame::{self, FORMAT_VERSION, FRAME_HEADER_BYTES, FrameHeader, checksum_seed};
use super::hash::ChainHash;
use super::log::Record;
use super::segment::SegmentHeader;
use super::store_id::StoreId;

/// What a shared log begins with: whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHeader {
    /// The store whose log it is.
    pub store_id: StoreId,
}

/// A group of records, as bytes.
#[derive(Clone, Copy, Debug)]
pub struct FrameGroup<'b> {
    bytes: &'b [u8],
    seed: u32,
}

/// One frame of a group.
#[derive(Debug)]
pub(super) struct FrameOfGroup<'b> {
    pub head: Head,
    pub frame: &'b [u8],
    pub body: &'b [u8],
}

/// A group that is put together of records which count in a journal.
#[derive(Debug)]
pub struct GroupInMaking {
    frames: Vec<u8>,
    seed: u32,
    /// The sequence of its first record.
    first: Option<u64>,
}

/// Why a group can't be appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// It has bytes that are no frame of this store.
    #[error("it holds bytes that are no record of this store")]
    Malformed,
    /// A newer slx wrote it.
    #[error("it has format version {version}: it needs a newer slx")]
    Newer {
        /// The version found.
        version: u8,
    },
    /// A record does not follow those that are there.
    #[error("its record {sequence} does not follow the records that are here")]
    OutOfPlace {
        /// Its sequence.
        sequence: u64,
    },
}

impl LogHeader {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        SegmentHeader::new(self.store_id, Chain::START).encode()
    }

    /// The header of these bytes, if they are one this version knows.
    pub fn decode(bytes: &[u8]) -> Option<LogHeader> {
        let header = SegmentHeader::decode(bytes)?;
        let is_known = header.version <= u16::from(FORMAT_VERSION) && header.before == Chain::START;
        is_known.then_some(LogHeader { store_id: header.store_id })
    }
}

impl<'b> FrameGroup<'b> {
    /// The group of these bytes, of a store.
    pub fn new(bytes: &'b [u8], store_id: &StoreId) -> FrameGroup<'b> {
        FrameGroup { bytes, seed: checksum_seed(store_id) }
    }

    /// The sequence of its first record.
    ///
    /// # Errors
    /// It is no group of this store.
    pub fn first_sequence(&self) -> Result<u64, GroupError> {
        let first = self.frames().next().ok_or(GroupError::Malformed)?;
        Ok(first?.head.sequence)
    }

    /// The sequence of its last record.
    ///
    /// # Errors
    /// It is no group of this store.
    pub fn last_sequence(&self) -> Result<u64, GroupError> {
        let last = self.frames().last().ok_or(GroupError::Malformed)?;
        Ok(last?.head.sequence)
    }

    /// The chain hash of its record of a sequence; `None`: it has no such record.
    ///
    /// # Errors
    /// It is no group of this store.
    pub fn hash_of(&self, sequence: u64) -> Result<Option<ChainHash>, GroupError> {
        for framed in self.frames() {
            let FrameOfGroup { head, .. } = framed?;
            if head.sequence == sequence {
                return Ok(Some(head.hash));
            }
        }
        Ok(None)
    }

    /// Its parts of so many bytes at most, but for a record that has more by itself.
    ///
    /// # Errors
    /// It is no group of this store.
    pub fn parts(&self, bytes_max: usize) -> Result<Vec<&'b [u8]>, GroupError> {
        let (mut parts, mut begin, mut end) = (Vec::new(), 0, 0);
        for framed in self.frames() {
            let after = end + framed?.frame.len();
            if after - begin > bytes_max && end > begin {
                parts.extend(self.bytes.get(begin..end));
                begin = end;
            }
            end = after;
        }
        parts.extend(self.bytes.get(begin..end).filter(|part| !part.is_empty()));
        Ok(parts)
    }

    /// Its frames, each with its checksums checked; none after an error.
    pub(super) fn frames(
        &self,
    ) -> impl Iterator<Item = Result<FrameOfGroup<'b>, GroupError>> + use<'b> {
        let (mut rest, seed) = (self.bytes, self.seed);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let framed = next_frame(&mut rest, seed);
            if framed.is_err() {
                rest = &[];
            }
            Some(framed)
        })
    }
}

impl GroupInMaking {
    /// An empty group of a store.
    pub fn new(store_id: &StoreId) -> GroupInMaking {
        GroupInMaking { frames: Vec::new(), seed: checksum_seed(store_id), first: None }
    }

    /// Adds the record after those that it has.
    pub fn push(&mut self, record: &Record) {
        let Record { sequence, record_time, hash, body } = record;
        let head = Head { sequence: *sequence, record_time: *record_time, hash: *hash };
        let first = *self.first.get_or_insert(*sequence);
        frame::encode(&mut self.frames, self.seed, first, &head, body);
    }

    /// Whether it has no record.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Its bytes; it is empty then.
    pub fn take(&mut self) -> Vec<u8> {
        self.first = None;
        std::mem::take(&mut self.frames)
    }
}

fn next_frame<'b>(rest: &mut &'b [u8], seed: u32) -> Result<FrameOfGroup<'b>, GroupError> {
    let header = FrameHeader::decode(rest, seed).ok_or(GroupError::Malformed)?;
    if header.version > FORMAT_VERSION {
        return Err(GroupError::Newer { version: header.version });
    }
    let length = FRAME_HEADER_BYTES + header.body_bytes;
    let (frame, behind) = rest.split_at_checked(length).ok_or(GroupError::Malformed)?;
    let body = frame.get(FRAME_HEADER_BYTES..).unwrap_or_default();
    *rest = behind;
    match header.fits(body) {
        true => Ok(FrameOfGroup { head: header.head, frame, body }),
        false => Err(GroupError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::Log;
    use super::super::open::{Journal, Options};
    use super::super::writer::{Syncing, Writer};
    use super::*;
    use crate::domain::time::Instant;

    const STORE: StoreId = StoreId::new([7; 16]);

    fn journal(directory: &std::path::Path) -> Writer {
        let (durable, syncing) = (None, Syncing::EachSegment);
        let options = Options { segment_bytes: 1 << 16, new_store_id: STORE, durable, syncing };
        Journal::open(directory, options).unwrap().writer
    }

    /// Records `bodies` in a journal and returns the bytes of each group.
    fn groups(writer: &mut Writer, bodies: &[&[&[u8]]]) -> Vec<Vec<u8>> {
        let group = |group: &&[&[u8]]| {
            for body in *group {
                let time = Instant::from_nanos(writer.end().sequence as i64).unwrap();
                writer.stage(time, body).unwrap();
            }
            let bytes = writer.staged().to_vec();
            writer.commit().unwrap();
            bytes
        };
        bodies.iter().map(group).collect()
    }

    #[test]
    fn a_copy_of_all_groups_has_the_same_head_wherever_it_was_cut_off_before() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut first = journal(one.path());
        let groups = groups(&mut first, &[&[b"a", b"bb"], &[b"c"], &[b"", b"d", b"e"]]);
        let mut copy = journal(other.path());
        for bytes in &groups {
            // Of each group a part, and then all of it, as after a crash.
            let parts = FrameGroup::new(bytes, &STORE).parts(1).unwrap();
            copy.stage_group(&FrameGroup::new(parts[0], &STORE)).unwrap();
            copy.commit().unwrap();
            copy.stage_group(&FrameGroup::new(bytes, &STORE)).unwrap();
            copy.commit().unwrap();
        }
        assert_eq!((copy.end(), copy.last_hash()), (first.end(), first.last_hash()));
        drop(copy);
        assert_eq!(journal(other.path()).end(), first.end());
    }

    #[test]
    fn what_does_not_follow_is_refused_and_nothing_is_changed() {
        let directories: [_; 3] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
        let mut first = journal(directories[0].path());
        let theirs = groups(&mut first, &[&[b"a"], &[b"b"]]);
        let ours = groups(&mut journal(directories[1].path()), &[&[b"other"], &[b"b"]]);
        let mut copy = journal(directories[2].path());
        let mut refuse = |bytes: &[u8], error: GroupError| {
            let before = copy.end();
            assert_eq!(copy.stage_group(&FrameGroup::new(bytes, &STORE)), Err(error));
            assert_eq!((copy.staged(), copy.end()), (&[][..], before));
        };
        refuse(&theirs[1], GroupError::OutOfPlace { sequence: 2 });
        refuse(b"no frame", GroupError::Malformed);
        refuse(&theirs[0][..theirs[0].len() - 1], GroupError::Malformed);
        copy.stage_group(&FrameGroup::new(&theirs[0], &STORE)).unwrap();
        copy.commit().unwrap();
        assert_eq!(
            copy.stage_group(&FrameGroup::new(&ours[1], &STORE)),
            Err(GroupError::OutOfPlace { sequence: 2 })
        );
        let strange = FrameGroup::new(&theirs[0], &StoreId::new([8; 16])).first_sequence();
        assert_eq!(strange, Err(GroupError::Malformed));
    }

    #[test]
    fn a_group_is_cut_between_records_alone() {
        let directory = tempfile::tempdir().unwrap();
        let groups = groups(&mut journal(directory.path()), &[&[b"a", b"bb", &[3; 300]]]);
        let group = FrameGroup::new(&groups[0], &STORE);
        let lengths = |bytes_max| {
            let parts = group.parts(bytes_max).unwrap();
            assert_eq!(parts.concat(), groups[0]);
            parts.iter().map(|part| part.len()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(1), [70, 71, 369]);
        assert_eq!(lengths(141), [141, 369]);
        assert_eq!(lengths(1_000), [510]);
        assert_eq!(group.first_sequence(), Ok(1));
        assert!(group.hash_of(3).unwrap().is_some() && group.hash_of(4).unwrap().is_none());
    }

    #[test]
    fn the_header_says_whose_log_it_is() {
        let header = LogHeader { store_id: STORE };
        assert_eq!(LogHeader::decode(&header.encode()), Some(header));
        assert_eq!(LogHeader::decode(b"anything"), None);
    }
}
