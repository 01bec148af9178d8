//! What every post to the intake is known by in the log and in traces.

use tonic::codegen::http::{HeaderMap, StatusCode};
use tracing::Span;
use tracing::field::Empty;

use super::call_span::{UNKNOWN, logged, of_caller};
use crate::runtime::TRACES;
use crate::server::request_id::RequestId;

/// A post under way. Unless it is answered, its caller has gone.
#[derive(Debug)]
pub(in crate::server) struct PostSpan {
    traced: Span,
    logged: Span,
}

impl PostSpan {
    /// Begins, in the trace of its caller; `source`: whose post it is, if there is such a source.
    pub fn begin(id: &RequestId, source: Option<&str>, headers: &HeaderMap) -> PostSpan {
        let method = format!("intake/{}", source.unwrap_or(UNKNOWN));
        let traced = tracing::info_span!(
            target: TRACES,
            parent: None,
            "call",
            otel.name = method,
            otel.kind = "server",
            otel.status_code = Empty,
            http.route = "/v1/intake/{source}",
            http.response.status_code = Empty,
        );
        let traced = of_caller(traced, headers);
        PostSpan { logged: logged(id, &method, &traced), traced }
    }

    /// What is done for the post stands within this.
    pub fn logged(&self) -> Span {
        self.logged.clone()
    }

    /// Ends it with the status of the answer.
    pub fn end(self, status: StatusCode) {
        self.traced.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.traced.record("otel.status_code", "ERROR");
        }
    }
}
