//! Tests that hold the three languages' messages against each other, and against the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::ValueEnum;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;

use super::speech::{Language, LanguageWord};

/// The arguments of each message, by its id.
fn messages(word: LanguageWord) -> BTreeMap<String, BTreeSet<String>> {
    let resource = parse(word.messages()).expect("a resource");
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        if let Entry::Message(message) = entry {
            let mut arguments = BTreeSet::new();
            let pattern = message.value.as_ref().expect("a value");
            of_pattern(pattern, &mut arguments);
            let twice = messages.insert(message.id.name.to_owned(), arguments);
            assert!(twice.is_none(), "{word:?}: {} is there twice", message.id.name);
        }
    }
    messages
}

fn of_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            match expression {
                Expression::Inline(inline) => of_inline(inline, found),
                Expression::Select { selector, variants } => {
                    of_inline(selector, found);
                    variants.iter().for_each(|variant| of_pattern(&variant.value, found));
                }
            }
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("messages are plain: {other:?}"),
    }
}

/// The texts of the review's code and templates, without their tests.
fn code(folder: &Path, texts: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            code(&path, texts);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "html")
            && !path.ends_with("language/messages.rs")
        {
            let text = std::fs::read_to_string(&path).expect("a text");
            texts.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
        }
    }
}

#[test]
fn every_message_is_there_in_every_language_with_the_same_arguments() {
    let english = messages(LanguageWord::En);
    for word in [LanguageWord::Nl, LanguageWord::De] {
        let other = messages(word);
        let ids = |messages: &BTreeMap<String, _>| -> BTreeSet<String> {
            messages.keys().cloned().collect()
        };
        let differ: Vec<_> = ids(&english).symmetric_difference(&ids(&other)).cloned().collect();
        assert!(differ.is_empty(), "{word:?} and English differ in {differ:?}");
        for (id, arguments) in &english {
            assert_eq!(Some(arguments), other.get(id), "{word:?}: {id}");
        }
    }
}

#[test]
fn every_message_is_used_and_every_one_that_is_used_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/review");
    let mut texts = String::new();
    code(&folder, &mut texts);
    let messages = messages(LanguageWord::En);
    let unused: Vec<_> =
        messages.keys().filter(|id| !texts.contains(&format!("\"{id}\""))).collect();
    assert!(unused.is_empty(), "no code says {unused:?}");
    for call in ["text(", "say("] {
        for said in texts.split(call).skip(1) {
            let said = said.trim_start();
            let literal = said.strip_prefix('"').and_then(|rest| rest.split('"').next());
            let Some(id) = literal else { continue };
            assert!(messages.contains_key(id), "no message {id:?}");
        }
    }
}

#[test]
fn a_contract_s_region_decides_how_dates_and_numbers_are_written() {
    let shown = |requested: Option<LanguageWord>, of_contract: &str| {
        let language = Language::new(requested, of_contract, "UTC").unwrap();
        (language.tag().to_owned(), language.number("1234.50"))
    };
    for (requested, of_contract, tag, number) in [
        (None, "", "en-GB", "1,234.50"),
        (None, "nl-BE", "nl-BE", "1.234,50"),
        (None, "de-CH", "de-CH", "1’234.50"),
        (None, "en", "en-GB", "1,234.50"),
        (None, "en-US", "en-US", "1,234.50"),
        (None, "fr-FR", "en-GB", "1,234.50"),
        (None, "not a tag", "en-GB", "1,234.50"),
        (Some(LanguageWord::De), "nl-BE", "de", "1.234,50"),
        (Some(LanguageWord::Nl), "nl-BE", "nl-BE", "1.234,50"),
    ] {
        let (found, written) = shown(requested, of_contract);
        assert_eq!((found.as_str(), written.replace('\'', "’").as_str()), (tag, number));
    }
    assert_eq!(LanguageWord::value_variants().len(), 3);
}
