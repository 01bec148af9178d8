//! Whoever waits for the views goes on, and by what is so, in whatever order threads run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shuttle::{future, thread};

use super::super::sync::in_every_order;
use super::*;

/// What the writer has folded and the projector has projected: sequences.
#[derive(Debug, Default)]
struct World {
    folded: AtomicU64,
    kept: AtomicU64,
}

impl World {
    fn fold(&self, signal: &Signal, hurries: bool) -> u64 {
        let sequence = self.folded.fetch_add(1, Ordering::SeqCst) + 1;
        signal.call(hurries);
        sequence
    }

    fn project(&self, signal: &Signal) {
        let sequence = self.folded.load(Ordering::SeqCst);
        signal.room_made();
        self.kept.store(sequence, Ordering::SeqCst);
        signal.projected_up_to(sequence);
    }

    fn is_complete(&self) -> bool {
        self.kept.load(Ordering::SeqCst) == self.folded.load(Ordering::SeqCst)
    }

    fn is_behind(&self) -> bool {
        self.folded.load(Ordering::SeqCst) - self.kept.load(Ordering::SeqCst) >= 2
    }
}

fn world() -> (Arc<World>, Arc<Signal>) {
    (Arc::default(), Arc::new(Signal::new(0)))
}

/// A projector that projects what is new until it is closed. Its write number `failing`, from 0,
/// fails once, and leaves the views as they were.
fn keep(world: &World, signal: &Signal, failing: Option<u32>) {
    for write in 0.. {
        let is_closed = signal.wait();
        if failing == Some(write) {
            signal.failed();
            signal.is_closed_within(PATIENCE);
            signal.recovered(world.kept.load(Ordering::SeqCst));
            continue;
        }
        world.project(signal);
        if is_closed && world.is_complete() {
            return;
        }
    }
}

#[test]
fn patience_counts_from_the_first_call_that_is_not_followed() {
    let mut pending = Pending::default();
    assert_eq!(pending.patient_until(), None);
    let first = Instant::now();
    assert!(pending.note(first));
    assert!(!pending.note(first + PATIENCE / 2));
    assert_eq!(pending.patient_until(), Some(first + PATIENCE));
    pending.hurry = true;
    assert_eq!(pending.patient_until(), None);
}

#[test]
fn whoever_queries_for_a_sequence_is_answered_once_the_views_hold_it() {
    in_every_order(|| {
        let (world, signal) = world();
        let projector = spawn(&world, &signal, |world, signal| keep(world, signal, None));
        let writers = [false, true].map(|hurries| {
            spawn(&world, &signal, move |world, signal| {
                let sequence = world.fold(signal, hurries);
                assert!(future::block_on(signal.catch_up(sequence)));
                assert!(world.kept.load(Ordering::SeqCst) >= sequence);
            })
        });
        writers.into_iter().for_each(|writer| writer.join().expect("answered"));
        signal.close();
        projector.join().expect("ended");
        assert!(world.is_complete());
    });
}

#[test]
fn nobody_waits_for_views_that_fail_or_is_answered_before_they_are_complete() {
    in_every_order(|| {
        let (world, signal) = world();
        let projector = spawn(&world, &signal, |world, signal| keep(world, signal, Some(0)));
        let reader = spawn(&world, &signal, |world, signal| {
            let sequence = world.fold(signal, true);
            let is_complete = future::block_on(signal.catch_up(sequence));
            assert!(!is_complete || world.kept.load(Ordering::SeqCst) >= sequence);
        });
        let writer = spawn(&world, &signal, |world, signal| {
            for _ in 0..3 {
                world.fold(signal, false);
                let has_room = signal.wait_for_room(|| world.is_behind());
                assert!(!has_room || !world.is_behind());
            }
        });
        reader.join().expect("answered");
        writer.join().expect("let go on");
        signal.close();
        projector.join().expect("ended");
        assert!(world.is_complete());
    });
}

fn spawn(
    world: &Arc<World>,
    signal: &Arc<Signal>,
    work: impl FnOnce(&World, &Signal) + Send + 'static,
) -> thread::JoinHandle<()> {
    let (world, signal) = (Arc::clone(world), Arc::clone(signal));
    thread::spawn(move || work(&world, &signal))
}
