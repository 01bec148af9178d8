//! The time since a clock ended, which becomes a gap if the clock goes on.

use super::timeline::{Activity, Context, End, Stretch};
use crate::domain::time::Instant;

/// The time since a clock's last end: one stretch for each context, without gaps.
#[derive(Debug, Default)]
pub(super) struct Gap<'a> {
    stretches: Vec<Stretch<'a>>,
}

impl<'a> Gap<'a> {
    /// How the clock had ended, and the last context since; `None`: it has not ended.
    pub fn last(&self) -> Option<(End, Context<'a>)> {
        self.stretches.last().and_then(|last| match last.activity {
            Activity::Gap { after, .. } => Some((after, last.context)),
            _ => None,
        })
    }

    /// Ends its last stretch at `time` and begins another.
    pub fn divide(&mut self, time: Instant, after: End, context: Context<'a>, event_id: &'a str) {
        self.end(time);
        let activity = Activity::Gap { after, counts: false };
        let (start, end, from_zero) = (time, time, false);
        self.stretches.push(Stretch { start, end, activity, context, event_id, from_zero });
    }

    /// Ends it at `end`: its stretches that are not empty, each as what it becomes, by how the
    /// clock had ended.
    pub fn fill(&mut self, end: Instant, becomes: impl Fn(End) -> Activity) -> Vec<Stretch<'a>> {
        self.end(end);
        let stretches = std::mem::take(&mut self.stretches).into_iter();
        let lasting = stretches.filter(|stretch| stretch.start < stretch.end);
        let filled = lasting.filter_map(|stretch| match stretch.activity {
            Activity::Gap { after, .. } => Some(Stretch { activity: becomes(after), ..stretch }),
            _ => None,
        });
        filled.collect()
    }

    fn end(&mut self, time: Instant) {
        if let Some(last) = self.stretches.last_mut() {
            last.end = time;
        }
    }
}
