//! A name that is kept, and the token that stands for it.
//!
//! A token is a keyed hash of its text, so the chain over the records holds the names too: one that
//! was altered has another token. Its key, a random salt, is kept with the text and goes with it;
//! without it nobody can try names against the token.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use prost::Message;
use sha2::Sha256;

use super::unreadable::Unreadable;
use super::v1 as store;
use crate::codec::scalar::hexadecimal;
use crate::domain::ids::TenantId;
use crate::domain::personal::ERASED;

/// What a token begins with in place of a text.
const MARK: char = '\u{1}';
/// The bytes of a token.
const TOKEN_BYTES: usize = 16;
/// The letters of a token that show where its text is erased.
const SHOWN_LETTERS: usize = 16;
/// The bytes of a salt.
const SALT_BYTES: usize = 32;

/// The system gives no random bytes for a new salt.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoSalt(getrandom::Error);

/// What stands for a text in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token([u8; TOKEN_BYTES]);

/// A personal text of a tenant, and the salt of its token. One without a text says that texts of
/// the tenant were erased: its salt is another after each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptName {
    pub(super) tenant: TenantId,
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) text: String,
}

impl Token {
    pub(super) fn shown(self) -> String {
        format!("{MARK}{}", hexadecimal(&self.0))
    }

    pub(super) fn read(text: &str) -> Option<Token> {
        let letters = text.strip_prefix(MARK)?;
        let is_whole = letters.len() == 2 * TOKEN_BYTES && !letters.starts_with('+');
        let number = u128::from_str_radix(letters, 16).ok().filter(|_| is_whole)?;
        Some(Token(number.to_be_bytes()))
    }

    /// What is read in place of its text once that is erased.
    pub(super) fn pseudonym(self) -> String {
        ERASED.chars().chain(hexadecimal(&self.0).chars().take(SHOWN_LETTERS)).collect()
    }
}

impl KeptName {
    pub(super) fn new(tenant: &TenantId, text: &str) -> Result<KeptName, NoSalt> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(NoSalt)?;
        Ok(KeptName { tenant: tenant.clone(), salt, text: text.to_owned() })
    }

    /// That a text of the tenant was erased.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn erasure(tenant: &TenantId) -> Result<KeptName, NoSalt> {
        KeptName::new(tenant, "")
    }

    pub(super) fn token(&self) -> Token {
        let mut token = Token([0; TOKEN_BYTES]);
        if let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(&self.salt) {
            hash.update(self.tenant.as_bytes());
            hash.update(&[0]);
            hash.update(self.text.as_bytes());
            token.0.iter_mut().zip(hash.finalize().into_bytes()).for_each(|(to, byte)| *to = byte);
        }
        token
    }

    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Its token, in hexadecimal digits.
    pub fn token_text(&self) -> String {
        hexadecimal(&self.token().0)
    }

    /// Whether it is this text of this tenant.
    pub fn is_of(&self, tenant: &TenantId, text: &str) -> bool {
        self.tenant == *tenant && self.text == text
    }

    /// Its bytes, in a file.
    pub fn encode(&self) -> Vec<u8> {
        let KeptName { tenant, salt, text } = self;
        let (tenant, salt, text) = (tenant.to_string(), salt.to_vec(), text.clone());
        store::Name { tenant, salt, text }.encode_to_vec()
    }

    /// The name of some bytes.
    ///
    /// # Errors
    /// They are not those of a name.
    pub fn decode(bytes: &[u8]) -> Result<KeptName, Unreadable> {
        let store::Name { tenant, salt, text } = store::Name::decode(bytes)?;
        let salt = salt.try_into().map_err(|_| "its salt has not 32 bytes".to_owned())?;
        Ok(KeptName { tenant: tenant.into(), salt, text })
    }
}

/// That names of a tenant are erased, said to whoever else keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedNames {
    /// What is kept of it: a name of the tenant without a text.
    pub erasure: KeptName,
    /// The tokens of the names, in hexadecimal digits.
    pub tokens: BTreeSet<String>,
}

impl ErasedNames {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let erasure = self.erasure.encode();
        let tokens = self.tokens.iter().cloned().collect();
        store::ErasedNames { erasure, tokens }.encode_to_vec()
    }

    /// What some bytes say.
    ///
    /// # Errors
    /// They are not those of erased names.
    pub fn decode(bytes: &[u8]) -> Result<ErasedNames, Unreadable> {
        let store::ErasedNames { erasure, tokens } = store::ErasedNames::decode(bytes)?;
        let (erasure, tokens) = (KeptName::decode(&erasure)?, tokens.into_iter().collect());
        Ok(ErasedNames { erasure, tokens })
    }
}
