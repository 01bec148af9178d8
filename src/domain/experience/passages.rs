//! Passages: an incident's history divided into the times in which nothing changed.

use crate::domain::incident::{History, State, WaitingOn};
use crate::domain::intervals::Intervals;
use crate::domain::same_text::is_same_text;
use crate::domain::time::Instant;

/// A time in which nothing changed for the people an incident hits or those who work on it.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'e> {
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
    /// Who had to act.
    pub waiting_on: WaitingOn,
    /// The third party that had to act.
    pub third_party: &'e str,
    /// Whether the incident was open: neither resolved nor cancelled nor merged into another.
    pub is_open: bool,
    /// Whether the client's people had trouble: from the opening, or from the earlier instant it
    /// reports, until the service was restored, and again after a reopening.
    pub is_trouble: bool,
    /// How many people it hit.
    pub affected_users: u32,
    /// How much of their work they could not do, in percent.
    pub productivity_loss: u32,
}

impl Passage<'_> {
    /// Whether nothing changed from this one to another.
    fn is_same(&self, other: &Passage<'_>) -> bool {
        let fields = |of: &Passage<'_>| {
            (of.waiting_on, of.is_open, of.is_trouble, of.affected_users, of.productivity_loss)
        };
        fields(self) == fields(other) && is_same_text(self.third_party, other.third_party)
    }
}

/// An incident's passages up to an instant, in order and without gaps.
///
/// The time between a resolution and a reopening is a passage too, but neither open nor trouble:
/// everybody took it to be over, and nobody was waited on.
#[derive(Clone, Debug, Default)]
pub struct Passages<'e> {
    passages: Vec<Passage<'e>>,
    /// When the trouble began that no time has passed of yet: in the very last instant.
    beginning: Option<Instant>,
    /// Whether the trouble was over at the end.
    is_over: bool,
    /// Whether the incident was no longer open at the end.
    has_ended: bool,
}

impl<'e> Passages<'e> {
    /// The passages of a history up to `as_of`; none before the opening.
    pub fn of(history: &History<'e>, as_of: Instant) -> Passages<'e> {
        let mut passages = Passages::default();
        let mut state = State::default();
        for moment in history.moments(as_of) {
            state.apply(&moment);
            passages.note(&state, moment.time);
        }
        passages.end(as_of);
        passages.is_over = state.opened.is_some() && !has_trouble(&state);
        passages.has_ended = state.opened.is_some() && !is_open(&state);
        let last = passages.passages.last().filter(|last| last.is_trouble && last.start == as_of);
        passages.beginning = last.map(|last| last.start);
        passages.passages.retain(|passage| passage.start < passage.end);
        passages
    }

    /// What of them lies within some intervals.
    pub(super) fn within(&self, intervals: &Intervals) -> Passages<'e> {
        let parts = self.passages.iter().flat_map(|passage| {
            let inside = intervals.within(passage.start, passage.end);
            let bounds: Vec<_> = inside.bounds().collect();
            bounds.into_iter().map(|(start, end)| Passage { start, end, ..*passage })
        });
        Passages { passages: parts.collect(), ..*self }
    }

    /// All passages, in order.
    pub fn passages(&self) -> &[Passage<'e>] {
        &self.passages
    }

    /// Those in which the incident was open.
    pub fn open(&self) -> impl Iterator<Item = &Passage<'e>> {
        self.passages.iter().filter(|passage| passage.is_open)
    }

    /// Those in which the client's people had trouble.
    pub fn trouble(&self) -> impl Iterator<Item = &Passage<'e>> {
        self.passages.iter().filter(|passage| passage.is_trouble)
    }

    /// When the trouble began; `None`: there was none yet.
    pub fn trouble_began(&self) -> Option<Instant> {
        self.trouble().next().map(|passage| passage.start).or(self.beginning)
    }

    /// When the trouble ended, if it is over.
    pub fn trouble_ended(&self) -> Option<Instant> {
        self.trouble().last().map(|passage| passage.end).filter(|_| self.is_over)
    }

    /// Whether the incident was opened and its trouble is over.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the incident was opened and is open no longer.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// When the incident was no longer open and its trouble was over; `None`: one of them goes on,
    /// or it was never opened.
    pub fn over_time(&self) -> Option<Instant> {
        let last = self.passages.iter().rfind(|p| p.is_open || p.is_trouble).map(|p| p.end);
        // One that was over as it was opened has no passage before.
        let first = || self.passages.first().map_or(Instant::MIN, |passage| passage.start);
        (self.is_over && self.has_ended).then(|| last.unwrap_or_else(first))
    }

    /// Begins the next passage if the fields differ from those of the present one.
    fn note(&mut self, state: &State<'e>, time: Instant) {
        let Some((opening, opened)) = state.opened else { return };
        let next = passage(state, time);
        if self.passages.is_empty()
            && let Some(began) = opened.trouble_time.filter(|began| *began < opening)
        {
            self.passages.push(Passage {
                affected_users: opened.affected_users.unwrap_or(0),
                productivity_loss: 100,
                is_open: false,
                is_trouble: true,
                ..passage(state, began)
            });
        }
        if !self.passages.last().is_some_and(|last| last.is_same(&next)) {
            self.end(time);
            self.passages.push(next);
        }
    }

    fn end(&mut self, time: Instant) {
        if let Some(last) = self.passages.last_mut() {
            last.end = time;
        }
    }
}

/// The passage that begins with these fields.
fn passage<'e>(state: &State<'e>, start: Instant) -> Passage<'e> {
    Passage {
        start,
        end: start,
        waiting_on: state.waiting_on,
        third_party: state.third_party,
        is_open: is_open(state),
        is_trouble: has_trouble(state),
        affected_users: state.affected_users.unwrap_or(0),
        productivity_loss: state.productivity_loss,
    }
}

fn is_open(state: &State<'_>) -> bool {
    state.resolved.is_none() && state.cancelled.is_none() && state.merged_into.is_none()
}

fn has_trouble(state: &State<'_>) -> bool {
    state.restored.is_none() && state.cancelled.is_none() && state.merged_into.is_none()
}
