//! Appending to a journal's files: a group of records goes with one write and one sync.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chain::{Chain, Head};
use super::disk::{Disk, write_zeros};
use super::error::{CommitError, FileError, StageError};
use super::frame::{self, BODY_BYTES_MAX, checksum_seed};
use super::group::{FrameGroup, FrameOfGroup, GroupError};
use super::hash::ChainHash;
use super::log::{Log, LogPosition, Record};
use super::prepare::Preparation;
use super::segment::{self, SegmentHeader};
use super::store_id::StoreId;
use crate::domain::time::Instant;

/// Bytes of bodies that one sync should bear.
const GROUP_BYTES: usize = 8 << 20;

/// When what is committed is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncing {
    /// With each commit: the journal is the truth.
    EachCommit,
    /// As each segment is left behind: the journal is the copy of a log that is kept elsewhere.
    /// What a cut of the power leaves of the last segment is cut where it is not whole any more.
    EachSegment,
}

/// The one that appends to a journal.
#[derive(Debug)]
pub struct Writer {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    store_id: StoreId,
    seed: u32,
    place: Place,
    end: LogPosition,
    staged: Staged,
    syncing: Syncing,
    poison: Option<String>,
    // Dropped in this order: the lock goes last, when nothing of this writer is at work any more.
    preparation: Preparation,
    _lock: File,
}

/// Where the next commit goes, behind what is durable.
#[derive(Debug)]
pub(super) struct Place {
    pub path: PathBuf,
    pub file: File,
    pub capacity: u64,
    /// Where the segment's first frame lies.
    pub begin: u64,
    pub end: u64,
    pub chain: Chain,
}

/// The frames of the commit that is being put together.
#[derive(Debug)]
struct Staged {
    frames: Vec<u8>,
    chain: Chain,
}

impl Log for Writer {
    fn group_bytes(&self) -> usize {
        GROUP_BYTES
    }

    fn end(&self) -> LogPosition {
        self.end
    }

    /// What is staged is kept in memory.
    fn stage(&mut self, record_time: Instant, body: &[u8]) -> Result<u64, StageError> {
        if body.len() > BODY_BYTES_MAX {
            let bytes = body.len();
            return Err(StageError::TooLarge { bytes, bytes_max: BODY_BYTES_MAX });
        }
        let last_record_time = self.staged.chain.head.record_time;
        if record_time < last_record_time {
            return Err(StageError::TimeDecreases { record_time, last_record_time });
        }
        let head = self.staged.chain.head.followed_by(record_time, body);
        let first_sequence = self.end.sequence + 1;
        frame::encode(&mut self.staged.frames, self.seed, first_sequence, &head, body);
        self.staged.chain.push(head);
        Ok(head.sequence)
    }

    /// One write and one sync.
    fn commit(&mut self) -> Result<LogPosition, CommitError> {
        let result = self.commit_staged();
        self.discard_staged();
        result.map(|()| self.end)
    }

    fn discard_staged(&mut self) {
        self.staged.frames.clear();
        self.staged.chain.clone_from(&self.place.chain);
    }
}

impl Writer {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        directory: &Path,
        (segment_bytes, syncing): (u64, Syncing),
        store_id: StoreId,
        place: Place,
        lock: File,
    ) -> Writer {
        Writer {
            disk,
            directory: directory.to_owned(),
            store_id,
            seed: checksum_seed(&store_id),
            staged: Staged { frames: Vec::new(), chain: place.chain.clone() },
            end: LogPosition::from(&place.chain),
            place,
            syncing,
            poison: None,
            preparation: Preparation::new(directory, segment_bytes),
            _lock: lock,
        }
    }

    /// The frames of the group that is being put together.
    pub fn staged(&self) -> &[u8] {
        &self.staged.frames
    }

    /// The id of the store whose journal this is.
    pub fn store_id(&self) -> StoreId {
        self.store_id
    }

    /// The chain hash of the last record that counts.
    pub fn last_hash(&self) -> ChainHash {
        self.place.chain.head.hash
    }

    /// Stages a group that another journal of the same log has put together, but for the records
    /// of it that count here already, and returns those that are staged.
    ///
    /// # Errors
    /// The group does not follow what counts here. Nothing is staged then.
    pub fn stage_group(&mut self, group: &FrameGroup<'_>) -> Result<Vec<Record>, GroupError> {
        let staged = self.stage_frames(group);
        if staged.is_err() {
            self.discard_staged();
        }
        staged
    }

    fn stage_frames(&mut self, group: &FrameGroup<'_>) -> Result<Vec<Record>, GroupError> {
        let mut records = Vec::new();
        for framed in group.frames() {
            let FrameOfGroup { head, frame, body } = framed?;
            let before = &self.staged.chain.head;
            if head.sequence <= before.sequence {
                continue;
            }
            if before.followed_by(head.record_time, body) != head
                || head.record_time < before.record_time
            {
                return Err(GroupError::OutOfPlace { sequence: head.sequence });
            }
            self.staged.frames.extend(frame);
            self.staged.chain.push(head);
            let Head { sequence, record_time, hash } = head;
            records.push(Record { sequence, record_time, hash, body: body.to_vec() });
        }
        Ok(records)
    }

    fn commit_staged(&mut self) -> Result<(), CommitError> {
        if let Some(reason) = &self.poison {
            return Err(CommitError::Poisoned { reason: reason.clone() });
        }
        if self.staged.frames.is_empty() {
            return Ok(());
        }
        self.make_room()?;
        crash_point!("journal-before-write");
        self.write()?;
        crash_point!("journal-between-write-and-sync");
        if self.syncing == Syncing::EachCommit {
            self.sync()?;
        }
        crash_point!("journal-after-sync");
        self.place.end += self.staged.frames.len() as u64;
        self.place.chain.clone_from(&self.staged.chain);
        self.end = LogPosition::from(&self.place.chain);
        if self.place.end > self.place.capacity / 2 {
            self.preparation.begin(&self.disk);
        }
        Ok(())
    }

    /// Sees to it that all that is staged fits behind `place.end`.
    fn make_room(&mut self) -> Result<(), CommitError> {
        let frame_bytes = self.staged.frames.len() as u64;
        if self.place.end + frame_bytes <= self.place.capacity {
            Ok(())
        } else if self.place.end == self.place.begin {
            self.grow(self.place.begin + frame_bytes)
        } else {
            self.roll(frame_bytes)
        }
    }

    /// Makes an empty segment larger: a new one would have to bear the same name.
    fn grow(&mut self, bytes: u64) -> Result<(), CommitError> {
        let Place { file, path, capacity, .. } = &self.place;
        write_zeros(&*self.disk, file, *capacity, bytes)
            .map_err(|error| not_written(&FileError::of(path)(error)))?;
        self.sync()?;
        self.place.capacity = bytes;
        Ok(())
    }

    /// Goes on in a new segment with room for `frame_bytes`.
    fn roll(&mut self, frame_bytes: u64) -> Result<(), CommitError> {
        if self.syncing == Syncing::EachSegment {
            self.sync()?;
        }
        let header = SegmentHeader::new(self.store_id, self.place.chain.clone());
        let begin = header.bytes();
        let path = segment::path(&self.directory, header.first_sequence());
        let disk = &*self.disk;
        let (file, capacity) = self
            .preparation
            .blank(disk, begin + frame_bytes)
            .and_then(|(file, capacity)| {
                segment::publish(disk, &self.directory, &file, &header)?;
                Ok((file, capacity))
            })
            .map_err(|error| not_written(&FileError::of(&path)(error)))?;
        crash_point!("segment-before-directory-sync");
        // Were this forgotten, the new segment might appear after a crash, and hide what has been
        // written to the old one since.
        disk.sync_directory(&self.directory)
            .map_err(FileError::of(&self.directory))
            .map_err(|error| self.poisoned(&error))?;
        crash_point!("segment-after-directory-sync");
        let chain = header.before;
        self.place = Place { path, file, capacity, begin, end: begin, chain };
        Ok(())
    }

    fn write(&mut self) -> Result<(), CommitError> {
        let Place { file, path, end, .. } = &self.place;
        let Err(error) = self.disk.write_at(file, &self.staged.frames, *end) else {
            return Ok(());
        };
        let failure = FileError::of(path)(error);
        let staged_end = end + self.staged.frames.len() as u64;
        write_zeros(&*self.disk, file, *end, staged_end)
            .and_then(|()| self.disk.sync(file))
            .map_err(|_| self.poisoned(&failure))?;
        Err(not_written(&failure))
    }

    fn sync(&mut self) -> Result<(), CommitError> {
        let synced = self.disk.sync(&self.place.file).map_err(FileError::of(&self.place.path));
        synced.map_err(|error| self.poisoned(&error))
    }

    fn poisoned(&mut self, error: &FileError) -> CommitError {
        let reason = error.to_string();
        self.poison = Some(reason.clone());
        CommitError::Poisoned { reason }
    }
}

fn not_written(error: &FileError) -> CommitError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let reason = error.to_string();
    match error.source.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => CommitError::Full { reason },
        _ => CommitError::NotWritten { reason },
    }
}
