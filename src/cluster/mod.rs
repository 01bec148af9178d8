//! The log that several nodes share, kept by NATS JetStream.
//!
//! One stream holds it: first a [`LogHeader`](crate::journal::LogHeader), then groups, each one
//! message ([`FrameGroup`](crate::journal::FrameGroup)). Whoever appends expects the message that
//! it has seen last to be the last: if another node was first, the group is refused and decided
//! anew. So there is no leader of ours, and nothing of ours that replicates or elects. Who was
//! refused is let go first the next time (`turns`).
//!
//! Each node copies the stream into a journal of its own, from which all else reads (`joining`,
//! `follower`). The stream is the truth: the copy is synced as its segments are left behind, and
//! what a cut of the power takes of it is copied again.
//!
//! Personal texts are not in the log. They travel in a stream of their own, from which they can be
//! erased (`shared_names`).

mod connection;
mod copying;
mod error;
mod follower;
mod joining;
mod lease;
mod node_state;
mod options;
mod other_nodes;
mod shared_names;
mod stream;
mod stream_log;
mod turns;

pub use connection::Connection;
pub use copying::{CopyError, Journaled, copy_from_stream, copy_to_stream};
pub use error::ClusterError;
pub use joining::{Copy, Joined, join};
pub use lease::{Lease, Leases};
pub use node_state::{NodeState, NodeStatus};
pub use options::ClusterOptions;
pub use other_nodes::OtherNode;
pub use shared_names::{NameChange, SharedNames};
pub use stream_log::StreamLog;
