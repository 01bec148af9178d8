//! What is odd about rows that were taken all the same.

/// What may be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suspicion {
    /// Its instant is in a repeated hour, and nothing says which is meant.
    RepeatedHour,
    /// Its instant is in an hour that the zone's clocks skipped.
    SkippedTime,
    /// By its order it comes before others, after which it comes by its time.
    OrderAgainstTime,
    /// The incident was opened later than its first update.
    OpenedLate,
    /// The first change of a field shows that the incident is older than its rows.
    OpenedBefore,
    /// A fact occurred before the incident was opened.
    BeforeOpening,
    /// It was closed before it was resolved.
    ClosedFirst,
    /// It waits, and the row does not say since when.
    WaitsSinceUnknown,
}

impl Suspicion {
    /// A name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Suspicion::RepeatedHour => "repeated_hour",
            Suspicion::SkippedTime => "skipped_time",
            Suspicion::OrderAgainstTime => "order_against_time",
            Suspicion::OpenedLate => "opened_late",
            Suspicion::OpenedBefore => "opened_before",
            Suspicion::BeforeOpening => "before_opening",
            Suspicion::ClosedFirst => "closed_first",
            Suspicion::WaitsSinceUnknown => "waits_since_unknown",
        }
    }

    /// What was made of it, for people.
    pub fn what_is_odd(self) -> &'static str {
        match self {
            Suspicion::RepeatedHour => {
                "in the hour that clocks showed twice, and nothing says which is meant: read as \
                 the first"
            }
            Suspicion::SkippedTime => "at a time that clocks skipped: read as so much later",
            Suspicion::OrderAgainstTime => {
                "where the order contradicts the time: the time is what counts"
            }
            Suspicion::OpenedLate => {
                "with an opening later than the first update: read as opened with that"
            }
            Suspicion::OpenedBefore => {
                "which begin an incident that is older than they show: read as opened with them"
            }
            Suspicion::BeforeOpening => "with a fact from before the opening: taken as it is",
            Suspicion::ClosedFirst => "with a closing before the resolution: taken as it is",
            Suspicion::WaitsSinceUnknown => {
                "in a state that waits, without an instant since when: no wait is counted"
            }
        }
    }
}

/// A row that is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub line: u64,
    pub suspicion: Suspicion,
}
