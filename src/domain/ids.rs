//! The ids of tenants, contracts, targets, incidents and clocks.
//!
//! The text of an id is the client's own, checked where requests are decoded. Each kind has a type
//! of its own, so that one can't be passed where another is meant; it reads as a `&str`.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// Defines the type of one kind of id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> $name {
                $name(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.0 == *text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// The id of an organisation whose data is kept apart from every other's.
    TenantId
}

/// No tenant: what belongs to the whole store.
pub static NO_TENANT: TenantId = TenantId(String::new());

id! {
    /// The id of a contract, unique within its tenant.
    ContractId
}
id! {
    /// The id of a target, unique within its contract.
    TargetId
}
id! {
    /// The id of an incident, unique within its tenant: its key in the ITSM backend.
    IncidentId
}

/// The identity of a clock: one target of one contract applied to one incident, in one of its
/// cycles.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockId {
    /// The id of the incident, as the backend sent it.
    pub incident_id: IncidentId,
    /// The id of the contract.
    pub contract_id: ContractId,
    /// The id of the target, unique within its contract.
    pub target_id: TargetId,
    /// The cycle, from 1 on.
    pub cycle: u32,
}

impl ClockId {
    /// Its contract, target and cycle, which no other clock of its incident shares.
    pub fn key(&self) -> (&str, &str, u32) {
        (&self.contract_id, &self.target_id, self.cycle)
    }
}
