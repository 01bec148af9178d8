//! Power cuts: what the file system has not made durable is gone, and nothing acknowledged with it.

#[cfg(feature = "failpoints")]
use std::time::Duration;

#[cfg(feature = "failpoints")]
use crate::load::send_again_what_is_there;
use crate::load::{FLAGS, Load, Reported, check, put_terms};
use crate::mount::{Mount, left_out};
use crate::random::{random, setting};
use crate::testing::Server;

/// On each file system.
const ROUNDS_DEFAULT: u64 = 12;
/// Rounds that go on with the same data.
const ROUNDS_PER_STORE: u64 = 4;
const EVENTS_BEFORE_MAX: u64 = 400;
#[cfg(feature = "failpoints")]
const ENDS_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_power_is_cut_under_ext4() {
    cut_again_and_again("ext4").await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_power_is_cut_under_xfs() {
    cut_again_and_again("xfs").await;
}

async fn cut_again_and_again(kind: &str) {
    if left_out(&format!("power cuts under {kind}")) {
        return;
    }
    let rounds = setting("SLX_POWER_ROUNDS", ROUNDS_DEFAULT);
    let seed = setting("SLX_POWER_SEED", u64::from(std::process::id()));
    println!("{kind} SLX_POWER_ROUNDS={rounds} SLX_POWER_SEED={seed}");
    let mut mount = Mount::image(kind);
    let mut reported = Reported::default();
    for round in 0..rounds {
        if round > 0 && round.is_multiple_of(ROUNDS_PER_STORE) {
            mount = Mount::image(kind);
            reported = Reported::default();
        }
        reported = cut(&mount, round, random(seed, round), reported).await;
    }
}

/// Cuts the power under a server at work, and checks what is there when it comes back.
async fn cut(mount: &Mount, round: u64, random: u64, reported: Reported) -> Reported {
    let mut server = Server::start(mount.path(), &FLAGS);
    let mut clients = server.clients().await;
    if round.is_multiple_of(ROUNDS_PER_STORE) {
        put_terms(&mut clients).await;
    }
    let load = Load::going_on(&clients, &format!("P{round}"), reported);
    load.acknowledged(1 + (random % EVENTS_BEFORE_MAX) as usize).await;
    // The cut takes a moment, in which the file system may say what it can't hold to.
    let before = load.reported();
    mount.cut_power();
    // Now and then the server lives on for a while, over a disk that fails.
    let reported = if round.is_multiple_of(2) { load.ended().await } else { load.stop().await };
    server.kill();
    mount.again();
    let reported = reported.with_acknowledged(before);
    check(mount.path(), &reported).await;
    reported
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn what_a_crash_left_unsynced_is_made_durable_before_it_counts() {
    if left_out("power cuts after a crash") {
        return;
    }
    for kind in ["ext4", "xfs"] {
        crash_then_cut(kind).await;
    }
}

#[cfg(feature = "failpoints")]
async fn crash_then_cut(kind: &str) {
    let mount = Mount::image(kind);
    let mut server = Server::start(mount.path(), &FLAGS);
    put_terms(&mut server.clients().await).await;
    assert!(server.stop().await.success());
    let plan = [("FAILPOINTS", "journal-between-write-and-sync=20*off->return")];
    let mut server = Server::start_with(mount.path(), &FLAGS, &plan);
    let load = Load::start(&server.clients().await, "C");
    server.ended(ENDS_WITHIN).await.expect("it crashes");
    let mut reported = load.ended().await;
    let mut server = Server::start(mount.path(), &FLAGS);
    send_again_what_is_there(&mut server.clients().await, &mut reported).await;
    mount.cut_power();
    server.kill();
    mount.again();
    check(mount.path(), &reported).await;
}
