//! The files of a journal as a source of readers.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::error::ReadError;
use super::log::{LogReader, LogSource};
use super::reader::Reader;
use super::scan::{Frame, Scan};
use super::segment;
use super::store_id::StoreId;
use crate::domain::time::Instant;

/// The directory of a journal, to be read from.
#[derive(Clone, Debug)]
pub struct JournalFiles {
    directory: PathBuf,
}

impl JournalFiles {
    /// The journal in this directory; whether there is one is found when it is read.
    pub fn at(directory: impl Into<PathBuf>) -> JournalFiles {
        JournalFiles { directory: directory.into() }
    }

    fn reader(&self, sequences: &RangeInclusive<u64>) -> Result<Reader, ReadError> {
        Ok(Reader::open(&self.directory, *sequences.start())?.until(*sequences.end()))
    }
}

impl LogSource for JournalFiles {
    fn store_id(&self) -> Result<StoreId, ReadError> {
        segment::store_id(&self.directory)
    }

    fn read(&self, sequences: RangeInclusive<u64>) -> Result<Box<dyn LogReader>, ReadError> {
        Ok(Box::new(self.reader(&sequences)?))
    }

    fn read_trusting_chain(
        &self,
        sequences: RangeInclusive<u64>,
    ) -> Result<Box<dyn LogReader>, ReadError> {
        Ok(Box::new(self.reader(&sequences)?.trusting_chain()))
    }

    fn sequence_at(&self, time: Instant, last: u64) -> Result<u64, ReadError> {
        let mut segments = segment::list(&self.directory)?;
        segments.retain(|first| *first <= last);
        let (mut from, mut until) = (0, segments.len());
        while until - from > 1 {
            let middle = from + (until - from) / 2;
            let Some(first) = segments.get(middle) else { break };
            let header = segment::read_header(&self.directory, *first)?;
            match header.before.head.record_time <= time {
                true => from = middle,
                false => until = middle,
            }
        }
        let Some(first) = segments.get(from) else { return Ok(0) };
        let mut scan = Scan::open(&self.directory, *first)?;
        let mut found = first - 1;
        while let Some(Frame { head, .. }) = scan.next(false)? {
            if head.record_time > time || head.sequence > last {
                break;
            }
            found = head.sequence;
        }
        Ok(found)
    }
}
