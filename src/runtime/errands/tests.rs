//! Whoever waits for the views goes on, and by what is so, in whatever order threads run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shuttle::{future, thread};

use super::super::sync::in_every_order;
use super::*;

/// What the writer has folded and the keeper has carried over: sequences.
#[derive(Debug, Default)]
struct World {
    folded: AtomicU64,
    kept: AtomicU64,
}

impl World {
    fn fold(&self, errands: &Errands, hurries: bool) -> u64 {
        let sequence = self.folded.fetch_add(1, Ordering::SeqCst) + 1;
        errands.call(hurries);
        sequence
    }

    fn carry_over(&self, errands: &Errands) {
        let sequence = self.folded.load(Ordering::SeqCst);
        errands.tell_room();
        self.kept.store(sequence, Ordering::SeqCst);
        errands.tell_carried(sequence);
    }

    fn is_complete(&self) -> bool {
        self.kept.load(Ordering::SeqCst) == self.folded.load(Ordering::SeqCst)
    }

    fn is_behind(&self) -> bool {
        self.folded.load(Ordering::SeqCst) - self.kept.load(Ordering::SeqCst) >= 2
    }
}

fn world() -> (Arc<World>, Arc<Errands>) {
    (Arc::default(), Arc::new(Errands::new(0)))
}

/// A keeper that carries over what is new until it is closed. Its write number `failing`, from 0,
/// fails once, and leaves the views as they were.
fn keep(world: &World, errands: &Errands, failing: Option<u32>) {
    for write in 0.. {
        let is_closed = errands.wait();
        if failing == Some(write) {
            errands.tell_failure();
            errands.is_closed_within(PATIENCE);
            errands.tell_recovery(world.kept.load(Ordering::SeqCst));
            continue;
        }
        world.carry_over(errands);
        if is_closed && world.is_complete() {
            return;
        }
    }
}

#[test]
fn patience_counts_from_the_first_call_that_is_not_followed() {
    let mut asked = Asked::default();
    assert_eq!(asked.patient_until(), None);
    let first = Instant::now();
    assert!(asked.note(first));
    assert!(!asked.note(first + PATIENCE / 2));
    assert_eq!(asked.patient_until(), Some(first + PATIENCE));
    asked.hurry = true;
    assert_eq!(asked.patient_until(), None);
}

#[test]
fn whoever_asks_for_a_sequence_is_answered_once_the_views_hold_it() {
    in_every_order(|| {
        let (world, errands) = world();
        let keeper = spawn(&world, &errands, |world, errands| keep(world, errands, None));
        let writers = [false, true].map(|hurries| {
            spawn(&world, &errands, move |world, errands| {
                let sequence = world.fold(errands, hurries);
                assert!(future::block_on(errands.catch_up(sequence)));
                assert!(world.kept.load(Ordering::SeqCst) >= sequence);
            })
        });
        writers.into_iter().for_each(|writer| writer.join().expect("answered"));
        errands.close();
        keeper.join().expect("ended");
        assert!(world.is_complete());
    });
}

#[test]
fn nobody_waits_for_views_that_fail_or_is_told_that_they_hold_what_they_do_not() {
    in_every_order(|| {
        let (world, errands) = world();
        let keeper = spawn(&world, &errands, |world, errands| keep(world, errands, Some(0)));
        let reader = spawn(&world, &errands, |world, errands| {
            let sequence = world.fold(errands, true);
            let is_complete = future::block_on(errands.catch_up(sequence));
            assert!(!is_complete || world.kept.load(Ordering::SeqCst) >= sequence);
        });
        let writer = spawn(&world, &errands, |world, errands| {
            for _ in 0..3 {
                world.fold(errands, false);
                let has_room = errands.wait_for_room(|| world.is_behind());
                assert!(!has_room || !world.is_behind());
            }
        });
        reader.join().expect("answered");
        writer.join().expect("let go on");
        errands.close();
        keeper.join().expect("ended");
        assert!(world.is_complete());
    });
}

fn spawn(
    world: &Arc<World>,
    errands: &Arc<Errands>,
    work: impl FnOnce(&World, &Errands) + Send + 'static,
) -> thread::JoinHandle<()> {
    let (world, errands) = (Arc::clone(world), Arc::clone(errands));
    thread::spawn(move || work(&world, &errands))
}
