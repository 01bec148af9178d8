//! Names: the personal texts that records and rows refer to by tokens, so that they can be erased.
//!
//! A token is a keyed hash of its text, so the chain over the records holds the names too: one that
//! was altered has another token. Its key, a random salt, is kept with the text and goes with it;
//! without it nobody can try names against the token. Memory holds where each text is, not the text.

use std::io;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::RwLock;
use prost::Message;
use sha2::Sha256;

use super::listing::Listing;
use super::unreadable::Unreadable;
use super::v1 as store;
use crate::codec::scalar::hexadecimal;
use crate::domain::ids::TenantId;
use crate::domain::personal::{ERASED, Personal};

/// What a token begins with in place of a text.
const MARK: char = '\u{1}';
/// The bytes of a token.
const TOKEN_BYTES: usize = 16;
/// The letters of a token that show where its text is erased.
const SHOWN_LETTERS: usize = 16;
/// The bytes of a salt.
const SALT_BYTES: usize = 32;

/// The system gives no random bytes for a new salt.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoSalt(getrandom::Error);

/// What stands for a text in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token([u8; TOKEN_BYTES]);

/// A personal text of a tenant, and the salt of its token. One without a text says that texts of
/// the tenant were erased: its salt is another after each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptName {
    pub(super) tenant: TenantId,
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) text: String,
}

/// Where the texts of names are kept.
pub trait NameRows: std::fmt::Debug + Send + Sync {
    /// The name at a place.
    ///
    /// # Errors
    /// It can't be read, or is damaged.
    fn name(&self, place: u64) -> io::Result<KeptName>;
}

/// All names that are kept, shared by whoever reads or writes records.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<RwLock<Table>>);

#[derive(Debug, Default)]
struct Table {
    listing: Listing,
    rows: Option<Arc<dyn NameRows>>,
    /// Those that are not durable yet.
    fresh: Vec<KeptName>,
    /// How often tokens may have been taken away.
    erasures: u64,
    /// The first record that may have tokens.
    first_sealed: u64,
}

impl Token {
    fn shown(self) -> String {
        format!("{MARK}{}", hexadecimal(&self.0))
    }

    fn read(text: &str) -> Option<Token> {
        let letters = text.strip_prefix(MARK)?;
        let is_whole = letters.len() == 2 * TOKEN_BYTES && !letters.starts_with('+');
        let number = u128::from_str_radix(letters, 16).ok().filter(|_| is_whole)?;
        Some(Token(number.to_be_bytes()))
    }

    /// What is read in place of its text once that is erased.
    fn pseudonym(self) -> String {
        ERASED.chars().chain(hexadecimal(&self.0).chars().take(SHOWN_LETTERS)).collect()
    }
}

impl KeptName {
    fn new(tenant: &TenantId, text: &str) -> Result<KeptName, NoSalt> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(NoSalt)?;
        Ok(KeptName { tenant: tenant.clone(), salt, text: text.to_owned() })
    }

    /// That a text of the tenant was erased.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn erasure(tenant: &TenantId) -> Result<KeptName, NoSalt> {
        KeptName::new(tenant, "")
    }

    pub(super) fn token(&self) -> Token {
        let mut token = Token([0; TOKEN_BYTES]);
        if let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(&self.salt) {
            hash.update(self.tenant.as_bytes());
            hash.update(&[0]);
            hash.update(self.text.as_bytes());
            token.0.iter_mut().zip(hash.finalize().into_bytes()).for_each(|(to, byte)| *to = byte);
        }
        token
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
    ///
    /// # Errors
    /// They are not those of a name.
    pub fn decode(bytes: &[u8]) -> Result<KeptName, Unreadable> {
        let store::Name { tenant, salt, text } = store::Name::decode(bytes)?;
        let salt = salt.try_into().map_err(|_| "its salt has not 32 bytes".to_owned())?;
        Ok(KeptName { tenant: tenant.into(), salt, text })
    }
}

impl Names {
    /// Names that are nowhere but in memory: those of a document.
    pub fn of_document(names: Vec<KeptName>) -> Names {
        let mut listing = Listing::default();
        (0..).zip(&names).for_each(|(place, name)| listing.add(name, place));
        let names_of = Names::default();
        names_of.renew(listing, Some(Arc::new(names)));
        names_of
    }

    /// Puts what was read of the rows in place of all that was known.
    pub fn renew(&self, listing: Listing, rows: Option<Arc<dyn NameRows>>) {
        let table = &mut *self.0.write();
        let (erasures, first_sealed) = (table.erasures + 1, table.first_sealed);
        *table = Table { listing, rows, fresh: Vec::new(), erasures, first_sealed };
    }

    /// Records before this one hold their personal texts themselves, as versions before 0.3.0
    /// wrote them, and so do rows about them.
    pub fn set_first_sealed(&self, sequence: u64) {
        self.0.write().first_sealed = sequence;
    }

    /// The first record that may have tokens.
    pub fn first_sealed(&self) -> u64 {
        self.0.read().first_sealed
    }

    /// How often tokens may have been taken away: one that was looked up before may be gone.
    pub fn erasures(&self) -> u64 {
        self.0.read().erasures
    }

    /// The tenants of which texts were erased, each with what changes every time.
    pub fn erased(&self) -> Vec<(TenantId, Vec<u8>)> {
        self.0.read().listing.erased().map(|(tenant, salt)| (tenant.clone(), salt.into())).collect()
    }

    /// What changes whenever a text of the tenant is erased.
    pub fn erasure_of(&self, tenant: &TenantId) -> Vec<u8> {
        self.0.read().listing.erasure_of(tenant).map(Vec::from).unwrap_or_default()
    }

    /// What stands in records for a text of the tenant, if the text is kept.
    pub fn token(&self, tenant: &TenantId, text: &str) -> Option<String> {
        self.0.read().listing.token(tenant, text).map(Token::shown)
    }

    /// Puts tokens in place of the texts of what is to be recorded; new ones are made.
    ///
    /// # Errors
    /// There is no salt for a new one.
    pub fn seal(&self, tenant: &TenantId, entry: &mut impl Personal) -> Result<(), NoSalt> {
        let mut sealed = Ok(());
        entry.each_personal(&mut |text| match self.made(tenant, text) {
            Ok(token) => *text = token.shown(),
            Err(error) => sealed = Err(error),
        });
        sealed
    }

    /// The same, where all are known; false: they are not, and some of them are replaced.
    pub fn seal_if_known(&self, tenant: &TenantId, entry: &mut impl Personal) -> bool {
        let table = self.0.read();
        let mut is_known = true;
        entry.each_personal(&mut |text| match table.listing.token(tenant, text) {
            Some(token) => *text = token.shown(),
            None => is_known = false,
        });
        is_known
    }

    /// Puts the texts in place of tokens; of those that are erased, what is read instead.
    ///
    /// # Errors
    /// A text can't be read.
    pub fn reveal(&self, entry: &mut impl Personal) -> Result<(), Unreadable> {
        let mut revealed = Ok(());
        entry.each_personal(&mut |text| {
            if let Some(token) = Token::read(text) {
                match self.name(token) {
                    Ok(name) => *text = name.map_or_else(|| token.pseudonym(), |name| name.text),
                    Err(error) => revealed = Err(unreadable(&error)),
                }
            }
        });
        revealed
    }

    /// The names that must be durable before the records that use them.
    pub fn fresh(&self) -> Vec<KeptName> {
        self.0.read().fresh.clone()
    }

    /// The first of what was fresh are durable, at these places.
    pub fn settled(&self, places: &[u64]) {
        let table = &mut *self.0.write();
        let settled = places.len().min(table.fresh.len());
        for (name, place) in table.fresh.drain(..settled).zip(places) {
            table.listing.add(&name, *place);
        }
    }

    /// The names of what was recorded.
    ///
    /// # Errors
    /// A text can't be read.
    pub fn of(&self, tenant: &TenantId, entry: &impl Personal) -> io::Result<Vec<KeptName>> {
        let (mut tokens, table) = (Vec::new(), self.0.read());
        entry.clone().each_personal(&mut |text| tokens.extend(table.listing.token(tenant, text)));
        drop(table);
        tokens.into_iter().filter_map(|token| self.name(token).transpose()).collect()
    }

    fn made(&self, tenant: &TenantId, text: &str) -> Result<Token, NoSalt> {
        if let Some(token) = self.0.read().listing.token(tenant, text) {
            return Ok(token);
        }
        let name = KeptName::new(tenant, text)?;
        let table = &mut *self.0.write();
        let token = table.listing.note(&name);
        table.fresh.push(name);
        Ok(token)
    }

    fn name(&self, token: Token) -> io::Result<Option<KeptName>> {
        let table = self.0.read();
        match (table.listing.place(token), &table.rows) {
            (Some(place), Some(rows)) => {
                let rows = Arc::clone(rows);
                drop(table);
                rows.name(place).map(Some)
            }
            _ => Ok(table.fresh.iter().find(|name| name.token() == token).cloned()),
        }
    }
}

impl NameRows for Vec<KeptName> {
    fn name(&self, place: u64) -> io::Result<KeptName> {
        let found = usize::try_from(place).ok().and_then(|place| self.get(place));
        found.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn unreadable(error: &io::Error) -> Unreadable {
    Unreadable::from(format!("a name can't be read: {error}"))
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

    fn sealed(names: &Names, tenant: &TenantId) -> IncidentEvent {
        let mut event = assigned("Jane Doe");
        names.seal(tenant, &mut event).unwrap();
        event
    }

    fn read(names: &Names, event: &IncidentEvent) -> IncidentEvent {
        let mut event = event.clone();
        names.reveal(&mut event).unwrap();
        event
    }

    #[test]
    fn an_erased_name_reads_as_one_pseudonym_and_no_other_tenants_is_touched() {
        let (names, acme, other) = (Names::default(), "acme".into(), "other".into());
        let (jane, theirs) = (sealed(&names, &acme), sealed(&names, &other));
        assert_eq!(sealed(&names, &acme), jane);
        assert_eq!(read(&names, &jane), assigned("Jane Doe"));
        assert_ne!(jane, theirs);
        let rest = names.fresh().into_iter().filter(|name| !name.is_of(&acme, "Jane Doe"));
        let names = Names::of_document(rest.collect());
        let erased = read(&names, &jane);
        assert_eq!(read(&names, &jane), erased);
        assert!(matches!(&erased.fact, Fact::Assigned { assignee: Some(assignee), .. }
            if assignee.starts_with(ERASED) && assignee.len() == ERASED.len() + SHOWN_LETTERS));
        assert_eq!(read(&names, &theirs), assigned("Jane Doe"));
        assert_ne!(sealed(&names, &acme), jane, "a name that comes again is another");
        assert!(erased.is_same(&assigned("Jane Doe").erased_as(&erased)));
        assert!(!assigned("Bob").is_same(&assigned("Jane Doe").erased_as(&assigned("Bob"))));
    }

    #[test]
    fn names_are_read_back() {
        let (names, acme) = (Names::default(), "acme".into());
        let event = sealed(&names, &acme);
        let bytes: Vec<_> = names.fresh().iter().map(KeptName::encode).collect();
        let kept = bytes.iter().map(|name| KeptName::decode(name).unwrap()).collect();
        let again = Names::of_document(kept);
        assert_eq!(read(&again, &event), assigned("Jane Doe"));
        assert_eq!(again.of(&acme, &assigned("Jane Doe")).unwrap(), names.fresh());
        assert_eq!(again.fresh(), []);
        assert!(KeptName::decode(&[1]).is_err() && KeptName::decode(&[]).is_err());
    }

    #[test]
    fn what_is_no_token_is_read_as_it_is() {
        for text in ["", "Jane", "\u{1}", "\u{1}abc", "\u{1}+0112233445566778899aabbccddeeff"] {
            assert_eq!(read(&Names::default(), &assigned(text)), assigned(text), "{text:?}");
        }
    }
}
