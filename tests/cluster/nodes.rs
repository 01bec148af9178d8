//! Nodes that share a log.

use slx::codec::v1;

use super::servers::Servers;
use crate::testing::{Clients, Server};

/// Nodes that share a log, each over a directory of its own.
pub struct Nodes {
    directories: Vec<tempfile::TempDir>,
    logs: Vec<String>,
    flags: Vec<String>,
    running: Vec<Option<Server>>,
}

impl Nodes {
    /// Starts so many on the log of some servers.
    pub async fn start(count: usize, servers: &Servers) -> Nodes {
        Nodes::start_with(count, servers, &[]).await
    }

    /// The same, with some flags.
    pub async fn start_with(count: usize, servers: &Servers, flags: &[&str]) -> Nodes {
        let logs = (0..count).map(|_| servers.log()).collect();
        Nodes::start_all(logs, flags.iter().map(|flag| (*flag).to_owned()).collect()).await
    }

    /// Starts one on each log.
    pub async fn start_on(logs: Vec<String>) -> Nodes {
        Nodes::start_all(logs, Vec::new()).await
    }

    async fn start_all(logs: Vec<String>, flags: Vec<String>) -> Nodes {
        let directories = logs.iter().map(|_| tempfile::tempdir().expect("a directory")).collect();
        let running = logs.iter().map(|_| None).collect();
        let mut nodes = Nodes { directories, logs, flags, running };
        for place in 0..nodes.count() {
            nodes.run(place);
        }
        for place in 0..nodes.count() {
            nodes.wait_for(place).await;
        }
        nodes
    }

    pub fn count(&self) -> usize {
        self.directories.len()
    }

    /// Starts a node, on what it left.
    pub fn run(&mut self, place: usize) {
        let flags: Vec<_> = self.flags.iter().map(String::as_str).collect();
        let server = start(self.directory(place), &self.logs[place], &flags);
        self.running[place] = Some(server);
    }

    /// Waits until a node serves.
    pub async fn wait_for(&self, place: usize) {
        self.server(place).wait_until_healthy().await;
    }

    pub fn directory(&self, place: usize) -> &std::path::Path {
        self.directories[place].path()
    }

    pub fn server(&self, place: usize) -> &Server {
        self.running[place].as_ref().expect("it runs")
    }

    pub fn is_running(&self, place: usize) -> bool {
        self.running[place].is_some()
    }

    pub fn clients(&self, place: usize) -> Clients {
        Clients::of(self.server(place).channel())
    }

    pub async fn status(&self, place: usize) -> v1::GetStatusResponse {
        self.clients(place).status().await
    }

    /// Kills a node, as a crash would.
    pub fn kill(&mut self, place: usize) {
        self.running[place].take().expect("it runs").kill();
    }

    /// Stops a node gracefully.
    pub async fn stop(&mut self, place: usize) {
        assert!(self.running[place].take().expect("it runs").stop().await.success());
    }

    /// Waits until all nodes that run have folded and learnt all that any has, and returns their
    /// one head.
    pub async fn agree(&self) -> String {
        let head = self.fold_alike().await;
        for place in (0..self.count()).filter(|place| self.is_running(*place)) {
            self.clients(place).learnt().await;
        }
        head
    }

    /// Waits until all nodes that run have folded all that any has, and returns their one head.
    pub async fn fold_alike(&self) -> String {
        let running: Vec<_> = (0..self.count()).filter(|place| self.is_running(*place)).collect();
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let mut heads = Vec::new();
            for place in &running {
                let status = self.status(*place).await;
                heads.push((status.stamp.expect("its stamp").sequence, status.head));
            }
            if heads.iter().all(|head| *head == heads[0]) {
                return heads.swap_remove(0).1;
            }
            assert!(tokio::time::Instant::now() < deadline, "they do not agree: {heads:?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// Starts a node in a directory.
pub fn start(directory: &std::path::Path, log: &str, flags: &[&str]) -> Server {
    let flags: Vec<&str> = flags.iter().copied().chain(["--log", log]).collect();
    let replicas = log.split(',').count().to_string();
    Server::start_with(directory, &flags, &[("SLX_LOG_REPLICAS", &replicas)])
}
