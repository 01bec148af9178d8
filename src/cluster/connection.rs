//! The connection to the servers of NATS, on a thread of its own: they answer however busy the
//! server's network is.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, Context};
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

use super::error::ClusterError;
use super::options::ClusterOptions;
use crate::codec::scalar::hexadecimal;

/// How long a server may take to answer a request.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// How long a connection may take to be made.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
/// How long the first connection is tried for: servers and nodes start in any order.
const TRIED_FOR: Duration = Duration::from_secs(30);
/// Before it is tried again.
const PAUSE: Duration = Duration::from_millis(300);
/// The longest wait between two tries to connect again.
const RECONNECTS_WITHIN: Duration = Duration::from_millis(500);

/// A connection; clones are of the same one, which ends with the last.
#[derive(Clone)]
pub struct Connection {
    jetstream: Context,
    client: async_nats::Client,
    /// What distinguishes this process from others.
    node: String,
    handle: Handle,
    _open: Arc<watch::Sender<()>>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection(..)")
    }
}

impl Connection {
    /// Connects. Blocks.
    ///
    /// # Errors
    /// No server is reached, or the credentials are refused.
    pub fn open(options: &ClusterOptions) -> Result<Connection, ClusterError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(ClusterError::Random)?;
        let node = hexadecimal(&random);
        let (open, mut closed) = watch::channel(());
        let (started, handle) = mpsc::channel();
        let run = move || match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let _ = started.send(Ok(runtime.handle().clone()));
                // It changes to nothing, but ends with the last connection.
                runtime.block_on(async move { while closed.changed().await.is_ok() {} });
            }
            Err(error) => drop(started.send(Err(error))),
        };
        thread::Builder::new().name("log-servers".to_owned()).spawn(run).map_err(thread_error)?;
        let handle = handle.recv().map_err(|error| thread_error(std::io::Error::other(error)))?;
        let handle = handle.map_err(thread_error)?;
        let (options, servers) = (options.clone(), options.servers.join(","));
        let connecting = async move { connect(&options).await };
        let client = wait_on(&handle, connecting).unwrap_or_else(|| Err(stopped()))?;
        tracing::info!(servers, "connected to the log's servers");
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ANSWERS_WITHIN);
        Ok(Connection { jetstream, client, node, handle, _open: Arc::new(open) })
    }

    /// Streams and buckets of the servers.
    pub(super) fn jetstream(&self) -> &Context {
        &self.jetstream
    }

    /// What distinguishes this process from others.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// What speaks to them beside all streams.
    pub(super) fn client(&self) -> &async_nats::Client {
        &self.client
    }

    /// The most bytes a message may have.
    pub(super) fn message_bytes_max(&self) -> usize {
        self.client.max_payload()
    }

    /// Begins something that goes on beside.
    pub(super) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Waits for an answer. Blocks; it may be called on any thread but that of the connection.
    ///
    /// # Errors
    /// The connection has ended.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        answer: impl Future<Output = Result<T, ClusterError>> + Send + 'static,
    ) -> Result<T, ClusterError> {
        wait_on(&self.handle, answer).unwrap_or_else(|| Err(stopped()))
    }
}

fn wait_on<T: Send + 'static>(
    handle: &Handle,
    answer: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    handle.spawn(async move { sender.send(answer.await) });
    receiver.recv().ok()
}

async fn connect(options: &ClusterOptions) -> Result<async_nats::Client, ClusterError> {
    let mut connecting = ConnectOptions::new()
        .name("slx")
        .connection_timeout(CONNECTED_WITHIN)
        .ping_interval(ANSWERS_WITHIN)
        .request_timeout(Some(ANSWERS_WITHIN))
        .reconnect_delay_callback(|tries| {
            RECONNECTS_WITHIN.min(Duration::from_millis(20) * u32::try_from(tries).unwrap_or(1_000))
        });
    if let Some(path) = &options.credentials {
        let text = std::fs::read_to_string(path).map_err(ClusterError::Credentials)?;
        connecting = connecting.credentials(&text).map_err(ClusterError::Credentials)?;
    }
    if let Some(path) = &options.authorities {
        connecting = connecting.add_root_certificates(path.clone());
    }
    let until = Instant::now() + TRIED_FOR;
    loop {
        match connecting.clone().connect(options.servers.as_slice()).await {
            Ok(client) => return Ok(client),
            Err(error) if Instant::now() >= until => {
                let servers = options.servers.join(", ");
                return Err(ClusterError::Unreachable(format!("{servers}: {error}")));
            }
            Err(error) => tracing::info!(%error, "the log's servers can't be reached yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn thread_error(error: std::io::Error) -> ClusterError {
    ClusterError::Thread(error)
}

fn stopped() -> ClusterError {
    ClusterError::Unreachable("the connection has ended".to_owned())
}
