//! Static tokens. What is kept of one is its SHA-256: a token is 256 random bits, which nobody can
//! go through, so the slow hashes that protect people's passwords would protect nothing here.
//!
//! A token is looked up by that hash. Whoever tries tokens can't choose their hashes, so how long a
//! lookup takes says nothing about those that are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::{Grant, instant};
use crate::codec::scalar::hexadecimal;
use crate::domain::time::Instant;
use crate::service::CallerIdentity;

/// What tokens begin with, so that those who search for leaked secrets find them.
const PREFIX: &str = "slx_";
const RANDOM_BYTES: usize = 32;

/// The entry of a token in the identities file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    name: String,
    #[serde(default)]
    tenants: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    /// The SHA-256 of the token, in hexadecimal.
    sha256: String,
    /// From when on it is not accepted any more, as RFC 3339 has it; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// A token that was just made. It is shown once, and nothing but its hash is kept.
pub struct NewToken {
    /// What a client sends.
    pub token: String,
    /// What the identities file holds.
    pub entry: TokenEntry,
}

impl NewToken {
    /// Makes a token for an identity.
    ///
    /// # Errors
    /// When the identity can't be, or the system has no randomness.
    pub fn make(grant: Grant, expires: Option<String>) -> anyhow::Result<NewToken> {
        grant.identity()?;
        expires.as_deref().map(instant).transpose()?;
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)?;
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let sha256 = hexadecimal(&Sha256::digest(&token));
        let Grant { name, tenants, scopes } = grant;
        Ok(NewToken { token, entry: TokenEntry { name, tenants, scopes, sha256, expires } })
    }
}

/// The tokens that are accepted, by their hashes.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    by_hash: BTreeMap<[u8; 32], (Arc<CallerIdentity>, Option<Instant>)>,
}

impl Tokens {
    pub fn new(entries: Vec<TokenEntry>) -> anyhow::Result<Tokens> {
        let mut by_hash = BTreeMap::new();
        for TokenEntry { name, tenants, scopes, sha256, expires } in entries {
            let grant = Grant { name, tenants, scopes };
            let identity = Arc::new(grant.identity()?);
            let hash = hash(&sha256)
                .with_context(|| format!("token {:?}: sha256 is not 64 digits", grant.name))?;
            let expires = expires.as_deref().map(instant).transpose()?;
            if by_hash.insert(hash, (identity, expires)).is_some() {
                bail!("token {:?}: another entry has the same sha256", grant.name);
            }
        }
        Ok(Tokens { by_hash })
    }

    /// Whose a token is.
    ///
    /// # Errors
    /// Why it is not accepted, for the log.
    pub fn identity(&self, token: &str, now: Instant) -> Result<Arc<CallerIdentity>, String> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        match self.by_hash.get(&hash) {
            None => Err("no such token".to_owned()),
            Some((_, Some(expires))) if *expires <= now => Err("the token has expired".to_owned()),
            Some((identity, _)) => Ok(Arc::clone(identity)),
        }
    }
}

/// Whether credentials look like a token of ours.
pub(super) fn is_token(bearer: &str) -> bool {
    bearer.starts_with(PREFIX)
}

fn hash(digits: &str) -> Option<[u8; 32]> {
    let hash = crate::codec::scalar::hash(digits).ok()?;
    Some(*hash.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(name: &str) -> Grant {
        let (tenants, scopes) = (vec!["acme".to_owned()], vec!["read".to_owned()]);
        Grant { name: name.to_owned(), tenants, scopes }
    }

    #[test]
    fn a_token_is_accepted_until_it_expires_and_its_hash_is_all_that_is_kept() {
        let made = NewToken::make(grant("it"), Some("2026-11-28T12:00:00Z".to_owned())).unwrap();
        let NewToken { token, entry } = made;
        assert!(is_token(&token) && token.len() > 40);
        let kept = toml::to_string(&entry).unwrap();
        assert!(!kept.contains(&token), "{kept}");
        let tokens = Tokens::new(vec![toml::from_str(&kept).unwrap()]).unwrap();
        let before = instant("2026-11-28T11:59:59Z").unwrap();
        assert_eq!(tokens.identity(&token, before).unwrap().name(), "it");
        let at = instant("2026-11-28T12:00:00Z").unwrap();
        assert!(tokens.identity(&token, at).unwrap_err().contains("expired"));
        for other in ["", "slx_", &token.to_uppercase(), &format!("{token} "), &entry.sha256] {
            assert!(tokens.identity(other, before).is_err(), "{other}");
        }
    }

    #[test]
    fn two_tokens_are_never_the_same() {
        let make = || NewToken::make(grant("it"), None).unwrap().token;
        assert_ne!(make(), make());
    }
}
