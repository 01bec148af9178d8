#![doc = include_str!("../docs/architecture.md")]
#![cfg_attr(test, allow(clippy::float_cmp, reason = "tests name the very number they expect"))]

/// A place where a test can end the process as a crash would. Only a build with the feature
/// `failpoints` has it.
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name, |_| std::process::abort());
    };
}

pub mod cli;
pub mod cluster;
pub mod codec;
pub mod domain;
pub mod engine;
#[cfg(test)]
mod fuzz;
pub mod journal;
pub mod limits;
mod mapping;
pub mod queries;
pub mod runtime;
pub mod server;
pub mod service;
pub mod views;
