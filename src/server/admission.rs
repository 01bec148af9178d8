//! Whether there is room for a call: how many are under way, and whether the network keeps up; and
//! until when one may take that was let in. Whatever is refused for it is refused by its headers,
//! before a byte of its body is read: that costs far less than to do it.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};

use super::around::{Answered, Answering, Around};
use super::loop_lag::LoopLag;
use super::peers::Peer;
use super::request_body::{BodyBounds, RequestBodies};
use super::settings::Calls;
use super::under_way::{CallsUnderWay, UnderWay};
use crate::service::{
    Deadline, Method, Need, Services, bad_timeout, out_of_time, too_late, too_many_calls,
};

/// The header by which a caller says how long it waits.
const TIMEOUT: &str = "grpc-timeout";
/// How much earlier than the caller's time is over it is answered, at most, so that it hears why.
/// tonic would say CANCELLED at that very time.
const EARLIER: Duration = Duration::from_millis(10);

/// How late the network may be before calls are refused for it. With less, it spends its time on
/// refusing while the writer waits for something to do.
const LATE: Duration = Duration::from_millis(400);
/// So few calls are never why it is late, and keep the writer busy.
const FEW: usize = 256;

/// Lets calls in.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    calls: Calls,
    under_way: Arc<CallsUnderWay>,
    lag: Arc<LoopLag>,
    bodies: RequestBodies,
    services: Services,
    refusals: Arc<Refusals>,
}

/// Why there is no room for a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Busy {
    /// Too many are under way.
    TooManyCalls,
    /// The network does not keep up.
    TooLate,
}

impl From<Busy> for Status {
    fn from(busy: Busy) -> Status {
        match busy {
            Busy::TooManyCalls => too_many_calls(),
            Busy::TooLate => too_late(),
        }
    }
}

/// The answers to calls for which there is no room, made once: when they are given, thousands are
/// in a second.
#[derive(Debug)]
struct Refusals {
    too_many_calls: HeaderMap,
    too_late: HeaderMap,
}

impl Refusals {
    fn new() -> Refusals {
        let headers = |busy: Busy| Status::from(busy).into_http::<Body>().into_parts().0.headers;
        Refusals { too_many_calls: headers(Busy::TooManyCalls), too_late: headers(Busy::TooLate) }
    }

    fn answer(&self, busy: Busy) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = match busy {
            Busy::TooManyCalls => self.too_many_calls.clone(),
            Busy::TooLate => self.too_late.clone(),
        };
        response
    }
}

impl Admission {
    pub fn new(
        calls: Calls,
        bodies: BodyBounds,
        lag: Arc<LoopLag>,
        services: Services,
    ) -> Admission {
        let (under_way, bodies) = (CallsUnderWay::new(calls.most), RequestBodies::new(bodies));
        let refusals = Arc::new(Refusals::new());
        Admission { calls, under_way, lag, bodies, services, refusals }
    }

    /// Lets a post to the intake in, as a call that says nothing of its time, and says until when
    /// it may take.
    pub fn admit_post(&self, request: &Request<Body>) -> Result<(UnderWay, Deadline), Status> {
        let call = self.enter(request, false)?;
        let deadline = Deadline { at: Instant::now() + self.calls.longest, is_the_callers: false };
        Ok((call, deadline))
    }

    /// What bounds the bodies of requests.
    pub fn bodies(&self) -> &RequestBodies {
        &self.bodies
    }

    /// Lets a call in, if there is room for it.
    pub fn admit(&self, request: &Request<Body>) -> Result<UnderWay, Busy> {
        let method = Method::at(request.uri().path());
        // An orchestrator that had to come again later would end what is only busy.
        let looks = method.is_some_and(|method| method.need == Need::Nothing);
        self.enter(request, looks)
    }

    fn enter(&self, request: &Request<Body>, looks: bool) -> Result<UnderWay, Busy> {
        let is_late = || self.under_way.count() > FEW && self.lag.now() > LATE;
        let entered = if !looks && is_late() {
            Err(Busy::TooLate)
        } else {
            let peer = Peer::of(request.extensions()).and_then(Peer::address);
            self.under_way.enter(peer, looks).ok_or(Busy::TooManyCalls)
        };
        if entered.is_err() {
            self.services.note_refused();
        }
        entered
    }

    /// Answers a call for which there is no room.
    pub fn refuse(&self, request: Request<Body>, busy: Busy) -> Response<Body> {
        self.bodies.refuse(request);
        self.refusals.answer(busy)
    }

    /// Until when a call may take, now that it begins.
    fn deadline(&self, headers: &HeaderMap, now: Instant) -> Result<Deadline, Status> {
        let callers = match headers.get(TIMEOUT) {
            None => None,
            Some(value) => {
                let value = String::from_utf8_lossy(value.as_bytes());
                Some(duration(&value).ok_or_else(|| bad_timeout(&value))?)
            }
        };
        let longest = self.calls.longest;
        let wanted = callers.map_or(longest, |time| time - EARLIER.min(time / 10));
        // So far ahead that the clock can't say it, it never comes.
        let at = now.checked_add(wanted).unwrap_or(now + longest);
        Ok(Deadline { at, is_the_callers: callers.is_some() })
    }
}

/// A `grpc-timeout`: up to eight digits and a unit; `None`: it is none.
fn duration(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

impl Around for Admission {
    fn around<F>(
        &self,
        mut request: Request<Body>,
        go_on: impl FnOnce(Request<Body>) -> F,
    ) -> Answering
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        let now = Instant::now();
        let deadline = match self.deadline(request.headers(), now) {
            Ok(deadline) => deadline,
            Err(status) => {
                self.bodies.refuse(request);
                return Box::pin(ready(Ok(status.into_http())));
            }
        };
        request.extensions_mut().insert(deadline);
        let until = deadline.at.min(now + self.calls.longest);
        let answer = go_on(self.bodies.bound(request));
        Box::pin(async move {
            let answered = timeout_at(until, answer).await;
            answered.unwrap_or_else(|_| Ok(out_of_time().into_http()))
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::runtime::wall_clock;
    use crate::server::settings::{Configuration, Settings};
    use crate::service::Limits;

    const CALLS: Calls = Calls { most: 1, longest: Duration::from_secs(60) };
    const BODIES: BodyBounds = BodyBounds { within: Duration::from_secs(30), held: 1 << 20 };

    pub fn admission() -> Admission {
        let configuration = Settings::default().check().unwrap();
        let Configuration { event_bytes_max, capacity, webhooks, .. } = configuration;
        let limits = Limits { event_bytes_max, capacity };
        let services = Services::new(limits, webhooks, wall_clock::now());
        Admission::new(CALLS, BODIES, LoopLag::measured().unwrap(), services)
    }

    fn headers(timeout: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TIMEOUT, timeout.parse().unwrap());
        headers
    }

    #[test]
    fn a_timeout_is_eight_digits_and_a_unit_or_none() {
        assert_eq!(duration("1S"), Some(Duration::from_secs(1)));
        assert_eq!(duration("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        assert_eq!(duration("250m"), Some(Duration::from_millis(250)));
        for not in ["", "S", "1", "-1S", "1.5S", "123456789n", "1s", "1\u{e4}", "+1S"] {
            assert_eq!(duration(not), None, "{not:?}");
        }
    }

    #[tokio::test]
    async fn the_callers_time_is_over_a_little_earlier_than_it_says() {
        let now = Instant::now();
        let admission = admission();
        let at = |timeout| admission.deadline(&headers(timeout), now).unwrap().at - now;
        assert_eq!(at("1S"), Duration::from_millis(990));
        assert_eq!(at("10m"), Duration::from_millis(9));
        assert_eq!(admission.deadline(&HeaderMap::new(), now).unwrap().at - now, CALLS.longest);
        let refused = admission.deadline(&headers("soon"), now).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    }

    #[tokio::test]
    async fn a_call_that_takes_too_long_ends_in_words_and_without_its_answer() {
        let never = |_: Request<Body>| std::future::pending::<Answered>();
        let admission = admission();
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = headers("20m");
        let response = admission.around(request, never).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
    }
}
