//! The files of a journal as a source of readers.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::error::ReadError;
use super::log::{LogReader, LogSource};
use super::reader::Reader;
use super::segment;
use super::store_id::StoreId;

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
}
