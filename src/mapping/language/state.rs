//! What a backend's states mean.

use std::collections::BTreeMap;

use anyhow::bail;
use serde::Deserialize;

use super::field::{Columns, FieldKeys, FieldSource, WrittenField};
use super::unknown::UnknownValue;
use crate::codec::v1;

/// The states, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenStates {
    column: String,
    now: Option<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    /// In rows of instants: the column that says since when the state holds.
    since: Option<String>,
    states: BTreeMap<String, StateMeaning>,
}

impl WrittenStates {
    pub(super) fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }
}

/// What one of the backend's states means.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StateMeaning {
    /// Who must act: provider, client, third_party or nobody.
    pub waiting_on: Waiting,
    /// The third party's name.
    pub third_party: String,
    /// Why it waits.
    pub reason: String,
    /// What reaching it means.
    pub fact: Option<End>,
    /// A second column that says more: what the state means by its values.
    by: Option<WrittenField>,
    states: BTreeMap<String, StateMeaning>,
}

/// Who must act.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Waiting {
    #[default]
    Provider,
    Client,
    ThirdParty,
    Nobody,
}

/// How a state ends an incident.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Resolved,
    Closed,
    Cancelled,
}

/// An incident's state: its name, and what the second column says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StateValue {
    /// As the backend names it.
    pub name: String,
    /// Empty where no second column counts.
    pub part: String,
}

impl Waiting {
    pub fn message(self) -> v1::WaitingOn {
        match self {
            Waiting::Provider => v1::WaitingOn::Provider,
            Waiting::Client => v1::WaitingOn::Client,
            Waiting::ThirdParty => v1::WaitingOn::ThirdParty,
            Waiting::Nobody => v1::WaitingOn::Nobody,
        }
    }
}

/// The states, checked.
#[derive(Debug)]
pub(crate) struct States {
    field: FieldSource,
    since: Option<String>,
    states: BTreeMap<String, StateMeaning>,
    /// The second columns, by the state of which they say more.
    parts: BTreeMap<String, FieldSource>,
}

impl States {
    pub(super) fn check(written: WrittenStates) -> anyhow::Result<States> {
        let WrittenStates { column, now, names, since, states } = written;
        let keys = FieldKeys { column: Some(column), now, names, ..FieldKeys::default() };
        let field = FieldSource::check("state", &WrittenField { keys })?;
        let mut parts = BTreeMap::new();
        for (name, meaning) in &states {
            let key = format!("state.states.{name}");
            check_meaning(&key, meaning)?;
            if let Some(by) = &meaning.by {
                parts.insert(name.clone(), FieldSource::check(&format!("{key}.by"), by)?);
            }
            for (part, of_part) in &meaning.states {
                let key = format!("{key}.states.{part}");
                check_meaning(&key, of_part)?;
                if of_part.by.is_some() || !of_part.states.is_empty() {
                    bail!("{key}.by: a state has one second column, not a third");
                }
            }
        }
        Ok(States { field, since, states, parts })
    }

    /// The column of the state and the second ones.
    pub fn fields(&self) -> impl Iterator<Item = &FieldSource> {
        std::iter::once(&self.field).chain(self.parts.values())
    }

    /// The column that says since when the state holds.
    pub fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }

    /// A row's state; `None`: the row says none.
    ///
    /// # Errors
    /// The mapping does not say what it means.
    pub fn read(&self, columns: &Columns<'_>) -> Result<Option<StateValue>, UnknownValue> {
        let name = self.field.read(columns);
        if name.is_empty() && !self.states.contains_key("") {
            return Ok(None);
        }
        if !self.states.contains_key(&name) {
            let reason = |name: &str| format!("the mapping has no state {name:?}: add it");
            return Err(UnknownValue::of(&self.field, &name, reason));
        }
        let by = self.parts.get(&name);
        let part = by.map(|by| by.read(columns)).unwrap_or_default();
        let state = StateValue { name, part };
        match (by, self.meaning(&state)) {
            (Some(by), None) => {
                let StateValue { name, part } = state;
                let reason =
                    |part: &str| format!("the mapping has no {part:?} of state {name:?}: add it");
                Err(UnknownValue::of(by, &part, reason))
            }
            _ => Ok(Some(state)),
        }
    }

    /// A row's state, which it must say.
    pub fn required(&self, columns: &Columns<'_>) -> Result<StateValue, String> {
        let state = self.read(columns).map_err(|unknown| unknown.to_string())?;
        let column = self.field.column().unwrap_or_default();
        state.ok_or_else(|| match columns(column) {
            Some(_) => format!("{column} is empty"),
            None => format!("there is no column {column:?}"),
        })
    }

    /// The state of a row that says none.
    pub fn missing(&self) -> UnknownValue {
        UnknownValue::of(&self.field, "", |_| "it says no state".to_owned())
    }

    /// What a state means; `None`: the mapping does not say.
    pub fn meaning(&self, state: &StateValue) -> Option<&StateMeaning> {
        let meaning = self.states.get(&state.name)?;
        match meaning.by {
            Some(_) => meaning.states.get(&state.part),
            None => Some(meaning),
        }
    }
}

fn check_meaning(key: &str, meaning: &StateMeaning) -> anyhow::Result<()> {
    if meaning.waiting_on == Waiting::ThirdParty && meaning.third_party.is_empty() {
        bail!("{key}.third_party: name the third party it waits on");
    }
    match (&meaning.by, meaning.states.is_empty()) {
        (Some(_), true) => bail!("{key}.states: say what each value of the second column means"),
        (None, false) => bail!("{key}.by: name the second column that its states are of"),
        _ => Ok(()),
    }
}

impl StateMeaning {
    /// Why the incident waits: as the mapping says, or as the second column does.
    pub fn reason<'s>(&'s self, state: &'s StateValue) -> &'s str {
        if self.reason.is_empty() { &state.part } else { &self.reason }
    }
}
