//! What conditions read of a record. Its rows share all of it but the objects on the way to the
//! lists whose items they are: a record of many items would be converted as often as it has items.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value as CelValue;
use cel::objects::{Key, Map};
use serde_json::Value;

/// A value of a record.
#[derive(Debug)]
pub(crate) enum ConditionValue {
    /// One that is the same in every row.
    Shared(CelValue),
    /// An object with a member on the way to the lists.
    OnWay { others: HashMap<Key, CelValue>, name: Key, member: Box<ConditionValue> },
    /// A list on the way, of which a row has one item.
    Items(Vec<ConditionValue>),
}

impl ConditionValue {
    /// That of a record, where these names lead to the lists.
    pub fn of(value: &Value, each: &[String]) -> ConditionValue {
        let Some((first, rest)) = each.split_first() else { return Self::Shared(plain(value)) };
        let Value::Object(members) = value else { return Self::Shared(plain(value)) };
        let Some(member) = members.get(first) else { return Self::Shared(plain(value)) };
        let member = match member {
            Value::Array(items) => {
                Self::Items(items.iter().map(|item| Self::of(item, rest)).collect())
            }
            other => Self::of(other, rest),
        };
        let others = members.iter().filter(|(name, _)| *name != first);
        Self::OnWay {
            others: others.map(|(name, value)| (key(name), plain(value))).collect(),
            name: key(first),
            member: Box::new(member),
        }
    }

    /// The value in the row of these items.
    pub fn of_row(&self, picks: &[usize]) -> CelValue {
        match self {
            Self::Shared(value) => value.clone(),
            Self::OnWay { others, name, member } => {
                let mut members = others.clone();
                members.insert(name.clone(), member.of_row(picks));
                CelValue::Map(Map { map: Arc::new(members) })
            }
            Self::Items(items) => {
                let picked = picks.split_first();
                let item = picked.and_then(|(pick, rest)| Some((items.get(*pick)?, rest)));
                item.map_or(CelValue::Null, |(item, rest)| item.of_row(rest))
            }
        }
    }
}

fn key(name: &str) -> Key {
    Key::String(Arc::new(name.to_owned()))
}

fn plain(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(holds) => CelValue::Bool(*holds),
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => CelValue::Int(whole),
            (None, float) => CelValue::Float(float.unwrap_or_default()),
        },
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().into(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (key(name), plain(value)));
            CelValue::Map(Map { map: Arc::new(members.collect()) })
        }
    }
}
