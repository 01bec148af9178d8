//! Several nodes that share a log, on real NATS servers: they answer alike whoever is written to,
//! and nothing that was acknowledged is lost, whatever dies.

mod answers;
mod chaos;
mod copies;
mod following;
mod joining;
mod names;
mod nodes;
mod servers;
pub mod spread;
mod webhooks;
mod writing;
