//! Figures of a backtest, as files hold them.

use serde_json::json;

use crate::domain::forecast::Quality;

/// A text as comma-separated values hold it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The figures of forecasts of one kind.
pub(super) fn scored(quality: &Quality) -> serde_json::Value {
    let bins = quality.calibration.iter().map(|bin| {
        let (predicted, observed) = (bin.predicted, bin.observed);
        json!({"forecasts": bin.forecasts, "predicted": predicted, "observed": observed})
    });
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
