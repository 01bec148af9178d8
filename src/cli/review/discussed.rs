//! The clocks to discuss in a review, kind by kind, each with why it came to its verdict.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::links;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use super::wording::{holder_word, target, third_party};
use crate::codec::v1;

/// How many stretches of time a clock's row names.
const STRETCHES_SHOWN: usize = 3;

/// A section's title, how many clocks belong there, and which.
type KindOfClock = (String, i64, fn(&v1::ReviewedClock) -> bool);

/// A section for each kind of clock to discuss, at most `most` clocks of each.
pub(super) fn sections(answer: &ReviewAnswer, language: &Language, most: usize) -> Vec<Section> {
    let review = &answer.review;
    let total = review.total.clone().unwrap_or_default();
    let counts = total.contractual.unwrap_or_default();
    let idle = review.only_idle_work_count;
    let watermelons = review.clock_count - counts.breached - counts.excluded - idle;
    let titled = |id: &str, count: i64| language.say(id, &[("count", count.into())]);
    let kinds: [KindOfClock; 4] = [
        (titled("section-late", counts.breached), counts.breached, |clock| {
            clock.outcome() == v1::Outcome::Breached
        }),
        (titled("section-excluded", counts.excluded), counts.excluded, |clock| {
            clock.outcome() == v1::Outcome::Excluded
        }),
        (titled("section-watermelons", watermelons), watermelons, |clock| {
            clock.outcome() == v1::Outcome::Met && clock.is_watermelon
        }),
        (titled("section-idle", idle), idle, |clock| {
            clock.outcome() == v1::Outcome::Met && !clock.is_watermelon
        }),
    ];
    let section = |(title, count, is_kind): KindOfClock| {
        let clocks: Vec<_> =
            review.clocks.iter().filter(|clock| is_kind(clock)).take(most).collect();
        listed(title, count, &clocks, answer, language)
    };
    kinds.into_iter().filter_map(section).collect()
}

/// Clocks of one kind, in an order that is said.
fn listed(
    title: String,
    count: i64,
    clocks: &[&v1::ReviewedClock],
    answer: &ReviewAnswer,
    language: &Language,
) -> Option<Section> {
    let rows = clocks.iter().map(|clock| row(clock, answer, language));
    let columns = [
        TableColumn::text(language.text("column-incident")),
        TableColumn::text(language.text("column-agreed")),
        TableColumn::figure(language.text("column-counted")),
        TableColumn::figure(language.text("column-waited")),
        TableColumn::text(language.text("column-why")),
    ];
    let table = Table::of(title.clone(), columns, rows)?;
    let more = count - clocks.len() as i64;
    let order = match more {
        0 => language.text("order"),
        more => language.say("order-more", &[("count", more.into())]),
    };
    let order = (count > 1).then_some(Block::Note(order));
    Section::of(title, order.into_iter().chain([Block::Table(table)]))
}

fn row(clock: &v1::ReviewedClock, answer: &ReviewAnswer, language: &Language) -> TableRow {
    let template = answer.contract().incident_url_template;
    let agreed = language.say(
        "agreed",
        &[
            ("target", target(&clock.target_id, answer, language).into()),
            ("priority", clock.priority.as_str().into()),
            ("limit", language.span(clock.limit).into()),
        ],
    );
    let cells = vec![
        links::incident(&clock.incident_id, &template),
        agreed.into(),
        language.span(clock.elapsed).into(),
        language.span(clock.experienced_elapsed).into(),
        why(clock, language).into(),
    ];
    TableRow { cells, is_total: false }
}

/// Why a clock came to its verdict: by how much, with whom, and what went on.
fn why(clock: &v1::ReviewedClock, language: &Language) -> String {
    let over = |elapsed: Option<prost_types::Duration>, limit: Option<prost_types::Duration>| {
        let seconds = elapsed.unwrap_or_default().seconds - limit.unwrap_or_default().seconds;
        prost_types::Duration { seconds, nanos: 0 }
    };
    let mut parts = Vec::new();
    if let Some(exclusion) = &clock.exclusion {
        parts.push(excluded(exclusion, language));
    }
    let late = over(clock.elapsed, clock.limit);
    if late.seconds > 0 {
        parts.push(language.say("why-over", &[("over", language.span(Some(late)).into())]));
    }
    if clock.open {
        parts.push(language.text("why-open"));
    }
    let counted = clock.counted.iter().take(STRETCHES_SHOWN).map(|held| with(held, language));
    let counted: Vec<_> = counted.collect();
    if !counted.is_empty() {
        parts.push(language.say("why-counted", &[("with", language.and(&counted).into())]));
    }
    let paused = clock.paused.iter().take(STRETCHES_SHOWN).map(|held| with(held, language));
    let paused: Vec<_> = paused.collect();
    if !paused.is_empty() {
        parts.push(language.say("why-paused", &[("with", language.and(&paused).into())]));
    }
    if clock.reopenings > 0 {
        parts.push(language.say("why-reopened", &[("count", clock.reopenings.into())]));
    }
    if let Some(effort) = clock.idle_effort {
        let effort = ("effort", language.span(Some(effort)).into());
        let avoidable = ("avoidable", language.span(clock.avoidable_time).into());
        parts.push(language.say("why-idle", &[effort, avoidable]));
    }
    parts.join("; ")
}

fn with(held: &v1::HeldTime, language: &Language) -> String {
    let who = match held.waiting_on() {
        v1::WaitingOn::ThirdParty => third_party(&held.third_party, language),
        other => holder_word(other, language),
    };
    let time = language.span(held.time);
    let (who, reason) = (("who", who.into()), ("reason", held.reason.as_str().into()));
    match held.reason.as_str() {
        "" => language.say("with", &[who, ("time", time.into())]),
        _ => language.say("with-reason", &[who, ("time", time.into()), reason]),
    }
}

fn excluded(exclusion: &v1::ReviewedExclusion, language: &Language) -> String {
    let (title, id) = (exclusion.title.as_str(), exclusion.rule_id.as_str());
    let reason = ("reason", exclusion.reason.as_str().into());
    match (id, exclusion.decided_by.as_str()) {
        ("", "") => language.say("why-excluded", &[reason]),
        ("", by) => language.say("why-excluded-by", &[reason, ("by", by.into())]),
        _ => {
            let rule = if title.is_empty() { id } else { title };
            language.say("why-excluded-rule", &[("rule", rule.into())])
        }
    }
}
