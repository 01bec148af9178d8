//! What watches the server: its metrics as Prometheus reads them, and what is shipped to use them.
//! promtool and Prometheus are those of Debian.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::testing::{Server, contract, event, opened, succeed};

const WITHIN: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_millis(50);

fn in_repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(in_repository(name)).expect("it is there")
}

/// Gets a page over HTTP: its status line and headers, and its body.
pub(crate) fn get(address: &str, path: &str) -> Option<(String, String)> {
    let mut connection = TcpStream::connect(address).ok()?;
    write!(connection, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}

/// Where a server listens for whoever reads its metrics.
pub(crate) async fn metrics_address(server: &Server) -> String {
    server.logs(" metrics address=").await;
    let log = server.log();
    let (_, after) = log.split_once(" metrics address=").expect("it was logged");
    after.split_whitespace().next().expect("an address").to_owned()
}

/// A server with an intake that exports metrics, of which some use was made; and where.
async fn watched(data: &Path) -> (Server, String) {
    let folder = tempfile::tempdir().expect("a directory");
    let sources = folder.path().join("sources.toml");
    let source = "[[source]]\nname = 'desk'\ntenant = 'acme'\nfrom = 'jira'\ncontract = 'C'\n";
    fs::write(&sources, source).expect("a file");
    let sources = format!("--intake-sources={}", sources.display());
    let flags = ["--metrics-listen", "127.0.0.1:0", "--intake-listen", "127.0.0.1:0", &sources];
    let mut server = Server::start(data, &flags);
    let address = metrics_address(&server).await;
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let late = "2026-11-02T09:00:00Z";
    clients.record(vec![event("I", "open", late, opened("C", "P1"))]).await;
    (server, address)
}

/// The metrics, once they count what was recorded.
async fn metrics(address: &str) -> String {
    let deadline = Instant::now() + WITHIN;
    loop {
        let (head, body) = get(address, "/metrics").expect("an answer");
        assert!(head.starts_with("HTTP/1.0 200"), "{head}");
        if body.contains("which=\"open\"} 1.0\n") {
            return body;
        }
        assert!(Instant::now() < deadline, "no incident is open: {body}");
        tokio::time::sleep(EVERY).await;
    }
}

/// The names of what is exported: those of samples, and those of the metrics they belong to.
fn exported(metrics: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let lines = || metrics.lines().filter(|line| !line.starts_with('#'));
    let samples = lines().filter_map(|line| line.split([' ', '{']).next()).map(str::to_owned);
    let typed = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = typed.filter_map(|line| line.split(' ').next()).map(str::to_owned);
    (samples.collect(), names.collect())
}

/// Words in a text that are names of metrics.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_part(letter));
    let is_metric = |word: &&str| {
        ["slx_", "grpc_server_", "process_"].iter().any(|prefix| word.starts_with(prefix))
    };
    words.filter(is_metric).map(str::to_owned).collect()
}

#[tokio::test]
async fn what_happens_is_counted_by_the_names_that_dashboards_know() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, address) = watched(data.path()).await;
    let metrics = metrics(&address).await;
    for line in [
        "grpc_server_handled_total{grpc_service=\"slx.v1.IncidentService\",\
         grpc_method=\"RecordEvents\",grpc_type=\"unary\",grpc_code=\"OK\"} 1\n",
        "slx_journal_state{state=\"writable\"} 1.0",
        "slx_journal_state{state=\"damaged\"} 0.0",
        "slx_incidents{tenant=\"acme\",contract=\"C\",which=\"open\"} 1.0",
        "slx_incidents{tenant=\"acme\",contract=\"C\",which=\"breached\"} 1.0",
        "slx_journal_records_total 4.0\n",
        "slx_clock_state{state=\"steady\"} 1.0\n",
        "slx_clock_state{state=\"held\"} 0.0\n",
        "slx_lane_places{lane=\"heavy\"}",
        "slx_memory_used_bytes{part=\"names\"} ",
        "slx_spans_lost_total{reason=\"not_taken\"} 0.0\n",
        "slx_intake_unknown_values_total{source=\"desk\",field=\"state\"} 0\n",
    ] {
        let tenant = format!("tenant=\"{}\"", crate::testing::TENANT);
        let line = line.replace("tenant=\"acme\"", &tenant);
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
    assert!(get(&address, "/healthz").expect("an answer").0.contains(" 200 "));
    assert!(get(&address, "/readyz").expect("an answer").0.contains(" 200 "));
    assert!(get(&address, "/").expect("an answer").0.contains(" 404 "));
    server.stop().await;
    let flags = ["--read-only", "--metrics-listen", "127.0.0.1:0"];
    let server = Server::start(data.path(), &flags);
    server.logs(" ready ").await;
    let (_, body) = get(&metrics_address(&server).await, "/readyz").expect("an answer");
    assert_eq!(body, "ready, read-only\n");
    server.stop().await;
}

#[tokio::test]
async fn what_is_exported_is_what_documentation_alerts_and_dashboard_name() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, address) = watched(data.path()).await;
    let (samples, names) = exported(&metrics(&address).await);
    let page = read("docs/telemetry.md");
    let table = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let documented: BTreeSet<String> = table.flat_map(named).collect();
    assert_eq!(documented, names, "docs/telemetry.md");
    for used in ["deploy/prometheus/alerts.yml", "deploy/grafana/slx.json"] {
        let unknown: Vec<_> = named(&read(used)).difference(&samples).cloned().collect();
        assert!(unknown.is_empty(), "{used} uses {unknown:?}");
    }
    server.stop().await;
}

/// The address is complete once the one label is set that says where the documentation is read.
#[test]
fn every_alert_leads_to_what_to_do_by_a_full_address() {
    let alerts = read("deploy/prometheus/alerts.yml");
    let leads: Vec<_> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: ")).collect();
    assert_eq!(leads.len(), alerts.matches("- alert: ").count());
    let operations = read("docs/operations.md");
    let anchors: BTreeSet<String> = operations
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let configuration = read("deploy/prometheus/prometheus.yml");
    let bases: Vec<_> =
        configuration.lines().filter_map(|line| line.trim().strip_prefix("docs_slx: ")).collect();
    let [base] = bases[..] else { panic!("one place says where: {bases:?}") };
    assert!(base.trim_matches('"').starts_with("https://"), "{base}");
    assert!(alerts.contains("`docs_slx` in prometheus.yml") && operations.contains("`docs_slx`"));
    for lead in leads {
        let anchor = lead
            .trim_matches('"')
            .strip_prefix("{{ $externalLabels.docs_slx }}/")
            .and_then(|lead| lead.strip_prefix("operations.md#"));
        assert!(anchor.is_some_and(|anchor| anchors.contains(anchor)), "{lead}");
    }
}

#[tokio::test]
async fn prometheus_own_tool_finds_nothing_wrong() {
    let rules = in_repository("deploy/prometheus");
    succeed(Command::new("promtool").args(["check", "rules", "alerts.yml"]).current_dir(&rules));
    succeed(
        Command::new("promtool").args(["test", "rules", "alerts_test.yml"]).current_dir(&rules),
    );
    let data = tempfile::tempdir().expect("a directory");
    let (server, address) = watched(data.path()).await;
    let text = data.path().join("metrics");
    fs::write(&text, metrics(&address).await).expect("written");
    let text = fs::File::open(text).expect("it is there");
    succeed(Command::new("promtool").args(["check", "metrics"]).stdin(text));
    server.stop().await;
}

/// Prometheus itself, ended when this is dropped.
struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn prometheus_reads_the_metrics_by_the_configuration_that_is_shipped() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, address) = watched(&data.path().join("slx")).await;
    let configuration = read("deploy/prometheus/prometheus.yml")
        .replace("127.0.0.1:9464", &address)
        .replace("scrape_interval: 15s", "scrape_interval: 1s");
    fs::write(data.path().join("prometheus.yml"), configuration).expect("written");
    fs::copy(in_repository("deploy/prometheus/alerts.yml"), data.path().join("alerts.yml"))
        .expect("copied");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let own = free.expect("a free port").to_string();
    let prometheus = Command::new("prometheus")
        .arg(format!("--config.file={}", data.path().join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", data.path().join("tsdb").display()))
        .arg(format!("--web.listen-address={own}"))
        .stderr(Stdio::null())
        .spawn();
    let _prometheus = Prometheus(prometheus.expect("Debian's prometheus is installed"));
    let deadline = Instant::now() + WITHIN;
    let query = "/api/v1/query?query=slx_incidents%7Bwhich%3D%22open%22%7D";
    loop {
        let answer = get(&own, query).map(|(_, body)| body).unwrap_or_default();
        if answer.contains("\"contract\":\"C\"") && answer.contains("\"1\"]") {
            break;
        }
        assert!(Instant::now() < deadline, "{answer}");
        tokio::time::sleep(EVERY).await;
    }
    server.stop().await;
}
