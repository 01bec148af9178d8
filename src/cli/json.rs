//! What `--json` prints: always one document, an object with the fields of the API's messages.

use prost::Message;

use crate::codec::text::{self, TextError};

/// Messages as a list. `name` is the full name of their type.
pub(super) fn list<M: Message>(messages: &[M], name: &str) -> Result<String, TextError> {
    let items = messages.iter().map(|message| text::to_json(message, name));
    Ok(format!("[{}]", items.collect::<Result<Vec<_>, _>>()?.join(",\n")))
}

/// An object of parts that are JSON already, in their order.
pub(super) fn object(parts: &[(&str, String)]) -> String {
    let parts = parts.iter().map(|(name, json)| format!("\"{name}\": {json}"));
    format!("{{{}}}", parts.collect::<Vec<_>>().join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::v1::OpeningWindow;

    #[test]
    fn several_answers_are_one_document() {
        let window = OpeningWindow { opens: "09:00".into(), closes: "17:00".into() };
        let windows = list(&[window.clone(), window], "slx.v1.OpeningWindow").unwrap();
        let none = list::<OpeningWindow>(&[], "slx.v1.OpeningWindow").unwrap();
        let document = object(&[("windows", windows), ("others", none)]);
        let read: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(read["windows"][1]["closes"], "17:00");
        assert_eq!(read["others"], serde_json::json!([]));
    }
}
