//! Names: the personal texts that records and rows refer to by tokens, so that they can be erased.
//!
//! A token is a keyed hash of its text, so the chain over the records holds the names too: one that
//! was altered has another token. Its key, a random salt, is kept with the text and goes with it;
//! without it nobody can try names against the token.

use std::collections::HashMap;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::RwLock;
use prost::Message;
use sha2::Sha256;

use super::unreadable::Unreadable;
use super::v1 as store;
use crate::codec::scalar::hexadecimal;
use crate::domain::ids::TenantId;
use crate::domain::personal::{ERASED, Personal};

/// What a token begins with in place of a text: no text that is typed does.
const MARK: char = '\u{1}';
/// The bytes of a token.
const TOKEN_BYTES: usize = 16;
/// The letters of a token that show where its text is erased.
const SHOWN_LETTERS: usize = 16;

/// The system gives no random bytes for a new salt.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoSalt(getrandom::Error);

/// A personal text of a tenant, and the salt of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptName {
    tenant: TenantId,
    salt: [u8; 32],
    text: String,
}

/// All names that are kept, shared by whoever reads or writes records.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<RwLock<Table>>);

#[derive(Debug, Default)]
struct Table {
    by_token: HashMap<String, KeptName>,
    tokens: HashMap<TenantId, HashMap<String, String>>,
    /// Those that are not durable yet.
    fresh: Vec<KeptName>,
    /// How often a name was erased.
    erasures: u64,
}

impl KeptName {
    fn new(tenant: &TenantId, text: &str) -> Result<KeptName, NoSalt> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(NoSalt)?;
        Ok(KeptName { tenant: tenant.clone(), salt, text: text.to_owned() })
    }

    /// What stands for it in records.
    fn token(&self) -> String {
        let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(&self.salt) else {
            return String::new();
        };
        hash.update(self.tenant.as_bytes());
        hash.update(&[0]);
        hash.update(self.text.as_bytes());
        let bytes = hash.finalize().into_bytes();
        format!("{MARK}{}", hexadecimal(bytes.get(..TOKEN_BYTES).unwrap_or_default()))
    }

    /// Whether it is this text of this tenant.
    pub fn is_of(&self, tenant: &TenantId, text: &str) -> bool {
        self.tenant == *tenant && self.text == text
    }

    /// Its bytes, in a file.
    pub fn encode(&self) -> Vec<u8> {
        let KeptName { tenant, salt, text } = self;
        let (tenant, salt, text) = (tenant.to_string(), salt.to_vec(), text.clone());
        store::Name { tenant, salt, text }.encode_to_vec()
    }

    /// The name of some bytes.
    pub fn decode(bytes: &[u8]) -> Result<KeptName, Unreadable> {
        let store::Name { tenant, salt, text } = store::Name::decode(bytes)?;
        let salt = salt.try_into().map_err(|_| "its salt has not 32 bytes".to_owned())?;
        Ok(KeptName { tenant: tenant.into(), salt, text })
    }
}

impl Names {
    /// Names that are durable.
    pub fn kept(names: impl IntoIterator<Item = KeptName>) -> Names {
        let mut table = Table::default();
        names.into_iter().for_each(|name| table.add(name));
        Names(Arc::new(RwLock::new(table)))
    }

    /// How often a name was erased: a token that was looked up before may be gone.
    pub fn erasures(&self) -> u64 {
        self.0.read().erasures
    }

    /// The token of a text of the tenant, if the text is kept.
    pub fn token(&self, tenant: &TenantId, text: &str) -> Option<String> {
        self.0.read().token(tenant, text).cloned()
    }

    /// Puts tokens in place of the texts of what is to be recorded; new ones are made.
    pub fn seal(&self, tenant: &TenantId, entry: &mut impl Personal) -> Result<(), NoSalt> {
        let mut sealed = Ok(());
        entry.each_personal(&mut |text| match self.made(tenant, text) {
            Ok(token) => *text = token,
            Err(error) => sealed = Err(error),
        });
        sealed
    }

    /// The same, where all are known; false: they are not, and some of them are replaced.
    pub fn seal_if_known(&self, tenant: &TenantId, entry: &mut impl Personal) -> bool {
        let table = self.0.read();
        let mut is_known = true;
        entry.each_personal(&mut |text| match table.token(tenant, text) {
            Some(token) => text.clone_from(token),
            None => is_known = false,
        });
        is_known
    }

    /// Puts the texts in place of tokens; of those that are erased, what is read instead.
    pub fn reveal(&self, entry: &mut impl Personal) {
        entry.each_personal(&mut |text| {
            if text.starts_with(MARK) {
                *text = self.text(text);
            }
        });
    }

    /// The names that must be durable before the records that use them.
    pub fn fresh(&self) -> Vec<KeptName> {
        self.0.read().fresh.clone()
    }

    /// The first of what was fresh is durable.
    pub fn settled(&self, count: usize) {
        let fresh = &mut self.0.write().fresh;
        fresh.drain(..count.min(fresh.len()));
    }

    /// The names of what was recorded.
    pub fn of(&self, tenant: &TenantId, entry: &impl Personal) -> Vec<KeptName> {
        let table = self.0.read();
        let mut names = Vec::new();
        entry.clone().each_personal(&mut |text| {
            let token = table.token(tenant, text);
            names.extend(token.and_then(|token| table.by_token.get(token)).cloned());
        });
        names
    }

    /// Every name.
    pub fn all(&self) -> Vec<KeptName> {
        self.0.read().by_token.values().cloned().collect()
    }

    /// Forgets a text of a tenant. It must be gone from the disk before.
    pub fn forget(&self, tenant: &TenantId, text: &str) {
        let table = &mut *self.0.write();
        let token = table.tokens.get_mut(tenant).and_then(|tokens| tokens.remove(text));
        if let Some(token) = token {
            table.by_token.remove(&token);
            table.erasures += 1;
        }
    }

    fn made(&self, tenant: &TenantId, text: &str) -> Result<String, NoSalt> {
        if let Some(token) = self.0.read().token(tenant, text) {
            return Ok(token.clone());
        }
        let name = KeptName::new(tenant, text)?;
        let token = name.token();
        let table = &mut *self.0.write();
        table.fresh.push(name.clone());
        table.add(name);
        Ok(token)
    }

    fn text(&self, token: &str) -> String {
        match self.0.read().by_token.get(token) {
            Some(name) => name.text.clone(),
            None => {
                let shown = token.chars().filter(|letter| *letter != MARK).take(SHOWN_LETTERS);
                ERASED.chars().chain(shown).collect()
            }
        }
    }
}

impl Table {
    fn token(&self, tenant: &TenantId, text: &str) -> Option<&String> {
        self.tokens.get(tenant)?.get(text)
    }

    fn add(&mut self, name: KeptName) {
        let token = name.token();
        let tokens = self.tokens.entry(name.tenant.clone()).or_default();
        tokens.insert(name.text.clone(), token.clone());
        self.by_token.insert(token, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::{Fact, IncidentEvent};
    use crate::domain::time::Instant;

    fn assigned(assignee: &str) -> IncidentEvent {
        IncidentEvent {
            recorded_by: None,
            event_id: "e".into(),
            incident_id: "I".into(),
            occur_time: Instant::MIN,
            occur_order: 0,
            source: String::new(),
            corrects_event_id: String::new(),
            fact: Fact::Assigned { group: None, assignee: Some(assignee.to_owned()) },
        }
    }

    #[test]
    fn an_erased_name_reads_as_one_pseudonym_and_no_other_tenants_is_touched() {
        let (names, acme, other) = (Names::default(), "acme".into(), "other".into());
        let sealed = |tenant: &TenantId, text: &str| {
            let mut event = assigned(text);
            names.seal(tenant, &mut event).unwrap();
            event
        };
        let read = |event: &IncidentEvent| {
            let mut event = event.clone();
            names.reveal(&mut event);
            event
        };
        let (jane, theirs) = (sealed(&acme, "Jane Doe"), sealed(&other, "Jane Doe"));
        assert_eq!((sealed(&acme, "Jane Doe"), read(&jane)), (jane.clone(), assigned("Jane Doe")));
        assert_ne!(jane, theirs);
        names.forget(&acme, "Jane Doe");
        let erased = read(&jane);
        assert_eq!(read(&jane), erased);
        assert!(matches!(&erased.fact, Fact::Assigned { assignee: Some(assignee), .. }
            if assignee.starts_with(ERASED) && assignee.len() == ERASED.len() + SHOWN_LETTERS));
        assert_eq!(read(&theirs), assigned("Jane Doe"));
        assert_ne!(sealed(&acme, "Jane Doe"), jane, "a name that comes again is another");
        assert!(erased.is_same(&assigned("Jane Doe").erased_as(&erased)));
        assert!(!assigned("Bob").is_same(&assigned("Jane Doe").erased_as(&assigned("Bob"))));
    }

    #[test]
    fn names_are_read_back() {
        let names = Names::default();
        names.seal(&"acme".into(), &mut assigned("Jane Doe")).unwrap();
        let all = names.all();
        let read = all.iter().map(|name| KeptName::decode(&name.encode()).unwrap());
        let again = Names::kept(read);
        assert!(again.token(&"acme".into(), "Jane Doe").is_some() && again.fresh().is_empty());
        assert_eq!((again.all(), names.fresh()), (all.clone(), all));
        assert!(KeptName::decode(&[1]).is_err() && KeptName::decode(&[]).is_err());
    }
}
