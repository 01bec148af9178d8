//! Telemetry: metrics for Prometheus and probes for containers, on a listener of their own.

mod calls;
mod machine;
mod metric;
mod process;

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
use tokio::sync::watch;

use crate::service::Services;
pub(super) use calls::Calls;
use machine::Machine;

/// Prometheus' text format, as its Content-Type.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers Prometheus and probes on an address of their own until the server has stopped.
pub(super) async fn listen(
    address: SocketAddr,
    calls: &Calls,
    services: Services,
    data_dir: PathBuf,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<SocketAddr> {
    let mut registry = Registry::default();
    calls.register(&mut registry);
    registry.register_collector(Box::new(Machine::new(services.clone(), data_dir)));
    let registry = Arc::new(registry);
    let routes = Router::new()
        .route("/metrics", get(move || metrics(Arc::clone(&registry))))
        .route("/readyz", get(async move || ready(&services)))
        .route("/healthz", get(async || "alive\n"));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on metrics_listen {address}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics");
    let until = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    tokio::spawn(axum::serve(listener, routes).with_graceful_shutdown(until).into_future());
    Ok(address)
}

/// Everything there is to know, read beside the network.
async fn metrics(registry: Arc<Registry>) -> Response {
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).map(|()| text)
    });
    match read.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether questions are answered.
fn ready(services: &Services) -> (StatusCode, &'static str) {
    match services.opened() {
        None => (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        Some(engine) if engine.loss().is_some() => {
            (StatusCode::SERVICE_UNAVAILABLE, "the journal is damaged\n")
        }
        Some(_) => (StatusCode::OK, "ready\n"),
    }
}
