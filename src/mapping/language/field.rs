//! Where a value comes from: a column or a constant, rewritten and named.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, bail};
use regex::Regex;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::duration::Unit;

/// What a row says, by the name of a column.
pub(crate) type Columns<'r> = dyn Fn(&str) -> Option<Cow<'r, str>> + 'r;

/// A field as it is written: the name of a column, or keys.
#[derive(Clone, Debug, Default)]
pub(super) struct WrittenField {
    pub keys: FieldKeys,
}

/// The keys of a field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FieldKeys {
    /// The column; in rows of changes, the field whose changes are meant.
    pub column: Option<String>,
    /// In rows of changes: the column with what the field holds when the rows are exported.
    pub now: Option<String>,
    /// The same value in every row, instead of a column.
    pub value: Option<String>,
    /// A regular expression for the part of the value that is meant.
    pub pattern: Option<String>,
    /// What becomes of that part: `$1` is its first group.
    pub becomes: Option<String>,
    /// Other names for values; a value without one stays as it is.
    pub names: BTreeMap<String, String>,
    /// What an empty value stands for.
    pub default: Option<String>,
    /// The unit of a number that is a duration.
    pub unit: Option<Unit>,
}

impl<'de> Deserialize<'de> for WrittenField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WrittenField, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = WrittenField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column, or {column: NAME, names: {...}}")
    }

    fn visit_str<E>(self, column: &str) -> Result<WrittenField, E> {
        let keys = FieldKeys { column: Some(column.to_owned()), ..FieldKeys::default() };
        Ok(WrittenField { keys })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenField, A::Error> {
        let keys = FieldKeys::deserialize(MapAccessDeserializer::new(map))?;
        Ok(WrittenField { keys })
    }
}

/// A field, checked.
#[derive(Clone, Debug)]
pub(crate) struct FieldSource {
    keys: FieldKeys,
    pattern: Option<Regex>,
}

impl FieldSource {
    /// Checks what is written under `key`.
    pub(super) fn check(key: &str, written: &WrittenField) -> anyhow::Result<FieldSource> {
        let keys = written.keys.clone();
        match (&keys.column, &keys.value) {
            (None, None) => bail!("{key}.column: name the column"),
            (Some(_), Some(_)) => bail!("{key}: either a column or a value, not both"),
            _ => {}
        }
        if keys.becomes.is_some() != keys.pattern.is_some() {
            bail!("{key}: pattern and becomes go together: pattern: '^INC(\\d+)$', becomes: '$1'");
        }
        let pattern = keys.pattern.as_deref().map(Regex::new).transpose();
        let pattern = pattern.with_context(|| format!("{key}.pattern: not a pattern"))?;
        Ok(FieldSource { keys, pattern })
    }

    /// The column it is read from, if it is.
    pub fn column(&self) -> Option<&str> {
        self.keys.column.as_deref()
    }

    /// In rows of changes: the column with the present value.
    pub fn now(&self) -> Option<&str> {
        self.keys.now.as_deref()
    }

    /// The unit of its numbers.
    pub fn unit(&self) -> Unit {
        self.keys.unit.unwrap_or_default()
    }

    /// Its value in a row; empty where the row says nothing.
    pub fn read(&self, columns: &Columns<'_>) -> String {
        self.made_of(&self.shown(columns))
    }

    /// Its value in a row as it stands there, trimmed.
    fn shown(&self, columns: &Columns<'_>) -> String {
        match (&self.keys.value, &self.keys.column) {
            (Some(value), _) => value.clone(),
            (None, Some(column)) => columns(column).unwrap_or_default().into_owned(),
            (None, None) => String::new(),
        }
    }

    fn made_of(&self, shown: &str) -> String {
        let rewritten = self.rewritten(shown);
        let named = self.keys.names.get(rewritten.as_ref()).cloned();
        match (named, &self.keys.default) {
            (Some(named), _) => named,
            (None, Some(default)) if rewritten.is_empty() => default.clone(),
            (None, _) => rewritten.into_owned(),
        }
    }

    fn rewritten<'s>(&self, shown: &'s str) -> Cow<'s, str> {
        match (&self.pattern, &self.keys.becomes) {
            (Some(pattern), Some(becomes)) => pattern.replace(shown, becomes),
            _ => Cow::Borrowed(shown),
        }
    }

    /// The value of a row that must have one.
    ///
    /// # Errors
    /// There is no such column, it is empty, or the pattern does not match it.
    pub fn required(&self, columns: &Columns<'_>) -> Result<String, String> {
        let shown = match self.column() {
            Some(column) => required(columns, column)?.into_owned(),
            None => self.shown(columns),
        };
        match (&self.pattern, self.column()) {
            (Some(pattern), Some(column)) if !pattern.is_match(&shown) => {
                Err(format!("{column}: {shown:?} does not match the pattern {pattern}"))
            }
            _ => Ok(self.made_of(&shown)),
        }
    }

    /// The value of a row if it has names for values, and none for this one.
    pub fn unnamed(&self, columns: &Columns<'_>) -> Option<String> {
        let shown = self.shown(columns);
        let shown = self.rewritten(&shown);
        let names = &self.keys.names;
        let is_named = shown.is_empty()
            || names.contains_key(shown.as_ref())
            || names.values().any(|name| *name == shown);
        (!names.is_empty() && !is_named).then(|| shown.into_owned())
    }
}

/// What a column says that must say something.
pub(super) fn required<'r>(columns: &Columns<'r>, column: &str) -> Result<Cow<'r, str>, String> {
    match columns(column) {
        None => Err(format!("there is no column {column:?}")),
        Some(shown) if shown.is_empty() => Err(format!("{column} is empty")),
        Some(shown) => Ok(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(yaml: &str) -> anyhow::Result<FieldSource> {
        FieldSource::check("service", &serde_saphyr::from_str::<WrittenField>(yaml)?)
    }

    fn read(yaml: &str, shown: &str) -> String {
        let columns = |name: &str| (name == "c").then(|| Cow::Owned(shown.to_owned()));
        field(yaml).unwrap_or_else(|error| panic!("{error:#}")).read(&columns)
    }

    #[test]
    fn a_value_is_rewritten_then_named_and_an_empty_one_has_a_default() {
        assert_eq!(read("c", "SAP ERP"), "SAP ERP");
        assert_eq!(read("{column: c, names: {SAP ERP: sap}}", "SAP ERP"), "sap");
        assert_eq!(read("{column: c, names: {SAP ERP: sap}}", "mail"), "mail");
        assert_eq!(read("{column: c, default: none}", ""), "none");
        assert_eq!(read("{value: fixed}", "x"), "fixed");
        let rewritten = "{column: c, pattern: '^T#(\\d+)$', becomes: 'T-$1', names: {T-1: one}}";
        assert_eq!(read(rewritten, "T#2"), "T-2");
        assert_eq!(read(rewritten, "T#1"), "one");
    }

    #[test]
    fn a_field_that_can_not_work_is_refused_by_its_key() {
        for (yaml, why) in [
            ("{names: {a: b}}", "service.column: name the column"),
            ("{column: c, value: v}", "either a column or a value"),
            ("{column: c, pattern: '(', becomes: x}", "service.pattern: not a pattern"),
            ("{column: c, pattern: 'a'}", "go together"),
            ("{colum: c}", "colum"),
            ("[a]", "the name of a column"),
        ] {
            let error = field(yaml).map(|_| ()).unwrap_err();
            assert!(format!("{error:#}").contains(why), "{yaml}: {error:#}");
        }
    }

    #[test]
    fn a_required_value_must_match_and_one_without_a_name_is_shown() {
        let id = field("{column: c, pattern: '^T#(\\d+)$', becomes: '$1'}").unwrap();
        let of = |shown: &'static str| move |_: &str| Some(Cow::Borrowed(shown));
        assert_eq!(id.required(&of("T#7")), Ok("7".to_owned()));
        assert_eq!(id.required(&of("")), Err("c is empty".to_owned()));
        assert!(id.required(&of("7")).unwrap_err().contains("does not match"));
        let priority = field("{column: c, names: {'1': P1}}").unwrap();
        assert_eq!(priority.unnamed(&of("9")), Some("9".to_owned()));
        assert_eq!([priority.unnamed(&of("1")), priority.unnamed(&of("P1"))], [None, None]);
    }
}
