//! TLS: the server's certificate, and the clients' if they must have one; both read again when
//! their files change. TLS 1.2 and 1.3, with the ciphers that rustls holds safe.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};

use super::super::readers::{ANYBODY_READS, warn_of_readers};
use super::follow::{Followed, Loaded, follow};

/// A peer that has not shaken hands by then is cut off.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// Handshakes under way; more wait to be accepted.
const HANDSHAKES_MAX: usize = 256;

/// What is spoken within TLS.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) enum Protocol {
    /// HTTP/2, as gRPC does.
    Http2,
    /// HTTP/1.1.
    Http1,
}

impl Protocol {
    /// Its name in the handshake.
    fn name(self) -> &'static [u8] {
        match self {
            Protocol::Http2 => b"h2",
            Protocol::Http1 => b"http/1.1",
        }
    }
}

/// The files of TLS, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities of clients' certificates; with them, every client must have one.
    pub client_ca: Option<PathBuf>,
}

/// What connections are accepted with.
pub(in crate::server) type Tls = Followed<Arc<ServerConfig>>;

/// Reads the files, now and whenever they change.
pub(super) fn open(files: TlsFiles, protocol: Protocol) -> anyhow::Result<Tls> {
    warn_of_readers(&files.key, ANYBODY_READS);
    follow("the certificates of TLS", move || load(&files, protocol))
}

fn load(files: &TlsFiles, protocol: Protocol) -> anyhow::Result<Loaded<Arc<ServerConfig>>> {
    let (chain, key) = (read(&files.certificate)?, read(&files.key)?);
    let client_ca = files.client_ca.as_deref().map(read).transpose()?;
    let digest = Sha256::new()
        .chain_update(&chain)
        .chain_update(&key)
        .chain_update(client_ca.as_deref().unwrap_or_default());
    let chain = certificates(&chain, &files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| anyhow::anyhow!("{} holds no private key in PEM", files.key.display()))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match client_ca.zip(files.client_ca.as_deref()) {
        None => builder.with_no_client_auth(),
        Some((authorities, path)) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(&authorities, path)? {
                roots.add(authority).with_context(|| format!("{}", path.display()))?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .with_context(|| format!("{} and its key", files.certificate.display()))?;
    config.alpn_protocols = vec![protocol.name().to_vec()];
    Ok(Loaded { value: Arc::new(config), digest: digest.finalize().into() })
}

fn certificates(pem: &[u8], path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| anyhow::anyhow!("{}: {error:?}", path.display()))?;
    if chain.is_empty() {
        bail!("{} holds no certificate in PEM", path.display());
    }
    Ok(chain)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("can't read {}", path.display()))
}

/// The connections that have shaken hands, of those that come in.
pub(in crate::server) fn shake_hands<C>(
    incoming: impl Stream<Item = io::Result<C>> + Send + 'static,
    tls: Tls,
) -> ReceiverStream<io::Result<TlsStream<C>>>
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (ready, accepted) = mpsc::channel(1);
    tokio::spawn(accept(incoming, tls, ready));
    ReceiverStream::new(accepted)
}

async fn accept<C>(
    incoming: impl Stream<Item = io::Result<C>> + Send,
    tls: Tls,
    ready: mpsc::Sender<io::Result<TlsStream<C>>>,
) where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut incoming = std::pin::pin!(incoming);
    while let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await {
        let connection = tokio::select! {
            connection = incoming.next() => connection,
            () = ready.closed() => return,
        };
        let connection = match connection {
            None => return,
            Some(Ok(connection)) => connection,
            Some(Err(error)) => {
                let _ = ready.send(Err(error)).await;
                continue;
            }
        };
        let acceptor = TlsAcceptor::from(Arc::clone(&tls.load().value));
        let ready = ready.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let handshake = acceptor.accept(connection);
            let shaken = tokio::time::timeout(HANDSHAKE_WITHIN, handshake).await;
            match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(connection) => drop(ready.send(Ok(connection)).await),
                Err(error) => tracing::debug!(%error, "a handshake failed"),
            }
        });
    }
}
