//! Files that are read again when they change, while the server goes on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;

/// How often files are looked at. They are compared by content: names that are switched, as
/// orchestrators do with secrets, keep their times.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What was made of files, and a digest of what they held.
#[derive(Clone, Debug)]
pub(in crate::server) struct Loaded<T> {
    pub value: T,
    pub digest: [u8; 32],
}

/// What was last made of files.
pub(in crate::server) type Followed<T> = Arc<ArcSwap<Loaded<T>>>;

/// Loads once, and again whenever what is loaded is another. What can't be loaded leaves what was,
/// and is logged once.
pub(super) fn follow<T: Send + Sync + 'static>(
    what: &'static str,
    load: impl Fn() -> anyhow::Result<Loaded<T>> + Send + Sync + 'static,
) -> anyhow::Result<Followed<T>> {
    let followed = Arc::new(ArcSwap::from_pointee(load()?));
    let load = Arc::new(load);
    tokio::spawn(look_again(what, Arc::downgrade(&followed), load));
    Ok(followed)
}

async fn look_again<T: Send + Sync + 'static>(
    what: &'static str,
    followed: Weak<ArcSwap<Loaded<T>>>,
    load: Arc<impl Fn() -> anyhow::Result<Loaded<T>> + Send + Sync + 'static>,
) {
    let mut last_error = String::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let load = Arc::clone(&load);
        let Ok(loaded) = tokio::task::spawn_blocking(move || load()).await else { return };
        let Some(followed) = followed.upgrade() else { return };
        let error = match loaded {
            Ok(loaded) => {
                if loaded.digest != followed.load().digest {
                    followed.store(Arc::new(loaded));
                    tracing::info!(what, "read again");
                }
                String::new()
            }
            Err(error) => format!("{error:#}"),
        };
        if error != last_error && !error.is_empty() {
            tracing::error!(what, error, "can't be read again: what was read before stays");
        }
        last_error = error;
    }
}
