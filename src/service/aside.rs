//! Streams of answers that are worked out on a thread that may block.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

/// Messages that may wait for a slow reader.
const MESSAGES_AHEAD: usize = 16;

/// The messages of an answer.
pub(super) type Messages<T> = ReceiverStream<Result<T, Status>>;

/// Streams what `work` sends. `work` is told when nobody listens any more.
pub(super) fn stream<T: Send + 'static>(
    work: impl FnOnce(&dyn Fn(T) -> bool) -> Result<(), Status> + Send + 'static,
) -> Response<Messages<T>> {
    let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(status) = work(&|message| sender.blocking_send(Ok(message)).is_ok()) {
            let _ = sender.blocking_send(Err(status));
        }
    });
    Response::new(ReceiverStream::new(receiver))
}
