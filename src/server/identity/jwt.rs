//! JSON Web Tokens (RFC 7519) of issuers that the identities file names: signed with a key of the
//! issuer by the algorithm of that key, for this audience, and in their time.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Validation, decode, decode_header};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::access::check_name;
use super::keys::IssuerKey;
use super::signatures;
use crate::domain::time::Instant;
use crate::limits::PERSON_BYTES_MAX;
use crate::service::{CallerIdentity, Scope, Tenants};

/// Bytes in a token: more than that no header of a request should hold.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
const LEEWAY_SECONDS_DEFAULT: u64 = 30;
const LEEWAY_SECONDS_MAX: u64 = 60;
/// Tokens that were found right are remembered, so that a signature is checked once.
const REMEMBERED_MAX: usize = 4_096;
/// What the scopes of slx may begin with in tokens that hold those of other programs too.
const SCOPE_PREFIX: &str = "slx:";

type Claims = Map<String, Value>;

/// The entry of an issuer in the identities file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerEntry {
    /// What its subjects' names begin with.
    name: String,
    /// The claim `iss` of its tokens.
    issuer: String,
    /// What the claim `aud` must hold.
    audience: String,
    /// A JSON Web Key Set (RFC 7517) with its public keys; relative to the identities file.
    jwks_file: Option<PathBuf>,
    /// Its public keys, when they are in no file.
    #[serde(default)]
    keys: Vec<Jwk>,
    /// By how much clocks may differ.
    leeway_seconds: Option<u64>,
    /// The claim with the subject's name.
    #[serde(default = "sub")]
    name_claim: String,
    /// The claim with the tenants: a text or a list of texts.
    #[serde(default = "slx_tenants")]
    tenants_claim: String,
    /// The claim with the scopes: a text with spaces between them, or a list.
    #[serde(default = "scope")]
    scopes_claim: String,
    /// Claims that must have exactly these texts.
    #[serde(default)]
    required_claims: BTreeMap<String, String>,
}

fn sub() -> String {
    "sub".to_owned()
}

fn slx_tenants() -> String {
    "slx_tenants".to_owned()
}

fn scope() -> String {
    "scope".to_owned()
}

impl IssuerEntry {
    /// The file with its keys, beside the identities file.
    pub fn jwks_path(&self, identities: &Path) -> Option<PathBuf> {
        let directory = identities.parent().unwrap_or(Path::new(""));
        self.jwks_file.as_ref().map(|file| directory.join(file))
    }
}

#[derive(Debug)]
struct Issuer {
    entry: IssuerEntry,
    keys: Vec<IssuerKey>,
    leeway: u64,
}

/// The issuers whose tokens are accepted.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    issuers: Vec<Issuer>,
    remembered: Mutex<HashMap<[u8; 32], Remembered>>,
}

#[derive(Clone, Debug)]
struct Remembered {
    identity: Arc<CallerIdentity>,
    until_seconds: i64,
}

impl Issuers {
    /// The issuers of the entries, each with the text of its key set, if it has a file.
    pub fn new(entries: Vec<(IssuerEntry, Option<String>)>) -> anyhow::Result<Issuers> {
        signatures::install();
        let issuers = entries.into_iter().map(|(entry, jwks)| {
            let name = entry.name.clone();
            Issuer::new(entry, jwks).with_context(|| format!("issuer {name:?}"))
        });
        let issuers = issuers.collect::<anyhow::Result<_>>()?;
        Ok(Issuers { issuers, remembered: Mutex::default() })
    }

    /// Whose a token is.
    ///
    /// # Errors
    /// Why it is not accepted, for the log.
    pub fn identity(&self, token: &str, now: Instant) -> Result<Arc<CallerIdentity>, String> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(format!("the token has more than {TOKEN_BYTES_MAX} bytes"));
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        let known = self.remembered.lock().get(&hash).cloned();
        if let Some(known) = known.filter(|known| now.seconds() < known.until_seconds) {
            return Ok(known.identity);
        }
        let mut reason = "no issuer has such a key".to_owned();
        for issuer in &self.issuers {
            match issuer.remembered(token) {
                Ok(Some(found)) => return Ok(self.remember(hash, found)),
                Ok(None) => {}
                Err(wrong) => reason = format!("issuer {:?}: {wrong}", issuer.entry.name),
            }
        }
        Err(reason)
    }

    fn remember(&self, hash: [u8; 32], found: Remembered) -> Arc<CallerIdentity> {
        let identity = Arc::clone(&found.identity);
        let mut remembered = self.remembered.lock();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, found);
        identity
    }
}

impl Issuer {
    fn new(entry: IssuerEntry, jwks: Option<String>) -> anyhow::Result<Issuer> {
        check_name(&entry.name)?;
        let leeway = entry.leeway_seconds.unwrap_or(LEEWAY_SECONDS_DEFAULT);
        if leeway > LEEWAY_SECONDS_MAX {
            bail!("leeway_seconds is {leeway}: at most {LEEWAY_SECONDS_MAX}");
        }
        if entry.issuer.is_empty() || entry.audience.is_empty() {
            bail!("issuer or audience is empty: any token of those keys would be accepted");
        }
        let mut keys = entry.keys.clone();
        if let Some(text) = jwks {
            let set: JwkSet = serde_json::from_str(&text).context("jwks_file is no key set")?;
            keys.extend(set.keys);
        }
        let keys = IssuerKey::all(&keys)?;
        if keys.is_empty() {
            bail!("it has no key that signs: give jwks_file or keys");
        }
        Ok(Issuer { entry, keys, leeway })
    }

    /// What a token gives; none: no key of this issuer may have signed it.
    fn remembered(&self, token: &str) -> Result<Option<Remembered>, String> {
        let header = decode_header(token).map_err(|error| error.to_string())?;
        let Some(key) = IssuerKey::named(&self.keys, header.kid.as_deref()) else {
            return Ok(None);
        };
        if header.alg != key.algorithm {
            return Err(format!("it is signed by {:?}, the key by another algorithm", header.alg));
        }
        let decoded = decode::<Claims>(token, &key.key, &self.validation(key));
        let claims = decoded.map_err(|error| error.to_string())?.claims;
        for (name, required) in &self.entry.required_claims {
            if claims.get(name).and_then(Value::as_str) != Some(required) {
                return Err(format!("its claim {name:?} is not as required"));
            }
        }
        let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
        let until_seconds = (expires as i64).saturating_add_unsigned(self.leeway);
        let identity = Arc::new(self.identity(&claims)?);
        Ok(Some(Remembered { identity, until_seconds }))
    }

    fn validation(&self, key: &IssuerKey) -> Validation {
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = self.leeway;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.entry.issuer]);
        validation.set_audience(&[&self.entry.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation
    }

    fn identity(&self, claims: &Claims) -> Result<CallerIdentity, String> {
        let IssuerEntry { name, name_claim, tenants_claim, scopes_claim, .. } = &self.entry;
        let subject = claims.get(name_claim).and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty()
            || subject.len() > PERSON_BYTES_MAX / 2
            || subject.chars().any(char::is_control)
        {
            return Err(format!("its claim {name_claim:?} names nobody"));
        }
        let tenants = Tenants::listed(texts(claims.get(tenants_claim)));
        let scopes = texts(claims.get(scopes_claim));
        let scopes = scopes.iter().flat_map(|text| text.split_whitespace());
        let scopes = scopes.map(|word| word.strip_prefix(SCOPE_PREFIX).unwrap_or(word));
        // A token may hold scopes of other programs.
        let scopes = scopes.filter_map(Scope::of_word).collect();
        CallerIdentity::new(format!("{name}/{subject}"), tenants, scopes).map_err(str::to_owned)
    }
}

/// The texts of a claim, which may be one or a list.
fn texts(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(texts)) => {
            texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
