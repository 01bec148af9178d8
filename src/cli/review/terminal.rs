//! A review as it is printed in a terminal.

use itertools::Itertools;

use super::report::{Block, Report, Section, Table};
use crate::cli::show::table;

/// All of a review.
pub(super) fn show(report: &Report) -> String {
    let head = [report.title.clone()].into_iter().chain(report.about.iter().cloned());
    let signatures = report.signatures.iter().cloned();
    let missed = report.missed.iter().map(|missed| format!("  ✗ {missed}"));
    let cards = report
        .cards
        .iter()
        .map(|card| format!("{}: {} ({})", card.name, card.figure, card.meaning));
    let parts = [
        head.chain(signatures).join("\n"),
        [report.lead.clone()].into_iter().chain(missed).join("\n"),
        cards.collect_vec().join("\n"),
    ];
    let sections = report.sections.iter().map(section);
    parts.into_iter().chain(sections).chain([report.notes.join("\n")]).join("\n\n")
}

fn section(section: &Section) -> String {
    let line = "-".repeat(section.heading.chars().count());
    let blocks = section.blocks.iter().filter_map(|block| match block {
        Block::Text(text) | Block::Note(text) => Some(text.clone()),
        Block::Table(table) if table.caption == section.heading => Some(rows(table)),
        Block::Table(table) => Some(format!("{}\n{}", table.caption, rows(table))),
        Block::Keys(_) | Block::Trend(_) | Block::Times(..) => None,
    });
    format!("{}\n{line}\n{}", section.heading, blocks.collect_vec().join("\n\n"))
}

/// A table without its columns of pictures.
fn rows(shown: &Table) -> String {
    let columns = shown.columns.iter().filter(|column| !column.is_picture).collect_vec();
    let headings = columns.iter().map(|column| column.heading.as_str()).collect_vec();
    let right = columns.iter().positions(|column| column.is_figure).collect_vec();
    let rows = shown.rows.iter().map(|row| {
        let cells = shown.cells(row).filter(|(column, _)| !column.is_picture);
        let texts = cells.map(|(_, cell)| match cell.sparkline.as_str() {
            "" => cell.text.clone(),
            sparkline => sparkline.to_owned(),
        });
        texts.collect_vec()
    });
    table(&headings, &right, rows.collect())
}
