//! How the memory that a server may use is divided among what it keeps and what it works on.

/// Bytes that each part may take. What the process needs besides, its code, threads, connections
/// and the terms of all contracts, is not among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBudget {
    /// Pages of the views that were lately read or written.
    pub views: usize,
    /// Incidents that were lately read or written, and where names are.
    pub incidents: usize,
    /// Service hours compiled of calendars.
    pub calendars: usize,
    /// Writes that wait for the writer.
    pub waiting: usize,
    /// Requests that are not there whole.
    pub requests: usize,
    /// What was learnt of tenants lately recorded or queried about.
    pub learnt: usize,
    /// What was recorded and is not in the views yet.
    pub projecting: usize,
    /// Incidents that are not over, as they were last evaluated.
    pub open: usize,
    /// Incidents that are being evaluated.
    pub answers: usize,
}

/// Into so many shares a budget is divided.
const SHARES: usize = 16;

impl MemoryBudget {
    /// Bytes of the budget unless something else is set: 1 GiB.
    pub const BYTES_DEFAULT: usize = 1 << 30;
    /// The least it may be: 128 MiB.
    pub const BYTES_MIN: usize = 128 << 20;

    /// A budget of so many bytes in all.
    pub fn of(bytes: usize) -> MemoryBudget {
        let share = bytes / SHARES;
        MemoryBudget {
            views: share,
            incidents: 2 * share,
            calendars: share,
            waiting: share,
            requests: share,
            learnt: share,
            projecting: 2 * share,
            open: share,
            answers: 6 * share,
        }
    }

    /// Each part by its name.
    pub fn parts(&self) -> [(&'static str, usize); 9] {
        [
            ("views", self.views),
            ("incidents", self.incidents),
            ("calendars", self.calendars),
            ("waiting", self.waiting),
            ("requests", self.requests),
            ("learnt", self.learnt),
            ("projecting", self.projecting),
            ("open", self.open),
            ("answers", self.answers),
        ]
    }
}

impl Default for MemoryBudget {
    fn default() -> MemoryBudget {
        MemoryBudget::of(MemoryBudget::BYTES_DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        for bytes in [MemoryBudget::BYTES_MIN, MemoryBudget::BYTES_DEFAULT, 3 << 30] {
            let parts = MemoryBudget::of(bytes).parts();
            assert_eq!(parts.iter().map(|(_, bytes)| bytes).sum::<usize>(), bytes);
        }
    }
}
