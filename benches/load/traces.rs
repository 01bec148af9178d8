//! What traces cost: the same calls with every call traced, and without.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use super::process::Server;

/// A collector that counts what it receives.
#[derive(Clone, Default)]
struct Collector(Arc<AtomicU64>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.get_ref().resource_spans.iter().flat_map(|of| &of.scope_spans);
        let spans = scopes.map(|scope| scope.spans.len() as u64).sum();
        self.0.fetch_add(spans, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A server that sends its traces to a collector in this process.
pub struct Traced {
    pub server: Server,
    metrics: SocketAddr,
    collected: Collector,
}

impl Traced {
    /// Starts one.
    pub fn start(data: &Path) -> Traced {
        let (collected, address) = collect();
        let metrics = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let metrics = metrics.local_addr().expect("an address");
        let flags =
            [format!("--otlp-endpoint=http://{address}"), format!("--metrics-listen={metrics}")];
        let binary = Path::new(env!("CARGO_BIN_EXE_slx"));
        Traced { server: Server::with(binary, data, &flags), metrics, collected }
    }

    /// How many spans the collector has received, and how many the server says were lost.
    pub fn spans(&self) -> (u64, u64) {
        let mut connection = TcpStream::connect(self.metrics).expect("the metrics' listener");
        write!(connection, "GET /metrics HTTP/1.0\r\n\r\n").expect("sent");
        let mut metrics = String::new();
        connection.read_to_string(&mut metrics).expect("metrics");
        let lost = metrics.lines().filter(|line| line.starts_with("slx_spans_lost_total"));
        let values = lost.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        (self.collected.0.load(Ordering::Relaxed), values.sum::<f64>() as u64)
    }
}

/// A collector on a thread of its own.
fn collect() -> (Collector, SocketAddr) {
    let collector = Collector::default();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("set");
    let service = TraceServiceServer::new(collector.clone());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let serving = tonic::transport::Server::builder().add_service(service);
            serving.serve_with_incoming(TcpListenerStream::new(listener)).await
        })
    });
    (collector, address)
}
