//! The addresses of names. Whoever resolves them may not answer for long, with a thread that waits
//! for it: so a few are looked up at once, and the others wait.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Names that are looked up at once. Questions and files need threads of the same pool.
const AT_ONCE: usize = 8;

/// Looks up names.
#[derive(Clone, Debug)]
pub(super) struct Lookups {
    places: Arc<Semaphore>,
}

impl Lookups {
    pub fn new() -> Lookups {
        Lookups { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The addresses of a host.
    pub async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let name = (host.to_owned(), port);
        self.look_up(move || Ok(name.to_socket_addrs()?.collect())).await
    }

    /// Looks something up in a place that is taken until that has ended, also where nobody waits
    /// for it any more.
    async fn look_up<T: Send + 'static>(
        &self,
        find: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let found = tokio::task::spawn_blocking(move || {
            let found = find();
            drop(place);
            found
        });
        found.await.map_err(io::Error::other)?
    }
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
        let attempt = || {
            let (lookups, begun) = (lookups.clone(), Arc::clone(&begun));
            let (answers, runtime) = (Arc::clone(&answers), Handle::current());
            let hangs = move || {
                begun.fetch_add(1, Ordering::Relaxed);
                runtime.block_on(answers.acquire()).map(drop).map_err(io::Error::other)
            };
            async move { timeout(Duration::from_millis(50), lookups.look_up(hangs)).await.is_ok() }
        };
        let mut attempts = JoinSet::new();
        (0..3 * AT_ONCE).for_each(|_| drop(attempts.spawn(attempt())));
        let ended = attempts.join_all().await;
        let are_begun = async {
            while begun.load(Ordering::Relaxed) < AT_ONCE {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(60), are_begun).await.unwrap();
        // Whoever gave up waiting has left its name to be looked up.
        let has_ended_since = attempt().await;
        let begun = begun.load(Ordering::Relaxed);
        answers.add_permits(1_000);
        assert_eq!((ended, has_ended_since), (vec![false; 3 * AT_ONCE], false));
        assert_eq!(begun, AT_ONCE);
        assert_eq!(
            lookups.addresses("127.0.0.1", 9).await.unwrap(),
            ["127.0.0.1:9".parse().unwrap()]
        );
        let found = lookups.addresses("localhost", 9).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    }
}
