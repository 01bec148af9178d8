//! What an identity may do.

use std::fmt;

/// What an identity may do with the tenants it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Record facts about incidents and services.
    Record,
    /// Put contracts and calendars, and end contracts.
    Administer,
    /// Read and evaluate.
    Read,
    /// Open settlement items and decide them.
    Settle,
    /// Sign service reviews.
    Sign,
    /// Operate the server: its status, its backup, its tenants. It reaches into every tenant.
    Operate,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 6] =
        [Scope::Record, Scope::Administer, Scope::Read, Scope::Settle, Scope::Sign, Scope::Operate];

    /// How it is written: in tokens, in files, in errors.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Record => "record",
            Scope::Administer => "administer",
            Scope::Read => "read",
            Scope::Settle => "settle",
            Scope::Sign => "sign",
            Scope::Operate => "operate",
        }
    }

    /// The scope of a word.
    pub fn of_word(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
