//! `slx token`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::server::identity::{Grant, NewToken, TokenEntry};

/// Makes tokens for those who call a server.
#[derive(Args, Debug)]
pub(super) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Makes a token, and the entry of the identities file (slx serve --identities) that accepts
    /// it. The token itself is shown only now; the entry holds its hash.
    New(New),
}

#[derive(Args, Debug)]
struct New {
    /// Who or what it is for: recorded with what it signs and decides.
    #[arg(long, value_name = "NAME")]
    name: String,

    /// The id of a tenant that it holds, repeated for several; "*": every one.
    #[arg(long = "tenant", value_name = "ID")]
    tenants: Vec<String>,

    /// What it may do: record, administer, read, settle, sign, operate.
    #[arg(long = "scope", value_name = "SCOPES", value_delimiter = ',', required = true)]
    scopes: Vec<String>,

    /// When it ends, such as 2027-01-31T00:00:00Z [default: never].
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,

    /// Writes the token into a new file that only you can read, instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Adds the entry to this identities file instead of printing it.
    #[arg(long, value_name = "FILE")]
    add_to: Option<PathBuf>,
}

impl Token {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let TokenCommand::New(new) = self.command;
        let New { name, tenants, scopes, expires, output, add_to } = new;
        let made = NewToken::make(Grant { name, tenants, scopes }, expires)?;
        let NewToken { token, entry } = made;
        let entry = text(&entry)?;
        match &output {
            Some(file) => {
                write_new(file, &token)?;
                say!("# The token is in {}.", file.display());
            }
            None => say!("# The token, which is shown only now:\n#\n#   {token}\n#"),
        }
        match &add_to {
            Some(file) => {
                append(file, &entry)?;
                say!("# {} accepts it; a running server reads it again.", file.display());
            }
            None => say!("# What the identities file holds of it:\n\n{entry}"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(entry: &TokenEntry) -> anyhow::Result<String> {
    Ok(format!("[[token]]\n{}", toml::to_string(entry)?))
}

/// Writes a token into a new file that only this user can read.
pub(super) fn write_new(path: &Path, token: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{token}"));
    written.with_context(|| format!("can't write {}", path.display()))
}

fn append(path: &Path, entry: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| write!(file, "\n{entry}"));
    written.with_context(|| format!("can't write {}", path.display()))
}
