//! The objectives of a review: a table for each period, and what they came to all together.

use itertools::Itertools;

use super::answer::ReviewAnswer;
use super::charts::{line, sparkline};
use super::language::Language;
use super::promise::Promises;
use super::report::{Block, Cell, Picture, Section, Table, TableColumn, TableRow};
use super::wording::hours_name;
use crate::codec::v1;

/// What was promised, by period: the review's own first, then the others from the earliest on.
pub(super) fn section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let contract = answer.contract().id;
    let promises = Promises { answer, contract: &contract, language };
    let own = answer.review.period.clone().unwrap_or_default();
    let place = |reviewed: &&v1::ReviewedObjective| {
        let period = period_of(reviewed);
        let start = period.start_time.map(|time| (time.seconds, time.nanos));
        let end = period.end_time.map(|time| (time.seconds, time.nanos));
        (period != own, start, std::cmp::Reverse(end))
    };
    let sorted = answer.review.objectives.iter().sorted_by_key(place);
    let tables = sorted.chunk_by(|reviewed| period_of(reviewed));
    let tables = tables.into_iter().filter_map(|(period, reviewed)| {
        let reviewed: Vec<_> = reviewed.collect();
        let is_provisional = reviewed.iter().any(|reviewed| is_provisional(reviewed));
        let caption = caption(&period, is_provisional, answer, language);
        Table::of(caption, columns(language), reviewed.iter().map(|one| row(one, &promises)))
    });
    let mut blocks: Vec<_> = tables.map(Block::Table).collect();
    if !blocks.is_empty() {
        blocks.extend(hours(answer, language).map(Block::Note));
        if answer.review.objectives.iter().any(|reviewed| reviewed.trend.len() > 1) {
            blocks.push(Block::Note(language.text("trend-key")));
        }
    }
    Section::of(language.text("section-objectives"), blocks)
}

fn period_of(reviewed: &v1::ReviewedObjective) -> v1::Period {
    reviewed.result.clone().unwrap_or_default().period.unwrap_or_default()
}

fn is_provisional(reviewed: &v1::ReviewedObjective) -> bool {
    reviewed.result.as_ref().is_some_and(|result| result.provisional)
}

/// The period; of objectives that are evaluated before its end, so far.
fn caption(
    period: &v1::Period,
    is_provisional: bool,
    answer: &ReviewAnswer,
    language: &Language,
) -> String {
    let named = language.period(period);
    let as_of = answer.review.stamp.unwrap_or_default().as_of_time;
    match as_of.zip(period.start_time) {
        Some((as_of, start)) if as_of.seconds < start.seconds => {
            language.say("period-to-come", &[("period", named.into())])
        }
        _ if is_provisional => language.say("period-so-far", &[("period", named.into())]),
        _ => named,
    }
}

fn columns(language: &Language) -> [TableColumn; 5] {
    [
        TableColumn::text(language.text("column-promised")),
        TableColumn::figure(language.text("column-found")),
        TableColumn::text(language.text("column-verdict")),
        TableColumn::text(language.text("column-left")),
        TableColumn::text(language.text("column-trend")),
    ]
}

fn row(reviewed: &v1::ReviewedObjective, promises: &Promises<'_>) -> TableRow {
    let result = reviewed.result.clone().unwrap_or_default();
    let cells = vec![
        promises.promised(&result).into(),
        promises.found(&result).into(),
        promises.verdict(&result),
        promises.left(&result).into(),
        trend(&reviewed.trend, promises.language),
    ];
    TableRow { cells, is_total: false }
}

/// The trend as a line, with its figures in words.
fn trend(trend: &[v1::ObjectivePoint], language: &Language) -> Cell {
    let mut figures = trend.iter().filter(|point| !point.percent.is_empty()).map(|point| {
        let period = language.period(&point.period.clone().unwrap_or_default());
        format!("{period} {}", language.percent(&point.percent))
    });
    let line = line(trend);
    let text = if line.is_some() { figures.join(", ") } else { String::new() };
    Cell { text, sparkline: sparkline(trend), picture: line.map(Picture::Line), ..Cell::default() }
}

/// What the service hours are that limits are measured in, and when they were closed in the period.
fn hours(answer: &ReviewAnswer, language: &Language) -> Option<String> {
    let named = answer.calendars.values().filter(|calendar| !calendar.always_open);
    let named = named.map(|calendar| {
        let mut windows = calendar.weekly.iter().map(|window| {
            let days = days(window.days().map(|day| day as u8).sorted().collect(), language);
            format!("{days} {}–{}", window.opens, window.closes)
        });
        let name = capitalised(&hours_name(&calendar.id, answer, language));
        let closed = closed_on(calendar, answer, language);
        let (windows, zone) = (windows.join("; "), calendar.time_zone.as_str());
        let arguments = [("name", name.into()), ("windows", windows.into()), ("zone", zone.into())];
        let arguments = arguments.into_iter().chain([("dates", language.and(&closed).into())]);
        let id = if closed.is_empty() { "hours-are" } else { "hours-are-closed" };
        language.say(id, &arguments.collect::<Vec<_>>())
    });
    let named = named.collect::<Vec<_>>().join(" ");
    (!named.is_empty()).then_some(named)
}

/// The holidays of the review's period.
fn closed_on(calendar: &v1::Calendar, answer: &ReviewAnswer, language: &Language) -> Vec<String> {
    let period = answer.review.period.clone().unwrap_or_default();
    let (first, last) = language.dates(period.start_time, period.end_time);
    let holidays = calendar.holidays.iter().map(|holiday| holiday.date.as_str()).sorted();
    let within = holidays.filter(|date| *date >= first.as_str() && *date <= last.as_str());
    within.map(|date| language.iso_date(date)).collect()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Weekdays from 1, Monday, on: `Mon–Fri` of three and more in a row.
fn days(numbers: Vec<u8>, language: &Language) -> String {
    let name = |number: &u8| language.weekday(number.saturating_sub(1));
    let is_row = numbers.windows(2).all(|pair| matches!(pair, [one, next] if one + 1 == *next));
    match numbers.as_slice() {
        [first, _, .., last] if is_row => format!("{}–{}", name(first), name(last)),
        some => language.and(&some.iter().map(name).collect::<Vec<_>>()),
    }
}

/// How the objectives stand whose periods go on, beside so many others that are decided.
fn so_far(met: i64, at_risk: i64, others: i64, language: &Language) -> Option<String> {
    let all = [("all", (met + at_risk).into()), ("others", others.into())];
    match (met, at_risk) {
        (0, 0) => None,
        (_, 0) => Some(language.say("lead-so-far-met", &all)),
        (0, _) => Some(language.say("lead-so-far-not-met", &all)),
        _ => {
            let [all, others] = all;
            Some(language.say("lead-so-far-some-met", &[all, others, ("met", met.into())]))
        }
    }
}

/// The first thing a client wants to hear, and what was missed.
pub(super) fn lead(answer: &ReviewAnswer, language: &Language) -> (String, Vec<String>) {
    let contract = answer.contract().id;
    let promises = Promises { answer, contract: &contract, language };
    let results = answer.review.objectives.iter().filter_map(|reviewed| reviewed.result.as_ref());
    let results: Vec<_> = results.collect();
    let is = |verdict: v1::ObjectiveVerdict, goes_on: Option<bool>| {
        let of = results.iter().filter(move |result| result.verdict() == verdict);
        of.filter(|result| goes_on.is_none_or(|on| result.provisional == on)).count() as i64
    };
    let missed = is(v1::ObjectiveVerdict::Missed, None);
    let met = is(v1::ObjectiveVerdict::Met, Some(false));
    let met_so_far = is(v1::ObjectiveVerdict::Met, Some(true));
    let at_risk = is(v1::ObjectiveVerdict::AtRisk, None);
    let decided = [("met", met.into()), ("all", (met + missed).into())];
    let mut lead = Vec::new();
    match (met, missed) {
        (0, 0) => {}
        (_, 0) => lead.push(language.say("lead-all-met", &decided[..1])),
        _ => lead.push(language.say("lead-met", &decided)),
    }
    lead.extend(so_far(met_so_far, at_risk, met + missed, language));
    if lead.is_empty() {
        lead.push(match results.is_empty() {
            true => language.text("lead-no-objectives"),
            false => language.text("lead-no-data"),
        });
    }
    let is_missed =
        |result: &&&v1::ObjectiveResult| result.verdict() == v1::ObjectiveVerdict::Missed;
    let missed = results.iter().filter(is_missed).map(|result| {
        let period = result.period.clone().unwrap_or_default();
        language.say(
            "missed-item",
            &[
                ("promised", promises.promised(result).into()),
                ("period", language.period(&period).into()),
                ("found", promises.found(result).into()),
            ],
        )
    });
    (lead.join(" "), missed.collect())
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::all;
    use super::*;

    /// How it reads in English, Dutch and German.
    fn said(met: i64, at_risk: i64, others: i64) -> [String; 3] {
        all().map(|language| so_far(met, at_risk, others, &language).unwrap_or_default())
    }

    /// P4: "Another 3 still run; 3 of them are met so far" said of none and of all the same.
    #[test]
    fn objectives_that_still_run_are_put_in_sentences() {
        let [english, dutch, german] = said(3, 0, 2);
        assert_eq!(english, "3 more still run and are met so far.");
        assert_eq!(dutch, "Er lopen nog 3 normen, die tot nu toe worden gehaald.");
        assert_eq!(german, "3 weitere laufen noch und sind bisher erfüllt.");
        for (met, at_risk, others, shown) in [
            (1, 0, 0, "The objective still runs and is met so far."),
            (1, 0, 1, "Another one still runs and is met so far."),
            (0, 1, 1, "Another one still runs and is not met so far."),
            (3, 0, 0, "3 objectives still run and are met so far."),
            (0, 2, 0, "2 objectives still run; none of them is met so far."),
            (1, 2, 1, "3 more still run; 1 of them is met so far."),
            (2, 1, 0, "3 objectives still run; 2 of them are met so far."),
            (0, 0, 4, ""),
        ] {
            assert_eq!(said(met, at_risk, others)[0], shown);
        }
    }
}
