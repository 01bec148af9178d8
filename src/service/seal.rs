//! Seals: what a caller hands back unchanged bears a keyed hash.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::journal::StoreId;

/// Bytes of a seal.
pub(super) const SEAL_BYTES: usize = 16;

/// Seals for one purpose, in one store.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    key: [u8; 32],
}

impl Seal {
    pub fn new(purpose: &str, store_id: &StoreId) -> Seal {
        let key = Sha256::new().chain_update(purpose).chain_update(store_id.as_bytes()).finalize();
        Seal { key: key.into() }
    }

    /// The seal of a content.
    pub fn of(&self, content: &[u8]) -> [u8; SEAL_BYTES] {
        let mut seal = [0; SEAL_BYTES];
        // A key of any length is taken, so this can't fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(content);
            let whole = mac.finalize().into_bytes();
            seal.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        }
        seal
    }
}
