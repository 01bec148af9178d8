//! Objectives on services.

use prost_types::Duration;

use crate::codec::checks::Checks;
use crate::codec::choices::{down_when, down_when_number, unless_default};
use crate::codec::scalar::{
    count_to, duration, minimum, positive_span, share, share_or, unsigned_span_or_zero,
};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::{
    AgreedService, AvailabilityPromise, DownWhen, MeanTimeToRestorePromise, OutagesPromise,
    RequestsPromise,
};
use crate::domain::share::Share;
use crate::domain::time::Span;

/// The fields by which objectives say which services they are about.
struct Services {
    service: String,
    services: Vec<String>,
    down_when: i32,
    calendar_id: String,
    notice: Option<Duration>,
    error_percent: String,
}

/// Those fields, which the objectives have alike.
macro_rules! services_of {
    ($promise:expr) => {
        Services {
            service: $promise.service,
            services: $promise.services,
            down_when: $promise.down_when,
            calendar_id: $promise.calendar_id,
            notice: $promise.maintenance_notice,
            error_percent: $promise.down_above_error_percent,
        }
    };
}

impl Services {
    fn decode(self, checks: Checks<'_>, violations: &mut FieldViolations) -> AgreedService {
        violations.at_most("services", self.services.len(), checks.limits.services_per_objective);
        let mut services = violations.each("services", self.services, |id| checks.id(id));
        match (self.service.is_empty(), services.is_empty()) {
            (false, false) => violations.add("service", "goes without services: write one of them"),
            (_, true) => {
                services.push(violations.or("service", checks.id(self.service), String::new()));
            }
            (true, false) => {}
        }
        let rate = match self.error_percent.as_str() {
            "" => None,
            percent => violations.keep("down_above_error_percent", share(percent)),
        };
        AgreedService {
            services,
            down_when: violations.choice("down_when", self.down_when, down_when),
            calendar_id: violations.or(
                "calendar_id",
                checks.terms_id(self.calendar_id),
                String::new(),
            ),
            maintenance_notice: violations.or(
                "maintenance_notice",
                unsigned_span_or_zero(self.notice),
                Span::ZERO,
            ),
            error_rate: rate,
        }
    }

    fn encode(agreed: &AgreedService) -> Services {
        let (service, services) = match agreed.services.as_slice() {
            [one] => (one.clone(), Vec::new()),
            several => (String::new(), several.to_vec()),
        };
        Services {
            service,
            services,
            down_when: unless_default(agreed.down_when, DownWhen::Any, down_when_number),
            calendar_id: agreed.calendar_id.clone(),
            notice: Some(duration(agreed.maintenance_notice)),
            error_percent: agreed.error_rate.map(|rate| rate.to_string()).unwrap_or_default(),
        }
    }
}

/// An objective on availability.
pub(super) fn availability(
    promise: v1::AvailabilityObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> AvailabilityPromise {
    let weight = share_or(&promise.degradation_weight_percent, Share::NONE);
    let services = services_of!(promise);
    AvailabilityPromise {
        agreed: services.decode(checks, violations),
        share: violations.or("percent", share(&promise.percent), Share::ALL),
        degradation_weight: violations.or("degradation_weight_percent", weight, Share::NONE),
        downtime_unit: violations.or(
            "downtime_unit",
            unsigned_span_or_zero(promise.downtime_unit),
            Span::ZERO,
        ),
    }
}

/// The message of an objective on availability.
pub(super) fn encode_availability(promise: &AvailabilityPromise) -> v1::AvailabilityObjective {
    let services = Services::encode(&promise.agreed);
    let unit = (promise.downtime_unit > Span::ZERO).then(|| duration(promise.downtime_unit));
    v1::AvailabilityObjective {
        service: services.service,
        services: services.services,
        down_when: services.down_when,
        percent: promise.share.to_string(),
        calendar_id: services.calendar_id,
        degradation_weight_percent: promise.degradation_weight.to_string(),
        maintenance_notice: services.notice,
        down_above_error_percent: services.error_percent,
        downtime_unit: unit,
    }
}

/// An objective on outages.
pub(super) fn outages(
    promise: v1::OutagesObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> OutagesPromise {
    let services = services_of!(promise);
    OutagesPromise {
        agreed: services.decode(checks, violations),
        most: violations.or("most", count_to(promise.most, i32::MAX as u32), 0),
        longer_than: violations.or(
            "longer_than",
            unsigned_span_or_zero(promise.longer_than),
            Span::ZERO,
        ),
    }
}

/// The message of an objective on outages.
pub(super) fn encode_outages(promise: &OutagesPromise) -> v1::OutagesObjective {
    let services = Services::encode(&promise.agreed);
    v1::OutagesObjective {
        service: services.service,
        services: services.services,
        down_when: services.down_when,
        most: promise.most as i32,
        longer_than: Some(duration(promise.longer_than)),
        calendar_id: services.calendar_id,
        maintenance_notice: services.notice,
        down_above_error_percent: services.error_percent,
    }
}

/// An objective on the mean time to restore.
pub(super) fn mean_time_to_restore(
    promise: v1::MeanTimeToRestoreObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> MeanTimeToRestorePromise {
    let services = services_of!(promise);
    MeanTimeToRestorePromise {
        agreed: services.decode(checks, violations),
        at_most: violations.or("at_most", positive_span(promise.at_most), Span::ZERO),
        minimum_outages: violations.or("minimum_outages", minimum(promise.minimum_outages), 1),
    }
}

/// The message of an objective on the mean time to restore.
pub(super) fn encode_mean_time_to_restore(
    promise: &MeanTimeToRestorePromise,
) -> v1::MeanTimeToRestoreObjective {
    let services = Services::encode(&promise.agreed);
    v1::MeanTimeToRestoreObjective {
        service: services.service,
        services: services.services,
        down_when: services.down_when,
        at_most: Some(duration(promise.at_most)),
        calendar_id: services.calendar_id,
        minimum_outages: promise.minimum_outages as i32,
        maintenance_notice: services.notice,
        down_above_error_percent: services.error_percent,
    }
}

/// An objective on requests.
pub(super) fn requests(
    promise: v1::RequestsObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> RequestsPromise {
    RequestsPromise {
        service: violations.or("service", checks.id(promise.service), String::new()),
        share: violations.or("percent", share(&promise.percent), Share::ALL),
        minimum_requests: violations.or("minimum_requests", minimum(promise.minimum_requests), 1),
    }
}

/// The message of an objective on requests.
pub(super) fn encode_requests(promise: &RequestsPromise) -> v1::RequestsObjective {
    v1::RequestsObjective {
        service: promise.service.clone(),
        percent: promise.share.to_string(),
        minimum_requests: promise.minimum_requests as i32,
    }
}
