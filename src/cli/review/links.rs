//! Links to incidents, where the contract says how they are made.

use super::report::Cell;
use crate::domain::contract::presentation::{INCIDENT_ID, check_url_template};

/// An incident's id, linked to by the contract's template.
pub(super) fn incident(id: &str, template: &str) -> Cell {
    Cell { text: id.to_owned(), link: url(id, template), ..Cell::default() }
}

/// The URL of an incident; empty where there is none. `.` and `..` have none: a browser would take
/// them for steps of the path, however they are encoded.
fn url(id: &str, template: &str) -> String {
    match check_url_template(template) {
        Ok(()) if !matches!(id, "" | "." | "..") => {
            template.replace(INCIDENT_ID, &percent_encoded(id))
        }
        _ => String::new(),
    }
}

/// Every byte but the unreserved ones of RFC 3986 percent-encoded.
fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_t_leave_its_place_in_the_url() {
        let template = "https://desk/incidents/{incident_id}?like={incident_id}";
        for (id, expected) in [
            ("INC1", "https://desk/incidents/INC1?like=INC1"),
            ("I 2611/0042", "https://desk/incidents/I%202611%2F0042?like=I%202611%2F0042"),
            ("a&b#\"><", "https://desk/incidents/a%26b%23%22%3E%3C?like=a%26b%23%22%3E%3C"),
            ("é", "https://desk/incidents/%C3%A9?like=%C3%A9"),
            ("..", ""),
        ] {
            assert_eq!(url(id, template), expected);
        }
        for template in ["", "javascript:alert({incident_id})"] {
            assert_eq!(url("INC1", template), "", "{template}");
        }
    }
}
