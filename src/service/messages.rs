//! The messages of an answer that is streamed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::runtime::{Patience, Stopped};

/// The messages that wait. Whoever sends them may take them back from a reader that does not read.
pub(super) type Queued<T> = Arc<Mutex<ReceiverStream<Result<T, Status>>>>;

/// The messages of an answer. When they are dropped, whoever works on them stops.
#[derive(Debug)]
pub struct Messages<T> {
    queued: Queued<T>,
    patience: Patience,
}

impl<T> Messages<T> {
    pub(super) fn new(queued: Queued<T>, patience: Patience) -> Messages<T> {
        Messages { queued, patience }
    }
}

impl<T> Stream for Messages<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.queued.lock()).poll_next(context)
    }
}

impl<T> Drop for Messages<T> {
    fn drop(&mut self) {
        self.patience.end(Stopped::CallerGone);
        // Whoever waits for room learns that there will be none.
        self.queued.lock().close();
    }
}
