//! What is learnt about instants other than now: worked out by whoever asks, a few at once.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::patience::{Patience, Stopped};
use super::read_point::ReadPoint;
use crate::domain::ids::TenantId;
use crate::engine::learning::Learned;

/// How many are worked out at once: the others wait their turn.
const AT_ONCE_MAX: usize = 2;
/// How many are remembered.
const REMEMBERED_MAX: usize = 16;

/// What was learnt about other instants, and who works on it.
#[derive(Debug, Default)]
pub(super) struct PastLearning {
    desk: Mutex<Desk>,
    has_room: Condvar,
}

#[derive(Debug, Default)]
struct Desk {
    at_work: usize,
    /// The newest first.
    remembered: VecDeque<(PastQuestion, Arc<Learned>)>,
}

/// What a question needs: of a tenant's contract, at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PastQuestion {
    pub tenant: TenantId,
    pub contract: String,
    pub point: ReadPoint,
}

impl PastLearning {
    /// What was worked out, or is now. Blocks until it is its turn, but no longer than somebody
    /// waits for it. Nothing is held meanwhile.
    pub fn learned<E: From<Stopped>>(
        &self,
        question: &PastQuestion,
        patience: &Patience,
        work: impl FnOnce() -> Result<Arc<Learned>, E>,
    ) -> Result<Arc<Learned>, E> {
        let mut desk = self.desk.lock();
        loop {
            if let Some((_, found)) = desk.remembered.iter().find(|(of, _)| of == question) {
                return Ok(Arc::clone(found));
            }
            if desk.at_work < AT_ONCE_MAX {
                break;
            }
            patience.check()?;
            let _timed_out = self.has_room.wait_for(&mut desk, Patience::LOOK_EVERY);
        }
        desk.at_work += 1;
        drop(desk);
        let turn = Turn { of: self };
        let learned = work()?;
        let mut desk = self.desk.lock();
        desk.remembered.truncate(REMEMBERED_MAX - 1);
        desk.remembered.push_front((question.clone(), Arc::clone(&learned)));
        drop(desk);
        drop(turn);
        Ok(learned)
    }

    /// Forgets what was worked out of a tenant.
    pub fn forget(&self, tenant: &TenantId) {
        self.desk.lock().remembered.retain(|(question, _)| question.tenant != *tenant);
    }
}

/// Makes room when it ends, however it does.
struct Turn<'p> {
    of: &'p PastLearning,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.of.desk.lock().at_work -= 1;
        self.of.has_room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::domain::time::Instant;
    use crate::runtime::read_point::ReadRequest;

    fn question(sequence: u64) -> PastQuestion {
        let request = ReadRequest { as_of: Some(Instant::MAX), ..ReadRequest::default() };
        let point = ReadPoint::new(sequence, Instant::MAX, request);
        PastQuestion { tenant: "tenant".into(), contract: "contract".into(), point }
    }

    #[test]
    fn what_was_worked_out_is_remembered_for_a_while_and_what_failed_is_not() {
        let past = PastLearning::default();
        let worked_out = |sequence| {
            let mut is_worked_out = false;
            let learned = past.learned(&question(sequence), &Patience::default(), || {
                is_worked_out = true;
                Ok::<_, Stopped>(Arc::default())
            });
            assert!(learned.is_ok());
            is_worked_out
        };
        let failed = past.learned(&question(0), &Patience::default(), || Err(Stopped::OutOfTime));
        assert_eq!(failed.unwrap_err(), Stopped::OutOfTime);
        assert!(worked_out(0) && !worked_out(0));
        for sequence in 1..=REMEMBERED_MAX as u64 {
            assert!(worked_out(sequence));
        }
        assert!(worked_out(0));
        assert_eq!(past.desk.lock().remembered.len(), REMEMBERED_MAX);
    }

    /// Everybody who works waits for `until`, and whoever waits for a turn does not.
    #[test]
    fn who_waits_for_a_turn_is_freed_when_its_caller_is_gone_and_takes_nobodys_place() {
        let past = PastLearning::default();
        let at_work = Barrier::new(AT_ONCE_MAX + 1);
        let until = Barrier::new(AT_ONCE_MAX + 1);
        let patience = Patience::default();
        let (past, at_work, until, patience) = (&past, &at_work, &until, &patience);
        std::thread::scope(|scope| {
            for sequence in 0..AT_ONCE_MAX as u64 {
                scope.spawn(move || {
                    past.learned(&question(sequence), &Patience::default(), || {
                        at_work.wait();
                        until.wait();
                        Ok::<_, Stopped>(Arc::default())
                    })
                });
            }
            at_work.wait();
            let ask = move |patience: &Patience| {
                past.learned(&question(9), patience, || Ok::<_, Stopped>(Arc::default()))
            };
            let waiting = scope.spawn(move || ask(patience).unwrap_err());
            patience.end(Stopped::CallerGone);
            assert_eq!(waiting.join().unwrap(), Stopped::CallerGone);
            assert_eq!(ask(patience).unwrap_err(), Stopped::CallerGone);
            assert_eq!(past.desk.lock().at_work, AT_ONCE_MAX);
            until.wait();
        });
        assert_eq!(past.desk.lock().at_work, 0);
        // What is remembered costs nothing, and is answered in any case.
        let again = past.learned(&question(0), patience, || Err(Stopped::OutOfTime));
        assert!(again.is_ok());
    }
}
