//! Changes of contracts and calendars, as they are recorded.

use crate::domain::calendar::Calendar;
use crate::domain::contract::Contract;
use crate::domain::time::Instant;

/// A change of contracts or calendars.
#[derive(Clone, Debug, PartialEq)]
pub enum TermsEntry {
    /// A revision of a contract.
    Contract {
        /// It takes effect at this instant.
        effective_time: Instant,
        /// The contract as this revision words it.
        contract: Box<Contract>,
    },
    /// A contract's end.
    ContractEnd {
        /// Which contract.
        contract_id: String,
        /// From this instant on none of its clocks starts.
        end_time: Instant,
    },
    /// A revision of a calendar.
    Calendar {
        /// Which calendar.
        id: String,
        /// It takes effect at this instant.
        effective_time: Instant,
        /// The calendar as this revision words it.
        calendar: Calendar,
    },
}
