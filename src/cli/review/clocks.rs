//! Clocks by target and priority, and the trend of both accounts.

use super::answer::ReviewAnswer;
use super::charts::{slices, trend};
use super::language::Language;
use super::report::{Block, Cell, Key, Picture, Section, Table, TableColumn, TableRow};
use super::wording::{is_excluded_watermelon, target};
use crate::codec::v1;

/// What the clocks of each target and priority came to, with a bar each.
pub(super) fn section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    // What is only open since an earlier period is in the backlog.
    let counts_any = |group: &&v1::ComplianceGroup| {
        group.contractual.as_ref().is_some_and(|tally| *tally != v1::Tally::default())
    };
    let groups = answer.review.groups.iter().filter(counts_any);
    let rows = groups.map(|group| row(group, answer, language));
    let mut table = Table::of(language.text("section-clocks"), columns(language), rows)?;
    // Few contracts have any: the column is there when there is something to see.
    table.leave_out_if_none(CANCELLED, &language.count(0));
    let keys = [
        ("fill-met", language.text("key-met")),
        ("fill-melon", language.text("key-watermelon")),
        ("fill-late", language.text("key-late")),
        ("fill-excluded", language.text("key-excluded")),
    ];
    let keys = keys.map(|(class, meaning)| Key { class, meaning });
    let blocks =
        [Block::Keys(keys.into()), Block::Table(table), Block::Note(language.text("clocks-note"))];
    Section::of(language.text("section-clocks"), blocks)
}

/// The column of what was cancelled.
const CANCELLED: usize = 8;

fn columns(language: &Language) -> [TableColumn; 11] {
    [
        TableColumn::text(language.text("column-target")),
        TableColumn::figure(language.text("column-attained")),
        TableColumn::picture(language.text("column-bar")),
        TableColumn::figure(language.text("column-met")),
        TableColumn::figure(language.text("column-watermelons")),
        TableColumn::figure(language.text("column-late")),
        TableColumn::figure(language.text("column-excluded")),
        TableColumn::figure(language.text("column-open")),
        TableColumn::figure(language.text("column-cancelled")),
        TableColumn::figure(language.text("column-median")),
        TableColumn::figure(language.text("column-p90")),
    ]
}

fn row(group: &v1::ComplianceGroup, answer: &ReviewAnswer, language: &Language) -> TableRow {
    let tally = group.contractual.clone().unwrap_or_default();
    let watermelons = met_watermelons(group, &tally, &answer.review);
    let slices = slices(&tally, watermelons);
    let bar = language.say(
        "bar-shows",
        &[
            ("met", (tally.met - watermelons).into()),
            ("watermelons", watermelons.into()),
            ("late", tally.breached.into()),
            ("excluded", tally.excluded.into()),
        ],
    );
    let bar = Cell { text: bar, picture: Some(Picture::Bar(slices)), ..Cell::default() };
    let name = [target(&group.target_id, answer, language), group.priority.clone()].join(" ");
    let count = |count: i64| Cell::from(language.count(count));
    let cells = vec![
        Cell::from(name.trim().to_owned()),
        language.percent(&tally.attainment).into(),
        bar,
        count(tally.met),
        count(watermelons),
        count(tally.breached),
        count(tally.excluded),
        count(tally.undecided),
        count(tally.cancelled),
        language.span(group.elapsed_p50).into(),
        language.span(group.elapsed_p90).into(),
    ];
    TableRow { cells, is_total: false }
}

/// How many of those that were met were late for people: those that were excluded are watermelons
/// too.
fn met_watermelons(
    group: &v1::ComplianceGroup,
    tally: &v1::Tally,
    review: &v1::GetServiceReviewResponse,
) -> i64 {
    let excluded = review.clocks.iter().filter(|clock| {
        is_excluded_watermelon(clock)
            && clock.target_id == group.target_id
            && clock.priority == group.priority
    });
    (group.watermelons - excluded.count() as i64).clamp(0, tally.met.max(0))
}

/// Both accounts of this period and those before it; nothing of a single period.
pub(super) fn trend_section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let periods = &answer.review.trend;
    if periods.len() < 2 {
        return None;
    }
    let has_slx = periods.iter().any(|point| !point.slx_percent.is_empty());
    let columns = [
        Some(TableColumn::text(language.text("column-period"))),
        Some(TableColumn::figure(language.text("column-contractual"))),
        Some(TableColumn::figure(language.text("column-experienced"))),
        Some(TableColumn::figure(language.text("column-met"))),
        Some(TableColumn::figure(language.text("column-late"))),
        Some(TableColumn::figure(language.text("column-excluded"))),
        Some(TableColumn::figure(language.text("column-watermelons"))),
        Some(TableColumn::figure(language.text("column-lost"))),
        has_slx.then(|| TableColumn::figure(language.text("column-slx"))),
    ];
    let rows = periods.iter().map(|point| {
        let contractual = point.contractual.clone().unwrap_or_default();
        let experienced = point.experienced.clone().unwrap_or_default();
        let cells = [
            language.period(&point.period.clone().unwrap_or_default()),
            language.percent(&contractual.attainment),
            language.percent(&experienced.attainment),
            language.count(contractual.met),
            language.count(contractual.breached),
            language.count(contractual.excluded),
            language.count(point.watermelons),
            point
                .lost_time
                .map_or_else(|| language.text("none"), |lost| language.hours(Some(lost))),
            language.percent(&point.slx_percent),
        ];
        TableRow::of(cells.into_iter().take(if has_slx { 9 } else { 8 }))
    });
    let table = Table::of(language.text("section-trend"), columns.into_iter().flatten(), rows)?;
    let keys = [
        ("line-contractual", language.text("key-contractual")),
        ("line-experienced", language.text("key-experienced")),
    ];
    let keys = keys.map(|(class, meaning)| Key { class, meaning });
    let picture = trend(periods, language);
    let drawn = picture.map(|picture| [Block::Keys(keys.into()), Block::Trend(picture)]);
    let blocks = drawn.into_iter().flatten().chain([Block::Table(table)]);
    Section::of(language.text("section-trend"), blocks)
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::all;
    use super::*;

    /// What was excluded and late for people was taken off those that were met in time.
    #[test]
    fn only_what_was_met_is_of_those_that_were_met() {
        let clock = |target: &str, outcome: v1::Outcome| v1::ReviewedClock {
            target_id: target.into(),
            outcome: outcome as i32,
            is_watermelon: true,
            ..Default::default()
        };
        let excluded = v1::Outcome::Excluded;
        let open = v1::ReviewedClock { open: true, ..clock("r", excluded) };
        let clocks = vec![
            clock("r", excluded),
            clock("other", excluded),
            clock("r", v1::Outcome::Met),
            open,
        ];
        let review = v1::GetServiceReviewResponse { clocks, ..Default::default() };
        let of = |watermelons, met| {
            let group =
                v1::ComplianceGroup { target_id: "r".into(), watermelons, ..Default::default() };
            met_watermelons(&group, &v1::Tally { met, ..Default::default() }, &review)
        };
        assert_eq!([of(2, 3), of(1, 3), of(5, 3)], [1, 0, 3]);
    }

    /// P7: "0 s" stood where it was not reported how many people were hit.
    #[test]
    fn lost_time_that_is_not_measured_is_a_dash_in_the_trend() {
        let point = |lost_time| v1::ReviewedPeriod { lost_time, ..Default::default() };
        let none = prost_types::Duration { seconds: 0, nanos: 0 };
        let mut answer = ReviewAnswer::default();
        answer.review.trend = vec![point(None), point(Some(none))];
        for language in all() {
            let section = trend_section(&answer, &language).unwrap();
            let Some(Block::Table(table)) = section.blocks.last() else { panic!("no table") };
            let lost = table.rows.iter().map(|row| row.cells[7].text.replace('\u{a0}', " "));
            assert_eq!(lost.collect::<Vec<_>>(), ["–", "0 s"]);
        }
    }
}
