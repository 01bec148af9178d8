//! What loads a server, and what a server is measured against.

pub mod backlog;
pub mod beside;
pub mod cluster;
pub mod echo;
pub mod facts;
pub mod flight;
pub mod forecasting;
pub mod office;
pub mod overload;
pub mod pace;
pub mod postgres;
pub mod process;
pub mod refusing;
pub mod sending;
pub mod traces;
pub mod watching;
