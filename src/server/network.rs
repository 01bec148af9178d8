//! The network: how calls come in, and how long they may take to end when the server stops.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::service::Routes;
use tonic::transport::server::Connected;
use tower::util::MapResponseLayer;
use tower::{Layer, Service};

use super::admission::Admission;
use super::around::{Answering, AroundCalls, Within};
use super::connections::{self, ConnectionBounds, Silence, Watched};
use super::entrance::Entrance;
use super::gathered::{EndOfTurn, gather};
use super::identity::{Gate, Security, shake_hands};
use super::serving::{AtOnce, Stopping, serve_each};
use super::telemetry::{CallSpans, Calls};
use super::unanswered;

/// Streams a connection may have open at once: whatever else its client would send waits there.
const STREAMS_PER_CONNECTION_MAX: u32 = 128;
/// Bytes in a request's headers.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Bytes a stream or connection may send ahead. While the server is late, so much of each
/// connection is on its way, and waits longer than what is let in.
const WINDOW_BYTES: u32 = 256 * 1024;
/// Streams that a peer resets before they are looked at; with more its connection ends.
const RESETS_WAITING_MAX: usize = 20;
/// Streams that are reset since the peer broke the rules; with more its connection ends.
const FAULTS_PER_CONNECTION_MAX: usize = 64;
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// What stands between the network and the services.
pub(super) struct Network {
    /// Bounds on connections.
    pub connections: ConnectionBounds,
    /// What is counted of calls.
    pub calls: Calls,
    /// Lets calls in as far as there is room.
    pub admission: Admission,
    /// Lets calls in by who makes them.
    pub security: Security,
    /// How long calls may take to finish when the server stops.
    pub drain: Duration,
}

impl Network {
    /// Serves until signalled to stop, then lets calls finish, but not for ever.
    pub async fn serve(self, routes: Routes, listener: TcpListener, stopping: Stopping) {
        let incoming = connections::accept(listener, self.connections);
        let (bounds, drain) = (self.connections, self.drain);
        let calls = all_around(routes, self.security.gate, self.admission, self.calls);
        let all_ended = match self.security.tls {
            None => serve_calls(calls, incoming, bounds, stopping, drain).await,
            Some(tls) => {
                serve_calls(calls, shake_hands(incoming, tls), bounds, stopping, drain).await
            }
        };
        if !all_ended {
            tracing::warn!(seconds = drain.as_secs(), "some calls did not finish in time");
        }
    }
}

/// The services behind what every call passes, however it came in.
pub(super) fn all_around(
    routes: Routes,
    gate: Gate,
    admission: Admission,
    calls: Calls,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answering>
+ Clone
+ Send
+ Sync
+ 'static {
    let within = AroundCalls(gate).layer(routes.prepare());
    let within = AroundCalls(admission.clone()).layer(within);
    let within = MapResponseLayer::new(unanswered::explain).layer(within);
    let within = AroundCalls(calls.clone()).layer(within);
    let within = AroundCalls(CallSpans).layer(within);
    AroundCalls(Arc::new(Entrance { admission, calls })).layer(Within(Arc::new(within)))
}

/// Serves calls on each connection that comes in.
async fn serve_calls<S, C>(
    calls: S,
    incoming: impl Stream<Item = io::Result<C>> + Send,
    bounds: ConnectionBounds,
    stopping: Stopping,
    drain: Duration,
) -> bool
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answering>,
    S: Clone + Send + Sync + 'static,
    C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    C::ConnectInfo: Silence + Clone + Send + Sync + 'static,
{
    let http = http();
    let serve = |connection, stopping| serve_one(http.clone(), calls.clone(), connection, stopping);
    serve_each(incoming, bounds, stopping, drain, serve).await
}

async fn serve_one<S, C>(
    http: http2::Builder<AtOnce>,
    calls: S,
    connection: Watched<C>,
    mut stopping: Stopping,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answering>,
    S: Clone + Send + 'static,
    C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    C::ConnectInfo: Silence + Clone + Send + Sync + 'static,
{
    let peer = connection.connect_info();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        // Nothing around the calls or behind them has to become ready for one.
        calls.clone().call(request.map(Body::new))
    });
    let (connection, turn) = gather(connection);
    let mut serving = pin!(http.serve_connection(TokioIo::new(connection), service));
    tokio::select! {
        served = in_turns(serving.as_mut(), &turn) => return note_end(served),
        _ = stopping.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    note_end(in_turns(serving, &turn).await);
}

/// Serves a connection, and writes at the end of each of its turns what it has to send.
async fn in_turns<C: AsyncWrite + Unpin>(
    mut serving: Pin<&mut impl Future<Output = hyper::Result<()>>>,
    turn: &EndOfTurn<C>,
) -> anyhow::Result<()> {
    poll_fn(|context| {
        let served = serving.as_mut().poll(context);
        // What is left is written when there is room again, which wakes the connection.
        if let Poll::Ready(Err(error)) = turn.poll_written(context) {
            return Poll::Ready(Err(error.into()));
        }
        Poll::Ready(Ok(ready!(served)?))
    })
    .await
}

fn note_end(served: anyhow::Result<()>) {
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// How HTTP/2 is spoken.
fn http() -> http2::Builder<AtOnce> {
    let mut http = http2::Builder::new(AtOnce);
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        // gRPC has no use for it.
        .auto_date_header(false)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_WAITING_MAX)
        .max_local_error_reset_streams(FAULTS_PER_CONNECTION_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_ANSWERED_WITHIN);
    http
}
