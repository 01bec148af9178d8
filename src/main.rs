//! The `slx` command: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use slx::cli::Cli;

fn main() -> ExitCode {
    slx::cli::run(Cli::parse())
}
