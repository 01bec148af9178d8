//! Composes a review: its head, its sections in order, and what stands below them.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::report::{Card, Report, Section};
use super::{
    backlog, clocks, discussed, elapsed, excluded_outages, money, objectives, others, people,
};
use crate::codec::v1;

/// A review in words, with so many clocks of each kind listed.
pub(super) fn report(answer: &ReviewAnswer, language: &Language, listed: usize) -> Report {
    let review = &answer.review;
    let (lead, missed) = objectives::lead(answer, language);
    let first: [Option<Section>; 9] = [
        others::restated(answer, language),
        objectives::section(answer, language),
        excluded_outages::section(answer, language),
        money::credits(answer, language),
        clocks::section(answer, language),
        backlog::section(answer, language),
        others::coverage(answer, language),
        clocks::trend_section(answer, language),
        people::section(answer, language),
    ];
    let last: [Option<Section>; 6] = [
        elapsed::section(answer, language),
        elapsed::pauses(answer, language),
        others::causes(answer, language),
        others::chain(answer, language),
        others::forecasts(answer, language),
        money::settlement(answer, language),
    ];
    let discussed = discussed::sections(answer, language, listed).into_iter().map(Some);
    let sections = first.into_iter().chain(discussed).chain(last).flatten();
    Report {
        title: title(review, language),
        about: about(answer, language),
        lead,
        missed,
        cards: cards(review, language),
        sections: sections.collect(),
        signatures: review.signatures.iter().map(|s| signature(s, language)).collect(),
        signers: signers(&answer.contract(), language),
        notes: notes(answer, language),
    }
}

fn title(review: &v1::GetServiceReviewResponse, language: &Language) -> String {
    let period = language.period(&review.period.clone().unwrap_or_default());
    match review.provisional {
        true => language.say("title-so-far", &[("period", period.into())]),
        false => language.say("title", &[("period", period.into())]),
    }
}

/// The contract, its parties, and over which dates and as of when.
fn about(answer: &ReviewAnswer, language: &Language) -> Vec<String> {
    let contract = answer.contract();
    let period = answer.review.period.clone().unwrap_or_default();
    let stamp = answer.review.stamp.unwrap_or_default();
    let named = match contract.title.as_str() {
        "" => contract.id.clone(),
        title => format!("{title} ({})", contract.id),
    };
    let parties = [("client", contract.client.as_str()), ("provider", contract.provider.as_str())]
        .map(|(name, party)| (name, if party.is_empty() { "–" } else { party }.into()));
    vec![
        named,
        language.say("parties", &parties),
        language.say(
            "dates",
            &[
                ("first", language.date(period.start_time).into()),
                ("last", language.last_date(period.end_time).into()),
                ("as_of", language.instant(stamp.as_of_time).into()),
            ],
        ),
    ]
}

/// The figures above all others.
fn cards(review: &v1::GetServiceReviewResponse, language: &Language) -> Vec<Card> {
    let total = review.total.clone().unwrap_or_default();
    let contractual = total.contractual.unwrap_or_default();
    let experienced = total.experienced.unwrap_or_default();
    let counts = |tally: &v1::Tally, id: &str| {
        let arguments = [
            ("met", tally.met.into()),
            ("late", tally.breached.into()),
            ("excluded", tally.excluded.into()),
            ("open", tally.undecided.into()),
        ];
        language.say(id, &arguments)
    };
    let card = |class, name: &str, figure, meaning| Card {
        class,
        name: language.text(name),
        figure,
        meaning,
    };
    let slx = review.slx.as_ref().map(|slx| {
        card("slx", "card-slx", language.percent(&slx.percent), language.text("card-slx-meaning"))
    });
    let cards = [
        card(
            "contractual",
            "card-contractual",
            language.percent(&contractual.attainment),
            counts(&contractual, "card-counts"),
        ),
        card(
            "experienced",
            "card-experienced",
            language.percent(&experienced.attainment),
            counts(&experienced, "card-counts-experienced"),
        ),
        card(
            "melon",
            "card-watermelons",
            language.count(total.watermelons),
            language.text("card-watermelons-meaning"),
        ),
    ];
    cards.into_iter().chain(slx).collect()
}

fn signature(signature: &v1::ReviewSignature, language: &Language) -> String {
    let arguments = [
        ("by", signature.signed_by.as_str().into()),
        ("time", language.instant(signature.record_time).into()),
        ("known", language.instant(signature.known_time).into()),
    ];
    let signed = language.say("signed-by", &arguments);
    match signature.note.as_str() {
        "" => signed,
        note => language.say("signed-note", &[("signed", signed.into()), ("note", note.into())]),
    }
}

/// Whom the review has lines to sign for.
fn signers(contract: &v1::Contract, language: &Language) -> Vec<String> {
    vec![
        language.say("for-client", &[("name", contract.client.as_str().into())]),
        language.say("for-provider", &[("name", contract.provider.as_str().into())]),
    ]
}

/// How the figures are made.
fn notes(answer: &ReviewAnswer, language: &Language) -> Vec<String> {
    let contract = answer.contract();
    let stamp = answer.review.stamp.unwrap_or_default();
    vec![
        language.text("note-figures"),
        language.say(
            "note-source",
            &[
                ("as_of", language.instant(stamp.as_of_time).into()),
                ("known", language.instant(stamp.known_time).into()),
                ("sequence", stamp.sequence.into()),
                ("revision", i64::from(contract.revision).into()),
                ("zone", contract.time_zone.as_str().into()),
                ("shown_zone", language.zone().into()),
                ("database", answer.review.time_zone_database.as_str().into()),
            ],
        ),
    ]
}
