//! What rows say of an incident: its fields, as slx has them.

use std::collections::BTreeMap;

use super::field::{Columns, FieldSource};
use super::rules::{ContractRule, Variables};
use super::state::{StateValue, States};
use crate::codec::v1;

/// An incident's fields by a row. Empty: it has none, or the row says nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub state: Option<StateValue>,
    pub priority: String,
    pub group: String,
    pub assignee: String,
    pub details: Details,
    pub affected_users: Option<i32>,
    /// Whether that number is the mapping's.
    pub affected_users_estimated: bool,
    /// The priority as the row has it, where the mapping names others and not this one.
    pub unnamed_priority: Option<String>,
}

/// What an incident is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub contract_ids: Vec<String>,
    pub service: String,
    pub category: String,
    pub attributes: BTreeMap<String, String>,
}

/// Where the fields are read from.
#[derive(Debug, Default)]
pub(crate) struct ValueSources {
    pub(super) states: Option<States>,
    pub(super) contracts: Vec<String>,
    pub(super) contracts_column: Option<FieldSource>,
    pub(super) contract_rules: Vec<ContractRule>,
    pub(super) service: Option<FieldSource>,
    pub(super) category: Option<FieldSource>,
    pub(super) affected_users: Option<FieldSource>,
    pub(super) affected_users_default: Option<i32>,
    pub(super) group: Option<FieldSource>,
    pub(super) assignee: Option<FieldSource>,
    pub(super) priority: Option<FieldSource>,
    pub(super) attributes: BTreeMap<String, FieldSource>,
}

impl ValueSources {
    /// Every field.
    pub(super) fn fields(&self) -> impl Iterator<Item = &FieldSource> {
        let optional = [
            &self.contracts_column,
            &self.service,
            &self.category,
            &self.affected_users,
            &self.group,
            &self.assignee,
            &self.priority,
        ];
        let states = self.states.iter().flat_map(States::fields);
        optional.into_iter().flatten().chain(self.attributes.values()).chain(states)
    }

    /// What a row says of all fields but the state.
    pub(super) fn read(
        &self,
        columns: &Columns<'_>,
        variables: &Variables,
    ) -> Result<Values, String> {
        let of = |field: &Option<FieldSource>| {
            field.as_ref().map(|field| field.read(columns)).unwrap_or_default()
        };
        let users = of(&self.affected_users);
        let affected_users = match users.as_str() {
            "" => self.affected_users_default,
            shown => {
                let users = shown.parse();
                Some(users.map_err(|_| format!("{shown:?} is not a number of users"))?)
            }
        };
        Ok(Values {
            state: None,
            priority: of(&self.priority),
            group: of(&self.group),
            assignee: of(&self.assignee),
            details: self.details(columns, variables)?,
            affected_users_estimated: users.is_empty() && affected_users.is_some(),
            affected_users,
            unnamed_priority: self.priority.as_ref().and_then(|field| field.unnamed(columns)),
        })
    }

    fn details(&self, columns: &Columns<'_>, variables: &Variables) -> Result<Details, String> {
        let of = |field: &Option<FieldSource>| {
            field.as_ref().map(|field| field.read(columns)).unwrap_or_default()
        };
        let listed = of(&self.contracts_column);
        let listed = listed.split([' ', ';']).filter(|id| !id.is_empty()).map(str::to_owned);
        let by_rule = ContractRule::first(&self.contract_rules, variables)?;
        let all = self.contracts.iter().cloned().chain(listed).chain(by_rule.iter().cloned());
        let attributes = self.attributes.iter().map(|(name, field)| (name, field.read(columns)));
        let attributes = attributes.filter(|(_, shown)| !shown.is_empty());
        Ok(Details {
            contract_ids: all.collect(),
            service: of(&self.service),
            category: of(&self.category),
            attributes: attributes.map(|(name, shown)| (name.clone(), shown)).collect(),
        })
    }
}

impl Values {
    /// What an incident with these fields is opened with.
    pub fn opened(&self) -> v1::Opened {
        let Details { contract_ids, service, category, attributes } = self.details.clone();
        v1::Opened {
            contract_ids,
            service,
            category,
            priority: self.priority.clone(),
            affected_users: self.affected_users,
            affected_users_estimated: self.affected_users_estimated,
            attributes: attributes.into_iter().collect(),
            trouble_time: None,
        }
    }
}

impl Details {
    /// What changed from `before`; `None`: nothing.
    pub fn changed_from(&self, before: &Details) -> Option<v1::DetailsChanged> {
        if self == before {
            return None;
        }
        let changed = |new: &String, old: &String| (new != old).then(|| new.clone());
        let contracts = (self.contract_ids != before.contract_ids)
            .then(|| v1::ContractIds { contract_ids: self.contract_ids.clone() });
        let set = self
            .attributes
            .iter()
            .filter(|(name, value)| before.attributes.get(*name) != Some(*value));
        let removed = before.attributes.keys().filter(|name| !self.attributes.contains_key(*name));
        Some(v1::DetailsChanged {
            contracts,
            service: changed(&self.service, &before.service),
            category: changed(&self.category, &before.category),
            attributes: set.map(|(name, value)| (name.clone(), value.clone())).collect(),
            removed_attributes: removed.cloned().collect(),
        })
    }
}
