//! Reading records in order, also while a writer appends.

use std::path::{Path, PathBuf};

use super::chain::{Chain, Head};
use super::error::{Damage, Flaw, ReadError};
use super::hash::ChainHash;
use super::log::{LogReader, Record};
use super::open::{TornTail, first_segment_missing};
use super::scan::{Frame, Scan};
use super::segment;
use super::tail::Tail;

/// Reads records in order and checks each before it hands it out.
///
/// It takes no lock, and a writer may append meanwhile. `None` means the end of what is written by
/// now: asking again later goes on from there. After an error there is only `None`.
///
/// Without [`Reader::until`], it may read a record a moment before its commit is synced, also of
/// one that then fails.
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    scan: Scan,
    from_sequence: u64,
    until_sequence: u64,
    checks_chain: bool,
    checks_every_end: bool,
    failed: bool,
    segments: u64,
}

impl Reader {
    /// A reader of the records from `from_sequence` on, which may be one that is yet to be written.
    pub fn open(directory: &Path, from_sequence: u64) -> Result<Reader, ReadError> {
        let segments = segment::list_some(directory)?;
        if segments.first() != Some(&1) {
            return Err(first_segment_missing(directory).into());
        }
        let start = segments.iter().rev().find(|start| **start <= from_sequence).unwrap_or(&1);
        Ok(Reader {
            directory: directory.to_owned(),
            scan: Scan::open(directory, *start)?,
            from_sequence,
            until_sequence: u64::MAX,
            checks_chain: true,
            checks_every_end: false,
            failed: false,
            segments: 1,
        })
    }

    /// Ends after `last_sequence`: up to [`Log::end`](super::Log::end), only records are read that
    /// count.
    pub fn until(mut self, last_sequence: u64) -> Reader {
        self.read_on_to(last_sequence);
        self
    }

    /// Leaves out the chain hashes and checks only checksums and order: about three times as fast,
    /// for a journal that has been verified.
    pub fn trusting_chain(self) -> Reader {
        Reader { checks_chain: false, ..self }
    }

    /// Distinguishes damage from an end also where zeros begin, for which the rest of the segment
    /// is read.
    pub(super) fn evaluating_every_end(self) -> Reader {
        Reader { checks_every_end: true, ..self }
    }

    /// The chain up to the last record that was read or passed over.
    pub(super) fn so_far(&self) -> &Chain {
        self.scan.chain()
    }

    /// How many segments were begun.
    pub(super) fn segments(&self) -> u64 {
        self.segments
    }

    /// What a crash, or a commit under way, has left behind the last record.
    pub(super) fn torn_tail(&self) -> Result<Option<TornTail>, ReadError> {
        let Tail::Torn { bytes } = self.scan.tail()? else { return Ok(None) };
        let (segment, offset) = (self.scan.path().to_owned(), self.scan.offset());
        Ok(Some(TornTail { segment, offset, bytes }))
    }

    fn read(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(record) = self.read_in_segment()? {
                return Ok(Some(record));
            }
            match self.following_segment()? {
                Some(first_sequence) if first_sequence == self.next_sequence() => {
                    self.enter(first_sequence)?;
                }
                None if !self.has_later_commit()? => return Ok(None),
                // There is more, so the writer is past this place by now. If it was not when we
                // looked, the record is there when we look again; else it is lost.
                _ => return self.read_in_segment()?.map(Some).ok_or_else(|| self.lost().into()),
            }
        }
    }

    fn read_in_segment(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let wanted = self.next_sequence() >= self.from_sequence;
            match self.scan.next(self.checks_chain && wanted)? {
                Some(frame) if wanted => return Ok(Some(record(&frame))),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    fn next_sequence(&self) -> u64 {
        self.scan.head().sequence + 1
    }

    fn following_segment(&self) -> Result<Option<u64>, ReadError> {
        let current = self.scan.header().first_sequence();
        Ok(segment::list(&self.directory)?.into_iter().find(|first| *first > current))
    }

    fn enter(&mut self, first_sequence: u64) -> Result<(), ReadError> {
        let next = Scan::open(&self.directory, first_sequence)?;
        let linked = next.header().store_id == self.scan.header().store_id
            && next.header().before == *self.scan.chain();
        if !linked {
            let (segment, sequence) = (next.path().to_owned(), first_sequence);
            return Err(Damage { segment, offset: 0, sequence, flaw: Flaw::Unlinked }.into());
        }
        self.scan = next;
        self.segments += 1;
        Ok(())
    }

    /// Whether a later commit than the missing record's lies behind this place.
    fn has_later_commit(&self) -> Result<bool, ReadError> {
        let checks_end = self.checks_every_end || !self.scan.is_at_zeros()?;
        Ok(checks_end && self.scan.tail()? == Tail::Damaged)
    }

    fn lost(&self) -> Damage {
        self.scan.damage(Flaw::Unreadable)
    }
}

impl LogReader for Reader {
    fn head(&self) -> ChainHash {
        self.scan.chain().tree.root()
    }

    fn read_on_to(&mut self, last_sequence: u64) {
        // What was read ahead may be of a commit that failed since, its sequences given again.
        self.scan.forget_read_ahead();
        self.until_sequence = last_sequence;
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Result<Record, ReadError>> {
        if self.failed || self.next_sequence() > self.until_sequence {
            return None;
        }
        let result = self.read();
        self.failed = result.is_err();
        result.transpose()
    }
}

fn record(frame: &Frame<'_>) -> Record {
    let Head { sequence, record_time, hash } = frame.head;
    Record { sequence, record_time, hash, body: frame.body.to_vec() }
}
