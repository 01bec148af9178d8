//! `slx config`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::show::table;
use crate::server::{Effective, Environment, Setting, Settings, sample};

/// Checks the settings of a server, or prints a sample of them.
#[derive(Args, Debug)]
pub(super) struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Checks all settings as slx serve would take them: the file, the environment and flags, and
    /// the files they name. Prints each with what set it.
    Check(Box<Settings>),
    /// Prints a settings file with every setting, its meaning and its default.
    Sample,
}

impl Config {
    pub fn run(self, environment: &Environment) -> anyhow::Result<ExitCode> {
        match self.command {
            ConfigCommand::Check(settings) => check(*settings, environment)?,
            ConfigCommand::Sample => say!("{}", sample()?.trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn check(settings: Settings, environment: &Environment) -> anyhow::Result<()> {
    let effective = Effective::of(settings, environment)?;
    let configuration = effective.check()?;
    configuration.check_files()?;
    configuration.identity.warn(configuration.listen);
    let rows = effective.list().into_iter().map(|Setting { name, value, source }| {
        vec![name, value.unwrap_or_else(|| "-".to_owned()), source]
    });
    say!("{}", table(&["setting", "value", "set by"], &[], rows.collect()));
    Ok(())
}
