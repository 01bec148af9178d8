pub mod domain;
pub mod engine;
pub mod journal;
pub mod limits;
pub mod runtime;
pub mod views;
pub mod wire;
