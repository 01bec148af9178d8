//! Names: the personal texts that records and rows refer to by tokens, so that they can be erased.
//! Memory holds where each text is, and of the texts only some that were lately read.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parking_lot::RwLock;

use super::kept_name::{KeptName, NoSalt, Token};
use super::places::Places;
use super::unreadable::Unreadable;
use crate::domain::ids::TenantId;
use crate::domain::personal::Personal;

/// So many texts that were read are held, so that most lookups read nothing: a page of rows names
/// the same few people. One that is longer than so many bytes is not.
const RECENT_MAX: usize = 1_024;
const RECENT_BYTES_MAX: usize = 128;

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
    places: Places,
    rows: Option<Arc<dyn NameRows>>,
    /// Texts that were lately read.
    recent: HashMap<Token, Box<str>>,
    /// Those that are not durable yet.
    fresh: Vec<KeptName>,
    /// How often tokens may have been taken away.
    erasures: u64,
    /// The first record that may have tokens.
    first_sealed: u64,
}

impl Names {
    /// Names that are nowhere but in memory: those of a document.
    pub fn of_document(names: Vec<KeptName>) -> Names {
        let mut places = Places::default();
        (0..).zip(&names).for_each(|(place, name)| places.add(name, place));
        let names_of = Names::default();
        names_of.renew(places, Some(Arc::new(names)));
        names_of
    }

    /// Puts what was read of the rows in place of all that was known.
    pub fn renew(&self, places: Places, rows: Option<Arc<dyn NameRows>>) {
        let table = &mut *self.0.write();
        let (erasures, first_sealed) = (table.erasures + 1, table.first_sealed);
        *table = Table { places, rows, erasures, first_sealed, ..Table::default() };
    }

    /// Records before this one hold their personal texts themselves, as versions before 0.2.0
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
        self.0.read().places.erased().map(|(tenant, salt)| (tenant.clone(), salt.into())).collect()
    }

    /// What changes whenever a text of the tenant is erased.
    pub fn erasure_of(&self, tenant: &TenantId) -> Vec<u8> {
        self.0.read().places.erasure_of(tenant).map(Vec::from).unwrap_or_default()
    }

    /// Bytes of memory that it takes to know where they are, about.
    pub fn bytes(&self) -> usize {
        self.0.read().places.bytes()
    }

    /// What stands in records for a text of the tenant, if the text is kept.
    pub fn token(&self, tenant: &TenantId, text: &str) -> Option<String> {
        self.0.read().places.token(tenant, text).map(Token::shown)
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
        entry.each_personal(&mut |text| match table.places.token(tenant, text) {
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
                match self.text(token) {
                    Ok(found) => *text = found.unwrap_or_else(|| token.pseudonym()),
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
            table.places.add(&name, *place);
        }
    }

    /// A name that somebody else has made is durable, at a place.
    pub fn note_kept(&self, name: &KeptName, place: u64) {
        self.0.write().places.add(name, place);
    }

    /// Whether a name is durable.
    pub fn keeps(&self, name: &KeptName) -> bool {
        self.0.read().places.of(name.token()).is_some()
    }

    /// Whether it is known here that texts of a tenant were erased.
    pub fn is_erasure_known(&self, erasure: &KeptName) -> bool {
        let table = self.0.read();
        table.places.erasure_of(&erasure.tenant).is_some_and(|salt| *salt == erasure.salt)
    }

    /// The names of what was recorded.
    ///
    /// # Errors
    /// A text can't be read.
    pub fn of(&self, tenant: &TenantId, entry: &impl Personal) -> io::Result<Vec<KeptName>> {
        let (mut tokens, table) = (Vec::new(), self.0.read());
        entry.clone().each_personal(&mut |text| tokens.extend(table.places.token(tenant, text)));
        drop(table);
        tokens.into_iter().filter_map(|token| self.name(token).transpose()).collect()
    }

    fn made(&self, tenant: &TenantId, text: &str) -> Result<Token, NoSalt> {
        if let Some(token) = self.0.read().places.token(tenant, text) {
            return Ok(token);
        }
        let name = KeptName::new(tenant, text)?;
        let table = &mut *self.0.write();
        let token = table.places.note(&name);
        table.fresh.push(name);
        Ok(token)
    }

    fn text(&self, token: Token) -> io::Result<Option<String>> {
        if let Some(text) = self.0.read().recent.get(&token) {
            return Ok(Some(text.clone().into()));
        }
        let Some(name) = self.name(token)? else { return Ok(None) };
        self.0.write().note_read(token, &name.text);
        Ok(Some(name.text))
    }

    fn name(&self, token: Token) -> io::Result<Option<KeptName>> {
        let table = self.0.read();
        match (table.places.of(token), &table.rows) {
            (Some(place), Some(rows)) => {
                let rows = Arc::clone(rows);
                drop(table);
                rows.name(place).map(Some)
            }
            _ => Ok(table.fresh.iter().find(|name| name.token() == token).cloned()),
        }
    }
}

impl Table {
    /// Holds a text that was read, unless it was erased since.
    fn note_read(&mut self, token: Token, text: &str) {
        if self.places.of(token).is_none() || text.len() > RECENT_BYTES_MAX {
            return;
        }
        if self.recent.len() >= RECENT_MAX {
            self.recent.clear();
        }
        self.recent.insert(token, text.into());
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
    use std::sync::atomic::{AtomicUsize, Ordering};

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
            if assignee.starts_with("erased-") && assignee.len() == 23));
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

    /// Rows that count how often they are read.
    #[derive(Debug, Default)]
    struct CountingRows {
        names: Vec<KeptName>,
        read: AtomicUsize,
    }

    impl NameRows for CountingRows {
        fn name(&self, place: u64) -> io::Result<KeptName> {
            self.read.fetch_add(1, Ordering::Relaxed);
            self.names.name(place)
        }
    }

    #[test]
    fn a_text_that_was_lately_read_is_held_until_it_is_erased() {
        let (names, acme) = (Names::default(), "acme".into());
        let people: Vec<_> = (0..=RECENT_MAX).map(|number| format!("Jane {number}")).collect();
        let events = people.iter().map(|person| {
            let mut event = assigned(person);
            names.seal(&acme, &mut event).unwrap();
            event
        });
        let events: Vec<_> = events.collect();
        let rows = Arc::new(CountingRows { names: names.fresh(), ..CountingRows::default() });
        let places = || {
            let mut places = Places::default();
            (0..).zip(&rows.names).for_each(|(place, name)| places.add(name, place));
            places
        };
        let rows_of = || Some(Arc::clone(&rows) as Arc<dyn NameRows>);
        names.renew(places(), rows_of());
        for _ in 0..3 {
            assert_eq!(read(&names, &events[0]), assigned(&people[0]));
            assert_eq!(rows.read.load(Ordering::Relaxed), 1);
        }
        for (event, person) in events.iter().zip(&people) {
            assert_eq!(read(&names, event), assigned(person));
        }
        assert!(names.0.read().recent.len() <= RECENT_MAX, "it does not grow without bound");
        names.renew(places(), rows_of());
        assert!(names.0.read().recent.is_empty());
        names.renew(Places::default(), rows_of());
        let Fact::Assigned { assignee: Some(token), .. } = &events[0].fact else { panic!() };
        names.0.write().note_read(Token::read(token).unwrap(), &people[0]);
        assert_ne!(read(&names, &events[0]), assigned(&people[0]), "it was erased meanwhile");
    }

    #[test]
    fn what_is_no_token_is_read_as_it_is() {
        for text in ["", "Jane", "\u{1}", "\u{1}abc", "\u{1}+0112233445566778899aabbccddeeff"] {
            assert_eq!(read(&Names::default(), &assigned(text)), assigned(text), "{text:?}");
        }
    }
}
