//! What a connection sends, gathered while it has its turn, and written at once when that ends.
//! HTTP/2 flushes after every call that it looks at. Of calls that are answered at once, each would
//! be written by itself, which costs as much as to refuse it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are gathered; with more they are written before the turn ends.
const GATHERED_MAX: usize = 16 * 1024;
/// Bytes that there is room for at first.
const GATHERED_AT_FIRST: usize = 1_024;

/// A connection for whoever speaks on it.
#[derive(Debug)]
pub(super) struct GatheredConnection<C>(Arc<Mutex<Gathering<C>>>);

/// The same connection for whoever ends its turns.
#[derive(Debug)]
pub(super) struct EndOfTurn<C>(Arc<Mutex<Gathering<C>>>);

#[derive(Debug)]
struct Gathering<C> {
    connection: C,
    bytes: Vec<u8>,
    /// So many of them are written.
    written: usize,
    /// What was written may not have left yet.
    must_flush: bool,
}

/// Gathers what is sent on a connection.
pub(super) fn gather<C>(connection: C) -> (GatheredConnection<C>, EndOfTurn<C>) {
    let gathering = Gathering { connection, bytes: Vec::new(), written: 0, must_flush: false };
    let gathering = Arc::new(Mutex::new(gathering));
    (GatheredConnection(Arc::clone(&gathering)), EndOfTurn(gathering))
}

impl<C: AsyncWrite + Unpin> EndOfTurn<C> {
    /// Writes what was gathered. As long as it isn't all written, it is to be called again when
    /// the task is woken.
    pub fn poll_written(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().poll_written(context)
    }
}

impl<C: AsyncWrite + Unpin> Gathering<C> {
    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left) = self.bytes.get(self.written..).filter(|left| !left.is_empty()) {
            self.must_flush = true;
            match ready!(Pin::new(&mut self.connection).poll_write(context, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        // A connection that rests takes no memory for it.
        (self.bytes, self.written) = (Vec::new(), 0);
        if self.must_flush {
            ready!(Pin::new(&mut self.connection).poll_flush(context))?;
            self.must_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// The connection, when so many bytes more are too many to be gathered and what was is written;
    /// `None`: there is room for them.
    fn poll_past(
        &mut self,
        context: &mut Context<'_>,
        more: usize,
    ) -> Poll<io::Result<Option<Pin<&mut C>>>> {
        if self.bytes.len() + more <= GATHERED_MAX {
            return Poll::Ready(Ok(None));
        }
        ready!(self.poll_written(context))?;
        self.must_flush = true;
        Poll::Ready(Ok(Some(Pin::new(&mut self.connection))))
    }

    fn take_in(&mut self, bytes: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.reserve(bytes.len().max(GATHERED_AT_FIRST));
        }
        self.bytes.extend_from_slice(bytes);
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for GatheredConnection<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().connection).poll_read(context, buffer)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for GatheredConnection<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut gathering = self.0.lock();
        if let Some(connection) = ready!(gathering.poll_past(context, bytes.len()))? {
            return connection.poll_write(context, bytes);
        }
        gathering.take_in(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        let mut gathering = self.0.lock();
        if let Some(connection) = ready!(gathering.poll_past(context, length))? {
            return connection.poll_write_vectored(context, parts);
        }
        parts.iter().for_each(|part| gathering.take_in(part));
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        self.0.lock().connection.is_write_vectored()
    }

    /// It is flushed when the turn ends.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathering = self.0.lock();
        ready!(gathering.poll_written(context))?;
        Pin::new(&mut gathering.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// A connection that notes how long each write was.
    #[derive(Default)]
    struct Noting {
        writes: Vec<usize>,
        flushes: usize,
    }

    impl AsyncWrite for Noting {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.writes.push(bytes.len());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn noted(turn: &EndOfTurn<Noting>) -> (Vec<usize>, usize) {
        let gathering = turn.0.lock();
        (gathering.connection.writes.clone(), gathering.connection.flushes)
    }

    #[tokio::test]
    async fn what_is_sent_in_one_turn_is_written_at_once_when_it_ends() {
        let (mut connection, turn) = gather(Noting::default());
        for _ in 0..100 {
            connection.write_all(&[7; 90]).await.unwrap();
            connection.flush().await.unwrap();
        }
        assert_eq!(noted(&turn), (vec![], 0));
        poll_fn(|context| turn.poll_written(context)).await.unwrap();
        assert_eq!(noted(&turn), (vec![9_000], 1));
        poll_fn(|context| turn.poll_written(context)).await.unwrap();
        assert_eq!(noted(&turn), (vec![9_000], 1), "there is nothing more");
    }

    #[tokio::test]
    async fn what_is_too_much_to_gather_is_written_behind_what_was_and_flushed_with_it() {
        let (mut connection, turn) = gather(Noting::default());
        connection.write_all(&[7; 9]).await.unwrap();
        connection.write_all(&[7; GATHERED_MAX]).await.unwrap();
        connection.write_all(&[7; 9]).await.unwrap();
        assert_eq!(noted(&turn), (vec![9, GATHERED_MAX], 1));
        connection.shutdown().await.unwrap();
        assert_eq!(noted(&turn), (vec![9, GATHERED_MAX, 9], 2));
    }

    #[tokio::test]
    async fn who_reads_nothing_has_so_much_gathered_and_no_more_and_then_gets_all_of_it() {
        let (ours, mut theirs) = duplex(10);
        let (mut connection, turn) = gather(ours);
        let mut context = Context::from_waker(Waker::noop());
        let sent: Vec<u8> = (0..=u8::MAX).cycle().take(3 * GATHERED_MAX).collect();
        let mut taken = 0;
        while let Some(some) = sent.get(taken..taken + 100)
            && let Poll::Ready(written) = Pin::new(&mut connection).poll_write(&mut context, some)
        {
            taken += written.unwrap();
            assert!(turn.poll_written(&mut context).is_pending() || taken <= 10, "{taken}");
        }
        assert!((GATHERED_MAX - 100..=GATHERED_MAX + 10).contains(&taken), "{taken}");
        let mut read = vec![0; taken];
        let reading = theirs.read_exact(&mut read);
        let writing = poll_fn(|context| turn.poll_written(context));
        let (read_all, written) = tokio::join!(reading, writing);
        assert!(read_all.is_ok() && written.is_ok());
        assert_eq!(read, sent[..taken]);
    }
}
