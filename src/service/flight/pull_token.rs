//! The tokens of pulls: the read point of the rows, sealed, and bound to what was requested.

use prost::Message;
use sha2::{Digest, Sha256};

use super::super::sealed_token::{BadToken, SealedTokens};
use super::super::watch_token::{decode_point, encode_point};
use crate::codec::store::v1 as store;
use crate::journal::StoreId;
use crate::queries::ReadPoint;

/// The tokens of one table, as it is requested.
#[derive(Clone, Debug)]
pub(super) struct PullTokens {
    sealing: SealedTokens,
    arguments: [u8; 32],
    erasures: [u8; 32],
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OpenedToken {
    /// A token to go on from.
    Since(ReadPoint),
    /// One from which changes can't be given, and why.
    Expired(&'static str),
}

impl PullTokens {
    pub fn new(store_id: &StoreId, arguments: [u8; 32], erasures: &[u8]) -> PullTokens {
        let erasures = Sha256::new().chain_update("slx erasures").chain_update(erasures);
        let erasures = erasures.finalize().into();
        PullTokens { sealing: SealedTokens::new("slx pull", store_id), arguments, erasures }
    }

    /// A token to go on from.
    pub fn seal(&self, at: ReadPoint) -> String {
        let token = store::PullToken {
            arguments: self.arguments.to_vec(),
            at: Some(encode_point(at)),
            erasures: self.erasures.to_vec(),
        };
        self.sealing.seal(&token.encode_to_vec())
    }

    /// What a token is; `None`: none of this table, as it is requested.
    pub fn open(&self, token: &str) -> Option<OpenedToken> {
        let content = match self.sealing.open(token) {
            Err(BadToken::Malformed) => return None,
            Err(BadToken::OfAnotherStore) => {
                return Some(OpenedToken::Expired("the token is of another store"));
            }
            Ok(content) => content,
        };
        let token = store::PullToken::decode(content.as_slice()).ok()?;
        let point = decode_point(token.at?)?;
        if token.arguments != self.arguments {
            return None;
        }
        Some(match token.erasures == self.erasures {
            true => OpenedToken::Since(point),
            false => OpenedToken::Expired("personal texts were erased since"),
        })
    }
}
