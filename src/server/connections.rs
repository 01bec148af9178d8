//! The connections: how many are accepted, and how long one may say nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TlsConnectInfo};

use super::notices::Notices;
use super::peers::{ConnectionPlace, ConnectionPlaces, Peer, TurnedOut, peer_of};

/// Bytes with which every client of HTTP/2 begins.
const PREFACE_BYTES: usize = 24;
/// Bytes of a ping, or of the answer to one: whoever sends nothing else only shows to be alive.
const PING_BYTES: usize = 17;
/// How long nothing is accepted after the system refused to, out of files mostly.
const BACK_OFF: Duration = Duration::from_millis(250);

/// What bounds connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionBounds {
    /// How many may be open at once. Of more, those are closed that have made no call, or else
    /// those that come.
    pub most: usize,
    /// How long it may take until the peer of one has sent what every client begins with.
    pub preface: Duration,
    /// How long the peer of one may send nothing but pings and answers to them.
    pub idle: Duration,
}

/// The connections that are accepted, until nobody takes them any more.
pub(super) fn accept(
    listener: TcpListener,
    bounds: ConnectionBounds,
) -> ReceiverStream<io::Result<Accepted>> {
    let (ready, accepted) = mpsc::channel(1);
    tokio::spawn(accept_each(listener, bounds.most, ready));
    ReceiverStream::new(accepted)
}

async fn accept_each(
    listener: TcpListener,
    most: usize,
    ready: mpsc::Sender<io::Result<Accepted>>,
) {
    let places = ConnectionPlaces::new(most);
    let mut notices = Notices::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok((stream, address)) => (stream, peer_of(address.ip())),
            // It left while it waited to be accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                notices
                    .give(|times| tracing::warn!(%error, times, "connections can't be accepted"));
                tokio::time::sleep(BACK_OFF).await;
                continue;
            }
        };
        let place = places.enter(peer);
        if place.as_ref().is_none_or(|(.., has_turned_out)| *has_turned_out) {
            let text = "too many connections: some are closed";
            notices.give(|times| tracing::warn!(most, times, %peer, "{text}"));
        }
        let Some((place, turned_out, _)) = place else { continue };
        // An answer that waits to be joined by others would wait for the peer's acknowledgement.
        let _ = stream.set_nodelay(true);
        let accepted = Accepted { stream, place, turned_out: Some(turned_out) };
        if ready.send(Ok(accepted)).await.is_err() {
            return;
        }
    }
}

/// A connection that is one of those that may be open.
#[derive(Debug)]
pub(super) struct Accepted {
    stream: TcpStream,
    place: ConnectionPlace,
    /// `None`: it has made a call, or its place is another's now.
    turned_out: Option<TurnedOut>,
}

impl Accepted {
    /// Whether it must give its place up; `Pending`: not yet.
    fn poll_turned_out(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let Some(turned_out) = &mut self.turned_out else { return Poll::Pending };
        let Poll::Ready(is_turned_out) = Pin::new(turned_out).poll(context) else {
            return Poll::Pending;
        };
        self.turned_out = None;
        match is_turned_out {
            Ok(()) => Poll::Ready(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "its peer has many connections that made no call",
            )),
            Err(_) => Poll::Pending,
        }
    }
}

impl Connected for Accepted {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.place.peer(self.stream.connect_info())
    }
}

/// What is known of the peer of a connection.
pub(super) trait Silence {
    /// Whether its peer may be silent: it is sent notices.
    fn is_expected(&self) -> bool;
}

impl Silence for Peer {
    fn is_expected(&self) -> bool {
        self.watches().any()
    }
}

impl<P: Silence> Silence for TlsConnectInfo<P> {
    fn is_expected(&self) -> bool {
        self.get_ref().is_expected()
    }
}

/// A connection that is ended when its peer says nothing for too long, unless it is sent notices.
/// Whether that is there still, pings find out.
#[derive(Debug)]
pub(super) struct Watched<C> {
    connection: C,
    idle: Duration,
    /// Bytes of the preface that are still to come.
    preface_left: usize,
    patience: Pin<Box<Sleep>>,
}

impl<C> Watched<C> {
    pub fn new(connection: C, bounds: ConnectionBounds) -> Watched<C> {
        Watched {
            connection,
            idle: bounds.idle,
            preface_left: PREFACE_BYTES,
            patience: Box::pin(tokio::time::sleep(bounds.preface)),
        }
    }

    /// Notes that so many bytes were read.
    fn hear(&mut self, bytes: usize) {
        let had_preface = self.preface_left == 0;
        self.preface_left = self.preface_left.saturating_sub(bytes);
        let is_more_than_alive = !had_preface || bytes != PING_BYTES;
        if self.preface_left == 0 && is_more_than_alive {
            self.patience.as_mut().reset(Instant::now() + self.idle);
        }
    }
}

impl<C: Connected> Connected for Watched<C> {
    type ConnectInfo = C::ConnectInfo;

    fn connect_info(&self) -> C::ConnectInfo {
        self.connection.connect_info()
    }
}

impl<C> AsyncRead for Watched<C>
where
    C: AsyncRead + Connected + Unpin,
    C::ConnectInfo: Silence,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.connection).poll_read(context, buffer) {
            self.hear(buffer.filled().len().saturating_sub(before));
            return Poll::Ready(read);
        }
        while self.patience.as_mut().poll(context).is_ready() {
            if self.preface_left > 0 || !self.connection.connect_info().is_expected() {
                let silent = io::Error::new(io::ErrorKind::TimedOut, "the peer says nothing");
                return Poll::Ready(Err(silent));
            }
            let again = Instant::now() + self.idle;
            self.patience.as_mut().reset(again);
        }
        Poll::Pending
    }
}

/// Writes as what it holds does.
macro_rules! write_through {
    ($of:ty, $field:ident $(, $parameter:ident)?) => {
        impl$(<$parameter: AsyncWrite + Unpin>)? AsyncWrite for $of {
            fn poll_write(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.$field).poll_write(context, bytes)
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.$field).poll_flush(context)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.$field).poll_shutdown(context)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                parts: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.$field).poll_write_vectored(context, parts)
            }

            fn is_write_vectored(&self) -> bool {
                self.$field.is_write_vectored()
            }
        }
    };
}

write_through!(Accepted, stream);
write_through!(Watched<C>, connection, C);

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(error) = self.poll_turned_out(context) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    impl Silence for () {
        fn is_expected(&self) -> bool {
            false
        }
    }

    const BOUNDS: ConnectionBounds = ConnectionBounds {
        most: 1,
        preface: Duration::from_millis(20),
        idle: Duration::from_millis(200),
    };

    fn watched() -> (Watched<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(1_024);
        (Watched::new(ours, BOUNDS), theirs)
    }

    /// How long it takes until reading from a connection fails.
    async fn cut_off_after(mut connection: Watched<DuplexStream>) -> Duration {
        let began = Instant::now();
        let mut sink = [0; 64];
        loop {
            match connection.read(&mut sink).await {
                Ok(read) => assert!(read > 0, "closed by the peer"),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    return began.elapsed();
                }
            }
        }
    }

    #[tokio::test]
    async fn who_says_nothing_or_too_little_at_first_is_cut_off() {
        let (connection, _silent) = watched();
        assert!(cut_off_after(connection).await >= BOUNDS.preface);
        let (connection, mut slow) = watched();
        slow.write_all(b"PRI * HTTP/2").await.unwrap();
        assert!(cut_off_after(connection).await >= BOUNDS.preface);
    }

    #[tokio::test]
    async fn who_only_answers_pings_is_idle_and_who_sends_more_is_not() {
        let (mut connection, mut peer) = watched();
        peer.write_all(&[0; PREFACE_BYTES]).await.unwrap();
        connection.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        let idle_from = connection.patience.deadline();
        peer.write_all(&[0; PING_BYTES]).await.unwrap();
        connection.read_exact(&mut [0; PING_BYTES]).await.unwrap();
        assert_eq!(connection.patience.deadline(), idle_from);
        peer.write_all(&[0; 100]).await.unwrap();
        connection.read_exact(&mut [0; 100]).await.unwrap();
        assert!(connection.patience.deadline() > idle_from);
        assert!(cut_off_after(connection).await > BOUNDS.preface);
    }
}
