//! What an entry of the identities file gives: tenants and scopes.

use std::collections::BTreeSet;

use anyhow::{anyhow, bail};
use chrono::{DateTime, Utc};

use crate::domain::time::Instant;
use crate::limits::PERSON_BYTES_MAX;
use crate::service::{CallerIdentity, Scope, Tenants};

/// A name and what it may do.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who or what it is: recorded with what it signs and decides, and in the audit log.
    pub name: String,
    /// The ids of its tenants; `*`: every one.
    pub tenants: Vec<String>,
    /// The words of its scopes.
    pub scopes: Vec<String>,
}

impl Grant {
    /// The identity it gives.
    ///
    /// # Errors
    /// When its name is not one, a scope is unknown, or it would operate for some tenants only.
    pub fn identity(&self) -> anyhow::Result<CallerIdentity> {
        check_name(&self.name)?;
        let scopes = self.scopes.iter().map(|word| {
            Scope::of_word(word).ok_or_else(|| {
                let all = Scope::ALL.map(Scope::word).join(", ");
                anyhow!("{:?}: {word:?} is not a scope: write some of {all}", self.name)
            })
        });
        let scopes = scopes.collect::<anyhow::Result<BTreeSet<_>>>()?;
        let tenants = Tenants::listed(self.tenants.iter().cloned());
        let identity = CallerIdentity::new(self.name.clone(), tenants, scopes);
        identity.map_err(|wrong| anyhow!("{:?}: {wrong}", self.name))
    }
}

/// A name in the identities file. The slash stands between an issuer and its subjects, so that no
/// subject can have the name of another entry.
pub(super) fn check_name(name: &str) -> anyhow::Result<()> {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "._:@-".contains(letter);
    if name.is_empty() || name.len() > PERSON_BYTES_MAX / 2 || !name.chars().all(is_fit) {
        bail!(
            "{name:?} is not a name: write 1 to {} of A-Z a-z 0-9 . _ : @ -",
            PERSON_BYTES_MAX / 2
        );
    }
    Ok(())
}

/// An instant as RFC 3339 writes it.
pub(super) fn instant(text: &str) -> anyhow::Result<Instant> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| anyhow!("{text:?} is not a time: write 2027-01-31T00:00:00Z"))?;
    Instant::try_from(time.with_timezone(&Utc)).map_err(|error| anyhow!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(name: &str, tenants: &[&str], scopes: &[&str]) -> anyhow::Result<CallerIdentity> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let (tenants, scopes) = (owned(tenants), owned(scopes));
        Grant { name: name.to_owned(), tenants, scopes }.identity()
    }

    #[test]
    fn what_is_not_a_name_or_a_scope_is_refused_with_its_words() {
        assert!(granted("a.b@c", &["acme"], &["record", "read"]).unwrap().has(Scope::Record));
        for name in ["", "a/b", "a b", "\n", "é"] {
            assert!(granted(name, &[], &[]).is_err(), "{name:?}");
        }
        let wrong = granted("it", &["acme"], &["write"]).unwrap_err().to_string();
        assert!(wrong.contains("\"write\" is not a scope"), "{wrong}");
        let wrong = granted("it", &["acme"], &["operate"]).unwrap_err().to_string();
        assert!(wrong.contains("reaches every tenant"), "{wrong}");
    }
}
