//! HTTP/1.1 on a connection, for listeners beside that of the API.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::server::Connected;

use super::connections::{Silence, Watched};
use super::serving::Stopping;

/// Bytes of a request's line and headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;

/// Serves a connection until its peer ends it, or the request under way when the server stops is
/// answered. A peer that has not sent a request's headers within `head_within` is cut off, also one
/// that has sent others.
pub(super) async fn serve_http1<C, Answer>(
    connection: Watched<C>,
    mut stopping: Stopping,
    head_within: Duration,
    answer: impl Fn(Request<Body>) -> Answer,
) where
    C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    C::ConnectInfo: Silence + Clone + Send + Sync + 'static,
    Answer: Future<Output = Response<Body>>,
{
    let peer = connection.connect_info();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let answered = answer(request.map(Body::new));
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(connection), service);
    let mut serving = pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    // Whoever broke it off has gone, and posts again what it heard nothing of.
    let _ = serving.await;
}
