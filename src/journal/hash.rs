//! The hashes of the chain and of the tree over it.

use std::fmt;

use sha2::Sha256;
use sha2::digest::Output;

/// A SHA-256 hash of the chain or of the tree over it; displayed as 64 lower-case hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// What stands for the chain hash of the record before the first.
    pub const ZERO: ChainHash = ChainHash([0; 32]);

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for ChainHash {
    fn from(bytes: [u8; 32]) -> ChainHash {
        ChainHash(bytes)
    }
}

impl From<Output<Sha256>> for ChainHash {
    fn from(hash: Output<Sha256>) -> ChainHash {
        ChainHash(hash.into())
    }
}

impl AsRef<[u8]> for ChainHash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}
