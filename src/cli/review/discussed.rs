//! The clocks to discuss in a review, kind by kind, each with why it came to its verdict.

use itertools::Itertools;
use prost_types::Duration;

use super::answer::ReviewAnswer;
use super::language::Language;
use super::limits::of_priority;
use super::links;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use super::wording::{held_by, is_excluded_watermelon, target};
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
    let excluded_watermelons = total.watermelons - watermelons;
    let titled = |id: &str, count: i64| language.say(id, &[("count", count.into())]);
    let excluded_title = titled("section-excluded", counts.excluded);
    let kinds: [KindOfClock; 4] = [
        (titled("section-late", counts.breached), counts.breached, |clock| {
            clock.outcome() == v1::Outcome::Breached
        }),
        (excluded_title.clone(), counts.excluded, |clock| clock.outcome() == v1::Outcome::Excluded),
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
    let mut sections: Vec<_> = kinds.into_iter().filter_map(section).collect();
    let excluded = sections.iter_mut().find(|section| section.heading == excluded_title);
    if let Some(excluded) = excluded.filter(|_| excluded_watermelons > 0) {
        let text = titled("excluded-watermelons", excluded_watermelons);
        excluded.blocks.push(Block::Note(text));
    }
    sections
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
    let cells = vec![
        links::incident(&clock.incident_id, &template),
        agreed(clock, answer, language).into(),
        language.span(clock.elapsed).into(),
        language.span(clock.experienced_elapsed).into(),
        why(clock, language).into(),
    ];
    TableRow { cells, is_total: false }
}

/// The limit of a clock; of one in working days, those and what they came to.
fn agreed(clock: &v1::ReviewedClock, answer: &ReviewAnswer, language: &Language) -> String {
    let arguments = [
        ("target", target(&clock.target_id, answer, language).into()),
        ("priority", clock.priority.as_str().into()),
        ("limit", language.span(clock.limit).into()),
    ];
    match working_days(clock, answer) {
        0 => language.say("agreed", &arguments),
        days => {
            let days = [("count", days.into())];
            let arguments: Vec<_> = arguments.into_iter().chain(days).collect();
            language.say("agreed-working-days", &arguments)
        }
    }
}

/// The working days of a clock's limit; 0: it is a length of time, or revisions of the contract
/// differ in it.
fn working_days(clock: &v1::ReviewedClock, answer: &ReviewAnswer) -> i64 {
    let contract = answer.contract();
    let revisions = answer.terms.iter().filter(|((id, _), _)| *id == contract.id);
    let mut days = revisions.filter_map(|(_, terms)| {
        let target = terms.targets.iter().find(|target| target.id == clock.target_id)?;
        of_priority(target, &clock.priority).map(|limit| limit.working_days)
    });
    days.all_equal_value().map_or(0, i64::from)
}

/// Why a clock came to its verdict: by how much, with whom, and what went on.
fn why(clock: &v1::ReviewedClock, language: &Language) -> String {
    let mut parts = Vec::new();
    if let Some(exclusion) = &clock.exclusion {
        parts.push(excluded(exclusion, language));
    }
    parts.extend(clock.lateness.map(|lateness| late(clock, lateness, language)));
    if is_excluded_watermelon(clock) {
        parts.push(language.text("why-late-for-people"));
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

/// By how much it was late; if not by the limit and the time beside it, that it was so earlier.
fn late(clock: &v1::ReviewedClock, lateness: Duration, language: &Language) -> String {
    let nanos = |span: Option<Duration>| {
        span.map_or(0, |span| 1_000_000_000 * i128::from(span.seconds) + i128::from(span.nanos))
    };
    let is_shown = nanos(clock.limit) + nanos(Some(lateness)) == nanos(clock.elapsed);
    let id = if is_shown { "why-over" } else { "why-over-earlier" };
    language.say(id, &[("over", language.span(Some(lateness)).into())])
}

fn with(held: &v1::HeldTime, language: &Language) -> String {
    let time = language.span(held.time);
    let with = ("with", held_by(held, language).into());
    let reason = ("reason", held.reason.as_str().into());
    match held.reason.as_str() {
        "" => language.say("held", &[with, ("time", time.into())]),
        _ => language.say("held-reason", &[with, ("time", time.into()), reason]),
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

#[cfg(test)]
mod tests {
    use super::super::language::testing::{all, english};
    use super::*;

    fn answer(clocks: Vec<v1::ReviewedClock>) -> ReviewAnswer {
        let limit = v1::Limit { priority: "*".into(), working_days: 3, ..Default::default() };
        let target = v1::Target { id: "r".into(), limits: vec![limit], ..Default::default() };
        let terms = v1::Terms { targets: vec![target], ..Default::default() };
        let mut answer = ReviewAnswer::default();
        answer.terms.insert((String::new(), 0), terms);
        answer.review.clock_count = clocks.len() as i64;
        answer.review.clocks = clocks;
        answer
    }

    /// A limit that is agreed in working days stood as 31 hours.
    #[test]
    fn a_limit_in_working_days_is_shown_as_it_is_agreed() {
        let clock = v1::ReviewedClock {
            target_id: "r".into(),
            priority: "P3".into(),
            limit: Some(Duration { seconds: 31 * 3_600, nanos: 0 }),
            ..Default::default()
        };
        let answer = answer(Vec::new());
        let shown = all().map(|language| agreed(&clock, &answer, &language).replace('\u{a0}', " "));
        assert_eq!(
            shown,
            [
                "r P3: 3 working days (31 h)",
                "r P3: 3 werkdagen (31 uur)",
                "r P3: 3 Arbeitstage (31 h)",
            ]
        );
        let mut differ = self::answer(Vec::new());
        let mut first = answer.terms[&(String::new(), 0)].clone();
        first.targets[0].limits[0].working_days = 4;
        differ.terms.insert((String::new(), 1), first);
        assert_eq!(working_days(&clock, &differ), 0, "it is not known which revision rules it");
        let other = v1::ReviewedClock { target_id: "other".into(), ..clock };
        let hours = agreed(&other, &answer, &english()).replace('\u{a0}', " ");
        assert_eq!(hours, "other P3: 31 h");
    }

    /// Nothing was said of a clock that was late by the limit it had before its priority was lowered.
    #[test]
    fn what_was_late_by_a_limit_of_before_says_so() {
        let hours = |hours: i64| Some(Duration { seconds: 3_600 * hours, nanos: 0 });
        let said = |limit, elapsed, lateness| {
            let clock = v1::ReviewedClock { limit, elapsed, lateness, ..Default::default() };
            all().map(|language| why(&clock, &language).replace('\u{a0}', " "))
        };
        let over = ["2 h over the limit", "2 uur boven de norm", "2 h über der Frist"];
        assert_eq!(said(hours(4), hours(6), hours(2)), over);
        let earlier = [
            "2 h over the limit earlier",
            "eerder 2 uur boven de norm",
            "zuvor 2 h über der Frist",
        ];
        assert_eq!(said(hours(20), hours(8), hours(2)), earlier);
        assert_eq!(said(hours(20), hours(8), None), [""; 3]);
    }

    /// "6 h bei Dienstleister" had no article.
    #[test]
    fn time_is_with_parties_in_every_language() {
        let time = Some(Duration { seconds: 21_600, nanos: 0 });
        let held = |waiting_on: v1::WaitingOn, third_party: &str| {
            let (waiting_on, third_party) = (waiting_on as i32, third_party.to_owned());
            let held = v1::HeldTime { waiting_on, third_party, time, ..Default::default() };
            all().map(|language| with(&held, &language).replace('\u{a0}', " "))
        };
        let provider =
            ["6 h with the provider", "6 uur bij de leverancier", "6 h beim Dienstleister"];
        assert_eq!(held(v1::WaitingOn::Provider, ""), provider);
        let named = ["6 h with KPN", "6 uur bij KPN", "6 h bei KPN"];
        assert_eq!(held(v1::WaitingOn::ThirdParty, "KPN"), named);
        let anyone =
            ["6 h with a third party", "6 uur bij een derde partij", "6 h bei einem Dritten"];
        assert_eq!(held(v1::WaitingOn::ThirdParty, ""), anyone);
    }

    /// The card counts what was excluded and late for people; no list said so.
    #[test]
    fn the_lists_hold_as_many_watermelons_as_the_card() {
        let clock = |outcome: v1::Outcome| v1::ReviewedClock {
            outcome: outcome as i32,
            is_watermelon: true,
            ..Default::default()
        };
        let clocks = [v1::Outcome::Excluded, v1::Outcome::Met].map(clock);
        let mut answer = answer(clocks.to_vec());
        let contractual = Some(v1::Tally { met: 1, excluded: 1, ..Default::default() });
        let total = v1::ComplianceGroup { contractual, watermelons: 2, ..Default::default() };
        answer.review.total = Some(total);
        let sections = sections(&answer, &english(), 10);
        let [excluded, melons] = &sections[..] else { panic!("{sections:?}") };
        assert_eq!(melons.heading, "1 watermelon: in time by the contract, late for people");
        let [Block::Table(table), Block::Note(note)] = &excluded.blocks[..] else {
            panic!("{excluded:?}")
        };
        assert_eq!(note, "1 of these is a watermelon too: late for whoever waited.");
        assert_eq!(table.rows[0].cells[4].text, "late for whoever waited");
    }

    #[test]
    fn one_more_stands_in_the_singular() {
        let section = |more: i64| {
            let clocks = vec![v1::ReviewedClock::default()];
            let answer = answer(clocks.clone());
            let clocks: Vec<_> = clocks.iter().collect();
            all().map(|language| {
                match listed(String::new(), 1 + more, &clocks, &answer, &language)
                    .unwrap()
                    .blocks
                    .remove(0)
                {
                    Block::Note(order) => order.rsplit("; ").next().unwrap().to_owned(),
                    other => panic!("{other:?}"),
                }
            })
        };
        let one =
            ["1 more is in the export.", "nog 1 staat in de export.", "1 weitere steht im Export."];
        assert_eq!(section(1), one);
        let two = [
            "2 more are in the export.",
            "nog 2 staan in de export.",
            "2 weitere stehen im Export.",
        ];
        assert_eq!(section(2), two);
    }
}
