//! What is demanded of a message that is decoded: much of a request, little of a record.

use super::limits::Limits;
use super::scalar::{given, optional_id_within, optional_terms_id_within, short_id, text};
use crate::domain::contract::Condition;

/// What is demanded of a message.
///
/// Always: that it can be represented. Choices are known, what is needed is there, instants are of
/// 1970 to 2199, percentages are numbers, and ids refer to what is there. Of requests also: the
/// rules of the API, which say what a caller should have written.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'l> {
    /// How much it may hold.
    pub limits: &'l Limits,
    /// Whether the API's rules are held.
    pub are_rules_held: bool,
}

impl Checks<'static> {
    /// Of a request.
    pub const REQUEST: Checks<'static> = Checks::of_request(&Limits::API);
    /// Of a record, which was a request once, of a version whose rules and limits may have been
    /// others.
    pub const RECORD: Checks<'static> = Checks { limits: &Limits::RECORD, are_rules_held: false };
}

impl<'l> Checks<'l> {
    /// Of a request, with limits of one's own.
    pub const fn of_request(limits: &'l Limits) -> Checks<'l> {
        Checks { limits, are_rules_held: true }
    }

    /// A client's own id, as its backend or monitor writes it, that must be given.
    pub fn id(self, id: String) -> Result<String, String> {
        given(id).and_then(|id| self.optional_id(id))
    }

    /// A client's own id, or nothing.
    pub fn optional_id(self, id: String) -> Result<String, String> {
        match self.are_rules_held {
            true => optional_id_within(id, self.limits.id_bytes),
            false => short_id(id, self.limits.id_bytes),
        }
    }

    /// The id of a contract, calendar, target or objective, that must be given.
    pub fn terms_id(self, id: String) -> Result<String, String> {
        given(id).and_then(|id| self.optional_terms_id(id))
    }

    /// The id of a contract, calendar, target or objective, or nothing.
    pub fn optional_terms_id(self, id: String) -> Result<String, String> {
        optional_terms_id_within(id, self.limits.id_bytes)
    }

    /// Who did something: by the API's rules somebody.
    pub fn person(self, name: String) -> Result<String, String> {
        match self.are_rules_held && name.trim().is_empty() {
            true => Err("is missing: write who".to_owned()),
            false => text(name, self.limits.person_bytes),
        }
    }

    /// Who recorded something: only a record says that, whatever a request says.
    pub fn recorded_by(self, name: String) -> Option<Box<str>> {
        Some(name).filter(|name| !self.are_rules_held && !name.is_empty()).map(Into::into)
    }

    /// A condition, or none.
    pub fn condition(self, source: &str) -> Result<Option<Condition>, String> {
        if source.trim().is_empty() {
            return Ok(None);
        }
        let compiled = Condition::compile_within(source, &self.limits.conditions);
        compiled.map(Some).map_err(|error| error.to_string())
    }

    /// A note.
    pub fn note(self, note: String) -> Result<String, String> {
        text(note, self.limits.note_bytes)
    }

    /// A priority, which backends name freely.
    pub fn priority(self, priority: String) -> Result<String, String> {
        text(priority, self.limits.priority_bytes)
    }
}
