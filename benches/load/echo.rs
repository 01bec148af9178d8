//! The ceiling: the same services on the same tonic, which answer at once and keep nothing.

use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use slx::codec::v1;
use slx::codec::v1::clock_service_server::{ClockService, ClockServiceServer};
use slx::codec::v1::compliance_service_server::{ComplianceService, ComplianceServiceServer};
use slx::codec::v1::forecast_service_server::{ForecastService, ForecastServiceServer};
use slx::codec::v1::incident_service_server::{IncidentService, IncidentServiceServer};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

const WINDOW_BYTES: u32 = 1024 * 1024;

/// Starts an echo on a thread of its own; it ends with the process. Whoever wants it to evaluate
/// an incident gets `backtest`.
pub fn start(backtest: v1::EvaluateIncidentResponse) -> SocketAddr {
    let clocks = ClockServiceServer::new(Parrot { backtest });
    let incidents = IncidentServiceServer::new(Echo::default());
    serve(|server| server.add_service(incidents).add_service(clocks))
}

/// Starts an echo that exports `message` until there were so many rows.
pub fn start_export(message: v1::ExportClocksResponse, rows: u64) -> SocketAddr {
    let messages = rows as usize / message.rows.len();
    let compliance = ComplianceServiceServer::new(Reel { message, messages });
    serve(|server| server.add_service(compliance))
}

/// Starts an echo that sends `message` until there were so many forecasts.
pub fn start_forecasts(message: v1::ForecastClocksResponse, forecasts: u64) -> SocketAddr {
    let messages = forecasts as usize / message.forecasts.len();
    let forecasts = ForecastServiceServer::new(Reel { message, messages });
    serve(|server| server.add_service(forecasts))
}

fn serve(services: impl FnOnce(&mut Server) -> Router + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            let mut server = Server::builder()
                .initial_stream_window_size(WINDOW_BYTES)
                .initial_connection_window_size(WINDOW_BYTES);
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let served = services(&mut server).serve_with_incoming(incoming).await;
            served.expect("it serves");
        });
    });
    address
}

#[derive(Default)]
struct Echo {
    sequence: AtomicI64,
}

impl Echo {
    fn results(&self, events: Vec<v1::IncidentEvent>) -> Vec<v1::RecordResult> {
        let result = |event: v1::IncidentEvent| v1::RecordResult {
            event_id: event.event_id,
            outcome: v1::RecordOutcome::Accepted as i32,
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed),
            ..Default::default()
        };
        events.into_iter().map(result).collect()
    }
}

fn stamp() -> Option<v1::Stamp> {
    let time = Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 123_456_789 });
    Some(v1::Stamp { sequence: 1_000_000, as_of_time: time, known_time: time })
}

#[tonic::async_trait]
impl IncidentService for Echo {
    async fn record_events(
        &self,
        request: Request<v1::RecordEventsRequest>,
    ) -> Result<Response<v1::RecordEventsResponse>, Status> {
        let results = self.results(request.into_inner().events);
        Ok(Response::new(v1::RecordEventsResponse { results, stamp: stamp() }))
    }

    type StreamEventsStream =
        Pin<Box<dyn Stream<Item = Result<v1::StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        request: Request<Streaming<v1::StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let echo = Echo::default();
        let answers = request.into_inner().map(move |message| {
            let results = echo.results(message?.events);
            Ok(v1::StreamEventsResponse { results, stamp: stamp() })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn record_service_events(
        &self,
        _: Request<v1::RecordServiceEventsRequest>,
    ) -> Result<Response<v1::RecordServiceEventsResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn erase_personal_data(
        &self,
        _: Request<v1::ErasePersonalDataRequest>,
    ) -> Result<Response<v1::ErasePersonalDataResponse>, Status> {
        Err(Status::unimplemented("an echo"))
    }

    async fn get_incident(
        &self,
        _: Request<v1::GetIncidentRequest>,
    ) -> Result<Response<v1::GetIncidentResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn list_incidents(
        &self,
        _: Request<v1::ListIncidentsRequest>,
    ) -> Result<Response<v1::ListIncidentsResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn list_events(
        &self,
        _: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }
}

/// Says what it heard once.
struct Parrot {
    backtest: v1::EvaluateIncidentResponse,
}

#[tonic::async_trait]
impl ClockService for Parrot {
    async fn evaluate_incident(
        &self,
        _: Request<v1::EvaluateIncidentRequest>,
    ) -> Result<Response<v1::EvaluateIncidentResponse>, Status> {
        Ok(Response::new(self.backtest.clone()))
    }

    async fn list_clocks(
        &self,
        _: Request<v1::ListClocksRequest>,
    ) -> Result<Response<v1::ListClocksResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    type CompareClocksStream = Played<v1::CompareClocksResponse>;

    async fn compare_clocks(
        &self,
        _: Request<v1::CompareClocksRequest>,
    ) -> Result<Response<Self::CompareClocksStream>, Status> {
        Err(Status::unimplemented("never called"))
    }

    type WatchClocksStream = Played<v1::WatchClocksResponse>;

    async fn watch_clocks(
        &self,
        _: Request<v1::WatchClocksRequest>,
    ) -> Result<Response<Self::WatchClocksStream>, Status> {
        Err(Status::unimplemented("never called"))
    }
}

/// Says one message over and over.
struct Reel<Message> {
    message: Message,
    messages: usize,
}

impl<Message: Clone + Send + 'static> Reel<Message> {
    fn play(&self) -> Played<Message> {
        let messages = std::iter::repeat_n(self.message.clone(), self.messages);
        Box::pin(tokio_stream::iter(messages.map(Ok)))
    }
}

type Played<Message> = Pin<Box<dyn Stream<Item = Result<Message, Status>> + Send>>;

#[tonic::async_trait]
impl ComplianceService for Reel<v1::ExportClocksResponse> {
    type ExportClocksStream = Played<v1::ExportClocksResponse>;

    async fn export_clocks(
        &self,
        _: Request<v1::ExportClocksRequest>,
    ) -> Result<Response<Self::ExportClocksStream>, Status> {
        Ok(Response::new(self.play()))
    }

    async fn get_compliance(
        &self,
        _: Request<v1::GetComplianceRequest>,
    ) -> Result<Response<v1::GetComplianceResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn get_service_review(
        &self,
        _: Request<v1::GetServiceReviewRequest>,
    ) -> Result<Response<v1::GetServiceReviewResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn sign_service_review(
        &self,
        _: Request<v1::SignServiceReviewRequest>,
    ) -> Result<Response<v1::SignServiceReviewResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn simulate_contract(
        &self,
        _: Request<v1::SimulateContractRequest>,
    ) -> Result<Response<v1::SimulateContractResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }
}

#[tonic::async_trait]
impl ForecastService for Reel<v1::ForecastClocksResponse> {
    type ForecastClocksStream = Played<v1::ForecastClocksResponse>;

    async fn forecast_clocks(
        &self,
        _: Request<v1::ForecastClocksRequest>,
    ) -> Result<Response<Self::ForecastClocksStream>, Status> {
        Ok(Response::new(self.play()))
    }

    async fn forecast_objectives(
        &self,
        _: Request<v1::ForecastObjectivesRequest>,
    ) -> Result<Response<v1::ForecastObjectivesResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }

    async fn get_forecast_quality(
        &self,
        _: Request<v1::GetForecastQualityRequest>,
    ) -> Result<Response<v1::GetForecastQualityResponse>, Status> {
        Err(Status::unimplemented("never called"))
    }
}
