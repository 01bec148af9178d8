//! What a contract that has no history yet begins with.
//!
//! The weights were learnt from a real organisation's incidents: the part of the UCI *Incident
//! management process enriched event log* (Amaral, Fantinato, Peres 2018, doi:10.24432/C57S4H,
//! CC BY 4.0) that `data/servicenow` holds. Only what any organisation has is in it, no names.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::categorical_feature::Trait;
use super::curve::straighten;
use super::curve_feature::Course;
use super::key::{ByKey, Key};
use super::snapshot::{HOLDERS, Holder};
use super::weight::Weight;

/// The courses that every organisation has.
const COMMON_COURSES: [Course; 4] =
    [Course::ShareUsed, Course::Idle, Course::InState, Course::Nearness];

const WEIGHTS: &str = include_str!("prior_weights.json");

/// The shipped weights and curves.
#[derive(Debug)]
pub(super) struct Prior {
    weights: ByKey<Weight>,
    curves: ByKey<Vec<Weight>>,
}

/// The shipped prior.
pub(super) fn prior() -> &'static Prior {
    static PRIOR: OnceLock<Prior> = OnceLock::new();
    PRIOR.get_or_init(|| Prior::read(WEIGHTS))
}

impl Prior {
    pub fn weight(&self, key: Key) -> Weight {
        self.weights.get(&key).copied().unwrap_or(Weight::prior(0.0))
    }

    pub fn curve(&self, course: Course, key: Key) -> &[Weight] {
        static FLAT: [Weight; 16] = [Weight::prior(0.0); 16];
        let flat = || FLAT.get(..course.knots().len()).unwrap_or_default();
        self.curves.get(&key).map_or_else(flat, Vec::as_slice)
    }

    fn read(text: &str) -> Prior {
        let told: BTreeMap<String, f32> = serde_json::from_str(text).unwrap_or_default();
        let weights = traits().map(|(name, key)| (key, told.get(&name).copied()));
        let weights = weights.map(|(key, told)| (key, Weight::prior(told.unwrap_or(0.0))));
        let curves = COMMON_COURSES.iter().flat_map(|course| {
            HOLDERS.iter().map(|holder| (course.of_holder(*holder), curve(*course, *holder, &told)))
        });
        Prior { weights: weights.collect(), curves: curves.collect() }
    }
}

/// The traits that every organisation has, as the file names them.
fn traits() -> impl Iterator<Item = (String, Key)> {
    let counted = [
        (Trait::Bias, "bias", 1u8),
        (Trait::OffHours, "off", 2),
        (Trait::Events, "nev", 7),
        (Trait::Reassignments, "re", 6),
    ];
    counted.into_iter().flat_map(|(of, name, count)| {
        (0..count).map(move |value| (format!("{name}:{value}"), of.counted(value)))
    })
}

/// A holder's curve. Where the file tells nothing of a knot, it is as the knot before it.
fn curve(course: Course, holder: Holder, told: &BTreeMap<String, f32>) -> Vec<Weight> {
    let count = course.knots().len();
    let mut last = 0.0;
    let mut knots = Vec::with_capacity(count);
    for knot in 0..count {
        let name = name(course, holder, knot, count);
        last = told.get(&name).copied().unwrap_or(last);
        knots.push(Weight::prior(last));
    }
    straighten(&mut knots);
    knots
}

fn name(course: Course, holder: Holder, knot: usize, count: usize) -> String {
    let holder = match holder {
        Holder::Queue => "New",
        Holder::Provider => "Active",
        // Of third parties nothing was to be learnt: what holds of clients is nearest.
        Holder::Client | Holder::ThirdParty => "WaitUser",
        Holder::Internal => "WaitInt",
    };
    match course {
        Course::ShareUsed => format!("st_fb:{holder}|{knot}"),
        Course::Idle => format!("idle_st:{knot}|{holder}"),
        Course::InState => format!("inst:{knot}|{holder}"),
        Course::Nearness => format!("due:{}", count - 1 - knot),
        // Groups and people have names.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_weight_but_those_of_age_is_in_use() {
        let told: BTreeMap<String, f32> = serde_json::from_str(WEIGHTS).unwrap();
        let of_traits = traits().map(|(name, _)| name);
        let of_curves = COMMON_COURSES.iter().flat_map(|course| {
            let count = course.knots().len();
            HOLDERS.iter().flat_map(move |holder| {
                (0..count).map(move |knot| name(*course, *holder, knot, count))
            })
        });
        let used: std::collections::BTreeSet<_> = of_traits.chain(of_curves).collect();
        let unused: Vec<_> = told.keys().filter(|name| !used.contains(*name)).collect();
        assert!(unused.iter().all(|name| name.starts_with("age:")), "{unused:?}");
        assert_eq!(told.len(), 136);
    }
}
