//! The addresses of names. Whoever resolves them may not answer for long, with a thread that waits
//! for it: so a few are looked up at once, fewer of one name, and the others wait.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Names that are looked up at once. Questions and files need threads of the same pool.
const AT_ONCE: usize = 8;
/// How many of these may be for one name: one that nobody answers for leaves places to others.
const AT_ONCE_OF_ONE_NAME: usize = 2;

/// Looks up names.
#[derive(Clone, Debug)]
pub(super) struct Lookups {
    places: Arc<Semaphore>,
    /// Of each name that is looked up or waits for that.
    places_of_names: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl Lookups {
    pub fn new() -> Lookups {
        Lookups { places: Arc::new(Semaphore::new(AT_ONCE)), places_of_names: Arc::default() }
    }

    /// The addresses of a host.
    pub async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let name = (host.to_owned(), port);
        self.look_up(host, move || Ok(name.to_socket_addrs()?.collect())).await
    }

    /// Looks something up about a name, in a place that is taken until that has ended, also where
    /// nobody waits for it any more.
    async fn look_up<T: Send + 'static>(
        &self,
        name: &str,
        find: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let places = [self.places_of(name), Arc::clone(&self.places)];
        let place = enter(places).await?;
        let found = tokio::task::spawn_blocking(move || {
            let found = find();
            drop(place);
            found
        });
        found.await.map_err(io::Error::other)?
    }

    fn places_of(&self, name: &str) -> Arc<Semaphore> {
        let mut of_names = self.places_of_names.lock();
        of_names.retain(|_, places| Arc::strong_count(places) > 1);
        let places = of_names.entry(name.to_owned());
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_OF_ONE_NAME))))
    }
}

/// Takes a place of each.
async fn enter(places: [Arc<Semaphore>; 2]) -> io::Result<Vec<OwnedSemaphorePermit>> {
    let mut entered = Vec::new();
    for places in places {
        entered.push(places.acquire_owned().await.map_err(io::Error::other)?);
    }
    Ok(entered)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::runtime::Handle;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn names_that_nobody_answers_for_hold_a_few_threads_and_the_others_wait() {
        let (lookups, begun) = (Lookups::new(), Arc::new(AtomicUsize::new(0)));
        let answers = Arc::new(Semaphore::new(0));
        let attempt = |name: String| {
            let (lookups, begun) = (lookups.clone(), Arc::clone(&begun));
            let (answers, runtime) = (Arc::clone(&answers), Handle::current());
            let hangs = move || {
                begun.fetch_add(1, Ordering::Relaxed);
                runtime.block_on(answers.acquire()).map(drop).map_err(io::Error::other)
            };
            async move {
                let within = Duration::from_millis(50);
                timeout(within, lookups.look_up(&name, hangs)).await.is_ok()
            }
        };
        let are_begun = async |count| {
            let are_begun = async {
                while begun.load(Ordering::Relaxed) < count {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(Duration::from_secs(60), are_begun).await.unwrap();
        };
        let mut attempts = JoinSet::new();
        // One name alone leaves places to others.
        (0..3 * AT_ONCE).for_each(|_| drop(attempts.spawn(attempt("one".to_owned()))));
        let mut ended = attempts.join_all().await;
        are_begun(AT_ONCE_OF_ONE_NAME).await;
        assert_eq!(begun.load(Ordering::Relaxed), AT_ONCE_OF_ONE_NAME);
        assert!(lookups.look_up("another", || Ok(())).await.is_ok());
        let mut attempts = JoinSet::new();
        (0..3 * AT_ONCE).for_each(|name| drop(attempts.spawn(attempt(name.to_string()))));
        ended.extend(attempts.join_all().await);
        are_begun(AT_ONCE).await;
        // Whoever gave up waiting has left its name to be looked up.
        let has_ended_since = attempt("yet another".to_owned()).await;
        let begun = begun.load(Ordering::Relaxed);
        answers.add_permits(1_000);
        assert_eq!((ended, has_ended_since), (vec![false; 6 * AT_ONCE], false));
        assert_eq!(begun, AT_ONCE);
        assert_eq!(
            lookups.addresses("127.0.0.1", 9).await.unwrap(),
            ["127.0.0.1:9".parse().unwrap()]
        );
        let found = lookups.addresses("localhost", 9).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    }
}
