//! How the projector is called, and how others wait for it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::sync::{Condvar, Mutex};

/// How long the projector waits for more from the first call on, so that the events of an incident
/// are indexed together.
const PATIENCE: Duration = Duration::from_millis(500);

/// The signals between the projector and those that call it or wait for it.
#[derive(Debug)]
pub(super) struct Signal {
    pending: Mutex<Pending>,
    called: Condvar,
    has_room: Condvar,
    /// Up to which sequence the views are complete; none while they can't be written.
    projected: watch::Sender<Option<u64>>,
}

#[derive(Debug, Default)]
struct Pending {
    /// When the first call came that the projector has not answered yet.
    new_since: Option<Instant>,
    hurry: bool,
    is_closed: bool,
}

impl Pending {
    /// Something is new at `now`; true: nothing was before.
    fn note(&mut self, now: Instant) -> bool {
        let is_first = self.new_since.is_none();
        self.new_since.get_or_insert(now);
        is_first
    }

    /// Until when the projector may wait for more; `None`: nothing is new, or it must not wait.
    fn patient_until(&self) -> Option<Instant> {
        let is_patient = !self.hurry && !self.is_closed;
        self.new_since.filter(|_| is_patient).map(|since| since + PATIENCE)
    }
}

impl Signal {
    /// Nothing has been called for yet; the views are complete up to `projected`.
    pub fn new(projected: u64) -> Signal {
        Signal {
            pending: Mutex::default(),
            called: Condvar::new(),
            has_room: Condvar::new(),
            projected: watch::Sender::new(Some(projected)),
        }
    }

    /// Calls the projector to something new; at once, when it hurries.
    pub fn call(&self, hurries: bool) {
        let mut pending = self.pending.lock();
        pending.hurry |= hurries;
        if pending.note(Instant::now()) || hurries {
            self.called.notify_one();
        }
    }

    /// Takes no more calls once what is new is projected.
    pub fn close(&self) {
        self.pending.lock().is_closed = true;
        self.called.notify_one();
    }

    /// Waits for something to do; true: it is to be the last.
    pub fn wait(&self) -> bool {
        let mut pending = self.pending.lock();
        while pending.new_since.is_none() && !pending.is_closed {
            self.called.wait(&mut pending);
        }
        while let Some(until) = pending.patient_until() {
            if self.called.wait_until(&mut pending, until).timed_out() {
                break;
            }
        }
        (pending.new_since, pending.hurry) = (None, false);
        pending.is_closed
    }

    /// Waits until it is closed, but no longer than `patience`; calls meanwhile don't end the wait.
    pub fn is_closed_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut pending = self.pending.lock();
        while !pending.is_closed && !self.called.wait_until(&mut pending, until).timed_out() {}
        pending.is_closed
    }

    /// Notes that the projector has taken what there was: writers that wait have room again.
    pub fn room_made(&self) {
        self.has_room.notify_all();
    }

    /// Notes that the views are complete up to `sequence`.
    pub fn projected_up_to(&self, sequence: u64) {
        self.projected.send_replace(Some(sequence));
    }

    /// Notes that the views can't be written: nobody is to wait for them.
    pub fn failed(&self) {
        self.projected.send_replace(None);
        self.has_room.notify_all();
    }

    /// Notes that the views can be written again, and are complete up to `sequence`.
    pub fn recovered(&self, sequence: u64) {
        self.pending.lock().note(Instant::now());
        self.projected.send_replace(Some(sequence));
    }

    /// Waits while the views are too far behind; false: they won't come nearer.
    pub fn wait_for_room(&self, is_behind: impl Fn() -> bool) -> bool {
        while is_behind() {
            let mut pending = self.pending.lock();
            if self.projected.borrow().is_none() {
                return false;
            }
            self.call_at_once(&mut pending);
            self.has_room.wait_for(&mut pending, PATIENCE);
        }
        true
    }

    /// Waits until the views are complete up to `sequence`; false: they won't be.
    pub async fn catch_up(&self, sequence: u64) -> bool {
        let is_reached =
            |projected: &Option<u64>| projected.is_none_or(|projected| projected >= sequence);
        let mut projected = self.projected.subscribe();
        if !is_reached(&projected.borrow()) {
            self.call_at_once(&mut self.pending.lock());
        }
        projected.wait_for(is_reached).await.is_ok_and(|projected| projected.is_some())
    }

    fn call_at_once(&self, pending: &mut Pending) {
        pending.note(Instant::now());
        pending.hurry = true;
        self.called.notify_one();
    }
}

#[cfg(test)]
mod tests;
