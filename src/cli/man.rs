//! `slx man`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man as Page;

/// Writes a manual page for slx and for each of its commands.
#[derive(Args, Debug)]
pub(super) struct Man {
    /// The directory to write them to, which is made if it is not there.
    #[arg(short, long, value_name = "DIR", default_value = "man", alias = "dir")]
    output: PathBuf,
}

impl Man {
    pub fn run(self, command: Command) -> anyhow::Result<ExitCode> {
        fs::create_dir_all(&self.output)
            .with_context(|| format!("can't make {}", self.output.display()))?;
        // What is global reaches the commands, and each learns its whole name.
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let count = write(&command, &self.output)?;
        say!("{count} pages in {}", self.output.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the pages of a command and of those beneath it, and returns how many there are.
fn write(command: &Command, directory: &Path) -> anyhow::Result<usize> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = directory.join(format!("{name}.1"));
    let mut page = Vec::new();
    Page::new(command.clone()).render(&mut page)?;
    fs::write(&path, page).with_context(|| format!("can't write {}", path.display()))?;
    let beneath = command.get_subcommands().map(|one| write(one, directory));
    beneath.into_iter().try_fold(1, |count, written| Ok(count + written?))
}
