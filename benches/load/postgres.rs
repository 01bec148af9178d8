//! PostgreSQL doing the least of what slx does with an event: insert it, upsert its clock, commit
//! synchronously. Its own `pgbench` is the client, over a socket of the machine, so nothing but SQL
//! is in the way.
//!
//! It runs as the user `postgres`, which Debian's package makes: root may not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::facts::EVENT_BYTES;
use super::pace::TURNS;

const USER: &str = "postgres";
const SECONDS: u32 = 2;
const TABLES: &str = "
    CREATE TABLE events (incident bigint, number bigint, body bytea, PRIMARY KEY (incident, number));
    CREATE TABLE clocks (incident bigint PRIMARY KEY, events bigint, due timestamptz);
";

/// A server with its own data, removed when dropped.
pub struct Postgres {
    programs: PathBuf,
    directory: PathBuf,
}

impl Postgres {
    /// Starts one; `None`: none is installed.
    pub fn start() -> Option<Postgres> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
        let programs = versions.map(|version| version.path().join("bin")).max()?;
        let directory = std::env::temp_dir().join(format!("slx-bench-{}", std::process::id()));
        // Left over from a process of this number.
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("a directory");
        Command::new("chown").arg(USER).arg(&directory).status().expect("chown");
        let postgres = Postgres { programs, directory };
        let data = postgres.directory.join("data");
        let data = data.display().to_string();
        postgres.run("initdb", &["-D", &data, "--auth=trust", "--locale=C"]);
        let socket = postgres.directory.display();
        let options = format!("-k {socket} -c listen_addresses= -c max_connections=300");
        let log = postgres.directory.join("log").display().to_string();
        postgres.run("pg_ctl", &["-D", &data, "-l", &log, "-w", "-o", &options, "start"]);
        postgres.run("psql", &["-h", &postgres.socket(), "-d", "postgres", "-c", TABLES]);
        Some(postgres)
    }

    /// Events a second, of clients that each commit so many of them at once.
    pub fn events_a_second(&self, clients: usize, events: usize) -> u64 {
        let script = self.directory.join("events.sql");
        fs::write(&script, script_of(events)).expect("a script");
        let (clients, seconds) = (clients.to_string(), SECONDS.to_string());
        let script = script.display().to_string();
        let rates = (0..TURNS).map(|_| {
            let said = self.run(
                "pgbench",
                &[
                    "-h",
                    &self.socket(),
                    "-n",
                    "-M",
                    "prepared",
                    "-j",
                    "2",
                    "-c",
                    &clients,
                    "-T",
                    &seconds,
                    "-f",
                    &script,
                    "postgres",
                ],
            );
            let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
            let rate = rate.and_then(|rate| rate.split(' ').next()?.parse::<f64>().ok());
            // It says no rate where no transaction came to an end.
            (rate.unwrap_or_default() * events as f64) as u64
        });
        rates.max().unwrap_or_default()
    }

    fn socket(&self) -> String {
        self.directory.display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("runuser");
        command.args(["-u", USER, "--"]).arg(self.programs.join(program)).args(arguments);
        command.current_dir(&self.directory).stderr(Stdio::piped());
        // The server lives on: it must not hold the pipe that is read here.
        if program == "pg_ctl" {
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(status.expect("runuser").success(), "{program}");
            return String::new();
        }
        let ran = command.output().expect("runuser");
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.directory.join("data").display().to_string();
        self.run("pg_ctl", &["-D", &data, "-m", "fast", "-w", "stop"]);
        remove(&self.directory);
    }
}

fn remove(directory: &Path) {
    fs::remove_dir_all(directory).expect("it is there");
}

/// Eight events an incident, as they are reported to slx; those of a transaction are of one client.
fn script_of(events: usize) -> String {
    format!(
        "\\set from random(1, 1000000000000)
        BEGIN;
        INSERT INTO events SELECT :from::bigint + n / 8, (:from::bigint + n) % 1000000007,
               decode(repeat('5a', {EVENT_BYTES}), 'hex')
          FROM generate_series(0, {last}) n ON CONFLICT DO NOTHING;
        INSERT INTO clocks SELECT :from::bigint + n, 8, now() FROM generate_series(0, {clocks}) n
          ON CONFLICT (incident) DO UPDATE SET events = clocks.events + 1, due = excluded.due;
        COMMIT;
        ",
        last = events - 1,
        clocks = (events - 1) / 8,
    )
}
