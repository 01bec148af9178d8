//! The queue in which jobs wait for the writer.
//!
//! As much may wait as the writer does in half a second, measured as it goes: whoever comes then is
//! refused at once, so that what is taken in is soon done. Tenants take turns, and one of whom
//! little waits is let in before one of whom much does.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::sync::{Condvar, Mutex};
use crate::domain::ids::TenantId;

/// How long what is taken in may wait, about.
const WAIT: Duration = Duration::from_millis(500);
/// What may wait however slow the writer was: what it does at once is slow in small groups.
const COST_WAITING_MIN: u64 = 4_096;
/// Bytes that are as much to do as an event.
pub(super) const BYTES_PER_COST: usize = 512;
/// What is handed to the writer at once.
const COST_TAKEN: u64 = 16_384;
/// What a measurement of the writer's pace takes at least: smaller groups say little.
const COST_MEASURED: u64 = 64;

/// Jobs on their way from many tasks to one thread.
#[derive(Debug)]
pub(super) struct Queue<J> {
    /// What may wait however fast the writer was, so that memory is bounded.
    cost_max: u64,
    waiting: Mutex<Queued<J>>,
    arrived: Condvar,
    /// Notified when there is room again.
    room: Notify,
}

#[derive(Debug)]
struct Queued<J> {
    by_tenant: HashMap<TenantId, TenantJobs<J>>,
    /// The tenants in the order of their turns.
    turns: VecDeque<TenantId>,
    cost: u64,
    /// What may wait.
    most: u64,
    refused: u64,
    is_closed: bool,
    is_woken: bool,
}

/// The jobs of a tenant, in the order they came.
#[derive(Debug)]
struct TenantJobs<J> {
    jobs: VecDeque<(J, Ticket)>,
    cost: u64,
}

/// What the queue knows of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    /// How much it is to do: its events, or each 512 bytes of them.
    pub cost: u64,
    /// When it must be begun, or not at all.
    pub until: Option<Instant>,
}

impl Ticket {
    /// Whether it is too late to begin.
    pub fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }
}

/// Why a job was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwanted {
    /// Too many wait already.
    Full,
    /// No more are taken.
    Closed,
}

/// How much waits for the writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// What waits: events, or each 512 bytes of them.
    pub cost: u64,
    /// What may wait at present.
    pub most: u64,
    /// How many jobs were refused since the start.
    pub refused: u64,
}

impl Backlog {
    /// Bytes that what waits takes, about.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.cost).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_COST)
    }
}

impl<J> Queue<J> {
    /// An empty queue whose jobs may take so many bytes. Half of that is set aside for tenants of
    /// whom little waits when all the rest is taken.
    pub fn new(bytes: usize) -> Queue<J> {
        let cost_max = (bytes / 2 / BYTES_PER_COST) as u64;
        let waiting = Mutex::new(Queued {
            by_tenant: HashMap::new(),
            turns: VecDeque::new(),
            cost: 0,
            most: COST_WAITING_MIN,
            refused: 0,
            is_closed: false,
            is_woken: false,
        });
        let cost_max = cost_max.max(COST_WAITING_MIN);
        Queue { cost_max, waiting, arrived: Condvar::new(), room: Notify::new() }
    }

    /// Hands in a job of a tenant; it comes back when it is not wanted.
    pub fn put(&self, tenant: &TenantId, ticket: Ticket, job: J) -> Result<(), (Unwanted, J)> {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed {
            return Err((Unwanted::Closed, job));
        }
        if waiting.is_full(tenant, ticket.cost) {
            waiting.refused += 1;
            return Err((Unwanted::Full, job));
        }
        waiting.push(tenant, ticket, job);
        self.arrived.notify_one();
        Ok(())
    }

    /// Looks whether a job of a tenant that costs so much would be taken in at present, before
    /// somebody prepares it; it is counted as refused if not.
    pub fn check_room(&self, tenant: &TenantId, cost: u64) -> Result<(), Unwanted> {
        let mut waiting = self.waiting.lock();
        if waiting.is_full(tenant, cost) {
            waiting.refused += 1;
            return Err(Unwanted::Full);
        }
        Ok(())
    }

    /// Hands in a job, as soon as there is room.
    pub async fn put_patiently(
        &self,
        tenant: &TenantId,
        ticket: Ticket,
        mut job: J,
    ) -> Result<(), Unwanted> {
        loop {
            let room = self.room.notified();
            match self.put(tenant, ticket, job) {
                Ok(()) => return Ok(()),
                Err((Unwanted::Closed, _)) => return Err(Unwanted::Closed),
                Err((Unwanted::Full, back)) => job = back,
            }
            room.await;
        }
    }

    /// Takes no more jobs; those that wait are still done.
    pub fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.arrived.notify_one();
        self.room.notify_waiters();
    }

    /// Jobs that wait, when there are any or it is woken, each tenant's in turn; `None` once closed
    /// and empty. For one thread alone.
    pub fn take(&self) -> Option<Vec<(J, Ticket)>> {
        let mut waiting = self.waiting.lock();
        while waiting.turns.is_empty() {
            if waiting.is_closed {
                return None;
            }
            if std::mem::take(&mut waiting.is_woken) {
                break;
            }
            self.arrived.wait(&mut waiting);
        }
        let taken = waiting.take();
        self.room.notify_waiters();
        Some(taken)
    }

    /// Wakes whoever takes jobs, though there may be none: there is something else to do.
    pub fn wake(&self) {
        self.waiting.lock().is_woken = true;
        self.arrived.notify_one();
    }

    /// Notes how long the writer took for what it was given.
    pub fn measure(&self, cost: u64, took: Duration) {
        if cost < COST_MEASURED {
            return;
        }
        let took = took.as_micros().max(1) as u64;
        let in_time = cost.saturating_mul(WAIT.as_micros() as u64) / took;
        let mut waiting = self.waiting.lock();
        let smoothed = (3 * waiting.most + in_time.min(self.cost_max)) / 4;
        waiting.most = smoothed.clamp(COST_WAITING_MIN, self.cost_max);
    }

    /// How much waits.
    pub fn backlog(&self) -> Backlog {
        let waiting = self.waiting.lock();
        Backlog { cost: waiting.cost, most: waiting.most, refused: waiting.refused }
    }
}

impl<J> Queued<J> {
    /// Whether a tenant's job has no room. When all is taken, a tenant of whom less than its share
    /// waits still has some, up to twice as much in all.
    fn is_full(&self, tenant: &TenantId, cost: u64) -> bool {
        let own = self.by_tenant.get(tenant).map_or(0, |own| own.cost);
        let is_new = u64::from(!self.by_tenant.contains_key(tenant));
        let share = self.most / (self.by_tenant.len() as u64 + is_new).max(1);
        let all = self.cost.saturating_add(cost);
        let is_over = all > self.most && own.saturating_add(cost) > share;
        self.cost > 0 && (is_over || all > self.most.saturating_mul(2))
    }

    fn push(&mut self, tenant: &TenantId, ticket: Ticket, job: J) {
        self.cost = self.cost.saturating_add(ticket.cost);
        if !self.by_tenant.contains_key(tenant) {
            self.turns.push_back(tenant.clone());
        }
        let none = || TenantJobs { jobs: VecDeque::new(), cost: 0 };
        let own = self.by_tenant.entry(tenant.clone()).or_insert_with(none);
        own.cost = own.cost.saturating_add(ticket.cost);
        own.jobs.push_back((job, ticket));
    }

    fn take(&mut self) -> Vec<(J, Ticket)> {
        let mut taken = Vec::new();
        let mut cost = 0;
        while cost < COST_TAKEN
            && let Some(tenant) = self.turns.pop_front()
        {
            let Some(own) = self.by_tenant.get_mut(&tenant) else { continue };
            if let Some((job, ticket)) = own.jobs.pop_front() {
                cost += ticket.cost;
                own.cost = own.cost.saturating_sub(ticket.cost);
                taken.push((job, ticket));
            }
            match own.jobs.is_empty() {
                true => drop(self.by_tenant.remove(&tenant)),
                false => self.turns.push_back(tenant),
            }
        }
        self.cost = self.cost.saturating_sub(cost);
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shuttle::thread;

    use super::super::sync::in_every_order;
    use super::*;

    const BYTES: usize = 64 << 20;
    const ONE: Ticket = Ticket { cost: 1, until: None };

    fn tenant(id: &str) -> TenantId {
        TenantId::from(id)
    }

    #[test]
    fn what_was_taken_in_comes_out_once_in_order_and_nothing_waits_for_ever() {
        in_every_order(|| {
            let queue = Arc::new(Queue::new(BYTES));
            let senders = [0, 10, 20].map(|first: i32| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let tenant = tenant(&first.to_string());
                    let is_taken = |job: &i32| queue.put(&tenant, ONE, *job).is_ok();
                    (first..first + 3).filter(is_taken).collect::<Vec<_>>()
                })
            });
            let writer = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    let taken = std::iter::from_fn(|| queue.take()).flatten();
                    taken.map(|(job, _)| job).collect()
                })
            };
            queue.close();
            let sent = senders.map(|sender| sender.join().expect("sent"));
            let taken: Vec<i32> = writer.join().expect("taken");
            for jobs in &sent {
                let of_this =
                    taken.iter().filter(|job| *job / 10 == jobs.first().unwrap_or(job) / 10);
                assert!(jobs.is_empty() || of_this.eq(jobs), "{jobs:?} of {taken:?}");
            }
            assert_eq!(taken.len(), sent.iter().map(Vec::len).sum::<usize>());
            assert_eq!(queue.put(&tenant("late"), ONE, 99), Err((Unwanted::Closed, 99)));
        });
    }

    /// Runs a test in the scheduler that the locks of unit tests belong to.
    fn once(test: impl Fn() + Send + Sync + 'static) {
        shuttle::check_random(test, 1);
    }

    #[test]
    fn tenants_take_turns_however_much_one_of_them_sends() {
        once(|| {
            let queue = Queue::new(BYTES);
            for job in 0..100 {
                queue.put(&tenant("busy"), ONE, job).unwrap();
            }
            queue.put(&tenant("quiet"), ONE, 100).unwrap();
            queue.put(&tenant("quiet"), ONE, 101).unwrap();
            let taken: Vec<_> = queue.take().unwrap().into_iter().map(|(job, _)| job).collect();
            assert_eq!(taken[..5], [0, 100, 1, 101, 2]);
            assert_eq!(queue.backlog().cost, 0);
        });
    }

    #[test]
    fn a_full_queue_refuses_whoever_fills_it_and_lets_others_in() {
        once(|| {
            let queue = Queue::new(BYTES);
            let most = queue.backlog().most;
            let all = Ticket { cost: most, until: None };
            queue.put(&tenant("busy"), all, 0).unwrap();
            assert_eq!(queue.put(&tenant("busy"), ONE, 1), Err((Unwanted::Full, 1)));
            assert_eq!(queue.check_room(&tenant("busy"), 1), Err(Unwanted::Full));
            assert_eq!(queue.check_room(&tenant("quiet"), 1), Ok(()));
            queue.put(&tenant("quiet"), ONE, 2).unwrap();
            let much = Ticket { cost: most, until: None };
            assert_eq!(queue.put(&tenant("other"), much, 3), Err((Unwanted::Full, 3)));
            assert_eq!(queue.backlog().refused, 3);
            queue.take().unwrap();
            queue.put(&tenant("busy"), ONE, 4).unwrap();
        });
    }

    #[test]
    fn who_is_woken_takes_nothing_and_ends_all_the_same_when_it_is_closed() {
        once(|| {
            let queue: Queue<()> = Queue::new(BYTES);
            queue.wake();
            queue.wake();
            assert_eq!(queue.take().map(|taken| taken.len()), Some(0));
            queue.wake();
            queue.close();
            assert!(queue.take().is_none(), "however often others wake it");
        });
    }

    #[test]
    fn what_is_larger_than_all_that_may_wait_is_taken_by_itself() {
        once(|| {
            let queue = Queue::new(BYTES);
            let large = Ticket { cost: 10 * queue.cost_max, until: None };
            queue.put(&tenant("t"), large, 0).unwrap();
            assert_eq!(queue.put(&tenant("t"), ONE, 1), Err((Unwanted::Full, 1)));
        });
    }

    #[test]
    fn as_much_may_wait_as_is_done_in_half_a_second() {
        once(|| {
            let queue: Queue<()> = Queue::new(BYTES);
            for _ in 0..50 {
                queue.measure(20_000, Duration::from_secs(1));
            }
            let most = queue.backlog().most;
            assert!((9_900..=10_000).contains(&most), "{most}");
            (0..50).for_each(|_| queue.measure(1_000_000, Duration::from_micros(1)));
            assert!(queue.backlog().most > queue.cost_max - 10);
            (0..50).for_each(|_| queue.measure(100, Duration::from_secs(60)));
            assert_eq!(queue.backlog().most, COST_WAITING_MIN);
            queue.measure(1, Duration::from_secs(60));
        });
    }
}
