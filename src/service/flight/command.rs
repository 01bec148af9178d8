//! What a caller requests of a table: the command of a descriptor or ticket, JSON.

use chrono::DateTime;
use prost_types::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::super::requests::{OfTenant, Reads};
use super::super::status;
use super::names::TableName;
use super::pull_token::{OpenedToken, PullTokens};
use crate::codec::scalar::{optional_terms_id, timestamp};
use crate::codec::violations::FieldViolations;
use crate::domain::ids::TenantId;
use crate::domain::time::Instant;
use crate::runtime::Engine;

const EXAMPLE: &str = "write JSON such as {\"tenant\": \"acme\", \"table\": \"clocks\"}";

/// The command as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Command {
    tenant: String,
    table: String,
    contract_id: String,
    period: String,
    as_of_time: String,
    known_time: String,
    min_sequence: i64,
    since: String,
}

/// A request for a table.
#[derive(Clone, Debug)]
pub(super) struct TableRequest {
    command: Command,
    /// Why it is no command.
    wrong: Option<String>,
}

/// What is pulled.
#[derive(Debug)]
pub(super) struct Pull {
    pub table: TableName,
    /// Empty: of all.
    pub contract_id: String,
    /// Empty: none.
    pub period: String,
    /// Only what changed since.
    pub since: Option<OpenedToken>,
    /// The token to go on from.
    pub tokens: PullTokens,
}

impl TableRequest {
    /// The request that some bytes are.
    pub fn of(bytes: &[u8]) -> TableRequest {
        match serde_json::from_slice(bytes) {
            Ok(command) => TableRequest { command, wrong: None },
            Err(error) => {
                TableRequest { command: Command::default(), wrong: Some(error.to_string()) }
            }
        }
    }

    /// Refuses what is no command: it names no tenant either.
    pub fn check_form(&self) -> Result<(), Status> {
        let mut violations = FieldViolations::default();
        if let Some(wrong) = &self.wrong {
            violations.add("ticket", format!("is no command ({wrong}): {EXAMPLE}"));
        }
        violations.check().map_err(status::invalid)
    }

    /// Notes what is wrong with its times.
    pub fn check(&self, violations: &mut FieldViolations) {
        for (field, text) in
            [("as_of_time", &self.command.as_of_time), ("known_time", &self.command.known_time)]
        {
            if time(text).is_err() {
                violations.add(field, "is no instant: write 2026-10-01T00:00:00Z");
            }
        }
    }

    /// What it requests; `None`: violations say what is wrong.
    pub fn decode(self, engine: &Engine, violations: &mut FieldViolations) -> Option<Pull> {
        self.check(violations);
        let Command { tenant, table, contract_id, period, since, .. } = self.command;
        let found = TableName::of(&table);
        if found.is_none() {
            let names: Vec<_> = TableName::ALL.iter().map(|table| table.word()).collect();
            violations.add("table", format!("{table:?} is unknown: one of {}", names.join(", ")));
        }
        let contract = optional_terms_id(contract_id);
        let contract_id = violations.or("contract_id", contract, String::new());
        let table = found?;
        table.check_period(&period, &contract_id, violations);
        let digest = [table.word(), &tenant, &contract_id, &period];
        let digest = digest.iter().fold(Sha256::new(), |digest, text| {
            digest.chain_update((text.len() as u64).to_be_bytes()).chain_update(text)
        });
        let erasures = engine.names().erasure_of(&TenantId::from(tenant));
        let tokens = PullTokens::new(engine.store_id(), digest.finalize().into(), &erasures);
        if !since.is_empty() && !table.has_changes() {
            violations.add("since", "is given: this table rests on what was learnt, pull it whole");
        }
        let since = match since.as_str() {
            "" => None,
            token => match tokens.open(token) {
                None => {
                    let text = "is no token of a pull of this table with these filters: hand it \
                                back as it came";
                    violations.add("since", text);
                    None
                }
                opened => opened,
            },
        };
        Some(Pull { table, contract_id, period, since, tokens })
    }
}

/// An instant; empty: none.
fn time(text: &str) -> Result<Option<Timestamp>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    let time = DateTime::parse_from_rfc3339(text).map_err(drop)?;
    let instant = Instant::try_from(time.to_utc()).map_err(drop)?;
    Ok(Some(timestamp(instant)))
}

impl OfTenant for TableRequest {
    fn tenant(&self) -> &str {
        &self.command.tenant
    }
}

impl Reads for TableRequest {
    fn read(&self) -> (Option<Timestamp>, Option<Timestamp>, i64) {
        let [as_of, known] = [&self.command.as_of_time, &self.command.known_time]
            .map(|text| time(text).unwrap_or_default());
        (as_of, known, self.command.min_sequence)
    }
}
