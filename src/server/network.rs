//! The network: how calls come in, and how long they may take to end when the server stops.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::util::MapResponseLayer;

use super::admission::Admission;
use super::around::AroundCalls;
use super::connections::{self, ConnectionBounds, Watched};
use super::identity::{Security, shake_hands};
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
    /// Serves until signalled to stop, then lets calls finish, but not for ever: a peer that says
    /// nothing would hold a graceful shutdown up without end.
    pub async fn serve(
        self,
        routes: Routes,
        listener: TcpListener,
        mut stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let incoming = connections::accept(listener, self.connections);
        let bounds = self.connections;
        let mut stop_signal = stopping.clone();
        let stop_signal = async move {
            let _ = stop_signal.wait_for(|stop| *stop).await;
        };
        let router = Server::builder()
            .layer(AroundCalls(CallSpans))
            .layer(AroundCalls(self.calls))
            .layer(MapResponseLayer::new(unanswered::explain))
            .layer(AroundCalls(self.admission))
            .layer(AroundCalls(self.security.gate))
            .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .http2_max_header_list_size(HEADER_BYTES_MAX)
            .http2_max_pending_accept_reset_streams(Some(RESETS_WAITING_MAX))
            .http2_max_local_error_reset_streams(Some(FAULTS_PER_CONNECTION_MAX))
            .http2_keepalive_interval(Some(PING_EVERY))
            .http2_keepalive_timeout(Some(PING_ANSWERED_WITHIN))
            .add_routes(routes);
        let serving = async move {
            match self.security.tls {
                None => {
                    let incoming = incoming
                        .map(move |connection| connection.map(|one| Watched::new(one, bounds)));
                    router.serve_with_incoming_shutdown(incoming, stop_signal).await
                }
                Some(tls) => {
                    let incoming = shake_hands(incoming, tls)
                        .map(move |connection| connection.map(|one| Watched::new(one, bounds)));
                    router.serve_with_incoming_shutdown(incoming, stop_signal).await
                }
            }
        };
        let patience = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
            tokio::time::sleep(self.drain).await;
        };
        tokio::select! {
            served = serving => Ok(served?),
            () = patience => {
                tracing::warn!(seconds = self.drain.as_secs(), "some calls did not finish in time");
                Ok(())
            }
        }
    }
}
