//! Decides commands on events and terms: what to record, or why it is rejected.

use super::catalog::{Catalog, Known};
use super::ledger::{Dedup, dedup};
use super::rejection::Rejection;
use super::terms_entry::TermsEntry;
use crate::domain::calendar::Calendar;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{Contract, Finding, Severity, lint};
use crate::domain::incident::IncidentEvent;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;

/// A request to change a contract or calendar.
#[derive(Clone, Debug)]
pub struct ChangeTerms {
    /// The change.
    pub change: Change,
    /// When it takes effect; `None`: a first revision is in force always, a later one from when it
    /// is recorded.
    pub effective_time: Option<Instant>,
    /// The number that the latest revision must have, 0 for none yet; `None`: any.
    pub expected_revision: Option<u32>,
}

/// A change of terms.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "few are held at once")]
pub enum Change {
    /// Put a revision of a contract.
    Contract(Contract),
    /// Put a revision of a calendar.
    Calendar {
        /// Which calendar.
        id: String,
        /// The calendar.
        calendar: Calendar,
    },
    /// End the contract with this id at `effective_time`.
    EndContract(String),
}

/// What to do with a request to change terms.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What to record; `None`: nothing would change.
    pub entry: Option<TermsEntry>,
    /// The warnings of the lint.
    pub findings: Vec<Finding>,
}

/// Decides an event about an incident; `recorded` is the event recorded under its id, with its
/// sequence. The incident has `count` events and may have `events_max`.
///
/// # Errors
/// [`Rejection::EventConflict`] when the id is recorded with other content,
/// [`Rejection::LimitExceeded`] when the incident is full.
pub fn decide_event(
    recorded: Option<(u64, &IncidentEvent)>,
    event: &IncidentEvent,
    count: usize,
    events_max: usize,
) -> Result<Dedup, Rejection> {
    let dedup = dedup(recorded, event)?;
    if dedup == Dedup::New && count >= events_max {
        let what = "an incident";
        return Err(Rejection::LimitExceeded { what, most: events_max, unit: "events" });
    }
    Ok(dedup)
}

/// Decides an event about a service; `recorded` is the event recorded under its id, with its
/// sequence.
///
/// # Errors
/// [`Rejection::EventConflict`] when the id is recorded with other content.
pub fn decide_service_event(
    recorded: Option<(u64, &ServiceEvent)>,
    event: &ServiceEvent,
) -> Result<Dedup, Rejection> {
    dedup(recorded, event)
}

/// Decides a change of terms at `now`, the instant it would be recorded.
///
/// # Errors
/// A [`Rejection`] when the expected revision is not the latest, the contract has ended or is
/// unknown, or the lint finds errors.
pub fn decide_terms(
    catalog: &Catalog,
    change: ChangeTerms,
    now: Instant,
) -> Result<Decision, Rejection> {
    let known = catalog.known(Instant::MAX);
    let ChangeTerms { change, effective_time, expected_revision } = change;
    match change {
        Change::Contract(contract) => {
            let latest = known.contract(&contract.id).all().last();
            let is_so = latest.is_some_and(|l| {
                l.content == contract && effective_time.is_none_or(|e| e == l.effective_time)
            });
            check_expected(latest.map(|l| l.number), expected_revision, is_so)?;
            let effective = effective(latest.map(|l| l.effective_time), effective_time, now);
            if is_so {
                return Ok(Decision { entry: None, findings: warnings(known, &contract) });
            }
            check_end(known, &contract, effective)?;
            let findings = check_sound(known, &contract)?;
            let entry =
                TermsEntry::Contract { effective_time: effective, contract: Box::new(contract) };
            Ok(Decision { entry: Some(entry), findings })
        }
        Change::Calendar { id, calendar } => {
            let latest = known.calendar(&id).all().last();
            let is_so = latest.is_some_and(|l| {
                *l.content.calendar == calendar
                    && effective_time.is_none_or(|e| e == l.effective_time)
            });
            check_expected(latest.map(|l| l.number), expected_revision, is_so)?;
            let effective = effective(latest.map(|l| l.effective_time), effective_time, now);
            let entry = TermsEntry::Calendar { id, effective_time: effective, calendar };
            Ok(Decision { entry: (!is_so).then_some(entry), findings: Vec::new() })
        }
        Change::EndContract(contract_id) => {
            if known.contract(&contract_id).all().is_empty() {
                return Err(Rejection::ContractNotFound(contract_id));
            }
            let present = known.contract_end(&contract_id);
            let is_so =
                present.is_some() && (effective_time.is_none() || effective_time == present);
            let end_time = effective_time.unwrap_or(now);
            let entry = TermsEntry::ContractEnd { contract_id, end_time };
            Ok(Decision { entry: (!is_so).then_some(entry), findings: Vec::new() })
        }
    }
}

/// When a revision takes effect: as requested, else always for a first revision and `now` for a
/// later one.
fn effective(latest: Option<Instant>, requested: Option<Instant>, now: Instant) -> Instant {
    requested.unwrap_or(if latest.is_some() { now } else { Instant::MIN })
}

/// Whoever puts again what is so already may name the revision that it was to follow.
fn check_expected(
    present: Option<u32>,
    expected: Option<u32>,
    is_so: bool,
) -> Result<(), Rejection> {
    let present = present.unwrap_or(0);
    match expected {
        Some(expected)
            if expected != present && !(is_so && expected.checked_add(1) == Some(present)) =>
        {
            Err(Rejection::RevisionConflict { expected, present })
        }
        _ => Ok(()),
    }
}

fn check_end(known: Known<'_>, contract: &Contract, effective: Instant) -> Result<(), Rejection> {
    match known.contract_end(&contract.id) {
        Some(end) if end <= effective => Err(Rejection::ContractEnded(contract.id.clone())),
        _ => Ok(()),
    }
}

fn findings(known: Known<'_>, contract: &Contract) -> Vec<Finding> {
    let hours = |id: &str| -> Option<&ServiceHours> {
        known.calendar(id).all().last().and_then(|revision| revision.content.hours(known.zones()))
    };
    let others: Vec<&Contract> = known
        .contract_ids()
        .filter(|id| *id != contract.id)
        .filter_map(|id| known.contract(id).all().last())
        .map(|revision| &revision.content)
        .collect();
    lint(contract, hours, &others)
}

fn warnings(known: Known<'_>, contract: &Contract) -> Vec<Finding> {
    let found = findings(known, contract).into_iter();
    found.filter(|finding| finding.severity == Severity::Warning).collect()
}

/// The warnings of the lint for a contract that is to be put.
///
/// # Errors
/// [`Rejection::Unsound`] with the errors that the lint finds.
pub(super) fn check_sound(
    known: Known<'_>,
    contract: &Contract,
) -> Result<Vec<Finding>, Rejection> {
    let (errors, warnings): (Vec<_>, Vec<_>) = findings(known, contract)
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    if errors.is_empty() { Ok(warnings) } else { Err(Rejection::Unsound(errors)) }
}
