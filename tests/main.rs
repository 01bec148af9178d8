//! slx from outside: the real binary over real gRPC on loopback, and real files.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test names what it expects, and fails where that is not so"
)]

#[path = "../src/fuzz/absurd.rs"]
mod absurd;
mod abuse;
mod against_reference;
mod availability;
mod backlog;
mod backup;
mod by_the_minute;
mod clocks;
mod cluster;
mod command_line;
mod compliance;
mod counting;
mod coverage;
mod crash;
mod credit_terms;
mod credits;
mod damage;
mod deploy;
mod documentation;
mod erasing;
mod errors;
mod evidence;
mod example_contracts;
mod experience;
mod export;
mod flight;
mod forecast;
mod forecasting;
mod forecasts_shown;
mod format;
mod full;
mod fuzz;
mod house_rules;
mod identity;
mod imports;
mod intake;
mod learning;
mod listing;
mod load;
mod made_up;
mod mount;
mod overload;
mod periods;
mod power;
mod questions;
mod random;
mod raw;
mod read_only;
mod real_data;
mod recording;
mod reference;
mod refusals;
mod restart;
mod review;
mod service_objectives;
mod settings;
mod settlement;
mod simulate;
mod soak;
mod syscalls;
mod tallies;
mod telemetry;
mod terms;
mod testing;
mod time_zones;
mod tour;
mod traces;
mod transfers;
mod wall_clock;
mod watching;
mod web;
mod webhooks;
mod zones;
