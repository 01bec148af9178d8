//! Mappings that ship with slx, for what tools export as a standard.

use clap::ValueEnum;

/// An export that slx has a mapping for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// The incident table.
    Servicenow,
    /// The table sys_audit.
    ServicenowAudit,
    /// Issues with their changelog.
    Jira,
    /// The audits of tickets.
    Zendesk,
    /// The history of tickets.
    Zammad,
    /// The list of tickets.
    Glpi,
    /// Incidents of the REST API.
    Topdesk,
    /// Tickets with their statistics.
    Freshservice,
}

impl Tool {
    /// Its mapping file.
    pub fn mapping(self) -> &'static str {
        match self {
            Tool::Servicenow => include_str!("../../mappings/servicenow.yaml"),
            Tool::ServicenowAudit => include_str!("../../mappings/servicenow-audit.yaml"),
            Tool::Jira => include_str!("../../mappings/jira.yaml"),
            Tool::Zendesk => include_str!("../../mappings/zendesk.yaml"),
            Tool::Zammad => include_str!("../../mappings/zammad.yaml"),
            Tool::Glpi => include_str!("../../mappings/glpi.yaml"),
            Tool::Topdesk => include_str!("../../mappings/topdesk.yaml"),
            Tool::Freshservice => include_str!("../../mappings/freshservice.yaml"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::tests::mapping;
    use super::*;

    #[test]
    fn every_mapping_can_be_read_and_says_which_export_it_is_for() {
        for tool in Tool::value_variants() {
            let read = mapping(tool.mapping());
            assert!(!read.source.is_empty() && tool.mapping().starts_with("# "), "{tool:?}");
            assert!(!read.names_contracts(), "{tool:?}: contracts are the user's");
        }
    }
}
