//! What is kept of a webhook: how far it has come, and its dead letters. It lies in two files
//! beside the journal or, where several nodes share a log, beside that, for whichever node sends
//! next.
//!
//! Each is replaced as a whole. Dead letters are written before the position that leaves them
//! behind, so that an event is never missing from both. Neither is in a backup: whoever goes on
//! without them sends again what is not too old, with the same ids.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::cluster::Leases;
use crate::codec::scalar::hexadecimal;
use crate::codec::store::v1 as store;
use crate::codec::v1;
use crate::domain::ids::TenantId;

const DIRECTORY: &str = "webhooks";
const POSITION: &str = "position";
const DEAD_LETTERS: &str = "dead";
const NAME_BYTES: usize = 16;
/// Bytes of the checksum that each file begins with.
const CHECK_BYTES: usize = 32;

/// Where it is kept.
#[derive(Clone, Debug)]
pub(super) enum ProgressStore {
    /// In files in a data directory.
    Files(PathBuf),
    /// By the nodes that share a log.
    Nodes(Arc<Leases>),
}

/// What is kept of a webhook. Reading and writing it blocks.
#[derive(Clone, Debug)]
pub(super) struct KeptProgress {
    store: ProgressStore,
    name: String,
    create_sequence: u64,
}

impl KeptProgress {
    /// That of a webhook which was created by the record of a sequence.
    pub fn of(
        store: &ProgressStore,
        tenant: &TenantId,
        webhook: &str,
        create_sequence: u64,
    ) -> KeptProgress {
        let tenant: &str = tenant;
        let digest = [tenant, webhook].iter().fold(Sha256::new(), |digest, part| {
            digest.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
        });
        let name = hexadecimal(digest.finalize().get(..NAME_BYTES).unwrap_or_default());
        KeptProgress { store: store.clone(), name, create_sequence }
    }

    /// The token to go on from; `None`: none was kept.
    pub fn position(&self) -> Option<String> {
        let read: store::WebhookPosition = self.read(POSITION)?;
        (read.create_sequence == self.create_sequence).then_some(read.resume_token)
    }

    /// The dead letters.
    pub fn dead_letters(&self) -> Vec<v1::DeadLetter> {
        let read: Option<store::WebhookDeadLetters> = self.read(DEAD_LETTERS);
        let its = read.filter(|read| read.create_sequence == self.create_sequence);
        its.map(|read| read.dead_letters).unwrap_or_default()
    }

    /// Keeps the token to go on from.
    pub fn keep_position(&self, resume_token: String) -> io::Result<()> {
        let create_sequence = self.create_sequence;
        self.write(POSITION, &store::WebhookPosition { create_sequence, resume_token })
    }

    /// Keeps the dead letters.
    pub fn keep_dead_letters(&self, dead_letters: Vec<v1::DeadLetter>) -> io::Result<()> {
        let create_sequence = self.create_sequence;
        self.write(DEAD_LETTERS, &store::WebhookDeadLetters { create_sequence, dead_letters })
    }

    /// What was kept; nothing, if there is none, or it is damaged, which is logged.
    fn read<M: Message + Default>(&self, kind: &str) -> Option<M> {
        let read = match self.store.read(&self.name, kind) {
            Ok(bytes) => decode(&bytes?),
            Err(error) => Err(error.to_string()),
        };
        let noted = |error: &String| {
            let name = &self.name;
            tracing::error!(%error, name, kind, "what was kept of a webhook can't be read");
        };
        read.inspect_err(noted).ok()
    }

    fn write(&self, kind: &str, message: &impl Message) -> io::Result<()> {
        let content = message.encode_to_vec();
        let bytes = [Sha256::digest(&content).as_slice(), &content].concat();
        self.store.write(&self.name, kind, &bytes)
    }
}

impl ProgressStore {
    /// What is kept; `None`: nothing.
    fn read(&self, name: &str, kind: &str) -> io::Result<Option<Vec<u8>>> {
        match self {
            ProgressStore::Files(data) => match fs::read(path(data, name, kind)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
            ProgressStore::Nodes(leases) => leases.kept(&key(name, kind)).map_err(io::Error::other),
        }
    }

    fn write(&self, name: &str, kind: &str, bytes: &[u8]) -> io::Result<()> {
        match self {
            ProgressStore::Files(data) => replace(data, name, kind, bytes),
            ProgressStore::Nodes(leases) => {
                leases.keep(&key(name, kind), bytes).map_err(io::Error::other)
            }
        }
    }

    /// Removes what is kept of webhooks that are no more.
    pub fn remove_others<'k>(&self, present: impl Iterator<Item = &'k KeptProgress>) {
        let present: BTreeSet<String> = present.map(|kept| kept.name.clone()).collect();
        match self {
            ProgressStore::Files(data) => remove_files(data, &present),
            ProgressStore::Nodes(leases) => {
                if let Err(error) = leases.forget_others(present) {
                    tracing::warn!(%error, "what was kept of webhooks can't be removed");
                }
            }
        }
    }
}

/// The key under which nodes keep something for each other.
fn key(name: &str, kind: &str) -> String {
    format!("{name}.{kind}")
}

fn path(data: &Path, name: &str, kind: &str) -> PathBuf {
    data.join(DIRECTORY).join(format!("{name}.{kind}"))
}

fn replace(data: &Path, name: &str, kind: &str, bytes: &[u8]) -> io::Result<()> {
    let directory = data.join(DIRECTORY);
    fs::create_dir_all(&directory)?;
    let new = path(data, name, &format!("{kind}-new"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path(data, name, kind))?;
    File::open(&directory)?.sync_all()
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, String> {
    let (check, content) = bytes.split_at_checked(CHECK_BYTES).ok_or("it is too short")?;
    if Sha256::digest(content).as_slice() != check {
        return Err("its checksum is wrong".to_owned());
    }
    M::decode(content).map_err(|error| error.to_string())
}

fn remove_files(data: &Path, present: &BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(data.join(DIRECTORY)) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if !present.contains(name)
            && let Err(error) = fs::remove_file(&path)
        {
            let file = path.display();
            tracing::warn!(%error, %file, "what was kept of a webhook can't be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: &str) -> v1::DeadLetter {
        v1::DeadLetter { id: id.into(), ..Default::default() }
    }

    #[test]
    fn what_is_kept_is_found_again_by_the_same_webhook_alone() {
        let data = tempfile::tempdir().unwrap();
        let store = ProgressStore::Files(data.path().to_owned());
        let kept = |webhook, create| KeptProgress::of(&store, &"t".into(), webhook, create);
        let files = kept("w", 7);
        assert_eq!((files.position(), files.dead_letters()), (None, vec![]));
        files.keep_position("token".into()).unwrap();
        files.keep_dead_letters(vec![letter("a"), letter("b")]).unwrap();
        assert_eq!(kept("w", 7).position(), Some("token".to_owned()));
        assert_eq!(kept("w", 7).dead_letters(), [letter("a"), letter("b")]);
        for other in [kept("w", 8), kept("x", 7)] {
            assert_eq!((other.position(), other.dead_letters()), (None, vec![]));
        }
        store.remove_others([kept("w", 7)].iter());
        assert_eq!(kept("w", 7).position(), Some("token".to_owned()));
        store.remove_others([kept("x", 7)].iter());
        assert_eq!(kept("w", 7).position(), None);
        assert_eq!(fs::read_dir(data.path().join(DIRECTORY)).unwrap().count(), 0);
    }

    #[test]
    fn a_damaged_file_is_none() {
        let data = tempfile::tempdir().unwrap();
        let store = ProgressStore::Files(data.path().to_owned());
        let files = KeptProgress::of(&store, &"t".into(), "w", 7);
        files.keep_position("token".into()).unwrap();
        let whole = fs::read(path(data.path(), &files.name, POSITION)).unwrap();
        for at in 0..whole.len() {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1;
            fs::write(path(data.path(), &files.name, POSITION), &spoilt).unwrap();
            assert_eq!(files.position(), None, "byte {at}");
            fs::write(path(data.path(), &files.name, POSITION), &whole[..at]).unwrap();
            assert_eq!(files.position(), None, "cut at {at}");
        }
    }
}
