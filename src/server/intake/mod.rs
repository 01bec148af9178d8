//! The intake: tools post what happened to their incidents, and a mapping makes facts of it.
//!
//! [`door`] is where posts come in, [`sources`] says who posts what, [`signature`] whether a tool
//! signed a post, [`post`] takes one in, [`answer`] says what became of it, and [`counts`] counts
//! that.

mod answer;
mod counts;
mod door;
mod post;
mod signature;
mod sources;

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::transport::server::Connected;

use super::admission::Admission;
use super::connections::{self, ConnectionBounds, Silence, Watched};
use super::identity::{Gate, shake_hands};
use super::serving::{Stopping, serve_each};
use crate::service::Services;
pub(super) use counts::IntakeCounts;
pub(super) use door::IntakeDoor;
pub use door::IntakeSettings;
use sources::Sources;

/// Bytes of a request's line and headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// A peer that has not sent a request's headers by then is cut off, also one that has sent others.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// What takes posts in.
pub(super) struct Intake {
    pub gate: Gate,
    /// Lets posts in as far as there is room, as calls.
    pub admission: Admission,
    pub services: Services,
    pub counts: IntakeCounts,
    /// Bounds on its connections, of which it may have as many as the services.
    pub connections: ConnectionBounds,
    /// How long posts may take to finish when the server stops.
    pub drain: Duration,
}

impl Intake {
    /// Serves until signalled to stop, then lets posts finish, but not for ever.
    pub async fn serve(self, door: IntakeDoor, stopping: Stopping) {
        let IntakeDoor { sources, tls, listener } = door;
        self.counts.begin(sources.names());
        let incoming = connections::accept(listener, self.connections);
        let posts = Posts { intake: self, sources };
        match tls {
            None => Arc::new(posts).serve_each(incoming, stopping).await,
            Some(tls) => Arc::new(posts).serve_each(shake_hands(incoming, tls), stopping).await,
        }
    }
}

/// Takes posts of sources in.
struct Posts {
    intake: Intake,
    sources: Sources,
}

impl Posts {
    async fn serve_each<C>(
        self: Arc<Posts>,
        incoming: impl Stream<Item = io::Result<C>> + Send,
        stopping: Stopping,
    ) where
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        C::ConnectInfo: Silence + Clone + Send + Sync + 'static,
    {
        let Intake { connections, drain, .. } = self.intake;
        let serve = |connection, stopping| Arc::clone(&self).serve_one(connection, stopping);
        if !serve_each(incoming, connections, stopping, drain, serve).await {
            let seconds = drain.as_secs();
            tracing::warn!(seconds, "some posts to the intake did not finish in time");
        }
    }

    async fn serve_one<C>(self: Arc<Posts>, connection: Watched<C>, mut stopping: Stopping)
    where
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        C::ConnectInfo: Silence + Clone + Send + Sync + 'static,
    {
        let peer = connection.connect_info();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let posts = Arc::clone(&self);
            request.extensions_mut().insert(peer.clone());
            async move { Ok::<_, Infallible>(posts.take(request.map(Body::new)).await) }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(connection), service);
        let mut serving = pin!(serving);
        tokio::select! {
            _ = serving.as_mut() => return,
            _ = stopping.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
        }
        // Whoever broke it off has heard nothing, and posts again.
        let _ = serving.await;
    }
}
