//! Facts as people write them.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

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
        if let Some(other) = of_other::<E>(fact) {
            bail!("{other}; facts about {} are {all}", E::SUBJECTS);
        }
        match text::nearest(&facts, fact) {
            Some(near) => bail!("there is no fact {fact}: did you mean {near}? Facts are {all}"),
            None => bail!("there is no fact {fact}; facts are {all}"),
        }
    }
    let yaml = if is_a_name { format!("{{{fact}: {{}}}}") } else { fact.to_owned() };
    let events: Vec<E> = text::from_yaml(&yaml, E::NAME).map_err(explained::<E>)?;
    let event = events.into_iter().next().filter(E::has_fact);
    event.with_context(|| format!("no fact is named: write one of {}", facts.join(", ")))
}

/// The events of a file.
pub(super) fn file<E: EventMessage>(path: &Path) -> anyhow::Result<Vec<E>> {
    events(&read(path)?).with_context(|| path.display().to_string())
}

/// The events of a text: documents, or lists of events.
fn events<E: EventMessage>(text: &str) -> anyhow::Result<Vec<E>> {
    text::each_from_yaml(text, E::NAME).map_err(explained::<E>)
}

/// What a name is that is no fact of these events: one about the others.
fn of_other<E: EventMessage>(name: &str) -> Option<String> {
    let is_of_other = facts(E::OTHER).iter().any(|known| known == name);
    is_of_other.then(|| format!("{name} is a fact about {}", E::OF_OTHER))
}

/// Why events can't be read; first of all, that they are about something else.
fn explained<E: EventMessage>(errors: text::TextErrors) -> anyhow::Error {
    let names = errors.0.iter().filter_map(|error| error.path.rsplit('.').next());
    let other = names.filter(|name| !facts(E::NAME).iter().any(|fact| fact == name));
    match other.filter_map(of_other::<E>).next() {
        Some(other) => anyhow!(other),
        None => errors.into(),
    }
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

    /// Only documents were taken, and a list was "not an IncidentEvent".
    #[test]
    fn events_are_documents_or_items_of_lists() {
        let one = |id: &str| format!("{{incident_id: {id}, responded: {{}}}}");
        let text = format!("- {}\n- {}\n---\n{}", one("A"), one("B"), one("C"));
        let read = events::<v1::IncidentEvent>(&text).unwrap();
        let ids: Vec<_> = read.iter().map(|event| event.incident_id.as_str()).collect();
        assert_eq!(ids, ["A", "B", "C"]);
        assert_eq!(events::<v1::IncidentEvent>("[]").unwrap(), []);
        let wrong = "- {incident_id: A, responded: {}}\n- {incident_idd: B}";
        let error = events::<v1::IncidentEvent>(wrong).unwrap_err().to_string();
        assert!(error.starts_with("[1].incident_idd: "), "{error}");
        let error = events::<v1::IncidentEvent>("- {outage_started: {}}").unwrap_err();
        assert!(error.to_string().contains("about a service: name --service"), "{error}");
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
        let about_services = "outage_started is a fact about a service: name --service";
        for text in ["outage_started", "{outage_started: {}}"] {
            let error = fact::<v1::IncidentEvent>(text).unwrap_err().to_string();
            assert!(error.starts_with(about_services), "{text}: {error}");
        }
        let error = fact::<v1::ServiceEvent>("opened").unwrap_err().to_string();
        let about_incidents = "opened is a fact about an incident: leave --service out; facts about \
                               services are outage_started";
        assert!(error.starts_with(about_incidents), "{error}");
        let error = fact::<v1::ServiceEvent>("resolved").unwrap_err().to_string();
        assert!(error.contains("outage_started, outage_ended"), "{error}");
        assert!(facts_in_words().contains(all), "{}", facts_in_words());
    }
}
