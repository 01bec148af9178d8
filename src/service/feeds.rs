//! The feeds of a server, and the one thread that makes them: it runs while somebody watches.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::runtime::Handle;
use tonic::Status;

use super::feed::Feed;
use super::status;
use crate::domain::ids::TenantId;
use crate::queries::ReadRequest;
use crate::runtime::{Engine, Patience, Stopped};
use crate::views::ViewsError;

/// How often the feeds go on. Meanwhile the index is not hurried for them.
const EVERY: Duration = Duration::from_millis(200);
/// How long a feed waits for the index.
const INDEX_WITHIN: Duration = Duration::from_secs(1);

/// The feeds of a server.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    table: Mutex<FeedTable>,
    called: Condvar,
    /// Ends with the server.
    patience: Patience,
}

#[derive(Debug, Default)]
struct FeedTable {
    feeds: HashMap<TenantId, Arc<Feed>>,
    is_running: bool,
}

/// The thread runs, until this is dropped.
struct Running<'f>(&'f Feeds);

impl Feeds {
    /// The feed of a tenant, for one more who watches it.
    pub fn join(
        self: &Arc<Feeds>,
        engine: &Arc<Engine>,
        tenant: &TenantId,
    ) -> Result<Arc<Feed>, Status> {
        let mut table = self.table.lock();
        self.patience.check().map_err(status::stopped)?;
        let feeds = &mut table.feeds;
        let feed =
            feeds.entry(tenant.clone()).or_insert_with(|| Arc::new(Feed::new(tenant.clone())));
        let feed = Arc::clone(feed);
        if !table.is_running {
            let (feeds, engine, network) =
                (Arc::clone(self), Arc::clone(engine), Handle::current());
            let run = move || feeds.run(&engine, &network);
            let begun = thread::Builder::new().name("notices".to_owned()).spawn(run);
            begun.map_err(|_| status::defect("no thread can be started for notices"))?;
            table.is_running = true;
        }
        self.called.notify_all();
        Ok(feed)
    }

    /// Ends all feeds: the server is stopping.
    pub fn close(&self) {
        self.patience.end(Stopped::ShuttingDown);
        let table = self.table.lock();
        table.feeds.values().for_each(|feed| feed.end(status::stopped(Stopped::ShuttingDown)));
        self.called.notify_all();
    }

    fn run(&self, engine: &Engine, network: &Handle) {
        let _running = Running(self);
        while let Some(feeds) = self.watched() {
            let until = Instant::now() + EVERY;
            // What is recorded up to here, and what time has brought about up to its instant.
            let goal = engine.settled();
            let waited = network.block_on(async {
                let indexed = engine.wait_for_index(ReadRequest::default());
                tokio::time::timeout(INDEX_WITHIN, indexed).await
            });
            let is_behind = match waited.unwrap_or(Err(ViewsError::Behind.into())) {
                Ok(_) => {
                    let go_on = |feed: &Arc<Feed>| feed.go_on(engine, goal, &self.patience);
                    in_turn(&feeds, go_on, || Instant::now() >= until)
                }
                // The next round is soon.
                Err(error) if error.may_pass() => false,
                Err(error) => {
                    let end = status::unanswered(error);
                    feeds.iter().for_each(|feed| feed.end(end.clone()));
                    false
                }
            };
            drop(feeds);
            let mut table = self.table.lock();
            if !is_behind && self.patience.check().is_ok() {
                self.called.wait_for(&mut table, EVERY);
            }
        }
    }

    /// The feeds that somebody watches; `None`: nobody watches any, and the thread is to end.
    fn watched(&self) -> Option<Vec<Arc<Feed>>> {
        let mut table = self.table.lock();
        // Whoever watches holds one too; and who joins waits for the table.
        table.feeds.retain(|_, feed| Arc::strong_count(feed) > 1 && !feed.has_ended());
        let is_over = table.feeds.is_empty() || self.patience.check().is_err();
        if is_over {
            table.is_running = false;
        }
        (!is_over).then(|| table.feeds.values().cloned().collect())
    }
}

/// Lets all take a step in turn, so that none waits for more than one of another: each until it has
/// no more to do, or it is over. Whether some have.
fn in_turn<F>(all: &[F], go_on: impl Fn(&F) -> bool, is_over: impl Fn() -> bool) -> bool {
    let mut behind: Vec<&F> = all.iter().collect();
    while !behind.is_empty() {
        behind.retain(|one| go_on(one));
        if is_over() {
            break;
        }
    }
    !behind.is_empty()
}

impl Drop for Running<'_> {
    /// Nobody waits for a thread that has ended by a defect.
    fn drop(&mut self) {
        let mut table = self.0.table.lock();
        if thread::panicking() {
            let end = status::defect("making notices panicked");
            table.feeds.drain().for_each(|(_, feed)| feed.end(end.clone()));
            table.is_running = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// Steps that are left to do, of two, and who took them.
    fn taken(left: [u32; 2], rounds: u32) -> (String, bool) {
        let left = [("a", Cell::new(left[0])), ("b", Cell::new(left[1]))];
        let (taken, round) = (RefCell::new(String::new()), Cell::new(0));
        let go_on = |(name, left): &(&str, Cell<u32>)| {
            taken.borrow_mut().push_str(name);
            left.set(left.get() - 1);
            left.get() > 0
        };
        let is_over = || round.replace(round.get() + 1) + 1 >= rounds;
        let is_behind = in_turn(&left, go_on, is_over);
        (taken.into_inner(), is_behind)
    }

    #[test]
    fn a_feed_with_much_to_do_lets_the_others_go_on_after_each_step() {
        assert_eq!(taken([5, 2], 9), ("ababaaa".to_owned(), false));
        assert_eq!(taken([2, 5], 3), ("ababb".to_owned(), true));
        // Each takes a step at least.
        assert_eq!(taken([5, 5], 0), ("ab".to_owned(), true));
    }
}
