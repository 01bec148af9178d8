//! How object stores are called: a connection for each request, by the libraries that webhooks are
//! sent with. What is answered is short, so it is taken in as a whole.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use object_store::client::{
    ClientConfigKey, ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind,
    HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long one request may take.
const WITHIN: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Makes clients that trust the authorities of the system.
#[derive(Debug)]
pub(super) struct HttpClients;

#[derive(Debug)]
struct Client {
    tls: Arc<ClientConfig>,
    is_plain_allowed: bool,
}

impl HttpConnector for HttpClients {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut roots = RootCertStore::empty();
        // What the system has that can't be read is not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|source| object_store::Error::Generic {
                store: "https",
                source: source.into(),
            })?;
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        let allowed = options.get_config_value(&ClientConfigKey::AllowHttp);
        Ok(HttpClient::new(Client { tls, is_plain_allowed: allowed.as_deref() == Some("true") }))
    }
}

#[tonic::async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = tokio::time::timeout(WITHIN, self.answer(request)).await;
        answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?
    }
}

impl Client {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri = request.uri().clone();
        let is_tls = uri.scheme_str() == Some("https");
        if !is_tls && !self.is_plain_allowed {
            return Err(unsendable("http:// is not allowed: see AWS_ALLOW_HTTP and its likes"));
        }
        let host = uri.host().ok_or_else(|| unsendable("its address has no host"))?;
        let host = host.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let request = with_host(request, &uri)?;
        let connection = TcpStream::connect((host, port)).await.map_err(unreachable)?;
        if !is_tls {
            return send(connection, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(unsendable)?;
        let tls = TlsConnector::from(Arc::clone(&self.tls)).connect(name, connection).await;
        send(tls.map_err(unreachable)?, request).await
    }
}

/// A request for a server: by its path, with the name of the host beside.
fn with_host(request: HttpRequest, uri: &Uri) -> Result<Request<HttpRequestBody>, HttpError> {
    let (mut head, body) = request.into_parts();
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let host = HeaderValue::from_str(authority).map_err(unsendable)?;
    head.headers.entry(HOST).or_insert(host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = path.parse().map_err(unsendable)?;
    Ok(Request::from_parts(head, body))
}

/// Sends a request, and takes in the answer.
async fn send(
    connection: impl AsyncRead + AsyncWrite + Send + Unpin,
    request: Request<HttpRequestBody>,
) -> Result<HttpResponse, HttpError> {
    let broken = |error: hyper::Error| HttpError::new(HttpErrorKind::Request, error);
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(connection)).await.map_err(broken)?;
    let answer = async {
        let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        let whole = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let whole = whole.map_err(|error| HttpError::new_boxed(HttpErrorKind::Interrupted, error));
        let body: Bytes = whole?.to_bytes();
        Ok(Response::from_parts(head, body.into()))
    };
    let (mut answer, connection) = (pin!(answer), pin!(connection));
    tokio::select! {
        biased;
        answer = &mut answer => return answer,
        // It may end before what it brought is taken in.
        _ = connection => {}
    }
    answer.await
}

fn unreachable(error: std::io::Error) -> HttpError {
    HttpError::new(HttpErrorKind::Connect, error)
}

fn unsendable(why: impl Into<Box<dyn Error + Send + Sync>>) -> HttpError {
    HttpError::new_boxed(HttpErrorKind::Unknown, why.into())
}
