//! What the server does a second, next to a bare echo of the same messages and to raw synced
//! appends of the same bytes; and how it starts again with 100,000 incidents.
//!
//! `cargo bench --bench server`; arguments (record, postgres, evaluate, stream, restart, comply,
//! export, flight, simulate, review, refuse, overload, beside, forecast, watching, traces, cluster) pick
//! parts of it. With `SLX_BENCH_PYTHON` naming a Python that has duckdb, DuckDB answers what comply
//! queries. Where Debian's postgresql is installed, PostgreSQL records beside slx.
//! With `SLX_BASELINE` naming another build of slx, the argument `baseline` holds the two against
//! each other: what was gained or paid between two versions.
//! Every server is the release binary in a process of its own; the clients and the echo share this
//! one. Figures of one run compare with each other, not with those of another machine or day.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and ends where what it expects is not so"
)]

mod load;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant as Stopwatch};

use load::facts::{self, EVENT_BYTES, TENANT};
use load::pace::{self, Order, TURNS, Tale, Until, a_second, percent};
use load::postgres::Postgres;
use load::process::Server;
use load::traces::Traced;
use load::{beside, cluster, echo, flight, forecasting, overload, refusing, watching};
use slx::codec::v1;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use slx::domain::time::Instant;
use slx::journal::{Journal, Log as _, Options, SEGMENT_BYTES_DEFAULT, Syncing};
use tonic::transport::Channel;

const ROUND: Duration = Duration::from_millis(1_500);
const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];
/// Events a call, and calls in flight, that PostgreSQL is compared in.
const BESIDE_POSTGRES: [(u64, usize); 2] = [(1, 64), (256, 16)];
/// Events an incident is reported in, where the incidents go on until the round ends.
const EVENTS_PER_INCIDENT: u64 = 8;
/// No two workers or rounds report the same incident.
const INCIDENTS_PER_WORKER: u64 = 1_000_000;
const WORKERS_MAX: u64 = 1_000;

const INCIDENTS_OF_A_YEAR: u64 = 500_000;
/// A year is learnt from within this.
const LEARNT_WITHIN: Duration = Duration::from_secs(600);
/// Some 10,000 a month.
const INCIDENTS_OF_A_SMALLER_YEAR: u64 = 120_000;
const INCIDENTS_KEPT: u64 = 100_000;
const EVENTS_PER_KEPT_INCIDENT: u64 = 6;
/// Each tenth of them is open.
const KEPT_OPEN_EVERY: u64 = 10;
/// What a server that keeps them may use to be quick, so that it takes 300 MB in all.
const MEMORY_BYTES_KEPT: u64 = 160_000_000;

fn main() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server-bench");
    // Left over from a run that was stopped, or not there.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(bench(&directory));
    fs::remove_dir_all(&directory).expect("it is there");
}

async fn bench(directory: &Path) {
    let parts: Vec<_> = std::env::args().skip(1).filter(|part| !part.starts_with("--")).collect();
    let is_requested =
        |part: &str| parts.is_empty() || parts.iter().any(|requested| requested == part);
    let server = Server::start(&directory.join("data"));
    server.first_answer().await;
    server.put_terms().await;
    let backtest = describe_one_incident(&server).await;
    let echo = pace::channels(echo::start(backtest));
    let slx = pace::channels(server.address);
    if is_requested("record") {
        record(&server, &slx, &echo, directory).await;
    }
    if is_requested("postgres") {
        beside_postgres(&slx).await;
    }
    if is_requested("evaluate") {
        evaluate(&server, &slx, &echo).await;
    }
    if is_requested("stream") {
        stream(&echo, directory).await;
    }
    if let Some(baseline) = std::env::var_os("SLX_BASELINE")
        && is_requested("baseline")
    {
        let before = Server::of(Path::new(&baseline), &directory.join("before"));
        before.first_answer().await;
        before.put_terms().await;
        describe_one_incident(&before).await;
        compare(&before, &server).await;
    }
    if is_requested("traces") {
        trace(&server, directory).await;
    }
    drop(server);
    if is_requested("restart") {
        let incidents = wanted_incidents().unwrap_or(INCIDENTS_KEPT);
        for order in [Order::OfTime(incidents), Order::Scattered] {
            restart(&directory.join("kept"), incidents, order).await;
        }
    }
    if ["comply", "export", "flight", "simulate", "review"].into_iter().any(is_requested) {
        over_a_year(&directory.join("complying"), is_requested).await;
    }
    if is_requested("refuse") {
        refusing::refuse(&directory.join("refusing")).await;
    }
    if is_requested("overload") {
        overload::overload(&directory.join("overloaded")).await;
    }
    if is_requested("beside") {
        beside::beside(&directory.join("beside")).await;
    }
    if is_requested("forecast") {
        forecasting::forecast(&directory.join("forecasting")).await;
    }
    if is_requested("cluster") {
        cluster::cluster(&directory.join("cluster")).await;
    }
    if is_requested("watching") {
        watching::watching(&directory.join("watching")).await;
    }
}

/// An incident with all its facts, and how it is evaluated.
async fn describe_one_incident(server: &Server) -> v1::EvaluateIncidentResponse {
    let channel = pace::channel(server.address);
    let event = |number| facts::event(0, number, EVENTS_PER_INCIDENT);
    let request = v1::RecordEventsRequest {
        tenant: TENANT.into(),
        events: (0..EVENTS_PER_INCIDENT).map(event).collect(),
    };
    let recorded = pace::incidents(channel.clone()).record_events(request).await;
    recorded.expect("the events are recorded");
    let backtest = pace::clocks(channel).evaluate_incident(question()).await;
    backtest.expect("an evaluation").into_inner()
}

fn question() -> v1::EvaluateIncidentRequest {
    v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: facts::incident_id(0),
        ..Default::default()
    }
}

async fn record(server: &Server, slx: &[Channel], echo: &[Channel], directory: &Path) {
    println!("RecordEvents, one event of {EVENT_BYTES} bytes each, durable when answered");
    println!("| in flight | requests/s | echo/s | share | server's µs | synced appends/s |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut rounds = 1..;
    for in_flight in IN_FLIGHT {
        let (mut recorded, mut echoed, mut appended) = (0, 0, 0);
        let mut cost = Cost::of(server);
        for round in rounds.by_ref().take(TURNS) {
            let (answered, elapsed) = record_round(echo, in_flight, round).await;
            echoed = a_second(answered, elapsed).max(echoed);
            recorded = cost.round(record_round(slx, in_flight, round)).await.max(recorded);
            appended = append(directory, in_flight as u64).max(appended);
        }
        let share = percent(recorded, echoed);
        let cost = cost.microseconds();
        println!("| {in_flight} | {recorded} | {echoed} | {share} % | {cost:.1} | {appended} |");
    }
}

/// What the server's processor time comes to for each answer; that of the clients is not in it.
/// It is steadier than answers a second where others use the machine too.
struct Cost<'s> {
    server: &'s Server,
    least_nanos: u128,
}

impl Cost<'_> {
    fn of(server: &Server) -> Cost<'_> {
        Cost { server, least_nanos: u128::MAX }
    }

    /// Counts a round, and returns how many were answered in a second.
    async fn round(&mut self, round: impl Future<Output = (u64, Duration)>) -> u64 {
        let (answered, elapsed) = self.counted(round).await;
        a_second(answered, elapsed)
    }

    /// Counts a round of answers, and how long it took.
    async fn counted(&mut self, round: impl Future<Output = (u64, Duration)>) -> (u64, Duration) {
        let before = self.server.processor_time();
        let (answered, elapsed) = round.await;
        let used = (self.server.processor_time() - before).as_nanos();
        self.least_nanos = self.least_nanos.min(used / u128::from(answered.max(1)));
        (answered, elapsed)
    }

    fn microseconds(&self) -> f64 {
        self.least_nanos as f64 / 1000.0
    }
}

/// Each worker reports one incident after the other, fact by fact.
async fn record_round(channels: &[Channel], in_flight: usize, round: u64) -> (u64, Duration) {
    let query = move |channel, worker, number| async move {
        let incident = (round * WORKERS_MAX + worker) * INCIDENTS_PER_WORKER;
        let incident = incident + number / EVENTS_PER_INCIDENT;
        let event = facts::event(incident, number % EVENTS_PER_INCIDENT, EVENTS_PER_INCIDENT);
        let request = v1::RecordEventsRequest { tenant: TENANT.into(), events: vec![event] };
        let answer = pace::incidents(channel).record_events(request).await;
        assert_eq!(answer.expect("an answer").into_inner().results.len(), 1);
    };
    pace::answers(channels, in_flight, ROUND, query).await
}

/// The same events, and each incident's clock, by slx and by PostgreSQL.
async fn beside_postgres(slx: &[Channel]) {
    println!("\nEvents recorded, durable when answered, beside PostgreSQL: insert, upsert, commit");
    let Some(postgres) = Postgres::start() else {
        println!("none is installed");
        return;
    };
    println!("| events a call | in flight | slx, events/s | PostgreSQL, events/s | times |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    let mut rounds = 3_000..;
    for (events, in_flight) in BESIDE_POSTGRES {
        let mut recorded = 0;
        for round in rounds.by_ref().take(TURNS) {
            let (answered, elapsed) = batch_round(slx, in_flight, round, events).await;
            recorded = a_second(answered * events, elapsed).max(recorded);
        }
        let inserted = postgres.events_a_second(in_flight, events as usize);
        let times = recorded as f64 / inserted as f64;
        println!("| {events} | {in_flight} | {recorded} | {inserted} | {times:.1} |");
    }
}

/// Each worker reports incidents, so many facts at once.
async fn batch_round(
    channels: &[Channel],
    in_flight: usize,
    round: u64,
    events: u64,
) -> (u64, Duration) {
    let query = move |channel, worker, number| async move {
        let first = (round * WORKERS_MAX + worker) * INCIDENTS_PER_WORKER * EVENTS_PER_INCIDENT;
        let numbers = (0..events).map(|event| first + number * events + event);
        let event = |number| {
            facts::event(
                number / EVENTS_PER_INCIDENT,
                number % EVENTS_PER_INCIDENT,
                EVENTS_PER_INCIDENT,
            )
        };
        let request =
            v1::RecordEventsRequest { tenant: TENANT.into(), events: numbers.map(event).collect() };
        let answer = pace::incidents(channel).record_events(request).await;
        assert_eq!(answer.expect("an answer").into_inner().results.len(), events as usize);
    };
    pace::answers(channels, in_flight, ROUND, query).await
}

/// Records a second appended to a journal on the same disk, with `records` for each sync.
fn append(directory: &Path, records: u64) -> u64 {
    let directory = directory.join("appended");
    let segment_bytes = SEGMENT_BYTES_DEFAULT;
    let options = Options {
        segment_bytes,
        new_store_id: (*b"a store to bench").into(),
        durable: None,
        syncing: Syncing::EachCommit,
    };
    let mut journal = Journal::open(&directory, options).expect("a journal").writer;
    let (started, mut appended) = (Stopwatch::now(), 0);
    while started.elapsed() < ROUND / 2 {
        for _ in 0..records {
            journal.stage(Instant::MIN, &[0x5a; EVENT_BYTES]).expect("room");
        }
        journal.commit().expect("a commit");
        appended += records;
    }
    let rate = (appended as f64 / started.elapsed().as_secs_f64()) as u64;
    drop(journal);
    fs::remove_dir_all(directory).expect("it is there");
    rate
}

async fn evaluate(server: &Server, slx: &[Channel], echo: &[Channel]) {
    let query = |channel, _, _| async move {
        let answer = pace::clocks(channel).evaluate_incident(question()).await;
        assert_eq!(answer.expect("an answer").into_inner().clocks.len(), 4);
    };
    let (mut evaluated, mut echoed, mut cost) = (0, 0, Cost::of(server));
    for _ in 0..TURNS {
        let (answered, elapsed) = pace::answers(echo, 64, ROUND, query).await;
        echoed = a_second(answered, elapsed).max(echoed);
        evaluated = cost.round(pace::answers(slx, 64, ROUND, query)).await.max(evaluated);
    }
    println!(
        "\nEvaluateIncident, 8 events, 4 clocks, 64 in flight; the echo gives the same answer"
    );
    println!("| requests/s | echo/s | share | server's µs |");
    println!("| ---: | ---: | ---: | ---: |");
    let (share, cost) = (percent(evaluated, echoed), cost.microseconds());
    println!("| {evaluated} | {echoed} | {share} % | {cost:.1} |");
}

/// Each size of messages on a server of its own: what one has recorded weighs on the next.
async fn stream(echo: &[Channel], directory: &Path) {
    println!("\nStreamEvents, four streams, durable when acknowledged");
    println!(
        "| events a message | events/s | and filed, events/s | echo/s | share | server's µs an event |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for message_events in [1, 64, 500] {
        let server = Server::start(&directory.join(format!("streamed-{message_events}")));
        server.first_answer().await;
        server.put_terms().await;
        let slx = pace::channels(server.address);
        let (mut durable, mut filed, mut echoed) = (0, 0, 0);
        let mut cost = Cost::of(&server);
        for round in 0..TURNS as u64 {
            let (answered, elapsed) = stream_round(echo, message_events, round).await;
            echoed = a_second(answered, elapsed).max(echoed);
            let mut filing = Duration::ZERO;
            let round = cost.counted(async {
                let round = stream_round(&slx, message_events, round).await;
                filing = await_filing(&slx[0]).await;
                round
            });
            let (answered, elapsed) = round.await;
            durable = a_second(answered, elapsed).max(durable);
            filed = a_second(answered, elapsed + filing).max(filed);
        }
        let (share, cost) = (percent(durable, echoed), cost.microseconds());
        println!("| {message_events} | {durable} | {filed} | {echoed} | {share} % | {cost:.1} |");
    }
}

/// How long it takes until all that is recorded is in the views, so that the next round begins with
/// nothing left of this one.
async fn await_filing(channel: &Channel) -> Duration {
    let requested = Stopwatch::now();
    compliance(channel).await;
    requested.elapsed()
}

async fn stream_round(channels: &[Channel], message_events: u64, round: u64) -> (u64, Duration) {
    let tale = |number| Tale {
        first: (round * WORKERS_MAX + number) * INCIDENTS_PER_WORKER,
        step: 1,
        events: EVENTS_PER_INCIDENT,
        open_every: None,
        order: Order::Scattered,
    };
    pace::stream(channels, tale, message_events, Until::Elapsed(ROUND)).await
}

/// Two builds of slx, taking turns.
async fn compare(before: &Server, after: &Server) {
    println!("\nTwo builds: {}", std::env::var("SLX_BASELINE").unwrap_or_default());
    println!("| | before, a second | after | share | before, server's µs | after |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let mut rounds = 1_000..;
    for in_flight in IN_FLIGHT {
        let mut pair = [Best::of(before), Best::of(after)];
        for round in rounds.by_ref().take(TURNS) {
            for best in &mut pair {
                let channels = best.channels.clone();
                best.round(record_round(&channels, in_flight, round)).await;
            }
        }
        Best::describe(&format!("RecordEvents, {in_flight} in flight"), &pair);
    }
    for message_events in [1, 64, 500] {
        let mut pair = [Best::of(before), Best::of(after)];
        for round in rounds.by_ref().take(TURNS) {
            for best in &mut pair {
                let channels = best.channels.clone();
                let round = async {
                    let round = stream_round(&channels, message_events, round).await;
                    await_filing(&channels[0]).await;
                    round
                };
                best.round(round).await;
            }
        }
        Best::describe(&format!("StreamEvents, {message_events} events a message"), &pair);
    }
}

/// Recording with every call traced, and without, in turns.
async fn trace(without: &Server, directory: &Path) {
    let traced = Traced::start(&directory.join("traced"));
    traced.server.first_answer().await;
    traced.server.put_terms().await;
    println!("\nTraces of every call, sent to a collector in the clients' process");
    println!("| | without, a second | with | share | without, server's µs | with |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let mut rounds = 2_000..;
    for in_flight in IN_FLIGHT {
        let mut pair = [Best::of(without), Best::of(&traced.server)];
        for round in rounds.by_ref().take(TURNS) {
            for best in &mut pair {
                let channels = best.channels.clone();
                best.round(record_round(&channels, in_flight, round)).await;
            }
        }
        Best::describe(&format!("RecordEvents, {in_flight} in flight"), &pair);
    }
    let (received, lost) = traced.spans();
    println!("{received} spans received, {lost} lost");
}

/// The best of some rounds with one server.
struct Best<'s> {
    channels: [Channel; 4],
    cost: Cost<'s>,
    rate: u64,
}

impl Best<'_> {
    fn of(server: &Server) -> Best<'_> {
        Best { channels: pace::channels(server.address), cost: Cost::of(server), rate: 0 }
    }

    async fn round(&mut self, answers: impl Future<Output = (u64, Duration)>) {
        self.rate = self.cost.round(answers).await.max(self.rate);
    }

    fn describe(what: &str, [before, after]: &[Best<'_>; 2]) {
        let share = percent(after.rate, before.rate);
        let (paid, pays) = (before.cost.microseconds(), after.cost.microseconds());
        println!(
            "| {what} | {} | {} | {share} % | {paid:.1} | {pays:.1} |",
            before.rate, after.rate
        );
    }
}

/// How many incidents are to be looked at, if more than a part has time for.
fn wanted_incidents() -> Option<u64> {
    std::env::var("SLX_BENCH_INCIDENTS").ok().and_then(|count| count.parse().ok())
}

/// 100,000 incidents, or as many as are wanted: in, filed, stopped, started again, after a kill too,
/// and folded anew without views.
async fn restart(data: &Path, incidents: u64, order: Order) {
    let records = incidents * EVENTS_PER_KEPT_INCIDENT;
    let flags = ["--memory-bytes".to_owned(), MEMORY_BYTES_KEPT.to_string()];
    let start = || Server::with(Path::new(env!("CARGO_BIN_EXE_slx")), data, &flags);
    println!(
        "\n{incidents} incidents of {EVENTS_PER_KEPT_INCIDENT} events, each tenth of them open; \
         {order:?}; memory_bytes {MEMORY_BYTES_KEPT}"
    );
    println!("| | time | records/s | server's processor time | megabytes resident | at most |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let server = start();
    server.first_answer().await;
    server.put_terms().await;
    let channels = pace::channels(server.address);
    let tale = |number| Tale {
        first: number,
        step: channels.len() as u64,
        events: EVENTS_PER_KEPT_INCIDENT,
        open_every: Some(KEPT_OPEN_EVERY),
        order,
    };
    let share = records / channels.len() as u64;
    let (acknowledged, elapsed) = pace::stream(&channels, tale, 500, Until::Sent(share)).await;
    assert_eq!(acknowledged, records);
    row("imported over StreamEvents", elapsed, Some(records), &server);
    let filed = elapsed + await_filing(&channels[0]).await;
    row("the same, and filed", filed, Some(records), &server);
    drop(channels);
    let stopping = server.stop().await;
    println!("| clean stop | {stopping:.2?} | | | | |");
    let server = start();
    row("start until the first answer", server.first_answer().await, None, &server);
    // Ends it as kill -9 does.
    drop(server);
    let server = start();
    row("the same after kill -9", server.first_answer().await, None, &server);
    server.stop().await;
    fs::remove_dir_all(data.join("views")).expect("the views are there");
    let server = start();
    let rebuilt = server.first_answer().await;
    row("the same, all views to be folded", rebuilt, Some(records), &server);
    let stopping = server.stop().await;
    println!("| clean stop | {stopping:.2?} | | | | |");
    fs::remove_dir_all(data).expect("the data are there");
}

/// What is queried of a year of incidents.
async fn over_a_year(data: &Path, is_requested: impl Fn(&str) -> bool) {
    let server = Server::start(data);
    server.first_answer().await;
    server.put_terms().await;
    let channels = pace::channels(server.address);
    match is_requested("comply") {
        true => comply(&server, &channels, data).await,
        false => drop(fill(&channels, 0, INCIDENTS_OF_A_YEAR, Order::Scattered).await),
    }
    server.settle(LEARNT_WITHIN).await;
    if is_requested("export") {
        export(&server, &channels[0]).await;
    }
    if is_requested("flight") {
        let export = async |channel| {
            let (rows, elapsed, _) = export_all(channel).await;
            (rows, elapsed)
        };
        let directory = data.parent().expect("a directory");
        flight::flight(&server, &channels[0], directory, export).await;
    }
    if is_requested("simulate") {
        simulate(&server, &channels[0]).await;
    }
    if is_requested("review") {
        let smaller = Server::start(&data.with_extension("smaller"));
        smaller.first_answer().await;
        smaller.put_terms().await;
        let channels = pace::channels(smaller.address);
        fill(&channels, 0, INCIDENTS_OF_A_SMALLER_YEAR, Order::Scattered).await;
        smaller.settle(LEARNT_WITHIN).await;
        review(&[smaller, server]).await;
    }
}

/// Reports incidents that are over, and waits until they are indexed.
async fn fill(channels: &[Channel], first: u64, end: u64, order: Order) -> Duration {
    let (step, events) = (channels.len() as u64, facts::EVENTS_OF_A_SHORT_ONE);
    let tale = |number| Tale { first: first + number, step, events, open_every: None, order };
    let started = Stopwatch::now();
    pace::stream(channels, tale, 500, Until::Sent((end - first) * events / step)).await;
    // The first answer comes once all is indexed.
    query_compliance(&channels[0]).await;
    started.elapsed()
}

/// How a month complied, out of ever more closed clocks of a year.
async fn comply(server: &Server, channels: &[Channel], data: &Path) {
    println!("\nGetCompliance of a month by target and priority; two clocks an incident");
    println!("| closed clocks | indexed in | best | median | DuckDB, best |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    let mut first = 0;
    let years = [5_000, 50_000, INCIDENTS_OF_A_YEAR].map(|many| (many, Order::Scattered));
    // Those that take longer than a part of the bench should come in the order of time.
    let wanted = wanted_incidents().map(|many| (many, Order::OfTime(many)));
    for (incidents, order) in years.into_iter().chain(wanted) {
        let indexed = fill(channels, first, incidents, order).await;
        server.settle(LEARNT_WITHIN).await;
        first = incidents;
        let mut times = Vec::new();
        for _ in 0..20 {
            let requested = Stopwatch::now();
            query_compliance(&channels[0]).await;
            times.push(requested.elapsed());
        }
        times.sort();
        let duckdb = query_duckdb(server, data).unwrap_or_default();
        let (best, median) = (times[0], times[10]);
        println!("| {} | {indexed:.1?} | {best:.2?} | {median:.2?} | {duckdb} |", incidents * 2);
    }
}

/// Every clock of a contract as a row; the ceiling streams the same messages and evaluates nothing.
async fn export(server: &Server, channel: &Channel) {
    println!("\nExportClocks of a contract's whole year");
    println!("| rows | rows/s | echo/s | share | megabytes before | at most |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let resident = server.megabytes_from_now_on();
    let (rows, elapsed, message) = export_all(channel.clone()).await;
    assert_eq!(rows, INCIDENTS_OF_A_YEAR * 2);
    let (_, most) = server.megabytes();
    let rate = a_second(rows, elapsed);
    let echo = pace::channel(echo::start_export(message, rows));
    let (echoed, elapsed, _) = export_all(echo).await;
    let ceiling = a_second(echoed, elapsed);
    let share = percent(rate, ceiling);
    println!("| {rows} | {rate} | {ceiling} | {share} % | {resident} | {most} |");
}

/// Takes in an export: how many rows, in which time, and its first message.
async fn export_all(channel: Channel) -> (u64, Duration, v1::ExportClocksResponse) {
    let request = v1::ExportClocksRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        ..Default::default()
    };
    let started = Stopwatch::now();
    let mut client = ComplianceServiceClient::new(channel);
    let mut answers = client.export_clocks(request).await.expect("an export").into_inner();
    let first = answers.message().await.expect("rows").expect("a message");
    let mut rows = first.rows.len() as u64;
    while let Some(message) = answers.message().await.expect("rows") {
        rows += message.rows.len() as u64;
    }
    (rows, started.elapsed(), first)
}

/// A year evaluated again under tighter terms; beside it, evaluated once, by what it is.
async fn simulate(server: &Server, channel: &Channel) {
    println!("\nSimulateContract over a year; two clocks an incident, evaluated under both terms");
    println!("| clocks | clocks/s | evaluated once, clocks/s | megabytes before | at most |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    let resident = server.megabytes_from_now_on();
    let clocks = INCIDENTS_OF_A_YEAR * 2;
    let mut client = ComplianceServiceClient::new(channel.clone());
    let [mut proposal, _] = facts::contracts();
    let terms = proposal.terms.as_mut().expect("terms");
    // Incidents of three facts last some forty minutes.
    terms.targets[1].limits[0].limit = Some(prost_types::Duration { seconds: 600, nanos: 0 });
    let request = v1::SimulateContractRequest {
        tenant: TENANT.into(),
        contract: Some(proposal),
        period: "2025".into(),
        ..Default::default()
    };
    let started = Stopwatch::now();
    let answer = client.simulate_contract(request).await.expect("an answer").into_inner();
    let rate = a_second(clocks, started.elapsed());
    assert!(answer.verdict_change_count > 0);
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        period: "2025".into(),
        // No tallies distinguish these two.
        group_by: vec![v1::GroupKey::Service as i32, v1::GroupKey::Category as i32],
        ..Default::default()
    };
    let started = Stopwatch::now();
    client.get_compliance(request).await.expect("an answer");
    let once = a_second(clocks, started.elapsed());
    let (_, most) = server.megabytes();
    println!("| {clocks} | {rate} | {once} | {resident} | {most} |");
}

/// The review of June, in years of ever more incidents.
async fn review(servers: &[Server]) {
    println!("\nGetServiceReview of a month; two clocks an incident");
    println!(
        "| incidents in the month | to talk of | first | best of {TURNS} | megabytes | \
         at most |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for server in servers {
        let channel = pace::channel(server.address);
        let started = Stopwatch::now();
        let reported = query_review(&channel).await;
        let (first, mut best) = (started.elapsed(), Duration::MAX);
        for _ in 0..TURNS {
            let started = Stopwatch::now();
            query_review(&channel).await;
            best = best.min(started.elapsed());
        }
        let tally = reported.total.and_then(|total| total.contractual).expect("a tally");
        let incidents = (tally.met + tally.breached) / 2;
        let (resident, most) = server.megabytes();
        let review_items = reported.clock_count;
        println!(
            "| {incidents} | {review_items} | {first:.2?} | {best:.2?} | {resident} | {most} |"
        );
    }
}

async fn query_review(channel: &Channel) -> v1::GetServiceReviewResponse {
    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        period: "2025-06".into(),
        ..Default::default()
    };
    let mut client = ComplianceServiceClient::new(channel.clone());
    client.get_service_review(request).await.expect("a review").into_inner()
}

/// Of a year, in which every target and priority has clocks.
async fn query_compliance(channel: &Channel) {
    assert_eq!(compliance(channel).await.groups.len(), 4);
}

async fn compliance(channel: &Channel) -> v1::GetComplianceResponse {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        period: "2025-06".into(),
        group_by: vec![v1::GroupKey::Target as i32, v1::GroupKey::Priority as i32],
        ..Default::default()
    };
    let mut client = ComplianceServiceClient::new(channel.clone());
    client.get_compliance(request).await.expect("an answer").into_inner()
}

/// DuckDB's best, in milliseconds, over the same rows.
fn query_duckdb(server: &Server, data: &Path) -> Option<String> {
    let python = std::env::var_os("SLX_BENCH_PYTHON")?;
    let rows = data.with_extension("csv");
    let exported = Command::new(env!("CARGO_BIN_EXE_slx"))
        .args(["export", "--contract", "workplace", "--tenant", TENANT, "--address"])
        .arg(format!("http://{}", server.address))
        .arg("-o")
        .arg(&rows)
        .output();
    assert!(exported.expect("it runs").status.success());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/query_duckdb.py");
    let reported = Command::new(python).arg(script).arg(&rows).output().expect("Python runs");
    assert!(reported.status.success(), "{}", String::from_utf8_lossy(&reported.stderr));
    Some(format!("{} ms", String::from_utf8_lossy(&reported.stdout).trim()))
}

fn row(what: &str, time: Duration, records: Option<u64>, server: &Server) {
    let rate = records.map(|records| records as f64 / time.as_secs_f64());
    let rate = rate.map(|rate| format!("{rate:.0}")).unwrap_or_default();
    let (resident, most) = server.megabytes();
    let used = server.processor_time();
    println!("| {what} | {time:.2?} | {rate} | {used:.2?} | {resident} | {most} |");
}
