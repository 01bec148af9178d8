//! The tables that are exported: the name, type, unit and meaning of each column, said once.
//! `slx export`, the files and streams in Arrow's types, and the documentation are made from them.

mod cell;
mod change;
mod changed;
mod clocks;
mod forecasts;
mod incidents;
mod money;
mod notes;
mod periods;
mod reader;
mod segments;
mod settlement;
mod table;

pub use cell::Cell;
pub use change::RowChange;
pub use changed::changes;
pub use clocks::CLOCKS;
pub use forecasts::FORECASTS;
pub use incidents::INCIDENTS;
pub use money::{CREDITS, Credited};
pub use notes::{DESCRIPTION, KEY, UNIT};
pub use periods::{COMPLIANCE, COVERAGE, EXPERIENCE, Experienced, OBJECTIVES, OfPeriod};
pub use reader::TableReader;
pub use segments::{SEGMENTS, SegmentRow};
pub use settlement::SETTLEMENT;
pub use table::{Column, ExportTable};
