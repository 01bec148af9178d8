//! Lints exclusion rules that never hold.

use crate::domain::contract::{ExclusionRule, Finding};

/// Notes rules that ask for what outages have and for what incidents have at once.
pub(super) fn lint(rules: &[ExclusionRule], findings: &mut Vec<Finding>) {
    for (index, rule) in rules.iter().enumerate() {
        let is_of_outages = !rule.outage_reasons.is_empty();
        let is_of_targets_only = !rule.target_ids.is_empty() && rule.objective_ids.is_empty();
        let asks_of_incidents = rule.out_of_scope || rule.when.is_some() || is_of_targets_only;
        if is_of_outages && asks_of_incidents {
            let text = "it never holds: only outages have a reason, and target_ids, out_of_scope \
                        and when are for incidents; write two rules";
            let field = format!("terms.exclusions[{index}].outage_reasons");
            findings.push(Finding::warning(field, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: &ExclusionRule) -> usize {
        let mut findings = Vec::new();
        lint(std::slice::from_ref(rule), &mut findings);
        findings.len()
    }

    #[test]
    fn a_rule_for_outages_that_asks_of_incidents_never_holds() {
        let flood = ExclusionRule {
            id: "flood".into(),
            title: String::new(),
            cause: None,
            third_party: String::new(),
            out_of_scope: false,
            when: None,
            target_ids: Vec::new(),
            objective_ids: Vec::new(),
            outage_reasons: vec!["flood".into()],
        };
        assert_eq!(found(&flood), 0);
        assert_eq!(found(&ExclusionRule { out_of_scope: true, ..flood.clone() }), 1);
        let of_targets = ExclusionRule { target_ids: vec!["resolve".into()], ..flood.clone() };
        assert_eq!(found(&of_targets), 1);
        let both = ExclusionRule { objective_ids: vec!["up".into()], ..of_targets };
        assert_eq!(found(&both), 0, "it holds for outages, and the targets are never reached");
    }
}
