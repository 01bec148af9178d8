//! Changes of contracts and calendars, as they are recorded.

use crate::domain::calendar::Calendar;
use crate::domain::contract::Contract;
use crate::domain::time::Instant;

/// A change of contracts or calendars.
#[derive(Clone, Debug, PartialEq)]
pub enum TermsEntry {
    /// A revision of a contract.
    Contract {
        /// It rules from here on.
        effective_time: Instant,
        /// What it says.
        contract: Contract,
    },
    /// A contract's end.
    ContractEnd {
        /// Which contract.
        contract_id: String,
        /// From here on no clock of it starts.
        end_time: Instant,
    },
    /// A revision of a calendar.
    Calendar {
        /// Which calendar.
        id: String,
        /// It rules from here on.
        effective_time: Instant,
        /// What it says.
        calendar: Calendar,
    },
}
