//! Pages of a list: how much fits on one, and the sealed token for the next.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::seal::{SEAL_BYTES, Seal};
use super::status;
use crate::codec::store::v1 as store;
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::ids::ClockId;
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::engine::index::ClockMark;
use crate::engine::rejection::Rejection;
use crate::journal::StoreId;
use crate::limits::{PAGE_BYTES_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};

const TOKEN_VERSION: u8 = 1;

/// A request for a page of a list.
pub(super) trait Lists: Message + Clone {
    /// The list's method.
    const METHOD: &str;
    /// The page size, and the page token.
    fn page(&self) -> (i32, &str);
    /// The request without both: what every page of a list has in common.
    fn arguments(&self) -> Self;
}

macro_rules! lists {
    ($($request:ident = $method:literal),+ $(,)?) => {
        $(impl Lists for v1::$request {
            const METHOD: &str = $method;

            fn page(&self) -> (i32, &str) {
                (self.page_size, &self.page_token)
            }

            fn arguments(&self) -> Self {
                let mut arguments = self.clone();
                arguments.page_size = 0;
                arguments.page_token.clear();
                arguments
            }
        })+
    };
}

lists!(
    ListCalendarsRequest = "ListCalendars",
    ListWindowsRequest = "ListWindows",
    ListContractsRequest = "ListContracts",
    ListContractRevisionsRequest = "ListContractRevisions",
    ListIncidentsRequest = "ListIncidents",
    ListEventsRequest = "ListEvents",
    ListClocksRequest = "ListClocks",
    ListSettlementItemsRequest = "ListSettlementItems",
    ListTenantsRequest = "ListTenants",
    ListWebhooksRequest = "ListWebhooks",
    ListDeadLettersRequest = "ListDeadLetters",
);

/// The page of a request: the room left on it, its token, and what seals the next one.
#[derive(Debug)]
pub(super) struct Paging {
    items: usize,
    bytes: usize,
    is_empty: bool,
    token: String,
    sealing: Seal,
    arguments: [u8; 32],
    /// The times of the list, which its pages share.
    times: Option<Times>,
}

impl Paging {
    /// The page that a request is for; a page size above the maximum counts as the maximum.
    pub fn requested<R: Lists>(
        store_id: &StoreId,
        request: &R,
        violations: &mut FieldViolations,
    ) -> Paging {
        let (page_size, token) = request.page();
        let items = match usize::try_from(page_size) {
            Ok(0) => PAGE_SIZE_DEFAULT,
            Ok(size) => size.min(PAGE_SIZE_MAX),
            Err(_) => {
                violations.add("page_size", format!("is {page_size}: it must not be negative"));
                0
            }
        };
        let arguments = request.arguments().encode_to_vec();
        let arguments = Sha256::new().chain_update(R::METHOD).chain_update(arguments).finalize();
        Paging {
            items,
            bytes: PAGE_BYTES_MAX,
            is_empty: true,
            token: token.to_owned(),
            sealing: Seal::new("slx page token", store_id),
            arguments: arguments.into(),
            times: None,
        }
    }

    /// The page is evaluated at these times, and so are those after it.
    pub fn pin(&mut self, times: Times) {
        self.times = Some(times);
    }

    /// The times of the first page; `None`: this is it.
    pub fn pinned(&self) -> Result<Option<Times>, Status> {
        let Some(store::PageToken { as_of_nanos, known_nanos, .. }) = self.open()? else {
            return Ok(None);
        };
        let Some((as_of, known)) = as_of_nanos.zip(known_nanos) else { return Ok(None) };
        let instant = |nanos| Instant::from_nanos(nanos).map_err(|_| invalid());
        Ok(Some(Times { as_of: instant(as_of)?, known: instant(known)? }))
    }

    /// Whether one more item fits; if so, its room is taken. The first always fits.
    pub fn takes(&mut self, item: &impl Message) -> bool {
        let bytes = item.encoded_len();
        if self.items == 0 || (bytes > self.bytes && !self.is_empty) {
            return false;
        }
        self.items -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.is_empty = false;
        true
    }

    /// How many more items may be put on it.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The items that fit, and the token to go on after the last of them, which has this id; none,
    /// if all fit.
    pub fn fill<T: Message>(
        &mut self,
        items: impl Iterator<Item = T>,
        id: impl Fn(&T) -> String,
    ) -> (Vec<T>, String) {
        let mut page = Vec::new();
        for item in items {
            if !self.takes(&item) {
                let last = page.last().map(id);
                return (page, self.seal_id(last.unwrap_or_default()));
            }
            page.push(item);
        }
        (page, String::new())
    }

    /// The id to go on after; empty: from the beginning.
    pub fn after_id(&self) -> Result<String, Status> {
        Ok(self.open()?.map(|token| token.after_id).unwrap_or_default())
    }

    /// The clock to go on after; `None`: from the beginning.
    pub fn after_clock(&self) -> Result<Option<ClockMark>, Status> {
        let Some(mark) = self.open()?.and_then(|token| token.after_clock) else {
            return Ok(None);
        };
        let time = Instant::from_nanos(mark.time_nanos).map_err(|_| invalid())?;
        let clock = ClockId {
            incident_id: mark.incident_id.into(),
            contract_id: mark.contract_id.into(),
            target_id: mark.target_id.into(),
            cycle: mark.cycle,
        };
        Ok(Some(ClockMark { time, clock }))
    }

    /// A token to go on after an id.
    pub fn seal_id(&self, after_id: String) -> String {
        self.seal(store::PageToken { after_id, ..Default::default() })
    }

    /// A token to go on after a clock.
    pub fn seal_clock(&self, mark: &ClockMark) -> String {
        let after_clock = Some(store::ClockMark {
            time_nanos: mark.time.nanos(),
            incident_id: mark.clock.incident_id.to_string(),
            contract_id: mark.clock.contract_id.to_string(),
            target_id: mark.clock.target_id.to_string(),
            cycle: mark.clock.cycle,
        });
        self.seal(store::PageToken { after_clock, ..Default::default() })
    }

    fn seal(&self, token: store::PageToken) -> String {
        let (as_of, known) = self.times.map(|times| (times.as_of, times.known)).unzip();
        let content = store::PageToken {
            arguments: self.arguments.to_vec(),
            as_of_nanos: as_of.map(Instant::nanos),
            known_nanos: known.map(Instant::nanos),
            ..token
        };
        let content = [&[TOKEN_VERSION], content.encode_to_vec().as_slice()].concat();
        let bytes = [self.sealing.of(&content).as_slice(), &content].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self) -> Result<Option<store::PageToken>, Status> {
        if self.token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.token).map_err(|_| invalid())?;
        let (code, content) = bytes.split_at_checked(SEAL_BYTES).ok_or_else(invalid)?;
        let (version, message) = content.split_first().ok_or_else(invalid)?;
        if self.sealing.of(content) != code || *version != TOKEN_VERSION {
            return Err(invalid());
        }
        let token = store::PageToken::decode(message).map_err(|_| invalid())?;
        if token.arguments != self.arguments {
            return Err(invalid());
        }
        Ok(Some(token))
    }
}

fn invalid() -> Status {
    status::refused(Rejection::InvalidPageToken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz::absurd::message;
    use crate::fuzz::spoilt::spoilt_text;

    fn paging(token: &str) -> Paging {
        let page_token = token.to_owned();
        let request = v1::ListClocksRequest { page_token, ..Default::default() };
        Paging::requested(&StoreId::new([7; 16]), &request, &mut FieldViolations::default())
    }

    fn descriptor() -> prost_reflect::MessageDescriptor {
        let pool = prost_reflect::DescriptorPool::decode(crate::codec::DESCRIPTORS).unwrap();
        pool.get_message_by_name("slx.store.v1.PageToken").unwrap()
    }

    fn check_refused(token: &str) {
        for refused in [paging(token).after_id().map(drop), paging(token).after_clock().map(drop)] {
            let status = refused.unwrap_err();
            assert_eq!(status.code(), tonic::Code::InvalidArgument);
            assert_eq!(status.message(), invalid().message());
        }
    }

    #[test]
    fn a_token_of_another_version_store_or_list_is_refused() {
        let sealed = paging("").seal_id("I1".to_owned());
        assert_eq!(paging(&sealed).after_id().unwrap(), "I1");
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        let newer = [&[TOKEN_VERSION + 1], &bytes[SEAL_BYTES + 1..]].concat();
        let newer = [paging("").sealing.of(&newer).as_slice(), &newer].concat();
        check_refused(&URL_SAFE_NO_PAD.encode(newer));
        let other = v1::ListClocksRequest { tenant: "other".into(), ..Default::default() };
        let other =
            Paging::requested(&StoreId::new([7; 16]), &other, &mut FieldViolations::default());
        check_refused(&other.seal_id("I1".to_owned()));
        let other = v1::ListClocksRequest::default();
        let other =
            Paging::requested(&StoreId::new([8; 16]), &other, &mut FieldViolations::default());
        check_refused(&other.seal_id("I1".to_owned()));
    }

    proptest! {
        #[test]
        fn any_token_is_refused(
            spoilt in spoilt_text(&paging("").seal_id("I1".to_owned())),
            text in ".+",
        ) {
            if spoilt != paging("").seal_id("I1".to_owned()) && !spoilt.is_empty() {
                check_refused(&spoilt);
            }
            check_refused(&text);
        }

        /// The store's id is no secret, so anyone may seal what they like.
        #[test]
        fn whatever_is_sealed_is_opened_or_refused(token in message(descriptor())) {
            let token = store::PageToken::decode(token.encode_to_vec().as_slice()).unwrap();
            let sealed = paging("").seal(token.clone());
            prop_assert_eq!(paging(&sealed).after_id().unwrap(), token.after_id);
            if let Ok(Some(mark)) = paging(&sealed).after_clock() {
                let again = paging(&paging("").seal_clock(&mark)).after_clock().unwrap();
                prop_assert_eq!(again, Some(mark));
            }
        }
    }
}
