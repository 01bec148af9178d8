//! What every call is known by in the log and in traces: its request id, its method, how it ended.

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request};
use tracing::field::Empty;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::runtime::TRACES;
use crate::server::answer_body::at_end;
use crate::server::around::{Answered, Answering, Around};
use crate::server::request_id::{REQUEST_ID, RequestId};
use crate::service::Method;

/// The target of the span that every log line of a call stands in.
pub(super) const CALL: &str = "call";
/// What is shown of methods and sources that do not exist.
pub(super) const UNKNOWN: &str = "unknown";

/// Gives every call its id and its spans.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct CallSpans;

impl Around for CallSpans {
    fn around<F>(
        &self,
        mut request: Request<Body>,
        go_on: impl FnOnce(Request<Body>) -> F,
    ) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        let id = RequestId::of(request.headers());
        let path = Method::at(request.uri().path()).map_or(UNKNOWN, |method| method.path);
        let traced = traced(path, request.headers());
        let logged = logged(&id, path, &traced);
        let call = CallUnderWay { span: traced, code: Code::Cancelled };
        request.extensions_mut().insert(id.clone());
        let answer = logged.in_scope(|| go_on(request));
        let answering = async move {
            let mut response = answer.await?;
            if let Some(id) = id.header() {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(at_end(response, move |code| call.end(code)))
        };
        Box::pin(answering.instrument(logged))
    }
}

/// The span that the log shows of a call, within its span in traces.
pub(super) fn logged(id: &RequestId, method: &str, traced: &Span) -> Span {
    let (parent, id) = (traced.id(), id.as_str());
    tracing::error_span!(target: CALL, parent: parent, "call", request_id = id, method)
}

/// Notes in the trace of its caller that a call was refused at once. Nothing is logged of it.
pub(in crate::server) fn trace_refused(path: &str, headers: &HeaderMap, code: Code) {
    let path = Method::at(path).map_or(UNKNOWN, |method| method.path);
    drop(CallUnderWay { span: traced(path, headers), code });
}

/// The span of a call in the trace of its caller; disabled, if there are no traces. Within it
/// stands the span that the log shows, and in that whatever is done for the call.
fn traced(path: &'static str, headers: &HeaderMap) -> Span {
    let (service, method) = path.split_once('/').unwrap_or((UNKNOWN, UNKNOWN));
    let traced = tracing::info_span!(
        target: TRACES,
        parent: None,
        "call",
        otel.name = path,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        rpc.grpc.status_code = Empty,
    );
    of_caller(traced, headers)
}

/// Puts a span that has not begun in the trace of its caller, if the headers name one.
pub(super) fn of_caller(traced: Span, headers: &HeaderMap) -> Span {
    if !traced.is_disabled() {
        let caller = TraceContextPropagator::new().extract(&Headers(headers));
        // It takes a parent: it has not begun.
        let _ = traced.set_parent(caller);
    }
    traced
}

/// A call whose end its span is to show. Unless its answer says otherwise, its caller has gone.
struct CallUnderWay {
    span: Span,
    code: Code,
}

impl CallUnderWay {
    fn end(mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for CallUnderWay {
    fn drop(&mut self) {
        self.span.record("rpc.grpc.status_code", self.code as i64);
        if is_the_servers(self.code) {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

/// Whether a code is an error of the server, by OpenTelemetry's conventions for gRPC.
fn is_the_servers(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The headers of a request, in which W3C's `traceparent` and `tracestate` may be.
struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
