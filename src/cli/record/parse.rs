//! Facts as people write them.

use std::path::Path;

use anyhow::{Context, bail};

use super::event::EventMessage;
use crate::cli::apply::read;
use crate::codec::{text, v1};

/// Every fact there is, for the help.
pub(super) fn facts_in_words() -> String {
    let of = |name: &str| facts(name).join(", ");
    let (incidents, services) = (of(v1::IncidentEvent::NAME), of(v1::ServiceEvent::NAME));
    format!("Facts about incidents: {incidents}.\n\nFacts about services: {services}.")
}

/// The facts of a kind of event.
fn facts(name: &str) -> Vec<String> {
    text::choices(name, "fact")
}

/// A fact as it is written: its name alone, or YAML with its fields.
pub(super) fn fact<E: EventMessage>(fact: &str) -> anyhow::Result<E> {
    let is_a_name = !fact.is_empty()
        && fact.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let facts = facts(E::NAME);
    if is_a_name && !facts.iter().any(|known| known == fact) {
        let all = facts.join(", ");
        match text::nearest(&facts, fact) {
            Some(near) => bail!("there is no fact {fact}: did you mean {near}? Facts are {all}"),
            None => bail!("there is no fact {fact}; facts are {all}"),
        }
    }
    let yaml = if is_a_name { format!("{{{fact}: {{}}}}") } else { fact.to_owned() };
    let events: Vec<E> = text::from_yaml(&yaml, E::NAME)?;
    let event = events.into_iter().next().filter(E::has_fact);
    event.with_context(|| format!("no fact is named: write one of {}", facts.join(", ")))
}

/// The events of a file.
pub(super) fn file<E: EventMessage>(path: &Path) -> anyhow::Result<Vec<E>> {
    let events = text::from_yaml(&read(path)?, E::NAME);
    events.with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::v1::{incident_event, service_event};

    #[test]
    fn a_fact_is_a_name_or_yaml() {
        let of = |text: &str| fact::<v1::IncidentEvent>(text).unwrap().fact.unwrap();
        assert_eq!(of("resolved"), incident_event::Fact::Resolved(v1::Resolved {}));
        let raised = v1::PriorityChanged { priority: "P1".into() };
        let yaml = "{priority_changed: {priority: P1}}";
        assert_eq!(of(yaml), incident_event::Fact::PriorityChanged(raised));
        let down = fact::<v1::ServiceEvent>("outage_started").unwrap().fact.unwrap();
        let started = v1::OutageStarted::default();
        assert_eq!(down, service_event::Fact::OutageStarted(started));
    }

    #[test]
    fn what_is_no_fact_is_refused_with_the_facts_there_are() {
        let all = "opened, responded, status_changed, priority_changed, assigned";
        for (text, why) in [
            ("solved", "did you mean resolved?"),
            ("priority_change", "did you mean priority_changed?"),
            ("nofact", all),
            ("outage_started", all),
            ("{nofact: {}}", all),
            ("{source: x}", "no fact is named"),
            ("{source: x}", all),
            ("", "no fact is named"),
        ] {
            let error = fact::<v1::IncidentEvent>(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let error = fact::<v1::ServiceEvent>("resolved").unwrap_err().to_string();
        assert!(error.contains("outage_started, outage_ended"), "{error}");
        assert!(facts_in_words().contains(all), "{}", facts_in_words());
    }
}
