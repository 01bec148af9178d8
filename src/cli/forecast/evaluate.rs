//! `slx forecast --evaluate`.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde_json::json;

use super::arguments::Forecast;
use super::evaluate_periods::{dumped_period, periods_as_json, shown_periods};
use super::recorded::TenantRecords;
use super::tested::{quoted, scored};
use crate::cli::show::{span, table};
use crate::codec::scalar::{duration, optional_instant};
use crate::domain::forecast::{BASELINES, Baseline, MODEL_VERSION, Quality, STOP_QUANTILES};
use crate::domain::time::Instant;
use crate::engine::backtest::{
    OCCASIONS, Occasion, ScoredForecast, StopsHeld, Test, Tested, TestedClocks, TestedPeriods,
    incidents, test_clocks, test_periods,
};
use crate::journal::JournalFiles;
use crate::runtime::{read_names, zones};

/// Of a forecast of a period, the period and the objective stand in place of incident and target.
const DUMP_HEADING: &str = "occasion,incident,target,cycle,time,probability,outcome,decide_time,\
                            grouped_by,group,low,high,attained";

pub fn run(arguments: &Forecast) -> anyhow::Result<ExitCode> {
    let zones = zones::open(&zones::Choice::Automatic)?;
    let log = JournalFiles::at(arguments.data_dir.join("journal"));
    let (tenant, names) =
        (arguments.connection.tenant.as_str().into(), read_names(&arguments.data_dir)?);
    let recorded = TenantRecords::read(&log, &tenant, &zones, &names)?;
    let known = recorded.catalog.known(Instant::MAX);
    if known.contract(&arguments.contract).all().is_empty() {
        let ids = known.contract_ids().collect::<Vec<_>>().join(", ");
        bail!(
            "there is no contract {:?} of tenant {:?}: {ids}",
            arguments.contract,
            arguments.connection.tenant
        );
    }
    let time = |given| {
        let time = arguments.shown.instant(given)?;
        optional_instant(time).map_err(|_| anyhow!("a time is out of range"))
    };
    let tested = Test {
        contract_id: &arguments.contract,
        target_id: &arguments.target,
        learn_until: time(arguments.learn_until)?.unwrap_or(Instant::MIN),
        until: time(arguments.until)?.or(recorded.last_fact()).unwrap_or(Instant::MAX),
    };
    let mut incidents = incidents(tested, &recorded.ledgers);
    let TestedClocks { occasions, stops, forecasts } = test_clocks(tested, &mut incidents, known);
    if occasions.is_empty() {
        bail!("no clock was open from {} on and decided by {}", tested.learn_until, tested.until);
    }
    let periods = test_periods(tested, &mut incidents, known);
    if let Some(path) = &arguments.dump {
        let of_periods = periods.forecasts.iter().map(dumped_period);
        let rows: Vec<_> = forecasts.iter().map(dumped).chain(of_periods).collect();
        let baselines = BASELINES.map(column).join(",");
        let text = format!("{DUMP_HEADING},{baselines}\n{}\n", rows.join("\n"));
        fs::write(path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    let results = Results { clocks: occasions, stops, periods };
    match arguments.json {
        true => say!("{:#}", as_json(&results)),
        false => say!("{}", show(&results, tested)),
    }
    Ok(ExitCode::SUCCESS)
}

/// A row of the file of all forecasts, as comma-separated values.
fn dumped(forecast: &ScoredForecast) -> String {
    let ScoredForecast { clock, occasion, scored, baselines } = forecast;
    let fields = [
        occasion_name(*occasion).to_owned(),
        quoted(clock.incident_id.as_str()),
        quoted(clock.target_id.as_str()),
        clock.cycle.to_string(),
        scored.time.to_string(),
        format!("{:.6}", scored.probability),
        if scored.is_breached { "breached" } else { "met" }.to_owned(),
        scored.decide_time.to_string(),
        ",,,,".to_owned(),
    ];
    let baselines = baselines.iter().map(|probability| format!("{probability:.6}"));
    fields.into_iter().chain(baselines).collect::<Vec<_>>().join(",")
}

struct Results {
    clocks: Vec<(Occasion, Tested<Baseline>)>,
    stops: [(Occasion, StopsHeld); OCCASIONS.len()],
    periods: TestedPeriods,
}

fn show(results: &Results, test: Test<'_>) -> String {
    let mut text = format!(
        "Forecasts of {} from {} on, decided by {}; model {MODEL_VERSION}",
        test.contract_id, test.learn_until, test.until
    );
    for (occasion, tested) in &results.clocks {
        let Quality { forecasts, base_rate, .. } = tested.model;
        let (when, breached) = (words(*occasion), 100.0 * base_rate);
        text += &format!("\n\n{when}: {forecasts} forecasts, {breached:.1} % breached\n");
        text += &scores(tested, name);
        text += &stops_held(results, *occasion);
    }
    text += &shown_periods(&results.periods);
    text
}

/// How often clocks had stopped by when they were expected to.
fn stops_held(results: &Results, occasion: Occasion) -> String {
    let Some((_, stops)) = results.stops.iter().find(|(of, _)| *of == occasion) else {
        return String::new();
    };
    let by = STOP_QUANTILES.iter().zip(stops.shares()).zip(stops.forecasts);
    let words = by.map(|((quantile, share), forecasts)| {
        let share = 100.0 * share.unwrap_or_default();
        format!("by p{:.0} in {share:.1} % of {forecasts}", 100.0 * quantile)
    });
    format!("\n\nStopped {}", words.collect::<Vec<_>>().join(", "))
}

fn scores<B: Copy>(tested: &Tested<B>, name: fn(B) -> &'static str) -> String {
    let headings = [
        "forecast",
        "brier",
        "skill",
        "log loss",
        "auc",
        "avg precision",
        "calibration error",
        "recall at 80 %",
        "lead",
    ];
    let baselines = tested.baselines.iter().map(|(of, quality)| row(name(*of), quality));
    let rows = std::iter::once(row("slx", &tested.model)).chain(baselines).collect();
    table(&headings, &[1, 2, 3, 4, 5, 6, 7, 8], rows)
}

fn row(name: &str, quality: &Quality) -> Vec<String> {
    let figures = [
        quality.brier,
        quality.skill,
        quality.log_loss,
        quality.auc,
        quality.average_precision,
        quality.calibration_error,
        quality.alarms.recall,
    ];
    let figures = figures.iter().map(|figure| format!("{figure:.4}"));
    let lead = span(Some(duration(quality.alarms.lead)));
    [name.to_owned()].into_iter().chain(figures).chain([lead]).collect()
}

fn words(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Event => "After every event",
        Occasion::Noon => "At noon of every business day",
    }
}

fn occasion_name(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Event => "event",
        Occasion::Noon => "noon",
    }
}

fn name(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::BaseRate => "rate of the priority",
        Baseline::PercentUsed => "50/75/90 % rules",
        Baseline::Survival => "survival so far",
        Baseline::Logistic => "logistic, refitted weekly",
    }
}

/// The column of a baseline's probabilities.
fn column(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::BaseRate => "rate_of_priority",
        Baseline::PercentUsed => "percent_rules",
        Baseline::Survival => "survival",
        Baseline::Logistic => "logistic",
    }
}

fn as_json(results: &Results) -> serde_json::Value {
    let of_clocks = |(occasion, tested): &(Occasion, Tested<Baseline>)| {
        let mut json = json_of(occasion_name(*occasion), tested, name);
        let stops = results.stops.iter().find(|(of, _)| of == occasion);
        if let Some((fields, (_, stops))) = json.as_object_mut().zip(stops) {
            fields.insert("stops".to_owned(), stops_json(stops));
        }
        json
    };
    let clocks = results.clocks.iter().map(of_clocks);
    let clocks: Vec<_> = clocks.collect();
    let periods = periods_as_json(&results.periods);
    json!({"modelVersion": MODEL_VERSION, "results": clocks, "periods": periods})
}

fn json_of<B: Copy>(
    occasion: &str,
    tested: &Tested<B>,
    name: fn(B) -> &'static str,
) -> serde_json::Value {
    let baselines = tested.baselines.iter();
    let baselines = baselines.map(|(of, quality)| (name(*of).to_owned(), scored(quality)));
    json!({
        "occasion": occasion,
        "model": scored(&tested.model),
        "baselines": baselines.collect::<serde_json::Map<_, _>>(),
    })
}

fn stops_json(stops: &StopsHeld) -> serde_json::Value {
    let counts = stops.forecasts.iter().zip(stops.held).zip(stops.shares());
    let rows = STOP_QUANTILES.iter().zip(counts).map(|(quantile, ((forecasts, held), share))| {
        let percent = (100.0 * quantile).round();
        json!({"percent": percent, "forecasts": forecasts, "held": held, "share": share})
    });
    rows.collect()
}
