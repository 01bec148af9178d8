//! Who posts to the intake: whoever may record facts of a tenant, or a tool that signs what it
//! posts.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request};
use tonic::transport::server::TlsConnectInfo;

use super::super::peers::Peer;
use super::audited::AuditedCall;
use super::gate::{Gate, bearer};
use super::identities::Credential;
use crate::service::{Caller, CallerIdentity, Scope, Tenants, unauthenticated};

const BASIC: &str = "basic ";

/// A post that is refused. Why, only the audit log says.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct PostRefused;

/// A post on its way through the gate.
pub(in crate::server) struct Post {
    gate: Gate,
    call: AuditedCall,
}

/// A post that is let in.
pub(in crate::server) struct PostLetIn {
    pub caller: Caller,
    call: AuditedCall,
    outcome: Code,
}

impl PostLetIn {
    /// Notes how it ends.
    pub fn ended(&mut self, outcome: Code) {
        self.outcome = outcome;
    }
}

/// What somebody decided or attributed goes into the audit log, however the post ends: some of it
/// may be recorded although the rest can't be, or nobody waits for it any more.
impl Drop for PostLetIn {
    fn drop(&mut self) {
        self.call.end(self.outcome);
    }
}

impl Gate {
    /// A post that begins.
    pub fn post(&self, request: &Request<Body>) -> Post {
        let path = request.uri().path();
        Post { gate: self.clone(), call: AuditedCall::begun(None, path, request, self.audit()) }
    }
}

impl Post {
    /// Who posts, by the credentials in the headers: a token, also as the password of basic
    /// authentication, or the certificate of the connection.
    pub fn by_credentials(
        mut self,
        request: &Request<Body>,
        tenant: &str,
    ) -> Result<PostLetIn, PostRefused> {
        let identity = match self.identity(request) {
            Ok(identity) => identity,
            Err(reason) => return Err(self.refused(&reason)),
        };
        self.call.name(&identity);
        if !identity.has(Scope::Record) {
            return Err(self.refused("the scope is lacking"));
        }
        let caller = Caller::new(identity, Scope::Record);
        self.call.follow(caller.notes());
        match caller.may_record_of(tenant) {
            true => Ok(self.let_in(Peer::of(request.extensions()), caller)),
            false => Err(self.refused("the tenant is lacking")),
        }
    }

    /// Who posts, by a signature that is right or not: the source, which may record facts of its
    /// tenant.
    pub fn by_signature(
        mut self,
        peer: Option<&Peer>,
        (source, tenant): (&str, &str),
        verified: Result<(), String>,
    ) -> Result<PostLetIn, PostRefused> {
        self.call.show("signature");
        if let Err(reason) = verified {
            return Err(self.refused(&reason));
        }
        // No entry of the identities file has a name with spaces.
        let name = format!("intake source {source}");
        let tenants = Tenants::listed([tenant.to_owned()]);
        match CallerIdentity::new(name, tenants, BTreeSet::from([Scope::Record])) {
            Ok(identity) => {
                let identity = Arc::new(identity);
                self.call.name(&identity);
                let caller = Caller::new(identity, Scope::Record);
                self.call.follow(caller.notes());
                Ok(self.let_in(peer, caller))
            }
            Err(reason) => Err(self.refused(reason)),
        }
    }

    /// Lets a caller in, whose connection is used for what it is there for.
    fn let_in(self, peer: Option<&Peer>, caller: Caller) -> PostLetIn {
        peer.into_iter().for_each(Peer::prove);
        PostLetIn { caller, call: self.call, outcome: Code::Cancelled }
    }

    /// Notes that it is refused, and why.
    pub fn refused(self, reason: &str) -> PostRefused {
        self.call.refused(unauthenticated(), reason);
        PostRefused
    }

    fn identity(&mut self, request: &Request<Body>) -> Result<Arc<CallerIdentity>, String> {
        let connection = request.extensions().get::<TlsConnectInfo<Peer>>();
        let certificates = connection.and_then(TlsConnectInfo::peer_certs);
        let certificate = certificates.as_ref().and_then(|chain| chain.first());
        let password = password(request.headers());
        let credential = match &password {
            Some(password) => Some(Credential::Bearer(password)),
            None => match bearer(request.headers())? {
                Some(token) => Some(Credential::Bearer(token)),
                None => certificate.map(Credential::Certificate),
            },
        };
        self.gate.whose(credential, &mut self.call)
    }
}

/// The password of a request's one `authorization` header, if it is of basic authentication.
fn password(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("authorization").iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, rest) = value.to_str().ok()?.split_at_checked(BASIC.len())?;
    if !scheme.eq_ignore_ascii_case(BASIC) {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::HeaderValue;

    use super::super::audit::{AuditLog, AuditSink};
    use super::*;

    /// Some of what a post says may be recorded when the rest can't be, or when its time is over.
    #[test]
    fn whatever_becomes_of_a_post_its_decisions_have_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let log = AuditLog::open(AuditSink::File(file.clone())).unwrap();
        let gate = Gate::new(None, Arc::new(log));
        let post = || {
            let request = Request::post("/v1/intake/help").body(Body::empty()).unwrap();
            gate.post(&request).by_signature(None, ("help", "acme"), Ok(())).ok().unwrap()
        };
        let outcomes = || {
            let text = std::fs::read_to_string(&file).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            let outcome = |line: serde_json::Value| line["outcome"].as_str().unwrap().to_owned();
            lines.map(outcome).collect::<Vec<_>>()
        };
        drop(post());
        assert_eq!(outcomes(), [""; 0], "it decides nothing");
        let broken_off = post();
        broken_off.caller.decides();
        drop(broken_off);
        assert_eq!(outcomes(), ["CANCELLED"]);
        for code in [Code::Ok, Code::Unavailable] {
            let mut post = post();
            post.caller.decides();
            post.ended(code);
        }
        assert_eq!(outcomes(), ["CANCELLED", "OK", "UNAVAILABLE"]);
    }

    #[test]
    fn the_password_of_one_basic_header_is_read_and_of_no_other() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("authorization", HeaderValue::from_str(value).unwrap());
            }
            headers
        };
        let basic = format!("Basic {}", STANDARD.encode("slx:slx_a:b"));
        assert_eq!(password(&headers(&[&basic])).as_deref(), Some("slx_a:b"));
        assert_eq!(password(&headers(&[&basic.to_lowercase().replace("basic", "BASIC")])), None);
        for others in [&[][..], &["Bearer slx_a"], &["Basic ?"], &["Basic"], &[&basic, &basic]] {
            assert_eq!(password(&headers(others)), None, "{others:?}");
        }
    }
}
