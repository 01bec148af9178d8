//! How earlier forecasts turned out.

use super::arguments::Forecast;
use super::lag::say_lag;
use crate::cli::connection::refused;
use crate::cli::show::percent;
use crate::codec::v1::forecast_service_client::ForecastServiceClient;
use crate::codec::{text, v1};

/// The length of a bar that means all.
const BAR: f64 = 40.0;

pub(super) async fn run(arguments: Forecast) -> anyhow::Result<()> {
    let read = arguments.read_times.in_zone(&arguments.shown)?;
    let request = v1::GetForecastQualityRequest {
        tenant: arguments.connection.tenant.clone(),
        contract_id: arguments.contract,
        target_id: arguments.target,
        period: arguments.period.unwrap_or_default(),
        as_of_time: read.as_of_time,
        known_time: read.known_time,
        ..Default::default()
    };
    let mut client = ForecastServiceClient::new(arguments.connection.open().await?);
    let answer = client.get_forecast_quality(request).await.map_err(refused)?.into_inner();
    match arguments.json {
        true => say!("{}", text::to_json(&answer, "slx.v1.GetForecastQualityResponse")?),
        false => {
            say!("{}", show(&answer.quality.unwrap_or_default()));
            say_lag(answer.learnt, &arguments.shown.times()?)?;
        }
    }
    Ok(())
}

/// The scores, and the calibration table.
pub(in crate::cli) fn show(quality: &v1::ForecastQuality) -> String {
    if quality.forecasts == 0 {
        return "No forecast of a decided clock yet.".to_owned();
    }
    let scores = format!(
        "{} forecasts of {} clocks, {} breached\n\
         Brier score {:.4}, which is {}; log loss {:.4}; calibration \
         error {:.4}\n",
        quality.forecasts,
        quality.clocks,
        percent(quality.base_rate),
        quality.brier_score,
        skill(quality.skill),
        quality.log_loss,
        quality.calibration_error,
    );
    let rows = quality.calibration.iter().map(|row| {
        let (predicted, observed) = (percent(row.predicted), percent(row.observed));
        format!("predicted {predicted:>4}, observed {observed:>4} |{}| {}", bar(row), row.forecasts)
    });
    let rows: Vec<_> = rows.collect();
    let calibration = rows.join("\n");
    let stops = stops(&quality.stop_coverage);
    format!("{scores}\n{calibration}\n{:34}* predicted, # observed, + both{stops}", "")
}

/// How the expected stops turned out; empty when no clock has stopped.
fn stops(coverage: &[v1::StopCoverage]) -> String {
    let Some(first) = coverage.first() else { return String::new() };
    let row = |of: &v1::StopCoverage| {
        let (percent, share) = (of.percent, percent(of.share));
        format!("\nstopped by p{percent}: {share:>4} ({} forecasts)", of.held)
    };
    let rows: String = coverage.iter().map(row).collect();
    format!("\n\n{} expected stops of clocks that have stopped{rows}", first.forecasts)
}

/// How much better than the base rate forecasts were. Where all clocks turned out alike, the base
/// rate is perfect and there is nothing to compare with.
fn skill(skill: f64) -> String {
    match 100.0 * skill {
        percent if !percent.is_finite() => {
            "not to be compared: all clocks turned out alike".to_owned()
        }
        percent if percent < 0.0 => format!("{:.0}% worse than the base rate", -percent),
        percent => format!("{percent:.0}% better than the base rate"),
    }
}

/// A scale from 0 to 1 with the predicted (`*`) and the observed share (`#`), or both (`+`).
fn bar(row: &v1::CalibrationRow) -> String {
    let place = |share: f64| (share * BAR).round() as usize;
    let (predicted, observed) = (place(row.predicted), place(row.observed));
    let mark = |at: usize| match (at == predicted, at == observed) {
        (true, true) => '+',
        (true, false) => '*',
        (false, true) => '#',
        (false, false) => '.',
    };
    (0..=BAR as usize).map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predicted_and_observed_stand_on_one_scale() {
        let bar =
            |predicted, observed| bar(&v1::CalibrationRow { forecasts: 1, predicted, observed });
        assert_eq!(bar(0.0, 1.0), format!("*{}#", ".".repeat(39)));
        assert_eq!(bar(0.5, 0.5), format!("{}+{}", ".".repeat(20), ".".repeat(20)));
    }
}
