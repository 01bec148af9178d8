//! Opening the log: the one place of the engine that names what keeps it, the journal in files or
//! a stream that nodes share.

use std::path::Path;
use std::sync::Arc;

use super::wall_clock;
use crate::cluster::{
    self, ClusterError, ClusterOptions, Connection, Joined, NodeState, SharedNames,
};
use crate::codec::store::kept_name::KeptName;
use crate::journal::{
    Damage, Durable, Journal, JournalFiles, Log, LogPosition, LogSource, OpenError, Opened,
    Options, StoreId, Syncing, TornTail, Unchanging,
};

/// A log, as far as it could be opened.
pub(super) struct OpenedLog {
    pub store_id: StoreId,
    /// Reads it.
    pub source: Arc<dyn LogSource>,
    /// Holds it; or what of it is lost, so that nothing may be appended.
    pub log: Result<Held, Damage>,
}

/// A log that is open.
pub(super) enum Held {
    /// This process appends to it, and other nodes may.
    ToWrite(Box<dyn Log>),
    /// Nobody does.
    ToRead(Unchanging),
}

impl Held {
    /// Where it ends.
    pub fn end(&self) -> LogPosition {
        match self {
            Held::ToWrite(log) => log.end(),
            Held::ToRead(journal) => journal.end,
        }
    }
}

impl OpenedLog {
    /// Where it ends; none: it is damaged.
    pub fn end(&self) -> Option<LogPosition> {
        self.log.as_ref().ok().map(Held::end)
    }
}

/// Opens the journal in `directory`, which is begun with the id `new_store_id` if there is none.
/// `durable` is a store and a sequence that are known to have been durable in it.
pub(super) fn in_files(
    directory: &Path,
    segment_bytes: u64,
    new_store_id: StoreId,
    durable: Option<(StoreId, u64)>,
) -> Result<OpenedLog, OpenError> {
    let source = Arc::new(JournalFiles::at(directory));
    let durable = durable.map(|(store_id, sequence)| Durable { store_id, sequence });
    match Journal::open(
        directory,
        Options { segment_bytes, new_store_id, durable, syncing: Syncing::EachCommit },
    ) {
        Ok(Opened { writer, report }) => {
            report.cut.iter().for_each(warn_of_cut);
            let log = Ok(Held::ToWrite(Box::new(writer)));
            Ok(OpenedLog { store_id: report.store_id, source, log })
        }
        Err(error) => damaged(source, error),
    }
}

/// A log that this node shares with others, and what else they share.
pub(super) struct Shared {
    pub opened: OpenedLog,
    pub names: SharedNames,
    /// The names that are left, to be kept in place of those that are kept here.
    pub names_left: Vec<KeptName>,
    pub node_state: Arc<NodeState>,
    pub connection: Connection,
}

/// Joins the log of `options`, with the copy of it in `directory`. A log that is begun has the id
/// `new_store_id`.
pub(super) fn shared(
    options: &ClusterOptions,
    directory: &Path,
    segment_bytes: u64,
    new_store_id: StoreId,
) -> Result<Shared, ClusterError> {
    let connection = Connection::open(options)?;
    let copy = cluster::Copy { directory, segment_bytes, new_store_id };
    let joined = cluster::join(&connection, options, copy, wall_clock::now)?;
    let Joined { log, report, names, names_left, node_state } = joined;
    report.cut.iter().for_each(warn_of_cut);
    let source = Arc::new(JournalFiles::at(directory));
    let log = Ok(Held::ToWrite(Box::new(log)));
    let opened = OpenedLog { store_id: report.store_id, source, log };
    Ok(Shared { opened, names, names_left, node_state, connection })
}

/// Opens the journal in `directory`, which is there, and changes nothing of it.
pub(super) fn unchanging(
    directory: &Path,
    durable: Option<(StoreId, u64)>,
) -> Result<OpenedLog, OpenError> {
    let source = Arc::new(JournalFiles::at(directory));
    let durable = durable.map(|(store_id, sequence)| Durable { store_id, sequence });
    match Unchanging::open(directory, durable) {
        Ok(journal) => {
            let bytes = journal.torn_bytes;
            if bytes > 0 {
                tracing::warn!(bytes, "a torn tail stays where it is: it was never acknowledged");
            }
            Ok(OpenedLog { store_id: journal.store_id, source, log: Ok(Held::ToRead(journal)) })
        }
        Err(error) => damaged(source, error),
    }
}

fn damaged(source: Arc<JournalFiles>, error: OpenError) -> Result<OpenedLog, OpenError> {
    match error {
        OpenError::Damaged(damage) => {
            Ok(OpenedLog { store_id: source.store_id()?, source, log: Err(damage) })
        }
        error => Err(error),
    }
}

fn warn_of_cut(cut: &TornTail) {
    tracing::warn!(
        segment = %cut.segment.display(), offset = cut.offset, bytes = cut.bytes,
        "cut a torn tail: a crash left a record half-written, never acknowledged"
    );
}
