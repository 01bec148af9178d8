//! slx from outside: the real binary over real gRPC on loopback, and real files.

#[path = "../src/fuzz/absurd.rs"]
mod absurd;
mod availability;
mod backup;
mod compliance;
mod crash;
mod credits;
mod damage;
mod errors;
mod evidence;
mod experience;
mod export;
mod format;
mod full;
mod fuzz;
mod house_rules;
mod kit;
mod listing;
mod load;
mod made_up;
mod model;
mod mount;
mod power;
mod questions;
mod random;
mod real_data;
mod recording;
mod reference;
mod restart;
mod review;
mod settings;
mod settlement;
mod syscalls;
mod terms;
mod tour;
mod zones;
