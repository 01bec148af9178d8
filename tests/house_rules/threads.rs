//! Where threads and tasks begin, where they hand things over, and where they share them.
//! Everything else is written as though there were one thread.

use super::forbid;

/// Begins threads or tasks, or waits for them.
const THREADS: [&str; 34] = [
    // Connections are accepted whatever else goes on, and each is served on its own; and until when.
    "src/server/connections.rs",
    "src/server/serving.rs",
    "src/server/network.rs",
    // How late the network is, measured from outside of it.
    "src/server/loop_lag.rs",
    // Until its peer ends a connection, or the server does.
    "src/server/http1.rs",
    // What nobody reads of a refused request is taken in behind its answer.
    "src/server/request_body.rs",
    // Metrics are read beside the network.
    "src/server/telemetry/mod.rs",
    // Traces are sent whatever the collector does.
    "src/server/telemetry/traces.rs",
    // How many cores there are, which bounds the lanes.
    "src/server/settings/configuration.rs",
    // The servers of a shared log are spoken to beside all else.
    "src/cluster/connection.rs",
    "src/cluster/follower.rs",
    "src/cluster/stream_log.rs",
    "src/cluster/joining.rs",
    "src/cluster/other_nodes.rs",
    "src/service/delivery/turn.rs",
    // Makes the next segment ready while the present one is written.
    "src/journal/prepare.rs",
    // Opens the views, which may hang.
    "src/views/store.rs",
    // The writer and the projector; and waiting for both at the end.
    "src/runtime/start.rs",
    "src/runtime/engine.rs",
    // Others help with a walk of many incidents, while there are cores that nobody needs.
    "src/runtime/in_order.rs",
    // Work that computes or reads from disk, off the threads that serve.
    "src/service/blocking.rs",
    // A stream of events is read while its answers are written.
    "src/service/incident.rs",
    // Notices are made beside the network, and each watcher goes at its own pace.
    "src/service/feeds.rs",
    "src/service/watcher.rs",
    // Outlooks are evaluated beside the notices of clocks.
    "src/service/outlook_watch.rs",
    // Events are sent beside each other, each on its way for as long as it takes.
    "src/service/delivery/courier.rs",
    "src/service/delivery/deliveries.rs",
    // An answer comes while its connection is worked on.
    "src/service/delivery/attempt.rs",
    "src/cli/export/http_client.rs",
    // Whoever resolves names makes threads wait.
    "src/service/delivery/lookups.rs",
    // Listening, and stopping at a signal.
    "src/server/mod.rs",
    // Each handshake on its own: a slow one delays no other.
    "src/server/identity/tls.rs",
    // Files are looked at while the server serves.
    "src/server/identity/follow.rs",
    // The tour ends at a signal, and the server with it.
    "src/cli/demo.rs",
];

/// Hands something from one thread or task to another.
const CHANNELS: [&str; 30] = [
    // What arrives of a shared log, and up to where.
    "src/cluster/connection.rs",
    "src/cluster/follower.rs",
    "src/cluster/shared_names.rs",
    "src/cluster/turns.rs",
    "src/server/connections.rs",
    // A connection is turned out.
    "src/server/peers.rs",
    "src/server/serving.rs",
    "src/server/telemetry/mod.rs",
    "src/server/telemetry/traces.rs",
    // Damage, found late.
    "src/runtime/scrub.rs",
    "src/views/store.rs",
    "src/runtime/signal.rs",
    "src/runtime/engine.rs",
    "src/runtime/job.rs",
    "src/runtime/start.rs",
    "src/runtime/writer.rs",
    "src/runtime/queue.rs",
    "src/service/blocking.rs",
    "src/service/lane.rs",
    "src/service/incident.rs",
    "src/service/recording.rs",
    "src/service/feed.rs",
    "src/service/watch_clocks.rs",
    "src/service/watcher.rs",
    "src/service/outlook_watch.rs",
    "src/service/delivery/courier.rs",
    "src/service/delivery/deliveries.rs",
    "src/server/mod.rs",
    "src/server/identity/tls.rs",
    "src/cli/import/send.rs",
];

/// Shares what changes between threads.
const LOCKS: [&str; 45] = [
    // How a node stands to a shared log, and who is to be woken.
    "src/cluster/follower.rs",
    "src/cluster/node_state.rs",
    "src/cluster/other_nodes.rs",
    "src/cluster/turns.rs",
    // A job that is decided anew is answered once.
    "src/runtime/job.rs",
    // One table of names for whoever reads and writes records.
    "src/codec/store/names.rs",
    // Calendars of all tenants share what is compiled.
    "src/runtime/calendar_cache.rs",
    // Who reads metrics takes turns.
    "src/server/telemetry/mod.rs",
    // How many connections are open, and how many calls are under way.
    "src/server/peers.rs",
    "src/server/under_way.rs",
    // What a connection sends in one turn, for whoever speaks on it and whoever ends the turn.
    "src/server/gathered.rs",
    // Of how many refused requests the rest is taken in.
    "src/server/request_body.rs",
    // Notices about posts are given now and then.
    "src/server/intake/counts.rs",
    // Counts of incidents, for some seconds.
    "src/server/telemetry/machine.rs",
    "src/runtime/scrub.rs",
    // One clock for all.
    "src/runtime/wall_clock.rs",
    "src/views/read.rs",
    "src/runtime/signal.rs",
    "src/runtime/index_reader.rs",
    "src/runtime/queue.rs",
    "src/runtime/projector.rs",
    "src/runtime/learning.rs",
    "src/runtime/past_learning.rs",
    "src/runtime/cache.rs",
    // What helpers have made waits for its turn.
    "src/runtime/in_order.rs",
    // Questions go on from what others have evaluated.
    "src/runtime/kept_evaluations.rs",
    // Where the journal was followed to, for whoever goes on.
    "src/runtime/followed.rs",
    "src/runtime/engine.rs",
    "src/runtime/start.rs",
    "src/runtime/sync.rs",
    "src/server/identity/audit.rs",
    "src/server/identity/jwt.rs",
    "src/server/identity/tls.rs",
    "src/service/blocking.rs",
    // What all evaluations may take of memory.
    "src/service/evaluations.rs",
    "src/service/lane.rs",
    "src/service/messages.rs",
    // All who watch a tenant read the same notices.
    "src/service/feed.rs",
    "src/service/feeds.rs",
    "src/service/watch_clocks.rs",
    // How a webhook is getting on, for whoever lists it.
    "src/service/delivery/courier.rs",
    "src/service/delivery/courier_state.rs",
    "src/service/delivery/deliveries.rs",
    "src/service/delivery/sending.rs",
    // Few names are looked up at once.
    "src/service/delivery/lookups.rs",
];

const THREAD_WORDS: [&str; 6] =
    ["thread::", "spawn(", "spawn_blocking(", "JoinHandle", "JoinSet", "select!"];
const CHANNEL_WORDS: [&str; 5] = ["mpsc", "oneshot", "watch::", "broadcast", "Notify"];
const LOCK_WORDS: [&str; 4] = ["Mutex", "RwLock", "Condvar", "Semaphore"];

#[test]
fn threads_begin_in_few_places() {
    let why = "threads begin only in the files listed";
    forbid(|path| !THREADS.contains(&path), &THREAD_WORDS, why);
}

#[test]
fn threads_meet_in_few_places() {
    let why = "channels are only in the files listed";
    forbid(|path| !CHANNELS.contains(&path), &CHANNEL_WORDS, why);
    forbid(|path| !LOCKS.contains(&path), &LOCK_WORDS, "locks are only in the files listed");
}

#[test]
fn the_lists_name_no_file_without_need() {
    let lists: [(&[&str], &[&str]); 3] =
        [(&THREADS, &THREAD_WORDS), (&CHANNELS, &CHANNEL_WORDS), (&LOCKS, &LOCK_WORDS)];
    let sources = super::sources();
    for (files, words) in lists {
        for file in files {
            let needs = sources.iter().filter(|source| source.path == *file).any(|source| {
                source.lines.iter().any(|line| words.iter().any(|word| line.contains(word)))
            });
            assert!(needs, "{file} does not need to be listed");
        }
    }
}
