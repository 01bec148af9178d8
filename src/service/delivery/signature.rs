//! Secrets and signatures by the scheme of Standard Webhooks (standardwebhooks.com).
//!
//! No secret is stored: each follows from the store's id, which no answer but a backup holds, and
//! from its tenant, webhook and number.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::domain::ids::TenantId;
use crate::journal::StoreId;

/// The secrets of a store's webhooks.
#[derive(Clone)]
pub(in crate::service) struct WebhookSecrets {
    key: [u8; 32],
}

/// What the events of a webhook are signed with.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::service) struct WebhookSecret([u8; 32]);

impl WebhookSecrets {
    pub fn new(store_id: &StoreId) -> WebhookSecrets {
        let key = Sha256::new()
            .chain_update("slx webhook secrets")
            .chain_update(store_id.as_bytes())
            .finalize();
        WebhookSecrets { key: key.into() }
    }

    /// The secret of a webhook that has this number.
    pub fn secret(&self, tenant: &TenantId, webhook: &str, generation: u32) -> WebhookSecret {
        let tenant: &str = tenant;
        // With their lengths no two of them are written alike.
        let content = [
            &(tenant.len() as u64).to_be_bytes(),
            tenant.as_bytes(),
            &(webhook.len() as u64).to_be_bytes(),
            webhook.as_bytes(),
            &generation.to_be_bytes(),
        ];
        WebhookSecret(keyed(&self.key, &content.concat()))
    }
}

impl WebhookSecret {
    /// As receivers are given it: `whsec_` and the key in base64.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// The signature of a message, as the header `webhook-signature` has it.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let content = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
        format!("v1,{}", STANDARD.encode(keyed(&self.0, &content)))
    }
}

fn keyed(key: &[u8; 32], content: &[u8]) -> [u8; 32] {
    // A key of any length is taken, so this can't fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(content);
    mac.finalize().into_bytes().into()
}

// Neither a log nor an error has a secret in it.
impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecrets(..)")
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let content = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(content);
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let secret = WebhookSecret([7; 32]);
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"msg.1614265330.{}");
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(secret.sign("msg", 1_614_265_330, b"{}"), expected);
    }

    #[test]
    fn every_webhook_and_every_number_has_a_secret_of_its_own() {
        let mut seen = BTreeSet::new();
        for store in [1, 2] {
            let secrets = WebhookSecrets::new(&StoreId::new([store; 16]));
            for (tenant, webhook) in [("t", "w"), ("tw", ""), ("", "tw"), ("t", "x"), ("u", "w")] {
                for generation in [1, 2] {
                    let secret = secrets.secret(&tenant.into(), webhook, generation);
                    assert!(seen.insert(secret.reveal()), "{tenant} {webhook} {generation}");
                }
            }
        }
    }

    #[test]
    fn nothing_that_is_logged_has_a_secret_in_it() {
        let secrets = WebhookSecrets::new(&StoreId::new([1; 16]));
        let secret = secrets.secret(&"t".into(), "w", 1);
        assert_eq!(format!("{secrets:?} {secret:?}"), "WebhookSecrets(..) WebhookSecret(..)");
    }
}
