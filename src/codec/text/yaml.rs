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
    let nodes: Vec<Spanned<Node>> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| error.to_string())?;
    Ok(nodes.into_iter().map(|node| value(node, text)).collect())
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
            match written.filter(|written| is_number(written)) {
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

fn is_number(written: &str) -> bool {
    let belongs = |byte: u8| byte.is_ascii_digit() || b"+-._eE".contains(&byte);
    !written.is_empty() && written.bytes().all(belongs)
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
    fn whole_numbers_and_words_stay_what_they_are() {
        let values = documents("[5, -5, true, no, '1.50', ~, 007]").unwrap_or_default();
        assert_eq!(values[0], serde_json::json!([5, -5, true, "no", "1.50", null, "007"]));
    }
}
