//! How the keeper is called, and how others wait for it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::sync::{Condvar, Mutex};

/// How long what is new may wait from the first call on, so that an incident's events are filed
/// together.
const PATIENCE: Duration = Duration::from_millis(500);

/// The keeper's errands.
#[derive(Debug)]
pub(super) struct Errands {
    asked: Mutex<Asked>,
    called: Condvar,
    has_room: Condvar,
    /// Up to which sequence the views are complete; none while they can't be written.
    carried: watch::Sender<Option<u64>>,
}

#[derive(Debug, Default)]
struct Asked {
    /// When the first call came that is not followed yet.
    new_since: Option<Instant>,
    hurry: bool,
    is_closed: bool,
}

impl Asked {
    /// Something is new at `now`; true: nothing was before.
    fn note(&mut self, now: Instant) -> bool {
        let is_first = self.new_since.is_none();
        self.new_since.get_or_insert(now);
        is_first
    }

    /// Until when the keeper may wait for more; `None`: nothing is new, or it must not wait.
    fn patient_until(&self) -> Option<Instant> {
        let is_patient = !self.hurry && !self.is_closed;
        self.new_since.filter(|_| is_patient).map(|since| since + PATIENCE)
    }
}

impl Errands {
    /// None yet; the views are complete up to `carried`.
    pub fn new(carried: u64) -> Errands {
        Errands {
            asked: Mutex::default(),
            called: Condvar::new(),
            has_room: Condvar::new(),
            carried: watch::Sender::new(Some(carried)),
        }
    }

    /// Calls the keeper to something new; at once, when it hurries.
    pub fn call(&self, hurries: bool) {
        let mut asked = self.asked.lock();
        asked.hurry |= hurries;
        if asked.note(Instant::now()) || hurries {
            self.called.notify_one();
        }
    }

    /// Takes no more calls once what is new is carried over.
    pub fn close(&self) {
        self.asked.lock().is_closed = true;
        self.called.notify_one();
    }

    /// Waits for something to do; true: it is to be the last.
    pub fn wait(&self) -> bool {
        let mut asked = self.asked.lock();
        while asked.new_since.is_none() && !asked.is_closed {
            self.called.wait(&mut asked);
        }
        while let Some(until) = asked.patient_until() {
            if self.called.wait_until(&mut asked, until).timed_out() {
                break;
            }
        }
        (asked.new_since, asked.hurry) = (None, false);
        asked.is_closed
    }

    /// Waits for the end, but no longer than that, whatever else is to be done meanwhile.
    pub fn is_closed_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut asked = self.asked.lock();
        while !asked.is_closed && !self.called.wait_until(&mut asked, until).timed_out() {}
        asked.is_closed
    }

    /// There is less to carry over.
    pub fn tell_room(&self) {
        self.has_room.notify_all();
    }

    /// The views are complete up to `sequence`.
    pub fn tell_carried(&self, sequence: u64) {
        self.carried.send_replace(Some(sequence));
    }

    /// The views can't be written: nobody is to wait for them.
    pub fn tell_failure(&self) {
        self.carried.send_replace(None);
        self.has_room.notify_all();
    }

    /// The views can be written again, and are complete up to `sequence`.
    pub fn tell_recovery(&self, sequence: u64) {
        self.asked.lock().note(Instant::now());
        self.carried.send_replace(Some(sequence));
    }

    /// Waits while the views are too far behind; false: they won't come nearer.
    pub fn wait_for_room(&self, is_behind: impl Fn() -> bool) -> bool {
        while is_behind() {
            let mut asked = self.asked.lock();
            if self.carried.borrow().is_none() {
                return false;
            }
            self.call_at_once(&mut asked);
            self.has_room.wait_for(&mut asked, PATIENCE);
        }
        true
    }

    /// Waits until the views are complete up to `sequence`; false: they won't be.
    pub async fn catch_up(&self, sequence: u64) -> bool {
        let is_told = |carried: &Option<u64>| carried.is_none_or(|carried| carried >= sequence);
        let mut carried = self.carried.subscribe();
        if !is_told(&carried.borrow()) {
            self.call_at_once(&mut self.asked.lock());
        }
        carried.wait_for(is_told).await.is_ok_and(|carried| carried.is_some())
    }

    fn call_at_once(&self, asked: &mut Asked) {
        asked.note(Instant::now());
        asked.hurry = true;
        self.called.notify_one();
    }
}

#[cfg(test)]
mod tests;
