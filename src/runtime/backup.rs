//! Reading the journal for a backup, while it grows.

use super::engine::Engine;
use super::names_file::{NamesError, each_name};
use crate::codec::store::kept_name::KeptName;
use crate::journal::{ChainHash, LogReader, ReadError, Record};

/// Bytes of records that a portion holds, or little more.
const PORTION_BYTES: usize = 64 * 1024;
/// Records that a portion holds at most.
const PORTION_RECORDS: usize = 2_000;
/// Names in a portion; each has some KiB at most.
const PORTION_NAMES: usize = 100;

/// The records of a journal that come after some place, in portions.
#[derive(Debug)]
pub struct Portions {
    reader: Box<dyn LogReader>,
    last_sequence: u64,
}

/// Some records that follow each other, and the journal's head after them.
#[derive(Debug)]
pub struct Portion {
    /// The records.
    pub records: Vec<Record>,
    /// The head.
    pub head: ChainHash,
}

/// Why a backup can't be made or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum BackUpError {
    /// The journal can't be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The names can't be read.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// The backup so far is not of this journal.
    #[error("the backup's head after record {sequence} is not this journal's: begin a new backup")]
    Diverged {
        /// Where they differ.
        sequence: u64,
    },
}

impl Engine {
    /// Checks the whole journal; `progress` is given how many records are sound, and says whether
    /// to go on. Returns the number of records and the head.
    pub fn verify(
        &self,
        mut progress: impl FnMut(u64) -> bool,
    ) -> Result<(u64, ChainHash), ReadError> {
        let mut reader = self.log().read(1..=self.progress().sequence)?;
        let mut records = 0;
        for record in reader.by_ref() {
            records = record?.sequence;
            if !progress(records) {
                break;
            }
        }
        match self.loss() {
            Some(loss) => Err(ReadError::Damaged(loss.damage.clone())),
            None => Ok((records, reader.head())),
        }
    }

    /// The records after the one of sequence `after`, as the journal stands now; `head` is what
    /// the backup so far says the journal's head was there.
    pub fn records_after(&self, after: u64, head: ChainHash) -> Result<Portions, BackUpError> {
        let last_sequence = self.progress().sequence;
        let mut reader = self.log().read(after.max(1)..=last_sequence)?;
        if after > 0 {
            reader.next().transpose()?;
            if reader.head() != head {
                return Err(BackUpError::Diverged { sequence: after });
            }
        }
        Ok(Portions { reader, last_sequence })
    }

    /// Hands out all names, in portions, and returns whether every one was taken: `take` says
    /// whether to go on.
    pub fn names_in_portions(
        &self,
        mut take: impl FnMut(&[KeptName]) -> bool,
    ) -> Result<bool, BackUpError> {
        let (mut portion, mut goes_on) = (Vec::new(), true);
        each_name(&self.directory, |name| {
            portion.push(name);
            if portion.len() == PORTION_NAMES {
                goes_on = take(&portion);
                portion.clear();
            }
            Ok(goes_on)
        })?;
        Ok(goes_on && (portion.is_empty() || take(&portion)))
    }
}

impl Portions {
    /// The sequence of the last record there will be.
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }
}

impl Iterator for Portions {
    type Item = Result<Portion, ReadError>;

    fn next(&mut self) -> Option<Result<Portion, ReadError>> {
        let mut records = Vec::new();
        let mut bytes = 0;
        while bytes < PORTION_BYTES && records.len() < PORTION_RECORDS {
            match self.reader.next() {
                Some(Ok(record)) => {
                    bytes += record.body.len();
                    records.push(record);
                }
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        let portion = Portion { records, head: self.reader.head() };
        (!portion.records.is_empty()).then_some(Ok(portion))
    }
}
