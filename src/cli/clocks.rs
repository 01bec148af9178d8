//! `slx clocks`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use prost_types::Duration;

use super::connection::{Channel, Connection, refused};
use super::coverage;
use super::given_time::{GivenTime, time};
use super::read_times::ReadTimes;
use super::show::{Printed, Times, outcome, percent, phase, span, table};
use crate::codec::choices::{outcome_number, phase_number};
use crate::codec::v1::clock_service_client::ClockServiceClient;
use crate::codec::{text, v1};

/// Lists clocks that are open and within their limits, the most urgent first, with the probability
/// that each breaches; others by --phase, --outcome or --all.
#[derive(Args, Debug)]
pub(super) struct Clocks {
    /// Only clocks of this contract.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    /// Only clocks of this target.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    target: String,

    /// Only clocks of this priority.
    #[arg(long, default_value = "", hide_default_value = true)]
    priority: String,

    /// Also lists clocks that are over their limits, stopped or cancelled.
    #[arg(long, conflicts_with_all = ["phase", "outcome"])]
    all: bool,

    /// Only clocks in this phase; may be repeated.
    #[arg(long, value_enum)]
    phase: Vec<PhaseWord>,

    /// Only clocks with this outcome; may be repeated.
    #[arg(long, value_enum)]
    outcome: Vec<OutcomeWord>,

    /// Only clocks due before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    due_before: Option<GivenTime>,

    /// Leaves out how probable breaches are, which takes long as of an instant long past.
    #[arg(long)]
    no_forecast: bool,

    /// Lists, instead of clocks, the incidents that lack one, with the reasons.
    #[arg(long, conflicts_with_all = ["target", "priority", "phase", "outcome", "due_before"])]
    missing: bool,

    #[command(flatten)]
    read_times: ReadTimes,

    /// How many clocks to list at most.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PhaseWord {
    Pending,
    Running,
    Paused,
    Stopped,
    Cancelled,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutcomeWord {
    Undecided,
    Met,
    Breached,
    Transferred,
    Excluded,
}

/// What is said where a list is empty, and what could be listed instead.
const NO_OPEN_CLOCK: &str = "No clock is open and within its limit; --all lists every clock, \
                             --missing the incidents that lack one.";
const NO_SUCH_CLOCK: &str = "There is no such clock; --all lists every clock, --missing the \
                             incidents that lack one.";

impl PhaseWord {
    const OPEN: [PhaseWord; 3] = [PhaseWord::Pending, PhaseWord::Running, PhaseWord::Paused];
}

impl Clocks {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.missing {
            return self.list_missing().await;
        }
        let is_default = !self.all && self.phase.is_empty() && self.outcome.is_empty();
        let outcomes = if is_default { vec![OutcomeWord::Undecided] } else { self.outcome };
        let phases = if is_default { PhaseWord::OPEN.to_vec() } else { self.phase };
        let read = self.read_times.in_zone(&self.printed.shown)?;
        let request = v1::ListClocksRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract,
            target_id: self.target,
            priority: self.priority,
            phases: phases.into_iter().map(phase_of).collect(),
            outcomes: outcomes.into_iter().map(outcome_of).collect(),
            due_before: self.printed.shown.instant(self.due_before)?,
            with_forecast: !self.no_forecast,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let channel = self.connection.open().await?;
        let answer = list(request, self.limit, channel).await?;
        if self.printed.json {
            say!("{}", text::to_json(&answer, "slx.v1.ListClocksResponse")?);
            return Ok(ExitCode::SUCCESS);
        }
        if answer.clocks.is_empty() {
            say!("{}", if is_default { NO_OPEN_CLOCK } else { NO_SUCH_CLOCK });
            return Ok(ExitCode::SUCCESS);
        }
        say!("{}", show(&answer.clocks, &self.printed.times()?));
        if is_default {
            say!("\nThese are open and within their limits; --all lists every clock.");
        }
        if !answer.next_page_token.is_empty() {
            say!("\nThere are more: see --limit.");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Lists the incidents that lack a clock.
    async fn list_missing(self) -> anyhow::Result<ExitCode> {
        let read = self.read_times.in_zone(&self.printed.shown)?;
        let request = v1::ListIncidentsRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let incidents = coverage::list(request, self.connection.open().await?).await?;
        if self.printed.json {
            let answer = v1::ListIncidentsResponse { incidents, ..Default::default() };
            say!("{}", text::to_json(&answer, "slx.v1.ListIncidentsResponse")?);
            return Ok(ExitCode::SUCCESS);
        }
        if incidents.is_empty() {
            say!("No incident lacks a clock.");
            return Ok(ExitCode::SUCCESS);
        }
        let times = self.printed.times()?;
        let shown = incidents.iter().take(self.limit).flat_map(|one| missing_rows(one, &times));
        say!("{}", table(&["incident", "opened", "why it has no clock"], &[], shown.collect()));
        for sentence in coverage::sentences(&coverage::lacks(incidents.iter())) {
            say!("\n{sentence}");
        }
        if incidents.len() > self.limit {
            say!("\nThere are more: see --limit.");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn missing_rows(incident: &v1::Incident, times: &Times) -> Vec<Vec<String>> {
    let opened = times.show(incident.open_time);
    let missing = incident.missing_clocks.iter();
    missing.map(|one| vec![incident.id.clone(), opened.clone(), one.description.clone()]).collect()
}

fn phase_of(word: PhaseWord) -> i32 {
    use crate::domain::clock::Phase;
    phase_number(match word {
        PhaseWord::Pending => Phase::Pending,
        PhaseWord::Running => Phase::Running,
        PhaseWord::Paused => Phase::Paused,
        PhaseWord::Stopped => Phase::Stopped,
        PhaseWord::Cancelled => Phase::Cancelled,
    })
}

fn outcome_of(word: OutcomeWord) -> i32 {
    use crate::domain::clock::Outcome;
    outcome_number(match word {
        OutcomeWord::Undecided => Outcome::Undecided,
        OutcomeWord::Met => Outcome::Met,
        OutcomeWord::Breached => Outcome::Breached,
        OutcomeWord::Transferred => Outcome::Transferred,
        OutcomeWord::Excluded => Outcome::Excluded,
    })
}

/// The first `limit` clocks a request finds, over its pages; the last page's token says whether
/// there are more.
pub(super) async fn list(
    mut request: v1::ListClocksRequest,
    limit: usize,
    channel: Channel,
) -> anyhow::Result<v1::ListClocksResponse> {
    let mut client = ClockServiceClient::new(channel);
    let mut all = v1::ListClocksResponse::default();
    while all.clocks.len() < limit {
        request.page_size = i32::try_from(limit - all.clocks.len()).unwrap_or(i32::MAX);
        let page = client.list_clocks(request.clone()).await.map_err(refused)?.into_inner();
        all.clocks.extend(page.clocks);
        (all.next_page_token, all.stamp) = (page.next_page_token.clone(), page.stamp);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// Clocks as a table; with the probability of a breach, if that was requested of any.
pub(super) fn show(clocks: &[v1::Clock], times: &Times) -> String {
    if clocks.is_empty() {
        return "No clocks.".to_owned();
    }
    let rows = clocks.iter().map(|clock| {
        vec![
            clock.incident_id.clone(),
            format!("{}/{}{}", clock.contract_id, clock.target_id, cycle(clock.cycle)),
            clock.priority.clone(),
            phase(clock),
            outcome(clock.outcome()),
            format!("{}%", clock.percent_elapsed),
            span(clock.elapsed),
            span(clock.limit),
            times.show(clock.due_time),
            left(clock),
            clock.forecast.as_ref().map_or_else(|| "-".to_owned(), |f| percent(f.probability)),
        ]
    });
    let columns = match clocks.iter().any(|clock| clock.forecast.is_some()) {
        true => HEADINGS.len(),
        false => HEADINGS.len() - 1,
    };
    let rows = rows.map(|row: Vec<_>| row.into_iter().take(columns).collect());
    let headings: Vec<_> = HEADINGS.into_iter().take(columns).collect();
    let right = [5, 6, 7, 9, 10].map(|column: usize| column.min(columns - 1));
    table(&headings, &right, rows.collect())
}

/// What is left of the limit; that it is used up to the nanosecond is no breach yet.
fn left(clock: &v1::Clock) -> String {
    match clock.remaining {
        Some(Duration { seconds: 0, nanos: 0 }) => "none".to_owned(),
        remaining => span(remaining),
    }
}

/// The columns of clocks, the probability of a breach last.
const HEADINGS: [&str; 11] = [
    "incident", "clock", "priority", "phase", "outcome", "used", "elapsed", "limit", "due", "left",
    "breach",
];

/// ` #2`: later cycles are numbered.
pub(super) fn cycle(cycle: i32) -> String {
    if cycle > 1 { format!(" #{cycle}") } else { String::new() }
}
