//! Which names there are, and where: about a hundred bytes of memory for each, however long it is.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use super::kept_name::{KeptName, Token};
use crate::domain::ids::TenantId;

/// Which names there are, and where.
#[derive(Debug, Default)]
pub struct Places {
    tokens: HashMap<[u64; 2], Token>,
    places: HashMap<Token, u64>,
    erasures: BTreeMap<TenantId, Box<[u8]>>,
    /// The keys by which texts are found: nobody outside this process knows them, so no two texts
    /// can be made that are taken for one.
    hashers: [RandomState; 2],
}

impl Places {
    /// Adds a name that is kept at a place.
    pub fn add(&mut self, name: &KeptName, place: u64) {
        match name.text.is_empty() {
            true => drop(self.erasures.insert(name.tenant.clone(), name.salt.into())),
            false => {
                let token = self.note(name);
                self.places.insert(token, place);
            }
        }
    }

    /// Adds a name that is not kept yet.
    pub(super) fn note(&mut self, name: &KeptName) -> Token {
        let token = name.token();
        self.tokens.insert(self.digest(&name.tenant, &name.text), token);
        token
    }

    pub(super) fn token(&self, tenant: &TenantId, text: &str) -> Option<Token> {
        self.tokens.get(&self.digest(tenant, text)).copied()
    }

    pub(super) fn of(&self, token: Token) -> Option<u64> {
        self.places.get(&token).copied()
    }

    /// Bytes that they take in memory, about.
    pub(super) fn bytes(&self) -> usize {
        allocated::<([u64; 2], Token)>(self.tokens.capacity())
            + allocated::<(Token, u64)>(self.places.capacity())
    }

    pub(super) fn erased(&self) -> impl Iterator<Item = (&TenantId, &[u8])> {
        self.erasures.iter().map(|(tenant, salt)| (tenant, &**salt))
    }

    pub(super) fn erasure_of(&self, tenant: &TenantId) -> Option<&[u8]> {
        self.erasures.get(tenant).map(|salt| &**salt)
    }

    fn digest(&self, tenant: &TenantId, text: &str) -> [u64; 2] {
        self.hashers.each_ref().map(|hasher| hasher.hash_one((tenant, text)))
    }
}

/// What a table with room for so many rows takes: a byte beside each, and an eighth stays empty.
fn allocated<Row>(capacity: usize) -> usize {
    capacity.saturating_mul(size_of::<Row>() + 1) / 7 * 8
}
