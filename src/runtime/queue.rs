//! The queue in which jobs wait for the writer.

use super::sync::{Condvar, Mutex};

/// Jobs that may wait at most.
const JOBS_WAITING_MAX: usize = 20_000;

/// Jobs on their way from many tasks to one thread.
#[derive(Debug)]
pub(super) struct Queue<J> {
    waiting: Mutex<Queued<J>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct Queued<J> {
    jobs: Vec<J>,
    is_closed: bool,
}

/// Why a job was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwanted {
    /// Too many wait already.
    Full,
    /// No more are taken.
    Closed,
}

impl<J> Default for Queue<J> {
    fn default() -> Queue<J> {
        let waiting = Mutex::new(Queued { jobs: Vec::new(), is_closed: false });
        Queue { waiting, arrived: Condvar::new() }
    }
}

impl<J> Queue<J> {
    /// Hands in a job.
    pub fn put(&self, job: J) -> Result<(), Unwanted> {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed {
            return Err(Unwanted::Closed);
        }
        if waiting.jobs.len() >= JOBS_WAITING_MAX {
            return Err(Unwanted::Full);
        }
        waiting.jobs.push(job);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes no more jobs; those that wait are still done.
    pub fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.arrived.notify_one();
    }

    /// All jobs that wait, when there are any; `None` once closed and empty. For one thread alone.
    pub fn take(&self) -> Option<Vec<J>> {
        let mut waiting = self.waiting.lock();
        while waiting.jobs.is_empty() {
            if waiting.is_closed {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
        Some(std::mem::take(&mut waiting.jobs))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shuttle::thread;

    use super::super::sync::in_every_order;
    use super::*;

    #[test]
    fn what_was_taken_in_comes_out_once_in_order_and_nothing_waits_for_ever() {
        in_every_order(|| {
            let queue = Arc::new(Queue::default());
            let senders = [0, 10, 20].map(|first| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    (first..first + 3).filter(|job| queue.put(*job).is_ok()).collect::<Vec<_>>()
                })
            });
            let writer = {
                let queue = Arc::clone(&queue);
                thread::spawn(move || std::iter::from_fn(|| queue.take()).flatten().collect())
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
            assert_eq!(queue.put(99), Err(Unwanted::Closed));
        });
    }
}
