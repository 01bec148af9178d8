//! Pages: how much fits on one, and the sealed token that asks for the next.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::status;
use crate::domain::time::Instant;
use crate::engine::refusal::Refusal;
use crate::limits::{PAGE_BYTES_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::runtime::ClockMark;
use crate::wire::faults::Faults;
use crate::wire::store::v1 as store;

const TOKEN_VERSION: u8 = 1;
const SEAL_BYTES: usize = 16;

/// The room left on a page.
#[derive(Debug)]
pub(super) struct Room {
    items: usize,
    bytes: usize,
    is_empty: bool,
}

impl Room {
    /// A page of the size asked for; a larger one than allowed is cut.
    pub fn asked(page_size: i32, faults: &mut Faults) -> Room {
        let items = match usize::try_from(page_size) {
            Ok(0) => PAGE_SIZE_DEFAULT,
            Ok(size) => size.min(PAGE_SIZE_MAX),
            Err(_) => {
                faults.add("page_size", format!("is {page_size}: it must not be negative"));
                0
            }
        };
        Room { items, bytes: PAGE_BYTES_MAX, is_empty: true }
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
}

/// Seals the tokens of one list with its arguments.
#[derive(Debug)]
pub(super) struct Tokens {
    key: [u8; 32],
    arguments: [u8; 32],
}

impl Tokens {
    /// Tokens of `method` called with `arguments`: the request without its size and token.
    pub fn new(store_id: &[u8; 16], method: &str, arguments: &impl Message) -> Tokens {
        let key = Sha256::new().chain_update("slx page token").chain_update(store_id).finalize();
        let arguments =
            Sha256::new().chain_update(method).chain_update(arguments.encode_to_vec()).finalize();
        Tokens { key: key.into(), arguments: arguments.into() }
    }

    /// The id to go on after; empty: from the beginning.
    pub fn after_id(&self, token: &str) -> Result<String, Status> {
        Ok(self.open(token)?.map(|token| token.after_id).unwrap_or_default())
    }

    /// The clock to go on after; `None`: from the beginning.
    pub fn after_clock(&self, token: &str) -> Result<Option<ClockMark>, Status> {
        let Some(mark) = self.open(token)?.and_then(|token| token.after_clock) else {
            return Ok(None);
        };
        let time = Instant::from_nanos(mark.time_nanos).map_err(|_| invalid())?;
        Ok(Some(ClockMark {
            time,
            incident: mark.incident_id,
            contract: mark.contract_id,
            target: mark.target_id,
            cycle: mark.cycle,
        }))
    }

    /// A token to go on after an id.
    pub fn seal_id(&self, after_id: String) -> String {
        self.seal(store::PageToken { after_id, ..Default::default() })
    }

    /// A token to go on after a clock.
    pub fn seal_clock(&self, mark: &ClockMark) -> String {
        let after_clock = Some(store::ClockMark {
            time_nanos: mark.time.nanos(),
            incident_id: mark.incident.clone(),
            contract_id: mark.contract.clone(),
            target_id: mark.target.clone(),
            cycle: mark.cycle,
        });
        self.seal(store::PageToken { after_clock, ..Default::default() })
    }

    fn seal(&self, token: store::PageToken) -> String {
        let content = store::PageToken { arguments: self.arguments.to_vec(), ..token };
        let content = [&[TOKEN_VERSION], content.encode_to_vec().as_slice()].concat();
        let bytes = [self.code(&content).as_slice(), &content].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, token: &str) -> Result<Option<store::PageToken>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let (code, content) = bytes.split_at_checked(SEAL_BYTES).ok_or_else(invalid)?;
        let (version, message) = content.split_first().ok_or_else(invalid)?;
        if self.code(content) != code || *version != TOKEN_VERSION {
            return Err(invalid());
        }
        let token = store::PageToken::decode(message).map_err(|_| invalid())?;
        if token.arguments != self.arguments {
            return Err(invalid());
        }
        Ok(Some(token))
    }

    fn code(&self, content: &[u8]) -> [u8; SEAL_BYTES] {
        let mut code = [0; SEAL_BYTES];
        // A key of any length is taken, so this can't fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(content);
            let whole = mac.finalize().into_bytes();
            code.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        }
        code
    }
}

fn invalid() -> Status {
    status::refused(Refusal::InvalidPageToken)
}
