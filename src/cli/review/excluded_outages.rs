//! The outages that a rule or a decision leaves out, and what objectives would be with them.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::promise::Promises;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use crate::codec::v1;
use crate::codec::v1::objective::Promise;

/// The excluded outages of each objective.
pub(super) fn section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let contract = answer.contract().id;
    let promises = Promises { answer, contract: &contract, language };
    let results = answer.review.objectives.iter().filter_map(|reviewed| reviewed.result.as_ref());
    let blocks = results.flat_map(|result| excluded(result, &promises));
    Section::of(language.text("section-excluded-outages"), blocks)
}

fn excluded(result: &v1::ObjectiveResult, promises: &Promises<'_>) -> Vec<Block> {
    let language = promises.language;
    let uptime = result.uptime.clone().unwrap_or_default();
    let rows = uptime.excluded_outages.iter().map(|outage| {
        let why = match outage.decided_by.as_str() {
            "" if outage.reason.is_empty() => {
                language.say("why-excluded-rule", &[("rule", outage.rule_id.as_str().into())])
            }
            "" => outage.reason.clone(),
            person => format!("{} ({person})", outage.reason),
        };
        TableRow::of([
            outage.service.clone(),
            language.instant(outage.start_time),
            outage
                .end_time
                .map_or_else(|| language.text("none"), |end| language.instant(Some(end))),
            why,
            language.span(outage.agreed_time),
        ])
    });
    let columns = [
        TableColumn::text(language.text("column-service")),
        TableColumn::text(language.text("column-from")),
        TableColumn::text(language.text("column-until")),
        TableColumn::text(language.text("column-why")),
        TableColumn::figure(language.text("column-time")),
    ];
    let table = Table::of(promises.promised(result), columns, rows).map(Block::Table);
    let without = uptime.without_exclusions.map(|without| with_them(&without, result, promises));
    table.into_iter().chain(without.map(Block::Text)).collect()
}

/// What an objective would be with the excluded outages, in what it is about.
fn with_them(
    without: &v1::UptimeWithoutExclusions,
    result: &v1::ObjectiveResult,
    promises: &Promises<'_>,
) -> String {
    let language = promises.language;
    let would_be = v1::ObjectiveResult { verdict: without.verdict, ..result.clone() };
    let verdict = ("verdict", promises.verdict(&would_be).text.into());
    match result.objective.as_ref().and_then(|objective| objective.promise.as_ref()) {
        Some(Promise::Outages(_)) => {
            let count = ("count", without.long_outages.into());
            language.say("without-exclusions-outages", &[verdict, count])
        }
        Some(Promise::MeanTimeToRestore(_)) => {
            let mean = ("mean", language.span(without.mean_time_to_restore).into());
            language.say("without-exclusions-mean", &[verdict, mean])
        }
        _ => {
            let down = ("down", language.span(without.downtime).into());
            language.say("without-exclusions", &[verdict, down])
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Duration;

    use super::super::language::testing::all;
    use super::*;

    /// The blocks of an objective with an outage that a rule without a title excludes.
    fn said(promise: Promise) -> [(String, String); 3] {
        let hours = |hours: i64| Some(Duration { seconds: 3_600 * hours, nanos: 0 });
        let outage = v1::ExcludedOutage { rule_id: "fm".into(), ..Default::default() };
        let without = v1::UptimeWithoutExclusions {
            verdict: v1::ObjectiveVerdict::Missed as i32,
            downtime: hours(8),
            outages: 3,
            long_outages: 2,
            mean_time_to_restore: hours(4),
            ..Default::default()
        };
        let uptime = v1::Uptime {
            excluded_outages: vec![outage],
            without_exclusions: Some(without),
            ..Default::default()
        };
        let objective = v1::Objective { promise: Some(promise), ..Default::default() };
        let (objective, uptime) = (Some(objective), Some(uptime));
        let result = v1::ObjectiveResult { objective, uptime, ..Default::default() };
        let answer = ReviewAnswer::default();
        all().map(|language| {
            let promises = Promises { answer: &answer, contract: "C", language: &language };
            match &excluded(&result, &promises)[..] {
                [Block::Table(table), Block::Text(text)] => {
                    (table.rows[0].cells[3].text.clone(), text.replace('\u{a0}', " "))
                }
                other => panic!("{other:?}"),
            }
        })
    }

    /// A rule without a title had no reason, and every objective was put in downtime.
    #[test]
    fn a_rule_is_named_and_an_objective_put_in_what_it_is_about() {
        let [english, dutch, german] = said(Promise::Outages(v1::OutagesObjective::default()));
        let with = |why: &str, text: &str| (why.to_owned(), text.to_owned());
        let text = "With them it would be: ✗ missed, 2 outages.";
        assert_eq!(english, with("excluded by the rule “fm”", text));
        let text = "Met deze storingen zou het zijn: ✗ niet gehaald, 2 storingen.";
        assert_eq!(dutch, with("uitgezonderd volgens de regel ‘fm’", text));
        let text = "Mit ihnen wäre es: ✗ verfehlt, 2 Ausfälle.";
        assert_eq!(german, with("ausgenommen nach der Regel „fm“", text));
        let [english, dutch, german] =
            said(Promise::MeanTimeToRestore(v1::MeanTimeToRestoreObjective::default()));
        assert_eq!(english.1, "With them it would be: ✗ missed, 4 h on average.");
        assert_eq!(dutch.1, "Met deze storingen zou het zijn: ✗ niet gehaald, gemiddeld 4 uur.");
        assert_eq!(german.1, "Mit ihnen wäre es: ✗ verfehlt, im Durchschnitt 4 h.");
        let [english, ..] = said(Promise::Availability(v1::AvailabilityObjective::default()));
        assert_eq!(english.1, "With them it would be: ✗ missed, 8 h down.");
    }
}
