//! Where threads and tasks begin, where they hand things over, and where they share them. Everything
//! else is written as though there were one thread.

use super::forbid;

/// Begins threads or tasks, or waits for them.
const THREADS: [&str; 8] = [
    // Makes the next segment ready while the present one is written.
    "src/journal/prepare.rs",
    // Opens the views, which may hang.
    "src/views/store.rs",
    // The writer and the keeper; and waiting for both at the end.
    "src/runtime/start.rs",
    "src/runtime/mod.rs",
    // Work that computes or reads from disk, off the threads that serve.
    "src/service/aside.rs",
    "src/service/calendar.rs",
    // A stream of events is read while its answers are written.
    "src/service/incident.rs",
    // Listening, and stopping at a signal.
    "src/server/mod.rs",
];

/// Hands something from one thread or task to another.
const CHANNELS: [&str; 10] = [
    "src/views/store.rs",
    "src/runtime/errands.rs",
    "src/runtime/job.rs",
    "src/runtime/mod.rs",
    "src/runtime/start.rs",
    "src/runtime/writer.rs",
    "src/service/aside.rs",
    "src/service/incident.rs",
    "src/server/mod.rs",
    "src/cli/import/send.rs",
];

/// Shares what changes between threads.
const LOCKS: [&str; 9] = [
    "src/views/read.rs",
    "src/runtime/errands.rs",
    "src/runtime/inbox.rs",
    "src/runtime/keeper.rs",
    "src/runtime/learning.rs",
    "src/runtime/memory.rs",
    "src/runtime/mod.rs",
    "src/runtime/start.rs",
    "src/runtime/sync.rs",
];

#[test]
fn threads_begin_in_few_places() {
    let words = ["thread::", "spawn(", "spawn_blocking(", "JoinHandle", "JoinSet", "select!"];
    forbid(|path| !THREADS.contains(&path), &words, "threads begin only in the files listed");
}

#[test]
fn threads_meet_in_few_places() {
    let channels = ["mpsc", "oneshot", "watch::", "broadcast", "Notify"];
    forbid(|path| !CHANNELS.contains(&path), &channels, "channels are only in the files listed");
    let locks = ["Mutex", "RwLock", "Condvar", "Semaphore"];
    forbid(|path| !LOCKS.contains(&path), &locks, "locks are only in the files listed");
}
