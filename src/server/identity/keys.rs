//! The public keys of issuers, each with the one algorithm it signs by.

use anyhow::{Context, bail};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// A public key.
#[derive(Debug)]
pub(super) struct IssuerKey {
    id: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

impl IssuerKey {
    /// The keys of a set that sign. Those for encryption are left out; one that can't be used is an
    /// error, and so is a shared secret.
    pub fn all(jwks: &[Jwk]) -> anyhow::Result<Vec<IssuerKey>> {
        let keys = jwks.iter().filter(|jwk| signs(jwk)).map(|jwk| {
            let id = jwk.common.key_id.clone();
            IssuerKey::of(jwk).with_context(|| format!("key {:?}", id.unwrap_or_default()))
        });
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        let mut ids: Vec<_> = keys.iter().map(|key| key.id.as_deref()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() < keys.len() {
            bail!("two keys have the same kid, or none: tokens could not say which signed them");
        }
        Ok(keys)
    }

    /// The key that a token names; without a name, the only one.
    pub fn named<'k>(keys: &'k [IssuerKey], id: Option<&str>) -> Option<&'k IssuerKey> {
        match (id, keys) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), [only]) if only.id.is_none() => Some(only),
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }

    fn of(jwk: &Jwk) -> anyhow::Result<IssuerKey> {
        let said = jwk.common.key_algorithm.map(|said| said.to_string().parse::<Algorithm>());
        let said = said.transpose().context("its alg signs nothing")?;
        let fitting: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                &[Algorithm::ES256]
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
                &[Algorithm::ES384]
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                &[Algorithm::EdDSA]
            }
            AlgorithmParameters::OctetKey(_) => bail!("it is a shared secret: give public keys"),
            _ => bail!("its curve or type is not supported"),
        };
        // Without `alg` it is the first, which for RSA is what issuers sign by who don't say.
        let algorithm = said.or(fitting.first().copied()).filter(|said| fitting.contains(said));
        let algorithm = algorithm.context("its alg does not fit its type")?;
        let key = DecodingKey::from_jwk(jwk).context("it can't be decoded")?;
        Ok(IssuerKey { id: jwk.common.key_id.clone(), algorithm, key })
    }
}

fn signs(jwk: &Jwk) -> bool {
    let is_for_signatures =
        jwk.common.public_key_use.as_ref().is_none_or(|said| *said == PublicKeyUse::Signature);
    let verifies = |operations: &Vec<KeyOperations>| operations.contains(&KeyOperations::Verify);
    is_for_signatures && jwk.common.key_operations.as_ref().is_none_or(verifies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(json: &str) -> anyhow::Result<Vec<IssuerKey>> {
        IssuerKey::all(&serde_json::from_str::<Vec<Jwk>>(json)?)
    }

    const X: &str =
        r#""kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    const RSA: &str = r#""kty": "RSA", "n": "sXchTmKd", "e": "AQAB""#;

    #[test]
    fn a_key_signs_by_one_algorithm() {
        let algorithm = |json: &str| keys(json).map(|keys| keys[0].algorithm);
        assert_eq!(algorithm(&format!("[{{{X}}}]")).unwrap(), Algorithm::EdDSA);
        assert_eq!(algorithm(&format!("[{{{RSA}}}]")).unwrap(), Algorithm::RS256);
        let said = algorithm(&format!(r#"[{{{RSA}, "alg": "PS384"}}]"#));
        assert_eq!(said.unwrap(), Algorithm::PS384);
        for wrong in ["HS256", "ES256", "RSA-OAEP"] {
            assert!(algorithm(&format!(r#"[{{{RSA}, "alg": "{wrong}"}}]"#)).is_err(), "{wrong}");
        }
        let secret = keys(r#"[{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]"#).unwrap_err();
        assert!(format!("{secret:#}").contains("shared secret"), "{secret:#}");
    }

    #[test]
    fn keys_for_encryption_are_left_out_and_each_has_a_name() {
        let enc = format!(r#"[{{{RSA}, "use": "enc", "kid": "e"}}, {{{X}, "kid": "s"}}]"#);
        let found = keys(&enc).unwrap();
        assert_eq!(found.len(), 1);
        assert!(
            IssuerKey::named(&found, None).is_some()
                && IssuerKey::named(&found, Some("s")).is_some()
        );
        assert!(IssuerKey::named(&found, Some("e")).is_none());
        assert!(keys(&format!("[{{{X}}}, {{{X}}}]")).is_err());
        let two = keys(&format!(r#"[{{{X}, "kid": "a"}}, {{{X}, "kid": "b"}}]"#)).unwrap();
        assert!(
            IssuerKey::named(&two, None).is_none() && IssuerKey::named(&two, Some("b")).is_some()
        );
    }
}
