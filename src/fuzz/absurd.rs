//! Messages that protobuf takes but no sane caller sends: any field left out, instants at the ends
//! of all time, negative parts of seconds, ids of 10 kB, choices that don't exist. Most fields are
//! plausible, so that what lies behind the first check is reached too.

use proptest::collection::vec;
use proptest::prelude::*;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, SetFieldError, Value,
};

const CHOICES_MAX: usize = 160;
const ITEMS_MAX: usize = 4;
/// A list that is far too long.
const CROWD: usize = 700;

/// Any message of this kind.
pub fn message(descriptor: MessageDescriptor) -> impl Strategy<Value = DynamicMessage> {
    vec(any::<u32>(), 0..CHOICES_MAX).prop_map(move |choices| {
        let mut choices = Choices { left: choices.into_iter(), in_a_crowd: false };
        choices.message(&descriptor)
    })
}

/// What decides; once they have run out, everything else is left out.
struct Choices {
    left: std::vec::IntoIter<u32>,
    /// A crowd of crowds is half a million things, more than is read of any text.
    in_a_crowd: bool,
}

impl Choices {
    /// A number below `most`; the smaller the simpler.
    fn below(&mut self, most: usize) -> usize {
        self.left.next().unwrap_or_default() as usize % most
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn is_absurd(&mut self) -> bool {
        self.below(16) == 15
    }

    fn message(&mut self, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields().filter(|field| field.containing_oneof().is_none()) {
            self.fill(&mut message, &field);
        }
        for group in descriptor.oneofs() {
            let fields: Vec<_> = group.fields().collect();
            let field = self.one(&fields);
            self.fill(&mut message, &field);
        }
        message
    }

    fn fill(&mut self, message: &mut DynamicMessage, field: &FieldDescriptor) {
        if self.below(8) == 0 {
            return;
        }
        let value = match field.is_list() {
            true => Value::List(self.list(field)),
            false if field.is_map() => Value::Map(self.map()),
            false => self.value(field),
        };
        let set: Result<(), SetFieldError> = message.try_set_field(field, value);
        set.expect("a value of the field's kind");
    }

    fn list(&mut self, field: &FieldDescriptor) -> Vec<Value> {
        if self.below(64) == 63 && !self.in_a_crowd {
            self.in_a_crowd = true;
            let crowd = vec![self.value(field); CROWD];
            self.in_a_crowd = false;
            return crowd;
        }
        (0..self.below(ITEMS_MAX)).map(|_| self.value(field)).collect()
    }

    /// All maps are of texts.
    fn map(&mut self) -> std::collections::HashMap<MapKey, Value> {
        let count = if self.is_absurd() { CROWD } else { self.below(ITEMS_MAX) };
        let text = |choices: &mut Choices| Value::String(choices.text("value"));
        let entry = |number| (MapKey::String(format!("key{number}")), text(self));
        (0..count).map(entry).collect()
    }

    fn value(&mut self, field: &FieldDescriptor) -> Value {
        match field.kind() {
            Kind::Message(kind) if kind.full_name() == "google.protobuf.Timestamp" => {
                Value::Message(self.seconds_and_nanos(&kind, 1_790_000_000))
            }
            Kind::Message(kind) if kind.full_name() == "google.protobuf.Duration" => {
                Value::Message(self.seconds_and_nanos(&kind, 0))
            }
            Kind::Message(kind) => Value::Message(self.message(&kind)),
            Kind::Enum(kind) => Value::EnumNumber(match self.is_absurd() {
                true => self.one(&[-1, 99, i32::MIN, i32::MAX]),
                false => self.below(kind.values().len()) as i32,
            }),
            Kind::String => Value::String(self.text(field.name())),
            Kind::Bool => Value::Bool(self.below(2) == 1),
            Kind::Int32 => Value::I32(self.whole() as i32),
            Kind::Int64 => Value::I64(self.whole()),
            Kind::Uint32 => Value::U32(self.whole() as u32),
            Kind::Uint64 => Value::U64(self.whole() as u64),
            Kind::Double => Value::F64(match self.is_absurd() {
                true => self.one(&[f64::NAN, f64::INFINITY, -1.0, f64::MIN_POSITIVE, 2.0]),
                false => self.below(101) as f64 / 100.0,
            }),
            Kind::Bytes => Value::Bytes(self.text(field.name()).into_bytes().into()),
            other => panic!("no message has a field of {other:?} yet"),
        }
    }

    fn whole(&mut self) -> i64 {
        match self.is_absurd() {
            true => self.one(&[i64::MIN, i64::MAX, -1, i64::from(i32::MAX), i64::from(i32::MIN)]),
            false => self.below(101) as i64,
        }
    }

    fn seconds_and_nanos(&mut self, kind: &MessageDescriptor, from: i64) -> DynamicMessage {
        let ends = [i64::MIN, i64::MAX, -1, 0, 7_258_118_400, 253_402_300_800, -62_135_596_801];
        let (seconds, nanos) = match self.is_absurd() {
            true => (self.one(&ends), self.one(&[i32::MIN, i32::MAX, -1, 0, 1_000_000_000])),
            false => (from + self.below(10_000) as i64 * 1_800, self.one(&[0, 999_999_999])),
        };
        let mut message = DynamicMessage::new(kind.clone());
        message.set_field_by_name("seconds", Value::I64(seconds));
        message.set_field_by_name("nanos", Value::I32(nanos));
        message
    }

    fn text(&mut self, field: &str) -> String {
        if self.is_absurd() {
            let long = "x".repeat(10_000);
            return self.one(&["", "\0", "../..", "\u{10ffff}\u{202e}", " ", "a\nb", &long]).into();
        }
        let plausible: &[&str] = match field {
            "tenant" => &["acme"],
            "time_zone" => &["Europe/Amsterdam", "UTC", "Pacific/Apia"],
            "opens" => &["09:00", "00:00", "23:59"],
            "closes" => &["17:00", "24:00", "00:00"],
            "date" => &["2026-12-25", "1970-01-01", "2199-12-31"],
            "currency" => &["EUR", ""],
            "priority" => &["P1", "P2", ""],
            "starts_after" | "underpins" | "corrects_event_id" | "page_token" => &["", "I1"],
            name if name.ends_with("_when") => &["", "priority == 'P1'", "attributes.vip == 'yes'"],
            _ => &["I1", "I2", "C", "office"],
        };
        self.one(plausible).into()
    }
}
