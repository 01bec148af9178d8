//! How the objectives of some contracts stand, beside a watcher's notices of clocks.
//!
//! Each watcher that wants them has them evaluated at its interval, a contract at a time, in the
//! lane of heavy questions; what clocks do waits for none of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::blocking::Work;
use super::lanes::Weight;
use super::stamp::stamp;
use super::status;
use crate::codec::api::objective_notice::{encode, encode_result};
use crate::codec::v1;
use crate::engine::objective_states::{ObjectiveKey, ObjectiveLook, ObjectiveStates};
use crate::queries::objective_looks::look;
use crate::queries::{ReadPoint, ReadRequest};
use crate::runtime::Engine;

type Looks = BTreeMap<ObjectiveKey, ObjectiveLook<v1::ObjectiveResult>>;

/// What is said at once of objectives, or why nothing is said any more.
pub(super) type ObjectiveNews = Result<Vec<v1::ObjectiveNotice>, Status>;

/// Which objectives are watched, and for whom.
#[derive(Debug)]
pub(super) struct ObjectiveWatch {
    pub engine: Arc<Engine>,
    pub work: Work,
    pub contracts: Vec<String>,
    /// How long from one look to the next.
    pub interval: Duration,
}

impl ObjectiveWatch {
    /// Begins to watch, until nobody receives what is said. `None`: nothing is to be said.
    pub fn begin(watch: Option<ObjectiveWatch>) -> mpsc::Receiver<ObjectiveNews> {
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

    async fn watch(&self, sender: &mpsc::Sender<ObjectiveNews>) {
        let mut states = ObjectiveStates::default();
        loop {
            let news = match self.look().await {
                Ok((looks, point)) => {
                    let changes = states.take(looks).into_iter();
                    Ok(changes.map(|change| encode(change, point.and_then(stamp))).collect())
                }
                Err(status) if may_pass(&status) => Ok(Vec::new()),
                Err(status) => Err(status),
            };
            let is_over = news.is_err();
            let is_news = news.as_ref().map_or(true, |news: &Vec<_>| !news.is_empty());
            if is_news && sender.send(news).await.is_err() || is_over {
                return;
            }
            tokio::time::sleep(self.interval).await;
        }
    }

    /// How all of them stand, and at which point the last was looked at.
    async fn look(&self) -> Result<(Looks, Option<ReadPoint>), Status> {
        let (mut looks, mut point) = (Looks::new(), None);
        for contract in &self.contracts {
            let sequence = self.engine.wait_for_index(ReadRequest::default()).await;
            let sequence = sequence.map_err(status::unanswered)?;
            let (engine, work, contract) =
                (Arc::clone(&self.engine), self.work.clone(), contract.clone());
            let found = self.work.answer(Weight::Heavy, move || {
                let reading = engine.read(&work.tenant, ReadRequest::default(), sequence);
                let reading = reading.map_err(status::unanswered)?.until(work.patience);
                let point = reading.view.point();
                let looks = look(reading, &contract, encode_result);
                Ok((looks.map_err(status::unanswered)?, point))
            });
            let (found, at) = found.await?;
            looks.extend(found);
            point = Some(at);
        }
        Ok((looks, point))
    }
}

/// Whether the next look may find what this one could not.
fn may_pass(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted)
}
