//! Forecasts: how probable a breach is, by what is known now and nothing later.
//!
//! A [`Snapshot`] is what is known of an open clock. The [`Model`] sees it as a [`FeatureVector`]:
//! the weights and curve positions it selects. It learns from the feature vectors of clocks when
//! those are decided. A forecast is therefore a function of the snapshot and of what was decided
//! before, and the same history gives the same figures.

mod alike;
mod arrivals;
mod baseline;
mod breaches;
mod categorical_feature;
mod curve;
mod curve_feature;
mod dispersion;
mod effort;
mod error_budget;
mod explanation;
mod feature_vector;
mod forecaster;
mod key;
mod logistic;
mod model;
mod period;
mod prior;
#[cfg(test)]
mod properties;
mod quality;
mod remaining;
mod snapshot;
mod stop_features;
mod track_record;
mod weight;

pub use alike::{Alike, Passed, Stratum};
pub use arrivals::{Arrivals, DayLeft, PastDays};
pub use baseline::{BASELINES, Baseline, Baselines, Mark};
pub use breaches::BreachCounts;
pub use categorical_feature::{CATEGORICAL_FEATURES, CategoricalFeature};
pub use curve::Position;
pub use curve_feature::{CURVE_FEATURES, CurveFeature};
pub use dispersion::common_shock;
pub use effort::{Effort, Errors, Estimates};
pub use error_budget::{Budget, BurnWindow};
pub use explanation::{Reason, explain, explain_effort, summary};
pub use feature_vector::FeatureVector;
pub use forecaster::{Forecast, Forecaster};
pub use key::Key;
pub use model::{MODEL_VERSION, Model};
pub use period::{Influence, OpenClock, PeriodForecast, PeriodSoFar};
pub use quality::{Alarms, Bin, Quality, Scored};
pub use remaining::{CLASSES, ExpectedStop, RanOn, Remaining, STOP_QUANTILES, classes_run_through};
pub use snapshot::{FeatureFields, HOLDERS, Holder, IncidentFeatures, Snapshot};
pub use stop_features::{StopFeatures, StopStratum};
pub use track_record::{BinSums, ForecastScore, StopSums, Sums, TrackRecord, month_of};
pub use weight::Weight;
