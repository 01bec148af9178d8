//! What a post is answered: a status, and JSON that says what became of it.

use http_body_util::Full;
use serde_json::{Map, Value, json};
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderValue, Response, StatusCode, header};
use tonic::{Code, Status};

use super::super::request_body::Unread;
use crate::codec::v1;
use crate::mapping::{Note, PayloadFacts, Reject, begin_of};

/// Seconds after which a post that found no room may be sent again.
const RETRY_AFTER: &str = "1";
/// Reasons, unknown values and refused events that are listed; how many more there are is said.
const LISTED_MAX: usize = 20;
/// Characters of each text that quotes what was posted.
const TEXT_CHARS_MAX: usize = 300;

/// An answer before it is sent.
#[derive(Debug)]
pub(super) struct PostAnswer {
    pub status: StatusCode,
    body: Value,
}

/// The same words whatever is missing or wrong: only the audit log says which.
pub(super) fn refused() -> PostAnswer {
    error(
        StatusCode::UNAUTHORIZED,
        "credentials are missing or not accepted: sign the post, or send a token that may record",
    )
}

/// The answer to what is not there, where anybody may know that.
pub(super) fn not_found() -> PostAnswer {
    error(StatusCode::NOT_FOUND, "there is no such source: post to /v1/intake/SOURCE")
}

/// The answer to another method than POST.
pub(super) fn wrong_method() -> PostAnswer {
    error(StatusCode::METHOD_NOT_ALLOWED, "send a POST")
}

/// The answer to what is no JSON by its headers.
pub(super) fn wrong_type() -> PostAnswer {
    let text = "send application/json, in UTF-8 and not compressed";
    error(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
}

/// The answer to a body that was not read to its end.
pub(super) fn unread(why: Unread, most: usize) -> PostAnswer {
    match why {
        Unread::TooLarge => {
            let text = format!("a payload has at most {most} bytes");
            error(StatusCode::PAYLOAD_TOO_LARGE, &text)
        }
        Unread::TooSlow => {
            error(StatusCode::REQUEST_TIMEOUT, "the payload was not there in time: send it at once")
        }
        Unread::TooMuchHeld => {
            let text = "too many payloads are on their way: send it again";
            error(StatusCode::TOO_MANY_REQUESTS, text)
        }
        Unread::Broken => error(StatusCode::BAD_REQUEST, "the payload broke off"),
    }
}

/// The answer to a payload that can't be understood, by its rows. Nothing of it is recorded.
pub(super) fn not_understood(rejects: &[Reject]) -> PostAnswer {
    let row = |reject: &Reject| match reject.line {
        0 => json!({ "reason": shortened(&reject.reason) }),
        row => json!({ "row": row, "reason": shortened(&reject.reason) }),
    };
    let error = "the payload is not understood, and nothing of it is recorded";
    let mut body = Map::from_iter([("error".to_owned(), error.into())]);
    list(&mut body, "rows", rejects.iter().map(row));
    PostAnswer { status: StatusCode::BAD_REQUEST, body: body.into() }
}

/// The answer to events of which it is known what became of each: recorded ones are durable.
pub(super) fn recorded(facts: &PayloadFacts, results: &[v1::RecordResult]) -> PostAnswer {
    let count = |outcome: v1::RecordOutcome| {
        results.iter().filter(|result| result.outcome() == outcome).count()
    };
    let unknown = facts.unknown.iter().map(|one| {
        let field = if one.is_state { "state" } else { "priority" };
        let value = &one.value;
        json!({
            "field": field,
            "path": value.column,
            "value": value.value,
            "reason": shortened(&value.to_string()),
        })
    });
    let mut body = Map::from_iter([
        ("recorded".to_owned(), count(v1::RecordOutcome::Accepted).into()),
        ("duplicates".to_owned(), count(v1::RecordOutcome::Duplicate).into()),
    ]);
    list(&mut body, "unknown", unknown);
    if !facts.notes.is_empty() {
        let odd = |note: &Note| {
            let reason = note.suspicion.what_is_odd();
            json!({ "row": note.line, "reason": reason })
        };
        list(&mut body, "odd", facts.notes.iter().map(odd));
    }
    let refused = results.iter().filter(|result| result.outcome() == v1::RecordOutcome::Refused);
    let refused = refused.map(|result| {
        let reason = result.rejection.clone().unwrap_or_default().message;
        json!({ "event": shortened(&result.event_id), "reason": shortened(&reason) })
    });
    let mut refused = refused.peekable();
    if refused.peek().is_none() {
        return PostAnswer { status: StatusCode::OK, body: body.into() };
    }
    list(&mut body, "refused", refused);
    PostAnswer { status: StatusCode::UNPROCESSABLE_ENTITY, body: body.into() }
}

/// Lists the first of some things, and says how many more there are.
fn list(body: &mut Map<String, Value>, name: &str, mut things: impl Iterator<Item = Value>) {
    let listed: Vec<_> = things.by_ref().take(LISTED_MAX).collect();
    body.insert(name.to_owned(), listed.into());
    let more = things.count();
    if more > 0 {
        body.insert(format!("{name}_more"), more.into());
    }
}

/// As much of a text as is repeated.
fn shortened(text: &str) -> String {
    begin_of(text, TEXT_CHARS_MAX).into_owned()
}

/// The answer to what the services refuse, as gRPC says it.
pub(super) fn of_status(status: &Status) -> PostAnswer {
    let code = match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => return refused(),
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        // A journal that can't be written, and a server that is starting or stopping.
        Code::Unavailable | Code::FailedPrecondition | Code::DeadlineExceeded | Code::Cancelled => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    error(code, status.message())
}

fn error(status: StatusCode, text: &str) -> PostAnswer {
    PostAnswer { status, body: json!({ "error": text }) }
}

impl PostAnswer {
    /// As it is sent.
    pub fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(format!("{}\n", self.body))));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
            }
            StatusCode::UNAUTHORIZED => {
                let schemes = HeaderValue::from_static("Bearer, Basic realm=\"slx\"");
                headers.insert(header::WWW_AUTHENTICATE, schemes);
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{Scope, audit_unavailable};
    use crate::service::{denied, out_of_time, too_many_calls, unauthenticated};

    #[test]
    fn what_may_be_sent_again_says_when_and_who_may_not_post_hears_the_same() {
        let sent = |status: &Status| {
            let response = of_status(status).response();
            let after = response.headers().get(header::RETRY_AFTER).cloned();
            (response.status().as_u16(), after.map(|after| after == RETRY_AFTER))
        };
        assert_eq!(sent(&too_many_calls()), (429, Some(true)));
        assert_eq!(sent(&audit_unavailable()), (503, Some(true)));
        assert_eq!(sent(&out_of_time()), (503, Some(true)));
        assert_eq!(sent(&Status::internal("a defect")), (500, None));
        let words = |status: &Status| of_status(status).body;
        assert_eq!(words(&unauthenticated()), words(&denied(Scope::Record)));
        assert_eq!(refused().response().status(), StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn an_event_that_is_refused_is_named_and_the_others_are_counted() {
        let result = |id: &str, outcome: v1::RecordOutcome| v1::RecordResult {
            event_id: id.to_owned(),
            outcome: outcome as i32,
            ..Default::default()
        };
        let results = [
            result("a", v1::RecordOutcome::Accepted),
            result("b", v1::RecordOutcome::Duplicate),
            result("c", v1::RecordOutcome::Refused),
        ];
        let all = recorded(&PayloadFacts::default(), &results);
        assert_eq!(all.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((&all.body["recorded"], &all.body["duplicates"]), (&json!(1), &json!(1)));
        assert_eq!(all.body["refused"][0]["event"], "c");
        let taken = recorded(&PayloadFacts::default(), results.get(..2).unwrap());
        assert_eq!(taken.status, StatusCode::OK);
        assert_eq!(taken.body.get("refused"), None);
    }
}
