//! Where the time went, and what clocks were paused for.

use super::answer::ReviewAnswer;
use super::charts::{closed, times};
use super::language::Language;
use super::report::{Block, Cell, Picture, Section, Table, TableColumn, TableRow};
use super::wording::{holder_word, third_party};
use crate::codec::v1;

/// Reasons for pauses that are listed.
const GROUNDS_LISTED: usize = 10;

/// Whose turn it was, in shares of the service time.
pub(super) fn section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let parts = &answer.review.party_time;
    let slices = times(parts, language);
    let rows = slices
        .iter()
        .map(|slice| TableRow::of([slice.name.clone(), slice.time.clone(), slice.share.clone()]));
    let columns = [
        TableColumn::text(language.text("column-turn")),
        TableColumn::figure(language.text("column-time")),
        TableColumn::figure(language.text("column-share")),
    ];
    let table = Table::of(language.text("section-time"), columns, rows)?;
    let shown: Vec<_> =
        slices.iter().map(|slice| format!("{} {}", slice.name, slice.share)).collect();
    let note = match closed(parts, language) {
        Some(closed) => language.say("time-note-closed", &[("closed", closed.into())]),
        None => language.text("time-note"),
    };
    let blocks =
        [Block::Times(slices, language.and(&shown)), Block::Table(table), Block::Note(note)];
    Section::of(language.text("section-time"), blocks)
}

/// What clocks were paused for, the longest first.
pub(super) fn pauses(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let pauses = answer.review.pauses.as_ref().filter(|pauses| !pauses.grounds.is_empty())?;
    let paused = |ground: &v1::PauseGround| ground.paused.unwrap_or_default().seconds;
    let longest = pauses.grounds.iter().map(paused).fold(1, i64::max);
    let rows = pauses.grounds.iter().take(GROUNDS_LISTED).map(|ground| {
        let who = match ground.waiting_on() {
            v1::WaitingOn::ThirdParty => third_party(&ground.third_party, language),
            other => holder_word(other, language),
        };
        let length = language.hours(ground.paused);
        let picture = Some(Picture::Length { is: paused(ground), longest });
        let cells = vec![
            who.into(),
            ground.reason.clone().into(),
            Cell { text: length.clone(), picture, ..Cell::default() },
            length.into(),
            language.count(ground.count).into(),
        ];
        TableRow { cells, is_total: false }
    });
    let columns = [
        TableColumn::text(language.text("column-waited-for")),
        TableColumn::text(language.text("column-reason")),
        TableColumn::picture(language.text("column-bar")),
        TableColumn::figure(language.text("column-paused")),
        TableColumn::figure(language.text("column-times")),
    ];
    let table = Table::of(language.text("section-pauses"), columns, rows)?;
    let text = language.say(
        "pauses-text",
        &[
            ("share", language.percent(&pauses.share).into()),
            ("count", pauses.met_by_pauses.into()),
            ("without", language.percent(&pauses.attainment_without).into()),
        ],
    );
    Section::of(language.text("section-pauses"), [Block::Text(text), Block::Table(table)])
}
