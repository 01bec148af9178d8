//! What is counted of the intake.

use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tonic::codegen::http::StatusCode;

use super::super::identity::quoted;
use super::super::notices::Notices;
use crate::mapping::PayloadFacts;

/// What posts to no source are counted as.
const UNKNOWN: &str = "unknown";
/// Fields whose values a mapping may not know.
const STATE: &str = "state";
const PRIORITY: &str = "priority";

type Labels = [(&'static str, String); 2];

/// What is counted of posts.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct IntakeCounts {
    requests: Family<Labels, Counter>,
    unknown: Family<Labels, Counter>,
    notices: Arc<Mutex<Notices>>,
}

impl IntakeCounts {
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "slx_intake_requests",
            "Posts to the intake, by their source and the status of their answer",
            self.requests.clone(),
        );
        registry.register(
            "slx_intake_unknown_values",
            "States and priorities in posts that the mapping of their source does not know",
            self.unknown.clone(),
        );
    }

    /// Counts nothing yet of each source, so that what never happens is seen as well.
    pub(super) fn begin<'s>(&self, sources: impl Iterator<Item = &'s str>) {
        for source in sources {
            self.of_answer(source, StatusCode::OK);
            for field in [STATE, PRIORITY] {
                self.of_unknown(source, field);
            }
        }
    }

    /// Counts an answer to a source; `None`: there is no such source.
    pub(super) fn count(&self, source: Option<&str>, status: StatusCode) {
        self.of_answer(source.unwrap_or(UNKNOWN), status).inc();
    }

    /// Counts the values that a mapping does not know, and says so in the log now and then.
    pub(super) fn count_unknown(&self, source: &str, facts: &PayloadFacts) {
        for one in &facts.unknown {
            let field = if one.is_state { STATE } else { PRIORITY };
            self.of_unknown(source, field).inc();
            let text = "the mapping of a source does not know a value that was posted";
            self.notices.lock().give(|times| {
                let value = quoted(&one.value.value);
                tracing::warn!(source, field, ?value, times, "{text}");
            });
        }
    }

    fn of_answer(&self, source: &str, status: StatusCode) -> Counter {
        let labels = [("source", source.to_owned()), ("code", status.as_u16().to_string())];
        self.requests.get_or_create(&labels).clone()
    }

    fn of_unknown(&self, source: &str, field: &str) -> Counter {
        let labels = [("source", source.to_owned()), ("field", field.to_owned())];
        self.unknown.get_or_create(&labels).clone()
    }
}
