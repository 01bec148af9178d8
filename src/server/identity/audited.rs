//! A call on its way through the gate, and the audit line it ends with.

use std::net::SocketAddr;
use std::sync::Arc;

use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};

use super::super::answer_body::{at_end, code_in};
use super::super::peers::Peer;
use super::super::request_id::RequestId;
use super::audit::{AuditLine, AuditLog};
use crate::service::{CallNotes, CallerIdentity, Method, Need, Scope};

/// Bytes of what a caller sent that are written into a line.
const QUOTED_BYTES_MAX: usize = 128;

/// A call, and what its line will say.
pub(super) struct AuditedCall {
    audit: Arc<AuditLog>,
    method: Option<&'static Method>,
    path: String,
    identity: Option<Arc<CallerIdentity>>,
    credential: &'static str,
    peer: Option<SocketAddr>,
    request_id: RequestId,
    notes: Arc<CallNotes>,
}

impl AuditedCall {
    /// A call that begins.
    pub fn begun(
        method: Option<&'static Method>,
        path: &str,
        request: &Request<Body>,
        audit: Arc<AuditLog>,
    ) -> AuditedCall {
        let path = match method {
            Some(_) => String::new(),
            None => quoted(path),
        };
        let request_id = request.extensions().get().cloned();
        let request_id = request_id.unwrap_or_else(|| RequestId::of(request.headers()));
        let (identity, credential, peer) = (None, "none", peer(request));
        let notes = Arc::default();
        AuditedCall { audit, method, path, identity, credential, peer, request_id, notes }
    }

    /// Notes what kind of credentials it shows.
    pub fn show(&mut self, kind: &'static str) {
        self.credential = kind;
    }

    /// Notes whose it is.
    pub fn name(&mut self, identity: &Arc<CallerIdentity>) {
        self.identity = Some(Arc::clone(identity));
    }

    /// Notes where the services write what it is about.
    pub fn follow(&mut self, notes: Arc<CallNotes>) {
        self.notes = notes;
    }

    /// Writes that the gate refuses it, and why.
    pub fn refused(self, status: Status, reason: &str) -> Status {
        self.write(status.code(), reason);
        status
    }

    /// The answer to it, which writes its line at its end if it must have one.
    pub fn answered(self, response: Response<Body>) -> Response<Body> {
        let must_be_written = self
            .method
            .is_some_and(|method| method.is_audited || method.need == Need::Scope(Scope::Record));
        let is_refused = code_in(response.headers()).is_some();
        match must_be_written || is_refused {
            true => at_end(response, move |code| self.end(code)),
            false => response,
        }
    }

    /// Writes its line at its end, if it must have one.
    pub fn end(&self, code: Code) {
        let is_refused = matches!(code, Code::PermissionDenied | Code::Unauthenticated);
        let is_audited = self.method.is_some_and(|method| method.is_audited);
        if is_refused {
            self.write(code, "the tenant is lacking");
        } else if is_audited || self.notes.has_decided() {
            self.write(code, "");
        }
    }

    fn write(&self, code: Code, reason: &str) {
        let tenant = self.notes.tenant().map(quoted);
        let peer = self.peer.map(|address| address.to_string());
        let line = AuditLine {
            outcome: name(code),
            method: self.method.map_or(&self.path, |method| method.path),
            identity: self.identity.as_ref().map(|identity| identity.name()).unwrap_or_default(),
            credential: self.credential,
            tenant: tenant.as_deref(),
            request_id: self.request_id.as_str(),
            peer: peer.as_deref(),
            reason,
        };
        match reason {
            "" => self.audit.write(&line),
            _ => self.audit.write_refused(&line),
        }
    }
}

fn peer(request: &Request<Body>) -> Option<SocketAddr> {
    let extensions = request.extensions();
    Peer::of(extensions).and_then(|peer| peer.connection.remote_addr())
}

/// As much of a text as a line quotes.
pub(in crate::server) fn quoted(text: &str) -> String {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= QUOTED_BYTES_MAX);
    text.get(..end.unwrap_or(text.len())).unwrap_or_default().to_owned()
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
