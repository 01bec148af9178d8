//! The language of a review: its messages, and how it writes numbers and dates.

use std::fmt;

use anyhow::anyhow;
use clap::ValueEnum;
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use icu_locale_core::Locale;
use unic_langid::LanguageIdentifier;

use super::formats::{Dates, Numbers, shown};
use crate::cli::show::{Times, times};
use crate::domain::contract::presentation::{check_language, primary_language};
use crate::runtime::zones::{self, Choice};

/// A language that there are messages in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LanguageWord {
    /// English.
    En,
    /// Dutch.
    Nl,
    /// German.
    De,
}

impl LanguageWord {
    /// The language whose texts a contract's language is shown with; English where there are none.
    fn of_tag(tag: &str) -> LanguageWord {
        match primary_language(tag).as_str() {
            "nl" => LanguageWord::Nl,
            "de" => LanguageWord::De,
            _ => LanguageWord::En,
        }
    }

    /// Its messages, in Fluent's syntax.
    pub fn messages(self) -> &'static str {
        match self {
            LanguageWord::En => include_str!("../locales/en.ftl"),
            LanguageWord::Nl => include_str!("../locales/nl.ftl"),
            LanguageWord::De => include_str!("../locales/de.ftl"),
        }
    }

    /// The tag for numbers and dates where none names a region.
    fn default_tag(self) -> &'static str {
        match self {
            LanguageWord::En => "en-GB",
            LanguageWord::Nl => "nl",
            LanguageWord::De => "de",
        }
    }

    /// The tag for numbers and dates: the contract's, if it is of this language and has a region.
    fn tag(self, of_contract: &str) -> &str {
        let is_same = LanguageWord::of_tag(of_contract) == self
            && of_contract.contains('-')
            && primary_language(of_contract) == primary_language(self.default_tag());
        let is_known = is_same && check_language(of_contract).is_ok();
        if is_known { of_contract } else { self.default_tag() }
    }
}

/// A language that a review is written in.
pub(in crate::cli) struct Language {
    bundle: FluentBundle<FluentResource>,
    /// How it writes numbers.
    pub(super) numbers: Numbers,
    /// How it writes dates.
    pub(super) dates: Dates,
    /// The zone that instants are written in.
    pub(super) times: Times,
    zone: String,
    tag: String,
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Language").field(&self.tag).finish()
    }
}

impl Language {
    /// The language requested or, without one, that of a contract, with instants in a zone.
    ///
    /// # Errors
    /// When there is no such zone, or messages that slx was built with are not as they should be.
    pub fn new(
        requested: Option<LanguageWord>,
        of_contract: &str,
        zone: &str,
    ) -> anyhow::Result<Language> {
        let word = requested.unwrap_or_else(|| LanguageWord::of_tag(of_contract));
        let locale = word.tag(of_contract).parse::<Locale>();
        let locale = locale.or_else(|_| word.default_tag().parse())?;
        let tag = locale.to_string();
        let identifier: LanguageIdentifier = locale.id.to_string().parse()?;
        let mut bundle = FluentBundle::new(vec![identifier]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(shown));
        let messages = FluentResource::try_new(word.messages().to_owned());
        let messages = messages.map_err(|(_, errors)| anyhow!("messages of {tag}: {errors:?}"))?;
        bundle.add_resource(messages).map_err(|e| anyhow!("messages of {tag}: {e:?}"))?;
        let numbers = Numbers::new(&locale)?;
        let times = times(&zones::open(&Choice::Automatic)?, zone)?;
        let zone = zone.to_owned();
        Ok(Language { bundle, numbers, dates: Dates::new(&locale)?, times, zone, tag })
    }

    /// The BCP 47 tag, for the page.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The zone that instants are written in.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// A message without arguments.
    pub fn text(&self, id: &str) -> String {
        self.say(id, &[])
    }

    /// A message with its arguments. A message that is not there is its id: a test holds that all
    /// are there.
    pub fn say(&self, id: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let message = self.bundle.get_message(id).and_then(|message| message.value());
        let Some(pattern) = message else { return id.to_owned() };
        let arguments: FluentArgs<'_> =
            arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    /// Texts listed with commas, the last after an "and".
    pub fn and(&self, texts: &[String]) -> String {
        match texts {
            [] => String::new(),
            [one] => one.clone(),
            [before @ .., last] => {
                let before = before.join(", ");
                self.say("list-and", &[("before", before.into()), ("last", last.as_str().into())])
            }
        }
    }
}
