//! Starts the real binary and talks to it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use prost_types::{Duration as WireDuration, Timestamp};
use slx::codec::v1;
use slx::codec::v1::admin_service_client::AdminServiceClient;
use slx::codec::v1::calendar_service_client::CalendarServiceClient;
use slx::codec::v1::clock_service_client::ClockServiceClient;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use slx::codec::v1::forecast_service_client::ForecastServiceClient;
use slx::codec::v1::incident_event::Fact;
use slx::codec::v1::incident_service_client::IncidentServiceClient;
use slx::codec::v1::service_event::Fact as ServiceFact;
use slx::codec::v1::settlement_service_client::SettlementServiceClient;
use slx::codec::v1::webhook_service_client::WebhookServiceClient;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::cluster::spread::{self, Spread};

pub const TENANT: &str = "acme";
const START_WITHIN: Duration = Duration::from_secs(60);
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// A server process, killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    log: Arc<Mutex<Vec<String>>>,
    reading: Option<JoinHandle<()>>,
    /// The nodes beside it, if it is to be several.
    spread: Option<Spread>,
}

/// Clients of one server.
#[derive(Clone)]
pub struct Clients {
    pub calendars: CalendarServiceClient<Channel>,
    pub contracts: ContractServiceClient<Channel>,
    pub incidents: IncidentServiceClient<Channel>,
    pub clocks: ClockServiceClient<Channel>,
    pub compliance: ComplianceServiceClient<Channel>,
    pub settlement: SettlementServiceClient<Channel>,
    pub webhooks: WebhookServiceClient<Channel>,
    pub forecasts: ForecastServiceClient<Channel>,
    pub admin: AdminServiceClient<Channel>,
}

pub fn slx() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slx"));
    command.env_clear().env("RUST_LOG", "info");
    command
}

impl Server {
    /// Starts a server on a free port, over a data directory.
    pub fn start(data_dir: &Path, flags: &[&str]) -> Server {
        Server::start_with(data_dir, flags, &[])
    }

    /// Starts a server with more in its environment.
    pub fn start_with(data_dir: &Path, flags: &[&str], environment: &[(&str, &str)]) -> Server {
        Server::start_by(&mut slx(), data_dir, flags, environment)
    }

    /// Starts a server by a command that goes on to run slx; as several nodes, if tests are to run
    /// on those.
    pub fn start_by(
        command: &mut Command,
        data_dir: &Path,
        flags: &[&str],
        environment: &[(&str, &str)],
    ) -> Server {
        let Some(of_nodes) = spread::environment(data_dir, flags) else {
            return Server::start_one(command, data_dir, flags, environment);
        };
        let of_nodes = of_nodes.iter().map(|(name, value)| (*name, value.as_str()));
        let environment: Vec<_> = environment.iter().copied().chain(of_nodes).collect();
        let first = Server::start_one(command, data_dir, flags, &environment);
        let spread = Spread::beside(&first, flags, &environment);
        first.in_front_of(spread)
    }

    fn in_front_of(mut self, spread: Spread) -> Server {
        self.address.clone_from(&spread.address);
        self.spread = Some(spread);
        self
    }

    /// Starts one server.
    pub fn start_one(
        command: &mut Command,
        data_dir: &Path,
        flags: &[&str],
        environment: &[(&str, &str)],
    ) -> Server {
        let mut child = command
            .envs(environment.iter().copied())
            .args(["serve", "--data-dir"])
            .arg(data_dir)
            .args(flags)
            .env("SLX_LISTEN", "127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        let lines = BufReader::new(child.stderr.take().expect("a log")).lines();
        let mut lines = lines.map_while(Result::ok).inspect(move |line| {
            kept.lock().expect("a log").push(line.clone());
        });
        let reported = lines.by_ref().find_map(|line| address(&line));
        let address = reported.unwrap_or_else(|| panic!("it does not listen: {log:?}"));
        // Whoever does not read the log would stop the server once the pipe is full.
        let reading = Some(std::thread::spawn(move || lines.for_each(drop)));
        Server { child, address, log, reading, spread: None }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("a log").join("\n")
    }

    /// Waits until it has logged this.
    pub async fn logs(&self, text: &str) {
        let deadline = tokio::time::Instant::now() + START_WITHIN;
        while !self.log().contains(text) {
            assert!(tokio::time::Instant::now() < deadline, "no {text:?}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Reads the last of the log of a server that has ended.
    fn read_to_the_end(&mut self) {
        if let Some(reading) = self.reading.take() {
            reading.join().expect("the log is read");
        }
    }

    /// The most memory it ever held, in bytes.
    pub fn memory_peak(&self) -> u64 {
        self.memory_of("VmHWM:")
    }

    /// The memory it holds, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory_of("VmRSS:")
    }

    fn memory_of(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("Linux shows a process");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kibibytes.expect("its memory") * 1024
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// How many files and sockets it has open.
    pub fn open_files(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        files.expect("Linux shows them").count()
    }

    pub fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address));
        endpoint.expect("an address").connect_lazy()
    }

    /// Whether it says of itself that it serves.
    pub async fn is_healthy(&self) -> bool {
        self.serves("").await
    }

    /// Waits until it says of itself that it serves.
    pub async fn wait_until_healthy(&self) {
        self.wait_until_health("", true).await;
    }

    /// Waits until it says of one of its services, or of itself, that it serves, or that it does
    /// not.
    pub async fn wait_until_health(&self, service: &str, serves: bool) {
        let deadline = tokio::time::Instant::now() + START_WITHIN;
        while self.serves(service).await != serves {
            assert!(tokio::time::Instant::now() < deadline, "not {serves}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it says of one of its services that it serves.
    pub async fn serves(&self, service: &str) -> bool {
        let request = HealthCheckRequest { service: service.into() };
        let answer = HealthClient::new(self.channel()).check(request).await;
        let answer = answer.unwrap_or_else(|status| panic!("{status}\n{}", self.log()));
        answer.into_inner().status() == ServingStatus::Serving
    }

    /// Clients, once the server has read its journal; none, if that made it end.
    pub async fn clients_or_end(&mut self) -> Option<Clients> {
        let mut clients = Clients::of(self.channel());
        let deadline = tokio::time::Instant::now() + START_WITHIN;
        while let Err(status) = clients.admin.get_status(v1::GetStatusRequest {}).await {
            if self.child.try_wait().expect("its state").is_some() {
                self.read_to_the_end();
                return None;
            }
            assert!(tokio::time::Instant::now() < deadline, "not ready: {status}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(clients)
    }

    /// Clients, once the server has read its journal, whatever it found there.
    pub async fn clients_of_any(&mut self) -> Clients {
        let clients = self.clients_or_end().await;
        clients.unwrap_or_else(|| panic!("it ended: {}", self.log()))
    }

    /// Clients, once the server answers questions.
    pub async fn clients(&mut self) -> Clients {
        let mut clients = self.clients_of_any().await;
        let request = v1::ListCalendarsRequest { tenant: TENANT.into(), ..Default::default() };
        let requested = clients.calendars.list_calendars(request).await;
        requested.unwrap_or_else(|status| panic!("{status}\n{}", self.log()));
        clients
    }

    /// How it ended by itself; none: it did not within that time.
    pub async fn ended(&mut self, within: Duration) -> Option<std::process::ExitStatus> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let ended = self.child.try_wait().expect("its state");
            if ended.is_some() || tokio::time::Instant::now() > deadline {
                return ended;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Kills it as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Stops it gracefully and returns how it ended.
    pub async fn stop(self) -> std::process::ExitStatus {
        self.stop_and_read().await.0
    }

    /// Stops it gracefully and returns how it ended, and all that it logged.
    pub async fn stop_and_read(mut self) -> (std::process::ExitStatus, String) {
        let others = self.spread.iter().flat_map(Spread::others);
        let processes = others.map(Server::process).chain([self.process()]);
        let processes = processes.map(|process| process.to_string());
        let reported = Command::new("kill").arg("-TERM").args(processes).status();
        assert!(reported.expect("kill runs").success());
        let ended = self.ended(STOPS_WITHIN).await;
        let ended = ended.unwrap_or_else(|| panic!("it goes on: {}", self.log()));
        self.read_to_the_end();
        (ended, self.log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening")?;
    let (_, address) = rest.split_once("address=")?;
    Some(address.split_whitespace().next()?.to_owned())
}

/// An RFC 3339 instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub fn seconds(seconds: i64) -> WireDuration {
    WireDuration { seconds, nanos: 0 }
}

pub fn hours(hours: i64) -> WireDuration {
    seconds(hours * 3600)
}

/// Monday to Friday, 9 to 17, in Amsterdam.
pub fn office() -> v1::Calendar {
    v1::Calendar {
        id: "office".into(),
        time_zone: "Europe/Amsterdam".into(),
        weekly: vec![v1::WeeklyWindow {
            days: (1..=5).collect(),
            opens: "09:00".into(),
            closes: "17:00".into(),
        }],
        ..Default::default()
    }
}

/// Resolution in 4 hours for P1 and 8 for P2, paused while the client must act; response in 1, for
/// which a restoration or resolution is an answer too.
pub fn contract(id: &str) -> v1::Contract {
    let limit = |priority: &str, limit| v1::Limit {
        priority: priority.into(),
        limit: Some(hours(limit)),
        calendar_id: "office".into(),
        ..Default::default()
    };
    let resolve = v1::Target {
        id: "resolve".into(),
        metric: v1::Metric::Resolution as i32,
        limits: vec![limit("P1", 4), limit("P2", 8)],
        pauses: vec![v1::Pause { waiting_on: v1::WaitingOn::Client as i32, ..Default::default() }],
        warn_at_percent: vec![50, 75],
        ..Default::default()
    };
    let respond = v1::Target {
        id: "respond".into(),
        metric: v1::Metric::Response as i32,
        limits: vec![limit("", 1)],
        answered_by: (1..=4).collect(),
        ..Default::default()
    };
    v1::Contract {
        id: id.into(),
        kind: v1::ContractKind::Sla as i32,
        title: "Workplace".into(),
        client: "Client".into(),
        provider: "Provider".into(),
        time_zone: "Europe/Amsterdam".into(),
        currency: "EUR".into(),
        terms: Some(v1::Terms { targets: vec![resolve, respond], ..Default::default() }),
        ..Default::default()
    }
}

pub fn event(incident: &str, event_id: &str, time: &str, fact: Fact) -> v1::IncidentEvent {
    v1::IncidentEvent {
        event_id: event_id.into(),
        incident_id: incident.into(),
        occur_time: Some(at(time)),
        fact: Some(fact),
        ..Default::default()
    }
}

pub fn opened(contract: &str, priority: &str) -> Fact {
    Fact::Opened(v1::Opened {
        contract_ids: vec![contract.into()],
        priority: priority.into(),
        ..Default::default()
    })
}

pub fn waiting(waiting_on: v1::WaitingOn) -> Fact {
    let status = "Pending".into();
    Fact::StatusChanged(v1::StatusChanged {
        status: Some(status),
        waiting_on: waiting_on as i32,
        ..Default::default()
    })
}

impl Clients {
    pub fn of(channel: Channel) -> Clients {
        Clients {
            calendars: CalendarServiceClient::new(channel.clone()),
            contracts: ContractServiceClient::new(channel.clone()),
            incidents: IncidentServiceClient::new(channel.clone()),
            clocks: ClockServiceClient::new(channel.clone()),
            compliance: ComplianceServiceClient::new(channel.clone()),
            settlement: SettlementServiceClient::new(channel.clone()),
            webhooks: WebhookServiceClient::new(channel.clone()),
            forecasts: ForecastServiceClient::new(channel.clone()),
            admin: AdminServiceClient::new(channel),
        }
    }

    pub async fn status(&mut self) -> v1::GetStatusResponse {
        let status = self.admin.get_status(v1::GetStatusRequest {}).await;
        status.expect("its status").into_inner()
    }

    /// Waits until forecasts have learnt from everything recorded so far.
    pub async fn learnt(&mut self) {
        let deadline = tokio::time::Instant::now() + START_WITHIN;
        loop {
            let status = self.status().await;
            let learnt = status.learnt.expect("how far learning is");
            if (learnt.records_behind, status.tenants_behind) == (0, 0) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "it lags: {status:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn put_office(&mut self) {
        self.put_calendar(office()).await;
    }

    /// The calendar `always`, open round the clock, where the office is.
    pub async fn put_always(&mut self) {
        let id = "always".into();
        self.put_calendar(v1::Calendar { id, always_open: true, weekly: vec![], ..office() }).await;
    }

    async fn put_calendar(&mut self, calendar: v1::Calendar) {
        let (tenant, calendar) = (TENANT.into(), Some(calendar));
        let request = v1::PutCalendarRequest { tenant, calendar, ..Default::default() };
        self.calendars.put_calendar(request).await.expect("the calendar is put");
    }

    pub async fn put_contract(&mut self, contract: v1::Contract) -> v1::PutContractResponse {
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract),
            ..Default::default()
        };
        let answer = self.contracts.put_contract(request).await;
        answer.expect("the contract is put").into_inner()
    }

    pub async fn record(&mut self, events: Vec<v1::IncidentEvent>) -> v1::RecordEventsResponse {
        let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
        let answer = self.incidents.record_events(request).await;
        answer.expect("the events are recorded").into_inner()
    }

    /// Records events of services; each must be taken.
    pub async fn record_services(&mut self, events: Vec<v1::ServiceEvent>) {
        let request = v1::RecordServiceEventsRequest { tenant: TENANT.into(), events };
        let answer = self.incidents.record_service_events(request).await;
        for result in answer.expect("the events are recorded").into_inner().results {
            assert!(result.rejection.is_none(), "{result:?}");
        }
    }

    /// Records an outage; times are of 2026, in UTC: `05-04T10:01`.
    pub async fn outage(&mut self, service: &str, from: &str, to: &str) {
        let event = |kind: &str, time: &str, fact| v1::ServiceEvent {
            event_id: format!("{kind}-{time}"),
            service: service.into(),
            occur_time: Some(at(&format!("2026-{time}:00Z"))),
            fact: Some(fact),
            ..Default::default()
        };
        let events = vec![
            event("down", from, ServiceFact::OutageStarted(v1::OutageStarted::default())),
            event("up", to, ServiceFact::OutageEnded(v1::OutageEnded::default())),
        ];
        self.record_services(events).await;
    }

    pub async fn evaluate(
        &mut self,
        incident: &str,
        as_of: &str,
        known: Option<Timestamp>,
    ) -> v1::EvaluateIncidentResponse {
        let request = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id: incident.into(),
            with_segments: true,
            as_of_time: (!as_of.is_empty()).then(|| at(as_of)),
            known_time: known,
            ..Default::default()
        };
        self.clocks.evaluate_incident(request).await.expect("it is evaluated").into_inner()
    }

    /// What is comparable of an incident's clocks of a target: how they stand, and to the nanosecond
    /// when and how long.
    pub async fn clocks_of(&mut self, incident: &str, target: &str, as_of: &str) -> Vec<String> {
        let evaluated = self.evaluate(incident, as_of, None).await;
        let of_target = evaluated.clocks.iter().filter(|clock| clock.target_id == target);
        let shown = |clock: &v1::Clock| {
            format!(
                "{:?} {:?} started {:?} stopped {:?} elapsed {:?} due {:?}",
                clock.phase(),
                clock.outcome(),
                clock.start_time,
                clock.stop_time,
                clock.elapsed,
                clock.due_time,
            )
        };
        let clocks: Vec<_> = of_target.map(shown).collect();
        assert!(!clocks.is_empty(), "{incident} has no clock {target}");
        clocks
    }

    /// Every clock a request finds, over all its pages.
    pub async fn list_clocks(&mut self, mut request: v1::ListClocksRequest) -> Vec<v1::Clock> {
        request.tenant = TENANT.into();
        let mut clocks = Vec::new();
        loop {
            let answer = self.clocks.list_clocks(request.clone()).await;
            let page = answer.expect("the clocks are listed").into_inner();
            clocks.extend(page.clocks);
            if page.next_page_token.is_empty() {
                return clocks;
            }
            request.page_token = page.next_page_token;
        }
    }
}

/// Runs a command to its end; returns how it ended and all it printed.
pub fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("it runs");
    let reported = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&reported).into_owned())
}

/// Runs a command that must succeed, and gives what it said.
pub fn succeed(command: &mut Command) -> String {
    let (success, output) = run(command);
    assert!(success, "{command:?}: {output}");
    output
}

/// Puts the contracts and calendars of a YAML text, and gives what `slx apply` said.
pub fn apply(server: &Server, terms: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("terms.yaml");
    std::fs::write(&file, terms).expect("written");
    let mut command = slx();
    command.args(["apply", "--tenant", TENANT, "--address", &server.address, "--file"]);
    succeed(command.arg(file))
}

/// The segments of a data directory's journal, in order.
pub fn segments(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("journal")).expect("a journal").flatten();
    let paths = files.map(|file| file.path());
    let mut logs: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    logs.sort();
    logs
}

/// Copies a directory and all that lies in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("copied")),
        }
    }
}
