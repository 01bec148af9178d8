//! The language of a review: its messages, and how it writes numbers and dates.

mod dates;
mod formats;
#[cfg(test)]
mod messages;
mod numbers;
mod speech;
#[cfg(test)]
pub(super) mod testing;

pub(in crate::cli) use speech::{Language, LanguageWord};
