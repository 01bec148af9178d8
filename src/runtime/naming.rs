//! Counting the records that name somebody.

use super::engine::Engine;
use super::patience::{Patience, Stopped};
use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::codec::store::unreadable::Unreadable;
use crate::domain::ids::TenantId;
use crate::domain::personal::Personal as _;
use crate::journal::ReadError;

/// Records between two looks at whether somebody still waits.
const RECORDS_PER_LOOK: u64 = 10_000;

/// Why records can't be counted.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// The journal can't be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record can't be understood.
    #[error("a record is unreadable: {0}")]
    Record(#[from] Unreadable),
    /// Nobody waits for the answer any more.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// How many records name somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// By a token, so that the name can be erased.
    pub by_token: u64,
    /// In themselves: they were written before there were tokens.
    pub in_plain_text: u64,
    /// The last record that was looked at.
    until: u64,
}

impl Engine {
    /// How many records name somebody by exactly this text of the tenant, up to the last there is.
    /// It reads the whole journal.
    ///
    /// # Errors
    /// The journal can't be read, or nobody waits any more.
    pub fn records_naming(
        &self,
        tenant: &TenantId,
        text: &str,
        patience: &Patience,
    ) -> Result<Naming, NamingError> {
        // In this order: a token that is made later is in none of the records looked at.
        let until = self.progress().sequence;
        let token = self.names().token(tenant, text);
        let mut naming = Naming { until, ..Naming::default() };
        for kept in self.log().read(1..=until)? {
            let kept = kept?;
            if kept.sequence % RECORDS_PER_LOOK == 0 {
                patience.check()?;
            }
            if token.as_deref().is_some_and(|token| holds(&kept.body, token)) {
                naming.by_token += 1;
            } else if holds(&kept.body, text) {
                let is_named = self.names_plainly(&kept.body, tenant, text);
                naming.in_plain_text += u64::from(is_named?);
            }
        }
        Ok(naming)
    }

    /// How many records named somebody by a token that has been erased since they were counted:
    /// those counted, and those recorded from then on. They are few, so it does not look whether
    /// somebody still waits.
    ///
    /// # Errors
    /// The journal can't be read.
    pub fn records_erased(&self, token: &str, counted: &Naming) -> Result<u64, NamingError> {
        let mut records = counted.by_token;
        for kept in self.log().read(counted.until + 1..=self.progress().sequence)? {
            records += u64::from(holds(&kept?.body, token));
        }
        Ok(records)
    }

    fn names_plainly(
        &self,
        body: &[u8],
        tenant: &TenantId,
        text: &str,
    ) -> Result<bool, Unreadable> {
        let mut record = record::decode(body, &self.zones(), &Names::default())?;
        let mut is_named = false;
        record.entry.each_personal(&mut |personal| is_named |= personal == text);
        Ok(is_named && record.tenant == *tenant)
    }
}

fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len().max(1)).any(|part| part == text.as_bytes())
}
