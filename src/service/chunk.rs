//! Rows of a stream, gathered some hundreds to a message.

use prost::Message;

use crate::limits::{ROW_BYTES_PER_MESSAGE_MAX, ROWS_PER_MESSAGE_MAX};

/// The rows of the next message.
#[derive(Debug, Default)]
pub(super) struct Chunk<R> {
    rows: Vec<R>,
    bytes: usize,
}

impl<R: Message> Chunk<R> {
    /// Adds a row; when it does not fit any more, the others are sent first. False: nobody listens
    /// any more.
    pub fn add(&mut self, row: R, send: impl FnOnce(Vec<R>) -> bool) -> bool {
        let bytes = row.encoded_len();
        let is_full = self.rows.len() == ROWS_PER_MESSAGE_MAX
            || (self.bytes + bytes > ROW_BYTES_PER_MESSAGE_MAX && !self.rows.is_empty());
        if is_full && !send(self.take()) {
            return false;
        }
        self.bytes += bytes;
        self.rows.push(row);
        true
    }

    /// Takes what is gathered.
    pub fn take(&mut self) -> Vec<R> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}
