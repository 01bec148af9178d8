//! A metric as it is read, and how it is written for Prometheus.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::runtime::Histogram;

/// A metric.
#[derive(Debug)]
pub(super) struct Metric {
    name: &'static str,
    help: &'static str,
    value: Value,
}

/// Its values.
#[derive(Debug)]
enum Value {
    Gauge(Vec<Sample>),
    /// Its name is written with `_total` at the end.
    Counter(Vec<Sample>),
    Histogram {
        sum: f64,
        buckets: Vec<(f64, u64)>,
    },
}

/// One value with its labels.
#[derive(Debug)]
pub(super) struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Sample {
    /// A value with labels.
    pub fn of<const N: usize>(
        labels: [(&'static str, impl Into<String>); N],
        value: u64,
    ) -> Sample {
        let labels = labels.into_iter().map(|(key, label)| (key, label.into())).collect();
        Sample { labels, value: value as f64 }
    }

    /// 1 for the state that holds, and 0 for the others.
    pub fn states<const N: usize>(all: [&'static str; N], holds: &str) -> Vec<Sample> {
        all.map(|state| Sample::of([("state", state)], u64::from(state == holds))).into()
    }

    /// The one value of a metric without labels.
    pub fn one(value: u64) -> Vec<Sample> {
        Sample::fraction(value as f64)
    }

    /// The one value of a metric without labels, which is no whole number.
    pub fn fraction(value: f64) -> Vec<Sample> {
        vec![Sample { labels: Vec::new(), value }]
    }
}

/// What goes up and down.
pub(super) fn gauge(name: &'static str, help: &'static str, rows: Vec<Sample>) -> Metric {
    Metric { name, help, value: Value::Gauge(rows) }
}

/// What only goes up.
pub(super) fn counter(name: &'static str, help: &'static str, rows: Vec<Sample>) -> Metric {
    Metric { name, help, value: Value::Counter(rows) }
}

/// A distribution, whose values are so many of the metric's unit each.
pub(super) fn histogram(
    name: &'static str,
    help: &'static str,
    counted: &Histogram,
    unit: f64,
) -> Metric {
    let bounded = counted.up_to.iter().map(|(bound, count)| (*bound as f64 * unit, *count));
    let buckets = bounded.chain([(f64::MAX, counted.over)]).collect();
    Metric { name, help, value: Value::Histogram { sum: counted.sum as f64 * unit, buckets } }
}

impl Metric {
    pub fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match self.value {
            Value::Gauge(_) => MetricType::Gauge,
            Value::Counter(_) => MetricType::Counter,
            Value::Histogram { .. } => MetricType::Histogram,
        };
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, kind)?;
        match &self.value {
            Value::Gauge(rows) => rows.iter().try_for_each(|row| {
                ConstGauge::new(row.value).encode(metric.encode_family(&row.labels)?)
            }),
            Value::Counter(rows) => rows.iter().try_for_each(|row| {
                ConstCounter::new(row.value).encode(metric.encode_family(&row.labels)?)
            }),
            Value::Histogram { sum, buckets } => {
                let count = buckets.iter().map(|(_, count)| count).sum();
                metric.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)
            }
        }
    }
}
