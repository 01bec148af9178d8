//! What a period cost people: the experience section, and what the SLX figure is made of.

use itertools::Itertools;

use super::answer::ReviewAnswer;
use super::language::Language;
use super::report::{Block, Section, Table, TableColumn, TableRow};
use crate::codec::v1;

/// What people went through; none where no incident ended.
pub(super) fn section(answer: &ReviewAnswer, language: &Language) -> Option<Section> {
    let totals = answer.review.total.clone()?.experience_totals;
    let totals = totals.filter(|totals| totals.incidents > 0)?;
    let columns = [
        TableColumn::text(language.text("column-figure")),
        TableColumn::figure(language.text("column-value")),
        TableColumn::text(language.text("column-meaning")),
    ];
    let rows = lines(&totals, language).into_iter().map(TableRow::of);
    let table = Table::of(language.text("section-experience"), columns, rows)?;
    let slx = answer.review.slx.as_ref().map(|slx| Block::Text(made_of(slx, language)));
    Section::of(language.text("section-experience"), [Block::Table(table)].into_iter().chain(slx))
}

/// Each line has a name, a figure and what it means.
fn lines(totals: &v1::ExperienceTotals, language: &Language) -> Vec<[String; 3]> {
    let served = totals.service_time.unwrap_or_default().seconds;
    let idle = language.share_of(totals.idle_time.unwrap_or_default().seconds, served);
    let incidents = language.say("lost-meaning", &[("count", totals.people_reported.into())]);
    let idle_means = language.say("idle-meaning", &[("share", idle.into())]);
    let mut lines = Vec::new();
    match totals.lost_time {
        Some(lost) => {
            let median = language.text("lost-median-meaning");
            let estimated =
                language.say("lost-estimated", &[("count", totals.people_estimated.into())]);
            let incidents = if totals.people_estimated > 0 {
                format!("{incidents}; {estimated}")
            } else {
                incidents
            };
            lines.push([language.text("lost"), language.hours(Some(lost)), incidents]);
            lines.push([language.text("lost-median"), language.span(totals.lost_time_p50), median]);
        }
        None => lines.push([
            language.text("lost"),
            language.text("not-measured"),
            language.text("people-not-reported"),
        ]),
    }
    lines.push(match totals.idle_time {
        Some(idle) => [language.text("idle"), language.hours(Some(idle)), idle_means],
        None => [
            language.text("idle"),
            language.text("not-measured"),
            language.text("work-not-reported"),
        ],
    });
    lines.extend([
        [
            language.text("handovers"),
            language.count(totals.handovers),
            language.text("handovers-meaning"),
        ],
        [
            language.text("reopenings"),
            language.count(totals.reopenings),
            language.text("reopenings-meaning"),
        ],
    ]);
    let promises = totals.promises_kept + totals.promises_broken;
    if promises > 0 {
        let meaning = language.say("promises-meaning", &[("count", promises.into())]);
        let kept = language.count(totals.promises_kept);
        lines.push([language.text("promises"), kept, meaning]);
    }
    if let Some(survey) = totals.survey.as_ref().filter(|survey| survey.answers > 0) {
        let meaning = language.say("score-meaning", &[("count", survey.answers.into())]);
        lines.push([language.text("score"), language.number(&survey.average_score), meaning]);
    }
    lines
}

/// The parts that the SLX figure is made of, and those that nothing is known of.
fn made_of(slx: &v1::SlxFigure, language: &Language) -> String {
    let parts = [
        (language.text("part-lost-time"), &slx.lost_time),
        (language.text("part-promises"), &slx.promises),
        (language.text("part-idle"), &slx.idle),
        (language.text("part-score"), &slx.score),
    ];
    let parts = parts.into_iter().filter_map(|(name, part)| Some((name, part.as_ref()?)));
    let weighed: Vec<_> = parts.filter(|(_, part)| part.weight > 0).collect();
    let is_unknown = |part: &v1::SlxPart| !part.counts;
    let known = weighed.iter().filter(|(_, part)| !is_unknown(part)).map(|(name, part)| {
        let arguments = [
            ("name", name.as_str().into()),
            ("percent", language.percent(&part.percent).into()),
            ("weight", i64::from(part.weight).into()),
        ];
        language.say("part", &arguments)
    });
    let known = known.collect_vec();
    let figure = ("figure", language.percent(&slx.percent).into());
    let made = language.say("slx-made-of", &[figure, ("parts", language.and(&known).into())]);
    let unknown = weighed.iter().filter(|(_, part)| is_unknown(part));
    let unknown = unknown.map(|(name, _)| name.clone()).collect_vec();
    match unknown.as_slice() {
        [] => made,
        some => {
            let rest = language.say("slx-unknown", &[("parts", language.and(some).into())]);
            format!("{made} {rest}")
        }
    }
}
