//! What keeps the names that are recorded: the file of names and, where several nodes share a log,
//! the names that they share.

use std::collections::BTreeSet;

use super::names_file::NamesFile;
use crate::cluster::{NameChange, SharedNames};
use crate::codec::store::kept_name::{ErasedNames, KeptName};
use crate::codec::store::names::Names;
use crate::domain::ids::TenantId;

/// Keeps names and erases them, for the writer alone.
#[derive(Debug)]
pub(super) struct NameStore {
    pub names: Names,
    file: NamesFile,
    shared: Option<SharedNames>,
    /// What other nodes have changed and is not in the file yet.
    taken: Vec<NameChange>,
    /// A text is erased from the disk, and memory may hold it.
    must_forget: bool,
}

impl NameStore {
    pub fn new(names: Names, file: NamesFile, shared: Option<SharedNames>) -> NameStore {
        NameStore { names, file, shared, taken: Vec::new(), must_forget: false }
    }

    /// Makes the names durable that records refer to which are to be recorded.
    ///
    /// # Errors
    /// They can't be written, or the servers of a shared log do not answer, in words.
    pub fn keep(&mut self) -> Result<(), String> {
        if let Some(shared) = &self.shared {
            shared.keep(&self.names.fresh()).map_err(|error| error.to_string())?;
        }
        self.file.keep(&self.names).map_err(|error| error.to_string())
    }

    /// Whether a text of a tenant is to be erased, from the disk or from memory.
    pub fn is_to_erase(&self, tenant: &TenantId, text: &str) -> bool {
        self.must_forget || self.names.token(tenant, text).is_some()
    }

    /// Erases a text of a tenant. Memory may hold it until [`NameStore::forgotten`].
    ///
    /// # Errors
    /// The file can't be read or written, or the servers of a shared log do not answer, in words:
    /// a repeat does what is left.
    pub fn erase(&mut self, tenant: &TenantId, text: &str) -> Result<(), String> {
        let erasure = KeptName::erasure(tenant).map_err(|error| error.to_string())?;
        let tokens = self.file.tokens_of(tenant, text).map_err(|error| error.to_string())?;
        self.must_forget = true;
        let erased = ErasedNames { erasure, tokens };
        if let Some(shared) = &self.shared {
            shared.erase(&erased).map_err(|error| error.to_string())?;
        }
        self.file.erase(&self.names, &erased).map_err(|error| error.to_string())
    }

    /// Nothing in memory holds what was erased any more.
    pub fn forgotten(&mut self) {
        self.must_forget = false;
    }

    /// Whether another node has erased names, which is to be done here too.
    pub fn must_erase(&mut self) -> Result<bool, String> {
        self.take()?;
        let is_new = |change: &NameChange| match change {
            NameChange::Erased(erased) => !self.names.is_erasure_known(&erased.erasure),
            NameChange::Kept(_) => false,
        };
        Ok(self.must_forget || self.taken.iter().any(is_new))
    }

    /// Keeps and erases what other nodes have. Memory may hold what was erased until
    /// [`NameStore::forgotten`].
    ///
    /// # Errors
    /// The file can't be read or written, in words. A repeat does what is left.
    pub fn take_in(&mut self) -> Result<(), String> {
        self.take()?;
        let mut gone: BTreeSet<String> = BTreeSet::new();
        for change in &self.taken {
            if let NameChange::Erased(erased) = change {
                gone.extend(erased.tokens.iter().cloned());
                if !self.names.is_erasure_known(&erased.erasure) {
                    self.must_forget = true;
                    let erasing = self.file.erase(&self.names, erased);
                    erasing.map_err(|error| error.to_string())?;
                }
            }
        }
        let kept = self.taken.iter().filter_map(|change| match change {
            NameChange::Kept(name) => Some(name),
            NameChange::Erased(_) => None,
        });
        let new = kept.filter(|name| !self.names.keeps(name) && !gone.contains(&name.token_text()));
        let new: Vec<KeptName> = new.cloned().collect();
        self.file.keep_of_others(&self.names, &new).map_err(|error| error.to_string())?;
        self.taken.clear();
        Ok(())
    }

    fn take(&mut self) -> Result<(), String> {
        if let Some(shared) = &mut self.shared {
            self.taken.append(&mut shared.take().map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Has `wake` called whenever another node has changed something.
    pub fn wake_with(&self, wake: crate::journal::Wake) {
        if let Some(shared) = &self.shared {
            shared.wake_with(wake);
        }
    }
}
