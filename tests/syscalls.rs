//! System calls that fail, each in its turn: a record is acknowledged when it is durable or not at
//! all, and what a violation takes away comes back, at the latest with the next start.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::full::{
    assert_reported_as_it_changes, assert_unavailable, comes_back, list, refused, write, write_one,
};
use crate::load::{FLAGS, Load, Reported, check, check_events, put_terms};
use crate::testing::{Clients, Server, copy};

const AT_ONCE: usize = 2;
const HAPPENS_WITHIN: Duration = Duration::from_secs(30);
const EVENTS_AFTER: usize = 50;
const LOG: &str = "journal/00000000000000000001.log";
const BLANK: &str = "journal/next.tmp";
const JOURNAL: &str = "journal";
const VIEWS: &str = "views/db";

/// What needs a journal to write.
const WRITING_SERVICES: [&str; 6] = [
    "slx.v1.CalendarService",
    "slx.v1.ComplianceService",
    "slx.v1.ContractService",
    "slx.v1.IncidentService",
    "slx.v1.SettlementService",
    "slx.v1.WebhookService",
];

/// A first segment that holds the time zone database and some commits.
const FIRST: [&str; 2] = ["--segment-bytes", "393216"];

/// What a violation does to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It does not start, and says why.
    Ends,
    /// Nothing is recorded until the next start.
    Poisoned,
    /// What was under way is refused, and recording goes on once the violation is over.
    Refuses,
    /// Recording goes on once the views are opened again; lists may be refused.
    Lists,
}

/// A file, a call on it, and which of these calls fails, as each thread counts its own: the first
/// is that of the thread that starts, if it makes such a call at all.
const VIOLATIONS: [(&str, &str, u32, Then); 15] = [
    (LOG, "pread64", 1, Then::Ends),
    (LOG, "pwrite64", 1, Then::Ends),
    (LOG, "fdatasync", 1, Then::Ends),
    (JOURNAL, "fsync", 1, Then::Ends),
    (LOG, "pwrite64", 2, Then::Refuses),
    (LOG, "pwrite64", 3, Then::Refuses),
    (LOG, "fdatasync", 2, Then::Poisoned),
    (LOG, "fdatasync", 3, Then::Poisoned),
    (BLANK, "openat", 1, Then::Refuses),
    (BLANK, "pwrite64", 1, Then::Refuses),
    (BLANK, "fdatasync", 1, Then::Refuses),
    (BLANK, "rename", 1, Then::Refuses),
    (JOURNAL, "fsync", 2, Then::Poisoned),
    (VIEWS, "pwrite64", 3, Then::Lists),
    (VIEWS, "sync_file_range", 1, Then::Lists),
];

#[derive(Clone, Copy, Debug)]
struct Violation {
    file: &'static str,
    call: &'static str,
    nth: u32,
    then: Then,
    error: &'static str,
    is_lasting: bool,
}

fn violations() -> impl Iterator<Item = Violation> {
    VIOLATIONS.into_iter().flat_map(|(file, call, nth, then)| {
        // A write that can't be undone either leaves no way to go on.
        let lasting = if file == LOG && then == Then::Refuses { Then::Poisoned } else { then };
        let violation =
            move |error, is_lasting, then| Violation { file, call, nth, then, error, is_lasting };
        let kinds = [
            violation("EIO", false, then),
            violation("EIO", true, lasting),
            violation("ENOSPC", true, lasting),
        ];
        // Room is nothing that a read wants for; views without room have a test of their own.
        let wants_room = call != "pread64" && file != VIEWS;
        kinds.into_iter().filter(move |violation| wants_room || violation.error == "EIO")
    })
}

#[tokio::test]
async fn whatever_system_call_fails_nothing_acknowledged_is_lost() {
    let template = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(template.path(), &FIRST);
    put_terms(&mut server.clients().await).await;
    assert!(server.stop().await.success());
    let mut at_work = tokio::task::JoinSet::new();
    for violation in violations() {
        if at_work.len() >= AT_ONCE {
            at_work.join_next().await.expect("a fault").expect("borne");
        }
        let data = tempfile::tempdir().expect("a directory");
        copy(template.path(), data.path());
        at_work.spawn(async move {
            let began = std::time::Instant::now();
            bear(violation, data.path()).await;
            println!("borne in {:?}: {violation:?}", began.elapsed());
        });
    }
    while let Some(done) = at_work.join_next().await {
        done.expect("borne");
    }
}

/// A server of which some system calls fail, and where it is configured which.
struct Struck {
    server: Server,
    trace: PathBuf,
    _directory: tempfile::TempDir,
}

impl Struck {
    fn start(violation: &Violation, data: &Path) -> Struck {
        let directory = tempfile::tempdir().expect("a directory");
        let trace = directory.path().join("trace");
        let Violation { call, nth, error, .. } = violation;
        let lasting = if violation.is_lasting { "+" } else { "" };
        let found = Command::new("strace").arg("-V").output();
        assert!(found.is_ok(), "strace is missing: install the package strace");
        let mut command = Command::new("strace");
        command.env_clear().env("RUST_LOG", "info");
        command
            .args(["-D", "-f", "--seccomp-bpf", "-o"])
            .arg(&trace)
            .arg("-P")
            .arg(data.join(violation.file));
        command.args(["-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:error={error}:when={nth}{lasting}")]);
        command.arg(env!("CARGO_BIN_EXE_slx"));
        let server = Server::start_by(&mut command, data, &FLAGS, &[]);
        Struck { server, trace, _directory: directory }
    }

    fn trace(&self) -> String {
        std::fs::read_to_string(&self.trace).unwrap_or_default()
    }

    async fn strikes(&self, violation: &Violation) {
        let deadline = tokio::time::Instant::now() + HAPPENS_WITHIN;
        while !self.trace().contains("(INJECTED)") {
            assert!(tokio::time::Instant::now() < deadline, "{violation:?}: {}", self.trace());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn bear(violation: Violation, data: &Path) {
    let mut struck = Struck::start(&violation, data);
    let reported = match struck.server.clients_or_end().await {
        None => {
            let log = struck.server.log();
            assert!(
                violation.then == Then::Ends && log.contains("os error"),
                "{violation:?}: {log}"
            );
            assert!(!log.contains("panicked"), "{violation:?}: {log}");
            Reported::default()
        }
        Some(clients) => {
            assert_ne!(violation.then, Then::Ends, "{violation:?}: it starts");
            let load = Load::start(&clients, "L");
            struck.strikes(&violation).await;
            match violation.then {
                Then::Lists => go_on(clients, load).await,
                _ => refuse(&violation, &struck, clients, load).await,
            }
        }
    };
    struck.server.kill();
    check(data, &reported).await;
}

/// What was under way is refused; if that can pass, it does when the violation is over.
async fn refuse(
    violation: &Violation,
    struck: &Struck,
    mut clients: Clients,
    load: Load,
) -> Reported {
    if violation.then == Then::Refuses && !violation.is_lasting {
        comes_back(&struck.server, "JOURNAL_UNAVAILABLE", || write(&clients, "again")).await;
        return load.stop().await;
    }
    let reported = load.ended().await;
    let status = refused(|number| write_one(&clients, number)).await;
    assert_unavailable(&status, "JOURNAL_UNAVAILABLE");
    let sequence = clients.status().await.stamp.expect("a stamp").sequence;
    write(&clients, "still").await.expect_err("refused");
    check_events(&clients, &reported).await;
    assert_eq!(clients.status().await.stamp.expect("a stamp").sequence, sequence, "{violation:?}");
    assert!(reported.last_acknowledged() <= sequence, "{violation:?}");
    assert_reported_as_it_changes(&struck.server, true).await;
    for service in WRITING_SERVICES {
        let serves = struck.server.serves(service).await;
        assert_eq!(serves, violation.then == Then::Refuses, "{violation:?}: {service}");
    }
    assert!(struck.server.is_healthy().await, "reads go on");
    if violation.call == "fdatasync" && violation.file == LOG {
        let trace = struck.trace();
        let after = trace.lines().skip_while(|line| !line.contains("(INJECTED)"));
        assert_eq!(after.count(), 1, "a failed sync is not tried again: {trace}");
    }
    reported
}

/// Recording goes on, but for the moments in which the views are opened again, and reads; lists are
/// answered or refused. sled begins new threads whenever it is opened again, and each has a
/// violation of its own to meet, so they need not come back before the next start.
async fn go_on(clients: Clients, load: Load) -> Reported {
    load.acknowledged(EVENTS_AFTER).await;
    if let Err(status) = list(&clients).await {
        assert_unavailable(&status, "VIEWS_UNAVAILABLE");
    }
    load.acknowledged(EVENTS_AFTER).await;
    load.stop().await
}
