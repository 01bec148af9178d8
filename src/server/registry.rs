//! The services: one table of their names and of what needs a journal to write, and their routes.

use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::server::NamedService;
use tonic::service::Routes;

use crate::codec::flight::flight_service_server::FlightServiceServer;
use crate::codec::v1::admin_service_server::AdminServiceServer;
use crate::codec::v1::calendar_service_server::CalendarServiceServer;
use crate::codec::v1::clock_service_server::ClockServiceServer;
use crate::codec::v1::compliance_service_server::ComplianceServiceServer;
use crate::codec::v1::contract_service_server::ContractServiceServer;
use crate::codec::v1::forecast_service_server::ForecastServiceServer;
use crate::codec::v1::incident_service_server::IncidentServiceServer;
use crate::codec::v1::settlement_service_server::SettlementServiceServer;
use crate::codec::v1::webhook_service_server::WebhookServiceServer;
use crate::limits::{ANSWER_BYTES_MAX, PAGE_BYTES_MAX};
use crate::service::Services;

/// A service of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Service {
    /// Its full name, as health checks and routes know it.
    pub name: &'static str,
    /// Whether one of its methods records something, so that it fails without a journal to write.
    pub writes: bool,
}

/// Every service of the API.
pub(super) const SERVICES: [Service; 10] = [
    Service { name: CalendarServiceServer::<Services>::NAME, writes: true },
    Service { name: ContractServiceServer::<Services>::NAME, writes: true },
    Service { name: IncidentServiceServer::<Services>::NAME, writes: true },
    Service { name: ClockServiceServer::<Services>::NAME, writes: false },
    Service { name: ComplianceServiceServer::<Services>::NAME, writes: true },
    Service { name: SettlementServiceServer::<Services>::NAME, writes: true },
    Service { name: ForecastServiceServer::<Services>::NAME, writes: false },
    Service { name: WebhookServiceServer::<Services>::NAME, writes: true },
    Service { name: AdminServiceServer::<Services>::NAME, writes: true },
    Service { name: FlightServiceServer::<Services>::NAME, writes: false },
];

/// The routes of every service, and of reflection, which describes them.
pub(super) fn routes(services: &Services, request_bytes_max: usize) -> anyhow::Result<Routes> {
    macro_rules! limited {
        ($server:ident) => {
            $server::new(services.clone())
                .max_decoding_message_size(request_bytes_max)
                .max_encoding_message_size(ANSWER_BYTES_MAX)
        };
    }
    let descriptors = public_descriptors()?;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_file_descriptor_set(descriptors.clone())
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // The details of errors, so that a client that knows nothing else can show them.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(Routes::new(limited!(CalendarServiceServer))
        .add_service(limited!(ContractServiceServer))
        .add_service(limited!(IncidentServiceServer))
        .add_service(limited!(ClockServiceServer))
        .add_service(limited!(ComplianceServiceServer))
        .add_service(limited!(SettlementServiceServer))
        .add_service(limited!(ForecastServiceServer))
        .add_service(limited!(WebhookServiceServer))
        .add_service(limited!(AdminServiceServer))
        .add_service(limited!(FlightServiceServer))
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?))
}

/// The API's descriptors, without what is only kept on disk.
fn public_descriptors() -> anyhow::Result<FileDescriptorSet> {
    let mut descriptors = FileDescriptorSet::decode(crate::codec::DESCRIPTORS)?;
    descriptors.file.retain(|file| !file.name().starts_with("slx/store/"));
    Ok(descriptors)
}

/// An answer holds a page and little beside it.
const _: () = assert!(2 * PAGE_BYTES_MAX <= ANSWER_BYTES_MAX);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prost_types::method_options::IdempotencyLevel;
    use prost_types::{MethodDescriptorProto, ServiceDescriptorProto};

    use super::*;

    fn records(method: &MethodDescriptorProto) -> bool {
        let level = method.options.as_ref().map(|options| options.idempotency_level());
        level != Some(IdempotencyLevel::NoSideEffects)
    }

    fn writes(service: &ServiceDescriptorProto) -> bool {
        service.method.iter().any(records)
    }

    #[test]
    fn a_service_writes_if_one_of_its_methods_is_described_as_having_side_effects() {
        let mut expected = BTreeMap::new();
        for file in public_descriptors().unwrap().file {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                expected.insert(name, writes(service));
            }
        }
        let registered: BTreeMap<_, _> =
            SERVICES.iter().map(|service| (service.name.to_owned(), service.writes)).collect();
        assert_eq!(registered, expected);
    }
}
