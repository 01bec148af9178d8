//! What loads a server, and what a server is measured against.

pub mod echo;
pub mod facts;
pub mod pace;
pub mod process;
