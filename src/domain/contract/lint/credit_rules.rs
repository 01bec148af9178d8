//! Lints credit rules whose tiers or bonuses never apply, or whose credit can't be counted.

use crate::domain::contract::{
    CreditRule, CreditTier, Finding, Objective, Per, PeriodKind, Promise,
};
use crate::domain::share::Share;

/// Notes what in a rule never applies to its objective.
pub(super) fn lint_rule(
    rule: &CreditRule,
    objective: &Objective,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    if rule.credited_in.is_some() && !matches!(objective.period, PeriodKind::RollingDays(_)) {
        let text = format!(
            "{:?} is credited in its own periods: only those over rolling days are credited in \
             others",
            objective.id
        );
        findings.push(Finding::error(format!("{path}.credited_in"), text));
    }
    lint_count(rule, objective, path, findings);
    lint_tiers(rule, objective, path, findings);
    lint_bonuses(rule, objective, path, findings);
    lint_earn_back(rule, objective, path, findings);
}

/// Notes a credit for each of something that the objective does not measure.
fn lint_count(rule: &CreditRule, objective: &Objective, path: &str, findings: &mut Vec<Finding>) {
    use Promise::{Attainment, Availability, MeanTimeToRestore, Outages, Requests};
    let what = match (rule.per, &objective.promise) {
        (Per::Period, _)
        | (Per::Outage | Per::Downtime(_), Outages(_))
        | (Per::LateIncident | Per::Lateness(_) | Per::Point(_), Attainment(_))
        | (Per::Downtime(_), MeanTimeToRestore(_))
        | (Per::Point(_), Requests(_))
        | (Per::Downtime(_) | Per::Point(_), Availability(_)) => None,
        (Per::Outage, _) => Some("outages: they are counted by objectives on outages"),
        (Per::LateIncident | Per::Lateness(_), _) => {
            Some("incidents: they are counted by objectives on attainment")
        }
        (Per::Downtime(_), _) => {
            Some("downtime: objectives on availability, outages and the mean time to restore do")
        }
        (Per::Point(_), _) => {
            Some("a share: objectives on attainment, availability and requests do")
        }
    };
    if let Some(what) = what {
        let text = format!("{:?} does not measure {what}", objective.id);
        findings.push(Finding::error(format!("{path}.per"), text));
    }
    if rule.counts_all && !rule.is_counted() {
        let text = "it counts nothing: say in `per` what the credit is given for";
        findings.push(Finding::warning(format!("{path}.counts_all"), text));
    }
}

fn lint_tiers(rule: &CreditRule, objective: &Objective, path: &str, findings: &mut Vec<Finding>) {
    let promised = objective.promise.share();
    for (index, tier) in rule.tiers.iter().enumerate() {
        let next = rule.tiers.get(index + 1).and_then(|next| next.below);
        if !can_rule(tier, next, promised) {
            let text = format!(
                "it never rules: no period that misses {:?} is below it and not below the next",
                objective.id
            );
            findings.push(Finding::warning(format!("{path}.tiers[{index}]"), text));
        } else if let Some((below, promised)) = tier.below.zip(promised)
            && below > promised
        {
            let text = format!(
                "{below}% is above the {promised}% of {:?}: from {promised}% on it is met, and \
                 nothing is credited",
                objective.id
            );
            findings.push(Finding::warning(format!("{path}.tiers[{index}].below_percent"), text));
        }
    }
}

fn lint_bonuses(rule: &CreditRule, objective: &Objective, path: &str, findings: &mut Vec<Finding>) {
    let promised = objective.promise.share();
    for (index, bonus) in rule.bonuses.iter().enumerate() {
        let text = match (bonus.from, promised) {
            (Some(from), Some(promised)) if from < promised => {
                format!("{:?} must be met for a bonus, which takes {promised}%", objective.id)
            }
            (Some(_), None) => {
                format!("{:?} has no percentage that could reach it", objective.id)
            }
            _ => continue,
        };
        findings.push(Finding::warning(format!("{path}.bonuses[{index}].from_percent"), text));
    }
}

fn lint_earn_back(
    rule: &CreditRule,
    objective: &Objective,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let text = match (rule.earn_back, objective.promise.share()) {
        (Some(_), None) => {
            format!("{:?} has no percentage that could reach it", objective.id)
        }
        (Some(needed), Some(promised)) if needed < promised => format!(
            "{:?} must be met for a credit to go back, which takes {promised}%: {needed}% is not \
             enough",
            objective.id
        ),
        _ => return,
    };
    findings.push(Finding::warning(format!("{path}.earn_back_percent"), text));
}

/// Whether a period can be below both the promised share and the tier's, and not below the next
/// tier's.
fn can_rule(tier: &CreditTier, next: Option<Share>, promised: Option<Share>) -> bool {
    match promised {
        None => tier.below.is_none(),
        Some(promised) => {
            let below = tier.below.map_or(promised, |below| below.min(promised));
            next.unwrap_or(Share::NONE) < below
        }
    }
}
