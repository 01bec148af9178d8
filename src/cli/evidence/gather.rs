//! Gathers the evidence of one incident from a journal.

use std::collections::BTreeSet;

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::evaluated::{Subject, evaluated};
use super::file::{FORMAT, File, HOW_TO_CHECK, JournalHead, Proven};
use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::codec::text;
use crate::domain::recorded::Recorded;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::evaluate::Times;
use crate::engine::record::{Entry, Record, TermsEntry};
use crate::journal::{self, ChainHash, LogSource, Prover};

/// Which incident, at which times.
pub struct Wanted {
    pub subject: Subject,
    pub as_of: Instant,
    pub known: Option<Instant>,
}

/// A record that matters, as it lies in the journal.
struct FoundRecord {
    kept: journal::Record,
    before: ChainHash,
    record: Record,
}

/// Gathers facts and terms, proves each, and evaluates the incident by them.
pub fn gather(
    log: &dyn LogSource,
    wanted: &Wanted,
    zones: &ZoneDatabase,
    names: &Names,
) -> anyhow::Result<File> {
    let (mut found, last) = find(log, wanted, zones, names)?;
    let contracts = contracts_of(&found);
    let calendars = calendars_of(&found, &contracts);
    found.retain(|found| match &found.record.entry {
        Entry::IncidentEvent(_) => true,
        Entry::Terms(terms) => matters(terms, &contracts, &calendars),
        Entry::Adoption(_) => true,
        _ => false,
    });
    let (facts, others): (Vec<_>, Vec<_>) =
        found.iter().partition(|found| matches!(found.record.entry, Entry::IncidentEvent(_)));
    let (zone_records, terms): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|found| matches!(found.record.entry, Entry::Adoption(_)));
    let (Some((records, known)), false) = (last, facts.is_empty()) else {
        bail!(
            "nothing is recorded of incident {:?} of tenant {:?}",
            wanted.subject.incident.as_str(),
            wanted.subject.tenant.as_str()
        );
    };
    let times = Times { as_of: wanted.as_of, known: wanted.known.unwrap_or(known) };
    let recorded = |FoundRecord { kept, record, .. }: &FoundRecord| Recorded {
        sequence: kept.sequence,
        record_time: kept.record_time,
        value: record.clone(),
    };
    let release = release(&zone_records).unwrap_or_else(|| zones.version());
    let verdict = evaluated(&wanted.subject, found.iter().map(recorded), times, zones, release)?;
    let all = facts.iter().chain(&terms).chain(&zone_records);
    let sequences = all.map(|found| found.kept.sequence);
    let (head, paths) = prove(log, sequences, records)?;
    let mut paths = paths.into_iter();
    let mut proven = |found: Vec<&FoundRecord>| -> anyhow::Result<Vec<Proven>> {
        found.into_iter().zip(paths.by_ref()).map(|(found, path)| shown(found, &path)).collect()
    };
    let time_zone_database = release.to_owned();
    let mut named = BTreeSet::new();
    for found in &facts {
        let names = names.of(&wanted.subject.tenant, &found.record.entry)?;
        named.extend(names.iter().map(|name| BASE64.encode(name.encode())));
    }
    let (facts, terms, time_zones) = (proven(facts)?, proven(terms)?, proven(zone_records)?);
    let (as_of_time, known_time) = (times.as_of.to_string(), times.known.to_string());
    Ok(File {
        format: FORMAT.to_string(),
        how_to_check: HOW_TO_CHECK.to_owned(),
        tenant: wanted.subject.tenant.to_string(),
        incident_id: wanted.subject.incident.to_string(),
        as_of_time,
        known_time,
        time_zone_database,
        journal: JournalHead { records, head: head.to_string() },
        facts,
        terms,
        time_zones,
        names: named.into_iter().collect(),
        verdict,
    })
}

/// The release of the time zone database that was adopted last.
fn release<'f>(adoptions: &[&'f FoundRecord]) -> Option<&'f str> {
    match &adoptions.last()?.record.entry {
        Entry::Adoption(adoption) => Some(adoption.files.release()),
        _ => None,
    }
}

/// The last record's sequence and time.
type LastRecord = (u64, Instant);

/// The incident's facts and the tenant's terms that were known, and where the journal ends.
fn find(
    log: &dyn LogSource,
    wanted: &Wanted,
    zones: &ZoneDatabase,
    names: &Names,
) -> anyhow::Result<(Vec<FoundRecord>, Option<LastRecord>)> {
    let (mut found, mut last, mut before) = (Vec::new(), None, ChainHash::ZERO);
    for kept in log.read(1..=u64::MAX)? {
        let kept = kept?;
        last = Some((kept.sequence, kept.record_time));
        let hash = kept.hash;
        let record = record::decode(&kept.body, zones, names)?;
        let is_known = wanted.known.is_none_or(|known| kept.record_time <= known);
        // The first database of a store is read by, whatever was known.
        let is_first = matches!(&record.entry, Entry::Adoption(a) if a.effective_time.is_none());
        if (is_known || is_first) && wanted.subject.concerns(&record) {
            found.push(FoundRecord { kept, before, record });
        }
        before = hash;
    }
    Ok((found, last))
}

fn contracts_of(found: &[FoundRecord]) -> BTreeSet<String> {
    let named = found.iter().map(|found| match &found.record.entry {
        Entry::IncidentEvent(event) => event.fact.contract_ids(),
        _ => &[],
    });
    named.flatten().cloned().collect()
}

fn calendars_of(found: &[FoundRecord], contracts: &BTreeSet<String>) -> BTreeSet<String> {
    let targets = found.iter().filter_map(|found| match &found.record.entry {
        Entry::Terms(TermsEntry::Contract { contract, .. }) if contracts.contains(&contract.id) => {
            Some(&contract.terms.targets)
        }
        _ => None,
    });
    let limits = targets.flatten().flat_map(|target| &target.limits);
    limits.map(|limit| limit.calendar_id.clone()).collect()
}

fn matters(terms: &TermsEntry, contracts: &BTreeSet<String>, calendars: &BTreeSet<String>) -> bool {
    match terms {
        TermsEntry::Contract { contract, .. } => contracts.contains(&contract.id),
        TermsEntry::ContractEnd { contract_id, .. } => contracts.contains(contract_id),
        TermsEntry::Calendar { id, .. } => calendars.contains(id),
    }
}

/// The head after `records` records, and the paths to it.
fn prove(
    log: &dyn LogSource,
    sequences: impl Iterator<Item = u64>,
    records: u64,
) -> anyhow::Result<(ChainHash, Vec<journal::Path>)> {
    let mut prover = Prover::new(sequences);
    for kept in log.read(1..=records)? {
        prover.pass(&kept?.hash);
    }
    let (tree, paths) = prover.finish();
    Ok((tree.root(), paths))
}

/// What a record holds, as JSON.
pub fn holds(body: &[u8]) -> anyhow::Result<serde_json::Value> {
    let shown = record::without_zone_files(body);
    Ok(serde_json::from_str(&text::bytes_to_json(&shown, "slx.store.v1.Record")?)?)
}

fn shown(found: &FoundRecord, path: &journal::Path) -> anyhow::Result<Proven> {
    let body = &found.kept.body;
    Ok(Proven {
        sequence: found.kept.sequence,
        record_time: found.kept.record_time.to_string(),
        previous_hash: found.before.to_string(),
        chain_hash: found.kept.hash.to_string(),
        body: BASE64.encode(body),
        holds: holds(body)?,
        path: path.hashes.iter().map(ToString::to_string).collect(),
    })
}
