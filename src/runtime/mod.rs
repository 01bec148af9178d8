//! The machine: what records, folds, projects and reads, with its threads and channels.
//!
//! One writer thread decides and records; one projector thread carries what is new over to the
//! views; one learner thread learns from it all for forecasts; one thread reads the journal again,
//! for damage that nobody has met; the network's tasks hand jobs to the first and read beside the
//! others, each through a [`ReadView`]. Answers that take long are worked out on threads of the
//! network's side, which belong to whoever waits: nothing here waits for them.

mod backup;
mod batch;
mod cache;
mod calendar_cache;
#[cfg(test)]
mod counted_writes;
#[cfg(test)]
pub(crate) mod counts;
mod deciding;
mod durable;
mod engine;
mod first_zones;
mod fold_error;
mod followed;
mod in_order;
mod incident_counts;
mod incident_room;
mod index_reader;
mod job;
mod kept_evaluations;
mod learner;
mod learning;
mod ledgers;
mod load;
mod measures;
mod memory_budget;
mod name_rows;
mod name_store;
mod names_file;
mod naming;
mod node;
mod of_others;
mod open_log;
mod opening;
mod outage_log;
mod past_learning;
mod patience;
mod progress;
mod projector;
mod query_error;
mod queue;
mod read_kept;
mod read_learning;
mod read_point;
mod read_view;
mod recent;
mod recount;
mod replay;
mod rows_read;
mod scrub;
mod settled_time;
mod signal;
mod sizes;
mod sources;
mod spans;
mod spare_cores;
mod start;
mod states;
mod steady_clock;
mod store_options;
mod sync;
mod tenant_learning;
#[cfg(test)]
pub(crate) mod testing;
mod walk;
pub mod wall_clock;
mod webhooks;
mod writer;
pub mod zones;

pub use backup::{BackUpError, Portion};
pub use calendar_cache::CalendarCacheUse;
pub use durable::durable_by_views;
pub use engine::Engine;
pub use incident_counts::{ContractIncidents, IncidentCounts};
pub use index_reader::IndexReader;
pub use job::{ActionAnswer, Answer, Receipt, Results, TermsAnswer, WebhookAnswer, WriteError};
pub use kept_evaluations::{KeptIncidents, KeptLook, RenewedIncidents};
pub use learning::{LearningState, LearntUpTo};
pub use measures::{CacheUse, Distribution, Histogram, Measures};
pub use memory_budget::MemoryBudget;
pub use names_file::{NamesError, NewNames, copy_names, kept_names, read_names};
pub use naming::{Naming, NamingError};
pub use node::Node;
pub use patience::{Patience, Stopped};
pub use progress::{Loss, Progress};
pub use query_error::QueryError;
pub use queue::Backlog;
pub use read_point::{ReadPoint, ReadRequest, present};
pub use read_view::{ReadView, Reading};
pub use recount::{Difference, Recount, RecountError, recount};
pub use replay::ReplayError;
pub use rows_read::RowsRead;
pub use scrub::ScrubState;
pub use sizes::{Sizes, sizes};
pub use spans::TRACES;
pub use spare_cores::{NeededCore, SpareCores};
pub use states::{ClockState, JournalState};
pub use store_options::{StartError, StoreOptions};
