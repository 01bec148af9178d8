//! Records: the entries of the journal.

use super::action::Action;
use super::adoption::Adoption;
pub use super::terms_entry::TermsEntry;
use crate::domain::ids::TenantId;
use crate::domain::incident::IncidentEvent;
use crate::domain::service::ServiceEvent;

/// One entry of the journal, for one tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The organisation it belongs to.
    pub tenant: TenantId,
    /// What was recorded.
    pub entry: Entry,
}

/// The content of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A fact about an incident.
    IncidentEvent(IncidentEvent),
    /// A fact about a service.
    ServiceEvent(ServiceEvent),
    /// A revision of terms.
    Terms(TermsEntry),
    /// What somebody did about the figures.
    Action(Action),
    /// The adoption of a time zone database. Of no tenant.
    Adoption(Adoption),
    /// Nothing: what was recorded is lost to damage. Of no tenant.
    Lost,
}
