//! Opening the log: the one place of the engine that names what keeps it, the journal in files.

use std::path::Path;
use std::sync::Arc;

use crate::journal::{
    Damage, Durable, Journal, JournalFiles, Log, LogPosition, LogSource, OpenError, Opened,
    Options, StoreId, TornTail,
};

/// A log, as far as it could be opened.
pub(super) struct OpenedLog {
    pub store_id: StoreId,
    /// Reads it.
    pub source: Arc<dyn LogSource>,
    /// Appends to it; or what of it is lost, so that nothing may be appended.
    pub log: Result<Box<dyn Log>, Damage>,
}

impl OpenedLog {
    /// Where it ends; none: it is damaged.
    pub fn end(&self) -> Option<LogPosition> {
        self.log.as_ref().ok().map(|log| log.end())
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
    match Journal::open(directory, Options { segment_bytes, new_store_id, durable }) {
        Ok(Opened { writer, report }) => {
            report.cut.iter().for_each(warn_of_cut);
            Ok(OpenedLog { store_id: report.store_id, source, log: Ok(Box::new(writer)) })
        }
        Err(OpenError::Damaged(damage)) => {
            Ok(OpenedLog { store_id: source.store_id()?, source, log: Err(damage) })
        }
        Err(error) => Err(error),
    }
}

fn warn_of_cut(cut: &TornTail) {
    tracing::warn!(
        segment = %cut.segment.display(), offset = cut.offset, bytes = cut.bytes,
        "cut a torn tail: a crash left a record half-written, never acknowledged"
    );
}
