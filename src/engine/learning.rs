//! stub
use crate::domain::forecast::{Bin, Forecaster};
/// s
#[derive(Clone, Debug, Default)]
pub struct Learned {
    /// s
    pub forecaster: Forecaster,
    /// s
    pub record: TrackRecord,
}
/// s
#[derive(Clone, Debug, Default)]
pub struct TrackRecord {}
/// s
#[derive(Clone, Debug, Default)]
pub struct Turnout {
    /// s
    pub forecasts: u64,
    /// s
    pub clocks: u64,
    /// s
    pub base_rate: f64,
    /// s
    pub brier: f64,
    /// s
    pub skill: f64,
    /// s
    pub log_loss: f64,
    /// s
    pub calibration_error: f64,
    /// s
    pub calibration: Vec<Bin>,
}
impl TrackRecord {
    /// s
    pub fn quality(&self, _: &str, _: Option<(i32, i32)>) -> Option<Turnout> {
        None
    }
}
