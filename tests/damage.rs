//! Damage is found and said, never served; and what it does not touch is still answered.

use std::fs;
use std::path::Path;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;
use tonic_types::StatusExt;

use crate::telemetry::{get, metrics_address};
use crate::testing::{
    Clients, Server, TENANT, contract, copy, event, opened, run, segments, slx, succeed,
};

const AS_OF: &str = "2026-12-01T00:00:00Z";
/// A journal's first segment has nothing before it, so its header is of the shortest.
const HEADER_BYTES: usize = 78;

/// Records a calendar, a contract, and one incident after the other: sequences 1 to 6.
async fn fill(clients: &mut Clients) -> Vec<v1::Stamp> {
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let mut stamps = Vec::new();
    for id in ["I1", "I2"] {
        let opening = event(id, "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
        let solving = event(id, "r", "2026-11-02T17:00:00Z", Fact::Resolved(v1::Resolved {}));
        for fact in [opening, solving] {
            stamps.extend(clients.record(vec![fact]).await.stamp);
        }
    }
    stamps
}

/// A data directory of a stopped server that was filled, and the stamps of its four facts.
async fn filled() -> (tempfile::TempDir, Vec<v1::Stamp>) {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &["--segment-bytes", "1048576"]);
    let stamps = fill(&mut server.clients().await).await;
    assert!(server.stop().await.success());
    (data, stamps)
}

/// Where each frame of the first segment begins, and where the last ends.
fn frames(data: &Path) -> Vec<usize> {
    let bytes = fs::read(&segments(data)[0]).expect("a segment");
    let mut offsets = vec![HEADER_BYTES];
    loop {
        let at = offsets[offsets.len() - 1];
        match u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) {
            0 => return offsets,
            frame => offsets.push(at + frame as usize),
        }
    }
}

fn change(data: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let path = &segments(data)[0];
    let mut bytes = fs::read(path).expect("a segment");
    change(&mut bytes);
    fs::write(path, bytes).expect("written");
}

fn remove_views(data: &Path) {
    fs::remove_dir_all(data.join("views")).expect("views");
}

async fn evaluated(
    clients: &mut Clients,
    incident: &str,
    known: Option<&v1::Stamp>,
) -> Result<Vec<v1::Clock>, tonic::Status> {
    let request = v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: incident.into(),
        as_of_time: Some(crate::testing::at(AS_OF)),
        known_time: known.and_then(|stamp| stamp.known_time),
        with_segments: true,
        ..Default::default()
    };
    Ok(clients.clocks.evaluate_incident(request).await?.into_inner().clocks)
}

fn assert_lost(status: &tonic::Status, sequence: u64) {
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    let reason = status.get_details_error_info().map(|info| info.reason);
    assert_eq!(reason.as_deref(), Some("JOURNAL_CORRUPT"));
    assert!(status.message().contains(&format!("record {sequence}, byte")), "{status}");
}

#[tokio::test]
async fn a_damaged_middle_takes_away_only_what_it_touches_and_repair_saves_the_rest() {
    let (data, stamps) = filled().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let before = evaluated(&mut clients, "I1", Some(&stamps[1])).await.expect("evaluated");
    let second = evaluated(&mut clients, "I2", None).await.expect("evaluated");
    server.kill();
    let sixth = frames(data.path())[5];
    change(data.path(), |bytes| bytes[sixth + 80] ^= 1);
    for views_are_there in [true, false] {
        if !views_are_there {
            remove_views(data.path());
        }
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients_of_any().await;
        assert_health_of_damaged(&server).await;
        let status = clients.status().await;
        assert_eq!(status.journal_state(), v1::JournalState::Damaged);
        assert!(status.journal_fault.contains("record 6"), "{}", status.journal_fault);
        let known = evaluated(&mut clients, "I1", Some(&stamps[1])).await;
        assert_eq!(known.expect("what was known before is answered"), before);
        for later in [None, Some(&stamps[2])] {
            assert_lost(&evaluated(&mut clients, "I1", later).await.expect_err("it is lost"), 6);
        }
        let request = v1::ListClocksRequest { tenant: TENANT.into(), ..Default::default() };
        assert_lost(&clients.clocks.list_clocks(request).await.expect_err("it is lost"), 6);
        let request = v1::RecordEventsRequest {
            tenant: TENANT.into(),
            events: vec![event("I3", "o", "2026-11-02T09:00:00Z", opened("C", "P1"))],
        };
        assert_lost(&clients.incidents.record_events(request).await.expect_err("refused"), 6);
        assert!(!server.log().contains("panicked"), "{}", server.log());
        assert!(server.stop().await.success());
    }
    let saved = tempfile::tempdir().expect("a directory");
    let output = succeed(slx().arg("repair").arg(data.path()).arg(saved.path()));
    assert!(
        output.contains("LOST record 6:") && output.contains("6 records saved, 1 lost"),
        "{output}"
    );
    succeed(slx().arg("verify").arg(saved.path()));
    let mut server = Server::start(saved.path(), &[]);
    let mut clients = server.clients().await;
    assert_eq!(evaluated(&mut clients, "I1", Some(&stamps[1])).await.expect("evaluated"), before);
    let without = evaluated(&mut clients, "I2", None).await.expect("evaluated");
    assert!(second != without && without.is_empty(), "its opening is lost: {without:?}");
    let again = event("I2", "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
    clients.record(vec![again]).await;
    assert_eq!(evaluated(&mut clients, "I2", None).await.expect("evaluated"), second);
}

#[tokio::test]
async fn what_the_views_prove_to_have_been_durable_is_no_torn_tail() {
    let (data, _) = filled().await;
    let end = *frames(data.path()).last().expect("an end");
    change(data.path(), |bytes| bytes[end - 1] ^= 1);
    let kept = fs::read(&segments(data.path())[0]).expect("a segment");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients_of_any().await;
    assert_lost(&evaluated(&mut clients, "I1", None).await.expect_err("it is lost"), 7);
    assert!(server.stop().await.success());
    assert_eq!(fs::read(&segments(data.path())[0]).expect("a segment"), kept);

    // Without them it can't be distinguished from what a crash leaves: it is cut, and that is
    // reported.
    remove_views(data.path());
    let mut server = Server::start(data.path(), &[]);
    let status = server.clients().await.status().await;
    assert_eq!(status.stamp.expect("a stamp").sequence, 6);
    server.logs("cut a torn tail").await;
}

/// The regions of a segment's header and of a frame: name, offset.
const HEADER_REGIONS: [(&str, usize); 6] =
    [("letters", 0), ("version", 9), ("store id", 10), ("sequence", 33), ("time", 40), ("CRC", 76)];
const FRAME_REGIONS: [(&str, usize); 8] = [
    ("size", 3),
    ("version", 4),
    ("commit", 12),
    ("sequence", 20),
    ("time", 28),
    ("chain hash", 40),
    ("CRC of the body", 62),
    ("body", 75),
];

#[tokio::test]
async fn whatever_region_is_damaged_it_is_a_cut_tail_or_named_and_never_a_wrong_figure() {
    let (data, stamps) = filled().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut sound = Vec::new();
    for stamp in &stamps {
        sound.push(evaluated(&mut clients, "I1", Some(stamp)).await.expect("evaluated"));
    }
    server.kill();
    let frames = frames(data.path());
    let header = HEADER_REGIONS.iter().map(|(name, at)| (format!("header's {name}"), *at));
    let frame = frames[..7].iter().enumerate().flat_map(|(number, frame)| {
        // Every field of the first, a middle and the last frame, and the body of each other.
        let fields = FRAME_REGIONS
            .iter()
            .filter(move |(name, _)| [0, 4, 6].contains(&number) || *name == "body");
        fields.map(move |(name, at)| (format!("{name} of record {}", number + 1), frame + at))
    });
    for (at, (name, offset)) in header.chain(frame).enumerate() {
        let damaged = tempfile::tempdir().expect("a directory");
        copy(&data.path().join("journal"), &damaged.path().join("journal"));
        change(damaged.path(), |bytes| match at % 3 {
            0 => bytes.truncate(offset),
            _ => bytes[offset] ^= 0x10,
        });
        check_damaged(damaged.path(), &name, &stamps, &sound).await;
    }
}

/// A server either will not start and names the damage, or answers what it can as it was.
async fn check_damaged(data: &Path, name: &str, stamps: &[v1::Stamp], sound: &[Vec<v1::Clock>]) {
    let (is_sound, output) = run(slx().arg("verify").arg(data));
    assert!(is_sound || output.contains("DATA_LOSS: record"), "{name}: {output}");
    let mut server = Server::start(data, &[]);
    let Some(mut clients) = server.clients_or_end().await else {
        let log = server.log();
        assert!(
            !is_sound && log.contains("DATA_LOSS") && !log.contains("panicked"),
            "{name}: {log}"
        );
        return;
    };
    let status = clients.status().await;
    let is_damaged = status.journal_state() == v1::JournalState::Damaged;
    assert_eq!(is_damaged, !is_sound, "{name}: {}", server.log());
    let reaches = status.stamp.expect("a stamp").sequence;
    for (stamp, sound) in stamps.iter().zip(sound) {
        match evaluated(&mut clients, "I1", Some(stamp)).await {
            Ok(clocks) if stamp.sequence <= reaches => assert_eq!(clocks, *sound, "{name}"),
            Err(status) if stamp.sequence > reaches && is_damaged => {
                assert_eq!(status.code(), Code::DataLoss, "{name}");
            }
            // A cut tail: what was in it is not known any more.
            Ok(_) if !is_damaged => server.logs("cut a torn tail").await,
            Err(status) if !is_damaged => assert_eq!(status.code(), Code::NotFound, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(!server.log().contains("panicked"), "{name}: {}", server.log());
}

/// A data directory of a stopped server whose journal has several segments, and its last sequence.
async fn with_segments() -> (tempfile::TempDir, i64) {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &["--segment-bytes", "65536"]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let mut last = 0;
    for batch in 0..30 {
        let opening =
            |at| event(&format!("I{batch}-{at}"), "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
        let stamp = clients.record((0..100).map(opening).collect()).await.stamp;
        last = stamp.expect("a stamp").sequence;
    }
    assert!(server.stop().await.success());
    assert!(segments(data.path()).len() > 4);
    (data, last)
}

/// Where the last byte of a segment lies that is written.
fn written_end(path: &Path) -> usize {
    let bytes = fs::read(path).expect("a segment");
    bytes.iter().rposition(|byte| *byte != 0).expect("something is written")
}

fn truncate(path: &Path, length: usize) {
    let file = fs::OpenOptions::new().write(true).open(path).expect("a segment");
    file.set_len(length as u64).expect("cut");
}

/// The record that `slx verify` and the status of a server say is the first that is lost.
async fn assert_damaged(data: &Path, name: &str) {
    let (is_sound, output) = run(slx().arg("verify").arg(data));
    assert!(!is_sound && output.contains("DATA_LOSS: record"), "{name}: {output}");
    let (_, rest) = output.split_once("DATA_LOSS: ").expect("a record");
    let record = rest.split([',', ':']).next().expect("a record").to_owned();
    let mut server = Server::start(data, &[]);
    let mut clients = server.clients_of_any().await;
    let status = clients.status().await;
    assert_eq!(status.journal_state(), v1::JournalState::Damaged, "{name}");
    assert!(status.journal_fault.contains(&record), "{name}: {record}: {}", status.journal_fault);
    assert_health_of_damaged(&server).await;
    assert_refuses_records(&mut clients).await;
}

/// Services that only read say that they serve: what was known before the damage is answered. The
/// server as a whole does not, since nothing later is.
async fn assert_health_of_damaged(server: &Server) {
    server.wait_until_health("slx.v1.ClockService", true).await;
    assert!(!server.is_healthy().await);
    for (service, serves) in [
        ("ClockService", true),
        ("ForecastService", true),
        ("AdminService", false),
        ("CalendarService", false),
        ("ComplianceService", false),
        ("ContractService", false),
        ("IncidentService", false),
        ("SettlementService", false),
        ("WebhookService", false),
    ] {
        assert_eq!(server.serves(&format!("slx.v1.{service}")).await, serves, "{service}");
    }
}

/// What watches a server sees whether its journal is damaged, or only read.
#[tokio::test]
async fn probes_distinguish_a_damaged_journal_from_one_that_is_only_read() {
    let (data, _) = filled().await;
    for (is_damaged, flags) in [(false, &["--read-only"][..]), (true, &[])] {
        if is_damaged {
            let fifth = frames(data.path())[4];
            change(data.path(), |bytes| bytes[fifth + 80] ^= 1);
        }
        let flags = [flags, &["--metrics-listen", "127.0.0.1:0"]].concat();
        let mut server = Server::start(data.path(), &flags);
        server.clients_of_any().await;
        server.wait_until_health("slx.v1.ClockService", true).await;
        let healthy = |service: &str| {
            let mut command = slx();
            command.args(["health", "--address", &server.address]);
            run(command.args((!service.is_empty()).then_some(service)))
        };
        assert_eq!(
            healthy(""),
            match is_damaged {
                true => (false, "NOT_SERVING\n".to_owned()),
                false => (true, "SERVING\n".to_owned()),
            }
        );
        assert_eq!(healthy("slx.v1.ClockService"), (true, "SERVING\n".to_owned()));
        assert_eq!(healthy("slx.v1.IncidentService"), (false, "NOT_SERVING\n".to_owned()));
        let (head, body) = get(&metrics_address(&server).await, "/readyz").expect("an answer");
        let (code, said) = match is_damaged {
            true => (" 503 ", "the journal is damaged: what was known before is answered"),
            false => (" 200 ", "ready, read-only"),
        };
        assert!(head.contains(code) && body.starts_with(said), "{head} {body}");
        assert!(server.stop().await.success());
    }
}

async fn assert_refuses_records(clients: &mut Clients) {
    let request = v1::RecordEventsRequest {
        tenant: TENANT.into(),
        events: vec![event("J", "o", "2026-11-02T09:00:00Z", opened("C", "P1"))],
    };
    let refused = clients.incidents.record_events(request).await.expect_err("refused");
    assert_eq!(refused.code(), Code::DataLoss, "{refused}");
}

/// Damages the segments of a journal.
type Damaging = fn(&[std::path::PathBuf]);

/// Attack A9: the server wrote on behind a segment that was cut off or gone, and `slx verify` took
/// a last segment that was cut off for whole.
#[tokio::test]
async fn a_segment_that_is_cut_or_missing_is_found_at_the_start_and_by_verify() {
    let (data, _) = with_segments().await;
    let damages: [(&str, Damaging); 7] = [
        ("half of the second", |paths| truncate(&paths[1], written_end(&paths[1]) / 2)),
        ("the end of the first", |paths| truncate(&paths[0], written_end(&paths[0]) - 10)),
        ("all but the header", |paths| truncate(&paths[1], 200)),
        ("all of the second", |paths| truncate(&paths[1], 0)),
        ("the second is gone", |paths| fs::remove_file(&paths[1]).expect("removed")),
        ("the second twice", |paths| {
            fs::copy(&paths[1], &paths[2]).expect("copied");
        }),
        ("half of the last", |paths| {
            let last = paths.last().expect("one");
            truncate(last, written_end(last) / 2);
        }),
    ];
    for (name, damage) in damages {
        let damaged = tempfile::tempdir().expect("a directory");
        copy(data.path(), damaged.path());
        damage(&segments(damaged.path()));
        assert_damaged(damaged.path(), name).await;
    }
}

/// Attack A9: a bit that flips in an older segment stayed unseen until somebody needed the record.
#[tokio::test]
async fn the_scrub_finds_a_flipped_bit_and_ends_recording() {
    let (data, last) = with_segments().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    while clients.status().await.journal_scrub.expect("a scrub").last_pass_records < last {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(server.stop().await.success());

    let path = &segments(data.path())[1];
    let mut bytes = fs::read(path).expect("a segment");
    bytes[30_000] ^= 1;
    fs::write(path, bytes).expect("written");
    let mut server = Server::start(data.path(), &["--scrub-bytes-a-second", "0"]);
    let mut clients = server.clients().await;
    let status = clients.status().await;
    assert_eq!(status.journal_scrub.clone().expect("a scrub").bytes_per_second, 0, "it is off");
    assert_eq!(status.journal_state(), v1::JournalState::Writable);
    assert!(server.stop().await.success());

    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients_of_any().await;
    server.logs("DATA LOSS").await;
    server.wait_until_health("", false).await;
    assert_eq!(clients.status().await.journal_state(), v1::JournalState::Damaged);
    assert_health_of_damaged(&server).await;
    assert_refuses_records(&mut clients).await;
    let (is_well, said) = run(slx().args(["status", "--address", &server.address]));
    assert!(!is_well && said.contains("damaged"), "{said}");
    assert!(server.stop().await.success());
    assert_damaged(data.path(), "a flipped bit").await;
}
