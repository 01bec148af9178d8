//! Calls whose messages were encoded before, and when the transport takes them.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use http_body::{Body as HttpBody, Frame, SizeHint};
use prost::Message;
use slx::codec::v1;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{Request, Response};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::Service;

const RECORD_EVENTS: &str = "/slx.v1.IncidentService/RecordEvents";

/// When what happened to a call.
#[derive(Clone, Copy, Debug)]
pub struct CallTimes {
    /// When the transport took the first of its body: it had a stream, and room in its window.
    pub handed_over: Option<Instant>,
    pub answered: Instant,
}

pub fn encoded(request: &v1::RecordEventsRequest) -> Bytes {
    request.encode_to_vec().into()
}

/// Sends an encoded request of `RecordEvents`.
pub async fn send(channel: Channel, message: Bytes) -> (CallTimes, Result<(), Code>) {
    let handed_over = Arc::default();
    let mut client = Grpc::new(NotingChannel { channel, handed_over: Arc::clone(&handed_over) });
    let ended = match client.ready().await {
        Ok(()) => {
            let path = PathAndQuery::from_static(RECORD_EVENTS);
            client.unary(tonic::Request::new(message), path, Encoded).await
        }
        Err(error) => Err(Status::unavailable(error.to_string())),
    };
    let times = CallTimes { handed_over: handed_over.get().copied(), answered: Instant::now() };
    (times, ended.map(drop).map_err(|status| status.code()))
}

/// Begins a request of `RecordEvents` that never ends.
pub async fn begin(channel: Channel) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(RECORD_EVENTS);
    let never = tonic::Request::new(tokio_stream::pending::<Bytes>());
    client.client_streaming(never, path, Encoded).await.map(drop)
}

/// Notes when the body of a request is taken.
struct NotingChannel {
    channel: Channel,
    handed_over: Arc<OnceLock<Instant>>,
}

impl Service<Request<Body>> for NotingChannel {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = <Channel as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.channel, context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let handed_over = Arc::clone(&self.handed_over);
        self.channel.call(request.map(|body| Body::new(NotingBody { body, handed_over })))
    }
}

struct NotingBody {
    body: Body,
    handed_over: Arc<OnceLock<Instant>>,
}

impl HttpBody for NotingBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.handed_over.get_or_init(Instant::now);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Sends bytes as they are, and looks at no answer.
#[derive(Clone, Copy)]
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Encoded;
    type Decoder = Encoded;

    fn encoder(&mut self) -> Encoded {
        Encoded
    }

    fn decoder(&mut self) -> Encoded {
        Encoded
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put(buffer, message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        let length = prost::bytes::Buf::remaining(buffer);
        prost::bytes::Buf::advance(buffer, length);
        Ok(Some(()))
    }
}
