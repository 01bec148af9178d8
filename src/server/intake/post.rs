//! One post: who sends it, what it says, and whether that is recorded.

use std::sync::Arc;

use http_body_util::Full;
use tokio::time::timeout_at;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Method, Request, Response, StatusCode, header, request};
use tonic::{Code, Status};
use tracing::Instrument;

use super::super::identity::{Post, PostLetIn, PostRefused};
use super::super::peers::Peer;
use super::super::request_body::Unread;
use super::super::request_id::{REQUEST_ID, RequestId};
use super::super::telemetry::PostSpan;
use super::Posts;
use super::answer::{self, PostAnswer};
use super::signature::Signature;
use super::sources::IntakeSource;
use crate::mapping::facts_of_payload;
use crate::runtime::wall_clock;
use crate::service::{Deadline, out_of_time};

const PATH: &str = "/v1/intake/";
/// Bytes of a payload.
const PAYLOAD_BYTES_MAX: usize = 1 << 20;
const JSON: &str = "application/json";

/// What a post is about, once it is let in.
struct LetIn {
    post: PostLetIn,
    /// The body, if it had to be read to see who sends it; or where it is read from.
    body: PostedBody,
}

enum PostedBody {
    Read(Vec<u8>),
    ToCome(Body),
}

impl Posts {
    /// Takes a post in, and answers it.
    pub(super) async fn take(&self, mut request: Request<Body>) -> Response<Full<Bytes>> {
        let id = RequestId::of(request.headers());
        request.extensions_mut().insert(id.clone());
        let name = request.uri().path().strip_prefix(PATH).unwrap_or_default();
        let source = self.sources.named(name).cloned();
        let name = source.as_ref().map(|source| source.name.as_str());
        let span = PostSpan::begin(&id, name, request.headers());
        let answer = self.answer(source.as_ref(), request).instrument(span.logged()).await;
        self.intake.counts.count(name, answer.status);
        span.end(answer.status);
        let mut response = answer.response();
        if let Some(id) = id.header() {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn answer(
        &self,
        source: Option<&Arc<IntakeSource>>,
        request: Request<Body>,
    ) -> PostAnswer {
        let (_call, deadline) = match self.intake.admission.admit_post(&request) {
            Ok(admitted) => admitted,
            Err(status) => return self.turn_away(request.into_body(), answer::of_status(&status)),
        };
        let answered = timeout_at(deadline.at, self.work(source, request, deadline)).await;
        let answered = answered.unwrap_or_else(|_| Err(answer::of_status(&out_of_time())));
        answered.unwrap_or_else(|answer| answer)
    }

    /// Answers, or says why not: one way or the other.
    async fn work(
        &self,
        source: Option<&Arc<IntakeSource>>,
        request: Request<Body>,
        deadline: Deadline,
    ) -> Result<PostAnswer, PostAnswer> {
        let Some(source) = source else { return Err(self.refuse_unknown(request)) };
        let is_post = request.method() == Method::POST;
        let is_json = is_json(request.headers());
        let LetIn { mut post, body } = self.let_in(source, request).await?;
        let body = match body {
            PostedBody::ToCome(body) if !is_post => {
                return Err(self.turn_away(body, answer::wrong_method()));
            }
            PostedBody::ToCome(body) if !is_json => {
                return Err(self.turn_away(body, answer::wrong_type()));
            }
            PostedBody::ToCome(body) => self.read(body).await?,
            PostedBody::Read(_) if !is_post => return Err(answer::wrong_method()),
            PostedBody::Read(_) if !is_json => return Err(answer::wrong_type()),
            PostedBody::Read(body) => body,
        };
        self.record(source, &mut post, deadline, body).await
    }

    async fn record(
        &self,
        source: &Arc<IntakeSource>,
        post: &mut PostLetIn,
        deadline: Deadline,
        body: Vec<u8>,
    ) -> Result<PostAnswer, PostAnswer> {
        let refused = |status: Status| answer::of_status(&status);
        let by = Arc::clone(source);
        let understand = move || facts_of_payload(&body, &by.mapping);
        let understood = self.intake.services.work_for(&source.tenant, understand).await;
        let mut facts = match understood.map_err(refused)? {
            Ok(facts) => facts,
            Err(rejects) => return Err(answer::not_understood(&rejects)),
        };
        self.intake.counts.count_unknown(&source.name, &facts);
        let events = std::mem::take(&mut facts.events);
        let (caller, tenant) = (&post.caller, &source.tenant);
        let results = self.intake.services.record_posted(caller, deadline, tenant, events).await;
        post.ended(results.as_ref().err().map_or(Code::Ok, Status::code));
        Ok(answer::recorded(&facts, &results.map_err(refused)?))
    }

    /// Lets a post in by its signature, if it has one, and otherwise by its credentials.
    async fn let_in(
        &self,
        source: &IntakeSource,
        request: Request<Body>,
    ) -> Result<LetIn, PostAnswer> {
        let post = self.intake.gate.post(&request);
        match &source.signature {
            Some(signature) if signature.is_in(request.headers()) => {
                let (head, body) = request.into_parts();
                let bodies = self.intake.admission.bodies();
                let body = match bodies.whole_unverified(body, PAYLOAD_BYTES_MAX).await {
                    Ok(body) => body,
                    Err(why) => return Err(self.refuse_unread(post, unread(why))),
                };
                let post = by_signature(post, source, signature, &head, &body);
                let post = post.map_err(|PostRefused| answer::refused())?;
                Ok(LetIn { post, body: PostedBody::Read(body) })
            }
            signature => {
                let post = match signature.is_some() && !self.intake.gate.checks_identities() {
                    true => Err(post.refused("it is not signed")),
                    false => post.by_credentials(&request, &source.tenant),
                };
                let body = request.into_body();
                match post {
                    Ok(post) => Ok(LetIn { post, body: PostedBody::ToCome(body) }),
                    Err(PostRefused) => Err(self.turn_away(body, answer::refused())),
                }
            }
        }
    }

    /// Answers a post of which the body was not read that it is to be signed by. Whoever is not
    /// known learns only that there was no room.
    fn refuse_unread(&self, post: Post, answer: PostAnswer) -> PostAnswer {
        let is_for_anybody = answer.status == StatusCode::TOO_MANY_REQUESTS;
        if is_for_anybody || !self.intake.gate.checks_identities() {
            return answer;
        }
        let PostRefused = post.refused("its body is too large, too late or broken off");
        answer::refused()
    }

    /// Where identities are checked nobody learns which sources there are.
    fn refuse_unknown(&self, request: Request<Body>) -> PostAnswer {
        let answer = match self.intake.gate.checks_identities() {
            true => {
                let PostRefused =
                    self.intake.gate.post(&request).refused("there is no such source");
                answer::refused()
            }
            false => answer::not_found(),
        };
        self.turn_away(request.into_body(), answer)
    }

    async fn read(&self, body: Body) -> Result<Vec<u8>, PostAnswer> {
        let read = self.intake.admission.bodies().whole(body, PAYLOAD_BYTES_MAX).await;
        read.map_err(unread)
    }

    /// Answers without reading the body.
    fn turn_away(&self, body: Body, answer: PostAnswer) -> PostAnswer {
        self.intake.admission.bodies().discard(body);
        answer
    }
}

fn unread(why: Unread) -> PostAnswer {
    answer::unread(why, PAYLOAD_BYTES_MAX)
}

fn by_signature(
    post: Post,
    source: &IntakeSource,
    signature: &Signature,
    head: &request::Parts,
    body: &[u8],
) -> Result<PostLetIn, PostRefused> {
    let verified = signature.verify(&head.headers, body, wall_clock::now());
    post.by_signature(Peer::of(&head.extensions), (&source.name, &source.tenant), verified)
}

/// Whether the body is JSON by its headers.
fn is_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_plain = text(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    let is_variant = kind.starts_with("application/") && kind.ends_with("+json");
    is_plain && (kind == JSON || is_variant)
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::HeaderValue;

    use super::*;

    #[test]
    fn a_body_is_json_if_its_headers_say_so() {
        let said = |kind: &str, encoding: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
            if let Some(encoding) = encoding {
                let encoding = HeaderValue::from_str(encoding).unwrap();
                headers.insert(header::CONTENT_ENCODING, encoding);
            }
            is_json(&headers)
        };
        assert!(said("application/json", None) && said("Application/JSON; charset=utf-8", None));
        assert!(said("application/vnd.x+json", Some("identity")));
        assert!(!said("application/json", Some("gzip")) && !said("text/json", None));
        assert!(!said("application/jsonp", None) && !said("", None));
        assert!(!is_json(&HeaderMap::new()));
    }
}
