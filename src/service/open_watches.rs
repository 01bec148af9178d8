//! How many streams of notices a connection has: its peer may be silent for as long as there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The streams of notices of a connection. The server puts it beside each request.
#[derive(Clone, Debug, Default)]
pub struct OpenWatches(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct OpenWatch(OpenWatches);

impl OpenWatches {
    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    pub(super) fn enter(&self) -> OpenWatch {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenWatch(self.clone())
    }
}

impl Drop for OpenWatch {
    fn drop(&mut self) {
        let OpenWatch(OpenWatches(open)) = self;
        open.fetch_sub(1, Ordering::Relaxed);
    }
}
