//! Records: the entries of the journal.

use super::action::Action;
use super::adoption::Adoption;
pub use super::terms_entry::TermsEntry;
use super::webhooks::WebhookEntry;
use crate::domain::ids::TenantId;
use crate::domain::incident::IncidentEvent;
use crate::domain::personal::Personal;
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
    /// What became of a webhook.
    Webhook(WebhookEntry),
    /// Nothing: what was recorded is lost to damage. Of no tenant.
    Lost,
}

impl Record {
    /// Bytes that it takes in memory, about: of what there are few, terms and actions, without
    /// their texts.
    pub fn memory_bytes(&self) -> usize {
        let texts = match &self.entry {
            Entry::IncidentEvent(event) => event.heap_bytes(),
            _ => 0,
        };
        size_of::<Record>() + texts
    }
}

impl Personal for Entry {
    fn each_personal(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Entry::IncidentEvent(event) => event.each_personal(visit),
            Entry::ServiceEvent(event) => event.each_personal(visit),
            Entry::Action(action) => action.each_personal(visit),
            Entry::Terms(_) | Entry::Webhook(_) | Entry::Adoption(_) | Entry::Lost => {}
        }
    }

    fn has_personal(&self) -> bool {
        match self {
            Entry::IncidentEvent(event) => event.has_personal(),
            Entry::ServiceEvent(event) => event.has_personal(),
            Entry::Action(action) => action.has_personal(),
            Entry::Terms(_) | Entry::Webhook(_) | Entry::Adoption(_) | Entry::Lost => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts come by the thousands, and each is moved as often as it changes hands: a record of one
    /// takes no more than that because records of other kinds do.
    #[test]
    fn a_record_is_hardly_larger_than_a_fact() {
        let fact = size_of::<IncidentEvent>();
        assert!(size_of::<Record>() <= fact + 64, "{} and {fact}", size_of::<Record>());
    }
}
