//! How contracts are shown to people.

use crate::codec::checks::Checks;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::Presentation;
use crate::domain::contract::presentation::{check_language, check_url_template};

/// A contract's presentation. A record is taken as it is: what can't be shown is not shown.
pub(super) fn decode(
    language: String,
    incident_url_template: String,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Presentation {
    let check = |text: &str, check: fn(&str) -> Result<(), String>| {
        if text.is_empty() || !checks.are_rules_held { Ok(()) } else { check(text) }
    };
    violations.or("language", check(&language, check_language), ());
    let template = check(&incident_url_template, check_url_template);
    violations.or("incident_url_template", template, ());
    Presentation { language, incident_url_template }
}
