//! slx keeps contracts and incident clocks, and tells exactly who is within what was agreed.
//!
//! # The idea
//!
//! Nothing that time does is ever written down. What is kept is what *happened*: facts about
//! incidents, revisions of contracts and calendars, in one append-only journal. Whether a clock
//! runs, is late or is breached is a function of those facts and an instant. So any question can be
//! asked as of any instant and by what was known at any instant, and is answered the same for ever.
//!
//! # The one way data flows
//!
//! ```text
//!  ITSM backend                                                reporting pipeline, SLA manager
//!       | gRPC: events, contracts                                       ^ gRPC, tables
//!       v                                                               |
//!    service --> engine::command --> journal --> fold --> views --> engine::query
//!    decode      checks against      append,     memory,  sled,     pure, at an
//!                what is recorded    one sync    then the derived,  instant
//!                                    a group     keeper   rebuildable
//! ```
//!
//! 1. A call is decoded and checked in [`service`]; what is wrong is told, all at once.
//! 2. The one writer ([`runtime`]) takes everything that waits, decides each against what is
//!    recorded ([`engine::command`]), appends what is new to the [`journal`] and syncs once. Then
//!    it counts, is folded into memory, and is answered.
//! 3. The keeper carries what is new over to the [`views`], files each incident's clocks under the
//!    instants that decide them ([`engine::index`]), adds what is decided to its day's tallies
//!    ([`engine::tally`]), and remembers how far it got.
//! 4. A question ([`queries`]) opens a view of memory and views, folds a history
//!    ([`domain::incident`]), and judges it ([`domain::clock`]) by what was known then, as of then.
//!    How a period complied ([`domain::compliance`]) is read off the tallies where they can tell.
//!
//! # The rooms, in reading order
//!
//! | room | what it is | what it does not know |
//! | --- | --- | --- |
//! | [`domain`] | incidents, contracts, clocks, periods, forecasts | input, output, wall clock |
//! | [`engine`] | commands to records, records to state, questions to answers | where it is kept |
//! | [`journal`] | the truth on disk: append, read, verify | what a record means |
//! | [`codec`] | protobuf messages and their way to and from the domain | who sends them |
//! | [`views`] | what the journal folds to, in sled | that there is a network |
//! | [`runtime`] | the machine: the writer, the keeper, the read view; the wall clock | gRPC |
//! | [`queries`] | questions, each answered from one read view | threads, where anything is kept |
//! | [`service`] | the gRPC services: decode, call, encode | how anything is decided |
//! | [`server`] | settings, health, reflection, shutdown | |
//! | [`cli`] | one file a subcommand | |
//!
//! Each room knows only those before it; a test reads the tree and holds it so.
//!
//! # What always holds
//!
//! - A record is acknowledged only when it is durable, and never edited: a correction is another
//!   record. The hash chain vouches for all of it.
//! - Views are disposable. Deleting them and starting again gives the same answers.
//! - The order in which facts arrive never matters; the order in which they occurred does.
//! - Durations are whole nanoseconds. Nothing in a verdict is rounded, and equality is met.
//! - Record times strictly increase, so a known time names one place in the journal.

#![cfg_attr(test, allow(clippy::float_cmp, reason = "tests name the very number they expect"))]

/// A place where a test can end the process as a crash would. Nothing is left of it in a build
/// without the crash points that tests bring.
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

pub mod cli;
pub mod codec;
pub mod domain;
pub mod engine;
#[cfg(test)]
mod fuzz;
pub mod journal;
pub mod limits;
pub mod queries;
pub mod runtime;
pub mod server;
pub mod service;
pub mod views;
