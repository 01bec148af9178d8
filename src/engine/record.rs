//! What the journal records.

use super::deed::Deed;
use crate::domain::calendar::Calendar;
use crate::domain::contract::Contract;
use crate::domain::incident::IncidentEvent;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;

/// One thing that was recorded, for one tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The organisation it belongs to.
    pub tenant: String,
    /// What was recorded.
    pub entry: Entry,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A fact about an incident.
    IncidentEvent(IncidentEvent),
    /// A fact about a service.
    ServiceEvent(ServiceEvent),
    /// A revision of terms.
    Terms(TermsEntry),
    /// What somebody did about the figures.
    Deed(Deed),
    /// Nothing: what was recorded is lost to damage. Of no tenant.
    Lost,
}

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
