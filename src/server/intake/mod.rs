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

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::transport::server::Connected;

use super::admission::Admission;
use super::connections::{self, ConnectionBounds, Silence};
use super::http1::serve_http1;
use super::identity::{Gate, shake_hands};
use super::serving::{Stopping, serve_each};
use crate::service::Services;
pub(super) use counts::IntakeCounts;
pub(super) use door::IntakeDoor;
pub use door::IntakeSettings;
use sources::Sources;

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
        let serve = |connection, stopping| {
            let posts = Arc::clone(&self);
            serve_http1(connection, stopping, HEAD_WITHIN, move |request| {
                let posts = Arc::clone(&posts);
                async move { posts.take(request).await.map(Body::new) }
            })
        };
        if !serve_each(incoming, connections, stopping, drain, serve).await {
            let seconds = drain.as_secs();
            tracing::warn!(seconds, "some posts to the intake did not finish in time");
        }
    }
}
