//! The sources of the intake: who posts, for which tenant, and what it means.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;

use super::super::readers::{ANYBODY_READS, warn_of_readers};
use super::signature::{Scheme, Signature};
use crate::codec::scalar;
use crate::domain::zone::ZoneDatabase;
use crate::mapping::{Mapping, Overrides, Tool};

const NAME_BYTES_MAX: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcesFile {
    #[serde(default)]
    source: Vec<SourceEntry>,
}

/// A source as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    name: String,
    tenant: String,
    /// The tool whose mapping ships with slx.
    from: Option<String>,
    /// A mapping file, beside the file of the sources.
    mapping: Option<PathBuf>,
    /// A contract that every incident falls under, besides those of the mapping.
    contract: Option<String>,
    /// The zone of instants without an offset, instead of the mapping's.
    time_zone: Option<String>,
    #[serde(default)]
    signature: Scheme,
    /// The file with the secret of the signature, beside the file of the sources.
    secret_file: Option<PathBuf>,
}

/// Who posts, and what it means.
#[derive(Debug)]
pub(super) struct IntakeSource {
    pub name: String,
    pub tenant: String,
    pub mapping: Mapping,
    /// How it signs what it posts, if it does.
    pub signature: Option<Signature>,
}

/// The sources, by their names.
#[derive(Debug)]
pub(in crate::server) struct Sources {
    by_name: BTreeMap<String, Arc<IntakeSource>>,
}

impl Sources {
    /// Reads the file, and the mappings and secrets that it names.
    ///
    /// # Errors
    /// The first source that can't be used, and why.
    pub(super) fn load(path: &Path, zones: &ZoneDatabase) -> anyhow::Result<Sources> {
        let text = fs::read_to_string(path).context("can't be read")?;
        // What is wrong with it is said without its text.
        let file: SourcesFile = toml::from_str(&text)
            .map_err(|error| anyhow!("not a file of sources: {}", error.message()))?;
        let beside = path.parent().unwrap_or(Path::new("."));
        let mut by_name = BTreeMap::new();
        for entry in file.source {
            let name = entry.name.clone();
            let source = entry.open(beside, zones).with_context(|| format!("source {name:?}"))?;
            if by_name.insert(name.clone(), Arc::new(source)).is_some() {
                bail!("two sources have the name {name:?}");
            }
        }
        if by_name.is_empty() {
            bail!("it names no source: write [[source]] with a name, a tenant and from or mapping");
        }
        Ok(Sources { by_name })
    }

    /// The source of a name.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<IntakeSource>> {
        self.by_name.get(name)
    }

    /// The names of all.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// A source that signs nothing; `None`: all do.
    pub(super) fn unsigned(&self) -> Option<&str> {
        let unsigned = self.by_name.values().find(|source| source.signature.is_none());
        unsigned.map(|source| source.name.as_str())
    }
}

impl SourceEntry {
    fn open(self, beside: &Path, zones: &ZoneDatabase) -> anyhow::Result<IntakeSource> {
        check_name(&self.name)?;
        let tenant = scalar::id(self.tenant.clone()).map_err(|wrong| anyhow!("tenant {wrong}"))?;
        let mapping = self.mapping(beside, zones)?;
        let signature = self.signature(beside)?;
        Ok(IntakeSource { name: self.name, tenant, mapping, signature })
    }

    fn mapping(&self, beside: &Path, zones: &ZoneDatabase) -> anyhow::Result<Mapping> {
        let contracts = self.contract.iter().cloned().collect();
        let overrides = Overrides { contracts, time_zone: self.time_zone.clone() };
        let mapping = match (&self.from, &self.mapping) {
            (Some(tool), None) => {
                let found = Tool::of_webhook(tool).with_context(|| {
                    let tools = Tool::WEBHOOKS.map(|(name, _)| name).join(", ");
                    format!("from: there is no mapping for {tool:?}: write one of {tools}")
                })?;
                Mapping::read_with(found.mapping(), overrides, zones)?
            }
            (None, Some(file)) => {
                let path = beside.join(file);
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("mapping: can't read {}", path.display()))?;
                let read = Mapping::read_with(&text, overrides, zones);
                read.with_context(|| format!("mapping {}", path.display()))?
            }
            _ => bail!("write from = \"TOOL\" or mapping = \"FILE\""),
        };
        if !mapping.takes_deliveries() {
            bail!("mapping: what is posted comes delivery by delivery: write rows: deliveries");
        }
        if !mapping.names_contracts() {
            bail!(
                "name the contract that incidents fall under: contract = \"ID\", or in the mapping"
            );
        }
        Ok(mapping)
    }

    fn signature(&self, beside: &Path) -> anyhow::Result<Option<Signature>> {
        let file = match (self.signature, &self.secret_file) {
            (Scheme::None, None) => return Ok(None),
            (Scheme::None, Some(_)) => bail!("secret_file: write also which signature it is of"),
            (_, None) => bail!("secret_file: name the file with the secret of the signature"),
            (_, Some(file)) => beside.join(file),
        };
        warn_of_readers(&file, ANYBODY_READS);
        let secret = fs::read_to_string(&file)
            .with_context(|| format!("secret_file: can't read {}", file.display()))?;
        match secret.trim() {
            "" => bail!("secret_file: {} is empty", file.display()),
            secret => Ok(Some(Signature::new(self.signature, secret))),
        }
    }
}

/// A name stands in a URL and in metrics.
fn check_name(name: &str) -> anyhow::Result<()> {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(is_fit) {
        bail!("name: write 1 to {NAME_BYTES_MAX} of A-Z a-z 0-9 . _ -");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> anyhow::Result<Sources> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("secret"), "s3cret\n").unwrap();
        fs::write(directory.path().join("empty"), "\n").unwrap();
        fs::write(directory.path().join("jira.yaml"), Tool::Jira.mapping()).unwrap();
        let path = directory.path().join("sources.toml");
        fs::write(&path, text).unwrap();
        Sources::load(&path, &ZoneDatabase::bundled())
    }

    const JIRA: &str =
        "[[source]]\nname = 'jira'\ntenant = 'acme'\nfrom = 'jira'\ncontract = 'C'\n";

    #[test]
    fn every_tool_has_a_mapping_and_a_source_is_known_by_its_name() {
        for (tool, _) in Tool::WEBHOOKS {
            let text = JIRA.replace("from = 'jira'", &format!("from = '{tool}'"));
            let sources = load(&text).unwrap_or_else(|error| panic!("{tool}: {error:#}"));
            assert_eq!(sources.unsigned(), Some("jira"));
            assert!(sources.named("jira").is_some() && sources.named("Jira").is_none());
        }
        let signed = format!("{JIRA}signature = 'jira'\nsecret_file = 'secret'\n");
        assert_eq!(load(&signed).unwrap().unsigned(), None);
    }

    #[test]
    fn what_can_not_work_is_refused_with_its_source_and_its_key() {
        for (from, to, shown) in [
            (JIRA, "", "names no source"),
            ("'jira'", "'a/b'", "name: write"),
            ("'acme'", "''", "tenant "),
            ("from = 'jira'", "from = 'jria'", "write one of jira, zendesk"),
            ("from = 'jira'", "", "write from = "),
            ("from = 'jira'", "mapping = 'none.yaml'", "mapping: can't read"),
            ("from = 'jira'", "mapping = 'jira.yaml'", "rows: deliveries"),
            ("contract = 'C'", "", "name the contract"),
            ("contract = 'C'", "contract = 'C'\ntime_zone = 'Mars'", "no zone \"Mars\""),
            ("contract = 'C'", "contract = 'C'\nsecret = 'x'", "secret"),
            ("contract = 'C'", "contract = 'C'\nsignature = 'jira'", "secret_file: name"),
            ("contract = 'C'", "contract = 'C'\nsecret_file = 'secret'", "which signature"),
            (
                "contract = 'C'",
                "contract = 'C'\nsignature = 'zendesk'\nsecret_file = 'empty'",
                "is empty",
            ),
        ] {
            assert!(JIRA.contains(from), "{from}");
            let wrong = load(&JIRA.replacen(from, to, 1)).map(|_| ()).unwrap_err();
            assert!(format!("{wrong:#}").contains(shown), "{shown}: {wrong:#}");
        }
        let wrong = load(&format!("{JIRA}{JIRA}")).map(|_| ()).unwrap_err();
        assert!(wrong.to_string().contains("two sources"), "{wrong:#}");
    }
}
