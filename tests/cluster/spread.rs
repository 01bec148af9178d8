//! `SLX_TEST_NODES=3` has every server that a test starts be so many nodes that share a log, behind
//! one address: each call goes to the next of them, once that has folded what all have recorded. So
//! what holds for one server is shown to hold for several, by the same tests.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak, mpsc};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use slx::codec::v1::GetStatusRequest;
use slx::codec::v1::admin_service_client::AdminServiceClient;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::ServiceExt as _;

use super::servers::Servers;
use crate::random::setting;
use crate::testing::{Server, slx};

/// How long a node may take to start, or to fold what another has recorded.
const FOLDED_WITHIN: Duration = Duration::from_secs(60);
/// Flags of servers that are one by themselves: nodes already, without a journal of their own, or
/// with identities, of which what is in front of the nodes has none.
const OF_ONE: [&str; 3] = ["--log", "--read-only", "--identities"];

/// The servers of all nodes, as long as a test holds them.
static SERVERS: Mutex<Weak<Servers>> = Mutex::new(Weak::new());

thread_local! {
    /// Each test has a thread of its own: what it has recorded is there until it ends.
    static HELD: OnceLock<Arc<Servers>> = const { OnceLock::new() };
}

/// The nodes beside the first, and what hands calls to all of them.
pub struct Spread {
    pub address: String,
    others: Vec<Server>,
    _directories: Vec<tempfile::TempDir>,
    forwarding: JoinHandle<()>,
}

impl Drop for Spread {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

/// The environment of the nodes that a server is to be; `None`: it is to be one by itself.
pub fn environment(data_dir: &Path, flags: &[&str]) -> Option<[(&'static str, String); 3]> {
    if setting("SLX_TEST_NODES", 1) < 2 || OF_ONE.iter().any(|flag| flags.contains(flag)) {
        return None;
    }
    // A server that is started again over the same directory goes on with the same log.
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    let (log, replicas) = HELD.with(|held| {
        let servers = held.get_or_init(servers);
        (servers.log(), servers.count().to_string())
    });
    let stream = format!("test{:x}", hasher.finish());
    Some([("SLX_LOG", log), ("SLX_LOG_STREAM", stream), ("SLX_LOG_REPLICAS", replicas)])
}

impl Spread {
    /// Starts the nodes beside the first, with the same flags.
    pub fn beside(first: &Server, flags: &[&str], environment: &[(&str, &str)]) -> Spread {
        let start = |_| {
            let directory = tempfile::tempdir().expect("a directory");
            (Server::start_one(&mut slx(), directory.path(), flags, environment), directory)
        };
        let (others, directories): (Vec<_>, Vec<_>) =
            (1..setting("SLX_TEST_NODES", 1)).map(start).unzip();
        let addresses = std::iter::once(first).chain(&others).map(|node| node.address.clone());
        let nodes = Arc::new(Nodes { addresses: addresses.collect(), next: AtomicUsize::new(0) });
        let (sender, receiver) = mpsc::channel();
        let forwarding = runtime().spawn(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
            sender.send(listener.local_addr().expect("its address")).expect("it is waited for");
            forward_all(listener, nodes).await;
        });
        let address = receiver.recv().expect("it listens").to_string();
        Spread { address, others, _directories: directories, forwarding }
    }

    /// The nodes beside the first.
    pub fn others(&self) -> &[Server] {
        &self.others
    }
}

/// What forwards calls while tests block.
fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    })
}

/// The servers that some test holds, or new ones.
fn servers() -> Arc<Servers> {
    let mut there = SERVERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    there.upgrade().unwrap_or_else(|| {
        let (sender, receiver) = mpsc::channel();
        runtime().spawn(async move { sender.send(Servers::start(3).await) });
        let servers = Arc::new(receiver.recv().expect("they start"));
        *there = Arc::downgrade(&servers);
        servers
    })
}

/// Takes connections, and forwards the calls of each.
async fn forward_all(listener: TcpListener, nodes: Arc<Nodes>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Each connection of a caller is one to each node.
        let channels: Arc<[Channel]> = nodes.addresses.iter().map(|to| channel(to)).collect();
        let nodes = Arc::clone(&nodes);
        let service = service_fn(move |request| {
            let (nodes, channels) = (Arc::clone(&nodes), Arc::clone(&channels));
            async move { nodes.forward(&channels, request).await }
        });
        tokio::spawn(async move {
            let serving = http2::Builder::new(TokioExecutor::new());
            // Callers hang up when they have what they want.
            let _ended = serving.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn channel(address: &str) -> Channel {
    Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy()
}

struct Nodes {
    addresses: Vec<String>,
    next: AtomicUsize,
}

impl Nodes {
    /// Hands a call to the next node, and its answer to the caller.
    async fn forward(
        &self,
        channels: &[Channel],
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Body>, tonic::transport::Error> {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % channels.len();
        fold(channels, place).await;
        match channels[place].clone().oneshot(request.map(Body::new)).await {
            Ok(response) => Ok(response),
            Err(error) => Ok(Status::unavailable(error.to_string()).into_http()),
        }
    }
}

/// Waits until a node has folded what any has, as long as they answer.
async fn fold(channels: &[Channel], place: usize) {
    let deadline = tokio::time::Instant::now() + FOLDED_WITHIN;
    let mut last = 0;
    for channel in channels {
        last = last.max(folded(channel).await.unwrap_or(0));
    }
    while folded(&channels[place]).await.is_none_or(|folded| folded < last)
        && tokio::time::Instant::now() < deadline
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How far a node has folded, if it answers.
async fn folded(channel: &Channel) -> Option<i64> {
    let status = AdminServiceClient::new(channel.clone()).get_status(GetStatusRequest {}).await;
    Some(status.ok()?.into_inner().stamp?.sequence)
}
