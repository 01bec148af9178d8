//! Events of incidents and of services, as the commands here record them.

use prost_types::Timestamp;

use super::super::connection::Channel;
use crate::cli::connection::refused;
use crate::codec::v1;
use crate::codec::v1::incident_service_client::IncidentServiceClient;

/// A fact about an incident or a service.
pub(super) trait EventMessage: prost::Message + Default + Clone {
    /// The full name of its message.
    const NAME: &'static str;

    /// What its facts are about.
    const SUBJECTS: &'static str;

    /// The full name of the message with the other facts.
    const OTHER: &'static str;

    /// What those are about, and how to say so.
    const OF_OTHER: &'static str;

    /// Which incident or service it is about.
    fn subject(&self) -> &str;

    /// Its id.
    fn id(&self) -> &str;

    /// Whether it says what happened.
    fn has_fact(&self) -> bool;

    /// The same fact, about a subject, with its id, time and source.
    fn of(self, subject: String, id: String, time: Timestamp, source: String) -> Self;

    /// Records events of a tenant; the result of each.
    async fn record(
        events: Vec<Self>,
        tenant: String,
        channel: Channel,
    ) -> anyhow::Result<Vec<v1::RecordResult>>;
}

impl EventMessage for v1::IncidentEvent {
    const NAME: &'static str = "slx.v1.IncidentEvent";
    const SUBJECTS: &'static str = "incidents";
    const OTHER: &'static str = v1::ServiceEvent::NAME;
    const OF_OTHER: &'static str = "a service: name --service";

    fn subject(&self) -> &str {
        &self.incident_id
    }

    fn id(&self) -> &str {
        &self.event_id
    }

    fn has_fact(&self) -> bool {
        self.fact.is_some()
    }

    fn of(self, subject: String, id: String, time: Timestamp, source: String) -> Self {
        let occur_time = Some(time);
        v1::IncidentEvent { event_id: id, incident_id: subject, occur_time, source, ..self }
    }

    async fn record(
        events: Vec<Self>,
        tenant: String,
        channel: Channel,
    ) -> anyhow::Result<Vec<v1::RecordResult>> {
        let request = v1::RecordEventsRequest { tenant, events };
        let answer = IncidentServiceClient::new(channel).record_events(request).await;
        Ok(answer.map_err(refused)?.into_inner().results)
    }
}

impl EventMessage for v1::ServiceEvent {
    const NAME: &'static str = "slx.v1.ServiceEvent";
    const SUBJECTS: &'static str = "services";
    const OTHER: &'static str = v1::IncidentEvent::NAME;
    const OF_OTHER: &'static str = "an incident: leave --service out";

    fn subject(&self) -> &str {
        &self.service
    }

    fn id(&self) -> &str {
        &self.event_id
    }

    fn has_fact(&self) -> bool {
        self.fact.is_some()
    }

    fn of(self, subject: String, id: String, time: Timestamp, source: String) -> Self {
        let occur_time = Some(time);
        v1::ServiceEvent { event_id: id, service: subject, occur_time, source, ..self }
    }

    async fn record(
        events: Vec<Self>,
        tenant: String,
        channel: Channel,
    ) -> anyhow::Result<Vec<v1::RecordResult>> {
        let request = v1::RecordServiceEventsRequest { tenant, events };
        let answer = IncidentServiceClient::new(channel).record_service_events(request).await;
        Ok(answer.map_err(refused)?.into_inner().results)
    }
}
