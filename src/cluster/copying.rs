//! Copying a log: from a journal into a stream, and from a stream into a journal.

use std::path::Path;

use bytes::Bytes;

use super::connection::Connection;
use super::error::ClusterError;
use super::joining::{Copy, Joined, join, whose};
use super::options::ClusterOptions;
use super::shared_names::SharedNames;
use super::stream::{GroupStream, Published};
use crate::codec::store::kept_name::KeptName;
use crate::domain::time::Instant;
use crate::journal::{
    FrameGroup, GroupInMaking, Log as _, LogHeader, LogPosition, LogSource, ReadError, StoreId,
};

/// Why a log can't be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The journal can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The stream can't be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The stream holds what the journal does not.
    #[error(
        "stream {stream} holds {records} records of this store, which are not all in the journal: \
         nothing was changed"
    )]
    NotInJournal {
        /// The stream.
        stream: String,
        /// Its last record.
        records: u64,
    },
    /// Somebody else writes to the stream.
    #[error("stream {0} is written to by another: stop all nodes on it")]
    Overtaken(String),
}

/// A journal that nobody writes to.
#[derive(Clone, Copy, Debug)]
pub struct Journaled<'j> {
    /// Whose it is.
    pub store_id: StoreId,
    /// Reads it.
    pub source: &'j dyn LogSource,
    /// Where it ends.
    pub end: LogPosition,
    /// The names that its records have tokens for.
    pub names: &'j [KeptName],
}

/// Copies a journal into a stream, which is begun if there is none; one that holds its beginning is
/// gone on with. Blocks.
///
/// # Errors
/// The journal can't be read, or the stream can't be written or is another's.
pub fn copy_to_stream(
    connection: &Connection,
    options: &ClusterOptions,
    journal: &Journaled<'_>,
    clock: fn() -> Instant,
) -> Result<(), CopyError> {
    let stream = GroupStream::open(connection, options, clock)?;
    let mut place = stream.state()?.last;
    let is_new = place == 0;
    if is_new {
        let header = LogHeader { store_id: journal.store_id };
        publish(&stream, header.encode(), &mut place)?;
    }
    if whose(&stream)? != journal.store_id {
        return Err(ClusterError::OtherStore { stream: stream.name }.into());
    }
    let (names, _) = SharedNames::open(connection, options, is_new)?;
    names.keep(journal.names)?;
    let first = records_of(&stream, place, journal)? + 1;
    let bytes_max = connection.message_bytes_max() / 2;
    let mut group = GroupInMaking::new(&journal.store_id);
    for record in journal.source.read(first..=journal.end.sequence)? {
        let record = record?;
        if !group.is_empty() && group.len() + record.body.len() > bytes_max {
            publish(&stream, group.take(), &mut place)?;
        }
        group.push(&record);
    }
    if !group.is_empty() {
        publish(&stream, group.take(), &mut place)?;
    }
    Ok(())
}

/// Copies a stream into the journal in `directory`, which is begun if there is none. Returns the
/// end of it, and the names that its records have tokens for. Blocks.
///
/// # Errors
/// The stream can't be read, or does not go on from what the journal holds.
pub fn copy_from_stream(
    connection: &Connection,
    options: &ClusterOptions,
    directory: &Path,
    segment_bytes: u64,
    clock: fn() -> Instant,
) -> Result<(LogPosition, Vec<KeptName>), ClusterError> {
    // A log is only begun by a node, or by a copy to it.
    let stream = GroupStream::open_there(connection, options, clock)?;
    let new_store_id = whose(&stream)?;
    let copy = Copy { directory, segment_bytes, new_store_id };
    let Joined { log, names_left, .. } = join(connection, options, copy, clock)?;
    Ok((log.end(), names_left))
}

/// How many records a stream holds, all of which the journal must have.
fn records_of(stream: &GroupStream, last: u64, journal: &Journaled<'_>) -> Result<u64, CopyError> {
    if last == 1 {
        return Ok(0);
    }
    let payload = stream.get(last)?.payload;
    let group = FrameGroup::new(&payload, &journal.store_id);
    let unreadable = |error| ClusterError::Group { message: last, error };
    let records = group.last_sequence().map_err(unreadable)?;
    let theirs = group.hash_of(records).map_err(unreadable)?;
    let ours = match records <= journal.end.sequence {
        true => journal.source.read(records..=records)?.next().transpose()?.map(|one| one.hash),
        false => None,
    };
    match ours == theirs {
        true => Ok(records),
        false => Err(CopyError::NotInJournal { stream: stream.name.clone(), records }),
    }
}

/// Publishes a message after a place, which it then is behind.
fn publish(stream: &GroupStream, message: Vec<u8>, place: &mut u64) -> Result<(), CopyError> {
    match stream.publish(Bytes::from(message), *place, 0) {
        Published::Taken => *place += 1,
        Published::Overtaken => return Err(CopyError::Overtaken(stream.name.clone())),
        Published::Unknown(reason) => {
            return Err(ClusterError::Refused { stream: stream.name.clone(), reason }.into());
        }
    }
    Ok(())
}
