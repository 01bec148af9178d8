//! Sealed tokens that are handed back days later.
//!
//! A token begins with a checksum and a digest of its store, so that one that was spoilt on its way
//! is distinguished from one of another store, which is as good as expired here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::seal::{SEAL_BYTES, Seal};
use crate::journal::StoreId;

const TOKEN_VERSION: u8 = 1;
const CHECK_BYTES: usize = 8;
const STORE_BYTES: usize = 8;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// It is no token, or one of something else.
    Malformed,
    /// It is of another store.
    OfAnotherStore,
}

/// The tokens for one purpose, in one store.
#[derive(Clone, Debug)]
pub(super) struct SealedTokens {
    store: [u8; STORE_BYTES],
    sealing: Seal,
}

impl SealedTokens {
    /// For a purpose, such as "slx watch".
    pub fn new(purpose: &str, store_id: &StoreId) -> SealedTokens {
        let digest = Sha256::new().chain_update(format!("{purpose} store"));
        let store = first_bytes(&digest.chain_update(store_id.as_bytes()).finalize());
        SealedTokens { store, sealing: Seal::new(&format!("{purpose} token"), store_id) }
    }

    /// A token that holds a content.
    pub fn seal(&self, content: &[u8]) -> String {
        let seal = self.sealing.of(content);
        let sealed = [&[TOKEN_VERSION], self.store.as_slice(), &seal, content].concat();
        let check: [u8; CHECK_BYTES] = first_bytes(&Sha256::digest(&sealed));
        URL_SAFE_NO_PAD.encode([check.as_slice(), &sealed].concat())
    }

    /// What a token holds.
    pub fn open(&self, token: &str) -> Result<Vec<u8>, BadToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadToken::Malformed)?;
        let (check, sealed) = bytes.split_at_checked(CHECK_BYTES).ok_or(BadToken::Malformed)?;
        let is_whole = first_bytes::<CHECK_BYTES>(&Sha256::digest(sealed)) == *check;
        let (version, rest) = sealed.split_first().ok_or(BadToken::Malformed)?;
        let (store, rest) = rest.split_at_checked(STORE_BYTES).ok_or(BadToken::Malformed)?;
        if !is_whole || *version != TOKEN_VERSION {
            return Err(BadToken::Malformed);
        }
        if *store != self.store {
            return Err(BadToken::OfAnotherStore);
        }
        let (seal, content) = rest.split_at_checked(SEAL_BYTES).ok_or(BadToken::Malformed)?;
        match self.sealing.of(content) == *seal {
            true => Ok(content.to_vec()),
            false => Err(BadToken::Malformed),
        }
    }
}

fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    first
}
