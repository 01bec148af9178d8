//! The body of an answer, whose end is noted: by its trailers, or because nobody reads on.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Response};
use tonic::{Code, Status};
use tracing::Span;

/// Calls `end` once with the code that an answer ends with; at once if that is in its headers.
pub(super) fn at_end(
    response: Response<Body>,
    end: impl FnOnce(Code) + Send + 'static,
) -> Response<Body> {
    if let Some(code) = code_in(response.headers()) {
        end(code);
        return response;
    }
    response.map(|inner| {
        Body::new(AnswerBody { inner, end: Some(Box::new(end)), span: Span::current() })
    })
}

/// The code of the status in some headers; `None`: there is no status. The rest of it, which is
/// costly to read, stays where it is.
pub(super) fn code_in(headers: &HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}

struct AnswerBody {
    inner: Body,
    end: Option<Box<dyn FnOnce(Code) + Send>>,
    /// What is logged meanwhile is of this call.
    span: Span,
}

impl AnswerBody {
    fn end(&mut self, code: Code) {
        if let Some(end) = self.end.take() {
            end(code);
        }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let span = self.span.clone();
        let _within = span.enter();
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end(code_in(trailers).unwrap_or(Code::Unknown));
                }
            }
            Some(Err(status)) => {
                let code = status.code();
                self.end(code);
            }
            None => self.end(Code::Ok),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        let span = self.span.clone();
        span.in_scope(|| self.end(Code::Cancelled));
    }
}
