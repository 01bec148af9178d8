//! The outages that a rule or a decision leaves out, and what objectives would be with them.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::promise::Promises;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use crate::codec::v1;

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
    let without = uptime.without_exclusions.map(|without| {
        let would_be = v1::ObjectiveResult { verdict: without.verdict, ..result.clone() };
        let arguments = [
            ("verdict", promises.verdict(&would_be).text.into()),
            ("down", language.span(without.downtime).into()),
        ];
        Block::Text(language.say("without-exclusions", &arguments))
    });
    table.into_iter().chain(without).collect()
}
