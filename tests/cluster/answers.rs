//! Every read method gives the same answer on every node, byte for byte, over a real log.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};
use slx::codec::v1;
use slx::service::{METHODS, Need, Scope};

use super::nodes::Nodes;
use super::servers::Servers;
use crate::identity::calling::{as_caller, call};
use crate::testing::{TENANT, at, seconds, slx, succeed};

/// Incidents of the real log that are taken: its first.
const INCIDENTS: usize = 400;
/// The real log goes on until the spring of 2016.
const AS_OF: &str = "2016-04-10T12:00:00Z";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/servicenow").join(name)
}

/// The rows of the first incidents of the real log.
fn some_of_the_log(to: &Path) {
    let file = std::fs::File::open(data("incident_events.csv.zst")).expect("the log");
    let mut text = String::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(file).expect("zstd");
    decoder.read_to_string(&mut text).expect("text");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headings = rows.headers().expect("headings").clone();
    let number = headings.iter().position(|name| name == "number").expect("a column");
    let mut written = csv::Writer::from_path(to).expect("a file");
    written.write_record(&headings).expect("written");
    let mut incidents = std::collections::BTreeSet::new();
    for row in rows.records() {
        let row = row.expect("a row");
        if incidents.len() < INCIDENTS || incidents.contains(&row[number]) {
            incidents.insert(row[number].to_owned());
            written.write_record(&row).expect("written");
        }
    }
    written.flush().expect("written");
}

/// The methods that read, by their paths.
fn reads() -> Vec<(String, MethodDescriptor)> {
    let pool = DescriptorPool::decode(slx::codec::DESCRIPTORS).expect("descriptors");
    let methods = METHODS.iter().filter(|row| row.need == Need::Scope(Scope::Read));
    let methods = methods.map(|row| {
        let (service, name) = row.path.split_once('/').expect("a path");
        let service = pool.get_service_by_name(service).expect("a service");
        let method = service.methods().find(|method| method.name() == name);
        (row.path.to_owned(), method.expect("a method"))
    });
    methods.collect()
}

/// A request of a method, of what the log has, as of an instant.
fn request(method: &MethodDescriptor, incident: &str) -> Vec<u8> {
    let mut message = DynamicMessage::new(method.input());
    let texts = [
        ("tenant", TENANT),
        ("contract_id", "office"),
        ("calendar_id", "office-hours"),
        ("incident_id", incident),
        ("target_id", "resolve"),
        ("period", "2016-03"),
    ];
    for (field, text) in texts {
        if method.input().get_field_by_name(field).is_some() {
            message.set_field_by_name(field, Value::String(text.to_owned()));
        }
    }
    let times = [
        ("as_of_time", AS_OF),
        ("earlier_known_time", AS_OF),
        ("start_time", "2016-03-01T00:00:00Z"),
        ("end_time", "2016-03-08T00:00:00Z"),
    ];
    let has_period = method.input().get_field_by_name("period").is_some();
    for (field, time) in times {
        if has_period && field.ends_with("_time") && field != "as_of_time" {
            continue;
        }
        if method.input().get_field_by_name(field).is_some_and(|field| {
            field.kind().as_message().is_some_and(|kind| kind.name() == "Timestamp")
        }) {
            let mut value = message.get_field_by_name(field).expect("it is there").into_owned();
            let inner = value.as_message_mut().expect("a message");
            inner.merge(at(time).encode_to_vec().as_slice()).expect("a time");
            message.set_field_by_name(field, value);
        }
    }
    if let Some(field) = method.input().get_field_by_name("duration") {
        let mut value = message.get_field(&field).into_owned();
        let inner = value.as_message_mut().expect("a message");
        inner.merge(seconds(3_600).encode_to_vec().as_slice()).expect("a duration");
        message.set_field(&field, value);
    }
    for field in ["with_segments", "with_forecast"] {
        if method.input().get_field_by_name(field).is_some() {
            message.set_field_by_name(field, Value::Bool(true));
        }
    }
    message.encode_to_vec()
}

#[tokio::test]
async fn every_read_method_answers_alike_on_all_nodes_over_a_real_log() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(3, &servers).await;
    let folder = tempfile::tempdir().expect("a directory");
    let rows = folder.path().join("events.csv");
    some_of_the_log(&rows);
    let command = |place: usize, arguments: &[&str]| {
        let address = format!("http://{}", nodes.server(place).address);
        succeed(slx().args(arguments).args(["--address", &address, "--tenant", TENANT]))
    };
    let path = |name: &str| data(name).display().to_string();
    command(0, &["apply", "-f", &path("contracts.yaml")]);
    let mapping = path("mapping.yaml");
    command(1, &["import", "--mapping", &mapping, "--file", &rows.display().to_string()]);
    nodes.agree().await;
    let mut listed = nodes.clients(2);
    let list = v1::ListIncidentsRequest { tenant: TENANT.into(), ..Default::default() };
    let listed = listed.incidents.list_incidents(list).await.expect("listed").into_inner();
    let incident = &listed.incidents[listed.incidents.len() / 2].id;
    let (mut answered, mut refused) = (0, Vec::new());
    let mut reads = reads();
    // A stream of notices has no end.
    reads.retain(|(path, _)| !path.ends_with("/WatchClocks"));
    for (method, descriptor) in &reads {
        let mut answers = Vec::new();
        for place in 0..nodes.count() {
            let channel = as_caller(nodes.server(place), None);
            let answer = call(channel, method, request(descriptor, incident)).await;
            let answer = answer.map_err(|status| (status.code(), status.message().to_owned()));
            answers.push(answer);
        }
        match &answers[0] {
            Ok(messages) => {
                assert!(!messages.is_empty(), "{method}");
                answered += 1;
            }
            Err(error) => refused.push((method, error.clone())),
        }
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{method} differs: {answers:?}"
        );
    }
    assert!(answered >= 20, "{answered} answered, and refused: {refused:?}");
    // What each node keeps is whole, and the same.
    for place in 0..nodes.count() {
        command(place, &["status"]);
    }
}
