//! The prior: the weights that a contract without a history begins with.
//!
//! The weights were learnt from a real organisation's incidents: the part of the UCI *Incident
//! management process enriched event log* (Amaral, Fantinato, Peres 2018, doi:10.24432/C57S4H,
//! CC BY 4.0) that `data/servicenow` holds. Only what any organisation has is in it, no names.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::categorical_feature::CategoricalFeature;
use super::curve::isotonic_fit;
use super::curve_feature::CurveFeature;
use super::key::{ByKey, Key};
use super::snapshot::{HOLDERS, Holder};
use super::weight::Weight;

/// The curve features that do not depend on an organisation's names.
const COMMON_CURVE_FEATURES: [CurveFeature; 4] =
    [CurveFeature::ShareUsed, CurveFeature::Idle, CurveFeature::InState, CurveFeature::Nearness];

const WEIGHTS: &str = include_str!("prior_weights.json");

/// The shipped weights and curves.
#[derive(Debug)]
pub(super) struct Prior {
    weights: ByKey<Weight>,
    curves: ByKey<Vec<Weight>>,
}

/// The prior that slx ships.
pub(super) fn prior() -> &'static Prior {
    static PRIOR: OnceLock<Prior> = OnceLock::new();
    PRIOR.get_or_init(|| Prior::read(WEIGHTS))
}

impl Prior {
    pub fn weight(&self, key: Key) -> Weight {
        self.weights.get(&key).copied().unwrap_or(Weight::prior(0.0))
    }

    pub fn curve(&self, curve_feature: CurveFeature, key: Key) -> &[Weight] {
        static FLAT: [Weight; 16] = [Weight::prior(0.0); 16];
        let flat = || FLAT.get(..curve_feature.knots().len()).unwrap_or_default();
        self.curves.get(&key).map_or_else(flat, Vec::as_slice)
    }

    fn read(text: &str) -> Prior {
        let values: BTreeMap<String, f32> = serde_json::from_str(text).unwrap_or_default();
        let weights = categorical_features().map(|(name, key)| (key, values.get(&name).copied()));
        let weights = weights.map(|(key, value)| (key, Weight::prior(value.unwrap_or(0.0))));
        let curves = COMMON_CURVE_FEATURES.iter().flat_map(|curve_feature| {
            HOLDERS.iter().map(|holder| {
                (curve_feature.of_holder(*holder), curve(*curve_feature, *holder, &values))
            })
        });
        Prior { weights: weights.collect(), curves: curves.collect() }
    }
}

/// The categorical features that do not depend on an organisation's names, as the file names them.
fn categorical_features() -> impl Iterator<Item = (String, Key)> {
    let counted = [
        (CategoricalFeature::Bias, "bias", 1u8),
        (CategoricalFeature::OffHours, "off", 2),
        (CategoricalFeature::Events, "nev", 7),
        (CategoricalFeature::Reassignments, "re", 6),
    ];
    counted.into_iter().flat_map(|(of, name, count)| {
        (0..count).map(move |value| (format!("{name}:{value}"), of.counted(value)))
    })
}

/// A holder's curve. A knot that the file lacks has the value of the knot before it.
fn curve(
    curve_feature: CurveFeature,
    holder: Holder,
    values: &BTreeMap<String, f32>,
) -> Vec<Weight> {
    let count = curve_feature.knots().len();
    let mut last = 0.0;
    let mut knots = Vec::with_capacity(count);
    for knot in 0..count {
        let name = name(curve_feature, holder, knot, count);
        last = values.get(&name).copied().unwrap_or(last);
        knots.push(Weight::prior(last));
    }
    isotonic_fit(&mut knots);
    knots
}

fn name(curve_feature: CurveFeature, holder: Holder, knot: usize, count: usize) -> String {
    let holder = match holder {
        Holder::Queue => "New",
        Holder::Provider => "Active",
        // The data has no third parties; clients are the nearest to them.
        Holder::Client | Holder::ThirdParty => "WaitUser",
        Holder::Internal => "WaitInt",
    };
    match curve_feature {
        CurveFeature::ShareUsed => format!("st_fb:{holder}|{knot}"),
        CurveFeature::Idle => format!("idle_st:{knot}|{holder}"),
        CurveFeature::InState => format!("inst:{knot}|{holder}"),
        CurveFeature::Nearness => format!("due:{}", count - 1 - knot),
        // Groups and people have names.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_weight_but_those_of_age_is_in_use() {
        let shipped: BTreeMap<String, f32> = serde_json::from_str(WEIGHTS).unwrap();
        let of_categorical_features = categorical_features().map(|(name, _)| name);
        let of_curves = COMMON_CURVE_FEATURES.iter().flat_map(|curve_feature| {
            let count = curve_feature.knots().len();
            HOLDERS.iter().flat_map(move |holder| {
                (0..count).map(move |knot| name(*curve_feature, *holder, knot, count))
            })
        });
        let used: std::collections::BTreeSet<_> =
            of_categorical_features.chain(of_curves).collect();
        let unused: Vec<_> = shipped.keys().filter(|name| !used.contains(*name)).collect();
        assert!(unused.iter().all(|name| name.starts_with("age:")), "{unused:?}");
        assert_eq!(shipped.len(), 136);
    }
}
