//! What is open at the end of the period, and how old it is.

use super::answer::ReviewAnswer;
use super::language::Language;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use super::wording::target;
use crate::codec::v1;

/// The backlog of each target and priority; nothing where nothing is open.
pub(super) fn section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let columns = [
        TableColumn::text(language.text("column-target")),
        TableColumn::figure(language.text("column-backlog")),
        TableColumn::figure(language.text("column-age-median")),
        TableColumn::figure(language.text("column-age-p90")),
        TableColumn::figure(language.text("column-age-oldest")),
    ];
    let rows = answer.review.groups.iter().filter(|group| group.backlog > 0);
    let rows = rows.map(|group: &v1::ComplianceGroup| {
        let name = [target(&group.target_id, answer, language), group.priority.clone()].join(" ");
        TableRow::of([
            name.trim().to_owned(),
            language.count(group.backlog),
            language.span(group.backlog_age_p50),
            language.span(group.backlog_age_p90),
            language.span(group.backlog_age_oldest),
        ])
    });
    let table = Table::of(language.text("section-backlog"), columns, rows)?;
    let blocks = [Block::Table(table), Block::Note(language.text("backlog-note"))];
    Section::of(language.text("section-backlog"), blocks)
}
