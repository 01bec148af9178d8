//! A log in a stream, with the copy of it that this node keeps.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use bytes::Bytes;

use super::error::ClusterError;
use super::follower::Follower;
use super::node_state::NodeState;
use super::shared_names::NamesSeen;
use super::stream::{GroupStream, Message, Published};
use super::turns::Turns;
use crate::domain::time::Instant;
use crate::journal::{CommitError, FrameGroup, Log, LogPosition, Record, StageError, Wake, Writer};

/// For how long a group is published again that nobody answers for. The servers may elect a leader
/// meanwhile.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(6);
/// Before it is published again.
const PAUSE: Duration = Duration::from_millis(100);
/// How long another node's message may take that ours was refused for.
const ARRIVES_WITHIN: Duration = Duration::from_secs(2);
/// Messages that are taken in at once.
const TAKEN_AT_ONCE: usize = 64;
/// How long the names of a group may come after it.
const NAMES_WITHIN: Duration = Duration::from_secs(5);
/// What a record has beside its body in a group, and some more.
const FRAME_BYTES: usize = 128;
/// What a message has beside its payload: its subject and headers.
const ENVELOPE_BYTES: usize = 1_024;

/// A log that several nodes share. It appends to the stream and, behind it, to the copy.
#[derive(Debug)]
pub struct StreamLog {
    stream: GroupStream,
    copy: Writer,
    /// The place of the message up to which the copy holds the stream.
    place: u64,
    follower: Follower,
    /// Another message than ours is behind that place, or is about to be.
    is_overtaken: bool,
    /// A message that has arrived, but can't be taken in yet.
    held: Option<Message>,
    turns: Turns,
    names: NamesSeen,
    node_state: Arc<NodeState>,
    poison: Option<String>,
}

impl StreamLog {
    pub(super) fn new(
        stream: GroupStream,
        copy: Writer,
        place: u64,
        follower: Follower,
        turns: Turns,
        names: NamesSeen,
        node_state: Arc<NodeState>,
    ) -> StreamLog {
        let (is_overtaken, held, poison) = (false, None, None);
        StreamLog {
            stream,
            copy,
            place,
            follower,
            is_overtaken,
            held,
            turns,
            names,
            node_state,
            poison,
        }
    }

    fn message_bytes_max(&self) -> usize {
        self.stream.connection().message_bytes_max().saturating_sub(ENVELOPE_BYTES)
    }

    fn publish_staged(&mut self) -> Result<(), CommitError> {
        if let Some(reason) = &self.poison {
            return Err(CommitError::Poisoned { reason: reason.clone() });
        }
        if let Some(reason) = self.node_state.now().why_clock_is_off() {
            return Err(CommitError::NotWritten { reason: format!("{reason}: set it right") });
        }
        if self.turns.hold_back(self.follower.last(), self.place) {
            return Err(CommitError::Conflict);
        }
        let frames = self.copy.staged().to_vec();
        let store_id = self.copy.store_id();
        let parts = FrameGroup::new(&frames, &store_id).parts(self.message_bytes_max());
        let parts = parts.map_err(|error| self.poisoned(error.to_string()))?;
        for (at, part) in parts.iter().enumerate() {
            let published = self.publish(Bytes::copy_from_slice(part));
            if let Err(error) = published {
                // What came before it counts, and is in the stream alone.
                let counted: usize = parts.iter().take(at).map(|part| part.len()).sum();
                self.copy.discard_staged();
                self.append(frames.get(..counted).unwrap_or_default())?;
                return Err(error);
            }
            self.place += 1;
        }
        self.turns.taken();
        self.keep_staged()
    }

    /// Publishes a message until it is clear what became of it, or too long has passed.
    fn publish(&mut self, payload: Bytes) -> Result<(), CommitError> {
        let until = Moment::now() + PUBLISHED_WITHIN;
        let mut is_repeated = false;
        loop {
            match self.stream.publish(payload.clone(), self.place, self.names.known()) {
                Published::Taken => return Ok(()),
                Published::Overtaken if is_repeated => match self.stream.get(self.place + 1) {
                    Ok(message) if message.payload == payload => return Ok(()),
                    Ok(_) => return Err(self.overtaken()),
                    Err(error) if Moment::now() >= until => return Err(not_written(&error)),
                    Err(_) => {}
                },
                Published::Overtaken => return Err(self.overtaken()),
                Published::Unknown(reason) if Moment::now() >= until => {
                    // It may still come to be the next, and is taken in then.
                    return Err(CommitError::NotWritten {
                        reason: format!("the log's servers do not answer: {reason}"),
                    });
                }
                Published::Unknown(_) => {}
            }
            is_repeated = true;
            std::thread::sleep(PAUSE);
        }
    }

    fn overtaken(&mut self) -> CommitError {
        self.turns.request();
        self.is_overtaken = true;
        CommitError::Conflict
    }

    fn poisoned(&mut self, reason: String) -> CommitError {
        tracing::error!(reason, "the log can't be followed any more");
        self.poison = Some(reason.clone());
        CommitError::Poisoned { reason }
    }

    /// Appends a group to the copy, and returns the records that it had not.
    fn append(&mut self, frames: &[u8]) -> Result<Vec<Record>, CommitError> {
        let store_id = self.copy.store_id();
        let staged = self.copy.stage_group(&FrameGroup::new(frames, &store_id));
        let records = staged.map_err(|error| self.poisoned(error.to_string()))?;
        self.keep_staged()?;
        Ok(records)
    }

    /// Appends what is staged to the copy. It counts already: a copy that can't be written is of no
    /// use any more.
    fn keep_staged(&mut self) -> Result<(), CommitError> {
        let kept = self.copy.commit();
        kept.map_err(|error| self.poisoned(error.to_string()))?;
        self.node_state.set_folded(self.place);
        Ok(())
    }

    /// The message after those that are taken in, if it is there.
    fn next_message(&mut self) -> Option<Message> {
        if let Some(message) = self.held.take() {
            return Some(message);
        }
        if std::mem::take(&mut self.is_overtaken) {
            self.wait_for_next();
        }
        while let Some(message) = self.follower.take() {
            if message.place > self.place {
                return Some(message);
            }
        }
        None
    }

    /// Waits until the message behind the place has arrived. The servers refuse one for another
    /// that they have not kept yet; if they never do, the next try is not refused for it.
    fn wait_for_next(&self) {
        let (mut arrived, place) = (self.follower.last(), self.place);
        let waited = self.stream.connection().wait(async move {
            let arrives = arrived.wait_for(|last| *last > place);
            Ok(tokio::time::timeout(ARRIVES_WITHIN, arrives).await.is_ok())
        });
        if !matches!(waited, Ok(true)) {
            tracing::debug!(place, "what was to be the next message does not come");
        }
    }

    fn take_in_message(&mut self, message: Message) -> Result<Vec<Record>, CommitError> {
        if message.place != self.place + 1 {
            let (lacks, place) = (self.place + 1, message.place);
            let reason = format!("message {lacks} of the log is gone: {place} comes next");
            return Err(self.poisoned(reason));
        }
        let named = self.names.wait_for(message.names, NAMES_WITHIN, self.stream.connection());
        if let Err(error) = named {
            self.held = Some(message);
            return Err(error);
        }
        self.copy.discard_staged();
        self.place = message.place;
        self.append(&message.payload)
    }
}

impl Log for StreamLog {
    /// What fits into one message.
    fn group_bytes(&self) -> usize {
        self.message_bytes_max() / 2
    }

    fn end(&self) -> LogPosition {
        self.copy.end()
    }

    fn stage(&mut self, record_time: Instant, body: &[u8]) -> Result<u64, StageError> {
        let bytes_max = self.message_bytes_max().saturating_sub(FRAME_BYTES);
        let bytes = body.len();
        if bytes > bytes_max {
            return Err(StageError::TooLarge { bytes, bytes_max });
        }
        self.copy.stage(record_time, body)
    }

    /// Publishes the group as one message; as several, if it is larger than one may be.
    fn commit(&mut self) -> Result<LogPosition, CommitError> {
        let published = match self.copy.staged().is_empty() {
            true => Ok(()),
            false => self.publish_staged(),
        };
        self.copy.discard_staged();
        published.map(|()| self.end())
    }

    fn discard_staged(&mut self) {
        self.copy.discard_staged();
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn take_in(&mut self) -> Result<Vec<Record>, CommitError> {
        if let Some(reason) = &self.poison {
            return Err(CommitError::Poisoned { reason: reason.clone() });
        }
        let mut records = Vec::new();
        for _ in 0..TAKEN_AT_ONCE {
            let Some(message) = self.next_message() else { break };
            records.append(&mut self.take_in_message(message)?);
        }
        Ok(records)
    }

    fn wake_with(&mut self, wake: Wake) {
        self.follower.wake_with(wake);
    }
}

fn not_written(error: &ClusterError) -> CommitError {
    CommitError::NotWritten { reason: error.to_string() }
}
