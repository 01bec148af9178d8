//! What traces show of a call, beside its log.

/// The target of the spans that traces are made of: where none are exported, no such span is made.
/// They are of the level info, so that nobody's more detailed notes are made for them alone. They
/// hold numbers and names of what is done, and nothing of what a call says.
pub const TRACES: &str = "traces";
