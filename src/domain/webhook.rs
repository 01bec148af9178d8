//! Webhooks: where notices of clocks are sent, and which.

/// Where notices are sent, and which: one must pass all filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Names it within the tenant.
    pub id: String,
    /// Where they are sent.
    pub url: String,
    /// Only of clocks of these contracts; empty: of all.
    pub contract_ids: Vec<String>,
    /// Only of clocks of these targets; empty: of all.
    pub target_ids: Vec<String>,
    /// Only of these kinds; empty: of all.
    pub kinds: Vec<NoticeKind>,
    /// Only of clocks of these priorities; empty: of all.
    pub priorities: Vec<String>,
    /// Only of incidents that are assigned to these groups; empty: of all.
    pub groups: Vec<String>,
}

/// A kind of notices, as they are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A clock started.
    Started,
    /// It reached a warning.
    Warned,
    /// It went over its limit.
    Breached,
    /// It was paused.
    Paused,
    /// It goes on.
    Resumed,
    /// It stopped.
    Stopped,
    /// It was cancelled.
    Cancelled,
    /// It is left out of the contractual figures.
    Excluded,
    /// Something else of it changed.
    Moved,
}
