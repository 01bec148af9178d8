//! Opening what a store keeps beside its views: the log, and the names that its records refer to.

use std::sync::Arc;

use super::names_file::{NamesError, NamesFile, NewNames};
use super::node::Node;
use super::open_log::{self, OpenedLog, Shared};
use super::replay;
use super::scrub::Note;
use super::store_options::{StartError, StoreOptions};
use crate::cluster::SharedNames;
use crate::codec::store::kept_name::KeptName;
use crate::codec::store::names::Names;
use crate::journal::StoreId;
use crate::views::{self, Found, Views};

/// What a node shares beside the log.
pub(super) struct SharedBeside {
    pub names: SharedNames,
    pub node: Arc<Node>,
}

/// A log, as far as it could be opened.
pub(super) struct Opening {
    pub opened: OpenedLog,
    /// What is known of it from elsewhere.
    pub note: Note,
    pub shared: Option<WithNamesLeft>,
}

/// That, and the names that are left.
pub(super) type WithNamesLeft = (SharedBeside, Vec<KeptName>);

/// Opens the log. `durable` is a store and a sequence that are known to have been durable in it.
pub(super) fn log_of(
    options: &StoreOptions,
    durable: Option<(StoreId, u64)>,
) -> Result<Opening, StartError> {
    let (mut opened, shared) = open_log_of(options, durable)?;
    let note = Note::of(&options.directory);
    if opened.log.is_ok()
        && let Some(damage) = note.damage(&*opened.source)?
    {
        opened.log = Err(damage);
    }
    Ok(Opening { opened, note, shared })
}

fn open_log_of(
    options: &StoreOptions,
    durable: Option<(StoreId, u64)>,
) -> Result<(OpenedLog, Option<WithNamesLeft>), StartError> {
    let journal = options.directory.join("journal");
    let segment_bytes = options.segment_bytes;
    let opened = match (&options.cluster, options.read_only) {
        (_, true) => open_log::unchanging(&journal, durable)?,
        (None, false) => open_log::in_files(&journal, segment_bytes, random_store_id()?, durable)?,
        (Some(cluster), false) => {
            let shared = open_log::shared(cluster, &journal, segment_bytes, random_store_id()?)?;
            let Shared { opened, names, names_left, node_state: state, connection } = shared;
            let node = Arc::new(Node { state, connection, options: cluster.clone() });
            return Ok((opened, Some((SharedBeside { names, node }, names_left))));
        }
    };
    Ok((opened, None))
}

fn random_store_id() -> Result<StoreId, StartError> {
    let mut store_id = [0; 16];
    getrandom::fill(&mut store_id).map_err(StartError::Random)?;
    Ok(StoreId::new(store_id))
}

/// The views, as they are found.
pub(super) fn views_of(options: &StoreOptions) -> Found {
    let (patience, cache_bytes) = (options.views_patience, options.memory.views as u64);
    Views::find(&options.directory.join("views"), views::Opening { patience, cache_bytes })
}

/// The names that are kept here; of a log that nodes share, those that are left of theirs.
pub(super) fn names_of(
    options: &StoreOptions,
    opened: &OpenedLog,
    names_left: Option<Vec<KeptName>>,
) -> Result<(NamesFile, Names), NamesError> {
    if let Some(names_left) = names_left {
        let mut names = NewNames::begin(&options.directory)?;
        names_left.iter().try_for_each(|name| names.add(name))?;
        names.finish()?;
    }
    let (names_file, names) = match options.read_only {
        true => NamesFile::unchanging(&options.directory)?,
        false => NamesFile::open(&options.directory)?,
    };
    if let Some(end) = opened.end() {
        names.set_first_sealed(replay::first_with_tokens(&*opened.source, end.sequence));
    }
    Ok((names_file, names))
}
