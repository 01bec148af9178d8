//! What a period cost people, for the terminal and for the page.

use itertools::Itertools;

use super::wording::{hours, shortened};
use crate::cli::compliance::show_slx;
use crate::cli::figures::{dash, percent};
use crate::cli::show::span;
use crate::codec::v1;

/// For the terminal; none where no incident ended.
pub(super) fn lines(review: &v1::GetServiceReviewResponse) -> Option<String> {
    let experience_totals = review
        .total
        .clone()?
        .experience_totals
        .filter(|experience_totals| experience_totals.incidents > 0)?;
    let promises = experience_totals.promises_kept + experience_totals.promises_broken;
    let survey = experience_totals.survey.unwrap_or_default();
    let mut lines = vec![
        format!(
            "{} of people's time lost in {} incidents",
            span(experience_totals.lost_time),
            experience_totals.incidents
        ),
        format!("{} lost in the median incident", span(experience_totals.lost_time_p50)),
        format!(
            "{} of {} of service time idle: nobody waited on, nobody working",
            span(experience_totals.idle_time),
            span(experience_totals.service_time),
        ),
        format!(
            "{} handovers, {} reopenings",
            experience_totals.handovers, experience_totals.reopenings
        ),
    ];
    if promises > 0 {
        lines
            .push(format!("{} of {promises} promised times kept", experience_totals.promises_kept));
    }
    if survey.answers > 0 {
        let score = dash(&survey.average_score);
        lines.push(format!("{} answers, {score} on average", survey.answers));
    }
    if let Some(slx) = &review.slx {
        lines.push(format!("SLX figure {}:\n{}", percent(&slx.percent), show_slx(slx)));
    }
    Some(lines.join("\n"))
}

/// For the page: each line has a name, a figure and what it means.
pub(super) struct People {
    pub lines: Vec<[String; 3]>,
    pub slx: Option<Slx>,
}

/// The SLX figure, of what it is made, and what weighs nothing since nothing is known of it.
pub(super) struct Slx {
    pub figure: String,
    pub parts: String,
    pub unknown: String,
}

impl People {
    /// Of a review; none where no incident ended.
    pub fn of(review: &v1::GetServiceReviewResponse) -> Option<People> {
        let experience_totals = review
            .total
            .clone()?
            .experience_totals
            .filter(|experience_totals| experience_totals.incidents > 0)?;
        let incidents = format!("in {} incidents that ended", experience_totals.incidents);
        let median = "an incident: half of them cost at most this";
        let served = experience_totals.service_time.unwrap_or_default().seconds.max(1);
        let idle = experience_totals.idle_time.unwrap_or_default().seconds * 100 / served;
        let idle = format!("{idle}% of their service time: nobody waited on, nobody working");
        let mut lines = vec![
            ["People's time lost".to_owned(), hours(experience_totals.lost_time), incidents],
            ["Median".to_owned(), span(experience_totals.lost_time_p50), median.to_owned()],
            ["Idle".to_owned(), hours(experience_totals.idle_time), idle],
            line("Handed over", experience_totals.handovers, "times from group to group"),
            line("Reopened", experience_totals.reopenings, "times after a resolution"),
        ];
        let promises = experience_totals.promises_kept + experience_totals.promises_broken;
        if promises > 0 {
            let shown = format!("of {promises} times by which it was to work again");
            lines.push(line("Promises kept", experience_totals.promises_kept, &shown));
        }
        if let Some(survey) = experience_totals.survey.filter(|survey| survey.answers > 0) {
            let shown = format!("of 10, on average of {} answers", survey.answers);
            lines.push(["Score".to_owned(), survey.average_score, shown]);
        }
        Some(People { lines, slx: review.slx.as_ref().map(Slx::of) })
    }
}

fn line(name: &str, count: i64, shown: &str) -> [String; 3] {
    [name.to_owned(), count.to_string(), shown.to_owned()]
}

impl Slx {
    fn of(slx: &v1::SlxFigure) -> Slx {
        let parts = [
            ("time not lost", &slx.lost_time),
            ("promises kept", &slx.promises),
            ("time not idle", &slx.idle),
            ("the score", &slx.score),
        ];
        let parts = parts.iter().filter_map(|(name, part)| Some((*name, part.as_ref()?)));
        let weighed = parts.filter(|(_, part)| part.weight > 0).collect_vec();
        let is_unknown = |part: &v1::SlxPart| part.percent.is_empty();
        let unknown = weighed.iter().filter(|(_, part)| is_unknown(part)).map(|(name, _)| name);
        let known = weighed.iter().filter(|(_, part)| !is_unknown(part)).map(|(name, part)| {
            format!("{name} {} (weighs {})", percent(&shortened(&part.percent)), part.weight)
        });
        Slx {
            figure: percent(&shortened(&slx.percent)),
            parts: known.collect_vec().join(", "),
            unknown: unknown.collect_vec().into_iter().join(" and "),
        }
    }
}
