//! The mapping file: what the columns of a backend's export mean.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use chrono::NaiveDateTime;
use serde::Deserialize;

use crate::codec::v1;
use crate::domain::time::Instant;
use crate::domain::zone::{Zone, ZoneDatabase};
use crate::runtime::zones::{self, Choice};

/// A mapping file, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The column with the incident's id.
    incident: String,
    /// The column with the instant of the update a row describes.
    time: String,
    /// The column with the instant the incident was opened; else the first row's time.
    opened_time: Option<String>,
    /// The column that orders rows of one instant: whole numbers.
    order: Option<String>,
    /// How instants are written: strftime's letters, or "rfc3339".
    time_format: String,
    /// The IANA zone of instants without an offset.
    #[serde(default = "utc")]
    time_zone: String,
    /// What to call the backend in each event.
    #[serde(default)]
    source: String,
    /// The contracts every incident falls under.
    #[serde(default)]
    contracts: Vec<String>,
    /// The column with the contracts, separated by spaces or semicolons.
    contracts_column: Option<String>,
    service: Option<String>,
    category: Option<String>,
    affected_users: Option<String>,
    /// How many people an incident hits where that column says nothing.
    affected_users_default: Option<i32>,
    group: Option<String>,
    assignee: Option<String>,
    /// Attributes by name, each from a column.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    priority: Option<Named>,
    /// A row that changes nothing is reported too.
    #[serde(default)]
    every_update: bool,
    state: States,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A column whose values get other names; a value without one stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    column: String,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    column: String,
    states: BTreeMap<String, StateMeaning>,
}

/// What one of the backend's states means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateMeaning {
    /// Who must act: provider, client, third_party or nobody.
    #[serde(default)]
    pub waiting_on: Waiting,
    /// The third party's name.
    #[serde(default)]
    pub third_party: String,
    /// Why it waits.
    #[serde(default)]
    pub reason: String,
    /// What reaching it means.
    pub fact: Option<End>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Waiting {
    #[default]
    Provider,
    Client,
    ThirdParty,
    Nobody,
}

/// How a state ends an incident.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Resolved,
    Closed,
    Cancelled,
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

/// A mapping, checked.
#[derive(Debug)]
pub(super) struct Mapping {
    written: Written,
    zone: Zone,
}

/// What a row says, by name.
pub(super) type Columns<'r> = dyn Fn(&str) -> Option<&'r str> + 'r;

impl Mapping {
    /// Reads a mapping file.
    pub fn read(text: &str) -> anyhow::Result<Mapping> {
        Mapping::read_with(text, &zones::open(&Choice::Automatic)?)
    }

    fn read_with(text: &str, zones: &ZoneDatabase) -> anyhow::Result<Mapping> {
        if text.trim().is_empty() {
            bail!("it is empty: see docs/imports.md for what a mapping says");
        }
        let written: Written = serde_saphyr::from_str(text).context("not a mapping file")?;
        let Some(zone) = zones.zone(&written.time_zone) else {
            bail!("time_zone: there is no zone {:?}: write an IANA zone", written.time_zone);
        };
        for (name, state) in &written.state.states {
            if state.waiting_on == Waiting::ThirdParty && state.third_party.is_empty() {
                bail!("state.states.{name}.third_party: name the third party it waits on");
            }
        }
        Ok(Mapping { written, zone })
    }

    /// Every column it names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let Written { priority, state, attributes, .. } = &self.written;
        let optional = [
            &self.written.opened_time,
            &self.written.order,
            &self.written.contracts_column,
            &self.written.service,
            &self.written.category,
            &self.written.affected_users,
            &self.written.group,
            &self.written.assignee,
        ];
        [&self.written.incident, &self.written.time, &state.column]
            .into_iter()
            .chain(optional.into_iter().flatten())
            .chain(priority.iter().map(|priority| &priority.column))
            .chain(attributes.values())
            .map(String::as_str)
    }

    pub fn incident<'r>(&self, columns: &Columns<'r>) -> Result<&'r str, String> {
        required(columns, &self.written.incident)
    }

    pub fn time(&self, columns: &Columns<'_>) -> Result<Instant, String> {
        self.instant(required(columns, &self.written.time)?)
    }

    /// When the incident was opened, if the row says so.
    pub fn opened_time(&self, columns: &Columns<'_>) -> Result<Option<Instant>, String> {
        let shown = optional(columns, &self.written.opened_time);
        if shown.is_empty() { Ok(None) } else { self.instant(shown).map(Some) }
    }

    pub fn order(&self, columns: &Columns<'_>) -> Result<Option<i64>, String> {
        let Some(column) = &self.written.order else { return Ok(None) };
        let shown = required(columns, column)?;
        let order = shown.parse().map_err(|_| format!("{column}: {shown:?} is not a whole number"));
        order.map(Some)
    }

    fn instant(&self, text: &str) -> Result<Instant, String> {
        let format = &self.written.time_format;
        let wrong = || format!("{text:?} is not an instant written as {format:?}");
        if format == "rfc3339" {
            let time = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
            return Instant::try_from(time.to_utc()).map_err(|error| error.to_string());
        }
        if let Ok(time) = chrono::DateTime::parse_from_str(text, format) {
            return Instant::try_from(time.to_utc()).map_err(|error| error.to_string());
        }
        let local = NaiveDateTime::parse_from_str(text, format).map_err(|_| wrong())?;
        self.zone.instant(local).map_err(|error| error.to_string())
    }

    /// The backend's state and what it means.
    pub fn state<'r>(&self, columns: &Columns<'r>) -> Result<(&'r str, &StateMeaning), String> {
        let column = &self.written.state.column;
        let shown = required(columns, column)?;
        let meaning = self.written.state.states.get(shown);
        let meaning = meaning
            .ok_or_else(|| format!("{column}: the mapping has no state {shown:?}: add it"))?;
        Ok((shown, meaning))
    }

    /// What the state of a row that was taken means.
    pub fn meaning(&self, state: &str) -> Option<&StateMeaning> {
        self.written.state.states.get(state)
    }

    pub fn priority(&self, columns: &Columns<'_>) -> String {
        let Some(Named { column, names }) = &self.written.priority else { return String::new() };
        let shown = columns(column).unwrap_or_default();
        names.get(shown).cloned().unwrap_or_else(|| shown.to_owned())
    }

    pub fn group(&self, columns: &Columns<'_>) -> String {
        optional(columns, &self.written.group).to_owned()
    }

    pub fn assignee(&self, columns: &Columns<'_>) -> String {
        optional(columns, &self.written.assignee).to_owned()
    }

    /// What the incident was opened with.
    pub fn opened(&self, columns: &Columns<'_>) -> Result<v1::Opened, String> {
        let written = &self.written;
        let listed = optional(columns, &written.contracts_column);
        let listed = listed.split([' ', ';']).filter(|id| !id.is_empty()).map(str::to_owned);
        let users = optional(columns, &written.affected_users);
        let affected_users = match users {
            "" => written.affected_users_default,
            shown => {
                let users = shown.parse();
                Some(users.map_err(|_| format!("{shown:?} is not a number of users"))?)
            }
        };
        let attributes = written.attributes.iter().filter_map(|(name, column)| {
            let shown = columns(column).filter(|shown| !shown.is_empty())?;
            Some((name.clone(), shown.to_owned()))
        });
        Ok(v1::Opened {
            contract_ids: written.contracts.iter().cloned().chain(listed).collect(),
            service: optional(columns, &written.service).to_owned(),
            category: optional(columns, &written.category).to_owned(),
            priority: self.priority(columns),
            affected_users,
            affected_users_estimated: users.is_empty() && affected_users.is_some(),
            attributes: attributes.collect(),
            trouble_time: None,
        })
    }

    pub fn source(&self) -> &str {
        &self.written.source
    }

    /// Whether a row that changes nothing is reported too.
    pub fn describes_every_update(&self) -> bool {
        self.written.every_update
    }
}

fn required<'r>(columns: &Columns<'r>, column: &str) -> Result<&'r str, String> {
    match columns(column) {
        None => Err(format!("there is no column {column:?}")),
        Some("") => Err(format!("{column} is empty")),
        Some(shown) => Ok(shown),
    }
}

fn optional<'r>(columns: &Columns<'r>, column: &Option<String>) -> &'r str {
    column.as_ref().and_then(|column| columns(column)).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const MAPPING: &str = "
        incident: id
        time: updated
        opened_time: opened
        order: seq
        time_format: '%Y-%m-%d %H:%M'
        time_zone: Europe/Amsterdam
        contracts: [C]
        group: group
        priority: {column: priority, names: {'1': P1}}
        state:
          column: state
          states:
            New: {}
            Waiting: {waiting_on: client, reason: info}
            Solved: {fact: resolved}
            Closed: {fact: closed}";

    #[test]
    fn a_mapping_that_can_not_work_is_refused() {
        for (from, to, shown) in [
            ("incident: id", "incidnt: id", "incidnt"),
            ("Europe/Amsterdam", "Europe/Amsterdm", "no zone"),
            ("waiting_on: client", "waiting_on: third_party", "third_party: name"),
            ("fact: closed", "fact: done", "done"),
        ] {
            let error = Mapping::read(&MAPPING.replace(from, to)).map(|_| ()).unwrap_err();
            assert!(format!("{error:#}").contains(shown), "{error:#}");
        }
    }

    #[test]
    fn instants_are_read_in_the_mappings_zone() {
        let mapping = Mapping::read(MAPPING).unwrap_or_else(|error| panic!("{error:#}"));
        let summer = mapping.instant("2026-07-01 12:00").map(|time| time.to_string());
        assert_eq!(summer.as_deref(), Ok("2026-07-01T10:00:00Z"));
        assert!(mapping.instant("1 July").is_err());
    }
}
