//! What durable appends cost: the journal next to a plain preallocated file, in one run.
//!
//! Run with `cargo bench --bench journal`; an argument names the directory to write in.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and ends where what it expects is not so"
)]

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Stopwatch};

use slx::domain::time::Instant;
use slx::journal::{Journal, Log as _, Options, Reader, SEGMENT_BYTES_DEFAULT, Syncing, Writer};

type Outcome<T> = Result<T, Box<dyn Error>>;

const BODY: [u8; 256] = [0x5a; 256];
const ROUND: Duration = Duration::from_secs(5);
const RECORDS_READ: u64 = 500_000;

fn main() -> Outcome<()> {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let parent = named.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let directory = parent.join("journal-bench");
    // Left over from a run that was stopped, or not there.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    append(&directory)?;
    read(&directory)?;
    fs::remove_dir_all(&directory)?;
    Ok(())
}

fn append(directory: &Path) -> Outcome<()> {
    println!("synced appends of 256-byte records a second, the two ways taking turns");
    println!("| records a sync | journal | plain file | share | longest commit |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    let mut writer = journal(directory)?;
    let mut plain = Plain::new(&directory.join("plain"))?;
    for records in [1, 16, 64, 256] {
        let (start, mut journal_times, mut plain_times) = (Stopwatch::now(), vec![], vec![]);
        while start.elapsed() < ROUND {
            journal_times.push(time(|| commit(&mut writer, records))?);
            plain_times.push(time(|| plain.append(records))?);
        }
        let longest = journal_times.iter().max().copied().unwrap_or_default();
        let (journal, plain) = (rate(records, &journal_times), rate(records, &plain_times));
        let share = journal * 100 / plain.max(1);
        println!("| {records} | {journal} | {plain} | {share} % | {longest:.1?} |");
    }
    Ok(())
}

fn time(operation: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let start = Stopwatch::now();
    operation()?;
    Ok(start.elapsed())
}

fn rate(records: u64, times: &[Duration]) -> u128 {
    let records = u128::from(records) * times.len() as u128;
    records * 1_000_000 / times.iter().sum::<Duration>().as_micros().max(1)
}

fn read(directory: &Path) -> Outcome<()> {
    println!("\nreading {RECORDS_READ} records of 200 bytes");
    let directory = directory.join("read");
    let mut writer = journal(&directory)?;
    for _ in 0..RECORDS_READ / 1000 {
        for _ in 0..1000 {
            writer.stage(Instant::MIN, &BODY[..200])?;
        }
        writer.commit()?;
    }
    drop(writer);
    for _ in 0..2 {
        time_reading("checking the chain", Reader::open(&directory, 1)?)?;
        time_reading("trusting the chain", Reader::open(&directory, 1)?.trusting_chain())?;
    }
    let start = Stopwatch::now();
    drop(journal(&directory)?);
    println!("opening it to write: {:.1?}", start.elapsed());
    Ok(())
}

fn time_reading(name: &str, reader: Reader) -> Outcome<()> {
    let start = Stopwatch::now();
    let mut bytes = 0;
    for record in reader {
        bytes += record?.body.len() as u64;
    }
    assert_eq!(bytes, RECORDS_READ * 200);
    let rate = u128::from(RECORDS_READ) * 1_000_000 / start.elapsed().as_micros().max(1);
    println!("{name}: {rate} records a second");
    Ok(())
}

fn journal(directory: &Path) -> Outcome<Writer> {
    let segment_bytes = SEGMENT_BYTES_DEFAULT;
    let options = Options {
        segment_bytes,
        new_store_id: (*b"a store to bench").into(),
        durable: None,
        syncing: Syncing::EachCommit,
    };
    Ok(Journal::open(directory, options)?.writer)
}

fn commit(writer: &mut Writer, records: u64) -> Outcome<()> {
    for _ in 0..records {
        writer.stage(Instant::MIN, &BODY)?;
    }
    writer.commit()?;
    Ok(())
}

/// Appends to a file that was filled with zeros, and starts again at its end.
struct Plain {
    file: File,
    offset: u64,
}

impl Plain {
    fn new(path: &Path) -> Outcome<Plain> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        file.write_all_at(&vec![0; SEGMENT_BYTES_DEFAULT as usize], 0)?;
        file.sync_all()?;
        Ok(Plain { file, offset: 0 })
    }

    fn append(&mut self, records: u64) -> Outcome<()> {
        // As many bytes as the journal writes: its frame headers included.
        let bytes = vec![0x5a; records as usize * (69 + BODY.len())];
        if self.offset + bytes.len() as u64 > SEGMENT_BYTES_DEFAULT {
            self.offset = 0;
        }
        self.file.write_all_at(&bytes, self.offset)?;
        self.file.sync_data()?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}
