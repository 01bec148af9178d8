//! Forecasts: how probable a breach is, by what is known now and nothing later.
//!
//! A [`Snapshot`] is what is known of an open clock. In the [`Model`]'s terms it is a [`Landmark`]:
//! the weights and curve positions it touches. Clocks leave landmarks on their way; when they are
//! decided, the [`Learner`] lets the model learn from them. So a forecast is a function of the
//! snapshot and of what was decided before, and the same history gives the same figures.

mod baseline;
mod curve;
mod landmark;
mod learner;
mod model;
mod prior;
mod quality;
mod snapshot;

pub use baseline::{BASELINES, Baseline, Baselines, Mark};
pub use curve::Position;
pub use landmark::{COURSES, Course, Key, Landmark, TRAITS, Trait};
pub use learner::Learner;
pub use model::{MODEL_VERSION, Model, Weight};
pub use quality::{Alarms, Bin, Quality, Scored};
pub use snapshot::{HOLDERS, Holder, Snapshot, Story};
