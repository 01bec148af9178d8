//! Where compiled stretches are kept, and who decides for how long.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use super::plan::PlanDigest;
use super::stretch::Stretch;

/// Gives places to compiled stretches, and may empty them at any time: what is wanted again is
/// compiled again.
pub trait Places: fmt::Debug + Send + Sync {
    /// The place of what the plan with a digest compiles to.
    fn place(&self, digest: PlanDigest) -> Arc<StretchPlace>;

    /// A place that was empty is no longer.
    fn filled(&self, place: &Arc<StretchPlace>);
}

/// Keeps all that was ever compiled, each calendar for itself, as long as the calendar itself.
#[derive(Clone, Copy, Debug)]
pub struct Unbounded;

impl Places for Unbounded {
    fn place(&self, _: PlanDigest) -> Arc<StretchPlace> {
        Arc::default()
    }

    fn filled(&self, _: &Arc<StretchPlace>) {}
}

/// A place for a compiled stretch, shared by all calendars that plan the same for it.
#[derive(Debug, Default)]
pub struct StretchPlace {
    stretch: ArcSwapOption<Stretch>,
    was_read: AtomicBool,
}

impl StretchPlace {
    /// What is in it: read in place, since counting who holds it would cost more than a question.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Stretch) -> T) -> Option<T> {
        let stretch = self.stretch.load();
        let stretch = stretch.as_ref()?;
        // Written once and not at each question, which would make the processor's cores wait.
        if !self.was_read.load(Ordering::Relaxed) {
            self.was_read.store(true, Ordering::Relaxed);
        }
        Some(read(stretch))
    }

    /// What is in it, for longer.
    pub(super) fn get(&self) -> Option<Arc<Stretch>> {
        self.stretch.load_full()
    }

    /// Fills it; `false`: somebody else did.
    pub(super) fn fill(&self, stretch: &Arc<Stretch>) -> bool {
        let none: Option<Arc<Stretch>> = None;
        self.stretch.compare_and_swap(&none, Some(Arc::clone(stretch))).is_none()
    }

    /// Empties it. Whoever reads what was in it reads on.
    pub fn empty(&self) {
        self.stretch.store(None);
    }

    /// Whether it was read since the last time this was called.
    pub fn was_read(&self) -> bool {
        self.was_read.swap(false, Ordering::Relaxed)
    }

    /// The memory that it takes with what is in it, in bytes.
    pub fn bytes(&self) -> usize {
        let stretch = self.stretch.load();
        let held = stretch.as_ref().map(|stretch| size_of_val(&**stretch) + stretch.heap_bytes());
        size_of_val(self) + held.unwrap_or_default()
    }
}
