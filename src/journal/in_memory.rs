//! A log in memory, for tests: its commits fail, and its records are lost, when a test says so.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::chain::Chain;
use super::error::{CommitError, Damage, Flaw, ReadError, StageError};
use super::hash::ChainHash;
use super::log::{Log, LogPosition, LogReader, LogSource, Record};
use super::store_id::StoreId;
use crate::domain::time::{Instant, Span};

/// A log in memory; clones are of the same log.
#[derive(Clone, Debug)]
pub(crate) struct InMemoryLog(Arc<Mutex<Contents>>);

#[derive(Debug)]
struct Contents {
    records: Vec<Record>,
    chain: Chain,
    staged: Vec<Record>,
    staged_chain: Chain,
    record_bytes_max: usize,
    group_bytes: usize,
    failures: VecDeque<CommitError>,
    poison: Option<CommitError>,
    lost: Option<u64>,
    is_shared: bool,
    /// The bodies of what others append as the next groups of ours are committed.
    overtaking: VecDeque<Vec<Vec<u8>>>,
    /// Those of what others have appended, and nobody has taken in.
    arrived: VecDeque<Vec<Vec<u8>>>,
}

impl InMemoryLog {
    /// An empty log that takes records, and makes groups, of so many bytes.
    pub fn new(record_bytes_max: usize, group_bytes: usize) -> InMemoryLog {
        InMemoryLog(Arc::new(Mutex::new(Contents {
            records: Vec::new(),
            chain: Chain::START,
            staged: Vec::new(),
            staged_chain: Chain::START,
            record_bytes_max,
            group_bytes,
            failures: VecDeque::new(),
            poison: None,
            lost: None,
            is_shared: false,
            overtaking: VecDeque::new(),
            arrived: VecDeque::new(),
        })))
    }

    /// Fails the next commit of a group so; after [`CommitError::Poisoned`] all fail.
    pub fn fail(&self, failure: CommitError) {
        self.0.lock().failures.push_back(failure);
    }

    /// Whoever reads finds the record of this sequence, and all after it, lost; none: nothing is.
    pub fn lose(&self, sequence: Option<u64>) {
        self.0.lock().lost = sequence;
    }

    /// Others append to it as well.
    pub fn share(&self) {
        self.0.lock().is_shared = true;
    }

    /// Others append records of these bodies just before the next group is committed; if that is so
    /// already, before the one after it.
    pub fn overtake(&self, bodies: &[Vec<u8>]) {
        self.0.lock().overtaking.push_back(bodies.to_vec());
    }

    /// Others append records of these bodies now.
    pub fn append_of_others(&self, bodies: &[Vec<u8>]) {
        self.0.lock().arrived.push_back(bodies.to_vec());
    }

    /// How many records count.
    pub fn len(&self) -> usize {
        self.0.lock().records.len()
    }
}

impl Contents {
    fn append(&mut self) -> Result<(), CommitError> {
        if let Some(poison) = &self.poison {
            return Err(poison.clone());
        }
        if self.staged.is_empty() {
            return Ok(());
        }
        self.arrived.extend(self.overtaking.pop_front());
        if !self.arrived.is_empty() {
            return Err(CommitError::Conflict);
        }
        if let Some(failure) = self.failures.pop_front() {
            self.poison = failure.is_lasting().then(|| failure.clone());
            return Err(failure);
        }
        self.records.append(&mut self.staged);
        self.chain.clone_from(&self.staged_chain);
        Ok(())
    }

    fn discard_staged(&mut self) {
        self.staged.clear();
        self.staged_chain.clone_from(&self.chain);
    }

    fn record(&self, sequence: u64) -> Option<Result<Record, ReadError>> {
        if self.lost.is_some_and(|lost| lost <= sequence) {
            let (segment, flaw) = (PathBuf::from("memory"), Flaw::Unreadable);
            return Some(Err(Damage { segment, offset: 0, sequence, flaw }.into()));
        }
        let place = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.records.get(place).cloned().map(Ok)
    }
}

impl Log for InMemoryLog {
    fn group_bytes(&self) -> usize {
        self.0.lock().group_bytes
    }

    fn end(&self) -> LogPosition {
        LogPosition::from(&self.0.lock().chain)
    }

    fn stage(&mut self, record_time: Instant, body: &[u8]) -> Result<u64, StageError> {
        let mut state = self.0.lock();
        let (bytes, bytes_max) = (body.len(), state.record_bytes_max);
        if bytes > bytes_max {
            return Err(StageError::TooLarge { bytes, bytes_max });
        }
        let last_record_time = state.staged_chain.head.record_time;
        if record_time < last_record_time {
            return Err(StageError::TimeDecreases { record_time, last_record_time });
        }
        let head = state.staged_chain.head.followed_by(record_time, body);
        let (sequence, hash) = (head.sequence, head.hash);
        state.staged.push(Record { sequence, record_time, hash, body: body.to_vec() });
        state.staged_chain.push(head);
        Ok(sequence)
    }

    fn commit(&mut self) -> Result<LogPosition, CommitError> {
        let mut state = self.0.lock();
        let result = state.append();
        state.discard_staged();
        result.map(|()| LogPosition::from(&state.chain))
    }

    fn discard_staged(&mut self) {
        self.0.lock().discard_staged();
    }

    fn is_shared(&self) -> bool {
        self.0.lock().is_shared
    }

    fn take_in(&mut self) -> Result<Vec<Record>, CommitError> {
        let mut state = self.0.lock();
        state.discard_staged();
        let bodies = state.arrived.pop_front().unwrap_or_default();
        let mut taken = Vec::new();
        for body in bodies {
            let nanos = Span::from_nanos(1);
            let record_time = state.chain.head.record_time.checked_add(nanos).unwrap();
            let head = state.chain.head.followed_by(record_time, &body);
            let (sequence, hash) = (head.sequence, head.hash);
            taken.push(Record { sequence, record_time, hash, body });
            state.chain.push(head);
        }
        state.records.extend(taken.iter().cloned());
        state.discard_staged();
        Ok(taken)
    }
}

impl LogSource for InMemoryLog {
    fn store_id(&self) -> Result<StoreId, ReadError> {
        Ok(StoreId::new(*b"a log in memory."))
    }

    fn read(&self, sequences: RangeInclusive<u64>) -> Result<Box<dyn LogReader>, ReadError> {
        let (first, last) = sequences.into_inner();
        let log = self.clone();
        Ok(Box::new(InMemoryReader { log, first, last, chain: Chain::START, failed: false }))
    }

    fn read_trusting_chain(
        &self,
        sequences: RangeInclusive<u64>,
    ) -> Result<Box<dyn LogReader>, ReadError> {
        self.read(sequences)
    }

    fn sequence_at(&self, time: Instant, last: u64) -> Result<u64, ReadError> {
        let contents = self.0.lock();
        let by_then = contents.records.iter().filter(|r| r.record_time <= time);
        Ok(by_then.map(|record| record.sequence).max().unwrap_or(0).min(last))
    }
}

#[derive(Debug)]
struct InMemoryReader {
    log: InMemoryLog,
    first: u64,
    last: u64,
    chain: Chain,
    failed: bool,
}

impl LogReader for InMemoryReader {
    fn head(&self) -> ChainHash {
        self.chain.tree.root()
    }

    fn read_on_to(&mut self, last_sequence: u64) {
        self.last = last_sequence;
    }
}

impl Iterator for InMemoryReader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Result<Record, ReadError>> {
        while !self.failed && self.chain.head.sequence < self.last {
            let record = self.log.0.lock().record(self.chain.head.sequence + 1)?;
            let Ok(record) = record else {
                self.failed = true;
                return Some(record);
            };
            self.chain.push(self.chain.head.followed_by(record.record_time, &record.body));
            if record.sequence >= self.first {
                return Some(Ok(record));
            }
        }
        None
    }
}
