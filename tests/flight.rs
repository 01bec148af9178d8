//! Arrow Flight from outside: tables as record batches, whole or what changed, refused and bounded
//! as everything else.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use prost::Message;
use slx::codec::flight::flight_service_client::FlightServiceClient;
use slx::codec::flight::{Criteria, FlightDescriptor, Ticket};
use slx::codec::tables::TableReader;
use slx::codec::v1;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::compliance::promising;
use crate::export::{fill, request};
use crate::testing::{Clients, Server, TENANT, at, event, opened};

const LATER: &str = "2026-12-20T10:00:00Z";
/// A batch holds 64 KiB of rows, and what Arrow adds to them.
const BATCH_BYTES_MAX: usize = 128 * 1024;

/// What a pull gave.
struct Pulled {
    token: String,
    batches: Vec<RecordBatch>,
}

fn command(table: &str, more: &str) -> Vec<u8> {
    format!("{{\"tenant\": {TENANT:?}, \"table\": {table:?}{more}}}").into_bytes()
}

async fn pull(server: &Server, table: &str, more: &str) -> Result<Pulled, Status> {
    let mut client: FlightServiceClient<Channel> = FlightServiceClient::new(server.channel());
    let answers = client.do_get(Ticket { ticket: command(table, more) }).await?;
    let mut answers = answers.into_inner();
    let first = answers.message().await?.expect("a schema");
    let reader = TableReader::begin(&first).expect("a schema");
    let mut batches = Vec::new();
    while let Some(data) = answers.message().await? {
        assert!(data.encoded_len() < BATCH_BYTES_MAX, "{} bytes", data.encoded_len());
        batches.push(reader.batch(data).expect("rows"));
    }
    Ok(Pulled { token: reader.schema().metadata["slx.token"].clone(), batches })
}

/// How many rows a table has, each batch dropped as it comes.
pub async fn count(server: &Server, table: &str) -> usize {
    let mut client: FlightServiceClient<Channel> = FlightServiceClient::new(server.channel());
    let answers = client.do_get(Ticket { ticket: command(table, "") }).await.expect("rows");
    let mut answers = answers.into_inner();
    let first = answers.message().await.expect("a schema").expect("a schema");
    let (reader, mut rows) = (TableReader::begin(&first).expect("a schema"), 0);
    while let Some(data) = answers.message().await.expect("more") {
        rows += reader.batch(data).expect("rows").num_rows();
    }
    rows
}

impl Pulled {
    fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn texts(&self, column: &str) -> Vec<String> {
        let columns = self.batches.iter().map(|batch| batch.column_by_name(column).expect(column));
        let texts = columns.flat_map(|column| column.as_string::<i32>().iter());
        texts.map(|text| text.expect("a text").to_owned()).collect()
    }

    fn numbers(&self, column: &str) -> Vec<i64> {
        let columns = self.batches.iter().map(|batch| batch.column_by_name(column).expect(column));
        let numbers = columns.flat_map(|column| match column.as_primitive_opt::<Int64Type>() {
            Some(numbers) => numbers.values().to_vec(),
            None => {
                let numbers = column.as_primitive::<Int32Type>().values();
                numbers.iter().map(|number| i64::from(*number)).collect()
            }
        });
        numbers.collect()
    }
}

async fn exported(clients: &mut Clients) -> Vec<v1::ClockRow> {
    let request = v1::ExportClocksRequest { as_of_time: Some(at(LATER)), ..request() };
    let answers = clients.compliance.export_clocks(request).await.expect("exported");
    let (mut answers, mut rows) = (answers.into_inner(), Vec::new());
    while let Some(answer) = answers.message().await.expect("more") {
        rows.extend(answer.rows);
    }
    rows
}

#[tokio::test]
async fn the_table_of_clocks_is_what_is_exported() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let rows = exported(&mut clients).await;
    let pulled = pull(&server, "clocks", &format!(", \"as_of_time\": {LATER:?}")).await;
    let pulled = pulled.expect("pulled");
    assert!(pulled.rows() > 50, "{} rows", pulled.rows());
    let texts = |text: fn(&v1::ClockRow) -> &str| -> Vec<String> {
        rows.iter().map(|row| text(row).to_owned()).collect()
    };
    assert_eq!(pulled.texts("incident_id"), texts(|row| &row.incident_id));
    assert_eq!(pulled.texts("category"), texts(|row| &row.category));
    assert_eq!(pulled.texts("exclusion"), texts(|row| &row.exclusion));
    let outcomes = rows.iter().map(|row| row.outcome().as_str_name());
    let outcomes = outcomes.map(|name| name.trim_start_matches("OUTCOME_").to_lowercase());
    assert_eq!(pulled.texts("outcome"), outcomes.collect::<Vec<_>>());
    let nanos = rows.iter().filter_map(|row| row.elapsed);
    let nanos = nanos.map(|span| span.seconds * 1_000_000_000 + i64::from(span.nanos));
    assert_eq!(pulled.numbers("elapsed_nanos"), nanos.collect::<Vec<_>>());
    let cycles: Vec<_> = rows.iter().map(|row| i64::from(row.cycle)).collect();
    assert_eq!(pulled.numbers("cycle"), cycles);
}

#[tokio::test]
async fn what_changed_is_what_was_recorded_since() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(promising("C")).await;
    let open = |id: &str, time: &str| event(id, "o", time, opened("C", "P1"));
    let day = "2026-10-05T09:00:00Z";
    clients.record(vec![open("A", day), open("B", day)]).await;
    let as_of = format!(", \"as_of_time\": {LATER:?}");
    let first = pull(&server, "incidents", &as_of).await.expect("pulled");
    assert_eq!(first.texts("incident_id"), ["A", "B"]);
    let since = |token: &str| format!("{as_of}, \"since\": {token:?}");
    let none = pull(&server, "incidents", &since(&first.token)).await.expect("pulled");
    assert_eq!(none.rows(), 0);
    let resolved = v1::incident_event::Fact::Resolved(v1::Resolved {});
    let retracted = v1::Retracted { event_id: "o".into() };
    let retracted = v1::incident_event::Fact::Retracted(retracted);
    let later = "2026-10-06T09:00:00Z";
    let facts =
        vec![event("A", "r", later, resolved), event("B", "x", later, retracted), open("C", later)];
    clients.record(facts).await;
    let changed = pull(&server, "incidents", &since(&none.token)).await.expect("pulled");
    let found: BTreeMap<_, _> =
        changed.texts("incident_id").into_iter().zip(changed.texts("change")).collect();
    assert_eq!(found["A"], "changed");
    assert_eq!(found["C"], "added");
    assert!(["changed", "withdrawn"].contains(&found["B"].as_str()), "{found:?}");
    let clocks = pull(&server, "clocks", &as_of).await.expect("pulled");
    let nothing = pull(&server, "clocks", &since(&clocks.token)).await.expect("pulled");
    assert_eq!(nothing.rows(), 0);
}

#[tokio::test]
async fn what_is_wrong_names_its_field() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(promising("C")).await;
    for (table, more, code, part) in [
        ("clock", "", Code::InvalidArgument, "table"),
        ("clocks", ", \"perriod\": \"2026-10\"", Code::InvalidArgument, "unknown field"),
        ("clocks", ", \"period\": \"2026-10\"", Code::InvalidArgument, "contract_id"),
        ("incidents", ", \"period\": \"2026-10\"", Code::InvalidArgument, "of no period"),
        ("coverage", "", Code::InvalidArgument, "period"),
        ("clocks", ", \"since\": \"abc\"", Code::InvalidArgument, "since"),
        ("clocks", ", \"as_of_time\": \"yesterday\"", Code::InvalidArgument, "as_of_time"),
        ("clocks", ", \"contract_id\": \"none\"", Code::NotFound, "none"),
        ("clocks", ", \"min_sequence\": 1000", Code::OutOfRange, "1000"),
    ] {
        let status = pull(&server, table, more).await.err().expect("refused");
        assert_eq!(status.code(), code, "{table}{more}: {status}");
        assert!(status.message().contains(part), "{table}{more}: {status}");
    }
    let mut client = FlightServiceClient::new(server.channel());
    let descriptor = FlightDescriptor { cmd: b"clocks".to_vec(), ..Default::default() };
    let status = client.get_flight_info(descriptor).await.expect_err("no command");
    assert!(status.message().contains("write JSON"), "{status}");
    let expression = b"{\"tenant\": \"nobody\"}".to_vec();
    let listed = client.list_flights(Criteria { expression }).await;
    let status = match listed {
        Ok(answers) => answers.into_inner().message().await.expect_err("nobody's"),
        Err(status) => status,
    };
    assert_eq!(status.code(), Code::NotFound, "{status}");
}
