//! What a column holds, and how that is read off a row.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, TimeUnit};
use prost_types::{Duration, Timestamp};

use crate::codec::scalar::{optional_instant, optional_span};
use crate::domain::decimal::Decimal;

/// Digits of a percentage, and how many of them are behind the point.
const PERCENT_DIGITS: u8 = 18;
const PERCENT_DECIMALS: i8 = 4;

/// What a column holds, and how that is read off a row.
#[derive(Debug)]
pub enum Cell<R> {
    /// A text as the backend sent it.
    Text(fn(&R) -> &str),
    /// A text that is made.
    Made(fn(&R) -> String),
    /// Several texts.
    Texts(fn(&R) -> &[String]),
    /// A choice of the API, without the prefix of its names and in lower case; empty: none.
    Word(&'static str, fn(&R) -> &'static str),
    /// Whether something is so.
    Flag(fn(&R) -> bool),
    /// A whole number.
    Number(fn(&R) -> i32),
    /// A count.
    Count(fn(&R) -> i64),
    /// An amount in minor units, or none.
    Amount(fn(&R) -> Option<i64>),
    /// A decimal number as a text; empty: none.
    Percent(fn(&R) -> &str),
    /// A number of forecasts.
    Fraction(fn(&R) -> f64),
    /// A span of time; none is zero.
    Span(fn(&R) -> Option<Duration>),
    /// A span of time, or none.
    OptionalSpan(fn(&R) -> Option<Duration>),
    /// An instant, or none.
    Time(fn(&R) -> Option<Timestamp>),
}

impl<R> Cell<R> {
    pub(super) fn is_span(&self) -> bool {
        matches!(self, Cell::Span(_) | Cell::OptionalSpan(_))
    }

    pub(super) fn may_be_null(&self) -> bool {
        matches!(self, Cell::Amount(_) | Cell::Percent(_) | Cell::OptionalSpan(_) | Cell::Time(_))
    }

    pub(super) fn kind(&self) -> DataType {
        match self {
            Cell::Text(_) | Cell::Made(_) | Cell::Word(..) => DataType::Utf8,
            Cell::Texts(_) => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
            Cell::Flag(_) => DataType::Boolean,
            Cell::Number(_) => DataType::Int32,
            Cell::Percent(_) => DataType::Decimal128(PERCENT_DIGITS, PERCENT_DECIMALS),
            Cell::Fraction(_) => DataType::Float64,
            Cell::Count(_) | Cell::Amount(_) | Cell::Span(_) | Cell::OptionalSpan(_) => {
                DataType::Int64
            }
            Cell::Time(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// The unit of its numbers.
    pub(super) fn unit(&self) -> Option<&'static str> {
        match self {
            Cell::Span(_) | Cell::OptionalSpan(_) => Some("nanoseconds"),
            Cell::Time(_) => Some("microseconds"),
            Cell::Amount(_) => Some("minor units of the currency"),
            Cell::Percent(_) => Some("percent"),
            _ => None,
        }
    }

    /// Its values of some rows.
    pub(super) fn array(&self, rows: &[R]) -> ArrayRef {
        let rows = rows.iter();
        match self {
            Cell::Text(text) => Arc::new(StringArray::from_iter_values(rows.map(text))),
            Cell::Made(text) => Arc::new(StringArray::from_iter_values(rows.map(text))),
            Cell::Texts(texts) => {
                let mut lists = ListBuilder::new(StringBuilder::new());
                rows.for_each(|row| lists.append_value(texts(row).iter().map(Some)));
                Arc::new(lists.finish())
            }
            Cell::Word(prefix, name) => {
                let mut words = StringBuilder::with_capacity(rows.len(), 8 * rows.len());
                for row in rows {
                    // Writing into memory never fails.
                    let _ = letters(name(row), prefix).try_for_each(|one| words.write_char(one));
                    words.append_value("");
                }
                Arc::new(words.finish())
            }
            Cell::Flag(flag) => Arc::new(rows.map(|row| Some(flag(row))).collect::<BooleanArray>()),
            Cell::Number(number) => Arc::new(Int32Array::from_iter_values(rows.map(number))),
            Cell::Count(count) => Arc::new(Int64Array::from_iter_values(rows.map(count))),
            Cell::Amount(amount) => Arc::new(rows.map(amount).collect::<Int64Array>()),
            Cell::Percent(text) => {
                let numbers = rows.map(|row| ten_thousandths(text(row)));
                let numbers = numbers.collect::<Decimal128Array>();
                Arc::new(numbers.with_data_type(self.kind()))
            }
            Cell::Fraction(number) => Arc::new(Float64Array::from_iter_values(rows.map(number))),
            Cell::Span(span) => Arc::new(Int64Array::from_iter_values(
                rows.map(|row| nanos(span(row)).unwrap_or_default()),
            )),
            Cell::OptionalSpan(span) => {
                Arc::new(rows.map(|row| nanos(span(row))).collect::<Int64Array>())
            }
            Cell::Time(time) => {
                let micros = rows.map(|row| micros(time(row)));
                Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
            }
        }
    }

    /// Its value of a row as a text, which is empty where there is none: spans in seconds, with
    /// decimals only where they need them, and instants as RFC 3339.
    pub fn shown(&self, row: &R) -> String {
        match self {
            Cell::Text(text) => text(row).to_owned(),
            Cell::Made(text) => text(row),
            Cell::Texts(texts) => texts(row).join(" "),
            Cell::Word(prefix, name) => letters(name(row), prefix).collect(),
            Cell::Flag(flag) => flag(row).to_string(),
            Cell::Number(number) => number(row).to_string(),
            Cell::Count(count) => count(row).to_string(),
            Cell::Amount(amount) => amount(row).map(|it| it.to_string()).unwrap_or_default(),
            Cell::Percent(text) => text(row).to_owned(),
            Cell::Fraction(number) => number(row).to_string(),
            Cell::Span(span) => seconds(nanos(span(row)).unwrap_or_default()),
            Cell::OptionalSpan(span) => nanos(span(row)).map(seconds).unwrap_or_default(),
            Cell::Time(time) => {
                let instant = optional_instant(time(row)).ok().flatten();
                instant.map(|instant| instant.to_string()).unwrap_or_default()
            }
        }
    }

    /// Whether its values of two rows are the same.
    pub(super) fn is_same(&self, one: &R, other: &R) -> bool {
        match self {
            Cell::Text(text) | Cell::Percent(text) => text(one) == text(other),
            Cell::Made(text) => text(one) == text(other),
            Cell::Texts(texts) => texts(one) == texts(other),
            Cell::Word(_, name) => name(one) == name(other),
            Cell::Flag(flag) => flag(one) == flag(other),
            Cell::Number(number) => number(one) == number(other),
            Cell::Count(count) => count(one) == count(other),
            Cell::Amount(amount) => amount(one) == amount(other),
            Cell::Fraction(number) => number(one).to_bits() == number(other).to_bits(),
            Cell::Span(span) | Cell::OptionalSpan(span) => span(one) == span(other),
            Cell::Time(time) => micros(time(one)) == micros(time(other)),
        }
    }

    /// Bytes that its value of a row takes in Arrow's types, about.
    pub(super) fn bytes(&self, row: &R) -> usize {
        match self {
            Cell::Text(text) | Cell::Percent(text) => 4 + text(row).len(),
            Cell::Made(text) => 4 + text(row).len(),
            Cell::Texts(texts) => 4 + texts(row).iter().map(|text| 4 + text.len()).sum::<usize>(),
            Cell::Word(prefix, name) => 4 + name(row).len().saturating_sub(prefix.len()),
            _ => 8,
        }
    }
}

/// The letters of the word for a choice.
fn letters(name: &'static str, prefix: &str) -> impl Iterator<Item = char> {
    let word = name.strip_prefix(prefix).unwrap_or(name);
    let word = if word == "UNSPECIFIED" { "" } else { word };
    word.chars().map(|one| if one == '_' { ' ' } else { one.to_ascii_lowercase() })
}

/// `14400`, with decimals only where there are any.
fn seconds(nanos: i64) -> String {
    Decimal::new(nanos, 9).to_string()
}

fn nanos(duration: Option<Duration>) -> Option<i64> {
    optional_span(duration).ok().flatten().map(|span| span.nanos())
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    let instant = optional_instant(time).ok().flatten();
    // Towards the past, as instants after 1970 are cut too.
    instant.map(|instant| instant.nanos().div_euclid(1_000))
}

/// A percentage in ten-thousandths; `None`: there is none.
fn ten_thousandths(text: &str) -> Option<i128> {
    Decimal::parse(text, PERCENT_DECIMALS.unsigned_abs()).map(Decimal::units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_only_the_decimals_they_need() {
        assert_eq!(seconds(14_400_000_000_000), "14400");
        assert_eq!(seconds(250_000_000), "0.25");
        assert_eq!(seconds(-1_000_000_001), "-1.000000001");
    }

    #[test]
    fn a_percentage_is_kept_to_its_last_decimal() {
        assert_eq!(ten_thousandths("98.7654"), Some(987_654));
        assert_eq!(ten_thousandths("100"), Some(1_000_000));
        assert_eq!(ten_thousandths("-0.5"), Some(-5_000));
        assert_eq!(ten_thousandths(""), None);
    }
}
