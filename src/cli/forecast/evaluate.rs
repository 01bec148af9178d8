//! `slx forecast --evaluate`.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::Forecast;
use super::recorded::Recorded;
use crate::cli::show::{span, table};
use crate::domain::forecast::{Baseline, MODEL_VERSION, Quality};
use crate::domain::time::Instant;
use crate::engine::forecast::{Occasion, Test, Tested, test};
use crate::runtime::zones;
use crate::wire::scalar::{duration, optional_instant};

pub fn run(asked: &Forecast) -> anyhow::Result<ExitCode> {
    let zones = zones::open(&zones::Choice::Automatic)?;
    let recorded =
        Recorded::read(&asked.data_dir.join("journal"), &asked.connection.tenant, &zones)?;
    let known = recorded.catalog.known(Instant::MAX);
    if known.contract(&asked.contract).all().is_empty() {
        let ids = known.contract_ids().collect::<Vec<_>>().join(", ");
        bail!(
            "there is no contract {:?} of tenant {:?}: {ids}",
            asked.contract,
            asked.connection.tenant
        );
    }
    let told = |time| optional_instant(time).map_err(|_| anyhow!("a time is out of range"));
    let tested = Test {
        contract_id: &asked.contract,
        target_id: &asked.target,
        learn_until: told(asked.learn_until)?.unwrap_or(Instant::MIN),
        until: told(asked.until)?.or(recorded.last_fact()).unwrap_or(Instant::MAX),
    };
    let results = test(tested, recorded.ledgers.values(), known);
    if results.is_empty() {
        bail!("no clock was open from {} on and decided by {}", tested.learn_until, tested.until);
    }
    match asked.json {
        true => say!("{:#}", as_json(&results)),
        false => say!("{}", show(&results, tested)),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(results: &[Tested], tested: Test<'_>) -> String {
    let mut text = format!(
        "Forecasts of {} from {} on, decided by {}; model {MODEL_VERSION}",
        tested.contract_id, tested.learn_until, tested.until
    );
    for result in results {
        let (forecasts, base_rate) = (result.model.forecasts, result.model.base_rate);
        let when = words(result.occasion);
        text +=
            &format!("\n\n{when}: {forecasts} forecasts, {:.1} % breached\n", 100.0 * base_rate);
        text += &scores(result);
    }
    text
}

fn scores(result: &Tested) -> String {
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
    let baselines = result.baselines.iter().map(|(of, quality)| row(name(*of), quality));
    let rows = std::iter::once(row("slx", &result.model)).chain(baselines).collect();
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

fn name(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::BaseRate => "rate of the priority",
        Baseline::PercentUsed => "50/75/90 % rules",
        Baseline::Survival => "survival so far",
    }
}

fn as_json(results: &[Tested]) -> serde_json::Value {
    let result = |result: &Tested| {
        let occasion = match result.occasion {
            Occasion::Event => "event",
            Occasion::Noon => "noon",
        };
        let baselines = result.baselines.iter();
        let baselines = baselines.map(|(of, quality)| (name(*of).to_owned(), scored(quality)));
        json!({
            "occasion": occasion,
            "model": scored(&result.model),
            "baselines": baselines.collect::<serde_json::Map<_, _>>(),
        })
    };
    let results: Vec<_> = results.iter().map(result).collect();
    json!({"modelVersion": MODEL_VERSION, "results": results})
}

fn scored(quality: &Quality) -> serde_json::Value {
    let bins = quality
        .calibration
        .iter()
        .map(|bin| json!({"forecasts": bin.forecasts, "said": bin.said, "became": bin.became}));
    json!({
        "forecasts": quality.forecasts,
        "baseRate": quality.base_rate,
        "brier": quality.brier,
        "skill": quality.skill,
        "logLoss": quality.log_loss,
        "auc": quality.auc,
        "averagePrecision": quality.average_precision,
        "calibrationError": quality.calibration_error,
        "calibration": bins.collect::<Vec<_>>(),
        "alarmThreshold": quality.alarms.threshold,
        "alarmRecall": quality.alarms.recall,
        "alarmLead": quality.alarms.lead.to_string(),
    })
}
