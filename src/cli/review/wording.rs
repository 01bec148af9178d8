//! How parties and causes are named in a review.

use super::answer::ReviewAnswer;
use super::language::Language;
use crate::codec::v1;

/// What a target of the review's contract measures.
pub(super) fn target(id: &str, answer: &ReviewAnswer, language: &Language) -> String {
    let contract = answer.contract();
    target_of(id, answer.terms(&contract.id, contract.revision), language)
}

/// What a target of some terms measures, in a word; its id where several targets measure the same,
/// or something of their own.
pub(super) fn target_of(id: &str, terms: Option<&v1::Terms>, language: &Language) -> String {
    let targets = terms.map(|terms| terms.targets.as_slice()).unwrap_or_default();
    let metric = targets.iter().find(|target| target.id == id).map(v1::Target::metric);
    let is_only = targets.iter().filter(|target| Some(target.metric()) == metric).count() == 1;
    match metric.filter(|_| is_only) {
        Some(v1::Metric::Response) => language.text("metric-response"),
        Some(v1::Metric::Resolution) => language.text("metric-resolution"),
        Some(v1::Metric::Restoration) => language.text("metric-restoration"),
        Some(v1::Metric::Update) => language.text("metric-update"),
        Some(v1::Metric::NextReply) => language.text("metric-next-reply"),
        _ => in_words(id),
    }
}

/// An id as words: `office-hours` are `office hours`.
pub(super) fn in_words(id: &str) -> String {
    id.replace(['-', '_'], " ")
}

/// Service hours by name; just as service hours where the review has only one kind and its id is
/// no more than a code.
pub(super) fn hours_name(calendar: &str, answer: &ReviewAnswer, language: &Language) -> String {
    let name = in_words(calendar);
    let is_only = answer.calendars.values().filter(|one| !one.always_open).count() <= 1;
    match (name.contains(' '), is_only) {
        (true, _) => name,
        (false, true) => language.text("hours-service"),
        (false, false) => language.say("hours-named", &[("name", name.into())]),
    }
}

/// Service hours by name, or that they never end.
pub(super) fn hours_of(calendar: &str, answer: &ReviewAnswer, language: &Language) -> String {
    match answer.calendars.get(calendar).is_some_and(|calendar| calendar.always_open) {
        true => language.text("round-the-clock"),
        false => hours_name(calendar, answer, language),
    }
}

/// A third party by its name, if it has one.
pub(super) fn third_party(name: &str, language: &Language) -> String {
    if name.is_empty() { language.text("a-third-party") } else { name.to_owned() }
}

/// Who must act.
pub(super) fn holder_word(waiting_on: v1::WaitingOn, language: &Language) -> String {
    match waiting_on {
        v1::WaitingOn::Provider => language.text("the-provider"),
        v1::WaitingOn::Client => language.text("the-client"),
        v1::WaitingOn::ThirdParty => language.text("a-third-party"),
        v1::WaitingOn::Nobody | v1::WaitingOn::Unspecified => language.text("nobody"),
    }
}

/// With whom time was: `with the provider`.
pub(super) fn held_by(held: &v1::HeldTime, language: &Language) -> String {
    match (held.waiting_on(), held.third_party.as_str()) {
        (v1::WaitingOn::Provider, _) => language.text("with-provider"),
        (v1::WaitingOn::Client, _) => language.text("with-client"),
        (v1::WaitingOn::ThirdParty, "") => language.text("with-third-party"),
        (v1::WaitingOn::ThirdParty, name) => language.say("with-named", &[("name", name.into())]),
        (v1::WaitingOn::Nobody | v1::WaitingOn::Unspecified, _) => language.text("with-nobody"),
    }
}

/// Whose turn it was.
pub(super) fn holder(part: &v1::PartyTime, language: &Language) -> String {
    match part.kind() {
        v1::PartyTimeKind::Provider => language.text("the-provider"),
        v1::PartyTimeKind::Client => language.text("the-client"),
        v1::PartyTimeKind::ThirdParty => third_party(&part.third_party, language),
        v1::PartyTimeKind::ClosedHours => language.text("closed-hours"),
        v1::PartyTimeKind::Unspecified => language.text("nobody"),
    }
}

/// Whether a clock is left out by the contract and was late for whoever waited; what is undecided
/// is not one yet.
pub(super) fn is_excluded_watermelon(clock: &v1::ReviewedClock) -> bool {
    let is_placed = clock.decide_time.is_some() || !clock.open;
    clock.outcome() == v1::Outcome::Excluded && clock.is_watermelon && is_placed
}

/// The party a cause is attributed to, and whether it recurs.
pub(super) fn cause(cause: &v1::ReviewedCause, language: &Language) -> String {
    let party = match cause.party.as_str() {
        "" => language.text("cause-unknown"),
        "provider" => language.text("the-provider"),
        "client" => language.text("the-client"),
        name => name.to_owned(),
    };
    match cause.recurring {
        true => language.say("cause-recurring", &[("party", party.into())]),
        false => party,
    }
}
