//! A receiver of webhooks that does what it is given to do: it answers as it should, or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

const WITHIN: Duration = Duration::from_secs(120);

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// How often its id came before.
    pub before: usize,
    /// What it is answered.
    pub reply: Reply,
}

/// What a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status, and a header.
    Now(u16, String),
    /// A status, but not before the same id comes again.
    OnceSentAgain(u16),
    /// Nothing, while the connection stays open.
    Never,
}

/// Answers every request.
pub fn always(status: u16) -> impl Fn(&Received) -> Reply + Send + Sync {
    move |_| Reply::Now(status, String::new())
}

type Script = Box<dyn Fn(&Received) -> Reply + Send + Sync>;

pub struct Receiver {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    received: watch::Sender<Vec<Received>>,
    script: Mutex<Script>,
}

impl Received {
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).expect("a body of JSON")
    }

    /// The id of its event.
    pub fn id(&self) -> String {
        self.event()["id"].as_str().expect("an id").to_owned()
    }

    pub fn incident(&self) -> String {
        self.event()["subject"].as_str().expect("a subject").to_owned()
    }

    /// Whether it was answered that it was taken.
    pub fn is_taken(&self) -> bool {
        matches!(self.reply, Reply::Now(200..300, _) | Reply::OnceSentAgain(200..300))
    }
}

impl Receiver {
    pub async fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Receiver {
        Receiver::start_with(script, None).await
    }

    /// The same, by TLS.
    pub async fn start_with(
        script: impl Fn(&Received) -> Reply + Send + Sync + 'static,
        tls: Option<TlsAcceptor>,
    ) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let script: Mutex<Script> = Mutex::new(Box::new(script));
        let shared = Arc::new(Shared { received: watch::Sender::new(Vec::new()), script });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (shared, tls) = (Arc::clone(&serving), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => shared.serve(connection).await,
                        Some(tls) => match tls.accept(connection).await {
                            Ok(connection) => shared.serve(connection).await,
                            Err(error) => println!("no handshake: {error}"),
                        },
                    }
                });
            }
        });
        Receiver { port, shared }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?key=1", self.port)
    }

    /// Answers by another script from now on.
    pub fn answer(&self, script: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.script.lock().expect("a script") = Box::new(script);
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Waits until what has come is as wanted.
    pub async fn until(&self, wanted: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut received = self.shared.received.subscribe();
        let waited = tokio::time::timeout(WITHIN, received.wait_for(|come| wanted(come))).await;
        match waited {
            Ok(come) => come.expect("it goes on").clone(),
            Err(_) => panic!("it did not come: {:#?}", self.received()),
        }
    }
}

impl Shared {
    async fn serve(&self, connection: impl AsyncRead + AsyncWrite + Unpin) {
        let mut connection = BufReader::new(connection);
        let Some((head, headers, body)) = read(&mut connection).await else { return };
        let id = headers.get("webhook-id").cloned().unwrap_or_default();
        let of_id = |one: &&Received| one.headers.get("webhook-id") == Some(&id);
        let mut reply = Reply::Never;
        self.received.send_modify(|come| {
            let before = come.iter().filter(of_id).count();
            let mut one =
                Received { head, headers: headers.clone(), body, before, reply: Reply::Never };
            one.reply = (self.script.lock().expect("a script"))(&one);
            reply = one.reply.clone();
            come.push(one);
        });
        let (status, header) = match reply {
            Reply::Now(status, header) => (status, header),
            Reply::OnceSentAgain(status) => {
                let mut come = self.received.subscribe();
                let seen = come.borrow().iter().filter(of_id).count();
                let again = |come: &Vec<Received>| come.iter().filter(of_id).count() > seen;
                come.wait_for(again).await.expect("it goes on");
                (status, String::new())
            }
            Reply::Never => std::future::pending().await,
        };
        let answer = format!("HTTP/1.1 {status} Said\r\n{header}content-length: 2\r\n\r\nok");
        // Whoever has given up waiting is gone.
        let _ = connection.write_all(answer.as_bytes()).await;
        let _ = connection.flush().await;
        let _ = connection.shutdown().await;
    }
}

/// The request line, the headers and the body of a request.
async fn read(
    connection: &mut (impl AsyncBufReadExt + Unpin),
) -> Option<(String, BTreeMap<String, String>, String)> {
    let mut line = String::new();
    connection.read_line(&mut line).await.ok()?;
    let head = line.trim_end().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        connection.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            "" => break,
            header => {
                let (name, value) = header.split_once(':')?;
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
        }
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    Some((head, headers, String::from_utf8(body).ok()?))
}
