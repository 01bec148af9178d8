//! Filters of notices.

use std::collections::BTreeSet;

use super::feed::NoticeReport;
use crate::domain::clock::Clock;

/// Which notices somebody wants.
#[derive(Clone, Debug, Default)]
pub(super) struct NoticeFilter {
    pub contracts: BTreeSet<String>,
    pub targets: BTreeSet<String>,
    pub kinds: BTreeSet<i32>,
    pub priorities: BTreeSet<String>,
    pub groups: BTreeSet<String>,
}

impl NoticeFilter {
    /// Whether a notice passes all filters. Those of what changes pass what was and what is; and
    /// every withdrawal, since what it takes back may have been reported as something else yet.
    pub fn passes(&self, report: &NoticeReport) -> bool {
        let NoticeReport { notice, priorities, groups } = report;
        let any = |wanted: &BTreeSet<String>, values: &[String]| {
            wanted.is_empty() || values.iter().any(|value| wanted.contains(value))
        };
        any(&self.contracts, std::slice::from_ref(&notice.contract_id))
            && any(&self.targets, std::slice::from_ref(&notice.target_id))
            && (self.kinds.is_empty() || self.kinds.contains(&notice.kind))
            && (notice.withdrawn || any(&self.priorities, priorities) && any(&self.groups, groups))
    }

    /// Whether a clock passes the filters of targets, priorities and groups, by what is now.
    pub fn passes_clock(&self, clock: &Clock<'_>, group: &str) -> bool {
        let any =
            |wanted: &BTreeSet<String>, value: &str| wanted.is_empty() || wanted.contains(value);
        any(&self.targets, clock.target_id)
            && any(&self.priorities, clock.priority)
            && any(&self.groups, group)
    }
}
