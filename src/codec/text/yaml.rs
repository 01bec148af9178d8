//! YAML as a tree of values in which a number with decimals is the text that was written.
//!
//! The parser reads `99.9` as a binary fraction, which is another number. The fraction is dropped
//! for the text at its place in the source.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

/// How deep lists and fields may be nested: messages need a dozen, and a level takes tens of KiB of
/// stack in a debug build.
const DEPTH_MAX: usize = 32;

/// A node of a document.
#[derive(Debug)]
enum Node {
    /// Anything but what follows.
    Plain(Value),
    /// A number with decimals or an exponent; its text is read at its place.
    Fraction(f64),
    List(Vec<Spanned<Node>>),
    Fields(BTreeMap<String, Spanned<Node>>),
}

/// The documents of a text, each number with decimals as the text it was written as.
///
/// # Errors
/// What is no YAML, or too large, in the parser's words.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    // `no` and `on` are words, and `007` is not seven.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX },
    };
    let failed = |error: serde_saphyr::Error| error.to_string();
    let plain: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options.clone()).map_err(failed)?;
    if !plain.iter().any(has_fraction) {
        return Ok(plain);
    }
    // To know where each value is costs several times as much.
    let nodes: Vec<Spanned<Node>> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(failed)?;
    Ok(nodes.into_iter().map(|node| value(node, text)).collect())
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(fields) => fields.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn value(node: Spanned<Node>, source: &str) -> Value {
    match node.value {
        Node::Plain(value) => value,
        Node::Fraction(number) => {
            let span = node.defined.span();
            let place = span.byte_offset().zip(span.byte_len());
            let written = place.and_then(|(start, length)| {
                let start = usize::try_from(start).ok()?;
                let end = start.checked_add(usize::try_from(length).ok()?)?;
                Some(source.get(start..end)?.trim())
            });
            // Without its place it is refused later, and not taken for the number it is nearest to.
            match written {
                Some(written) => Value::String(written.to_owned()),
                None => Value::from(number),
            }
        }
        Node::List(items) => items.into_iter().map(|item| value(item, source)).collect(),
        Node::Fields(fields) => {
            fields.into_iter().map(|(name, field)| (name, value(field, source))).collect()
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Fraction(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = entries.next_entry()? {
            fields.insert(name, value);
        }
        Ok(Node::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_decimals_is_the_text_it_was_written_as() {
        for (yaml, written) in [
            ("99.9", "99.9"),
            ("  99.90 # of a hundred", "99.90"),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
            ("-0.5", "-0.5"),
            ("1e2", "1e2"),
            ("1.5e-3", "1.5e-3"),
            ("18446744073709551616", "18446744073709551616"),
        ] {
            let of = |document: String| documents(&document).unwrap_or_default().remove(0);
            assert_eq!(of(format!("é: {yaml}\n"))["é"], written, "{yaml}");
            assert_eq!(of(format!("- a\n- {yaml}\n"))[1], written, "{yaml}");
        }
        let aliased = documents("a: &share 99.95\nb: *share\nc: {d: *share}\n").unwrap_or_default();
        assert_eq!((&aliased[0]["b"], &aliased[0]["c"]["d"]), (&"99.95".into(), &"99.95".into()));
        let second = documents("a: 1.0\n---\na: 2.50\n").unwrap_or_default();
        assert_eq!(second[1]["a"], "2.50");
        let merged = documents("x: &x {a: 1.50}\ny: {<<: *x, b: 2}\n").unwrap_or_default();
        assert_eq!(merged[0]["y"]["a"], "1.50");
    }

    #[test]
    fn what_is_no_number_is_refused_and_not_dropped() {
        for yaml in ["a: .inf", "a: -.inf", "a: .nan", "a: 1e999"] {
            let dropped = documents(yaml).map(|values| values[0]["a"].is_null());
            assert_ne!(dropped, Ok(true), "{yaml}");
        }
    }

    /// Attack A14: what a small text may unfold to, and what a long one may take.
    #[test]
    fn a_bomb_is_refused_and_many_fractions_take_no_more_than_their_length() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(documents(&bomb).is_err());
        assert!(documents(&"[".repeat(100_000)).is_err());
        assert!(documents(&format!("{}x", "- ".repeat(100_000))).is_err());
        let begun = std::time::Instant::now();
        let many = "- 1.5\n".repeat(20_000);
        assert_eq!(documents(&many).map(|values| values.len()), Ok(1));
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    #[test]
    fn whole_numbers_and_words_stay_what_they_are() {
        let values = documents("[5, -5, true, no, '1.50', ~, 007]").unwrap_or_default();
        assert_eq!(values[0], serde_json::json!([5, -5, true, "no", "1.50", null, "007"]));
    }
}
