//! What an incident is indexed under, as its row holds it.

use std::sync::Arc;

use prost::Message;

use super::unreadable::Unreadable;
use super::v1 as store;
use super::{sorted_keys, tally};
use crate::engine::index::IndexKeys;
use crate::engine::tally::Contribution;

/// What an incident is indexed under, as its row holds it: a tenth of what it takes when it is
/// read, which is needed only when the incident is indexed anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredIndexKeys(Arc<[u8]>);

impl StoredIndexKeys {
    /// To be stored.
    pub fn encode(index_keys: &IndexKeys) -> StoredIndexKeys {
        let keys = sorted_keys::encode(index_keys.keys.iter().map(Vec::as_slice));
        let contribution = Some(tally::encode_contribution(&index_keys.contribution));
        StoredIndexKeys::from(store::IndexKeys { keys, contribution }.encode_to_vec())
    }

    /// What was stored.
    pub fn decode(&self) -> Result<IndexKeys, Unreadable> {
        let store::IndexKeys { keys, contribution } = store::IndexKeys::decode(self.as_bytes())?;
        let contribution = tally::decode_contribution(contribution.unwrap_or_default())?;
        let keys = sorted_keys::decode(&keys)?.iter().map(Vec::from).collect();
        Ok(IndexKeys { keys, contribution })
    }

    /// What was stored of its contribution: the keys are passed over.
    pub fn contribution(&self) -> Result<Contribution, Unreadable> {
        let contribution = ContributionAlone::decode(self.as_bytes())?.contribution;
        tally::decode_contribution(contribution.unwrap_or_default())
    }

    /// As it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A `store::IndexKeys` of which the keys are passed over.
#[derive(Clone, PartialEq, Message)]
struct ContributionAlone {
    #[prost(message, optional, tag = "2")]
    contribution: Option<store::Contribution>,
}

impl From<Vec<u8>> for StoredIndexKeys {
    fn from(bytes: Vec<u8>) -> StoredIndexKeys {
        StoredIndexKeys(bytes.into())
    }
}
