//! The bodies of requests: when they must be there, and how much of all of them is held at once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;

use crate::service::{request_too_slow, too_many_bytes_held};

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// The methods of which a request is a stream of messages, each by itself; others take one.
const STREAMS: [&str; 3] = [
    "/slx.v1.IncidentService/StreamEvents",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// What bounds the bodies of requests.
#[derive(Clone, Copy, Debug)]
pub struct BodyBounds {
    /// How long one message may take until it is there whole.
    pub within: Duration,
    /// Bytes of messages that are not there whole which are held in all.
    pub held: usize,
}

/// Bounds the bodies of requests.
#[derive(Clone, Debug)]
pub(super) struct RequestBodies {
    bounds: BodyBounds,
    held: Arc<AtomicUsize>,
}

impl RequestBodies {
    pub fn new(bounds: BodyBounds) -> RequestBodies {
        RequestBodies { bounds, held: Arc::default() }
    }

    /// The request with its body bounded.
    pub fn bound(&self, request: Request<Body>) -> Request<Body> {
        let message = match STREAMS.contains(&request.uri().path()) {
            true => Message::OneOfMany { length: 0 },
            false => Message::Only,
        };
        request.map(|inner| Body::new(self.bound_body(inner, message)))
    }

    fn bound_body(&self, inner: Body, message: Message) -> Bounded {
        let patience = Box::pin(tokio::time::sleep(self.bounds.within));
        let bodies = self.clone();
        Bounded { inner, bodies, message, held: 0, is_awaited: true, patience }
    }
}

/// The message that is received.
#[derive(Clone, Copy, Debug)]
enum Message {
    /// The only one of its request.
    Only,
    /// One of a stream, of this length as far as its prefix is there.
    OneOfMany { length: usize },
}

/// The body of a request.
struct Bounded {
    inner: Body,
    bodies: RequestBodies,
    message: Message,
    /// Bytes of the message that is not there whole.
    held: usize,
    /// Whether a message must come: some of it is there, or it is the first.
    is_awaited: bool,
    patience: Pin<Box<Sleep>>,
}

impl Bounded {
    /// Takes in some bytes.
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Status> {
        let before = self.held;
        match &mut self.message {
            Message::Only => self.held += bytes.len(),
            Message::OneOfMany { length } => {
                self.held = left_over(self.held, length, bytes);
                self.is_awaited = self.held > 0;
                if self.is_awaited && before == 0 {
                    self.patience.as_mut().reset(Instant::now() + self.bodies.bounds.within);
                }
            }
        }
        let all = &self.bodies.held;
        let now = match self.held.checked_sub(before) {
            Some(more) => all.fetch_add(more, Ordering::Relaxed) + more,
            None => all.fetch_sub(before - self.held, Ordering::Relaxed),
        };
        match now > self.bodies.bounds.held {
            true => Err(too_many_bytes_held()),
            false => Ok(()),
        }
    }
}

/// How many bytes there are of a message that is not there whole, after some more of its stream.
fn left_over(mut held: usize, length: &mut usize, mut bytes: &[u8]) -> usize {
    while let Some((first, rest)) = bytes.split_first() {
        if held < PREFIX_BYTES {
            *length = if held == 0 { 0 } else { *length << 8 | usize::from(*first) };
            held += 1;
            bytes = rest;
        } else {
            let taken = bytes.len().min(PREFIX_BYTES + *length - held);
            held += taken;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        if held == PREFIX_BYTES + *length && held >= PREFIX_BYTES {
            held = 0;
        }
    }
    held
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let received = frame.data_ref().map_or(Ok(()), |bytes| self.receive(bytes));
                Poll::Ready(Some(received.map(|()| frame)))
            }
            Poll::Pending if self.is_awaited => {
                let within = self.bodies.bounds.within;
                self.patience.as_mut().poll(context).map(|()| Some(Err(request_too_slow(within))))
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        self.bodies.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use prost_reflect::DescriptorPool;
    use tokio::sync::mpsc;

    use super::*;
    use crate::codec::DESCRIPTORS;

    const BOUNDS: BodyBounds = BodyBounds { within: Duration::from_millis(20), held: 100 };

    /// A body whose frames are sent one by one, and never end.
    struct Sent(mpsc::UnboundedReceiver<Bytes>);

    impl HttpBody for Sent {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
        }
    }

    fn sent(bodies: &RequestBodies, message: Message) -> (mpsc::UnboundedSender<Bytes>, Bounded) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, bodies.bound_body(Body::new(Sent(receiver)), message))
    }

    async fn next(body: &mut Bounded) -> Result<usize, Status> {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        Ok(frame.unwrap()?.data_ref().unwrap().len())
    }

    #[test]
    fn messages_are_separated_however_they_are_cut() {
        let message =
            |length: u8| [vec![0, 0, 0, 0, length], vec![7; usize::from(length)]].concat();
        let stream = [message(3), message(0), message(200), message(1), vec![0, 0, 0]].concat();
        for size in 1..stream.len() {
            let (mut held, mut length) = (0, 0);
            for bytes in stream.chunks(size) {
                held = left_over(held, &mut length, bytes);
            }
            assert_eq!(held, 3, "cut into {size}");
        }
    }

    #[tokio::test]
    async fn a_request_that_does_not_come_whole_in_time_is_cut_off() {
        let bodies = RequestBodies::new(BOUNDS);
        let (sender, mut body) = sent(&bodies, Message::Only);
        sender.send(Bytes::from_static(&[0; 50])).unwrap();
        assert_eq!(next(&mut body).await.unwrap(), 50);
        assert_eq!(next(&mut body).await.unwrap_err().code(), tonic::Code::DeadlineExceeded);
        drop(body);
        assert_eq!(bodies.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_stream_may_rest_between_messages_and_not_within_one() {
        let bodies = RequestBodies::new(BOUNDS);
        let (sender, mut body) = sent(&bodies, Message::OneOfMany { length: 0 });
        sender.send(Bytes::from_static(&[0, 0, 0, 0, 1, 9])).unwrap();
        next(&mut body).await.unwrap();
        let rested = tokio::time::timeout(3 * BOUNDS.within, next(&mut body)).await;
        assert!(rested.is_err(), "it may rest");
        sender.send(Bytes::from_static(&[0, 0])).unwrap();
        next(&mut body).await.unwrap();
        let began = Instant::now();
        assert!(next(&mut body).await.is_err());
        assert!(began.elapsed() >= BOUNDS.within);
    }

    #[tokio::test]
    async fn all_requests_together_hold_so_much_and_no_more() {
        let bodies = RequestBodies::new(BOUNDS);
        let (first_sender, mut first) = sent(&bodies, Message::Only);
        let (second_sender, mut second) = sent(&bodies, Message::Only);
        first_sender.send(Bytes::from_static(&[0; 60])).unwrap();
        second_sender.send(Bytes::from_static(&[0; 60])).unwrap();
        next(&mut first).await.unwrap();
        assert_eq!(next(&mut second).await.unwrap_err().code(), tonic::Code::ResourceExhausted);
        drop(second);
        let (third_sender, mut third) = sent(&bodies, Message::Only);
        third_sender.send(Bytes::from_static(&[0; 40])).unwrap();
        next(&mut third).await.unwrap();
    }

    #[test]
    fn every_method_that_takes_a_stream_is_known() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let streams = methods.filter(prost_reflect::MethodDescriptor::is_client_streaming);
        for method in streams {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            assert!(STREAMS.contains(&path.as_str()), "{path}");
        }
    }
}
