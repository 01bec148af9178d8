//! The keys of a field's metadata.

/// Under which its meaning is.
pub const DESCRIPTION: &str = "description";
/// Under which its unit is, where it has one.
pub const UNIT: &str = "unit";
/// That those have by which a row is distinguished from all others.
pub const KEY: &str = "key";
