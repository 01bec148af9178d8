//! The entrance, which every call comes to first. Whoever finds no room goes away with an answer
//! that was made before, and is counted; nothing else is done for them. When many do, that is what
//! the network has to do most.

use std::future::ready;

use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::Request;

use super::admission::Admission;
use super::around::{Answered, Answering, Around};
use super::request_id::{REQUEST_ID, RequestId};
use super::telemetry::{Calls, trace_refused};

/// Lets calls in to whatever is done around them.
#[derive(Clone, Debug)]
pub(super) struct Entrance {
    /// Says whether there is room.
    pub admission: Admission,
    /// Counts those for whom there is none.
    pub calls: Calls,
}

impl Around for Entrance {
    fn around<F>(&self, request: Request<Body>, go_on: impl FnOnce(Request<Body>) -> F) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        let busy = match self.admission.admit(&request) {
            Err(busy) => busy,
            Ok(call) => {
                let answer = go_on(request);
                return Box::pin(async move {
                    let _call = call;
                    answer.await
                });
            }
        };
        self.calls.note_refused(request.uri().path(), Code::ResourceExhausted);
        trace_refused(request.uri().path(), request.headers(), Code::ResourceExhausted);
        let id = RequestId::of(request.headers()).header();
        let mut answer = self.admission.refuse(request, busy);
        if let Some(id) = id {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        Box::pin(ready(Ok(answer)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tonic::Status;
    use tonic_types::StatusExt;

    use super::super::admission::tests::admission;
    use super::*;

    #[tokio::test]
    async fn more_calls_than_may_be_under_way_are_refused_and_health_is_answered() {
        let entrance = Entrance { admission: admission(), calls: Calls::default() };
        let request = |path: &str| Request::post(path).body(Body::empty()).unwrap();
        let record = || request("/slx.v1.IncidentService/RecordEvents");
        let never = |_: Request<Body>| pending::<Answered>();
        let call = entrance.around(record(), never);
        let refused = entrance.around(record(), never).await.unwrap();
        assert_eq!(refused.headers()[REQUEST_ID].len(), 16);
        let refused = Status::from_header_map(refused.headers()).unwrap();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.get_details_retry_info().is_some_and(|retry| retry.retry_delay.is_some()));
        let is_let_in = |request| {
            let mut is_let_in = false;
            drop(entrance.around(request, |_: Request<Body>| {
                is_let_in = true;
                pending::<Answered>()
            }));
            is_let_in
        };
        assert!(!is_let_in(record()));
        assert!(is_let_in(request("/grpc.health.v1.Health/Check")));
        drop(call);
        assert!(is_let_in(record()));
    }
}
