//! A mapping file, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::WrittenField;
use super::rules::{WrittenContracts, WrittenFact};
use super::state::WrittenStates;

/// What a row is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// The whole incident after one update.
    #[default]
    Whole,
    /// One field that changed.
    Changes,
    /// The whole incident once, with instants in columns of their own.
    Instants,
    /// The whole incident as a webhook delivers it: what a row says holds without those before it.
    Deliveries,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowFormat {
    /// A heading and lines of cells.
    Csv,
    /// One document.
    Json,
    /// A document a line.
    JsonLines,
}

/// The columns of rows of changes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeColumns {
    /// Which field changed.
    pub field: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// A mapping file, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// What a row is.
    #[serde(default)]
    pub rows: Shape,
    /// How rows are written; else as the file's name says.
    pub format: Option<RowFormat>,
    /// What is between the cells of a CSV: one character, or `tab`.
    pub delimiter: Option<String>,
    /// The encoding of the text, by its name on the web; else UTF-8.
    pub encoding: Option<String>,
    /// In JSON: the path of the list of records.
    pub records: Option<String>,
    /// In JSON: the path, within a record, of the lists whose items are rows.
    pub each: Option<String>,
    /// Only rows for which this condition holds are read.
    pub only: Option<String>,
    /// The column with the incident's id.
    pub incident: WrittenField,
    /// The column with the instant of the update a row describes.
    pub time: Option<String>,
    /// The column with the instant the incident was opened; else the first row's time.
    pub opened_time: Option<String>,
    /// The column that orders rows: whole numbers.
    pub order: Option<String>,
    /// How instants are written: strftime's letters, or "rfc3339".
    pub time_format: String,
    /// The IANA zone of instants without an offset.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What to call the backend in each event.
    #[serde(default)]
    pub source: String,
    /// The contracts every incident falls under.
    #[serde(default)]
    pub contracts: Vec<String>,
    /// The column with the contracts, separated by spaces or semicolons.
    pub contracts_column: Option<WrittenField>,
    /// Contracts by conditions over the row: those of the first that holds.
    #[serde(default)]
    pub contract_rules: Vec<WrittenContracts>,
    pub service: Option<WrittenField>,
    pub category: Option<WrittenField>,
    pub affected_users: Option<WrittenField>,
    /// How many people an incident hits where that column says nothing.
    pub affected_users_default: Option<i32>,
    pub group: Option<WrittenField>,
    pub assignee: Option<WrittenField>,
    /// Attributes by name, each from a column.
    #[serde(default)]
    pub attributes: BTreeMap<String, WrittenField>,
    pub priority: Option<WrittenField>,
    /// A row that changes nothing is reported too.
    #[serde(default)]
    pub every_update: bool,
    /// A later change of contracts, service, category or attributes is a fact, too.
    #[serde(default)]
    pub details_changed: bool,
    pub state: Option<WrittenStates>,
    /// The columns of rows of changes.
    pub change: Option<ChangeColumns>,
    /// Further facts that rows report.
    #[serde(default)]
    pub facts: Vec<WrittenFact>,
}

fn utc() -> String {
    "UTC".to_owned()
}
