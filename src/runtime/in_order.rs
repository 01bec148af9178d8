//! Work in parts that others may help with: the parts are made on whichever thread is free, and
//! taken in their order, as though one thread had made them all.
//!
//! The caller's thread reads the parts, makes them, and takes what was made. While a core is lent,
//! a helper makes some of the parts ahead, a bounded number of them. A helper ends after the part
//! that it is at when somebody needs its core, and when for some milliseconds there is nothing to
//! make: the caller's reader is slow, or the walk is over.

use std::collections::{BTreeMap, VecDeque};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::spare_cores::{LentCore, SpareCores};

/// Parts that may be read or made before the one that is to be taken next, while anybody helps: two
/// for each helper. What is made waits in memory, and of long rows a part has some megabytes.
const PARTS_AHEAD: u64 = 6;
/// Helpers at once at most.
const HELPERS_MAX: usize = 3;
/// How long a helper waits for something to make.
const HELPER_WAITS: Duration = Duration::from_millis(4);

/// Parts on their way, by their numbers.
struct PartQueue<P, T> {
    state: Mutex<QueuedParts<P, T>>,
    /// A part was made, or never will be.
    changed: Condvar,
    /// There is another part to make, or never will be.
    added: Condvar,
}

struct QueuedParts<P, T> {
    to_make: VecDeque<(u64, P)>,
    made: BTreeMap<u64, T>,
    helpers: usize,
    /// Nothing more is taken.
    is_over: bool,
    /// A helper panicked.
    is_broken: bool,
}

/// What the caller's thread does next.
enum CallerStep<P, T> {
    Take(T),
    Make(u64, P),
    /// A helper panicked, which the caller does as well once all have ended.
    Stop,
}

/// Makes something of each of `parts` and takes it, in their order, until `take` says stop (false)
/// or there is an error. Helpers make parts as long as there are cores to lend, and nothing else
/// is busy.
pub(super) fn in_order<P: Send, T: Send, E>(
    cores: &SpareCores,
    is_busy: impl Fn() -> bool + Sync,
    parts: impl Iterator<Item = Result<P, E>>,
    make: impl Fn(P) -> T + Sync,
    mut take: impl FnMut(T) -> Result<bool, E>,
) -> Result<(), E> {
    let (line, make, is_busy) = (&PartQueue::default(), &make, &is_busy);
    let (mut parts, mut taken) = (PartReader { parts, read: 0, end: None }, 0);
    thread::scope(|scope| {
        let _over = Over(line);
        loop {
            let lent = (line.wants_help() && !is_busy()).then(|| cores.lend()).flatten();
            let ahead = if lent.is_some() || line.has_help() { PARTS_AHEAD } else { 1 };
            parts.read_up_to(taken + ahead, |number, part| line.add(number, part));
            if let Some(end) = parts.end.take_if(|_| parts.read == taken) {
                return end;
            }
            if let Some(core) = lent.filter(|_| line.has_some_for_others()) {
                let helping = Helping::of(line, core);
                let helper = thread::Builder::new().name("walk-helper".to_owned());
                // Where no thread can be begun, nobody helps. The scope waits for those that were.
                let _helper = helper.spawn_scoped(scope, move || helping.make_some(make, is_busy));
            }
            match line.next(taken) {
                CallerStep::Take(made) => {
                    taken += 1;
                    if !take(made)? {
                        return Ok(());
                    }
                }
                CallerStep::Make(number, part) => line.put(number, make(part)),
                CallerStep::Stop => return Ok(()),
            }
        }
    })
}

/// The parts as they are read, and how they end once they have.
struct PartReader<I, E> {
    parts: I,
    read: u64,
    end: Option<Result<(), E>>,
}

impl<P, E, I: Iterator<Item = Result<P, E>>> PartReader<I, E> {
    /// Reads on, up to a number.
    fn read_up_to(&mut self, number: u64, mut add: impl FnMut(u64, P)) {
        while self.end.is_none() && self.read < number {
            match self.parts.next() {
                Some(Ok(part)) => {
                    add(self.read, part);
                    self.read += 1;
                }
                Some(Err(error)) => self.end = Some(Err(error)),
                None => self.end = Some(Ok(())),
            }
        }
    }
}

impl<P, T> Default for PartQueue<P, T> {
    fn default() -> Self {
        let (to_make, made) = (VecDeque::new(), BTreeMap::new());
        let state = QueuedParts { to_make, made, helpers: 0, is_over: false, is_broken: false };
        PartQueue { state: Mutex::new(state), changed: Condvar::new(), added: Condvar::new() }
    }
}

impl<P, T> PartQueue<P, T> {
    fn wants_help(&self) -> bool {
        self.state.lock().helpers < HELPERS_MAX
    }

    fn has_help(&self) -> bool {
        self.state.lock().helpers > 0
    }

    fn has_some_for_others(&self) -> bool {
        self.state.lock().to_make.len() > 1
    }

    fn add(&self, number: u64, part: P) {
        self.state.lock().to_make.push_back((number, part));
        self.added.notify_one();
    }

    fn put(&self, number: u64, made: T) {
        self.state.lock().made.insert(number, made);
        self.changed.notify_one();
    }

    /// What is to be done by whoever takes the part of this number next.
    fn next(&self, number: u64) -> CallerStep<P, T> {
        let mut state = self.state.lock();
        loop {
            if let Some(made) = state.made.remove(&number) {
                return CallerStep::Take(made);
            }
            if let Some((number, part)) = state.to_make.pop_front() {
                return CallerStep::Make(number, part);
            }
            if state.is_broken {
                return CallerStep::Stop;
            }
            self.changed.wait(&mut state);
        }
    }
}

/// Ends the help when whoever takes has ended.
struct Over<'l, P, T>(&'l PartQueue<P, T>);

impl<P, T> Drop for Over<'_, P, T> {
    fn drop(&mut self) {
        self.0.state.lock().is_over = true;
        self.0.added.notify_all();
    }
}

/// A helper, from before its thread is begun until that has ended.
struct Helping<'l, P, T> {
    line: &'l PartQueue<P, T>,
    core: LentCore,
}

impl<'l, P, T> Helping<'l, P, T> {
    fn of(line: &'l PartQueue<P, T>, core: LentCore) -> Helping<'l, P, T> {
        line.state.lock().helpers += 1;
        Helping { line, core }
    }

    /// Makes parts as long as there are some, somebody takes them, and nobody needs the core.
    fn make_some(self, make: impl Fn(P) -> T, is_busy: impl Fn() -> bool) {
        while !is_busy()
            && let Some((number, part)) = self.next_part()
        {
            self.line.put(number, make(part));
        }
    }

    fn next_part(&self) -> Option<(u64, P)> {
        if self.core.is_needed() {
            return None;
        }
        let mut state = self.line.state.lock();
        let nothing = |state: &mut QueuedParts<P, T>| !state.is_over && state.to_make.is_empty();
        let _waited = self.line.added.wait_while_for(&mut state, nothing, HELPER_WAITS);
        if state.is_over { None } else { state.to_make.pop_front() }
    }
}

impl<P, T> Drop for Helping<'_, P, T> {
    fn drop(&mut self) {
        let mut state = self.line.state.lock();
        state.helpers -= 1;
        state.is_broken |= thread::panicking();
        self.line.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// What is taken of parts, how that ended, and how many were made.
    fn taken(
        cores: usize,
        parts: &[Result<u32, u32>],
        stop_after: usize,
        fails_at: Option<u32>,
    ) -> (Vec<u64>, Result<(), u32>, usize) {
        let made = AtomicUsize::new(0);
        let make = |part: u32| {
            made.fetch_add(1, Ordering::Relaxed);
            // Some take longer than others, so that they are made out of order.
            let long = (0..u64::from(part % 7) * 300).fold(0, u64::wrapping_add);
            std::hint::black_box(long);
            u64::from(part) * 3
        };
        let mut taken = Vec::new();
        let take = |made: u64| {
            taken.push(made);
            match fails_at {
                Some(at) if u64::from(at) * 3 == made => Err(at),
                _ => Ok(taken.len() < stop_after),
            }
        };
        let ended = in_order(&SpareCores::of(cores), || false, parts.iter().copied(), make, take);
        (taken, ended, made.into_inner())
    }

    proptest! {
        /// What is taken with help, in which order, and how it ends, is what it is without.
        #[test]
        fn help_changes_nothing(
            parts in prop::collection::vec(
                prop_oneof![60 => (0_u32..1_000).prop_map(Ok), 1 => (0_u32..1_000).prop_map(Err)],
                0..200,
            ),
            cores in 1_usize..5,
            stop_after in 1_usize..250,
            fails_at in prop::option::of(0_u32..1_000),
        ) {
            let alone = taken(0, &parts, stop_after, fails_at);
            let helped = taken(cores, &parts, stop_after, fails_at);
            prop_assert_eq!((&helped.0, helped.1), (&alone.0, alone.1));
            prop_assert_eq!(alone.0.len(), alone.2, "alone, nothing is made ahead");
            prop_assert!(helped.2 - alone.2 <= PARTS_AHEAD as usize, "{}", helped.2);
        }
    }

    /// Two parts are made at once: each waits, for as long as a test may, until the other is begun.
    #[test]
    fn a_spare_core_is_used() {
        let begun = (Mutex::new(0), Condvar::new());
        let make = |_: u32| {
            let mut count = begun.0.lock();
            *count += 1;
            begun.1.notify_all();
            let alone = |count: &mut u32| *count < 2;
            !begun.1.wait_while_for(&mut count, alone, Duration::from_secs(60)).timed_out()
        };
        let (cores, parts) = (SpareCores::of(1), [1, 2].map(Ok::<u32, ()>));
        let mut both = 0;
        let ended = in_order(
            &cores,
            || false,
            parts.into_iter(),
            make,
            |made| {
                both += u32::from(made);
                Ok(true)
            },
        );
        assert_eq!((ended, both), (Ok(()), 2));
        assert!(cores.lend().is_some(), "it was given back");
    }

    /// A core that somebody needs is given back after the part that was begun.
    #[test]
    fn a_core_that_is_needed_is_given_back() {
        let cores = SpareCores::of(1);
        let line = PartQueue::<u32, u32>::default();
        let helping = Helping::of(&line, cores.lend().unwrap());
        (0..10).for_each(|number| line.add(number, 1));
        let needed = Mutex::new(None);
        helping.make_some(
            |part| {
                *needed.lock() = Some(cores.need());
                part
            },
            || false,
        );
        assert!(!line.has_help());
        let state = line.state.lock();
        assert_eq!((state.made.len(), state.to_make.len()), (1, 9));
    }

    /// Whoever records has the other cores.
    #[test]
    fn while_something_else_is_busy_nobody_helps() {
        let caller = thread::current().id();
        let make = |_: u32| thread::current().id() == caller;
        let parts = (0_u32..100).map(Ok::<u32, ()>);
        let mut alone = 0;
        let ended = in_order(
            &SpareCores::of(2),
            || true,
            parts,
            make,
            |made| {
                alone += u32::from(made);
                Ok(true)
            },
        );
        assert_eq!((ended, alone), (Ok(()), 100));
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_helper_that_panics_ends_the_whole() {
        let caller = thread::current().id();
        let make = |part: u32| {
            if thread::current().id() != caller {
                std::panic::resume_unwind(Box::new("a helper"));
            }
            // Until a helper has begun.
            thread::yield_now();
            part
        };
        let parts = (0_u32..).map(Ok::<u32, ()>);
        let _ended = in_order(&SpareCores::of(1), || false, parts, make, |_| Ok(true));
    }
}
