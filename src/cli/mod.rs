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
mod examples;
mod experience;
mod export;
mod fact;
mod figures;
mod forecast;
mod format;
mod given_time;
mod health;
mod holidays;
mod import;
mod incident;
mod json;
mod lists;
mod log;
mod man;
mod notice_filters;
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
    #[command(after_help = examples::SERVE)]
    Serve(Box<serve::Serve>),
    /// Puts the calendars, contracts and webhooks of a YAML file onto the server.
    #[command(after_help = examples::APPLY)]
    Apply(apply::Apply),
    /// Imports incidents from CSV or JSON lines, as a mapping file describes them.
    #[command(after_help = examples::IMPORT)]
    Import(import::Import),
    /// Imports the holidays of an iCalendar file into a calendar.
    #[command(after_help = examples::HOLIDAYS)]
    Holidays(holidays::Holidays),
    /// Lists the contracts, or the revisions of one.
    #[command(after_help = examples::CONTRACTS)]
    Contracts(lists::Contracts),
    /// Lists the calendars.
    #[command(after_help = examples::CALENDARS)]
    Calendars(lists::Calendars),
    /// Lists the incidents.
    #[command(after_help = examples::INCIDENTS)]
    Incidents(lists::Incidents),
    /// Records facts about incidents or services.
    Record(record::RecordFacts),
    /// Decides that clocks of an incident are left out of the contractual figures.
    #[command(after_help = examples::EXCLUDE)]
    Exclude(record::Exclude),
    /// Attributes the cause of an incident to a party.
    #[command(after_help = examples::CAUSE)]
    Cause(record::AttributeCause),
    /// Lists open clocks that are not late, the most urgent first; others by --outcome or --all.
    #[command(after_help = examples::CLOCKS)]
    Clocks(clocks::Clocks),
    /// Shows what happens to clocks, as it happens.
    #[command(after_help = examples::WATCH)]
    Watch(watch_clocks::WatchNotices),
    /// Lists the webhooks, puts them, and sends again what was not taken.
    #[command(after_help = examples::WEBHOOKS)]
    Webhooks(webhooks::Webhooks),
    /// Shows an incident with its clocks and their timelines.
    #[command(after_help = examples::INCIDENT)]
    Incident(incident::Incident),
    /// Shows the compliance of a contract over a period, and the verdicts on its objectives.
    #[command(after_help = examples::COMPLIANCE)]
    Compliance(compliance::Compliance),
    /// Shows the service review of a contract for a period, for the meeting with the client.
    #[command(after_help = examples::REVIEW)]
    Review(review::Review),
    /// Signs the service review of a period.
    #[command(after_help = examples::SIGN)]
    Sign(sign::Sign),
    /// Erases a text that names a person.
    #[command(after_help = examples::ERASE)]
    Erase(erase::Erase),
    /// Lists settlement items, opens them, and records decisions on them.
    #[command(after_help = examples::SETTLE)]
    Settle(settle::Settle),
    /// Compares a period under the proposed terms of a YAML file with the present ones.
    #[command(after_help = examples::SIMULATE)]
    Simulate(simulate::Simulate),
    /// Exports clocks as rows of CSV or Parquet.
    #[command(after_help = examples::EXPORT)]
    Export(export::Export),
    /// Forecasts which open clocks will breach, and whether a period will miss its objectives.
    #[command(after_help = examples::FORECAST)]
    Forecast(forecast::Forecast),
    /// Shows the state of a server and of its journal.
    #[command(after_help = examples::STATUS)]
    Status(status::Status),
    /// Lists the tenants of whom anything is recorded.
    #[command(after_help = examples::TENANTS)]
    Tenants(lists::Tenants),
    /// Checks every record of a journal against its hash chain.
    #[command(after_help = examples::VERIFY)]
    Verify(verify::Verify),
    /// Lists the clocks whose verdict differs between two states of knowledge, and why.
    #[command(after_help = examples::DIFF)]
    Diff(diff::Diff),
    /// Writes an evidence file that proves an incident's records and verdict, or checks one.
    #[command(after_help = examples::EVIDENCE)]
    Evidence(evidence::Evidence),
    /// Backs up the journal of a running server, or adds what is new to an earlier backup.
    #[command(after_help = examples::BACKUP)]
    Backup(backup::Backup),
    /// Copies a log between a data directory and servers that nodes share.
    #[command(after_help = examples::LOG)]
    Log(log::Log),
    /// Restores a backup into a new data directory.
    #[command(after_help = examples::RESTORE)]
    Restore(restore::Restore),
    /// Saves the intact records of a damaged journal into a new data directory.
    #[command(after_help = examples::REPAIR)]
    Repair(repair::Repair),
    /// Shows what another time zone database would move, and adopts it.
    #[command(after_help = examples::ZONES)]
    Zones(zones::Zones),
    /// Makes tokens for those who call a server.
    #[command(after_help = examples::TOKEN)]
    Token(token::Token),
    /// Checks the settings of a server, or prints a sample of them.
    #[command(after_help = examples::CONFIG)]
    Config(config::Config),
    /// Asks a server whether it serves, for probes.
    #[command(after_help = examples::HEALTH)]
    Health(health::Health),
    /// Prints the completions of a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Completions),
    /// Writes the manual pages.
    #[command(after_help = examples::MAN)]
    Man(man::Man),
    /// Demonstrates slx on real incidents: starts a server, imports, evaluates, and keeps serving.
    #[command(after_help = examples::DEMO)]
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
                Command::Log(log) => log.run(),
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

/// After so many turns of tasks the network's thread looks at what other threads have woken, and at
/// its sockets. A turn of a connection goes as far as it can with all its calls: after tokio's 31
/// and 61 of them, answers would wait, and so would who has just connected.
const TURNS_BETWEEN_LOOKS: u32 = 4;

/// One thread for the network did best beside the engine's own (on two cores).
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.global_queue_interval(TURNS_BETWEEN_LOOKS).event_interval(TURNS_BETWEEN_LOOKS);
    Ok(runtime.enable_all().build()?)
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
    use clap::{CommandFactory as _, Parser as _};

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

    /// The words of a line as a shell reads them, up to where its output goes elsewhere.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (number, part) in line.split(['\'', '"']).enumerate() {
            if number % 2 == 1 {
                words.push(part.to_owned());
                continue;
            }
            for word in part.split_whitespace() {
                if word.starts_with('>') || ["|", "&&"].contains(&word) {
                    return words;
                }
                // A head as it is noted after a backup.
                words.push(word.replace("$HEAD", &"0".repeat(64)));
            }
        }
        words
    }

    #[test]
    fn every_command_ends_its_help_with_examples_that_it_takes() {
        let cli = Cli::command();
        for command in cli.get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
            let joined = examples.replace("\\\n      ", "");
            let lines = joined.lines().take_while(|line| !line.is_empty());
            let mut count = 0;
            for line in lines.map(str::trim).filter(|line| line.starts_with("slx ")) {
                // What an example is for stands behind it, apart.
                let line = line.split("   ").next().unwrap_or_default();
                let parsed = Cli::try_parse_from(words(line));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
                count += 1;
            }
            assert!(count > 0, "slx {} has no example", command.get_name());
            assert!(examples.lines().take(count).all(|line| line.len() <= 100), "{help}");
        }
    }

    /// One in 64 does.
    #[test]
    fn a_token_may_begin_with_a_hyphen() {
        for line in ["slx export --since -x0", "slx watch --from -x0"] {
            let parsed = Cli::try_parse_from(words(line));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn a_cause_that_an_error_words_already_is_not_shown_again() {
        let error = anyhow!("no such file").context("journal: no such file").context("not read");
        assert_eq!(in_full(&error), "not read: journal: no such file");
        assert_eq!(in_full(&anyhow!("disk full").context("not written")), "not written: disk full");
    }
}
