//! The id of a store.

use std::fmt;

/// The 16 random bytes that name a store. Checksums and the seals of page tokens are keyed with it,
/// so it is never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StoreId([u8; 16]);

impl StoreId {
    /// The id of these bytes.
    pub const fn new(bytes: [u8; 16]) -> StoreId {
        StoreId(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for StoreId {
    fn from(bytes: [u8; 16]) -> StoreId {
        StoreId(bytes)
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreId(..)")
    }
}
