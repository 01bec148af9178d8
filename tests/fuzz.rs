//! Every method of the API, called with messages that protobuf takes but no sane caller sends: the
//! server answers or refuses each, goes on, and can read again whatever it took.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use slx::codec::v1;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::absurd::message;
use crate::raw::Raw;
use crate::testing::{Server, contract, event, opened};

const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// Codes that show a caller what to do otherwise.
const REFUSALS: [Code; 7] = [
    Code::InvalidArgument,
    Code::NotFound,
    Code::AlreadyExists,
    Code::FailedPrecondition,
    Code::OutOfRange,
    Code::ResourceExhausted,
    Code::Aborted,
];

fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(slx::codec::DESCRIPTORS).expect("protos");
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// On the wire a call of one message is a stream of one.
async fn call(channel: Channel, method: &MethodDescriptor, bytes: Vec<u8>) -> Result<(), Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = path.parse().expect("a path");
    let mut client = Grpc::new(channel).max_decoding_message_size(usize::MAX);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let request = Request::new(tokio_stream::once(bytes));
    let mut answers = client.streaming(request, path, Raw).await?.into_inner();
    // A stream of notices has no end.
    let has_end = method.name() != "WatchClocks";
    while answers.message().await?.is_some() && has_end {}
    Ok(())
}

/// Whether a call was refused as those of Flight are that slx has no use for.
fn is_unused(method: &MethodDescriptor, status: &Status) -> bool {
    let unused = ["Handshake", "PollFlightInfo", "DoPut", "DoExchange", "DoAction", "ListActions"];
    let is_of_flight = method.parent_service().full_name().starts_with("arrow.flight.");
    is_of_flight && unused.contains(&method.name()) && status.code() == Code::Unimplemented
}

#[test]
fn any_call_is_answered_or_refused_and_what_was_taken_is_read_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let data = tempfile::tempdir().expect("a directory");
    let mut server = runtime.block_on(async { Server::start(data.path(), &[]) });
    let channel = runtime.block_on(async {
        let mut clients = server.clients().await;
        clients.put_office().await;
        clients.put_contract(contract("C")).await;
        clients.record(vec![event("I1", "o", "2026-11-02T09:00:00Z", opened("C", "P1"))]).await;
        let endpoint = Endpoint::from_shared(format!("http://{}", server.address));
        endpoint.expect("an address").connect_lazy()
    });
    let calls = select(methods()).prop_flat_map(|method| {
        let input = message(method.input());
        input.prop_map(move |message| (method.clone(), message))
    });
    proptest!(|((method, message) in calls)| {
        let answer = call(channel.clone(), &method, message.encode_to_vec());
        let answer = async { tokio::time::timeout(ANSWERED_WITHIN, answer).await };
        match runtime.block_on(answer).expect("an answer in time") {
            Ok(()) => {}
            Err(status) => prop_assert!(
                (REFUSALS.contains(&status.code()) || is_unused(&method, &status))
                    && !status.message().is_empty(),
                "{}: {:?}", method.full_name(), status
            ),
        }
    });
    runtime.block_on(async {
        let mut clients = server.clients().await;
        let log = server.log();
        assert!(server.is_healthy().await && !log.contains("panicked"), "{log}");
        let v1::Stamp { sequence, known_time: known, .. } =
            clients.status().await.stamp.expect("a stamp");
        let as_of = "2026-11-02T12:00:00Z";
        let evaluated = clients.evaluate("I1", as_of, known).await;
        server.kill();
        std::fs::remove_dir_all(data.path().join("views")).expect("views");
        let mut again = Server::start(data.path(), &[]);
        let mut clients = again.clients().await;
        let stamp = clients.status().await.stamp.expect("a stamp");
        assert_eq!((stamp.sequence, stamp.known_time), (sequence, known));
        assert_eq!(clients.evaluate("I1", as_of, known).await, evaluated);
    });
}
