//! Serving connections: each is served as it comes in, until the server stops; then those that are
//! open end by themselves, in time or not.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt};

use super::connections::{ConnectionBounds, Watched};

/// What is to be said when the server stops.
pub(super) type Stopping = watch::Receiver<bool>;

/// Serves each connection that comes in by a task of its own until signalled to stop, and then
/// waits for them, but not for ever: a peer that says nothing would hold a stop up without end.
/// Returns whether all ended in time.
pub(super) async fn serve_each<C, F>(
    incoming: impl Stream<Item = io::Result<C>> + Send,
    bounds: ConnectionBounds,
    mut stopping: Stopping,
    drain: Duration,
    serve: impl Fn(Watched<C>, Stopping) -> F + Send,
) -> bool
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let mut open = JoinSet::new();
    let signal = stopping.clone();
    {
        let mut incoming = pin!(incoming);
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => break,
                connection = incoming.next() => match connection {
                    Some(Ok(connection)) => {
                        open.spawn(serve(Watched::new(connection, bounds), signal.clone()));
                    }
                    Some(Err(error)) => tracing::debug!(%error, "a connection failed"),
                    None => break,
                },
                Some(_) = open.join_next(), if !open.is_empty() => {}
            }
        }
    }
    let ended = async { while open.join_next().await.is_some() {} };
    tokio::time::timeout(drain, ended).await.is_ok()
}

/// Goes as far as it can with a call at once, and spawns a task only for what must wait: what is
/// refused by its headers is answered before the next call is looked at, so that however many come
/// together take no memory for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtOnce;

impl<F> Executor<F> for AtOnce
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut future = Box::pin(future);
        // A call that panics ends by itself, as in a task of its own, not with its connection.
        let begun = catch_unwind(AssertUnwindSafe(|| {
            // In its task it is polled again, by whoever wakes it then.
            future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        }));
        if let Ok(Poll::Pending) = begun {
            tokio::spawn(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_need_not_wait_is_done_at_once_and_the_rest_in_its_turn() {
        let done = Arc::new(AtomicUsize::new(0));
        let note = |count: usize| {
            let done = Arc::clone(&done);
            move || {
                done.fetch_add(count, Ordering::Relaxed);
            }
        };
        let at_once = note(1);
        AtOnce.execute(async move { at_once() });
        assert_eq!(done.load(Ordering::Relaxed), 1);
        let (go_on, waiting) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let later = note(10);
        AtOnce.execute(async move {
            waiting.await.unwrap();
            later();
            end.send(()).unwrap();
        });
        assert_eq!(done.load(Ordering::Relaxed), 1);
        go_on.send(()).unwrap();
        ended.await.unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 11);
    }

    #[tokio::test]
    async fn a_call_that_panics_at_once_takes_nobody_with_it() {
        AtOnce.execute(async { panic!("a defect") });
    }
}
