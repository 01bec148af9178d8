pub mod domain;
pub mod engine;
pub mod journal;
pub mod limits;
pub mod wire;
