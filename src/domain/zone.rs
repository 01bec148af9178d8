//! Time zones: conversion between instants and local time.
//!
//! The rules come from an IANA time zone database whose files are read whole at start. Nothing is
//! read later, so a database replaced on disk changes no answer until it is adopted.

mod database;
mod files;
mod rules;

pub use database::ZoneDatabase;
pub use files::{FILE_BYTES_MAX, ZoneDigest, ZoneFile, ZoneFiles, ZoneFilesError};
pub use rules::{Transition, Zone};
