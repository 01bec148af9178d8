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
    let slx = answer.review.slx.as_ref().and_then(|slx| made_of(slx, language));
    Section::of(
        language.text("section-experience"),
        [Block::Table(table)].into_iter().chain(slx.map(Block::Text)),
    )
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
            language.say("handovers-meaning", &[("count", totals.handovers.into())]),
        ],
        [
            language.text("reopenings"),
            language.count(totals.reopenings),
            language.say("reopenings-meaning", &[("count", totals.reopenings.into())]),
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

/// The parts that the SLX figure is made of, and those that too little is known of.
fn made_of(slx: &v1::SlxFigure, language: &Language) -> Option<String> {
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
    let made = match known.as_slice() {
        [] => language.text("slx-not-measured"),
        some => {
            let figure = ("figure", language.percent(&slx.percent).into());
            language.say("slx-made-of", &[figure, ("parts", language.and(some).into())])
        }
    };
    let unknown = weighed.iter().filter(|(_, part)| is_unknown(part));
    let unknown = unknown.map(|(name, _)| name.clone()).collect_vec();
    match (unknown.as_slice(), known.is_empty()) {
        ([], true) => None,
        ([], false) => Some(made),
        (some, _) => {
            let rest = language.say("slx-unknown", &[("parts", language.and(some).into())]);
            Some(format!("{made} {rest}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::{all, english};
    use super::*;

    fn part(counts: bool) -> Option<v1::SlxPart> {
        Some(v1::SlxPart { weight: 100, percent: "90".into(), counts, ..Default::default() })
    }

    /// "The SLX figure of – is made of ." stood where no part counts.
    #[test]
    fn an_slx_figure_of_nothing_is_not_made_of_anything() {
        let none = v1::SlxFigure { score: part(false), ..Default::default() };
        assert_eq!(
            all().map(|language| made_of(&none, &language).unwrap_or_default()),
            [
                "There is no SLX figure. Too little is known of the survey score.",
                "Er is geen SLX-cijfer. Over het enquêtecijfer is te weinig bekend.",
                "Es gibt keinen SLX-Wert. Zu wenig bekannt: die Umfragenote.",
            ]
        );
        assert_eq!(made_of(&v1::SlxFigure::default(), &english()), None);
        let percent = "90".to_owned();
        let some = v1::SlxFigure { percent, score: part(true), ..Default::default() };
        let made = "The SLX figure of 90.0% is made of the survey score 90.0% (weight 100).";
        assert_eq!(made_of(&some, &english()).as_deref(), Some(made));
    }

    #[test]
    fn one_stands_in_the_singular() {
        let meanings = |count: i64| {
            let totals =
                v1::ExperienceTotals { handovers: count, reopenings: count, ..Default::default() };
            let [.., [_, _, handovers], [_, _, reopenings]] = &lines(&totals, &english())[..]
            else {
                panic!("too few lines")
            };
            [handovers.clone(), reopenings.clone()]
        };
        assert_eq!(meanings(1), ["time from group to group", "time after a resolution"]);
        assert_eq!(meanings(2), ["times from group to group", "times after a resolution"]);
    }
}
