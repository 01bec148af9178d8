//! The board: a page for people, and the API as gRPC-web for it, on a listener of its own.
//!
//! [`door`] is where browsers come in, [`site`] has the files of the page, and [`origin`] says
//! whether a call is the page's own.

mod door;
mod origin;
mod site;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tonic::transport::server::Connected;
use tonic_web::GrpcWebLayer;
use tower::{Layer, Service};

use super::around::Answering;
use super::connections::{self, ConnectionBounds, Silence};
use super::http1::serve_http1;
use super::identity::shake_hands;
use super::serving::{Stopping, serve_each};
pub(super) use door::WebDoor;
use origin::Hosts;
use site::{Site, refused};

/// A peer that has not sent a request's headers by then is cut off, also one that has sent others.
const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// How the page calls.
const GRPC_WEB: [&str; 2] = ["application/grpc-web+proto", "application/grpc-web"];

/// What serves the board.
pub(super) struct Web<S> {
    /// The services behind what every call passes.
    pub calls: S,
    /// Bounds on its connections, of which it may have as many as the services.
    pub connections: ConnectionBounds,
    /// How long calls may take to finish when the server stops.
    pub drain: Duration,
}

impl<S> Web<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answering>,
    S: Clone + Send + Sync + 'static,
{
    /// Serves until signalled to stop, then lets calls finish, but not for ever.
    pub async fn serve(self, door: WebDoor, stopping: Stopping) {
        let WebDoor { site, hosts, tls, listener } = door;
        let Web { calls, connections, drain } = self;
        let incoming = connections::accept(listener, connections);
        let board = Arc::new(Board { calls, site, hosts });
        let (bounds, at) = (connections, stopping);
        let all_ended = match tls {
            None => board.serve_each(incoming, bounds, at, drain).await,
            Some(tls) => board.serve_each(shake_hands(incoming, tls), bounds, at, drain).await,
        };
        if !all_ended {
            let seconds = drain.as_secs();
            tracing::warn!(seconds, "some calls of the board did not finish in time");
        }
    }
}

/// Answers browsers.
struct Board<S> {
    calls: S,
    site: Site,
    hosts: Hosts,
}

impl<S> Board<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answering>,
    S: Clone + Send + Sync + 'static,
{
    async fn serve_each<C>(
        self: Arc<Board<S>>,
        incoming: impl Stream<Item = io::Result<C>> + Send,
        bounds: ConnectionBounds,
        stopping: Stopping,
        drain: Duration,
    ) -> bool
    where
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        C::ConnectInfo: Silence + Clone + Send + Sync + 'static,
    {
        let serve = |connection, stopping| {
            let board = Arc::clone(&self);
            serve_http1(connection, stopping, HEAD_WITHIN, move |request| {
                let board = Arc::clone(&board);
                async move { board.answer(request).await }
            })
        };
        serve_each(incoming, bounds, stopping, drain, serve).await
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let mut response = match *request.method() {
            _ if !self.hosts.has(request.headers()) => refused(StatusCode::MISDIRECTED_REQUEST),
            Method::GET | Method::HEAD => self.site.answer(&request),
            Method::POST if !origin::is_own(request.headers()) => refused(StatusCode::FORBIDDEN),
            Method::POST if !is_grpc_web(request.headers()) => {
                refused(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Method::POST => self.call(request).await,
            _ => refused(StatusCode::METHOD_NOT_ALLOWED),
        };
        site::secure(response.headers_mut());
        response
    }

    /// Calls the API, as any client does.
    async fn call(&self, request: Request<Body>) -> Response<Body> {
        let mut calls = GrpcWebLayer::new().layer(self.calls.clone());
        // Nothing around the calls or behind them has to become ready for one.
        let Ok(mut response) = calls.call(request).await;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whether a request is one of gRPC-web. A page of another origin can't send it without asking
/// first, which is refused.
fn is_grpc_web(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| GRPC_WEB.contains(&kind))
}
