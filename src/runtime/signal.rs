//! How the projector is called, and how others wait for it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::sync::{Condvar, Mutex};

/// How long what is new may wait from the first call on, so that an incident's events are indexed
/// together.
const PATIENCE: Duration = Duration::from_millis(500);

/// The projector's signals.
#[derive(Debug)]
pub(super) struct Signal {
    requested: Mutex<Requested>,
    called: Condvar,
    has_room: Condvar,
    /// Up to which sequence the views are complete; none while they can't be written.
    projected: watch::Sender<Option<u64>>,
}

#[derive(Debug, Default)]
struct Requested {
    /// When the first call came that is not followed yet.
    new_since: Option<Instant>,
    hurry: bool,
    is_closed: bool,
}

impl Requested {
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
    /// None yet; the views are complete up to `projected`.
    pub fn new(projected: u64) -> Signal {
        Signal {
            requested: Mutex::default(),
            called: Condvar::new(),
            has_room: Condvar::new(),
            projected: watch::Sender::new(Some(projected)),
        }
    }

    /// Calls the projector to something new; at once, when it hurries.
    pub fn call(&self, hurries: bool) {
        let mut requested = self.requested.lock();
        requested.hurry |= hurries;
        if requested.note(Instant::now()) || hurries {
            self.called.notify_one();
        }
    }

    /// Takes no more calls once what is new is projected.
    pub fn close(&self) {
        self.requested.lock().is_closed = true;
        self.called.notify_one();
    }

    /// Waits for something to do; true: it is to be the last.
    pub fn wait(&self) -> bool {
        let mut requested = self.requested.lock();
        while requested.new_since.is_none() && !requested.is_closed {
            self.called.wait(&mut requested);
        }
        while let Some(until) = requested.patient_until() {
            if self.called.wait_until(&mut requested, until).timed_out() {
                break;
            }
        }
        (requested.new_since, requested.hurry) = (None, false);
        requested.is_closed
    }

    /// Waits for the end, but no longer than that, whatever else is to be done meanwhile.
    pub fn is_closed_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut requested = self.requested.lock();
        while !requested.is_closed && !self.called.wait_until(&mut requested, until).timed_out() {}
        requested.is_closed
    }

    /// There is less to project.
    pub fn room_made(&self) {
        self.has_room.notify_all();
    }

    /// The views are complete up to `sequence`.
    pub fn projected_up_to(&self, sequence: u64) {
        self.projected.send_replace(Some(sequence));
    }

    /// The views can't be written: nobody is to wait for them.
    pub fn failed(&self) {
        self.projected.send_replace(None);
        self.has_room.notify_all();
    }

    /// The views can be written again, and are complete up to `sequence`.
    pub fn recovered(&self, sequence: u64) {
        self.requested.lock().note(Instant::now());
        self.projected.send_replace(Some(sequence));
    }

    /// Waits while the views are too far behind; false: they won't come nearer.
    pub fn wait_for_room(&self, is_behind: impl Fn() -> bool) -> bool {
        while is_behind() {
            let mut requested = self.requested.lock();
            if self.projected.borrow().is_none() {
                return false;
            }
            self.call_at_once(&mut requested);
            self.has_room.wait_for(&mut requested, PATIENCE);
        }
        true
    }

    /// Waits until the views are complete up to `sequence`; false: they won't be.
    pub async fn catch_up(&self, sequence: u64) -> bool {
        let is_described =
            |projected: &Option<u64>| projected.is_none_or(|projected| projected >= sequence);
        let mut projected = self.projected.subscribe();
        if !is_described(&projected.borrow()) {
            self.call_at_once(&mut self.requested.lock());
        }
        projected.wait_for(is_described).await.is_ok_and(|projected| projected.is_some())
    }

    fn call_at_once(&self, requested: &mut Requested) {
        requested.note(Instant::now());
        requested.hurry = true;
        self.called.notify_one();
    }
}

#[cfg(test)]
mod tests;
