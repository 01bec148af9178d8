//! How late the network's loop is: how long what could go on waits for its turn there. While it is
//! late, whatever is let in makes all others wait longer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// How often it is measured.
const MEASURED_EVERY: Duration = Duration::from_millis(20);
/// No measurement waits for its turn.
const NONE: u64 = u64::MAX;

/// How late the loop is.
#[derive(Debug)]
pub(super) struct LoopLag {
    begun: Instant,
    /// How late the last measurement was, in microseconds.
    last: AtomicU64,
    /// When the one that waits for its turn was handed in, in microseconds since it began.
    waiting_since: AtomicU64,
}

impl LoopLag {
    /// How late the loop is from here on, measured on the runtime of whoever calls this as long as
    /// somebody holds it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn measured() -> std::io::Result<Arc<LoopLag>> {
        let lag = Arc::new(LoopLag::at(Instant::now()));
        let (measured, network) = (Arc::downgrade(&lag), Handle::current());
        // What is handed in from another thread waits behind all else.
        let measure = move || measure(&measured, &network);
        thread::Builder::new().name("lag".to_owned()).spawn(measure)?;
        Ok(lag)
    }

    fn at(begun: Instant) -> LoopLag {
        LoopLag { begun, last: AtomicU64::new(0), waiting_since: AtomicU64::new(NONE) }
    }

    /// How late it is now, about.
    pub fn now(&self) -> Duration {
        self.at_time(self.begun.elapsed())
    }

    fn at_time(&self, since_begun: Duration) -> Duration {
        let last = Duration::from_micros(self.last.load(Ordering::Relaxed));
        match self.waiting_since.load(Ordering::Relaxed) {
            NONE => last,
            since => last.max(since_begun.saturating_sub(Duration::from_micros(since))),
        }
    }

    /// Hands a measurement in, unless one waits.
    fn hand_in(&self, since_begun: Duration) -> bool {
        let now = micros(since_begun);
        let handed_in =
            self.waiting_since.compare_exchange(NONE, now, Ordering::Relaxed, Ordering::Relaxed);
        handed_in.is_ok()
    }

    /// The turn of the measurement that waits has come.
    fn take(&self, since_begun: Duration) {
        let since = self.waiting_since.swap(NONE, Ordering::Relaxed);
        self.last.store(micros(since_begun).saturating_sub(since), Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NONE - 1)
}

fn measure(measured: &Weak<LoopLag>, network: &Handle) {
    while let Some(lag) = measured.upgrade() {
        if lag.hand_in(lag.begun.elapsed()) {
            network.spawn(async move { lag.take(lag.begun.elapsed()) });
        }
        thread::sleep(MEASURED_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_late_as_what_waits_and_then_as_the_last_that_had_its_turn() {
        let lag = LoopLag::at(Instant::now());
        let ms = Duration::from_millis;
        assert_eq!(lag.at_time(ms(5)), ms(0));
        assert!(lag.hand_in(ms(10)));
        assert!(!lag.hand_in(ms(30)), "one waits");
        assert_eq!(lag.at_time(ms(250)), ms(240));
        lag.take(ms(310));
        assert_eq!(lag.at_time(ms(311)), ms(300));
        assert!(lag.hand_in(ms(330)));
        lag.take(ms(331));
        assert_eq!(lag.at_time(ms(400)), ms(1));
    }
}
