//! The mapping file: what the columns of a backend's export mean.

mod duration;
mod field;
mod rules;
mod state;
mod times;
mod unknown;
mod values;
mod written;

use anyhow::{Context, bail};
use cel::Value;
use itertools::Itertools;

use crate::domain::contract::RecordCondition;
use crate::domain::zone::ZoneDatabase;

use field::{FieldSource, WrittenField, required};
use rules::{ContractRule, condition, required_time};
use state::States;
use values::ValueSources;
use written::Written;

pub(super) use field::Columns;
pub(super) use rules::{FactRule, ReportedFact, Variables, variables};
pub(super) use state::{End, StateMeaning, StateValue, Waiting};
pub(super) use times::{Readings, TimeFormat};
pub(crate) use unknown::{UnknownValue, begin_of};
pub(super) use values::Values;
pub(crate) use written::RowFormat;
pub(super) use written::{ChangeColumns, Shape};

/// A mapping, checked.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(super) shape: Shape,
    pub(super) layout: Layout,
    /// The columns of rows of changes; there in that shape alone.
    pub(super) change: Option<ChangeColumns>,
    /// What to call the backend in each event.
    pub(super) source: String,
    /// Whether a row that changes nothing is reported too.
    pub(super) describes_every_update: bool,
    /// Whether later changes of contracts, service, category and attributes are facts.
    pub(super) follows_details: bool,
    only: Option<RecordCondition>,
    incident: FieldSource,
    time: Option<String>,
    opened_time: Option<String>,
    order: Option<String>,
    times: TimeFormat,
    values: ValueSources,
    facts: Vec<FactRule>,
}

/// How the rows of a file are laid out.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Else as the file's name says.
    pub format: Option<RowFormat>,
    /// What is between the cells of a CSV.
    pub delimiter: u8,
    /// The encoding of the text; else UTF-8.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// In JSON: the names that lead to the records.
    pub records: Vec<String>,
    /// In JSON: the names that lead from a record to the lists whose items are rows.
    pub each: Vec<String>,
}

/// What somebody who takes a mapping as it is sets of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// Contracts that every incident falls under, besides those of the mapping.
    pub contracts: Vec<String>,
    /// The zone of instants without an offset.
    pub time_zone: Option<String>,
}

impl Mapping {
    /// Reads a mapping file; the zones of instants are looked up in `zones`.
    pub fn read(text: &str, zones: &ZoneDatabase) -> anyhow::Result<Mapping> {
        Mapping::read_with(text, Overrides::default(), zones)
    }

    /// Reads a mapping file of which something is set anew.
    pub fn read_with(
        text: &str,
        overrides: Overrides,
        zones: &ZoneDatabase,
    ) -> anyhow::Result<Mapping> {
        if text.trim().is_empty() {
            bail!("it is empty: see docs/imports.md for what a mapping says");
        }
        let mut written: Written = serde_saphyr::from_str(text).context("not a mapping file")?;
        written.contracts.extend(overrides.contracts);
        if let Some(zone) = overrides.time_zone {
            written.time_zone = zone;
        }
        Mapping::check(written, zones)
    }

    fn check(written: Written, zones: &ZoneDatabase) -> anyhow::Result<Mapping> {
        let Some(zone) = zones.zone(&written.time_zone) else {
            bail!("time_zone: there is no zone {:?}: write an IANA zone", written.time_zone);
        };
        check_shape(&written)?;
        let layout = layout(&written)?;
        let only = written.only.as_deref().map(|only| condition("only", only)).transpose()?;
        let field = |key: &str, field: &Option<WrittenField>| {
            field.as_ref().map(|field| FieldSource::check(key, field)).transpose()
        };
        let attributes = written.attributes.iter().map(|(name, written)| {
            let checked = FieldSource::check(&format!("attributes.{name}"), written)?;
            Ok((name.clone(), checked))
        });
        let values = ValueSources {
            contracts_column: field("contracts_column", &written.contracts_column)?,
            service: field("service", &written.service)?,
            category: field("category", &written.category)?,
            affected_users: field("affected_users", &written.affected_users)?,
            group: field("group", &written.group)?,
            assignee: field("assignee", &written.assignee)?,
            priority: field("priority", &written.priority)?,
            attributes: attributes.collect::<anyhow::Result<_>>()?,
            states: written.state.map(States::check).transpose()?,
            contracts: written.contracts,
            contract_rules: ContractRule::check(written.contract_rules)?,
            affected_users_default: written.affected_users_default,
        };
        Ok(Mapping {
            shape: written.rows,
            layout,
            change: written.change,
            source: written.source,
            describes_every_update: written.every_update,
            follows_details: written.details_changed,
            only,
            incident: FieldSource::check("incident", &written.incident)?,
            time: written.time,
            opened_time: written.opened_time,
            order: written.order,
            times: TimeFormat::new(written.time_format, zone),
            values,
            facts: FactRule::check(written.facts)?,
        })
    }

    /// Every column it reads of a row, once. In rows of changes most of what it names are fields
    /// instead.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let is_changes = self.shape == Shape::Changes;
        let of_values = self.values.fields().filter_map(move |field| match is_changes {
            true => field.now(),
            false => field.column(),
        });
        let of_change = self
            .change
            .iter()
            .flat_map(|ChangeColumns { field, old, new }| [field, old, new].map(String::as_str));
        let optional = [&self.time, &self.opened_time, &self.order];
        let optional = optional.into_iter().filter_map(|column| column.as_deref());
        self.incident
            .column()
            .into_iter()
            .chain(optional)
            .chain(of_values)
            .chain(of_change)
            .chain(self.facts.iter().flat_map(FactRule::columns))
            .chain(self.states().and_then(States::since))
            .unique()
    }

    /// Whether it has conditions, which read rows in another form.
    pub(super) fn has_conditions(&self) -> bool {
        self.only.is_some() || !self.values.contract_rules.is_empty() || !self.facts.is_empty()
    }

    /// Whether incidents can fall under a contract by it.
    pub fn names_contracts(&self) -> bool {
        let ValueSources { contracts, contracts_column, contract_rules, .. } = &self.values;
        !contracts.is_empty() || contracts_column.is_some() || !contract_rules.is_empty()
    }

    /// Whether its rows are deliveries of webhooks.
    pub fn takes_deliveries(&self) -> bool {
        self.shape == Shape::Deliveries
    }

    /// Whether a row is to be read at all.
    pub(super) fn reads(&self, row: impl FnOnce() -> Value) -> Result<bool, String> {
        let Some(only) = &self.only else { return Ok(true) };
        let holds = only.holds(&variables(row(), no_fields(), false));
        holds.map_err(|error| format!("only {}: {error}", only.source()))
    }

    pub(super) fn incident(&self, columns: &Columns<'_>) -> Result<String, String> {
        self.incident.required(columns)
    }

    /// Whether a row describes an update: of rows of changes, those that name a field do, and those
    /// that have an instant at all.
    pub(super) fn is_update(&self, columns: &Columns<'_>) -> bool {
        let says = |column: &str| columns(column).is_some_and(|shown| !shown.is_empty());
        match &self.change {
            Some(change) => says(&change.field) || self.time.as_deref().is_some_and(says),
            None => true,
        }
    }

    /// When the update occurred that a row describes; `None`: rows have no such instant.
    pub(super) fn time(&self, columns: &Columns<'_>) -> Result<Option<Readings>, String> {
        let time = self.time.as_deref();
        time.map(|column| required_time(columns, column, &self.times)).transpose()
    }

    /// When the incident was opened, if the row says so.
    pub(super) fn opened_time(&self, columns: &Columns<'_>) -> Result<Option<Readings>, String> {
        self.optional_time(columns, self.opened_time.as_deref())
    }

    /// Since when the state holds, if the row says so.
    pub(super) fn state_since(&self, columns: &Columns<'_>) -> Result<Option<Readings>, String> {
        self.optional_time(columns, self.states().and_then(States::since))
    }

    fn optional_time(
        &self,
        columns: &Columns<'_>,
        column: Option<&str>,
    ) -> Result<Option<Readings>, String> {
        let Some(column) = column else { return Ok(None) };
        let shown = columns(column).filter(|shown| !shown.is_empty());
        let read = shown.map(|shown| self.times.read(&shown)).transpose();
        read.map_err(|error| format!("{column}: {error}"))
    }

    pub(super) fn order(&self, columns: &Columns<'_>) -> Result<Option<i64>, String> {
        let Some(column) = &self.order else { return Ok(None) };
        let shown = required(columns, column)?;
        let order = shown.parse().map_err(|_| format!("{column}: {shown:?} is not a whole number"));
        order.map(Some)
    }

    /// What a row says of the incident's fields, its state included.
    pub(super) fn values(
        &self,
        columns: &Columns<'_>,
        variables: &Variables,
    ) -> Result<Values, String> {
        let state = match (self.states(), self.shape) {
            (None, _) => None,
            (Some(states), Shape::Whole) => Some(states.required(columns)?),
            (Some(states), Shape::Changes | Shape::Instants) => {
                states.read(columns).map_err(|unknown| unknown.to_string())?
            }
            // What a delivery says besides is not lost for a state that is unknown.
            (Some(states), Shape::Deliveries) => states.read(columns).unwrap_or_default(),
        };
        Ok(Values { state, ..self.values.read(columns, variables)? })
    }

    /// The state of a row, if the mapping does not say what it means or the row says none: then
    /// the tool posts another body than the mapping reads.
    pub(super) fn unknown_state(&self, columns: &Columns<'_>) -> Option<UnknownValue> {
        let states = self.states()?;
        match states.read(columns) {
            Ok(state) => state.is_none().then(|| states.missing()),
            Err(unknown) => Some(unknown),
        }
    }

    /// The priority of a row, if the mapping names others and not this one.
    pub(super) fn unknown_priority(&self, columns: &Columns<'_>) -> Option<UnknownValue> {
        let priority = self.values.priority.as_ref()?;
        let value = priority.unnamed(columns)?;
        let reason =
            |value: &str| format!("the mapping has no name for priority {value:?}: add it");
        Some(UnknownValue::of(priority, &value, reason))
    }

    /// Whether rows say who works on incidents.
    pub(super) fn says_who_works(&self) -> bool {
        self.values.group.is_some() || self.values.assignee.is_some()
    }

    /// The attributes that it reads, by name.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &String> {
        self.values.attributes.keys()
    }

    /// The facts a row reports besides.
    pub(super) fn reported(
        &self,
        columns: &Columns<'_>,
        variables: &Variables,
    ) -> Result<Vec<ReportedFact>, String> {
        let read = self.facts.iter().map(|rule| rule.read(columns, variables, &self.times));
        read.filter_map(Result::transpose).collect()
    }

    fn states(&self) -> Option<&States> {
        self.values.states.as_ref()
    }

    /// What a state means.
    pub(super) fn meaning(&self, state: &StateValue) -> Option<&StateMeaning> {
        self.states()?.meaning(state)
    }

    /// In rows of changes: the fields whose changes it reads, each with where a row has its present
    /// value.
    pub(super) fn changing(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.values.fields().filter_map(|field| Some((field.column()?, field.now())))
    }
}

/// The fields of an incident of which none is known.
pub(super) fn no_fields() -> Value {
    std::collections::HashMap::<String, Value>::new().into()
}

fn check_shape(written: &Written) -> anyhow::Result<()> {
    let Written { rows, time, opened_time, change, state, .. } = written;
    match rows {
        Shape::Whole if state.is_none() => bail!("state: say what the column's states mean"),
        Shape::Deliveries if state.is_none() => bail!("state: say what the column's states mean"),
        Shape::Whole | Shape::Changes | Shape::Deliveries if time.is_none() => {
            bail!("time: name the column with the instant of the update")
        }
        Shape::Changes if change.is_none() => {
            bail!("change: name the columns: {{field: NAME, old: NAME, new: NAME}}")
        }
        Shape::Whole | Shape::Instants | Shape::Deliveries if change.is_some() => {
            bail!("change: it belongs to rows: changes")
        }
        Shape::Instants | Shape::Deliveries if opened_time.is_none() => {
            bail!("opened_time: name the column with the instant of the opening")
        }
        Shape::Instants if time.is_some() || written.order.is_some() => {
            bail!("time, order: rows of instants have none: name instants under facts, with at")
        }
        _ => {}
    }
    let since = state.as_ref().and_then(state::WrittenStates::since);
    if *rows != Shape::Instants && since.is_some() {
        bail!("state.since: it belongs to rows: instants");
    }
    Ok(())
}

fn layout(written: &Written) -> anyhow::Result<Layout> {
    let delimiter = match written.delimiter.as_deref() {
        None => b',',
        Some("tab") => b'\t',
        Some(one) => match one.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => *byte,
            _ => bail!("delimiter: {one:?} can't be one: write one ASCII character, or tab"),
        },
    };
    let encoding = written.encoding.as_deref().map(|name| {
        let found = encoding_rs::Encoding::for_label(name.as_bytes());
        found.with_context(|| {
            format!("encoding: there is no {name:?}: write windows-1252, iso-8859-15, utf-16le ...")
        })
    });
    let path = |path: &Option<String>| {
        let path = path.as_deref().map(|path| path.split('.').map(str::to_owned).collect());
        path.unwrap_or_default()
    };
    Ok(Layout {
        format: written.format,
        delimiter,
        encoding: encoding.transpose()?,
        records: path(&written.records),
        each: path(&written.each),
    })
}

#[cfg(test)]
pub(crate) mod tests {
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

    /// The time zones that mappings of tests are read with.
    pub fn zones() -> ZoneDatabase {
        ZoneDatabase::bundled()
    }

    #[track_caller]
    pub fn mapping(text: &str) -> Mapping {
        Mapping::read(text, &zones()).unwrap_or_else(|error| panic!("{error:#}"))
    }

    #[test]
    fn a_column_that_several_fields_read_is_named_once() {
        let twice = mapping(&MAPPING.replace("group: group", "group: priority"));
        assert_eq!(twice.columns().filter(|name| *name == "priority").count(), 1);
    }

    #[test]
    fn a_mapping_that_can_not_work_is_refused_by_its_key() {
        let rows = "incident: id\n        rows: ";
        for (from, to, shown) in [
            ("incident: id", "incidnt: id", "incidnt"),
            ("Europe/Amsterdam", "Europe/Amsterdm", "no zone"),
            ("waiting_on: client", "waiting_on: third_party", "third_party: name"),
            ("fact: closed", "fact: done", "done"),
            ("time: updated", "source: x", "time: name the column"),
            ("incident: id", &format!("{rows}changes"), "change: name the columns"),
            ("incident: id", &format!("{rows}instants"), "time, order: rows of instants"),
            ("incident: id", &format!("{rows}wide"), "wide"),
            ("contracts: [C]", "delimiter: '::'", "delimiter: \"::\" can't be one"),
            ("contracts: [C]", "encoding: klingon", "encoding: there is no \"klingon\""),
            ("contracts: [C]", "only: rwo.a", "only: there is no \"rwo\""),
            ("contracts: [C]", "facts: [{fact: respondd}]", "facts[0].fact: there is no fact"),
            ("contracts: [C]", "facts: [{fact: opened}]", "opened at opened_time"),
            (
                "contracts: [C]",
                "facts: [{fact: surveyed, with: {scor: s}}]",
                "facts[0].with.scor: surveyed has no such field; it has score, lost_time",
            ),
            ("contracts: [C]", "contract_rules: [{when: '1 +', contracts: [A]}]", "contract_rules"),
            ("Closed: {fact: closed}", "Closed: {by: why}", "state.states.Closed.states: say"),
            ("Closed: {fact: closed}", "Closed: {states: {a: {}}}", "state.states.Closed.by: name"),
            ("column: state\n", "column: state\n          since: s\n", "state.since: it belongs"),
        ] {
            assert!(MAPPING.contains(from), "{from}");
            let error =
                Mapping::read(&MAPPING.replacen(from, to, 1), &zones()).map(|_| ()).unwrap_err();
            assert!(format!("{error:#}").contains(shown), "{shown}: {error:#}");
        }
    }

    #[test]
    fn what_is_set_anew_holds_for_the_whole_mapping() {
        let overrides =
            Overrides { contracts: vec!["D".into()], time_zone: Some("Asia/Tokyo".into()) };
        let mapping = Mapping::read_with(MAPPING, overrides, &zones()).unwrap();
        assert_eq!(mapping.values.contracts, ["C", "D"]);
        let read = mapping.times.read("2026-07-01 12:00").map(|read| read.first.to_string());
        assert_eq!(read.as_deref(), Ok("2026-07-01T03:00:00Z"));
    }
}
