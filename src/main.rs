//! The `slx` command: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use slx::cli::Cli;

/// It takes a fifth off the server's processor time under load (measured), for some memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The command line can't be read: see docs/command-line.md.
const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => slx::cli::run(cli),
        Err(described) => {
            // Help and the version are printed the same way, and are no errors.
            let code = if described.use_stderr() { BAD_USAGE } else { 0 };
            let _ = described.print();
            ExitCode::from(code)
        }
    }
}
