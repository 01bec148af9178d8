//! The scheduler's locks, with the signatures of the operating system's.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use shuttle::rand::Rng;
use shuttle::{rand, sync, thread};

const ORDERS: usize = 3_000;
/// How often threads are switched against the scheduler's plan in orders made to be unlucky.
const SWITCHES: usize = 3;

/// Runs a test in many orders: random ones, and those that few switches in bad places make. A
/// failure, a deadlock included, prints the order it happened in.
pub(in crate::runtime) fn in_every_order(test: impl Fn() + Copy + Send + Sync + 'static) {
    shuttle::check_random(test, ORDERS);
    shuttle::check_pct(test, ORDERS, SWITCHES);
}

#[derive(Debug, Default)]
pub(in crate::runtime) struct Mutex<T>(sync::Mutex<T>);

#[derive(Debug)]
pub(in crate::runtime) struct MutexGuard<'m, T> {
    mutex: &'m Mutex<T>,
    /// None only while it waits.
    held: Option<sync::MutexGuard<'m, T>>,
}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Mutex<T> {
        Mutex(sync::Mutex::new(value))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        let held = Some(self.0.lock().unwrap_or_else(PoisonError::into_inner));
        MutexGuard { mutex: self, held }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("held")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("held")
    }
}

#[derive(Debug)]
pub(in crate::runtime) struct Condvar(sync::Condvar);

pub(in crate::runtime) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub const fn new() -> Condvar {
        Condvar(sync::Condvar::new())
    }

    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.held.take().expect("held");
        guard.held = Some(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
    }

    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> WaitTimeoutResult {
        self.wait_for(guard, Duration::ZERO)
    }

    /// Time does not pass here: any wait may turn out to have lasted that long, or to have ended
    /// for no reason, as the operating system's may.
    pub fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _: Duration) -> WaitTimeoutResult {
        guard.held = None;
        thread::yield_now();
        *guard = guard.mutex.lock();
        WaitTimeoutResult(rand::thread_rng().gen_bool(0.5))
    }
}
