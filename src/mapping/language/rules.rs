//! Facts and contracts that rows give by rules.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use cel::Value as CelValue;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::duration::milliseconds;
use super::field::{Columns, FieldSource, WrittenField, required};
use super::times::{Readings, TimeFormat};
use crate::codec::text::{self, FieldKind};
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;
use crate::domain::contract::RecordCondition;
use crate::domain::time::Instant;

const EVENT: &str = "slx.v1.IncidentEvent";
/// What conditions read: the row; and in rows of changes the incident's fields as they are by then,
/// and whether the row is of the instant of the opening.
const VARIABLES: [&str; 3] = ["row", "fields", "is_opening"];

/// A fact that rows report, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFact {
    fact: String,
    at: Option<String>,
    when: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, WrittenField>,
}

/// Contracts that incidents fall under by their rows, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenContracts {
    when: String,
    contracts: Vec<String>,
}

/// The values that conditions read of a row.
pub(crate) type Variables = [(&'static str, CelValue)];

/// The values that conditions read.
pub(crate) fn variables(row: CelValue, fields: CelValue, is_opening: bool) -> Box<Variables> {
    let [of_row, of_fields, of_opening] = VARIABLES;
    Box::new([(of_row, row), (of_fields, fields), (of_opening, CelValue::Bool(is_opening))])
}

/// A fact that rows report.
#[derive(Debug)]
pub(crate) struct FactRule {
    /// What it is called in event ids: the fact, and a number where several rules are of one fact.
    pub name: String,
    fact: String,
    at: Option<String>,
    when: Option<RecordCondition>,
    with: Vec<(String, FieldSource, FieldKind)>,
}

/// A fact that a row reports.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReportedFact {
    pub name: String,
    /// When it occurred, if not at the row's own time; the later instant, if it may be either.
    pub at: Option<Readings>,
    pub fact: Fact,
    /// Why the row reports it, in words.
    pub why: String,
}

impl FactRule {
    /// Checks the rules of a mapping.
    pub(super) fn check(written: Vec<WrittenFact>) -> anyhow::Result<Vec<FactRule>> {
        let facts = text::choices(EVENT, "fact");
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut rules = Vec::new();
        for (place, written) in written.into_iter().enumerate() {
            let key = format!("facts[{place}]");
            check_name(&key, &written.fact, &facts)?;
            let number = counts.entry(written.fact.clone()).or_default();
            *number += 1;
            let name = match number {
                1 => written.fact.clone(),
                more => format!("{}{more}", written.fact),
            };
            rules.push(FactRule::checked(&key, name, written)?);
        }
        Ok(rules)
    }

    fn checked(key: &str, name: String, written: WrittenFact) -> anyhow::Result<FactRule> {
        let WrittenFact { fact, at, when, with } = written;
        let when = when.map(|when| condition(&format!("{key}.when"), &when)).transpose()?;
        let known = text::fields_of_choice(EVENT, "fact", &fact);
        let mut fields = Vec::new();
        for (field, source) in with {
            let key = format!("{key}.with.{field}");
            let Some((_, kind)) = known.iter().find(|(name, _)| *name == field) else {
                let names: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
                match names.is_empty() {
                    true => bail!("{key}: {fact} has no fields"),
                    false => bail!("{key}: {fact} has no such field; it has {}", names.join(", ")),
                }
            };
            if *kind == FieldKind::Other {
                bail!("{key}: a mapping can't fill this field: record it with slx record");
            }
            fields.push((field, FieldSource::check(&key, &source)?, *kind));
        }
        Ok(FactRule { name, fact, at, when, with: fields })
    }

    /// The columns it is read from.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let fields = self.with.iter().filter_map(|(_, field, _)| field.column());
        self.at.as_deref().into_iter().chain(fields)
    }

    /// What a row reports by this rule; `None`: nothing.
    ///
    /// # Errors
    /// The row reports it, but not in a way that can be read.
    pub fn read(
        &self,
        columns: &Columns<'_>,
        variables: &Variables,
        times: &TimeFormat,
    ) -> Result<Option<ReportedFact>, String> {
        let at = match &self.at {
            None => None,
            Some(column) => match columns(column).filter(|shown| !shown.is_empty()) {
                None => return Ok(None),
                Some(shown) => Some((column, shown)),
            },
        };
        if let Some(when) = &self.when {
            let holds = when.holds(variables);
            if !holds.map_err(|error| format!("{}: when {}: {error}", self.name, when.source()))? {
                return Ok(None);
            }
        }
        let why = match (&at, &self.when) {
            (Some((column, shown)), None) => format!("{column} is {shown}"),
            (Some((column, shown)), Some(when)) => {
                format!("{column} is {shown}, and {}", when.source())
            }
            (None, Some(when)) => when.source().to_owned(),
            (None, None) => "every row is one".to_owned(),
        };
        let at = at.map(|(column, shown)| {
            times.read(&shown).map_err(|error| format!("{column}: {error}"))
        });
        let (at, fact) = (at.transpose()?, self.fact(columns, times)?);
        Ok(Some(ReportedFact { name: self.name.clone(), at, fact, why }))
    }

    fn fact(&self, columns: &Columns<'_>, times: &TimeFormat) -> Result<Fact, String> {
        let mut fields = Map::new();
        for (name, source, kind) in &self.with {
            let shown = source.read(columns);
            if shown.is_empty() {
                continue;
            }
            let value = match kind {
                FieldKind::Instant => Value::String(instant(times, &shown)?.to_string()),
                FieldKind::Duration => {
                    Value::String(format!("{}ms", milliseconds(&shown, source.unit())?))
                }
                FieldKind::Flag => Value::Bool(flag(&shown)?),
                FieldKind::Text | FieldKind::Other => Value::String(shown),
            };
            fields.insert(name.clone(), value);
        }
        let event =
            Value::Object([(self.fact.clone(), Value::Object(fields))].into_iter().collect());
        let event: v1::IncidentEvent =
            text::from_json(event, EVENT).map_err(|error| error.to_string())?;
        event.fact.ok_or_else(|| format!("{}: no fact", self.name))
    }
}

fn instant(times: &TimeFormat, shown: &str) -> Result<Instant, String> {
    Ok(times.read(shown)?.first)
}

fn flag(shown: &str) -> Result<bool, String> {
    match shown.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("{shown:?} is neither true nor false: give it a name")),
    }
}

fn check_name(key: &str, fact: &str, facts: &[String]) -> anyhow::Result<()> {
    if fact == "opened" {
        bail!("{key}.fact: incidents are opened at opened_time, with what their first row says");
    }
    if facts.iter().any(|known| known == fact) {
        return Ok(());
    }
    match text::nearest(facts, fact) {
        Some(near) => bail!("{key}.fact: there is no fact {fact}: did you mean {near}?"),
        None => bail!("{key}.fact: there is no fact {fact}; facts are {}", facts.join(", ")),
    }
}

/// A condition over rows, as it is written under `key`.
pub(super) fn condition(key: &str, source: &str) -> anyhow::Result<RecordCondition> {
    RecordCondition::compile(source, &VARIABLES).with_context(|| key.to_owned())
}

/// The contracts of incidents for whose rows a condition holds.
#[derive(Debug)]
pub(crate) struct ContractRule {
    when: RecordCondition,
    contracts: Vec<String>,
}

impl ContractRule {
    pub(super) fn check(written: Vec<WrittenContracts>) -> anyhow::Result<Vec<ContractRule>> {
        let checked = written.into_iter().enumerate().map(|(place, rule)| {
            let when = condition(&format!("contract_rules[{place}].when"), &rule.when)?;
            Ok(ContractRule { when, contracts: rule.contracts })
        });
        checked.collect()
    }

    /// The contracts of the first rule that holds.
    pub(super) fn first<'m>(
        rules: &'m [ContractRule],
        variables: &Variables,
    ) -> Result<&'m [String], String> {
        for rule in rules {
            let holds = rule.when.holds(variables);
            let source = rule.when.source();
            if holds.map_err(|error| format!("contract_rules: when {source}: {error}"))? {
                return Ok(&rule.contracts);
            }
        }
        Ok(&[])
    }
}

/// What a column says of an instant that a row must have.
pub(super) fn required_time(
    columns: &Columns<'_>,
    column: &str,
    times: &TimeFormat,
) -> Result<Readings, String> {
    let shown = required(columns, column)?;
    times.read(&shown).map_err(|error| format!("{column}: {error}"))
}
