//! Saving what is readable of a damaged journal.

use std::fs;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use super::chain::Head;
use super::error::{FileError, Flaw, NewerFormat, ReadError, SalvageError};
use super::frame::{FORMAT_VERSION, FRAME_HEADER_BYTES, FrameHeader, checksum_seed};
use super::hash::ChainHash;
use super::log::Log as _;
use super::open::{Journal, Options};
use super::segment::{self, SegmentHeader};
use super::store_id::StoreId;
use super::writer::{Syncing, Writer};

/// What a salvage brought over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// The sequence of the last record.
    pub last_sequence: u64,
    /// The records that are lost, with what was found of each range.
    pub lost: Vec<(RangeInclusive<u64>, Flaw)>,
    /// The new journal's head.
    pub head: ChainHash,
}

impl Salvaged {
    /// How many records are lost.
    pub fn lost_records(&self) -> u64 {
        self.lost.iter().map(|(range, _)| range.end() - range.start() + 1).sum()
    }
}

/// Copies every record of the journal in `from` that is whole into a new journal in `to`, under the
/// same store id, sequence and record time. For each record that is lost, `lost_body` takes its
/// place, so that what follows keeps its sequence; from there on the chain is another.
///
/// A record is whole if its checksums fit and, where the one before it is there, its chain hash.
/// What lies behind the last commit that is known to have been synced is left, as opening does.
pub fn salvage(
    from: &Path,
    to: &Path,
    segment_bytes: u64,
    lost_body: &[u8],
) -> Result<Salvaged, SalvageError> {
    let new_store_id = segment::store_id(from)?;
    let options =
        Options { segment_bytes, new_store_id, durable: None, syncing: Syncing::EachCommit };
    let opened = Journal::open(to, options)?;
    if opened.report.last_sequence > 0 {
        return Err(SalvageError::NotEmpty(to.to_owned()));
    }
    let (head, writer, lost) = (Head::START, opened.writer, Vec::new());
    let mut salvage = Salvage { head, writer, lost, lost_body };
    let segments = segment::list(from)?;
    let last = segments.last().copied();
    for first in segments {
        let path = segment::path(from, first);
        let bytes = fs::read(&path).map_err(FileError::of(&path))?;
        let chunks = Fragment::of(&bytes, &new_store_id);
        if let Some(version) = chunks.newer_version {
            return Err(ReadError::from(NewerFormat { segment: path, version }).into());
        }
        salvage.take(&chunks, Some(first) == last)?;
    }
    let end = salvage.writer.commit()?;
    let Salvage { lost, .. } = salvage;
    Ok(Salvaged { last_sequence: end.sequence, lost, head: end.head })
}

/// The whole frames of a segment, wherever they lie.
struct Fragment<'b> {
    bytes: &'b [u8],
    frames: Vec<(FrameHeader, Range<usize>)>,
    newer_version: Option<u16>,
}

impl<'b> Fragment<'b> {
    fn of(bytes: &'b [u8], store_id: &StoreId) -> Fragment<'b> {
        let seed = checksum_seed(store_id);
        let header = SegmentHeader::decode(bytes).map(|header| header.version);
        let newer_version = header.filter(|version| *version > u16::from(FORMAT_VERSION));
        let mut chunks = Fragment { bytes, frames: Vec::new(), newer_version };
        let mut offset = 0;
        while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            let body = offset + FRAME_HEADER_BYTES;
            match FrameHeader::decode(rest, seed) {
                Some(header) if header.version > FORMAT_VERSION => {
                    chunks.newer_version = Some(u16::from(header.version));
                    break;
                }
                Some(header) if chunks.has_body(&header, body) => {
                    offset = body + header.body_bytes;
                    chunks.frames.push((header, body..offset));
                }
                _ => offset += 1,
            }
        }
        chunks
    }

    fn has_body(&self, header: &FrameHeader, start: usize) -> bool {
        self.bytes.get(start..start + header.body_bytes).is_some_and(|body| header.fits(body))
    }
}

struct Salvage<'l> {
    /// The last record of the old journal that was found, or took the place of one.
    head: Head,
    writer: Writer,
    lost: Vec<(RangeInclusive<u64>, Flaw)>,
    lost_body: &'l [u8],
}

impl Salvage<'_> {
    /// Takes what is whole in a segment.
    fn take(&mut self, chunks: &Fragment<'_>, is_last: bool) -> Result<(), SalvageError> {
        for (at, (header, body)) in chunks.frames.iter().enumerate() {
            let missing = self.head.sequence + 1;
            let found = header.head.sequence;
            if found < missing || header.head.record_time < self.head.record_time {
                continue;
            }
            let rest = chunks.frames.get(at..).unwrap_or_default();
            if found > missing && is_last && !rest.iter().any(|(later, _)| later.commit > missing) {
                break;
            }
            let body = chunks.bytes.get(body.clone()).unwrap_or_default();
            let follows = self.head.followed_by(header.head.record_time, body) == header.head;
            if found > missing {
                self.lose(missing..=found - 1, Flaw::Unreadable)?;
            }
            match follows || found > missing {
                true => self.keep(header.head, body)?,
                false => self.lose(found..=found, Flaw::Chain)?,
            }
            self.head = header.head;
        }
        Ok(())
    }

    fn keep(&mut self, head: Head, body: &[u8]) -> Result<(), SalvageError> {
        self.writer.stage(head.record_time, body)?;
        if head.sequence.is_multiple_of(RECORDS_PER_COMMIT) {
            self.writer.commit()?;
        }
        Ok(())
    }

    fn lose(&mut self, sequences: RangeInclusive<u64>, flaw: Flaw) -> Result<(), SalvageError> {
        for sequence in sequences.clone() {
            self.keep(Head { sequence, ..self.head }, self.lost_body)?;
        }
        self.lost.push((sequences, flaw));
        Ok(())
    }
}

const RECORDS_PER_COMMIT: u64 = 1_000;
