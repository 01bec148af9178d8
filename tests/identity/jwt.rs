//! JSON Web Tokens: whose they are, and all that makes one be refused.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RsaKeyPair,
};
use serde_json::{Value, json};
use slx::codec::v1;
use slx::codec::v1::admin_service_client::AdminServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use tonic::Code;

use super::calling::{as_caller, eventually, populate};
use crate::testing::Server;

const RSA_KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/identity/certificates/rsa.der");

/// An issuer with a key of each kind.
struct Issuer {
    ecdsa: EcdsaKeyPair,
    eddsa: Ed25519KeyPair,
    rsa: RsaKeyPair,
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    fn new() -> Issuer {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let ecdsa = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let eddsa = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        let rsa = fs::read(RSA_KEY).expect("a key");
        Issuer {
            ecdsa: EcdsaKeyPair::from_pkcs8(algorithm, ecdsa.as_ref(), &random).expect("a key"),
            eddsa: Ed25519KeyPair::from_pkcs8(eddsa.as_ref()).expect("a key"),
            rsa: RsaKeyPair::from_der(&rsa).expect("a key"),
        }
    }

    /// Its public keys, as an identity provider publishes them.
    fn jwks(&self) -> Value {
        let point = self.ecdsa.public_key().as_ref();
        let rsa: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        json!({"keys": [
            {"kid": "ec", "kty": "EC", "crv": "P-256", "use": "sig",
             "x": encode(&point[1..33]), "y": encode(&point[33..])},
            {"kid": "ed", "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
             "x": encode(self.eddsa.public_key().as_ref())},
            {"kid": "rsa", "kty": "RSA",
             "n": encode(&rsa.n),
             "e": encode(&rsa.e)},
        ]})
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |padding| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa.sign(padding, &random, message, &mut signature).expect("signed");
            signature
        };
        match algorithm {
            "ES256" => self.ecdsa.sign(&random, message).expect("signed").as_ref().to_vec(),
            "EdDSA" => self.eddsa.sign(message).as_ref().to_vec(),
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            _ => Vec::new(),
        }
    }

    fn token(&self, algorithm: &str, kid: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "kid": kid, "typ": "JWT"});
        self.token_with(header, algorithm, claims)
    }

    fn token_with(&self, header: Value, algorithm: &str, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = self.sign(algorithm, message.as_bytes());
        format!("{message}.{}", encode(&signature))
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

fn claims() -> Value {
    json!({
        "iss": "https://login.test/", "aud": ["other", "slx"], "sub": "backend", "azp": "itsm",
        "exp": now() + 600, "nbf": now() - 10,
        "slx_tenants": ["acme"], "scope": "openid slx:record slx:administer slx:read",
    })
}

/// The claims with some of them changed; null takes one away.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(name);
        }
    }
    claims
}

fn write(folder: &Path, issuer: &Issuer) {
    fs::write(folder.join("jwks.json"), issuer.jwks().to_string()).expect("written");
    let text = "[[issuer]]\nname = \"corp\"\nissuer = \"https://login.test/\"\n\
                audience = \"slx\"\njwks_file = \"jwks.json\"\nrequired_claims = { azp = \"itsm\" }\n";
    fs::write(folder.join("identities.toml"), text).expect("written");
}

async fn list(server: &Server, token: &str) -> Code {
    let mut client = ContractServiceClient::new(as_caller(server, Some(token)));
    let request = v1::ListContractsRequest { tenant: "acme".into(), ..Default::default() };
    client.list_contracts(request).await.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn a_token_of_the_issuer_is_let_in_and_any_flaw_keeps_it_out() {
    let folder = tempfile::tempdir().expect("a directory");
    let issuer = Issuer::new();
    write(folder.path(), &issuer);
    let flag = format!("--identities={}", folder.path().join("identities.toml").display());
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &[&flag]);
    server.wait_until_healthy().await;
    let good = issuer.token("ES256", "ec", &claims());
    populate(&server, &good, "acme", "").await;
    for (algorithm, kid) in [("ES256", "ec"), ("EdDSA", "ed"), ("RS256", "rsa")] {
        assert_eq!(list(&server, &issuer.token(algorithm, kid, &claims())).await, Code::Ok);
    }
    let sign = |claims: Value| issuer.token("ES256", "ec", &claims);
    let stranger = Issuer::new();
    let secret = issuer.jwks()["keys"][0]["x"].as_str().expect("a key").to_owned();
    let hmac = {
        use hmac::{Hmac, KeyInit, Mac};
        let header = encode(json!({"alg": "HS256", "kid": "ec"}).to_string().as_bytes());
        let message = format!("{header}.{}", encode(claims().to_string().as_bytes()));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(message.as_bytes());
        format!("{message}.{}", encode(&mac.finalize().into_bytes()))
    };
    let (message, _) = good.rsplit_once('.').expect("a signature");
    let refused = [
        ("expired", sign(with(json!({"exp": now() - 120})))),
        ("no expiry", sign(with(json!({"exp": null})))),
        ("not yet", sign(with(json!({"nbf": now() + 120})))),
        ("another issuer", sign(with(json!({"iss": "https://evil.test/"})))),
        ("no issuer", sign(with(json!({"iss": null})))),
        ("another audience", sign(with(json!({"aud": "other"})))),
        ("no audience", sign(with(json!({"aud": null})))),
        ("nobody", sign(with(json!({"sub": null})))),
        ("another azp", sign(with(json!({"azp": "evil"})))),
        ("who operates for one tenant", sign(with(json!({"scope": "read operate"})))),
        ("another's key", stranger.token("ES256", "ec", &claims())),
        ("unknown kid", issuer.token("ES256", "no", &claims())),
        ("no kid", issuer.token_with(json!({"alg": "ES256"}), "ES256", &claims())),
        ("another algorithm of the key", issuer.token("RS384", "rsa", &claims())),
        ("another kind of key", issuer.token("EdDSA", "ec", &claims())),
        ("none", issuer.token("none", "ec", &claims())),
        ("HS256 by the public key", hmac),
        ("no signature", format!("{message}.")),
        (
            "critical header",
            issuer.token_with(
                json!({"alg": "ES256", "kid": "ec", "crit": ["x"], "x": 1}),
                "ES256",
                &claims(),
            ),
        ),
        ("too long", sign(with(json!({"x": "x".repeat(9_000)})))),
    ];
    for (flaw, token) in &refused {
        assert_eq!(list(&server, token).await, Code::Unauthenticated, "{flaw}");
        assert!(!server.log().contains(token.as_str()), "{flaw} is in the log");
    }
    // Within the leeway of 30 s clocks may differ.
    assert_eq!(list(&server, &sign(with(json!({"exp": now() - 10})))).await, Code::Ok);
    // What it may do is what its claims say.
    assert_eq!(
        list(&server, &sign(with(json!({"scope": "openid"})))).await,
        Code::PermissionDenied
    );
    assert_eq!(
        list(&server, &sign(with(json!({"slx_tenants": "b"})))).await,
        Code::PermissionDenied
    );
    let operator = sign(with(json!({"slx_tenants": null, "scope": ["slx:operate"]})));
    let mut admin = AdminServiceClient::new(as_caller(&server, Some(&operator)));
    admin.get_status(v1::GetStatusRequest {}).await.expect("who operates");
    // New keys of the issuer are read while the server goes on; the old are forgotten.
    write(folder.path(), &stranger);
    let renewed = stranger.token("ES256", "ec", &claims());
    eventually(async || list(&server, &renewed).await == Code::Ok).await;
    assert_eq!(list(&server, &good).await, Code::Unauthenticated);
}
