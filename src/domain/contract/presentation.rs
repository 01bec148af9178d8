//! How a contract is shown to people: in which language, and with links to its incidents.

/// The languages that reviews have texts in, by their primary subtags; the first is the default.
pub const LANGUAGES: [&str; 3] = ["en", "nl", "de"];

/// What stands in a URL template for an incident's id.
pub const INCIDENT_ID: &str = "{incident_id}";

/// The most bytes in a language tag: RFC 5646 asks for room for at least 35.
const TAG_BYTES_MAX: usize = 35;
/// The most bytes in a URL template.
const TEMPLATE_BYTES_MAX: usize = 2_048;

/// How a contract is shown to people; no figure depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// The BCP 47 tag of the language; empty: English.
    pub language: String,
    /// The URL of an incident, with [`INCIDENT_ID`] in place of its id; empty: no links.
    pub incident_url_template: String,
}

/// The primary subtag of a language tag, in lower case: `nl` of `nl-BE`.
pub fn primary_language(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a text has the form of a BCP 47 language tag: subtags of one to eight letters and
/// digits, the first of two or three letters.
///
/// # Errors
/// What is wrong with it.
pub fn check_language(tag: &str) -> Result<(), String> {
    let is_subtag = |subtag: &str| {
        matches!(subtag.len(), 1..=8) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let first = tag.split('-').next().unwrap_or_default();
    let is_language =
        matches!(first.len(), 2..=3) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_language && tag.len() <= TAG_BYTES_MAX && tag.split('-').all(is_subtag) {
        return Ok(());
    }
    Err(format!("{tag:?} is not a BCP 47 language tag: write \"nl\", \"de-AT\" or \"en-GB\""))
}

/// Whether a text is a URL that an incident's id can be put into.
///
/// # Errors
/// What is wrong with it.
pub fn check_url_template(template: &str) -> Result<(), String> {
    let wrong = |why: &str| {
        let like = "write \"https://desk.example.com/incidents/{incident_id}\"";
        Err(format!("{why}: {like}"))
    };
    let rest = template.strip_prefix("https://").or_else(|| template.strip_prefix("http://"));
    let Some(rest) = rest else { return wrong("it is no https or http URL") };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, place) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let is_outside = |letter: char| {
        letter.is_whitespace() || letter.is_control() || "\"'<>\\^`|".contains(letter)
    };
    if template.len() > TEMPLATE_BYTES_MAX {
        return wrong("it has more than 2,048 bytes");
    }
    if template.chars().any(is_outside) {
        return wrong("a URL holds no spaces, quotes or angle brackets");
    }
    if host.is_empty() || host.contains(['{', '}', '@']) {
        return wrong("it must name a host, without the incident's id and without a user's name");
    }
    if !place.contains(INCIDENT_ID) {
        return wrong("{incident_id} is not in its path, query or fragment");
    }
    if place.replace(INCIDENT_ID, "").contains(['{', '}']) {
        return wrong("only {incident_id} can be put into it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag_and_has_a_primary_subtag() {
        for tag in ["nl", "de-AT", "en-GB", "zh-Hant-TW", "NL-be"] {
            assert_eq!(check_language(tag), Ok(()), "{tag}");
        }
        for tag in ["", "n", "dutch", "nl_BE", "nl-", "-nl", "n1", "nl BE", "nl-toolongsub"] {
            assert!(check_language(tag).is_err(), "{tag}");
        }
        assert_eq!(primary_language("NL-be"), "nl");
    }

    #[test]
    fn a_url_template_names_a_host_and_a_place_for_the_id() {
        for template in [
            "https://desk.example.com/incidents/{incident_id}",
            "http://desk/nav_to.do?uri=incident.do%3Fnumber={incident_id}",
            "https://desk:8443/#ticket/{incident_id}/{incident_id}",
        ] {
            assert_eq!(check_url_template(template), Ok(()), "{template}");
        }
        for template in [
            "javascript:alert('{incident_id}')",
            "ftp://desk/{incident_id}",
            "https:///{incident_id}",
            "https://{incident_id}.example.com/",
            "https://someone:secret@desk/{incident_id}",
            "https://desk/incidents",
            "https://desk/{incident_id}/{id}",
            "https://desk/\"onclick=\"{incident_id}",
            "https://desk/a b/{incident_id}",
            "HTTPS://desk/{incident_id}\n",
        ] {
            assert!(check_url_template(template).is_err(), "{template}");
        }
    }
}
