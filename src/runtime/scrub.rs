//! The scrub: reads the whole journal again behind the work, for damage that nobody has met yet.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant as Moment};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::cache::Cache;
use super::progress::Loss;
use super::wall_clock;
use crate::domain::time::Instant;
use crate::journal::{Damage, LogSource, ReadError, Record};

/// From the end of a pass to the beginning of the next.
const REST: Duration = Duration::from_secs(24 * 3600);
/// How many bytes are read at a time, before the rate is held to.
const PORTION_BYTES: u64 = 64 << 10;
/// What a record takes beside its body.
const FRAME_BYTES: u64 = 69;

/// How far the journal was read again since the server was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubState {
    /// Bytes a second it is held to; 0: it is off.
    pub rate: u64,
    /// The last record that the pass under way has found intact; 0: none is under way.
    pub sequence: u64,
    /// When the last whole pass ended; none: none has.
    pub last_pass_time: Option<Instant>,
    /// How many records that pass found intact.
    pub last_pass_records: u64,
    /// Why the last pass ended early, other than by damage. Empty: it did not.
    pub fault: String,
}

/// The scrub, the damage it finds, and whoever stops it.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    note: Note,
    state: Mutex<ScrubState>,
    is_closed: Mutex<bool>,
    closed: Condvar,
    /// What of the journal is lost, whoever found it.
    loss: OnceLock<Loss>,
    is_damaged: watch::Sender<bool>,
}

/// The file that says which record was found damaged, so that the next start looks there.
#[derive(Debug, Default)]
pub(super) struct Note(PathBuf);

impl Note {
    /// That of the store in `directory`.
    pub fn of(directory: &Path) -> Note {
        Note(directory.join("damage"))
    }

    fn write(&self, sequence: u64) {
        if let Err(error) = fs::write(&self.0, sequence.to_string()) {
            tracing::warn!(%error, "can't note the damage: the next start won't know of it");
        }
    }

    /// The damage that was noted, if it is still there; a note of other times is removed.
    pub fn damage(&self, log: &dyn LogSource) -> Result<Option<Damage>, ReadError> {
        let Ok(text) = fs::read_to_string(&self.0) else { return Ok(None) };
        if let Ok(sequence) = text.trim().parse::<u64>() {
            match log.read(sequence..=sequence)?.next() {
                Some(Err(ReadError::Damaged(damage))) => return Ok(Some(damage)),
                Some(Err(error)) => return Err(error),
                Some(Ok(_)) | None => {}
            }
        }
        tracing::info!("the journal is no longer damaged as was noted");
        let _ = fs::remove_file(&self.0);
        Ok(None)
    }
}

/// How a pass ended.
enum Ended {
    Whole(u64),
    Closed,
}

impl Scrub {
    /// Not begun yet; `loss` is what the start has found. What is found later is noted.
    pub fn new(loss: Option<Loss>, note: Note) -> Scrub {
        let scrub = Scrub { note, ..Scrub::default() };
        loss.into_iter().for_each(|loss| scrub.note(loss));
        scrub
    }

    pub fn loss(&self) -> Option<&Loss> {
        self.loss.get()
    }

    /// Becomes true when damage is found.
    pub fn damaged(&self) -> watch::Receiver<bool> {
        self.is_damaged.subscribe()
    }

    pub fn state(&self) -> ScrubState {
        self.state.lock().clone()
    }

    /// Ends it.
    pub fn close(&self) {
        *self.is_closed.lock() = true;
        self.closed.notify_all();
    }

    /// Passes over the journal again and again, at so many bytes a second, until damage is found or
    /// it is closed.
    pub fn run(&self, rate: u64, log: &dyn LogSource, cache: &Cache) {
        self.state.lock().rate = rate;
        loop {
            match self.pass(rate, log, cache.progress().sequence) {
                Ok(Ended::Closed) => return,
                Ok(Ended::Whole(records)) => self.note_pass(records),
                Err(ReadError::Damaged(damage)) => return self.note_damage(log, damage),
                Err(error) => {
                    tracing::error!(%error, "the journal can't be read again");
                    let mut state = self.state.lock();
                    (state.sequence, state.fault) = (0, error.to_string());
                }
            }
            if self.is_closed_by(Moment::now() + REST) {
                return;
            }
        }
    }

    fn pass(&self, rate: u64, log: &dyn LogSource, last: u64) -> Result<Ended, ReadError> {
        let (begun, mut bytes, mut portion) = (Moment::now(), 0_u64, 0_u64);
        if last == 0 {
            return Ok(Ended::Whole(0));
        }
        for record in log.read(1..=last)? {
            let Record { sequence, body, .. } = record?;
            portion += body.len() as u64 + FRAME_BYTES;
            if portion >= PORTION_BYTES {
                bytes += std::mem::take(&mut portion);
                self.state.lock().sequence = sequence;
                let due = Duration::from_millis(bytes.saturating_mul(1000) / rate.max(1));
                if self.is_closed_by(begun + due) {
                    return Ok(Ended::Closed);
                }
            }
        }
        Ok(Ended::Whole(last))
    }

    fn note_pass(&self, records: u64) {
        tracing::debug!(records, "read the journal again: all intact");
        let mut state = self.state.lock();
        *state = ScrubState {
            rate: state.rate,
            sequence: 0,
            last_pass_time: Some(wall_clock::now()),
            last_pass_records: records,
            fault: String::new(),
        };
    }

    fn note_damage(&self, log: &dyn LogSource, damage: Damage) {
        self.note.write(damage.sequence);
        match Loss::of(log, damage) {
            Ok(loss) => {
                tracing::error!(%loss, "DATA LOSS: nothing is recorded any more: see slx repair");
                self.note(loss);
            }
            Err(error) => {
                tracing::error!(%error, "the journal is damaged, and what is left can't be read");
            }
        }
    }

    fn note(&self, loss: Loss) {
        let _ = self.loss.set(loss);
        self.is_damaged.send_replace(true);
    }

    /// Waits until then; true: it was closed.
    fn is_closed_by(&self, until: Moment) -> bool {
        let mut is_closed = self.is_closed.lock();
        while !*is_closed && !self.closed.wait_until(&mut is_closed, until).timed_out() {}
        *is_closed
    }
}
