//! Messages as text: JSON as protobuf defines it, and the YAML people write.
//!
//! What people write may spell durations as `4h 30m`, amounts as `1000.00 EUR`, percentages and
//! other decimals as numbers (`99.9`, whose digits are kept as they are written), choices as
//! `resolution` or `monday` in any case, and fields in snake_case or camelCase. Errors name each
//! place by its path, all of them at once.

use std::fmt;

use chrono::DateTime;
use prost::Message;
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde::de::IntoDeserializer;
use serde_json::Value;

use crate::domain::money;

mod yaml;

/// Why a text is not the message it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{separator}{description}", separator = if path.is_empty() { "" } else { ": " })]
pub struct TextError {
    /// Where, from the top: `contracts[0].terms.targets[1].limits[0].limit`.
    pub path: String,
    /// What is wrong and what would be right.
    pub description: String,
}

/// Everything in a text that can't be read, at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextErrors(pub Vec<TextError>);

impl std::error::Error for TextErrors {}

/// One as it is, several each on a line of its own, in the order of the text's fields.
impl fmt::Display for TextErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = self.0.as_slice() {
            return one.fmt(f);
        }
        write!(f, "{} things can't be read", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

/// A message as indented JSON. `name` is its full name: `slx.v1.Clock`.
pub fn to_json(message: &impl Message, name: &str) -> Result<String, TextError> {
    bytes_to_json(&message.encode_to_vec(), name)
}

/// An encoded message as indented JSON.
pub fn bytes_to_json(bytes: &[u8], name: &str) -> Result<String, TextError> {
    let dynamic = DynamicMessage::decode(descriptor(name)?, bytes);
    let dynamic = dynamic.map_err(|error| wrong("", error.to_string()))?;
    serde_json::to_string_pretty(&dynamic).map_err(|error| wrong("", error.to_string()))
}

/// The messages of a YAML (or JSON) text, one a document.
///
/// # Errors
/// Everything in it that can't be read, each with its place.
pub fn from_yaml<M: Message + Default>(text: &str, name: &str) -> Result<Vec<M>, TextErrors> {
    let documents = documents(text)?.into_iter().map(|document| (String::new(), document));
    from_values(documents, name)
}

/// The messages of a YAML (or JSON) text, each a document or an item of a document that is a list.
///
/// # Errors
/// Everything in it that can't be read, each with its place.
pub fn each_from_yaml<M: Message + Default>(text: &str, name: &str) -> Result<Vec<M>, TextErrors> {
    let items = documents(text)?.into_iter().flat_map(|document| match document {
        Value::Array(items) => {
            items.into_iter().enumerate().map(|(at, item)| (format!("[{at}]"), item)).collect()
        }
        one => vec![(String::new(), one)],
    });
    from_values(items, name)
}

/// The message of a JSON value, in the spellings of [`from_yaml`].
///
/// # Errors
/// Everything in it that can't be read, each with its place.
pub fn from_json<M: Message + Default>(value: Value, name: &str) -> Result<M, TextErrors> {
    from_value(value, name, "").map_err(TextErrors)
}

fn documents(text: &str) -> Result<Vec<Value>, TextErrors> {
    yaml::documents(text).map_err(|error| TextErrors(vec![wrong("", error)]))
}

/// The messages of values, each with its place.
fn from_values<M: Message + Default>(
    values: impl Iterator<Item = (String, Value)>,
    name: &str,
) -> Result<Vec<M>, TextErrors> {
    let mut faults = Vec::new();
    let messages = values.filter_map(|(path, value)| {
        from_value(value, name, &path).map_err(|errors| faults.extend(errors)).ok()
    });
    let messages: Vec<M> = messages.collect();
    if faults.is_empty() { Ok(messages) } else { Err(TextErrors(faults)) }
}

fn from_value<M: Message + Default>(
    mut value: Value,
    name: &str,
    path: &str,
) -> Result<M, Vec<TextError>> {
    let one = |error: String| vec![wrong(path, error)];
    let descriptor = descriptor(name).map_err(|error| vec![error])?;
    let mut faults = Vec::new();
    spell_out(&mut value, &descriptor, path, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let dynamic = DynamicMessage::deserialize(descriptor, value.into_deserializer());
    let dynamic = dynamic.map_err(|error: serde_json::Error| one(error.to_string()))?;
    M::decode(dynamic.encode_to_vec().as_slice()).map_err(|error| one(error.to_string()))
}

fn descriptor(name: &str) -> Result<MessageDescriptor, TextError> {
    super::message_descriptor(name).ok_or_else(|| wrong("", format!("there is no message {name}")))
}

/// Turns friendly spellings into those protobuf's JSON knows, and notes what has none.
fn spell_out(
    value: &mut Value,
    message: &MessageDescriptor,
    path: &str,
    faults: &mut Vec<TextError>,
) {
    let mut keep = |result: Result<(), TextError>| faults.extend(result.err());
    match message.full_name() {
        "google.protobuf.Duration" => return keep(spell_duration(value, path)),
        "google.protobuf.Timestamp" => return keep(check_instant(value, path)),
        "slx.v1.Money" if !value.is_object() => return keep(spell_money(value, path)),
        _ => {}
    }
    let Value::Object(fields) = value else {
        return keep(Err(wrong(path, format!("is not {}: write its fields", a_message(message)))));
    };
    for (name, value) in fields.iter_mut() {
        let within = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match message.fields().find(|f| f.name() == name || f.json_name() == name) {
            Some(field) => spell_field(value, &field, &within, faults),
            None => faults.push(unknown_field(&within, name, message)),
        }
    }
}

fn spell_field(
    value: &mut Value,
    field: &FieldDescriptor,
    path: &str,
    faults: &mut Vec<TextError>,
) {
    match value {
        Value::Null => {}
        Value::Array(items) if field.is_list() => {
            for (index, item) in items.iter_mut().enumerate() {
                spell_one(item, &field.kind(), &format!("{path}[{index}]"), faults);
            }
        }
        _ if field.is_list() => {
            faults.push(wrong(path, "is not a list: begin each item with \"- \""));
        }
        _ if field.is_map() => {}
        one => spell_one(one, &field.kind(), path, faults),
    }
}

fn spell_one(value: &mut Value, kind: &Kind, path: &str, faults: &mut Vec<TextError>) {
    let spelled = match kind {
        Kind::Message(message) => return spell_out(value, message, path, faults),
        Kind::Enum(choices) => spell_choice(value, choices, path),
        Kind::String => spell_string(value, path),
        Kind::Bool if !value.is_boolean() => {
            Err(wrong(path, format!("{value} is neither true nor false")))
        }
        Kind::Int32 => check_whole(value, i32::MIN.into(), i32::MAX.into(), path),
        Kind::Int64 => check_whole(value, i64::MIN, i64::MAX, path),
        _ => Ok(()),
    };
    faults.extend(spelled.err());
}

/// Protobuf's own JSON writes large numbers as texts.
fn check_whole(value: &Value, least: i64, most: i64, path: &str) -> Result<(), TextError> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    match number.filter(|number: &i64| (least..=most).contains(number)) {
        Some(_) => Ok(()),
        None => Err(wrong(path, format!("{value} is not a whole number from {least} to {most}"))),
    }
}

fn check_instant(value: &Value, path: &str) -> Result<(), TextError> {
    let is_instant = value.as_str().is_some_and(|t| DateTime::parse_from_rfc3339(t).is_ok());
    let help = "write \"2026-11-23T20:05:00Z\", or with an offset";
    if is_instant { Ok(()) } else { Err(wrong(path, format!("{value} is not an instant: {help}"))) }
}

/// YAML reads `1` where a text was meant.
fn spell_string(value: &mut Value, path: &str) -> Result<(), TextError> {
    match value {
        Value::String(_) => Ok(()),
        Value::Number(number) if !number.is_f64() => {
            *value = Value::String(number.to_string());
            Ok(())
        }
        other => Err(wrong(path, format!("{other} is not a text: put it in quotes"))),
    }
}

/// An amount that is written with its currency: `1000.00 EUR`.
fn spell_money(value: &mut Value, path: &str) -> Result<(), TextError> {
    let parsed = match &*value {
        Value::String(text) => money::parse(text),
        other => Err(format!("{other} is not an amount: write it with its currency: 1000.00 EUR")),
    };
    let (minor_units, currency) = parsed.map_err(|description| wrong(path, description))?;
    *value = serde_json::json!({ "minorUnits": minor_units, "currency": currency });
    Ok(())
}

fn spell_duration(value: &mut Value, path: &str) -> Result<(), TextError> {
    let help = "write hours, minutes and seconds: 4h, 1h 30m (a day has no fixed service time)";
    let Value::String(text) = value else {
        return Err(wrong(path, format!("{value} is not a duration: {help}")));
    };
    let parsed = text.parse::<jiff::SignedDuration>();
    let duration =
        parsed.map_err(|_| wrong(path, format!("{text:?} is not a duration: {help}")))?;
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let sign = if duration.is_negative() { "-" } else { "" };
    *text = format!("{sign}{}.{:09}s", seconds.unsigned_abs(), nanos.unsigned_abs());
    Ok(())
}

fn spell_choice(value: &mut Value, choices: &EnumDescriptor, path: &str) -> Result<(), TextError> {
    let Value::String(text) = value else { return Ok(()) };
    let names: Vec<String> = choices.values().map(|choice| choice.name().to_owned()).collect();
    let requested = text.trim().replace(['-', ' '], "_").to_ascii_uppercase();
    let prefix = names.iter().find_map(|name| name.strip_suffix("UNSPECIFIED"));
    let prefix = prefix.unwrap_or_default().to_owned();
    let fits = |name: &&String| **name == requested || **name == format!("{prefix}{requested}");
    match names.iter().find(fits) {
        Some(name) => {
            text.clone_from(name);
            Ok(())
        }
        None => {
            let short = names.iter().filter_map(|name| name.strip_prefix(&prefix));
            let short = short.filter(|name| *name != "UNSPECIFIED").map(str::to_ascii_lowercase);
            let list = short.collect::<Vec<_>>().join(", ");
            Err(wrong(path, format!("{text:?} is unknown: choose one of {list}")))
        }
    }
}

fn unknown_field(path: &str, name: &str, message: &MessageDescriptor) -> TextError {
    let fields = message.fields().map(|field| field.name().to_owned()).collect::<Vec<_>>();
    let hint = match nearest(&fields, name) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("the fields are {}", listed(message)),
    };
    let subject = if is_terms(message) { "the file" } else { message.name() };
    wrong(path, format!("{subject} has no such field: {hint}"))
}

/// Whether a message is a whole file of terms, which has no name for people.
fn is_terms(message: &MessageDescriptor) -> bool {
    message.full_name() == "slx.store.v1.TermsFile"
}

/// `a Calendar`, `an ExperienceTerms`.
fn a_message(message: &MessageDescriptor) -> String {
    match message.name() {
        _ if is_terms(message) => "a file of contracts and calendars".to_owned(),
        name if name.starts_with(['A', 'E', 'I', 'O', 'U']) => format!("an {name}"),
        name => format!("a {name}"),
    }
}

/// The names of the fields of a message; of those that exclude each other as such.
fn listed(message: &MessageDescriptor) -> String {
    let is_choice = |field: &FieldDescriptor| {
        field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic())
    };
    let names = |choices: bool| {
        let fields = message.fields().filter(|field| is_choice(field) == choices);
        fields.map(|field| field.name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    match (names(false), names(true)) {
        (plain, choices) if choices.is_empty() => plain,
        (plain, choices) if plain.is_empty() => format!("one of {choices}"),
        (plain, choices) => format!("{plain}, and one of {choices}"),
    }
}

/// The fields of which a message has one: the facts of an event.
pub fn choices(name: &str, oneof: &str) -> Vec<String> {
    let fields = descriptor(name).map(|message| {
        let of = message.oneofs().find(|one| one.name() == oneof);
        of.map(|of| of.fields().map(|field| field.name().to_owned()).collect())
    });
    fields.ok().flatten().unwrap_or_default()
}

/// What a field of a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A text, a whole number or a choice: each is written as text.
    Text,
    /// Yes or no.
    Flag,
    /// An instant.
    Instant,
    /// A duration.
    Duration,
    /// Several of something, or another message.
    Other,
}

/// The fields of a fact, by name. `oneof` says which facts the message `name` may have.
pub fn fields_of_choice(name: &str, oneof: &str, choice: &str) -> Vec<(String, FieldKind)> {
    let of = |message: MessageDescriptor| {
        let of = message.oneofs().find(|one| one.name() == oneof)?;
        match of.fields().find(|field| field.name() == choice)?.kind() {
            Kind::Message(fact) => Some(fact.fields().map(named_kind).collect()),
            _ => None,
        }
    };
    descriptor(name).ok().and_then(of).unwrap_or_default()
}

fn named_kind(field: FieldDescriptor) -> (String, FieldKind) {
    let kind = match field.kind() {
        _ if field.is_list() || field.is_map() => FieldKind::Other,
        Kind::Bool => FieldKind::Flag,
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => FieldKind::Instant,
            "google.protobuf.Duration" => FieldKind::Duration,
            _ => FieldKind::Other,
        },
        _ => FieldKind::Text,
    };
    (field.name().to_owned(), kind)
}

/// The name that is most like one, if any is.
pub fn nearest<'n>(names: &'n [String], name: &str) -> Option<&'n String> {
    let nearest = names.iter().max_by_key(|other| likeness(other, name));
    nearest.filter(|other| 2 * likeness(other, name) >= name.len())
}

/// How many letters two names share from their beginnings and their ends.
fn likeness(a: &str, b: &str) -> usize {
    let forward = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let backward = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    (forward + backward).min(a.len()).min(b.len())
}

fn wrong(path: &str, description: impl Into<String>) -> TextError {
    TextError { path: path.to_owned(), description: description.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::store::v1::TermsFile;
    use crate::codec::v1;

    const NAME: &str = "slx.store.v1.TermsFile";

    fn read(text: &str) -> Result<TermsFile, String> {
        let files: Vec<TermsFile> = from_yaml(text, NAME).map_err(|error| error.to_string())?;
        files.into_iter().next().ok_or_else(|| "empty".to_owned())
    }

    #[test]
    fn friendly_spellings_mean_the_same() {
        let file = read(
            "calendars:\n- id: office\n  timeZone: Europe/Amsterdam\n  weekly:\n  \
             - days: [monday, DAY_OF_WEEK_TUESDAY]\n    opens: '09:00'\n    closes: '17:00'\n\
             contracts:\n- id: C\n  kind: sla\n  terms:\n    targets:\n    - id: resolve\n      \
             metric: next-reply\n      limits: [{priority: 1, limit: 1h 30m, calendar_id: office}]",
        )
        .unwrap_or_default();
        assert_eq!(file.calendars[0].weekly[0].days, [1, 2]);
        let target = &file.contracts[0].terms.clone().unwrap_or_default().targets[0];
        assert_eq!(target.metric(), v1::Metric::NextReply);
        assert_eq!(target.limits[0].priority, "1");
        assert_eq!(target.limits[0].limit.map(|limit| limit.seconds), Some(5400));
    }

    /// C8: limits in working days and a rhythm of updates by state, as docs/concepts.md writes them.
    #[test]
    fn working_days_and_rhythms_read_as_they_are_written() {
        let file = read(
            "contracts:
- id: C
  terms:
    targets:
    - {id: updates-active, metric: update, pauses: [{waiting_on: client}],
       limits: [{priority: '*', limit: 30m, calendar_id: always}]}
    - {id: updates-waiting, metric: update, pause_when: waiting_on != \"client\",
       limits: [{priority: '*', limit: 4h, calendar_id: always}]}
    - id: resolve
      limits:
      - {priority: P3, working_days: 3, calendar_id: office}
      - {priority: P4, working_days: 5, first_working_day: day_of_start, calendar_id: office}",
        )
        .unwrap_or_default();
        let targets = file.contracts[0].terms.clone().unwrap_or_default().targets;
        assert_eq!(targets[1].pause_when, "waiting_on != \"client\"");
        let limits = &targets[2].limits;
        assert_eq!((limits[0].working_days, limits[0].first_working_day), (3, 0));
        assert_eq!(limits[1].first_working_day(), v1::FirstWorkingDay::DayOfStart);
    }

    #[test]
    fn what_is_wrong_is_encoded_with_its_path() {
        for (text, encoded) in [
            (
                "contracts: [{terms: {targets: [{limits: [{limit: 2d}]}]}}]",
                "contracts[0].terms.targets[0].limits[0].limit: \"2d\" is not a duration",
            ),
            (
                "contracts: [{kind: slo}]",
                "contracts[0].kind: \"slo\" is unknown: choose one of sla",
            ),
            ("contracts: [{titel: x}]", "contracts[0].titel: Contract has no such field"),
            ("contracts: [{currenzy: x}]", "did you mean currency?"),
            ("effective_time: tomorrow", "effective_time: \"tomorrow\" is not an instant"),
            (
                "contracts: [{terms: {targets: [{warn_at_percent: [fifty]}]}}]",
                "contracts[0].terms.targets[0].warn_at_percent[0]: \"fifty\" is not a whole number",
            ),
            ("contracts: [{title: [1]}]", "contracts[0].title: [1] is not a text"),
            (
                "contracts: [{terms: {credits: {fee: 1000}}}]",
                "contracts[0].terms.credits.fee: 1000 is not an amount: write it with its currency",
            ),
            ("calendars: [{always_open: maybe}]", "calendars[0].always_open: \"maybe\" is neither"),
            ("calendars: {id: x}", "calendars: is not a list"),
            ("calendars: [x]", "calendars[0]: is not a Calendar"),
            (
                "contracts: [{terms: {experience: 1}}]",
                "contracts[0].terms.experience: is not an ExperienceTerms",
            ),
            (
                "contract: [{id: C}]",
                "contract: the file has no such field: did you mean contracts?",
            ),
            (
                "nothing: 1",
                "nothing: the file has no such field: the fields are tenant, effective_time",
            ),
            ("[{contracts: []}]", "is not a file of contracts and calendars: write its fields"),
            ("a: [", ""),
        ] {
            let error = read(text).map(|_| ()).unwrap_err();
            assert!(error.contains(encoded), "{text}: {error}");
        }
    }

    /// P18: `99.9` had to be quoted.
    #[test]
    fn decimals_are_written_as_numbers_and_read_to_the_digit() {
        let file = read(
            "contracts: [{title: 1.10, terms: {objectives: [{attainment: {percent: 99.9}}, \
             {availability: {percent: 99.9950}}]}}]",
        )
        .unwrap_or_default();
        let terms = file.contracts[0].terms.clone().unwrap_or_default();
        let percent = |objective: &v1::Objective| match objective.promise.clone() {
            Some(v1::objective::Promise::Attainment(promise)) => promise.percent,
            Some(v1::objective::Promise::Availability(promise)) => promise.percent,
            other => panic!("{other:?}"),
        };
        let percents: Vec<_> = terms.objectives.iter().map(percent).collect();
        assert_eq!(
            (percents, file.contracts[0].title.as_str()),
            (vec!["99.9".into(), "99.9950".into()], "1.10")
        );
    }

    /// P18: only the first such fault was named.
    #[test]
    fn every_fault_of_every_document_is_named_at_once() {
        let error = read(
            "contracts: [{kind: slo, titel: x, terms: {targets: [{limits: [{limit: 2d}]}]}}]\n\
             ---\ncalendars: [{always_open: maybe}]",
        )
        .map(|_| ())
        .unwrap_err();
        let places: Vec<_> =
            error.lines().skip(1).filter_map(|l| l.trim().split(": ").next()).collect();
        let expected = [
            "contracts[0].kind",
            "contracts[0].terms.targets[0].limits[0].limit",
            "contracts[0].titel",
            "calendars[0].always_open",
        ];
        assert_eq!(places, expected, "{error}");
        assert!(error.starts_with("4 things can't be read\n"), "{error}");
    }

    /// P18: `monthly_fee` is in cents, and its name does not say so.
    #[test]
    fn an_amount_is_written_with_its_currency() {
        let file = read("contracts: [{terms: {credits: {fee: 1000.00 EUR}}}]").unwrap_or_default();
        let terms = file.contracts[0].terms.clone().unwrap_or_default();
        let fee = terms.credits.unwrap_or_default().fee.unwrap_or_default();
        assert_eq!((fee.minor_units, fee.currency.as_str()), (100_000, "EUR"));
    }

    #[test]
    fn words_that_other_yaml_takes_for_flags_or_numbers_are_texts() {
        let file = read("contracts: [{title: no, client: on, currency: 007}]").unwrap_or_default();
        let contract = &file.contracts[0];
        assert_eq!((contract.title.as_str(), contract.client.as_str()), ("no", "on"));
        assert_eq!(contract.currency, "007");
    }

    #[test]
    fn json_is_protobufs_own() {
        let window = v1::OpeningWindow { opens: "09:00".into(), closes: "17:00".into() };
        let json = to_json(&window, "slx.v1.OpeningWindow").unwrap_or_default();
        assert_eq!(json, "{\n  \"opens\": \"09:00\",\n  \"closes\": \"17:00\"\n}");
    }
}
