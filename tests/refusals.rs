//! What is refused before a method is called: with a reason, and shown by reflection alone.

use std::process::Command;

use crate::testing::{Server, succeed};

/// Sends what no client of slx would, and shows the details by nothing but reflection.
const REFUSED: &str = r#"
import sys
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)

channel = grpc.insecure_channel(sys.argv[1])
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
message = lambda name: GetMessageClass(pool.FindMessageTypeByName("google.rpc." + name))

def refused(name, method, body, **options):
    call = channel.unary_unary(method, lambda body: body, lambda body: body)
    try:
        call(body, **options)
        print(name, "was answered")
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        status = message("Status").FromString(details)
        info = message("ErrorInfo")()
        assert any(detail.Unpack(info) for detail in status.details), status
        print(name, error.code().name, info.domain, info.reason, "|", error.details())

LIST = "/slx.v1.ContractService/ListContracts"
refused("large", "/slx.v1.IncidentService/RecordEvents", b"\x0a" + b"\xff" * 5_000_000)
refused("undecodable", LIST, b"\x08\x01")
refused("compressed", LIST, b"\x0a\x01t" * 100, compression=grpc.Compression.Gzip)
refused("method", "/slx.v1.ContractService/DropContract", b"")
refused("service", "/slx.v1.NoService/List", b"")
refused("tenant", LIST, b"")
"#;

/// I7: these statuses came without an ErrorInfo, and reflection lacked `google.rpc`.
#[tokio::test]
async fn whatever_refuses_a_call_gives_its_reason_and_reflection_describes_the_details() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    server.clients().await;
    let python = std::env::var("SLX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let shown = succeed(Command::new(python).args(["-c", REFUSED, &server.address]));
    for line in [
        "large RESOURCE_EXHAUSTED slx LIMIT_EXCEEDED | the request is too large: found 5000001",
        "undecodable INVALID_ARGUMENT slx MALFORMED_MESSAGE | the request can't be decoded: ",
        "compressed UNIMPLEMENTED slx COMPRESSION_UNSUPPORTED | ",
        "method UNIMPLEMENTED slx METHOD_NOT_FOUND | there is no such method",
        "service UNIMPLEMENTED slx METHOD_NOT_FOUND | there is no such method",
        "tenant INVALID_ARGUMENT slx INVALID_FIELD | ",
    ] {
        assert!(shown.contains(line), "no {line:?} in:\n{shown}");
    }
}
