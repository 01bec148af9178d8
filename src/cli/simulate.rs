//! `slx simulate`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::compliance::{self, KeyWord};
use super::connection::{Connection, refused};
use super::objectives;
use super::read_times::ReadTimes;
use super::show::{Printed, Times, counted_as, table};
use super::{apply, credits};
use crate::codec::choices::group_key_number;
use crate::codec::store::v1::TermsFile;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use crate::codec::{text, v1};

/// Compares a period under the proposed terms of a YAML file with the present ones.
///
/// Nothing is recorded. A figure that would change is shown as it is and as it would be, with an
/// arrow between.
#[derive(Args, Debug)]
pub(super) struct Simulate {
    /// The file, as for slx apply: the proposed contract, and proposed calendars in place of the
    /// present ones; - for standard input.
    #[arg(value_name = "TERMS")]
    file: PathBuf,

    /// The period, in the contract's time zone: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(value_name = "PERIOD")]
    period: String,

    /// The id of the contract, if the file holds several.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    /// What to group the clocks by.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["target", "priority"])]
    by: Vec<KeyWord>,

    /// How many of the verdicts that would differ to list at most.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

impl Simulate {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let proposal = self.proposal().with_context(|| self.file.display().to_string())?;
        let mut client = ComplianceServiceClient::new(self.connection.open().await?);
        let answer = client.simulate_contract(self.request(proposal)?).await.map_err(refused)?;
        let answer = answer.into_inner();
        match self.printed.json {
            true => say!("{}", text::to_json(&answer, "slx.v1.SimulateContractResponse")?),
            false => self.print(&answer)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn proposal(&self) -> anyhow::Result<Proposal> {
        let text = apply::read(&self.file)?;
        pick(text::from_yaml(&text, "slx.store.v1.TermsFile")?, &self.contract)
    }

    fn request(&self, proposal: Proposal) -> anyhow::Result<v1::SimulateContractRequest> {
        let Proposal { tenant, contract, calendars } = proposal;
        let read = self.read_times.in_zone(&self.printed.shown)?;
        Ok(v1::SimulateContractRequest {
            tenant: if tenant.is_empty() { self.connection.tenant.clone() } else { tenant },
            contract: Some(contract),
            calendars,
            period: self.period.clone(),
            group_by: self.by.iter().map(|word| group_key_number(word.key())).collect(),
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        })
    }

    fn print(&self, answer: &v1::SimulateContractResponse) -> anyhow::Result<()> {
        let present = answer.present.clone().unwrap_or_default();
        let proposed = answer.proposed.clone().unwrap_or_default();
        let times = self.printed.times()?;
        let period = present.period.clone().unwrap_or_default();
        let (start, end) = (times.show(period.start_time), times.show(period.end_time));
        say!("{} from {start} to {end}, as it is -> as it would be\n", period.name);
        say!("{}", self.groups(&present.groups, &proposed.groups));
        if !(present.objectives.is_empty() && proposed.objectives.is_empty()) {
            say!("\n{}", objectives(&present.objectives, &proposed.objectives, &times));
        }
        if present.credits.is_some() || proposed.credits.is_some() {
            say!("\n{}", credited(present.credits.as_ref(), proposed.credits.as_ref()));
        }
        say!("\n{}", self.verdict_changes(answer));
        if !answer.findings.is_empty() {
            say!("\nOf the proposed terms:");
            apply::print_findings(&answer.findings)?;
        }
        say!("\n{}", answer.caveat);
        Ok(())
    }

    fn groups(&self, present: &[v1::ComplianceGroup], proposed: &[v1::ComplianceGroup]) -> String {
        let row = |group: &v1::ComplianceGroup| Row {
            names: self.by.iter().map(|word| word.cell(group)).collect(),
            figures: compliance::figures(group),
        };
        let rows = beside(present.iter().map(row), proposed.iter().map(row));
        compliance::group_table(&self.by, rows)
    }

    /// The verdicts that would differ: how many of each kind, and the first of them.
    fn verdict_changes(&self, answer: &v1::SimulateContractResponse) -> String {
        let heading = match answer.verdict_change_count {
            0 => return "No verdict would differ.".to_owned(),
            1 => "1 verdict would differ".to_owned(),
            many => format!("{many} verdicts would differ"),
        };
        let rows = answer.verdict_changes.iter().take(self.limit).map(|verdict_change| {
            let (is, would_be) = ends(verdict_change);
            vec![verdict_change.incident_id.clone(), verdict_change.target_id.clone(), is, would_be]
        });
        let rows: Vec<_> = rows.collect();
        let is_all = i64::try_from(rows.len()) == Ok(answer.verdict_change_count);
        let more = if is_all { "" } else { "\n\nThere are more: see --limit." };
        let rows = table(&["incident", "target", "is", "would be"], &[], rows);
        format!("{heading}: {}\n\n{rows}{more}", kinds(answer))
    }
}

/// What is proposed, and to which organisation; empty: as the command says.
struct Proposal {
    tenant: String,
    contract: v1::Contract,
    calendars: Vec<v1::Calendar>,
}

/// The contract of some files called `id`, or the only one, with all their calendars.
fn pick(files: Vec<TermsFile>, id: &str) -> anyhow::Result<Proposal> {
    let mut calendars = Vec::new();
    let mut contracts = Vec::new();
    for file in files {
        calendars.extend(file.calendars);
        contracts.extend(file.contracts.into_iter().map(|c| (file.tenant.clone(), c)));
    }
    contracts.retain(|(_, contract)| id.is_empty() || contract.id == id);
    let count = contracts.len();
    match (contracts.pop(), count) {
        (Some((tenant, contract)), 1) => Ok(Proposal { tenant, contract, calendars }),
        (None, _) if id.is_empty() => bail!("it holds no contract"),
        (None, _) => bail!("it holds no contract {id:?}"),
        (Some(_), count) => bail!("it holds {count} contracts: say which with --contract"),
    }
}

/// What is shown of one group or objective.
struct Row {
    names: Vec<String>,
    figures: Vec<String>,
}

/// Rows of the same names in one, the present first; a figure that stays stands once.
fn beside(
    present: impl Iterator<Item = Row>,
    proposed: impl Iterator<Item = Row>,
) -> Vec<Vec<String>> {
    let mut proposed: Vec<_> = proposed.collect();
    let mut rows = Vec::new();
    for Row { names, figures } in present {
        let place = proposed.iter().position(|row| row.names == names);
        let others = place.map_or_else(|| nothing(&figures), |at| proposed.remove(at).figures);
        rows.push(joined(names, figures, others));
    }
    rows.extend(
        proposed
            .into_iter()
            .map(|Row { names, figures }| joined(names, nothing(&figures), figures)),
    );
    rows
}

/// As many dashes as there are figures.
fn nothing(figures: &[String]) -> Vec<String> {
    vec!["-".to_owned(); figures.len()]
}

fn joined(mut names: Vec<String>, present: Vec<String>, proposed: Vec<String>) -> Vec<String> {
    names.extend(present.iter().zip(&proposed).map(|(is, would_be)| change(is, would_be)));
    names
}

/// `12 -> 10`, or only `12` where nothing would change.
fn change(is: &str, would_be: &str) -> String {
    if is == would_be { is.to_owned() } else { format!("{is} -> {would_be}") }
}

fn objectives(
    present: &[v1::ObjectiveResult],
    proposed: &[v1::ObjectiveResult],
    times: &Times,
) -> String {
    let row = |result: &v1::ObjectiveResult| Row {
        names: objectives::result_names(result, times).to_vec(),
        figures: objectives::result_figures(result).to_vec(),
    };
    objectives::as_table(beside(present.iter().map(row), proposed.iter().map(row)))
}

/// What is credited for each objective, and in all.
fn credited(
    present: Option<&v1::CreditStatement>,
    proposed: Option<&v1::CreditStatement>,
) -> String {
    let mut units: Vec<_> = [present, proposed].into_iter().flatten().map(credits::unit).collect();
    units.dedup();
    let rows = |statement: Option<&v1::CreditStatement>| {
        let amounts = statement.map(credits::amounts).unwrap_or_default().into_iter();
        amounts.map(|([objective, period], amount)| Row {
            names: vec![objective, period],
            figures: vec![amount],
        })
    };
    let rows = beside(rows(present), rows(proposed));
    let rows = table(&["objective", "period", "credit"], &[2], rows);
    format!("Credits in {}:\n\n{rows}", units.join(" -> "))
}

/// A verdict as it is and as it would be.
fn ends(verdict_change: &v1::VerdictChange) -> (String, String) {
    let (present, proposed) =
        (verdict_change.present_counted_as(), verdict_change.proposed_counted_as());
    (counted_as(present), counted_as(proposed))
}

/// `3 met -> breached, 1 excluded -> met`; where not all are listed, of those that are.
fn kinds(answer: &v1::SimulateContractResponse) -> String {
    let mut counts = BTreeMap::new();
    for verdict_change in &answer.verdict_changes {
        let (is, would_be) = ends(verdict_change);
        *counts.entry(change(&is, &would_be)).or_insert(0) += 1;
    }
    let kinds: Vec<_> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let (shown, kinds) = (answer.verdict_changes.len(), kinds.join(", "));
    match i64::try_from(shown) == Ok(answer.verdict_change_count) {
        true => kinds,
        false => format!("of the first {shown}, {kinds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, figure: &str) -> Row {
        Row { names: vec![name.into()], figures: vec![figure.into()] }
    }

    #[test]
    fn what_one_side_lacks_is_a_dash_and_what_stays_stands_once() {
        let present = [row("gone", "1"), row("same", "2"), row("other", "3")];
        let proposed = [row("other", "4"), row("same", "2"), row("new", "5")];
        let rows = beside(present.into_iter(), proposed.into_iter());
        let shown: Vec<_> = rows.iter().map(|row| row.join(" ")).collect();
        assert_eq!(shown, ["gone 1 -> -", "same 2", "other 3 -> 4", "new - -> 5"]);
    }

    #[test]
    fn a_file_of_several_contracts_must_be_shown_which() {
        let contract = |id: &str| v1::Contract { id: id.into(), ..Default::default() };
        let files = || {
            let contracts = vec![contract("A"), contract("B")];
            vec![TermsFile { contracts, ..Default::default() }]
        };
        let refused = |id| pick(files(), id).err().map(|error| error.to_string());
        assert_eq!(refused(""), Some("it holds 2 contracts: say which with --contract".into()));
        assert_eq!(refused("C"), Some("it holds no contract \"C\"".into()));
        assert_eq!(pick(files(), "B").map(|found| found.contract.id).ok(), Some("B".into()));
        assert!(pick(Vec::new(), "").is_err());
    }
}
