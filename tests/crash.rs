//! kill -9 at random moments, and a crash at every step of writing: nothing acknowledged is lost.

use std::time::Duration;

use crate::load::{FLAGS, Load, Reported, check, put_terms};
use crate::random::{random, setting};
use crate::testing::Server;

const ROUNDS_DEFAULT: u64 = 100;
/// Rounds that go on with the same data.
const ROUNDS_PER_STORE: u64 = 5;
const STORES_AT_ONCE: u64 = 2;

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_at_any_moment() {
    let rounds = setting("SLX_CRASH_ROUNDS", ROUNDS_DEFAULT);
    let seed = setting("SLX_CRASH_SEED", u64::from(std::process::id()));
    println!("SLX_CRASH_ROUNDS={rounds} SLX_CRASH_SEED={seed}");
    let stores = rounds.div_ceil(ROUNDS_PER_STORE);
    let mut at_work = tokio::task::JoinSet::new();
    for store in 0..stores {
        if at_work.len() as u64 >= STORES_AT_ONCE {
            at_work.join_next().await.expect("a store").expect("sound");
        }
        at_work.spawn(kill_again_and_again(seed, store));
    }
    while let Some(done) = at_work.join_next().await {
        done.expect("sound");
    }
}

async fn kill_again_and_again(seed: u64, store: u64) {
    let data = tempfile::tempdir().expect("a directory");
    let mut reported = Reported::default();
    for round in 0..ROUNDS_PER_STORE {
        let mut server = Server::start(data.path(), &FLAGS);
        let mut clients = server.clients().await;
        if round == 0 {
            put_terms(&mut clients).await;
        }
        let load = Load::going_on(&clients, &format!("R{round}"), reported);
        let pause = random(seed, store * ROUNDS_PER_STORE + round) % 60;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        server.kill();
        reported = load.ended().await;
        check(data.path(), &reported).await;
    }
}

#[cfg(feature = "failpoints")]
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// Each step of appending, syncing, beginning a segment, folding and applying.
#[cfg(feature = "failpoints")]
const STEPS: [(&str, u32); 14] = [
    ("journal-before-write", 20),
    ("journal-between-write-and-sync", 20),
    ("journal-after-sync", 20),
    ("segment-before-blank", 1),
    ("segment-before-header", 1),
    ("segment-before-name", 1),
    ("segment-before-directory-sync", 1),
    ("segment-after-directory-sync", 1),
    ("fold-before", 20),
    ("fold-after", 20),
    ("views-before-write", 1),
    ("views-between-batches", 2),
    ("views-before-applied", 1),
    ("views-after-write", 1),
];

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn nothing_acknowledged_is_lost_when_any_step_is_the_last() {
    for (step, passing) in STEPS {
        let data = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(data.path(), &FLAGS);
        put_terms(&mut server.clients().await).await;
        server.kill();
        let plan = format!("{step}={passing}*off->return");
        let mut server = Server::start_with(data.path(), &FLAGS, &[("FAILPOINTS", &plan)]);
        let load = Load::start(&server.clients().await, "S");
        server.ended(ENDS_WITHIN).await.unwrap_or_else(|| panic!("{step} never came"));
        let reported = load.ended().await;
        check(data.path(), &reported).await;
    }
}
