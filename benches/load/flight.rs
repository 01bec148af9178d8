//! Tables over Arrow Flight, beside the export of the same rows and the writing of Parquet.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant as Stopwatch};

use slx::codec::flight::Ticket;
use slx::codec::flight::flight_service_client::FlightServiceClient;
use slx::codec::tables::TableReader;
use tonic::transport::Channel;

use super::facts::TENANT;
use super::pace::a_second;
use super::process::Server;

/// What a pull came to.
struct Pulled {
    rows: u64,
    bytes: u64,
    elapsed: Duration,
    token: String,
}

/// Pulls a table, or what changed in it since.
async fn pull(channel: Channel, table: &str, since: &str) -> Pulled {
    let command = format!(
        "{{\"tenant\": {TENANT:?}, \"table\": {table:?}, \"contract_id\": \"workplace\", \
         \"since\": {since:?}}}"
    );
    let started = Stopwatch::now();
    let mut client = FlightServiceClient::new(channel);
    let answers = client.do_get(Ticket { ticket: command.into_bytes() }).await;
    let mut answers = answers.expect("a table").into_inner();
    let first = answers.message().await.expect("a schema").expect("a schema");
    let reader = TableReader::begin(&first).expect("a schema");
    let token = reader.schema().metadata["slx.token"].clone();
    let mut pulled = Pulled { rows: 0, bytes: 0, elapsed: Duration::ZERO, token };
    while let Some(data) = answers.message().await.expect("rows") {
        pulled.bytes += data.data_body.len() as u64;
        pulled.rows += reader.batch(data).expect("rows").num_rows() as u64;
    }
    pulled.elapsed = started.elapsed();
    pulled
}

/// Rows a second of the same clocks, by each way; and of what changed since, when nothing has.
pub async fn flight(
    server: &Server,
    channel: &Channel,
    directory: &Path,
    export: impl AsyncFn(Channel) -> (u64, Duration),
) {
    println!("\nA contract's whole year of clocks, by each way");
    println!("| | rows | rows/s | server's µs a row | megabytes before | at most |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let row = |what: &str, rows: u64, elapsed, used: Duration, (before, most): (u64, u64)| {
        let cost = used.as_secs_f64() * 1e6 / rows.max(1) as f64;
        let rate = a_second(rows, elapsed);
        println!("| {what} | {rows} | {rate} | {cost:.2} | {before} | {most} |");
    };
    let (before, used) = (server.megabytes_from_now_on(), server.processor_time());
    let (rows, elapsed) = export(channel.clone()).await;
    let used = server.processor_time() - used;
    row("`ExportClocks`", rows, elapsed, used, (before, server.megabytes().1));

    let mut token = String::new();
    for table in ["clocks", "segments", "incidents"] {
        let (before, used) = (server.megabytes_from_now_on(), server.processor_time());
        let pulled = pull(channel.clone(), table, "").await;
        let used = server.processor_time() - used;
        let most = server.megabytes().1;
        let what = format!("Flight, `{table}`: {} MB", pulled.bytes >> 20);
        row(&what, pulled.rows, pulled.elapsed, used, (before, most));
        if table == "clocks" {
            assert_eq!(pulled.rows, rows, "not the same clocks");
            token = pulled.token;
        }
    }

    let file = directory.join("clocks.parquet");
    let (before, used) = (server.megabytes_from_now_on(), server.processor_time());
    let started = Stopwatch::now();
    let written = Command::new(env!("CARGO_BIN_EXE_slx"))
        .args(["export", "--contract", "workplace", "--tenant", TENANT, "--address"])
        .arg(format!("http://{}", server.address))
        .arg("-o")
        .arg(&file)
        .output();
    assert!(written.expect("it runs").status.success());
    let (elapsed, used) = (started.elapsed(), server.processor_time() - used);
    let megabytes = std::fs::metadata(&file).expect("a file").len() >> 20;
    let what = format!("`slx export -o clocks.parquet`: {megabytes} MB");
    row(&what, rows, elapsed, used, (before, server.megabytes().1));

    let since = pull(channel.clone(), "clocks", &token).await;
    println!("what changed since, when nothing has: {} rows in {:?}", since.rows, since.elapsed);
}
