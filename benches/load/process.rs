//! The release binary as a child process, so that its memory and its allocator are its own.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use slx::codec::v1;
use slx::codec::v1::calendar_service_client::CalendarServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use tonic::Code;
use tonic::transport::Channel;

use super::facts::{self, TENANT};
use super::{office, pace};

const QUERY_AGAIN_AFTER: Duration = Duration::from_millis(2);
/// Linux counts a process's time so, whatever its own clock does.
const MILLISECONDS_PER_TICK: u64 = 10;
const READY_WITHIN: Duration = Duration::from_secs(60);
/// What a server says of how far it is behind.
const LAGS: [&str; 2] = ["slx_views_lag_records ", "slx_learning_lag_records "];
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// A server process, killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    metrics: SocketAddr,
    started: Instant,
}

/// Processor time that a process has used so far, by all its threads: "self" is this one's.
pub fn processor_time(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = behind_name.split(' ').skip(11).take(2).filter_map(|t| t.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * MILLISECONDS_PER_TICK)
}

impl Server {
    pub fn start(data: &Path) -> Server {
        Server::of(Path::new(env!("CARGO_BIN_EXE_slx")), data)
    }

    /// Starts another build of slx.
    pub fn of(binary: &Path, data: &Path) -> Server {
        Server::with(binary, data, &[])
    }

    /// Starts one with more flags.
    pub fn with(binary: &Path, data: &Path, flags: &[String]) -> Server {
        let [address, metrics] = free_addresses();
        let started = Instant::now();
        let child = on_its_cores(binary)
            .env("RUST_LOG", "warn")
            .args(["serve", "--listen", &address.to_string()])
            .args(["--metrics-listen", &metrics.to_string(), "--data-dir"])
            .arg(data)
            .args(flags)
            .spawn()
            .expect("the binary starts");
        Server { child, address, metrics, started }
    }

    /// What it says of itself to Prometheus.
    pub fn metrics(&self) -> String {
        let mut connection = TcpStream::connect(self.metrics).expect("it listens");
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("it is sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Waits until nothing is left to do of what was recorded.
    pub async fn settle(&self, within: Duration) {
        let is_behind = |metrics: &str| {
            let value = |name| metrics.lines().find_map(|line| line.strip_prefix(name));
            let lags = LAGS.map(|name| value(name).and_then(|lag| lag.trim().parse::<f64>().ok()));
            lags.iter().any(|lag| lag.is_none_or(|lag| lag > 0.0))
        };
        let begun = Instant::now();
        while is_behind(&self.metrics()) {
            assert!(begun.elapsed() < within, "it never settles");
            tokio::time::sleep(LOOKED_AGAIN_AFTER).await;
        }
    }

    /// Waits for the first true answer and returns how long after the start it came: no incident
    /// of this name is known, or one is.
    pub async fn first_answer(&self) -> Duration {
        let client = pace::clocks(pace::channel(self.address));
        let request = || v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id: facts::incident_id(7),
            ..Default::default()
        };
        loop {
            match client.clone().evaluate_incident(request()).await {
                Ok(_) => return self.started.elapsed(),
                Err(status) if status.code() == Code::NotFound => return self.started.elapsed(),
                Err(status) => assert!(self.started.elapsed() < READY_WITHIN, "{status}"),
            }
            tokio::time::sleep(QUERY_AGAIN_AFTER).await;
        }
    }

    pub async fn put_terms(&self) {
        let channel: Channel = pace::channel(self.address);
        let tenant = || TENANT.to_owned();
        let request = v1::PutCalendarRequest {
            tenant: tenant(),
            calendar: Some(office::calendar()),
            ..Default::default()
        };
        let put = CalendarServiceClient::new(channel.clone()).put_calendar(request).await;
        put.expect("the calendar is put");
        for contract in facts::contracts() {
            let request = v1::PutContractRequest {
                tenant: tenant(),
                contract: Some(contract),
                ..Default::default()
            };
            let put = ContractServiceClient::new(channel.clone()).put_contract(request).await;
            put.expect("the contract is put");
        }
    }

    /// Memory in megabytes: resident now, and at most so far or since that was measured from anew.
    pub fn megabytes(&self) -> (u64, u64) {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            kilobytes.unwrap_or(0) / 1024
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    /// Memory resident now, in megabytes; from here on, the most is measured anew.
    pub fn megabytes_from_now_on(&self) -> u64 {
        // Linux takes 5 for: forget the most so far (proc_pid_clear_refs(5)).
        let forgotten = fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
        forgotten.expect("the most so far is forgotten");
        self.megabytes().0
    }

    /// Processor time used so far, by all its threads.
    pub fn processor_time(&self) -> Duration {
        processor_time(&self.child.id().to_string())
    }

    /// Stops it as an operator would and returns how long that took.
    pub async fn stop(mut self) -> Duration {
        let requested = Instant::now();
        let id = self.child.id().to_string();
        let reported = Command::new("kill").args(["-TERM", &id]).status();
        assert!(reported.expect("kill runs").success());
        // Beside the runtime: it has connections to close when the server says so.
        let ended = tokio::task::spawn_blocking(move || self.child.wait()).await;
        assert!(ended.expect("it is waited for").expect("it ends").success());
        requested.elapsed()
    }
}

fn free_addresses() -> [SocketAddr; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address"))
}

/// A command that runs a binary on the cores that are set aside for it, if any are.
fn on_its_cores(binary: &Path) -> Command {
    let Some(cores) = std::env::var_os("SLX_SERVER_CORES") else {
        let mut command = Command::new(binary);
        command.env_clear();
        return command;
    };
    let mut command = Command::new("taskset");
    command.env_clear().arg("-c").arg(cores).arg(binary);
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
