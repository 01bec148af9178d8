//! How forecasts had turned out.

use super::arguments::Forecast;
use crate::cli::connection::refused;
use crate::cli::show::percent;
use crate::codec::v1::forecast_service_client::ForecastServiceClient;
use crate::codec::{text, v1};

/// The length of a bar that means all.
const BAR: f64 = 40.0;

pub(super) async fn run(read_times: Forecast) -> anyhow::Result<()> {
    let request = v1::GetForecastQualityRequest {
        tenant: read_times.connection.tenant.clone(),
        contract_id: read_times.contract,
        target_id: read_times.target,
        period: read_times.period.unwrap_or_default(),
        as_of_time: read_times.read_times.as_of_time,
        known_time: read_times.read_times.known_time,
        ..Default::default()
    };
    let mut client = ForecastServiceClient::new(read_times.connection.open().await?);
    let answer = client.get_forecast_quality(request).await.map_err(refused)?.into_inner();
    match read_times.json {
        true => say!("{}", text::to_json(&answer, "slx.v1.GetForecastQualityResponse")?),
        false => say!("{}", show(&answer.quality.unwrap_or_default())),
    }
    Ok(())
}

/// The scores, and what was said against what became so.
pub(in crate::cli) fn show(quality: &v1::ForecastQuality) -> String {
    if quality.forecasts == 0 {
        return "No forecast of a decided clock yet.".to_owned();
    }
    let scores = format!(
        "{} forecasts of {} clocks, {} breached\n\
         Brier score {:.4}, which is {:.0}% better than the base rate; log loss {:.4}; calibration \
         error {:.4}\n",
        quality.forecasts,
        quality.clocks,
        percent(quality.base_rate),
        quality.brier_score,
        100.0 * quality.skill,
        quality.log_loss,
        quality.calibration_error,
    );
    let rows = quality.calibration.iter().map(|row| {
        let (predicted, observed) = (percent(row.predicted), percent(row.observed));
        format!("said {predicted:>4}, became {observed:>4} |{}| {}", bar(row), row.forecasts)
    });
    let rows: Vec<_> = rows.collect();
    format!("{scores}\n{}\n{:27}* said, # became, + both", rows.join("\n"), "")
}

/// Where what was said (`*`) and what became so (`#`) lie between none and all; `+`: both.
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
    fn what_was_said_and_what_became_so_stand_on_one_scale() {
        let bar =
            |predicted, observed| bar(&v1::CalibrationRow { forecasts: 1, predicted, observed });
        assert_eq!(bar(0.0, 1.0), format!("*{}#", ".".repeat(39)));
        assert_eq!(bar(0.5, 0.5), format!("{}+{}", ".".repeat(20), ".".repeat(20)));
    }
}
