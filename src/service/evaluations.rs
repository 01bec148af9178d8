//! What incidents take of memory while they are evaluated.
//!
//! An evaluation holds what it finds of each event under each target until it is answered. All
//! evaluations under way share what they may take: one for which there is no room waits for those
//! before it, and one that is larger than all of it is refused.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::cost::Cost;

/// Bytes that an event takes under a target while it is evaluated, at most about.
const BYTES_EACH: usize = 400;
/// So much is evaluated for one answer however much memory there is: about two seconds.
const LOAD_MAX: usize = 2_000_000;

/// The evaluations under way.
#[derive(Debug)]
pub(super) struct Evaluations {
    room: Arc<Semaphore>,
    most: usize,
}

/// How much an evaluation holds at once: events times targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EvaluationLoad(u32);

/// An evaluation would hold more than one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch {
    /// The most events times targets that one may hold.
    pub most: u64,
}

impl Evaluations {
    /// Evaluations that may take so many bytes together.
    pub fn new(bytes: usize) -> Evaluations {
        let most = (bytes / BYTES_EACH).clamp(1, Semaphore::MAX_PERMITS);
        Evaluations { room: Arc::new(Semaphore::new(most)), most }
    }

    /// What an evaluation will hold.
    ///
    /// # Errors
    /// When it is more than one may hold.
    pub fn load(&self, cost: Cost) -> Result<EvaluationLoad, TooMuch> {
        let most = self.most.min(LOAD_MAX) as u64;
        let load = cost.events.saturating_mul(cost.targets);
        match u32::try_from(load) {
            Ok(load) if u64::from(load) <= most => Ok(EvaluationLoad(load)),
            _ => Err(TooMuch { most }),
        }
    }

    /// Waits until there is room, and takes it until what is returned is dropped.
    pub async fn reserve(&self, load: EvaluationLoad) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        Arc::clone(&self.room).acquire_many_owned(load.0).await.ok()
    }

    /// Bytes that are taken, about.
    pub fn bytes(&self) -> usize {
        (self.most - self.room.available_permits()) * BYTES_EACH
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    fn cost(events: u64, targets: u64) -> Cost {
        Cost { events, targets, steps: events * targets }
    }

    #[tokio::test]
    async fn evaluations_wait_for_room_and_give_it_back() {
        let evaluations = Evaluations::new(100 * BYTES_EACH);
        let most = evaluations.load(cost(10, 10)).unwrap();
        let taken = evaluations.reserve(most).await;
        assert_eq!(evaluations.bytes(), 100 * BYTES_EACH);
        let one = evaluations.load(cost(1, 1)).unwrap();
        let waits = evaluations.reserve(one);
        tokio::pin!(waits);
        let polled = std::future::poll_fn(|context| Poll::Ready(waits.as_mut().poll(context)));
        assert!(polled.await.is_pending());
        drop(taken);
        drop(waits.await);
        assert_eq!(evaluations.bytes(), 0);
    }

    #[test]
    fn what_is_larger_than_all_of_it_or_takes_long_is_refused() {
        let refused = Evaluations::new(100 * BYTES_EACH).load(cost(101, 1));
        assert_eq!(refused, Err(TooMuch { most: 100 }));
        let plenty = Evaluations::new(usize::MAX / 2);
        assert!(plenty.load(cost(LOAD_MAX as u64, 1)).is_ok());
        for (events, targets) in [(LOAD_MAX as u64 + 1, 1), (u64::MAX, 2), (1 << 31, 2)] {
            assert!(plenty.load(Cost { events, targets, steps: 0 }).is_err());
        }
    }
}
