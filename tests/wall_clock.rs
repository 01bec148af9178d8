//! A wall clock that jumps, is set back or can't be right, under the real binary: a library that is
//! loaded before the system's adds to what the clock says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tempfile::TempDir;

use crate::testing::{Clients, Server, TENANT, contract, event, opened, run, seconds, slx};

const HOUR: i64 = 3600;
const MONTH: i64 = 30 * 24 * HOUR;
const ENDS_WITHIN: Duration = Duration::from_secs(30);

const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, time);
    FILE *file = id == CLOCK_REALTIME ? fopen(getenv("SLX_TEST_CLOCK"), "r") : NULL;
    long seconds = 0;
    if (file && fscanf(file, "%ld", &seconds) == 1) time->tv_sec += seconds;
    if (file) fclose(file);
    return result;
}
"#;

/// A clock that is so many seconds ahead of the right one.
pub struct FalseClock {
    place: TempDir,
}

impl FalseClock {
    pub fn new() -> FalseClock {
        let place = tempfile::tempdir().expect("a directory");
        let source = place.path().join("clock.c");
        fs::write(&source, LIBRARY).expect("written");
        let clock = FalseClock { place };
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(clock.library()).arg(source).arg("-ldl");
        let (is_made, said) = run(&mut compiler);
        assert!(is_made, "{said}");
        clock.set(0);
        clock
    }

    fn library(&self) -> PathBuf {
        self.place.path().join("clock.so")
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("seconds")
    }

    pub fn set(&self, seconds: i64) {
        let new = self.place.path().join("new");
        fs::write(&new, seconds.to_string()).expect("written");
        fs::rename(new, self.file()).expect("renamed");
    }

    pub fn start(&self, data: &Path, flags: &[&str]) -> Server {
        let mut command = slx();
        command.env("LD_PRELOAD", self.library()).env("SLX_TEST_CLOCK", self.file());
        Server::start_by(&mut command, data, flags, &[])
    }
}

/// How many seconds an instant is from the right time.
fn ahead(time: Option<Timestamp>) -> i64 {
    let right = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    time.expect("an instant").seconds - i64::try_from(right.as_secs()).expect("seconds")
}

async fn record(clients: &mut Clients, id: &str) -> v1::Stamp {
    let opening = event(id, "o", "2026-11-02T08:00:00Z", opened("C", "P1"));
    clients.record(vec![opening]).await.stamp.expect("a stamp")
}

/// What "now" is for a question.
async fn now(clients: &mut Clients) -> i64 {
    let request = v1::ListClocksRequest { tenant: TENANT.into(), ..Default::default() };
    let answer = clients.clocks.list_clocks(request).await.expect("listed").into_inner();
    ahead(answer.stamp.expect("a stamp").as_of_time)
}

async fn state(clients: &mut Clients) -> v1::WallClockState {
    clients.status().await.wall_clock.expect("a clock").state()
}

/// Attack A7.
#[tokio::test]
async fn a_clock_that_jumps_ahead_is_not_followed_and_said_until_it_is_right() {
    let (clock, data) = (FalseClock::new(), tempfile::tempdir().expect("a directory"));
    let mut server = clock.start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    assert_eq!(state(&mut clients).await, v1::WallClockState::Steady);
    clock.set(MONTH);
    let stamp = record(&mut clients, "I1").await;
    assert!(ahead(stamp.known_time).abs() < 60 && ahead(stamp.as_of_time).abs() < 60);
    assert_eq!(state(&mut clients).await, v1::WallClockState::Held);
    server.logs("the system's clock has jumped ahead").await;
    assert!(now(&mut clients).await.abs() < 60);
    clock.set(0);
    assert_eq!(state(&mut clients).await, v1::WallClockState::Steady);
    server.logs("the system's clock is followed again").await;
}

/// Attack A7: "now" stayed a month ahead for good after one write while the clock was.
#[tokio::test]
async fn a_record_of_the_future_does_not_take_now_there_and_a_start_far_ahead_wants_a_word() {
    let (clock, data) = (FalseClock::new(), tempfile::tempdir().expect("a directory"));
    let mut server = clock.start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    assert!(server.stop().await.success());

    clock.set(MONTH);
    let mut server = clock.start(data.path(), &[]);
    assert!(!server.ended(ENDS_WITHIN).await.expect("it ends").success());
    assert!(server.clients_or_end().await.is_none());
    assert!(server.log().contains("--accept-clock"), "{}", server.log());
    let mut server = clock.start(data.path(), &["--accept-clock"]);
    let first = record(&mut server.clients().await, "I1").await;
    assert!((ahead(first.known_time) - MONTH).abs() < 60);
    assert!(server.stop().await.success());

    clock.set(0);
    let mut server = clock.start(data.path(), &[]);
    let mut clients = server.clients().await;
    assert_eq!(state(&mut clients).await, v1::WallClockState::Behind);
    assert!(now(&mut clients).await.abs() < 60);
    let second = record(&mut clients, "I2").await;
    assert!(ahead(second.as_of_time).abs() < 60);
    let times = [first.known_time, second.known_time].map(|time| time.expect("an instant"));
    assert!((times[0].seconds, times[0].nanos) < (times[1].seconds, times[1].nanos));
    assert!(now(&mut clients).await.abs() < 60);
}

/// Watches after a token until it is said that something of this kind happened; returns the token
/// to go on from.
async fn watched(clients: &mut Clients, token: &str, kind: v1::NoticeKind) -> String {
    let heartbeat_interval = Some(seconds(1));
    let request = v1::WatchClocksRequest {
        tenant: TENANT.into(),
        heartbeat_interval,
        resume_token: token.to_owned(),
        ..Default::default()
    };
    let mut stream = clients.clocks.watch_clocks(request).await.expect("watched").into_inner();
    let watching = async {
        loop {
            let message = stream.message().await.expect("no error").expect("no end");
            if message.notices.iter().any(|notice| notice.kind() == kind) {
                return message.resume_token;
            }
        }
    };
    tokio::time::timeout(ENDS_WITHIN, watching).await.expect("it is said")
}

/// It goes on from a token of when the clock was ahead, at once, and again when the clock has come
/// there.
#[tokio::test]
async fn a_watch_goes_on_when_the_clock_is_set_back_behind_its_token() {
    let (clock, data) = (FalseClock::new(), tempfile::tempdir().expect("a directory"));
    clock.set(HOUR);
    let mut server = clock.start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    record(&mut clients, "I1").await;
    let request = v1::WatchClocksRequest { tenant: TENANT.into(), ..Default::default() };
    let mut stream = clients.clocks.watch_clocks(request).await.expect("watched").into_inner();
    let begun = stream.message().await.expect("no error").expect("no end");
    assert!((ahead(begun.stamp.expect("a stamp").as_of_time) - HOUR).abs() < 60);
    assert!(server.stop().await.success());

    clock.set(0);
    let mut server = clock.start(data.path(), &[]);
    let mut clients = server.clients().await;
    assert_eq!(state(&mut clients).await, v1::WallClockState::Behind);
    record(&mut clients, "I2").await;
    let token = watched(&mut clients, &begun.resume_token, v1::NoticeKind::Started).await;
    let request = v1::ListClocksRequest { tenant: TENANT.into(), ..Default::default() };
    let after_stamp = clients.clocks.list_clocks(request).await.expect("listed").into_inner().stamp;
    let request =
        v1::WatchClocksRequest { tenant: TENANT.into(), after_stamp, ..Default::default() };
    clients.clocks.watch_clocks(request).await.expect("it is watched after a list, too");
    // While somebody watches, too.
    let (watching, mut other) = (token, server.clients().await);
    let watching =
        tokio::spawn(
            async move { watched(&mut other, &watching, v1::NoticeKind::Cancelled).await },
        );
    let cancelled =
        |id: &str| event(id, "c", "2026-11-02T09:00:00Z", Fact::Cancelled(v1::Cancelled {}));
    clients.record(vec![cancelled("I1")]).await;
    let token = watching.await.expect("it is said");
    assert!(server.stop().await.success());

    clock.set(HOUR);
    let mut server = clock.start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.record(vec![cancelled("I2")]).await;
    watched(&mut clients, &token, v1::NoticeKind::Cancelled).await;
    assert!(server.stop().await.success());
}

/// Attack A7: a clock before 1970 ended the start with a panic.
#[tokio::test]
async fn a_clock_of_no_possible_year_ends_the_start_with_words() {
    let (clock, data) = (FalseClock::new(), tempfile::tempdir().expect("a directory"));
    for seconds in [-3_000_000_000, -1_000_000_000, 4_000_000_000, 40_000_000_000] {
        clock.set(seconds);
        let mut command = slx();
        command.env("LD_PRELOAD", clock.library()).env("SLX_TEST_CLOCK", clock.file());
        let (started, said) =
            run(command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path()));
        assert!(!started && said.contains("which can't be"), "{seconds}: {said}");
        assert!(!said.contains("panicked"), "{seconds}: {said}");
    }
}
