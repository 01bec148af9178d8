//! Checks an evidence file by nothing but itself and a head that was noted.

use anyhow::{Context, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::evaluated::{Subject, evaluated};
use super::file::{File, Proven};
use super::gather::holds;
use crate::codec::scalar;
use crate::codec::store::kept_name::KeptName;
use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::domain::recorded::Recorded;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::evaluate::Times;
use crate::engine::record::Record;
use crate::journal::{self, ChainHash, chain_hash};

/// Checks every record's proof and that the verdict follows; says what was shown.
pub fn check(
    file: &File,
    noted: Option<&ChainHash>,
    zones: &ZoneDatabase,
) -> anyhow::Result<String> {
    let head = hash(&file.journal.head)?;
    if let Some(noted) = noted.filter(|noted| **noted != head) {
        bail!("it is for the head {}, not the {} that was noted", file.journal.head, noted);
    }
    let names = names(file)?;
    let proven = file.facts.iter().chain(&file.terms).chain(&file.time_zones);
    let records = proven.map(|proven| {
        let context = || format!("record {} is not proven", proven.sequence);
        prove(proven, file, &head, zones, &names).with_context(context)
    });
    let mut records = records.collect::<anyhow::Result<Vec<_>>>()?;
    records.sort_by_key(|recorded| recorded.sequence);
    let times = Times { as_of: instant(&file.as_of_time)?, known: instant(&file.known_time)? };
    let verdict = evaluated(&subject(file), records, times, zones, &file.time_zone_database)?;
    if verdict != file.verdict {
        let other = match zones.version() == file.time_zone_database {
            true => String::new(),
            false => format!(
                " (it was given by time zones {}, these are {})",
                file.time_zone_database,
                zones.version()
            ),
        };
        bail!("the verdict does not follow from the records{other}");
    }
    let against = match noted {
        Some(_) => "the head that was noted",
        None => "the head in the file; name the one that was noted with --head",
    };
    Ok(format!(
        "{} facts and {} revisions of terms are proven against {against}\nthe verdict follows",
        file.facts.len(),
        file.terms.len()
    ))
}

fn prove(
    proven: &Proven,
    file: &File,
    head: &ChainHash,
    zones: &ZoneDatabase,
    names: &Names,
) -> anyhow::Result<Recorded<Record>> {
    let (sequence, record_time) = (proven.sequence, instant(&proven.record_time)?);
    let body = BASE64.decode(&proven.body).context("its body is not base64")?;
    let chain = chain_hash(&hash(&proven.previous_hash)?, sequence, record_time, &body);
    ensure!(chain == hash(&proven.chain_hash)?, "its chain hash is not that of its content");
    let hashes = proven.path.iter().map(|text| hash(text)).collect::<anyhow::Result<_>>()?;
    let root = journal::Path { hashes }.root(sequence, file.journal.records, &chain);
    ensure!(root == Some(*head), "its path does not lead to the head");
    ensure!(holds(&body)? == proven.holds, "what it is said to hold is not in its body");
    let value = record::decode(&body, zones, names)?;
    // A record of something else would change the verdict.
    ensure!(subject(file).concerns(&value), "it is of something else");
    Ok(Recorded { sequence, record_time, value })
}

/// The names of a file; none is taken for another, since its token is made from it.
fn names(file: &File) -> anyhow::Result<Names> {
    let names = file.names.iter().map(|name| {
        let bytes = BASE64.decode(name).context("a name is not base64")?;
        Ok(KeptName::decode(&bytes)?)
    });
    Ok(Names::of_document(names.collect::<anyhow::Result<_>>()?))
}

fn subject(file: &File) -> Subject {
    Subject { tenant: file.tenant.as_str().into(), incident: file.incident_id.as_str().into() }
}

fn hash(text: &str) -> anyhow::Result<ChainHash> {
    scalar::hash(text).map_err(|error| anyhow!(error))
}

fn instant(text: &str) -> anyhow::Result<Instant> {
    let timestamp = super::super::given_time::instant(text).map_err(|error| anyhow!(error))?;
    scalar::instant(Some(timestamp)).map_err(|_| anyhow!("{text:?} is out of range"))
}
