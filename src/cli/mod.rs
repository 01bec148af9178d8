//! The command line: one file a subcommand.

/// Prints a line to standard output, which may be gone.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout(), $($text)*)?
    }};
}

mod apply;
mod backup;
mod breach_forecast;
mod clocks;
mod completions;
mod compliance;
mod config;
mod connection;
mod copying;
mod coverage;
mod credits;
mod demo;
mod diff;
mod erase;
mod evidence;
mod experience;
mod export;
mod fact;
mod figures;
mod forecast;
mod format;
mod health;
mod holidays;
mod import;
mod incident;
mod json;
mod lists;
mod man;
mod objectives;
mod pages;
mod private_files;
mod random_id;
mod read_times;
mod record;
mod repair;
mod restore;
mod review;
mod serve;
mod settle;
mod show;
mod sign;
mod simulate;
mod status;
mod token;
mod verify;
mod watch_clocks;
mod webhooks;
mod zones;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::server::{Environment, log_what_goes_wrong};

/// Evaluates contracts against incidents: who is within what was agreed, exactly and provably.
#[derive(Debug, Parser)]
#[command(name = "slx", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the engine over gRPC.
    Serve(serve::Serve),
    /// Puts the calendars, contracts and webhooks of a YAML file onto the server.
    Apply(apply::Apply),
    /// Imports incidents from CSV or JSON lines, as a mapping file describes them.
    Import(import::Import),
    /// Imports the holidays of an iCalendar file into a calendar.
    Holidays(holidays::Holidays),
    /// Lists the contracts, or the revisions of one.
    Contracts(lists::Contracts),
    /// Lists the calendars.
    Calendars(lists::Calendars),
    /// Lists the incidents.
    Incidents(lists::Incidents),
    /// Records facts about incidents or services.
    Record(record::RecordFacts),
    /// Decides that clocks of an incident are left out of the contractual figures.
    Exclude(record::Exclude),
    /// Attributes the cause of an incident to a party.
    Cause(record::AttributeCause),
    /// Lists open clocks that are not late, the most urgent first; others by --outcome or --all.
    Clocks(clocks::Clocks),
    /// Shows what happens to clocks, as it happens.
    Watch(watch_clocks::WatchNotices),
    /// Lists the webhooks, puts them, and sends again what was not taken.
    Webhooks(webhooks::Webhooks),
    /// Shows an incident with its clocks and their timelines.
    Incident(incident::Incident),
    /// Shows the compliance of a contract over a period, and the verdicts on its objectives.
    Compliance(compliance::Compliance),
    /// Shows the service review of a contract for a period, for the meeting with the client.
    Review(review::Review),
    /// Signs the service review of a period.
    Sign(sign::Sign),
    /// Erases a text that names a person.
    Erase(erase::Erase),
    /// Lists settlement items, opens them, and records decisions on them.
    Settle(settle::Settle),
    /// Compares a period under the proposed terms of a YAML file with the present ones.
    Simulate(simulate::Simulate),
    /// Exports clocks as rows of CSV or Parquet.
    Export(export::Export),
    /// Forecasts which open clocks will breach, and whether a period will miss its objectives.
    Forecast(forecast::Forecast),
    /// Shows the state of a server and of its journal.
    Status(status::Status),
    /// Lists the tenants of whom anything is recorded.
    Tenants(lists::Tenants),
    /// Checks every record of a journal against its hash chain.
    Verify(verify::Verify),
    /// Lists the clocks whose verdict differs between two states of knowledge, and why.
    Diff(diff::Diff),
    /// Writes an evidence file that proves an incident's records and verdict, or checks one.
    Evidence(evidence::Evidence),
    /// Backs up the journal of a running server, or adds what is new to an earlier backup.
    Backup(backup::Backup),
    /// Restores a backup into a new data directory.
    Restore(restore::Restore),
    /// Saves the intact records of a damaged journal into a new data directory.
    Repair(repair::Repair),
    /// Shows what another time zone database would move, and adopts it.
    Zones(zones::Zones),
    /// Makes tokens for those who call a server.
    Token(token::Token),
    /// Checks the settings of a server, or prints a sample of them.
    Config(config::Config),
    /// Asks a server whether it serves, for probes.
    Health(health::Health),
    /// Prints the completions of a shell.
    Completions(completions::Completions),
    /// Writes the manual pages.
    Man(man::Man),
    /// Demonstrates slx on real incidents: starts a server, imports, evaluates, and keeps serving.
    Demo(demo::Demo),
}

/// Runs a command; what goes wrong is printed on standard error.
pub fn run(cli: Cli) -> ExitCode {
    // A server's settings say how it logs.
    if !matches!(cli.command, Command::Serve(_)) {
        log_what_goes_wrong();
    }
    let done = runtime().and_then(|runtime| {
        let done = runtime.block_on(async {
            match cli.command {
                Command::Serve(serve) => serve.run(&environment()).await,
                Command::Apply(apply) => apply.run().await,
                Command::Import(import) => import.run().await,
                Command::Holidays(holidays) => holidays.run().await,
                Command::Contracts(contracts) => contracts.run().await,
                Command::Calendars(calendars) => calendars.run().await,
                Command::Incidents(incidents) => incidents.run().await,
                Command::Record(record) => record.run().await,
                Command::Exclude(exclude) => exclude.run().await,
                Command::Cause(cause) => cause.run().await,
                Command::Clocks(clocks) => clocks.run().await,
                Command::Watch(watch) => watch.run().await,
                Command::Webhooks(webhooks) => webhooks.run().await,
                Command::Incident(incident) => incident.run().await,
                Command::Compliance(compliance) => compliance.run().await,
                Command::Review(review) => review.run().await,
                Command::Sign(sign) => sign.run().await,
                Command::Erase(erase) => erase.run().await,
                Command::Settle(settle) => settle.run().await,
                Command::Simulate(simulate) => simulate.run().await,
                Command::Export(export) => export.run().await,
                Command::Forecast(forecast) => forecast.run().await,
                Command::Status(status) => status.run().await,
                Command::Tenants(tenants) => tenants.run().await,
                Command::Verify(verify) => verify.run(),
                Command::Diff(diff) => diff.run().await,
                Command::Evidence(evidence) => evidence.run(),
                Command::Backup(backup) => backup.run().await,
                Command::Restore(restore) => restore.run(),
                Command::Repair(repair) => repair.run(),
                Command::Zones(zones) => zones.run().await,
                Command::Token(token) => token.run(),
                Command::Config(config) => config.run(&environment()),
                Command::Health(health) => health.run().await,
                Command::Completions(completions) => completions.run(Cli::command()),
                Command::Man(man) => man.run(Cli::command()),
                Command::Demo(demo) => demo.run().await,
            }
        });
        // What still works has been ended, or nobody waits for it: the process need not either.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(code) => code,
        // The reader has closed its end: `slx clocks | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody can read it, the exit code still says so.
            let _ = writeln!(io::stderr(), "slx: {}", in_full(&error));
            ExitCode::FAILURE
        }
    }
}

/// The settings in the environment of this process. What the other commands read there is none.
fn environment() -> Environment {
    let mut known = Vec::new();
    variables_of(&Cli::command(), &mut known);
    Environment::of_process(known)
}

fn variables_of(command: &clap::Command, known: &mut Vec<String>) {
    let variables = command.get_arguments().filter_map(clap::Arg::get_env);
    known.extend(variables.filter_map(|name| name.to_str()).map(str::to_owned));
    command.get_subcommands().for_each(|one| variables_of(one, known));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// One thread for the network did best beside the engine's own (on two cores).
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// An error and its causes, but for those that it words already.
fn in_full(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        _ if text.ends_with(&cause) => text,
        _ => format!("{text}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use clap::CommandFactory as _;

    use super::{Cli, in_full};

    fn shown_defaults(command: &clap::Command, empty: &mut Vec<String>) {
        let shown =
            command.get_arguments().filter(|argument| !argument.is_hide_default_value_set());
        let nothing = shown.filter(|argument| {
            argument.get_default_values().iter().any(|value| value.is_empty() || value == "0")
        });
        let name = |argument: &clap::Arg| format!("{} --{}", command.get_name(), argument.get_id());
        empty.extend(nothing.map(name).filter(|name| name != "forecast --at_least"));
        command.get_subcommands().for_each(|one| shown_defaults(one, empty));
    }

    #[test]
    fn help_shows_no_default_that_means_nothing() {
        let mut empty = Vec::new();
        shown_defaults(&Cli::command(), &mut empty);
        assert!(empty.is_empty(), "{empty:?}");
    }

    #[test]
    fn a_cause_that_an_error_words_already_is_not_shown_again() {
        let error = anyhow!("no such file").context("journal: no such file").context("not read");
        assert_eq!(in_full(&error), "not read: journal: no such file");
        assert_eq!(in_full(&anyhow!("disk full").context("not written")), "not written: disk full");
    }
}
