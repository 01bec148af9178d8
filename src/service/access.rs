//! Which scope each method needs: every method that is served has its row here.

use super::scope::Scope;

/// What a caller needs to call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: whoever connects may know it.
    Nothing,
    /// Some identity, whatever it may do.
    Identity,
    /// An identity with this scope.
    Scope(Scope),
}

/// A method that is served.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its path, as requests name it: `package.Service/Method`.
    pub path: &'static str,
    /// What a caller needs.
    pub need: Need,
    /// Whether every call of it goes into the audit log, also one that succeeds.
    pub is_audited: bool,
}

impl Method {
    /// The method of a request's path; `None`: there is none, and nobody may call it.
    pub fn at(path: &str) -> Option<&'static Method> {
        let path = path.strip_prefix('/')?;
        METHODS.iter().find(|method| method.path == path)
    }
}

const fn needs(scope: Scope, path: &'static str) -> Method {
    Method { path, need: Need::Scope(scope), is_audited: false }
}

const fn audited(scope: Scope, path: &'static str) -> Method {
    Method { path, need: Need::Scope(scope), is_audited: true }
}

const fn other(need: Need, path: &'static str) -> Method {
    Method { path, need, is_audited: false }
}

/// Every method that is served.
pub const METHODS: [Method; 60] = [
    needs(Scope::Record, "slx.v1.IncidentService/RecordEvents"),
    needs(Scope::Record, "slx.v1.IncidentService/StreamEvents"),
    needs(Scope::Record, "slx.v1.IncidentService/RecordServiceEvents"),
    audited(Scope::Administer, "slx.v1.IncidentService/ErasePersonalData"),
    needs(Scope::Read, "slx.v1.IncidentService/GetIncident"),
    needs(Scope::Read, "slx.v1.IncidentService/ListIncidents"),
    needs(Scope::Read, "slx.v1.IncidentService/ListEvents"),
    audited(Scope::Administer, "slx.v1.CalendarService/PutCalendar"),
    needs(Scope::Read, "slx.v1.CalendarService/GetCalendar"),
    needs(Scope::Read, "slx.v1.CalendarService/ListCalendars"),
    audited(Scope::Administer, "slx.v1.CalendarService/ImportHolidays"),
    needs(Scope::Read, "slx.v1.CalendarService/MeasureElapsed"),
    needs(Scope::Read, "slx.v1.CalendarService/AddServiceTime"),
    needs(Scope::Read, "slx.v1.CalendarService/ListWindows"),
    audited(Scope::Administer, "slx.v1.ContractService/PutContract"),
    needs(Scope::Read, "slx.v1.ContractService/GetContract"),
    needs(Scope::Read, "slx.v1.ContractService/ListContracts"),
    needs(Scope::Read, "slx.v1.ContractService/ListContractRevisions"),
    audited(Scope::Administer, "slx.v1.ContractService/EndContract"),
    needs(Scope::Read, "slx.v1.ClockService/EvaluateIncident"),
    needs(Scope::Read, "slx.v1.ClockService/ListClocks"),
    needs(Scope::Read, "slx.v1.ClockService/CompareClocks"),
    needs(Scope::Read, "slx.v1.ClockService/WatchClocks"),
    needs(Scope::Read, "slx.v1.ComplianceService/GetCompliance"),
    needs(Scope::Read, "slx.v1.ComplianceService/GetServiceReview"),
    audited(Scope::Sign, "slx.v1.ComplianceService/SignServiceReview"),
    needs(Scope::Read, "slx.v1.ComplianceService/SimulateContract"),
    needs(Scope::Read, "slx.v1.ComplianceService/ExportClocks"),
    needs(Scope::Read, "slx.v1.ForecastService/ForecastClocks"),
    needs(Scope::Read, "slx.v1.ForecastService/ForecastObjectives"),
    needs(Scope::Read, "slx.v1.ForecastService/GetForecastQuality"),
    needs(Scope::Read, "slx.v1.SettlementService/ListSettlementItems"),
    audited(Scope::Settle, "slx.v1.SettlementService/OpenSettlementItem"),
    audited(Scope::Settle, "slx.v1.SettlementService/DecideSettlementItem"),
    audited(Scope::Administer, "slx.v1.WebhookService/PutWebhook"),
    needs(Scope::Administer, "slx.v1.WebhookService/ListWebhooks"),
    audited(Scope::Administer, "slx.v1.WebhookService/RemoveWebhook"),
    audited(Scope::Administer, "slx.v1.WebhookService/RotateWebhookSecret"),
    needs(Scope::Administer, "slx.v1.WebhookService/ListDeadLetters"),
    audited(Scope::Administer, "slx.v1.WebhookService/ResendDeadLetters"),
    needs(Scope::Operate, "slx.v1.AdminService/GetStatus"),
    needs(Scope::Operate, "slx.v1.AdminService/ListTenants"),
    needs(Scope::Operate, "slx.v1.AdminService/VerifyJournal"),
    audited(Scope::Operate, "slx.v1.AdminService/BackUp"),
    needs(Scope::Operate, "slx.v1.AdminService/CompareTimeZones"),
    audited(Scope::Operate, "slx.v1.AdminService/AdoptTimeZoneDatabase"),
    needs(Scope::Read, "arrow.flight.protocol.FlightService/ListFlights"),
    needs(Scope::Read, "arrow.flight.protocol.FlightService/GetFlightInfo"),
    needs(Scope::Read, "arrow.flight.protocol.FlightService/GetSchema"),
    needs(Scope::Read, "arrow.flight.protocol.FlightService/DoGet"),
    // They are answered with what to do instead.
    other(Need::Identity, "arrow.flight.protocol.FlightService/Handshake"),
    other(Need::Identity, "arrow.flight.protocol.FlightService/PollFlightInfo"),
    other(Need::Identity, "arrow.flight.protocol.FlightService/DoPut"),
    other(Need::Identity, "arrow.flight.protocol.FlightService/DoExchange"),
    other(Need::Identity, "arrow.flight.protocol.FlightService/DoAction"),
    other(Need::Identity, "arrow.flight.protocol.FlightService/ListActions"),
    other(Need::Nothing, "grpc.health.v1.Health/Check"),
    other(Need::Nothing, "grpc.health.v1.Health/Watch"),
    other(Need::Identity, "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
    other(Need::Identity, "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prost::Message;
    use prost_types::FileDescriptorSet;
    use prost_types::method_options::IdempotencyLevel;

    use super::*;

    /// The paths of all methods that descriptors describe, and whether they have side effects.
    fn described() -> BTreeMap<String, bool> {
        let sets = [
            crate::codec::DESCRIPTORS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        let files = sets.map(|set| FileDescriptorSet::decode(set).unwrap().file).concat();
        let mut paths = BTreeMap::new();
        for file in &files {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("{}.{}/{}", file.package(), service.name(), method.name());
                    let level = method.options.as_ref().map(|options| options.idempotency_level());
                    paths.insert(path, level != Some(IdempotencyLevel::NoSideEffects));
                }
            }
        }
        paths
    }

    #[test]
    fn every_method_that_is_described_has_its_row_and_no_other_has() {
        let rows: Vec<_> = METHODS.iter().map(|method| method.path.to_owned()).collect();
        let mut sorted = rows.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), rows.len(), "a method has two rows");
        assert_eq!(sorted, described().into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn what_writes_needs_more_than_reading_and_is_audited_but_for_facts() {
        let described = described();
        for method in METHODS.iter().filter(|method| method.path.starts_with("slx.v1.")) {
            let writes = described[method.path];
            let is_of_the_server = method.need == Need::Scope(Scope::Operate);
            let may_write = method.need != Need::Scope(Scope::Read);
            // A URL may be all that its receiver goes by: whoever reads is not to see it.
            let shows_urls = ["WebhookService/ListWebhooks", "WebhookService/ListDeadLetters"];
            if shows_urls.iter().any(|one| method.path.ends_with(one)) {
                assert_eq!(method.need, Need::Scope(Scope::Administer), "{}", method.path);
            } else {
                assert!(writes == may_write || is_of_the_server, "{}", method.path);
            }
            let is_backup = method.path.ends_with("/BackUp");
            let is_audited = writes && method.need != Need::Scope(Scope::Record) || is_backup;
            assert_eq!(method.is_audited, is_audited, "{}", method.path);
        }
    }

    #[test]
    fn what_belongs_to_the_server_needs_the_scope_operate() {
        for method in METHODS {
            let is_of_the_server = method.path.starts_with("slx.v1.AdminService/");
            assert_eq!(method.need == Need::Scope(Scope::Operate), is_of_the_server);
        }
        assert!(Method::at("/slx.v1.AdminService/BackUp").is_some());
        for path in ["slx.v1.AdminService/BackUp", "//slx.v1.AdminService/BackUp", "/", ""] {
            assert!(Method::at(path).is_none(), "{path}");
        }
    }
}
