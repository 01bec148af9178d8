//! The gate in front of all services: who calls, and whether they may call this method. What it
//! refuses is refused by the headers alone, before a byte of the request is read or anything is
//! looked up. Whether the caller holds the tenant is seen in the request: `service::caller`.

use std::future::ready;
use std::sync::Arc;

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request};
use tonic::transport::server::TlsConnectInfo;

use super::super::around::{Answered, Answering, Around};
use super::super::peers::Peer;
use super::audit::AuditLog;
use super::audited::AuditedCall;
use super::follow::Followed;
use super::identities::{Credential, Identities};
use crate::runtime::wall_clock;
use crate::service::{
    Caller, CallerIdentity, Method, Need, Scope, audit_unavailable, denied, not_found,
    unauthenticated,
};

const BEARER: &str = "bearer ";

/// Puts the gate in front of a service.
#[derive(Clone)]
pub(in crate::server) struct Gate {
    identities: Option<Followed<Identities>>,
    anybody: Arc<CallerIdentity>,
    audit: Arc<AuditLog>,
}

/// A call that the gate lets through.
enum Admitted {
    /// To a method that anybody may call.
    Open,
    /// By a caller.
    Called(Caller, AuditedCall),
}

impl Gate {
    /// A gate that lets those in whom `identities` name; without, whoever connects.
    pub(super) fn new(identities: Option<Followed<Identities>>, audit: Arc<AuditLog>) -> Gate {
        Gate { identities, anybody: Arc::new(CallerIdentity::anybody()), audit }
    }

    fn admit(&self, request: &Request<Body>) -> Result<Admitted, Status> {
        let path = request.uri().path();
        let method = Method::at(path);
        if method.is_some_and(|method| method.need == Need::Nothing) {
            return Ok(Admitted::Open);
        }
        let mut call = AuditedCall::begun(method, path, request, Arc::clone(&self.audit));
        let identity = match self.identity(request, &mut call) {
            Ok(identity) => identity,
            Err(reason) => return Err(call.refused(unauthenticated(), &reason)),
        };
        call.name(&identity);
        let Some(method) = method else { return Err(not_found()) };
        // Reflection names no tenant: the scope of its caller is never looked at.
        let scope = match method.need {
            Need::Scope(scope) if identity.has(scope) => scope,
            Need::Scope(scope) => {
                return Err(call.refused(denied(scope), "the scope is lacking"));
            }
            Need::Identity | Need::Nothing => Scope::Read,
        };
        if method.is_audited && !self.audit.can_be_written() {
            return Err(audit_unavailable());
        }
        let caller = Caller::new(identity, scope);
        call.follow(caller.notes());
        Ok(Admitted::Called(caller, call))
    }

    /// Whose call it is. A token decides where there is one; a certificate only without.
    fn identity(
        &self,
        request: &Request<Body>,
        call: &mut AuditedCall,
    ) -> Result<Arc<CallerIdentity>, String> {
        if !self.checks_identities() {
            return Ok(Arc::clone(&self.anybody));
        }
        let connection = request.extensions().get::<TlsConnectInfo<Peer>>();
        let certificates = connection.and_then(TlsConnectInfo::peer_certs);
        let credential = match bearer(request.headers())? {
            Some(token) => Some(Credential::Bearer(token)),
            None => {
                let certificate = certificates.as_ref().and_then(|chain| chain.first());
                certificate.map(Credential::Certificate)
            }
        };
        self.whose(credential, call)
    }

    /// Whose a credential is; anybody's, where no identities are checked.
    pub(super) fn whose(
        &self,
        credential: Option<Credential<'_>>,
        call: &mut AuditedCall,
    ) -> Result<Arc<CallerIdentity>, String> {
        let Some(identities) = &self.identities else { return Ok(Arc::clone(&self.anybody)) };
        let credential = credential.ok_or("there are no credentials")?;
        call.show(credential.kind());
        identities.load().value.identity(credential, wall_clock::now())
    }

    /// Whether anybody who connects is not let in.
    pub fn checks_identities(&self) -> bool {
        self.identities.is_some()
    }

    /// Where audit lines go.
    pub(super) fn audit(&self) -> Arc<AuditLog> {
        Arc::clone(&self.audit)
    }
}

/// The token of a request's one `authorization` header; none: it has none.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, String> {
    let mut values = headers.get_all("authorization").iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("there are several authorization headers".to_owned());
    }
    let value = value.to_str().map_err(|_| "the authorization header is no text".to_owned())?;
    match value.split_at_checked(BEARER.len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(BEARER) => Ok(Some(token)),
        _ => Err("the authorization header is no bearer token".to_owned()),
    }
}

impl Around for Gate {
    fn around<F>(
        &self,
        mut request: Request<Body>,
        go_on: impl FnOnce(Request<Body>) -> F,
    ) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        match self.admit(&request) {
            Ok(Admitted::Open) => Box::pin(go_on(request)),
            Ok(Admitted::Called(caller, call)) => {
                if let Some(peer) = Peer::of(request.extensions()) {
                    peer.prove();
                    let watches = peer.watches().clone();
                    request.extensions_mut().insert(watches);
                }
                request.extensions_mut().insert(caller);
                let answering = go_on(request);
                Box::pin(async move { Ok(call.answered(answering.await?)) })
            }
            Err(status) => Box::pin(ready(Ok(status.into_http()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn one_bearer_token_is_read_and_nothing_else_passes_for_none() {
        assert_eq!(bearer(&headers(&[])), Ok(None));
        for value in ["Bearer abc", "bearer abc", "BEARER abc"] {
            assert_eq!(bearer(&headers(&[value])), Ok(Some("abc")));
        }
        for wrong in ["Basic abc", "abc", "", "Bearer"] {
            assert!(bearer(&headers(&[wrong])).is_err(), "{wrong}");
        }
        assert!(bearer(&headers(&["Bearer a", "Bearer b"])).is_err());
    }
}
