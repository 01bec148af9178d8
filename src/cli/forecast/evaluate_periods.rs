//! What `slx forecast --evaluate` prints of forecasts of periods.

use serde_json::{Value, json};

use super::tested::{quoted, scored};
use crate::cli::show::table;
use crate::domain::forecast::Quality;
use crate::engine::answers::compliance::GroupKey;
use crate::engine::backtest::{
    Length, PeriodBaseline, PeriodScores, PeriodsOf, ScoredPeriod, TestedPeriods,
};

/// Figures of fewer periods say little, and are left out.
const PERIODS_LEAST: usize = 10;

/// A table for each kind of periods of which there are enough.
pub(super) fn shown_periods(tested: &TestedPeriods) -> String {
    let mut text = "\n\nWhether a promise will be missed, at noon of every business day".to_owned();
    let enough = |scores: &&PeriodScores| scores.periods >= PERIODS_LEAST;
    for (of, scores) in &tested.kinds {
        match scores.as_ref().filter(enough) {
            Some(scores) => text += &shown(*of, scores),
            None => {
                let periods = scores.as_ref().map_or(0, |scores| scores.periods);
                text += &format!(
                    "\n\n{}: too little to say, {periods} with ten decided clocks or more",
                    words(*of)
                );
            }
        }
    }
    text
}

fn shown(of: PeriodsOf, scores: &PeriodScores) -> String {
    let Quality { forecasts, base_rate, .. } = scores.tested.model;
    let held = format!("{:.1} %", 100.0 * scores.interval_held);
    let model = row("slx", &scores.tested.model, held);
    let baselines = scores.tested.baselines.iter();
    let baselines = baselines.map(|(of, quality)| row(name(*of), quality, "-".to_owned()));
    let headings = ["forecast", "brier", "skill", "log loss", "calibration error", "90 % interval"];
    let rows = std::iter::once(model).chain(baselines).collect();
    format!(
        "\n\n{}: {forecasts} forecasts of {} periods, {:.1} % missed\n{}",
        words(of),
        scores.periods,
        100.0 * base_rate,
        table(&headings, &[1, 2, 3, 4, 5], rows)
    )
}

fn row(name: &str, quality: &Quality, held: String) -> Vec<String> {
    let figures = [quality.brier, quality.skill, quality.log_loss, quality.calibration_error];
    let figures = figures.iter().map(|figure| format!("{figure:.4}"));
    [name.to_owned()].into_iter().chain(figures).chain([held]).collect()
}

fn words((length, key): PeriodsOf) -> String {
    let length = match length {
        Length::Week => "Weeks",
        Length::Month => "Months",
        Length::Quarter => "Quarters",
    };
    match grouped_by(key) {
        "" => format!("{length} of the contract"),
        key => format!("{length} of each {key}"),
    }
}

fn grouped_by(key: Option<GroupKey>) -> &'static str {
    match key {
        Some(GroupKey::Service) => "service",
        Some(GroupKey::Category) => "category",
        Some(GroupKey::Group) => "group",
        _ => "",
    }
}

fn length_name(length: Length) -> &'static str {
    match length {
        Length::Week => "week",
        Length::Month => "month",
        Length::Quarter => "quarter",
    }
}

fn name(baseline: PeriodBaseline) -> &'static str {
    match baseline {
        PeriodBaseline::RunningRate => "running rate",
        PeriodBaseline::LastPeriod => "like the last period",
        PeriodBaseline::History => "past periods missed",
        PeriodBaseline::SoFar => "attainment so far",
    }
}

/// The figures of each kind of periods.
pub(super) fn periods_as_json(tested: &TestedPeriods) -> Value {
    let of_kind = |((length, key), scores): &(PeriodsOf, Option<PeriodScores>)| {
        let mut kind = json!({"period": length_name(*length), "groupedBy": grouped_by(*key)});
        if let (Some(scores), Some(kind)) = (scores, kind.as_object_mut()) {
            let baselines = scores.tested.baselines.iter();
            let baselines = baselines.map(|(of, quality)| (name(*of).to_owned(), scored(quality)));
            kind.insert("periods".to_owned(), scores.periods.into());
            kind.insert("model".to_owned(), scored(&scores.tested.model));
            kind.insert("intervalHeld".to_owned(), scores.interval_held.into());
            let baselines = baselines.collect::<serde_json::Map<_, _>>();
            kind.insert("baselines".to_owned(), baselines.into());
        }
        kind
    };
    tested.kinds.iter().map(of_kind).collect()
}

/// A row of the file of all forecasts: the period in place of the clock.
pub(super) fn dumped_period(forecast: &ScoredPeriod) -> String {
    let ScoredPeriod { of: (length, key), scored, interval: (low, high), .. } = forecast;
    let fields = [
        length_name(*length).to_owned(),
        quoted(&forecast.period),
        quoted(&forecast.objective),
        String::new(),
        scored.time.to_string(),
        format!("{:.6}", scored.probability),
        if scored.is_breached { "missed" } else { "met" }.to_owned(),
        scored.decide_time.to_string(),
        grouped_by(*key).to_owned(),
        quoted(&forecast.group),
        format!("{low:.6}"),
        format!("{high:.6}"),
        format!("{:.6}", forecast.attained),
    ];
    fields.join(",")
}
