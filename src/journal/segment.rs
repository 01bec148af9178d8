//! A segment: its name, its header, and how it comes into being.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crc32c::crc32c;

use super::chain::{Chain, Head, Tree, peaks_of};
use super::disk::{Disk, read_at, write_zeros};
use super::error::{Damage, FileError, Flaw, NewerFormat, ReadError};
use super::frame::{FORMAT_VERSION, take};
use super::hash::ChainHash;
use super::store_id::StoreId;
use crate::domain::time::Instant;

/// The longest header a segment can have.
const HEADER_BYTES_MAX: usize = FIXED_BYTES + 64 * HASH_BYTES;

const MAGIC: [u8; 8] = *b"SLXJRNAL";
const FIXED_BYTES: usize = 78;
const HASH_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;

/// How much of a blank segment is synced at a time: a commit under way meanwhile waits no longer
/// than for this.
const SYNC_BYTES: usize = 4 << 20;

/// What a segment says before its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub version: u16,
    pub store_id: StoreId,
    /// The chain before the segment's first record.
    pub before: Chain,
}

impl SegmentHeader {
    /// The header of a segment that goes on after `before`.
    pub fn new(store_id: StoreId, before: Chain) -> SegmentHeader {
        SegmentHeader { version: u16::from(FORMAT_VERSION), store_id, before }
    }

    /// The sequence of the segment's first record, whether it is written yet or not.
    pub fn first_sequence(&self) -> u64 {
        self.before.head.sequence + 1
    }

    /// How long it is: the first frame lies behind it.
    pub fn bytes(&self) -> u64 {
        bytes_after(self.before.head.sequence) as u64
    }

    pub fn encode(&self) -> Vec<u8> {
        let Chain { head, tree } = &self.before;
        let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX);
        bytes.extend(MAGIC);
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(self.store_id.as_bytes());
        bytes.extend(self.first_sequence().to_be_bytes());
        bytes.extend(head.record_time.nanos().to_be_bytes());
        bytes.extend(head.hash.as_bytes());
        tree.peaks().iter().for_each(|peak| bytes.extend(peak.as_bytes()));
        bytes.extend(crc32c(&bytes).to_be_bytes());
        bytes
    }

    /// The header at the start of `bytes`, of whatever version, if there is a valid one.
    pub fn decode(bytes: &[u8]) -> Option<SegmentHeader> {
        let mut rest = bytes;
        let magic: [u8; 8] = take(&mut rest)?;
        let version = u16::from_be_bytes(take(&mut rest)?);
        let store_id = StoreId::new(take(&mut rest)?);
        let sequence = u64::from_be_bytes(take(&mut rest)?).checked_sub(1)?;
        let record_time = Instant::from_nanos(i64::from_be_bytes(take(&mut rest)?)).ok()?;
        let mut hash = || take::<32>(&mut rest).map(ChainHash::from);
        let chain_hash = hash()?;
        let peaks: Option<Vec<_>> = (0..peaks_of(sequence)).map(|_| hash()).collect();
        let checksum = u32::from_be_bytes(take(&mut rest)?);
        let checked = bytes.get(..bytes_after(sequence) - CHECKSUM_BYTES)?;
        let valid = magic == MAGIC && checksum == crc32c(checked);
        let head = Head { sequence, record_time, hash: chain_hash };
        let before = Chain { head, tree: Tree::from_peaks(sequence, peaks?)? };
        valid.then_some(SegmentHeader { version, store_id, before })
    }
}

/// The length of a header that so many records come before.
fn bytes_after(records: u64) -> usize {
    FIXED_BYTES + HASH_BYTES * peaks_of(records)
}

/// The file of the segment that begins with `first_sequence`.
pub(super) fn path(directory: &Path, first_sequence: u64) -> PathBuf {
    directory.join(format!("{first_sequence:020}.log"))
}

/// The file in which the next segment is made.
pub(super) fn temporary_path(directory: &Path) -> PathBuf {
    directory.join("next.tmp")
}

/// The first sequences of a journal's segments, in order.
pub(super) fn list(directory: &Path) -> Result<Vec<u64>, FileError> {
    let mut sequences = Vec::new();
    for entry in fs::read_dir(directory).map_err(FileError::of(directory))? {
        let name = entry.map_err(FileError::of(directory))?.file_name();
        sequences.extend(name.to_str().and_then(first_sequence_of));
    }
    sequences.sort_unstable();
    Ok(sequences)
}

/// The same of a directory that must hold a journal: at least one.
pub(super) fn list_some(directory: &Path) -> Result<Vec<u64>, ReadError> {
    let none = || ReadError::NoJournal(directory.to_owned());
    match list(directory) {
        Ok(segments) if segments.is_empty() => Err(none()),
        Ok(segments) => Ok(segments),
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Err(none()),
        Err(error) => Err(error.into()),
    }
}

fn first_sequence_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let named = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if named { digits.parse().ok() } else { None }
}

/// Reads and checks the header of the segment that begins with `first_sequence`.
pub(super) fn read_header(
    directory: &Path,
    first_sequence: u64,
) -> Result<SegmentHeader, ReadError> {
    let path = path(directory, first_sequence);
    let file = File::open(&path).map_err(FileError::of(&path))?;
    let mut bytes = [0; HEADER_BYTES_MAX];
    let filled = read_at(&file, &mut bytes, 0).map_err(FileError::of(&path))?;
    let damage = |flaw| Damage { segment: path.clone(), offset: 0, sequence: first_sequence, flaw };
    let header = SegmentHeader::decode(bytes.get(..filled).unwrap_or_default())
        .ok_or_else(|| damage(Flaw::Header))?;
    if header.version > u16::from(FORMAT_VERSION) {
        return Err(NewerFormat { segment: path, version: header.version }.into());
    }
    if header.first_sequence() != first_sequence {
        return Err(damage(Flaw::Unlinked).into());
    }
    Ok(header)
}

/// The id of the store whose journal lies in `directory`, by its first segment with a readable
/// header.
pub(super) fn store_id(directory: &Path) -> Result<StoreId, ReadError> {
    let mut failed = ReadError::NoJournal(directory.to_owned());
    for first in list_some(directory)? {
        match read_header(directory, first) {
            Ok(header) => return Ok(header.store_id),
            Err(error @ ReadError::NewerFormat(_)) => return Err(error),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// A new file of `bytes` zeros, synced, under the temporary name; on failure there is none.
pub(super) fn create_blank(disk: &dyn Disk, directory: &Path, bytes: u64) -> io::Result<File> {
    crash_point!("segment-before-blank");
    let path = temporary_path(directory);
    let filled = disk.create(&path).and_then(|file| {
        for start in (0..bytes).step_by(SYNC_BYTES) {
            write_zeros(disk, &file, start, bytes.min(start + SYNC_BYTES as u64))?;
            disk.sync(&file)?;
        }
        Ok(file)
    });
    filled.inspect_err(|_| discard_blank(directory))
}

/// Makes the blank file a segment: gives it its header and then its name, all of it durable but the
/// name, for which the directory has yet to be synced. On failure the blank file is gone.
pub(super) fn publish(
    disk: &dyn Disk,
    directory: &Path,
    blank: &File,
    header: &SegmentHeader,
) -> io::Result<()> {
    crash_point!("segment-before-header");
    let path = path(directory, header.first_sequence());
    let name = || {
        crash_point!("segment-before-name");
        disk.rename(&temporary_path(directory), &path)
    };
    disk.write_at(blank, &header.encode(), 0)
        .and_then(|()| disk.sync(blank))
        .and_then(|()| name())
        .inspect_err(|_| discard_blank(directory))
}

/// Removes what is left of a segment in the making.
///
/// A failure is of no consequence: the file means nothing, and the next one replaces it.
pub(super) fn discard_blank(directory: &Path) {
    let _ = fs::remove_file(temporary_path(directory));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_reads_back_and_nothing_else_is_one() {
        let mut before = Chain::START;
        for body in [b"x", b"y", b"z"] {
            before.push(before.head.followed_by(Instant::MAX, body));
        }
        let header = SegmentHeader::new([9; 16].into(), before);
        let bytes = header.encode();
        assert_eq!((bytes.len() as u64, bytes.len()), (header.bytes(), 78 + 2 * 32));
        assert_eq!(SegmentHeader::decode(&bytes), Some(header));
        for at in 0..bytes.len() {
            assert_eq!(SegmentHeader::decode(&bytes[..at]), None);
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x80;
            assert_eq!(SegmentHeader::decode(&flipped), None);
        }
    }

    #[test]
    fn names_are_twenty_digits() {
        assert_eq!(path(Path::new("d"), 42), Path::new("d/00000000000000000042.log"));
        assert_eq!(first_sequence_of("00000000000000000042.log"), Some(42));
        for other in ["42.log", "0000000000000000004x.log", "next.tmp", "+0000000000000000042.log"]
        {
            assert_eq!(first_sequence_of(other), None);
        }
    }
}
