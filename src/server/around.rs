//! What is done around every call, before a service sees it and after it has answered.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

/// An answer, which is never an error of the transport: what is refused is answered too.
pub(super) type Answered = Result<Response<Body>, Infallible>;
/// An answer that is being made.
pub(super) type Answering = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// Does something around calls.
pub(super) trait Around: Clone {
    /// Answers a request, as a rule by going on to the service within.
    fn around<F>(
        &self,
        request: Request<Body>,
        go_on: impl FnOnce(Request<Body>) -> F,
    ) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static;
}

impl<A: Around> Around for Arc<A> {
    fn around<F>(&self, request: Request<Body>, go_on: impl FnOnce(Request<Body>) -> F) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        A::around(self, request, go_on)
    }
}

/// A service that is only cloned for calls that come through to it.
#[derive(Debug)]
pub(super) struct Within<S>(pub Arc<S>);

impl<S> Clone for Within<S> {
    fn clone(&self) -> Within<S> {
        Within(Arc::clone(&self.0))
    }
}

impl<S, R> Service<R> for Within<S>
where
    S: Service<R> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    /// Nothing within has to become ready for a call.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> S::Future {
        S::clone(&self.0).call(request)
    }
}

/// Puts something around the calls of a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct AroundCalls<A>(pub A);

/// A service with something around its calls.
#[derive(Clone, Debug)]
pub(super) struct Surrounded<A, S> {
    around: A,
    inner: S,
}

impl<A: Around, S> Layer<S> for AroundCalls<A> {
    type Service = Surrounded<A, S>;

    fn layer(&self, inner: S) -> Surrounded<A, S> {
        Surrounded { around: self.0.clone(), inner }
    }
}

impl<A, S> Service<Request<Body>> for Surrounded<A, S>
where
    A: Around,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        let inner = &mut self.inner;
        self.around.around(request, |request| inner.call(request))
    }
}
