//! What is counted of calls, by the names that go-grpc's dashboards know.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use prost_reflect::DescriptorPool;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::Request;

use crate::codec::DESCRIPTORS;
use crate::server::answer_body::at_end;
use crate::server::around::{Answered, Answering, Around};
use crate::service::METHODS;

/// Upper bounds of how long calls take, in seconds.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How many codes there are: they are numbered from 0 on.
const CODES: usize = 17;

type Labels = [(&'static str, &'static str); 3];
type LabelsWithCode = [(&'static str, &'static str); 4];

/// What is counted of calls.
#[derive(Clone, Debug)]
pub(in crate::server) struct Calls {
    /// By the path of a request.
    methods: Arc<HashMap<String, OfMethod>>,
    /// Others are counted as one unknown method.
    unknown: OfMethod,
    counted: CallMetrics,
}

/// What is counted of the calls of all methods.
#[derive(Clone, Debug)]
struct CallMetrics {
    started: Family<Labels, Counter>,
    handled: Family<LabelsWithCode, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    in_flight: Family<Labels, Gauge>,
}

/// What is counted of the calls of one method, looked up once: its labels are hashed for that, and
/// thousands of calls are refused in a second.
#[derive(Clone, Debug)]
struct OfMethod(Arc<MethodCounts>);

#[derive(Debug)]
struct MethodCounts {
    labels: Labels,
    counted: CallMetrics,
    /// Since its first call, as dashboards expect it.
    begun: OnceLock<BegunCounts>,
    /// By the number of the code.
    handled: [OnceLock<Counter>; CODES],
}

#[derive(Debug)]
struct BegunCounts {
    started: Counter,
    seconds: Histogram,
    in_flight: Gauge,
}

const UNKNOWN: Labels =
    [("grpc_service", "unknown"), ("grpc_method", "unknown"), ("grpc_type", "unknown")];

impl Default for Calls {
    fn default() -> Calls {
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let counted = CallMetrics {
            started: Family::default(),
            handled: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            in_flight: Family::default(),
        };
        let methods = methods().into_iter().map(|(path, labels)| {
            let method = OfMethod::of(labels, counted.clone());
            (path, method)
        });
        let methods = Arc::new(methods.collect());
        Calls { methods, unknown: OfMethod::of(UNKNOWN, counted.clone()), counted }
    }
}

impl Calls {
    pub fn register(&self, registry: &mut Registry) {
        let CallMetrics { started, handled, seconds, in_flight } = self.counted.clone();
        registry.register("grpc_server_started", "Calls that began", started);
        registry.register(
            "grpc_server_handled",
            "Calls that ended, by the code of their answer",
            handled,
        );
        registry.register(
            "grpc_server_handling_seconds",
            "How long calls took, until all of a streamed answer was read",
            seconds,
        );
        registry.register("grpc_server_in_flight", "Calls under way", in_flight);
    }

    /// Counts a call that was refused at once.
    pub fn note_refused(&self, path: &str, code: Code) {
        let method = self.method(path);
        let begun = method.begun();
        begun.started.inc();
        method.note_handled(code);
        begun.seconds.observe(0.0);
    }

    fn method(&self, path: &str) -> &OfMethod {
        self.methods.get(path).unwrap_or(&self.unknown)
    }

    fn begin(&self, path: &str) -> CallUnderWay {
        let method = self.method(path).clone();
        let begun = method.begun();
        begun.started.inc();
        begun.in_flight.inc();
        CallUnderWay { method, began: Instant::now() }
    }
}

impl OfMethod {
    fn of(labels: Labels, counted: CallMetrics) -> OfMethod {
        let handled = [const { OnceLock::new() }; CODES];
        OfMethod(Arc::new(MethodCounts { labels, counted, begun: OnceLock::new(), handled }))
    }

    fn begun(&self) -> &BegunCounts {
        let MethodCounts { labels, counted, begun, .. } = &*self.0;
        begun.get_or_init(|| BegunCounts {
            started: counted.started.get_or_create_owned(labels),
            seconds: counted.seconds.get_or_create_owned(labels),
            in_flight: counted.in_flight.get_or_create_owned(labels),
        })
    }

    fn note_handled(&self, code: Code) {
        let MethodCounts { labels: [service, method, kind], counted, handled, .. } = &*self.0;
        let Some(handled) = handled.get(code as usize) else { return };
        let counter = handled.get_or_init(|| {
            let labels = [*service, *method, *kind, ("grpc_code", code_label(code))];
            counted.handled.get_or_create_owned(&labels)
        });
        counter.inc();
    }
}

/// A call that is counted.
struct CallUnderWay {
    method: OfMethod,
    began: Instant,
}

impl CallUnderWay {
    fn end(self, code: Code) {
        self.method.note_handled(code);
        let took = self.began.elapsed().as_secs_f64();
        self.method.begun().seconds.observe(took);
    }
}

impl Drop for CallUnderWay {
    fn drop(&mut self) {
        self.method.begun().in_flight.dec();
    }
}

/// The labels of every method, by its path.
fn methods() -> HashMap<String, Labels> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap_or_default();
    let labels = METHODS.iter().filter_map(|method| {
        let (service, name) = method.path.split_once('/')?;
        let found = pool.get_service_by_name(service);
        let found = found.and_then(|found| found.methods().find(|method| method.name() == name));
        let kind =
            match found.map(|found| (found.is_client_streaming(), found.is_server_streaming())) {
                Some((false, true)) => "server_stream",
                Some((true, true)) => "bidi_stream",
                Some((true, false)) => "client_stream",
                // Of health and reflection, whose descriptors are not ours.
                None if name == "Watch" => "server_stream",
                None if name == "ServerReflectionInfo" => "bidi_stream",
                Some((false, false)) | None => "unary",
            };
        let labels = [("grpc_service", service), ("grpc_method", name), ("grpc_type", kind)];
        Some((format!("/{}", method.path), labels))
    });
    labels.collect()
}

/// A code as go-grpc's metrics write it.
fn code_label(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

impl Around for Calls {
    fn around<F>(&self, request: Request<Body>, go_on: impl FnOnce(Request<Body>) -> F) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        let call = self.begin(request.uri().path());
        let answer = go_on(request);
        Box::pin(async move { Ok(at_end(answer.await?, move |code| call.end(code))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_known_by_its_service_its_name_and_its_type() {
        let methods = methods();
        assert_eq!(methods.len(), METHODS.len());
        let kind = |path: &str| methods.get(path).map(|labels| labels[2].1);
        assert_eq!(kind("/slx.v1.IncidentService/RecordEvents"), Some("unary"));
        assert_eq!(kind("/slx.v1.IncidentService/StreamEvents"), Some("bidi_stream"));
        assert_eq!(kind("/slx.v1.AdminService/BackUp"), Some("server_stream"));
        assert_eq!(kind("/grpc.health.v1.Health/Watch"), Some("server_stream"));
    }
}
