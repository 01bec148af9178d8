//! The bodies of requests: when they must be there, and how much of all of them is held at once.

use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, timeout};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;

use crate::service::{request_too_slow, too_many_bytes_held};

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// The methods of which a request is a stream of messages, each by itself; others take one.
const STREAMS: [&str; 6] = [
    "/slx.v1.IncidentService/StreamEvents",
    // None of these is used: they are refused before anything of their streams is read.
    "/arrow.flight.protocol.FlightService/Handshake",
    "/arrow.flight.protocol.FlightService/DoPut",
    "/arrow.flight.protocol.FlightService/DoExchange",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// What share of the bytes that are held may be of bodies of which nobody knows yet whose they are.
const UNVERIFIED_SHARE: usize = 8;

/// How long a body that nobody reads is still taken in: longer than the network is late.
const DISCARDED_FOR: Duration = Duration::from_secs(5);
/// Of how many requests they are: with more, bodies are left where they are.
const DISCARDED_MAX: usize = 8_192;

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
    /// Bytes among these of bodies of which nobody knows yet whose they are.
    unverified: Arc<AtomicUsize>,
    /// Places of bodies that are discarded.
    discarded: Arc<Semaphore>,
}

impl RequestBodies {
    pub fn new(bounds: BodyBounds) -> RequestBodies {
        let discarded = Arc::new(Semaphore::new(DISCARDED_MAX));
        RequestBodies { bounds, held: Arc::default(), unverified: Arc::default(), discarded }
    }

    /// The request with its body bounded.
    pub fn bound(&self, request: Request<Body>) -> Request<Body> {
        let is_stream = is_stream(&request);
        request.map(|inner| Body::new(self.bound_body(inner, is_stream)))
    }

    /// Drops a request that is refused by its headers.
    pub fn refuse(&self, request: Request<Body>) {
        if !is_stream(&request) {
            self.discard(request.into_body());
        }
    }

    /// All of a body that is not made of messages, once it is there.
    ///
    /// # Errors
    /// It has more than `most` bytes, or does not come in time, or too much of all is held.
    pub async fn whole(&self, body: Body, most: usize) -> Result<Vec<u8>, Unread> {
        self.whole_within(body, most, &mut [self.share()]).await
    }

    /// The same of a body that says only once it is there whose it is: a part of what is held is
    /// for such, and at least as much as one of them may have.
    pub async fn whole_unverified(&self, body: Body, most: usize) -> Result<Vec<u8>, Unread> {
        let all = (self.bounds.held / UNVERIFIED_SHARE).max(most);
        let unverified = Share { of: &self.unverified, bytes: 0, most: all };
        self.whole_within(body, most, &mut [unverified, self.share()]).await
    }

    fn share(&self) -> Share<'_> {
        Share { of: &self.held, bytes: 0, most: self.bounds.held }
    }

    async fn whole_within(
        &self,
        mut body: Body,
        most: usize,
        shares: &mut [Share<'_>],
    ) -> Result<Vec<u8>, Unread> {
        let read = timeout(self.bounds.within, read(&mut body, most, shares)).await;
        let read = read.unwrap_or(Err(Unread::TooSlow));
        if matches!(read, Err(Unread::TooLarge | Unread::TooMuchHeld)) {
            self.discard(body);
        }
        read
    }

    /// Takes in what is still sent of a body that nobody reads, for a while. A stream that was
    /// answered before its body came would be reset, and a connection that sends much on streams
    /// that were reset is ended, with all its other calls.
    pub fn discard(&self, mut body: Body) {
        // Mostly all of it came with the headers.
        if body.is_end_stream() || is_taken_in(&mut body) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let Ok(place) = Arc::clone(&self.discarded).try_acquire_owned() else { return };
        runtime.spawn(async move {
            let _place = place;
            let mut next = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            let all = async { while let Some(Ok(_)) = (&mut next).await {} };
            // Whoever takes longer has to bear it.
            let _ = timeout(DISCARDED_FOR, all).await;
        });
    }

    fn bound_body(&self, inner: Body, is_stream: bool) -> Bounded {
        let patience = Box::pin(tokio::time::sleep(self.bounds.within));
        let (bodies, message) = (self.clone(), Message::default());
        Bounded { inner, bodies, is_stream, message, held: 0, is_awaited: true, patience }
    }
}

/// Takes in what is there of a body that nobody reads, and says whether that was all.
fn is_taken_in(body: &mut Body) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match Pin::new(&mut *body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_)) | None) => return true,
            Poll::Pending => return false,
        }
    }
}

async fn read(body: &mut Body, most: usize, shares: &mut [Share<'_>]) -> Result<Vec<u8>, Unread> {
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Unread::Broken)?;
        let bytes = frame.data_ref().map_or(&[][..], |bytes| bytes);
        if whole.len() + bytes.len() > most {
            return Err(Unread::TooLarge);
        }
        if !shares.iter_mut().all(|share| share.grow(bytes.len())) {
            return Err(Unread::TooMuchHeld);
        }
        whole.extend_from_slice(bytes);
    }
    Ok(whole)
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has too many bytes.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// Too many bytes of all bodies are held.
    TooMuchHeld,
    /// Its connection broke.
    Broken,
}

/// A body's share of the bytes that are held, until it is there whole or given up.
struct Share<'b> {
    of: &'b AtomicUsize,
    bytes: usize,
    /// How many may be held in all.
    most: usize,
}

impl Share<'_> {
    /// Takes more bytes, and says whether so many may be held in all.
    fn grow(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.of.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.most
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.of.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn is_stream(request: &Request<Body>) -> bool {
    STREAMS.contains(&request.uri().path())
}

/// The message that is received.
#[derive(Clone, Copy, Debug, Default)]
struct Message {
    /// Bytes of it that are there; 0: it is there whole, or not begun.
    bytes: usize,
    /// How long it is without its prefix, as far as that is there.
    length: usize,
}

/// The body of a request.
struct Bounded {
    inner: Body,
    bodies: RequestBodies,
    /// Whether more messages than one may come.
    is_stream: bool,
    message: Message,
    /// Bytes that it has a share of.
    held: usize,
    /// Whether a message must come: some of it is there, or it is the first.
    is_awaited: bool,
    patience: Pin<Box<Sleep>>,
}

impl Bounded {
    /// Takes in some bytes.
    fn receive(&mut self, bytes: &[u8]) -> Result<(), Status> {
        let before = self.held;
        let was_begun = self.message.bytes > 0;
        self.message.receive(bytes);
        let takes = self.message.takes(self.bodies.bounds.held);
        if self.is_stream {
            self.held = takes;
            self.is_awaited = self.message.bytes > 0;
            if self.is_awaited && !was_begun {
                self.patience.as_mut().reset(Instant::now() + self.bodies.bounds.within);
            }
        } else {
            // The request is there whole only when its end is.
            self.held = self.held.max(takes).max(bytes.len());
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

impl Message {
    /// Takes in more bytes of the stream of messages.
    fn receive(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.bytes < PREFIX_BYTES {
                // The first byte is no part of the length.
                self.length =
                    if self.bytes == 0 { 0 } else { self.length << 8 | usize::from(*first) };
                self.bytes += 1;
                bytes = rest;
            } else {
                let taken = bytes.len().min(PREFIX_BYTES + self.length - self.bytes);
                self.bytes += taken;
                bytes = bytes.get(taken..).unwrap_or_default();
            }
            if self.bytes == PREFIX_BYTES + self.length && self.bytes >= PREFIX_BYTES {
                self.bytes = 0;
            }
        }
    }

    /// How much is set aside for it: as much as it says it has, once it says so. One that says more
    /// than `most` is refused for its size.
    fn takes(&self, most: usize) -> usize {
        match self.bytes {
            PREFIX_BYTES.. if self.length <= most => PREFIX_BYTES + self.length,
            bytes => bytes,
        }
    }
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
        if !self.is_stream {
            self.bodies.discard(mem::take(&mut self.inner));
        }
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

    fn sent(bodies: &RequestBodies, is_stream: bool) -> (mpsc::UnboundedSender<Bytes>, Bounded) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, bodies.bound_body(Body::new(Sent(receiver)), is_stream))
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
            let mut message = Message::default();
            for bytes in stream.chunks(size) {
                message.receive(bytes);
            }
            assert_eq!(message.bytes, 3, "cut into {size}");
        }
    }

    #[tokio::test]
    async fn a_request_that_does_not_come_whole_in_time_is_cut_off() {
        let bodies = RequestBodies::new(BOUNDS);
        let (sender, mut body) = sent(&bodies, false);
        sender.send(Bytes::from_static(&[0; 50])).unwrap();
        assert_eq!(next(&mut body).await.unwrap(), 50);
        assert_eq!(next(&mut body).await.unwrap_err().code(), tonic::Code::DeadlineExceeded);
        drop(body);
        assert_eq!(bodies.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_stream_may_rest_between_messages_and_not_within_one() {
        let bodies = RequestBodies::new(BOUNDS);
        let (sender, mut body) = sent(&bodies, true);
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

    #[test]
    fn a_message_takes_what_it_says_it_has_as_soon_as_it_says_so() {
        let mut message = Message::default();
        message.receive(&[0, 0, 0, 0]);
        assert_eq!(message.takes(100), 4);
        message.receive(&[90, 1]);
        assert_eq!(message.takes(100), 95);
        assert_eq!(message.takes(80), 6, "it is refused for its size");
    }

    #[tokio::test]
    async fn all_requests_together_hold_so_much_and_no_more() {
        let bodies = RequestBodies::new(BOUNDS);
        let (first_sender, mut first) = sent(&bodies, false);
        let (second_sender, mut second) = sent(&bodies, false);
        first_sender.send(Bytes::from_static(&[0; 60])).unwrap();
        second_sender.send(Bytes::from_static(&[0; 60])).unwrap();
        next(&mut first).await.unwrap();
        assert_eq!(next(&mut second).await.unwrap_err().code(), tonic::Code::ResourceExhausted);
        drop(second);
        let (third_sender, mut third) = sent(&bodies, false);
        third_sender.send(Bytes::from_static(&[0; 40])).unwrap();
        next(&mut third).await.unwrap();
    }

    #[tokio::test]
    async fn a_body_is_read_whole_within_its_bounds_and_holds_nothing_afterwards() {
        let bodies = RequestBodies::new(BOUNDS);
        let body = |sizes: &[usize]| {
            let (sender, receiver) = mpsc::unbounded_channel();
            sizes.iter().for_each(|size| sender.send(Bytes::from(vec![7; *size])).unwrap());
            (sender, Body::new(Sent(receiver)))
        };
        let (sender, whole) = body(&[40, 30]);
        drop(sender);
        assert_eq!(bodies.whole(whole, 70).await, Ok(vec![7; 70]));
        let (_open, large) = body(&[40, 31]);
        assert_eq!(bodies.whole(large, 70).await, Err(Unread::TooLarge));
        let (_open, slow) = body(&[40]);
        assert_eq!(bodies.whole(slow, 70).await, Err(Unread::TooSlow));
        let (_open, much) = body(&[60, 60]);
        assert_eq!(bodies.whole(much, 1_000).await, Err(Unread::TooMuchHeld));
        assert_eq!(bodies.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn bodies_of_which_nobody_knows_whose_they_are_take_a_part_of_what_is_held() {
        let bodies = RequestBodies::new(BodyBounds { within: Duration::from_secs(60), ..BOUNDS });
        let body = |size: usize| {
            let (sender, receiver) = mpsc::unbounded_channel();
            sender.send(Bytes::from(vec![7; size])).unwrap();
            (sender, Body::new(Sent(receiver)))
        };
        // An eighth of a hundred bytes.
        let (_open, first) = body(8);
        let mut first = Box::pin(bodies.whole_unverified(first, 10));
        let is_there = tokio::time::timeout(Duration::from_millis(20), &mut first).await;
        assert!(is_there.is_err(), "it is still open");
        let (_open, second) = body(5);
        assert_eq!(bodies.whole_unverified(second, 10).await, Err(Unread::TooMuchHeld));
        let (sender, other) = body(90);
        drop(sender);
        assert_eq!(bodies.whole(other, 90).await, Ok(vec![7; 90]));
        drop(first);
        // One of the largest fits, however little that is of all.
        let (sender, large) = body(60);
        drop(sender);
        assert_eq!(bodies.whole_unverified(large, 60).await, Ok(vec![7; 60]));
        let left = [&bodies.held, &bodies.unverified].map(|held| held.load(Ordering::Relaxed));
        assert_eq!(left, [0, 0]);
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
