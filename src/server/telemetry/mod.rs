//! Telemetry: metrics for Prometheus and probes for containers, on a listener of their own; the log
//! and the traces.

mod call_span;
mod calls;
mod log;
mod machine;
mod metric;
mod post_span;
mod process;
mod traces;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::AbortHandle;

use crate::runtime::JournalState;
use crate::service::Services;
pub(super) use call_span::{CallSpans, trace_refused};
pub(super) use calls::Calls;
pub use log::{Noting, log_what_goes_wrong, start_noting};
use machine::Machine;
pub(super) use post_span::PostSpan;

/// Prometheus' text format, as its Content-Type.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What a probe hears of a damaged journal.
const DAMAGED: &str =
    "the journal is damaged: what was known before is answered, and nothing is recorded\n";
const BEHIND: &str = "behind the log that it shares: slx status says how far\n";

/// A listener, which ends when this is dropped.
pub(super) struct Listening(AbortHandle);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answers Prometheus and probes on an address of their own, with what is registered and with what
/// there is to know of the machine.
pub(super) async fn listen(
    address: SocketAddr,
    mut registry: Registry,
    services: Services,
    data_dir: PathBuf,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<Listening> {
    registry.register_collector(Box::new(Machine::new(services.clone(), data_dir)));
    // Who reads them takes turns: reading blocks a thread.
    let registry = Arc::new(Mutex::new(registry));
    let routes = Router::new()
        .route("/metrics", get(move || metrics(Arc::clone(&registry))))
        .route("/readyz", get(async move || ready(&services, *stopping.borrow())))
        .route("/healthz", get(async || "alive\n"));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on metrics_listen {address}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics");
    let serving = tokio::spawn(axum::serve(listener, routes).into_future());
    Ok(Listening(serving.abort_handle()))
}

/// Everything there is to know, read beside the network.
async fn metrics(registry: Arc<Mutex<Registry>>) -> Response {
    let registry = registry.lock_owned().await;
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).map(|()| text)
    });
    match read.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether every question is answered.
fn ready(services: &Services, is_stopping: bool) -> (StatusCode, &'static str) {
    let Some(engine) = services.opened() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting\n");
    };
    match engine.journal_state() {
        _ if is_stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        JournalState::Damaged(_) => (StatusCode::SERVICE_UNAVAILABLE, DAMAGED),
        JournalState::Behind(_) => (StatusCode::SERVICE_UNAVAILABLE, BEHIND),
        JournalState::ReadOnly => (StatusCode::OK, "ready, read-only\n"),
        JournalState::Failed => (StatusCode::OK, "ready, and nothing is recorded\n"),
        JournalState::Writable => (StatusCode::OK, "ready\n"),
    }
}
