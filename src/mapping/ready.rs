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
    /// What a business rule posts.
    ServicenowWebhook,
    /// Webhooks of issues.
    JiraWebhook,
    /// Webhooks of ticket events.
    ZendeskWebhook,
    /// Webhooks of triggers.
    ZammadWebhook,
    /// Webhooks of tickets.
    GlpiWebhook,
    /// What an action sequence posts.
    TopdeskWebhook,
    /// What the workflow automator posts.
    FreshserviceWebhook,
}

impl Tool {
    /// Those for what tools post, by the names of the tools.
    pub const WEBHOOKS: [(&str, Tool); 7] = [
        ("jira", Tool::JiraWebhook),
        ("zendesk", Tool::ZendeskWebhook),
        ("servicenow", Tool::ServicenowWebhook),
        ("zammad", Tool::ZammadWebhook),
        ("freshservice", Tool::FreshserviceWebhook),
        ("topdesk", Tool::TopdeskWebhook),
        ("glpi", Tool::GlpiWebhook),
    ];

    /// That for what the tool of this name posts.
    pub fn of_webhook(name: &str) -> Option<Tool> {
        Tool::WEBHOOKS.into_iter().find(|(tool, _)| *tool == name).map(|(_, tool)| tool)
    }

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
            Tool::ServicenowWebhook => include_str!("../../mappings/servicenow-webhook.yaml"),
            Tool::JiraWebhook => include_str!("../../mappings/jira-webhook.yaml"),
            Tool::ZendeskWebhook => include_str!("../../mappings/zendesk-webhook.yaml"),
            Tool::ZammadWebhook => include_str!("../../mappings/zammad-webhook.yaml"),
            Tool::GlpiWebhook => include_str!("../../mappings/glpi-webhook.yaml"),
            Tool::TopdeskWebhook => include_str!("../../mappings/topdesk-webhook.yaml"),
            Tool::FreshserviceWebhook => include_str!("../../mappings/freshservice-webhook.yaml"),
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
            let is_of_webhook = Tool::WEBHOOKS.iter().any(|(_, of_webhook)| of_webhook == tool);
            assert_eq!(read.takes_deliveries(), is_of_webhook, "{tool:?}");
        }
    }
}
