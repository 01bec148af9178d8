//! Languages for tests, in UTC.

use super::speech::{Language, LanguageWord};

/// English, Dutch and German.
pub fn all() -> [Language; 3] {
    let words = [LanguageWord::En, LanguageWord::Nl, LanguageWord::De];
    words.map(|word| Language::new(Some(word), "", "UTC").unwrap())
}

/// English.
pub fn english() -> Language {
    let [english, ..] = all();
    english
}
