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
        let rows = reviewed.iter().flat_map(|one| rows(one, &promises));
        Table::of(caption, columns(language), rows)
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

/// An objective; where several revisions rule its period, with the result of each part below it.
fn rows(reviewed: &v1::ReviewedObjective, promises: &Promises<'_>) -> Vec<TableRow> {
    let result = reviewed.result.clone().unwrap_or_default();
    let row = |promised: String, result: &v1::ObjectiveResult, trend: Cell| {
        let cells = vec![
            promised.into(),
            promises.found(result).into(),
            promises.verdict(result),
            promises.left(result).into(),
            trend,
        ];
        TableRow { cells, is_total: false }
    };
    let trend = trend(&reviewed.trend, promises.language);
    let whole = row(promises.promised(&result), &result, trend);
    let parts = result.parts.iter();
    let parts = parts.map(|part| row(promises.promised_part(part), part, Cell::default()));
    [whole].into_iter().chain(parts).collect()
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

/// How many objectives came to what.
#[derive(Clone, Copy, Debug, Default)]
struct Stood {
    met: i64,
    missed: i64,
    met_so_far: i64,
    at_risk: i64,
    no_data: i64,
    not_in_force: i64,
}

impl Stood {
    fn of(results: &[&v1::ObjectiveResult]) -> Stood {
        let mut stood = Stood::default();
        for result in results {
            let count = match (result.verdict(), result.no_data_reason()) {
                (v1::ObjectiveVerdict::Met, _) if result.provisional => &mut stood.met_so_far,
                (v1::ObjectiveVerdict::Met, _) => &mut stood.met,
                (v1::ObjectiveVerdict::Missed, _) => &mut stood.missed,
                (v1::ObjectiveVerdict::AtRisk, _) => &mut stood.at_risk,
                (_, v1::NoDataReason::NotInForce) => &mut stood.not_in_force,
                _ => &mut stood.no_data,
            };
            *count += 1;
        }
        stood
    }

    /// Sentences on all of them: those that are decided or can't be, then those that still run.
    fn sentences(self, language: &Language) -> String {
        let Stood { met, missed, met_so_far, at_risk, no_data, not_in_force } = self;
        let over = met + missed + no_data + not_in_force;
        match (over + met_so_far + at_risk, no_data, not_in_force) {
            (0, ..) => return language.text("lead-no-objectives"),
            (all, no_data, _) if no_data == all => return language.text("lead-no-data"),
            (all, _, outside) if outside == all => return language.text("lead-not-in-force"),
            _ => {}
        }
        let counted = |id: &str, count: i64| {
            (count > 0).then(|| language.say(id, &[("count", count.into())]))
        };
        let sentences = [
            self.decided(over, language),
            counted("lead-some-no-data", no_data),
            counted("lead-some-not-in-force", not_in_force),
            so_far(met_so_far, at_risk, over, language),
        ];
        sentences.into_iter().flatten().join(" ")
    }

    /// How many are met or missed, of so many whose periods are over.
    fn decided(self, over: i64, language: &Language) -> Option<String> {
        let Stood { met, missed, .. } = self;
        let all = ("all", over.into());
        match (met, missed) {
            (0, 0) => None,
            (met, 0) if met == over => Some(language.say("lead-all-met", &[("met", met.into())])),
            (0, missed) if missed < over => {
                Some(language.say("lead-missed", &[("missed", missed.into()), all]))
            }
            _ => Some(language.say("lead-met", &[("met", met.into()), all])),
        }
    }
}

/// The first thing a client wants to hear, and what was missed.
pub(super) fn lead(answer: &ReviewAnswer, language: &Language) -> (String, Vec<String>) {
    let contract = answer.contract().id;
    let promises = Promises { answer, contract: &contract, language };
    let results = answer.review.objectives.iter().filter_map(|reviewed| reviewed.result.as_ref());
    let results: Vec<_> = results.collect();
    let is_missed =
        |result: &&&v1::ObjectiveResult| result.verdict() == v1::ObjectiveVerdict::Missed;
    let missed = results.iter().filter(is_missed).map(|result| missed_item(result, &promises));
    (Stood::of(&results).sentences(language), missed.collect())
}

/// What was missed, by how it stood in which period.
fn missed_item(result: &v1::ObjectiveResult, promises: &Promises<'_>) -> String {
    let language = promises.language;
    let period = result.period.clone().unwrap_or_default();
    let promised = ("promised", promises.promised(result).into());
    let found = ("found", promises.found(result).into());
    if period.name.is_empty() {
        let first = ("first", language.date(period.start_time).into());
        let last = ("last", language.last_date(period.end_time).into());
        return language.say("missed-item-between", &[promised, found, first, last]);
    }
    let period = ("period", language.period_in_text(&period).into());
    language.say("missed-item", &[promised, found, period])
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::all;
    use super::*;

    /// "All 3 objectives are met" was said of 4, of which one had no data.
    #[test]
    fn the_lead_counts_every_objective() {
        let said = |stood: Stood| all().map(|language| stood.sentences(&language));
        let one_unknown = Stood { met: 3, no_data: 1, ..Stood::default() };
        assert_eq!(
            said(one_unknown),
            [
                "3 of 4 objectives are met. For one objective there is too little data.",
                "3 van de 4 servicenormen zijn gehaald. Voor één norm zijn er te weinig gegevens.",
                "3 von 4 Service-Level-Zielen sind erfüllt. Für ein Ziel liegen zu wenige Daten vor.",
            ]
        );
        let none = Stood::default();
        for (stood, shown) in [
            (Stood { met: 2, ..none }, "All 2 objectives are met."),
            (Stood { missed: 2, ..none }, "All 2 objectives are missed."),
            (
                Stood { missed: 1, no_data: 2, ..none },
                "1 of 3 objectives is missed. For 2 objectives there is too little data.",
            ),
            (
                Stood { no_data: 1, met_so_far: 1, ..none },
                "For one objective there is too little data. Another one still runs and is met so \
                 far.",
            ),
            (
                Stood { met: 1, not_in_force: 2, ..none },
                "1 of 3 objectives is met. In the period of 2 objectives the contract was not in \
                 force.",
            ),
            (Stood { no_data: 2, ..none }, "There is too little data for any objective."),
            (Stood { not_in_force: 2, ..none }, "The contract was not in force in this period."),
            (none, "No objectives are agreed."),
        ] {
            assert_eq!(said(stood)[0], shown);
        }
    }

    /// "0.0% in 1 September 2026 to 30 September 2026" and "in 3rd quarter of 2026" stood there.
    #[test]
    fn what_was_missed_is_said_of_its_period() {
        let answer = ReviewAnswer::default();
        let said = |period: v1::Period| {
            let period = Some(period);
            let result = v1::ObjectiveResult { period, percent: "90".into(), ..Default::default() };
            all().map(|language| {
                let promises = Promises { answer: &answer, contract: "C", language: &language };
                missed_item(&result, &promises).replace('\u{a0}', " ")
            })
        };
        let named = |name: &str| v1::Period { name: name.into(), ..Default::default() };
        assert_eq!(
            said(named("2026-Q3")),
            [
                ": 90.0% in the 3rd quarter of 2026.",
                ": 90,0% in het 3e kwartaal van 2026.",
                ": 90,0 % für das 3. Quartal 2026.",
            ]
        );
        assert_eq!(said(named("2026-10"))[0], ": 90.0% in October 2026.");
        let between = v1::Period {
            start_time: Some(prost_types::Timestamp { seconds: 1_459_468_800, nanos: 0 }),
            end_time: Some(prost_types::Timestamp { seconds: 1_460_678_400, nanos: 0 }),
            ..Default::default()
        };
        assert_eq!(
            said(between),
            [
                ": 90.0% from 1 April 2016 to 14 April 2016.",
                ": 90,0% van 1 april 2016 tot en met 14 april 2016.",
                ": 90,0 %, 1. April 2016 bis 14. April 2016.",
            ]
        );
    }

    /// The parts of a period that several revisions rule were nowhere.
    #[test]
    fn each_part_of_a_period_has_its_row() {
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let (start_time, end_time) = (time(1_459_468_800), time(1_460_678_400));
        let counted = Some(v1::Period { start_time, end_time, ..Default::default() });
        let part =
            v1::ObjectiveResult { counted, percent: "50".into(), ..v1::ObjectiveResult::default() };
        let whole = v1::ObjectiveResult { parts: vec![part], ..v1::ObjectiveResult::default() };
        let reviewed = v1::ReviewedObjective { result: Some(whole), ..Default::default() };
        let answer = ReviewAnswer::default();
        let shown = all().map(|language| {
            let promises = Promises { answer: &answer, contract: "C", language: &language };
            let rows = rows(&reviewed, &promises);
            let [_, part] = &rows[..] else { panic!("{rows:?}") };
            let cells = part.cells.iter().take(2).map(|cell| cell.text.replace('\u{a0}', " "));
            cells.collect::<Vec<_>>().join("| ")
        });
        assert_eq!(
            shown,
            [
                "↳ 1 April 2016 to 14 April 2016: | 50.0%",
                "↳ 1 april 2016 tot en met 14 april 2016: | 50,0%",
                "↳ 1. April 2016 bis 14. April 2016: | 50,0 %",
            ]
        );
    }

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
