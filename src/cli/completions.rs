//! `slx completions`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;

/// Prints the completions of a shell: slx completions bash > /etc/bash_completion.d/slx.
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut command: Command) -> anyhow::Result<ExitCode> {
        // The library ends the process when it can't write: a reader that has gone is no defect.
        let mut completions = Vec::new();
        clap_complete::generate(self.shell, &mut command, "slx", &mut completions);
        io::stdout().write_all(&completions)?;
        Ok(ExitCode::SUCCESS)
    }
}
