//! What is to be expected of some contracts, beside a watcher's notices of clocks: how their
//! objectives stand, and which of their clocks probably breach.
//!
//! Each watcher that wants it has it evaluated at its interval, a contract at a time, in the lane
//! of heavy questions; what clocks do waits for none of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::blocking::Work;
use super::chunk::Chunk;
use super::lanes::Weight;
use super::notice_filter::NoticeFilter;
use super::stamp::stamp;
use super::status;
use crate::codec::api::outlook_notice::{encode, encode_likely, encode_result};
use crate::codec::api::{clock, forecast};
use crate::codec::v1;
use crate::engine::likely_breaches::{ClockOfTenant, LikelyBreaches};
use crate::engine::objective_states::{ObjectiveKey, ObjectiveLook, ObjectiveStates};
use crate::queries::forecasts::of_undecided;
use crate::queries::objective_looks::look;
use crate::queries::{QueryError, ReadPoint, ReadRequest, Reading};
use crate::runtime::Engine;

type Objectives = BTreeMap<ObjectiveKey, ObjectiveLook<v1::ObjectiveResult>>;
type Likely = BTreeMap<ClockOfTenant, Option<(v1::Clock, v1::BreachForecast)>>;

/// What is said at once of outlooks, or why nothing is said any more.
pub(super) type OutlookNews = Result<v1::WatchClocksResponse, Status>;

/// Which outlooks are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedOutlooks {
    /// How objectives stand.
    pub objectives: bool,
    /// Which clocks breach with at least this probability.
    pub breach_probability: Option<f64>,
    /// How long from one look to the next.
    pub interval: Duration,
}

/// Which outlooks are watched, and for whom.
#[derive(Debug)]
pub(super) struct OutlookWatch {
    pub engine: Arc<Engine>,
    pub work: Work,
    /// It names the contracts.
    pub filter: NoticeFilter,
    pub wanted: WantedOutlooks,
}

/// What a look finds, and at which point.
struct OutlookLook {
    objectives: Objectives,
    likely: Likely,
    point: ReadPoint,
}

impl OutlookWatch {
    /// Begins to watch, until nobody receives what is said. `None`: nothing is to be said.
    pub fn begin(watch: Option<OutlookWatch>) -> mpsc::Receiver<OutlookNews> {
        let (sender, receiver) = mpsc::channel(1);
        if let Some(watch) = watch {
            tokio::spawn(async move {
                tokio::select! {
                    () = watch.watch(&sender) => {}
                    () = sender.closed() => {}
                }
            });
        }
        receiver
    }

    async fn watch(self, sender: &mpsc::Sender<OutlookNews>) {
        let mut objectives = ObjectiveStates::default();
        let mut likely =
            self.wanted.breach_probability.map(|mark| Arc::new(LikelyBreaches::new(mark)));
        let (filter, interval) = (Arc::new(self.filter.clone()), self.wanted.interval);
        loop {
            let news = match self.look(&filter, likely.as_ref()).await {
                Ok(looks) => said(looks, &mut objectives, likely.as_mut().map(Arc::make_mut)),
                Err(status) if may_pass(&status) => Vec::new(),
                Err(status) => {
                    let _ = sender.send(Err(status)).await;
                    return;
                }
            };
            for message in news {
                if sender.send(Ok(message)).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(interval).await;
        }
    }

    /// How everything stands, a contract at a time.
    async fn look(
        &self,
        filter: &Arc<NoticeFilter>,
        likely: Option<&Arc<LikelyBreaches>>,
    ) -> Result<Vec<OutlookLook>, Status> {
        let mut looks = Vec::new();
        for contract in &filter.contracts {
            let sequence = self.engine.wait_for_index(ReadRequest::default()).await;
            let sequence = sequence.map_err(status::unanswered)?;
            let (engine, work) = (Arc::clone(&self.engine), self.work.clone());
            let (filter, contract) = (Arc::clone(filter), contract.clone());
            let (objectives, likely) = (self.wanted.objectives, likely.cloned());
            let found = self.work.answer(Weight::Heavy, move || {
                let reading = engine.read(&work.tenant, ReadRequest::default(), sequence);
                let reading = reading.map_err(status::unanswered)?.until(work.patience);
                let likely = likely.as_deref().map(|likely| (likely, filter.as_ref()));
                look_at(reading, &contract, objectives, likely).map_err(status::unanswered)
            });
            looks.push(found.await?);
        }
        Ok(looks)
    }
}

/// How everything of a contract stands.
fn look_at(
    reading: Reading<'_>,
    contract: &str,
    with_objectives: bool,
    likely: Option<(&LikelyBreaches, &NoticeFilter)>,
) -> Result<OutlookLook, QueryError> {
    let point = reading.view.point();
    let Reading { view, index } = reading;
    drop(index);
    let likely = likely.map(|likely| likely_breaches(view.reopened()?, contract, likely));
    let objectives = with_objectives
        .then(|| view.reopened().and_then(|again| look(again, contract, encode_result)));
    let likely = likely.transpose()?.unwrap_or_default();
    Ok(OutlookLook { objectives: objectives.transpose()?.unwrap_or_default(), likely, point })
}

/// The clocks of a contract that probably breach, with what is to be said of them.
fn likely_breaches(
    reading: Reading<'_>,
    contract: &str,
    (likely, filter): (&LikelyBreaches, &NoticeFilter),
) -> Result<Likely, QueryError> {
    let zones = reading.view.zones().version().to_owned();
    let as_of = reading.view.times().as_of;
    let found = of_undecided(reading, contract, |learned, incident, (found, history), outlook| {
        let probability = outlook.forecast.breach_probability;
        let group = || history.state(as_of).group;
        if probability < likely.lowest() || !filter.passes_clock(found, group()) {
            return None;
        }
        let cycle = (found.contract_id.into(), found.target_id.into(), found.cycle);
        let key = (incident.into(), cycle);
        let report = || {
            let clock = clock::encode(incident, found, &zones, false);
            (clock, forecast::encode_breach_forecast(learned, outlook))
        };
        likely.look(&key, probability, report).map(|report| (key, report))
    })?;
    Ok(found.into_iter().collect())
}

/// The messages of what stands otherwise than before.
fn said(
    looks: Vec<OutlookLook>,
    objectives: &mut ObjectiveStates,
    likely: Option<&mut LikelyBreaches>,
) -> Vec<v1::WatchClocksResponse> {
    let Some(stamp) = looks.last().map(|look| stamp(look.point)) else { return Vec::new() };
    let (mut standing, mut breaches) = (Objectives::new(), Likely::new());
    for look in looks {
        standing.extend(look.objectives);
        breaches.extend(look.likely);
    }
    let objectives = objectives.take(standing).into_iter();
    let objectives: Vec<_> = objectives.map(|change| encode(change, stamp)).collect();
    let mut messages = Vec::new();
    if !objectives.is_empty() {
        messages.push(v1::WatchClocksResponse { objectives, ..v1::WatchClocksResponse::default() });
    }
    let mut chunk = Chunk::default();
    let changes = likely.map(|likely| likely.take(breaches)).unwrap_or_default();
    let mut send = |likely_breaches: Vec<_>| {
        messages.push(v1::WatchClocksResponse {
            likely_breaches,
            ..v1::WatchClocksResponse::default()
        });
        true
    };
    for change in changes {
        chunk.add(encode_likely(change, stamp), &mut send);
    }
    let rest = chunk.take();
    if !rest.is_empty() {
        send(rest);
    }
    messages
}

/// Whether the next look may find what this one could not.
fn may_pass(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted)
}
