//! Who may call: the identities file, and which of its entries the credentials of a call name.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::certificates::{CertificateEntry, Certificates};
use super::follow::Loaded;
use super::jwt::{IssuerEntry, Issuers};
use super::tokens::{TokenEntry, Tokens, is_token};
use crate::domain::time::Instant;
use crate::service::CallerIdentity;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentitiesFile {
    #[serde(default)]
    token: Vec<TokenEntry>,
    #[serde(default)]
    issuer: Vec<IssuerEntry>,
    #[serde(default)]
    certificate: Vec<CertificateEntry>,
}

/// Everybody who may call.
#[derive(Debug)]
pub(super) struct Identities {
    tokens: Tokens,
    issuers: Issuers,
    certificates: Certificates,
}

/// What a call shows to say whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Credential<'c> {
    /// `authorization: Bearer ...`
    Bearer(&'c str),
    /// The certificate of its connection.
    Certificate(&'c CertificateDer<'c>),
}

impl Credential<'_> {
    /// What kind it is, for the audit log.
    pub fn kind(&self) -> &'static str {
        match self {
            Credential::Bearer(token) if is_token(token) => "token",
            Credential::Bearer(_) => "jwt",
            Credential::Certificate(_) => "certificate",
        }
    }
}

impl Identities {
    /// Reads an identities file and the key sets it names.
    pub fn load(path: &Path) -> anyhow::Result<Loaded<Identities>> {
        let text = read(path)?;
        let mut digest = Sha256::new().chain_update(&text);
        // What is wrong with it is said without its text.
        let file: IdentitiesFile = toml::from_str(&text).map_err(|error| {
            anyhow::anyhow!("{} is not an identities file: {}", path.display(), error.message())
        })?;
        let mut issuers = Vec::new();
        for entry in file.issuer {
            let keys = entry.jwks_path(path).map(|path| read(&path)).transpose()?;
            digest.update(keys.as_deref().unwrap_or_default());
            issuers.push((entry, keys));
        }
        let is_empty = file.token.is_empty() && issuers.is_empty() && file.certificate.is_empty();
        if is_empty {
            bail!("{} names nobody: nobody could call", path.display());
        }
        let value = Identities {
            tokens: Tokens::new(file.token)?,
            issuers: Issuers::new(issuers)?,
            certificates: Certificates::new(file.certificate)?,
        };
        Ok(Loaded { value, digest: digest.finalize().into() })
    }

    /// Whose credentials these are.
    ///
    /// # Errors
    /// Why they are not accepted, for the log.
    pub fn identity(
        &self,
        credential: Credential<'_>,
        now: Instant,
    ) -> Result<Arc<CallerIdentity>, String> {
        match credential {
            Credential::Bearer(token) if is_token(token) => self.tokens.identity(token, now),
            Credential::Bearer(token) => self.issuers.identity(token, now),
            Credential::Certificate(certificate) => self.certificates.identity(certificate),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))
}
