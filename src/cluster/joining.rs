//! Joining a log that several nodes share: whose it is, whether it goes on from what this node
//! holds, and what of it this node lacks.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant as Moment};

use bytes::Bytes;
use tokio::time::MissedTickBehavior;

use super::connection::Connection;
use super::error::ClusterError;
use super::follower::Follower;
use super::node_state::NodeState;
use super::options::ClusterOptions;
use super::other_nodes;
use super::shared_names::SharedNames;
use super::stream::{GroupStream, Published};
use super::stream_log::StreamLog;
use super::turns::Turns;
use crate::codec::store::kept_name::KeptName;
use crate::domain::time::Instant;
use crate::journal::{
    FrameGroup, GroupError, Journal, JournalFiles, Log as _, LogHeader, LogSource as _, Opened,
    Options, ReadError, Report, StoreId, Syncing, Writer,
};

/// How long joining is tried. Servers that have just started elect leaders meanwhile.
const JOINED_WITHIN: Duration = Duration::from_secs(60);
/// Before it is tried again.
const PAUSE: Duration = Duration::from_millis(300);
/// How often the servers are called for how the log stands.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// A log that was joined.
#[derive(Debug)]
pub struct Joined {
    /// Appends to it.
    pub log: StreamLog,
    /// What was found of the copy.
    pub report: Report,
    /// The names that its records have tokens for.
    pub names: SharedNames,
    /// Those that are left, and of each tenant some of whose are erased that they are.
    pub names_left: Vec<KeptName>,
    /// How this node stands to it.
    pub node_state: Arc<NodeState>,
}

/// Where the copy of a log is, and what a log has that is begun.
#[derive(Clone, Copy, Debug)]
pub struct Copy<'d> {
    /// The directory of the journal that is the copy.
    pub directory: &'d Path,
    /// The size set aside for each of its segments.
    pub segment_bytes: u64,
    /// The id of the store, should the log be a new one.
    pub new_store_id: StoreId,
}

/// Joins the log in a stream, which is begun if there is none; then the copy holds all of it.
/// `clock` says what time it is. Blocks, for a while also if the servers do not answer yet, or
/// others have begun the log and are not done.
///
/// # Errors
/// The log can't be reached, is of another store, or does not go on from what the copy holds: then
/// neither is changed.
pub fn join(
    connection: &Connection,
    options: &ClusterOptions,
    copy: Copy<'_>,
    clock: fn() -> Instant,
) -> Result<Joined, ClusterError> {
    let until = Moment::now() + JOINED_WITHIN;
    loop {
        match try_to_join(connection, options, copy, clock) {
            Err(error @ (ClusterError::Refused { .. } | ClusterError::Unreachable(_)))
                if Moment::now() < until =>
            {
                tracing::info!(%error, "the log can't be joined yet");
                std::thread::sleep(PAUSE);
            }
            joined => return joined,
        }
    }
}

fn try_to_join(
    connection: &Connection,
    options: &ClusterOptions,
    Copy { directory, segment_bytes, new_store_id }: Copy<'_>,
    clock: fn() -> Instant,
) -> Result<Joined, ClusterError> {
    let stream = GroupStream::open(connection, options, clock)?;
    let found = match JournalFiles::at(directory).store_id() {
        Ok(store_id) => Some(store_id),
        Err(ReadError::NoJournal(_)) => None,
        Err(error) => return Err(ClusterError::Open(error.into())),
    };
    let is_new = stream.state()?.last == 0;
    let open = |new_store_id| {
        let (durable, syncing) = (None, Syncing::EachSegment);
        Journal::open(directory, Options { segment_bytes, new_store_id, durable, syncing })
    };
    if is_new {
        begin(&stream, found, new_store_id, &open)?;
    }
    let store_id = whose(&stream)?;
    if found.is_some_and(|found| found != store_id) {
        return Err(ClusterError::OtherStore { stream: stream.name });
    }
    let Opened { writer: mut copy, report } = open(store_id)?;
    let state = stream.state()?;
    let place = place_of(&copy, &stream, state.last)?;
    let mut follower = Follower::after(place, stream.of_library().clone(), connection);
    tracing::info!(from = place, to = state.last, "copying what the log holds beyond");
    copy_messages(&mut copy, &mut follower, (place, state.last), &stream.name)?;
    // Names come before the groups that need them: they are read when all groups are here.
    let (names, names_left) = SharedNames::open(connection, options, is_new)?;
    let address = format!("{} on {}", options.stream, options.servers.join(", "));
    let node_state = Arc::new(NodeState::new(address, state));
    connection.begin(look(stream.clone(), Arc::downgrade(&node_state)));
    let (others, of_node) = (Arc::clone(&node_state.others), Arc::downgrade(&node_state));
    let folded = move || Some(of_node.upgrade()?.now().folded);
    other_nodes::exchange(connection, &options.stream, directory, others, folded);
    let of_log = Arc::clone(&node_state);
    let turns = Turns::new(connection, &options.stream);
    let log = StreamLog::new(stream, copy, state.last, follower, turns, names.seen(), of_log);
    Ok(Joined { log, report, names, names_left, node_state })
}

/// Begins a log: with the header that says whose it is.
fn begin(
    stream: &GroupStream,
    found: Option<StoreId>,
    new_store_id: StoreId,
    open: &dyn Fn(StoreId) -> Result<Opened, crate::journal::OpenError>,
) -> Result<(), ClusterError> {
    if let Some(found) = found {
        let folded = open(found)?.report.last_sequence;
        if folded > 0 {
            return Err(ClusterError::Lacks { stream: stream.name.clone(), last: 0, folded });
        }
    }
    let header = LogHeader { store_id: found.unwrap_or(new_store_id) };
    match stream.publish(Bytes::from(header.encode()), 0, 0) {
        // Whoever was first has begun it.
        Published::Taken | Published::Overtaken => Ok(()),
        Published::Unknown(reason) => {
            Err(ClusterError::Refused { stream: stream.name.clone(), reason })
        }
    }
}

/// The store whose log a stream is.
pub(super) fn whose(stream: &GroupStream) -> Result<StoreId, ClusterError> {
    let header = LogHeader::decode(&stream.get(1)?.payload);
    let no_log = || ClusterError::NoLog { stream: stream.name.clone() };
    Ok(header.ok_or_else(no_log)?.store_id)
}

/// The place of the message that has the last record of a copy: from the one after it on, the copy
/// lacks the log; of that message itself, too, whatever is behind the record. Each message is found
/// by its first record, in a search that halves what is left.
fn place_of(copy: &Writer, stream: &GroupStream, last: u64) -> Result<u64, ClusterError> {
    let folded = copy.end().sequence;
    if folded == 0 {
        return Ok(1);
    }
    let store_id = copy.store_id();
    let group_error = |message| move |error: GroupError| ClusterError::Group { message, error };
    // The message at `from` begins with a record that the copy has.
    let (mut from, mut until) = (1, last + 1);
    while until - from > 1 {
        let middle = from + (until - from) / 2;
        let payload = stream.get(middle)?.payload;
        let first = FrameGroup::new(&payload, &store_id).first_sequence();
        match first.map_err(group_error(middle))? <= folded {
            true => from = middle,
            false => until = middle,
        }
    }
    let lacks = |last| ClusterError::Lacks { stream: stream.name.clone(), last, folded };
    if from == 1 {
        return Err(lacks(0));
    }
    let payload = stream.get(from)?.payload;
    let group = FrameGroup::new(&payload, &store_id);
    match group.hash_of(folded).map_err(group_error(from))? {
        Some(hash) if hash == copy.last_hash() && is_last_of(&group, folded) => Ok(from),
        Some(hash) if hash == copy.last_hash() => Ok(from - 1),
        Some(_) => Err(ClusterError::Diverged { stream: stream.name.clone(), sequence: folded }),
        None => Err(lacks(group.last_sequence().map_err(group_error(from))?)),
    }
}

fn is_last_of(group: &FrameGroup<'_>, sequence: u64) -> bool {
    group.last_sequence() == Ok(sequence)
}

/// Copies the messages after a place up to another, which the stream holds.
fn copy_messages(
    copy: &mut Writer,
    follower: &mut Follower,
    (mut place, last): (u64, u64),
    stream: &str,
) -> Result<(), ClusterError> {
    let store_id = copy.store_id();
    while place < last {
        let Some(message) = follower.wait().filter(|message| message.place == place + 1) else {
            let reason = format!("message {} does not come", place + 1);
            return Err(ClusterError::Refused { stream: stream.to_owned(), reason });
        };
        place = message.place;
        let staged = copy.stage_group(&FrameGroup::new(&message.payload, &store_id));
        staged.map_err(|error| ClusterError::Group { message: place, error })?;
        copy.commit()?;
    }
    Ok(())
}

/// Looks how the log stands as long as anybody wants to know.
async fn look(stream: GroupStream, node_state: Weak<NodeState>) {
    let mut ticks = tokio::time::interval(LOOKED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let state = stream.look().await;
        let Some(node_state) = node_state.upgrade() else { return };
        match state {
            Ok(state) => node_state.hear(state),
            Err(error) => tracing::debug!(%error, "how the log stands is not known"),
        }
    }
}
