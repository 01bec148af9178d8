//! The machine's cores, how many of them somebody needs, and which are lent to questions that walk
//! many incidents beside the thread that each of them has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The cores that are there, and who needs one. Clones count together; by default there are none.
#[derive(Clone, Debug, Default)]
pub struct SpareCores(Arc<Cores>);

#[derive(Debug, Default)]
struct Cores {
    all: usize,
    needed: AtomicUsize,
    lent: AtomicUsize,
}

/// Somebody needs a core as long as this is there: who works on a question, or waits to.
#[derive(Debug)]
pub struct NeededCore(Arc<Cores>);

/// A core that nobody needed when it was lent, given back when this is dropped.
#[derive(Debug)]
pub(super) struct LentCore(Arc<Cores>);

impl SpareCores {
    /// So many cores, of which nobody needs any yet.
    pub fn of(all: usize) -> SpareCores {
        SpareCores(Arc::new(Cores { all, ..Cores::default() }))
    }

    /// One more is needed.
    pub fn need(&self) -> NeededCore {
        self.0.needed.fetch_add(1, Ordering::Relaxed);
        NeededCore(Arc::clone(&self.0))
    }

    /// Lends one, if there is one that nobody needs.
    pub(super) fn lend(&self) -> Option<LentCore> {
        let Cores { all, needed, lent } = &*self.0;
        let needed = needed.load(Ordering::Relaxed);
        let one_more = |lent: usize| (needed.saturating_add(lent) < *all).then_some(lent + 1);
        let is_lent = lent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        is_lent.then(|| LentCore(Arc::clone(&self.0)))
    }
}

impl LentCore {
    /// Whether somebody needs it by now.
    pub fn is_needed(&self) -> bool {
        let Cores { all, needed, lent } = &*self.0;
        needed.load(Ordering::Relaxed).saturating_add(lent.load(Ordering::Relaxed)) > *all
    }
}

impl Drop for NeededCore {
    fn drop(&mut self) {
        self.0.needed.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for LentCore {
    fn drop(&mut self) {
        self.0.lent.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_needs_is_lent_and_called_back() {
        let cores = SpareCores::of(2);
        let own = cores.need();
        let lent = cores.lend().unwrap();
        assert!(cores.lend().is_none(), "both are in use");
        assert!(!lent.is_needed());
        let other = cores.need();
        assert!(lent.is_needed() && cores.lend().is_none());
        drop(other);
        assert!(!lent.is_needed());
        drop((own, lent));
        let both = [cores.lend(), cores.lend()];
        assert!(both.iter().all(Option::is_some) && cores.lend().is_none());
    }

    #[test]
    fn by_default_there_is_none_to_lend() {
        assert!(SpareCores::default().lend().is_none());
    }
}
