//! Answers that are worked out on a thread that may block, beside the network's: while that works,
//! nobody is answered, and connections are taken for dead.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use super::status;

/// Messages that may wait for a slow reader.
const MESSAGES_AHEAD: usize = 16;

/// The messages of an answer.
pub(super) type Messages<T> = ReceiverStream<Result<T, Status>>;

/// Sends a message of an answer; false: nobody listens any more.
pub(super) type Sender<'s, T> = &'s dyn Fn(T) -> bool;

/// Answers with the result of `work`.
pub(super) async fn answer<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Status> + Send + 'static,
) -> Result<Response<T>, Status> {
    let worked = tokio::task::spawn_blocking(work).await;
    worked.map_err(|_| status::defect("working out an answer panicked"))?.map(Response::new)
}

/// Streams what `work` sends. `work` learns when nobody listens any more. Whatever ends it early
/// is reported at the end, so that no part is ever taken for the whole.
pub(super) fn stream<T: Send + 'static>(
    work: impl FnOnce(Sender<'_, T>) -> Result<(), Status> + Send + 'static,
) -> Response<Messages<T>> {
    let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
    let end = sender.clone();
    let working = tokio::task::spawn_blocking(move || {
        work(&|message| sender.blocking_send(Ok(message)).is_ok())
    });
    tokio::spawn(async move {
        let done = working.await;
        let done = done.unwrap_or_else(|_| Err(status::defect("working out a stream panicked")));
        if let Err(status) = done {
            let _ = end.send(Err(status)).await;
        }
    });
    Response::new(ReceiverStream::new(receiver))
}
