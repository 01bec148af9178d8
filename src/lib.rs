#![doc = include_str!("../docs/architecture.md")]
#![warn(missing_docs)]

/// A place where a test can end the process as a crash would. Nothing is left of it in a build
/// without the crash points that tests bring.
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

pub mod cli;
pub mod domain;
pub mod engine;
#[cfg(test)]
mod fuzz;
pub mod journal;
pub mod limits;
pub mod runtime;
pub mod server;
pub mod service;
pub mod views;
pub mod wire;
