//! How long the caller of a question waits for its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::domain::stop::Stop;

const LASTS: u8 = 0;

/// Whether the answer to a question is still waited for. Whoever works on it looks at it, often,
/// and whoever serves the caller ends it.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    own: Arc<AtomicU8>,
    of_all: Arc<AtomicU8>,
}

/// Why nobody waits for an answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The caller has gone.
    #[error("the caller has gone")]
    CallerGone,
    /// The time that the caller gave, or that a call may take, is over.
    #[error("the time for an answer is over")]
    OutOfTime,
    /// The caller takes no more of what it is sent.
    #[error("the answer is not being read")]
    Unread,
    /// The server is stopping.
    #[error("the server is stopping")]
    ShuttingDown,
}

impl Patience {
    /// How often whoever waits for something else looks at it: nobody who ends it knows who waits.
    pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);

    /// The patience of one more caller: it also ends when this one's does.
    pub fn of_one(&self) -> Patience {
        Patience { own: Arc::default(), of_all: Arc::clone(&self.own) }
    }

    /// Ends the work, for a reason; the first stands.
    pub fn end(&self, why: Stopped) {
        let code = match why {
            Stopped::CallerGone => 1,
            Stopped::OutOfTime => 2,
            Stopped::Unread => 3,
            Stopped::ShuttingDown => 4,
        };
        let _first = self.own.compare_exchange(LASTS, code, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Fails once nobody waits.
    pub fn check(&self) -> Result<(), Stopped> {
        let own = self.own.load(Ordering::Relaxed);
        match if own == LASTS { self.of_all.load(Ordering::Relaxed) } else { own } {
            LASTS => Ok(()),
            1 => Err(Stopped::CallerGone),
            2 => Err(Stopped::OutOfTime),
            3 => Err(Stopped::Unread),
            _ => Err(Stopped::ShuttingDown),
        }
    }
}

impl Stop for Patience {
    fn is_stopped(&self) -> bool {
        self.check().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_the_server_stops_nobody_is_waited_for() {
        let server = Patience::default();
        let [one, other] = [server.of_one(), server.of_one()];
        one.end(Stopped::CallerGone);
        assert_eq!(other.check(), Ok(()));
        server.end(Stopped::ShuttingDown);
        assert_eq!(one.check(), Err(Stopped::CallerGone));
        assert_eq!(other.check(), Err(Stopped::ShuttingDown));
    }

    #[test]
    fn the_first_reason_stands() {
        let patience = Patience::default();
        assert_eq!(patience.check(), Ok(()));
        patience.end(Stopped::OutOfTime);
        patience.clone().end(Stopped::CallerGone);
        assert_eq!(patience.check(), Err(Stopped::OutOfTime));
        assert!(patience.is_stopped());
    }
}
