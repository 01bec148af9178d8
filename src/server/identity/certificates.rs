//! Client certificates as identities: by the names they bear, which the certificate authority of
//! the server's settings vouched for in the handshake.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use serde::Deserialize;
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::access::Grant;
use crate::service::CallerIdentity;

/// The entry of a certificate in the identities file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateEntry {
    name: String,
    /// A name that the certificate bears: a DNS name or URI of its subject's alternative names.
    san: String,
    #[serde(default)]
    tenants: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

/// The certificates that are identities, by their names.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    by_name: BTreeMap<String, Arc<CallerIdentity>>,
}

impl Certificates {
    pub fn new(entries: Vec<CertificateEntry>) -> anyhow::Result<Certificates> {
        let mut by_name = BTreeMap::new();
        for CertificateEntry { name, san, tenants, scopes } in entries {
            let identity = Grant { name, tenants, scopes }.identity()?;
            if by_name.insert(san.clone(), Arc::new(identity)).is_some() {
                bail!("two certificates have the name {san:?}");
            }
        }
        Ok(Certificates { by_name })
    }

    /// Whose a certificate is. One that bears the names of two identities is nobody's.
    ///
    /// # Errors
    /// Why it is not accepted, for the log.
    pub fn identity(
        &self,
        certificate: &CertificateDer<'_>,
    ) -> Result<Arc<CallerIdentity>, String> {
        let certificate = EndEntityCert::try_from(certificate).map_err(|e| e.to_string())?;
        let names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
        let mut found = names.filter_map(|name| self.by_name.get(name));
        let first = found.next().ok_or_else(|| "no identity has that certificate".to_owned())?;
        match found.all(|other| other == first) {
            true => Ok(Arc::clone(first)),
            false => Err("the certificate bears the names of several identities".to_owned()),
        }
    }
}
