//! Lints how a contract is shown: a language that reviews have no texts in.

use super::super::presentation::{LANGUAGES, primary_language};
use super::super::{Contract, Finding};

/// Warns of a language without texts.
pub(super) fn lint(contract: &Contract, findings: &mut Vec<Finding>) {
    let language = &contract.presentation.language;
    if language.is_empty() || LANGUAGES.contains(&primary_language(language).as_str()) {
        return;
    }
    let text = format!(
        "service reviews have no texts in {language:?}: they are in English; choose one of {}",
        LANGUAGES.join(", ")
    );
    findings.push(Finding::warning("language", text));
}
