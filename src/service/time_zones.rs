//! What another time zone database would move, and its adoption.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::blocking::Sender;
use super::caller::Caller;
use super::deadline::Deadline;
use super::lanes::Weight;
use super::messages::Messages;
use super::services::Services;
use super::stamp::write_stamp;
use super::status;
use crate::codec::api::{clock, time_zones};
use crate::codec::scalar::{optional_instant, timestamp};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::ids::{NO_TENANT, TenantId};
use crate::domain::time::Instant;
use crate::domain::zone::ZoneFiles;
use crate::engine::adoption::{AdoptZones, Adoption, next_second};
use crate::queries::time_zones::{MovedClock, adopted, each_moved};
use crate::queries::{ReadRequest, ReadView};
use crate::runtime::{Engine, Patience, wall_clock};

/// The database that a request is about, and from when on local time is to be read by it.
type OtherZones = (Arc<ZoneFiles>, Option<Instant>);

/// Decodes what a request says of the other database; the one that the server found by default.
fn decode(
    database: Option<v1::TimeZoneDatabase>,
    effective_time: Option<prost_types::Timestamp>,
    engine: &Engine,
) -> Result<OtherZones, Status> {
    let mut violations = FieldViolations::default();
    let time = violations.or("effective_time", optional_instant(effective_time), None);
    if time.is_some_and(|time| time.subsecond_nanos() != 0) {
        violations.add("effective_time", "must be a whole second");
    }
    let files = match database {
        None => Some(Arc::clone(engine.zones_available().files())),
        Some(database) => violations.keep("database", time_zones::decode(database)).map(Arc::new),
    };
    violations.check().map_err(status::invalid)?;
    Ok((super::call::kept(files)?, time))
}

/// Streams the clocks that another database would move.
pub(super) async fn compare(
    services: &Services,
    request: Request<v1::CompareTimeZonesRequest>,
) -> Result<Response<Messages<v1::CompareTimeZonesResponse>>, Status> {
    let engine = services.engine()?;
    let (_, extensions, request) = request.into_parts();
    let work = services.work(NO_TENANT.clone(), &extensions);
    let patience = work.patience.clone();
    let waited = engine.wait_for_index(ReadRequest::default()).await;
    let sequence = waited.map_err(status::unanswered)?;
    let compare = move |send: Sender<'_, v1::CompareTimeZonesResponse>| {
        let (files, time) = decode(request.database, request.effective_time, &engine)?;
        let effective_time = time.unwrap_or_else(|| next_second(wall_clock::now()));
        let adoption =
            Adoption { files, effective_time: Some(effective_time), recorded_by: String::new() };
        let mut goes_on = send(first_message(&engine, &adoption));
        let tenants = engine.tenants().map_err(status::unanswered)?;
        for tenant in tenants {
            if !goes_on {
                break;
            }
            let view = view(&engine, &tenant, sequence, &patience)?;
            let other = adopted(&view, &adoption);
            let release = adoption.files.release();
            let moved = each_moved(&view, &other, |moved| {
                goes_on = send(encode(&tenant, moved, view.zones().version(), release));
                goes_on
            });
            moved.map_err(status::unanswered)?;
        }
        patience.check().map_err(status::stopped)
    };
    work.stream(compare).await
}

fn view<'e>(
    engine: &'e Engine,
    tenant: &TenantId,
    sequence: u64,
    patience: &Patience,
) -> Result<ReadView<'e>, Status> {
    let reading = engine.read(tenant, ReadRequest::default(), sequence);
    let reading = reading.map_err(status::unanswered)?;
    Ok(reading.until(patience.clone()).into_view())
}

fn first_message(engine: &Engine, adoption: &Adoption) -> v1::CompareTimeZonesResponse {
    let zones = engine.zones_adopted();
    let mut other = zones.clone();
    other.apply(Instant::MAX, adoption);
    v1::CompareTimeZonesResponse {
        in_use: Some(time_zones::encode_in_use(zones.latest())),
        other: Some(time_zones::encode_name(&adoption.files)),
        effective_time: adoption.effective_time.map(timestamp),
        time_zones: zones.moved_by(other.latest()),
        ..Default::default()
    }
}

fn encode(
    tenant: &TenantId,
    moved: &MovedClock<'_>,
    in_use: &str,
    other: &str,
) -> v1::CompareTimeZonesResponse {
    let MovedClock { incident, before, after } = *moved;
    v1::CompareTimeZonesResponse {
        tenant: tenant.to_string(),
        before: before.map(|before| clock::encode(incident, before, in_use, false)),
        after: after.map(|after| clock::encode(incident, after, other, false)),
        ..Default::default()
    }
}

/// Adopts another database.
pub(super) async fn adopt(
    services: &Services,
    request: Request<v1::AdoptTimeZoneDatabaseRequest>,
) -> Result<Response<v1::AdoptTimeZoneDatabaseResponse>, Status> {
    let caller = Caller::of(&request)?;
    let engine = services.engine()?;
    let (_, extensions, request) = request.into_parts();
    let work = services.work(NO_TENANT.clone(), &extensions);
    let decoding = Arc::clone(&engine);
    let v1::AdoptTimeZoneDatabaseRequest { database, effective_time } = request;
    let decoded = move || decode(database, effective_time, &decoding);
    let (files, effective_time) = work.answer(Weight::Light, decoded).await?;
    let recorded_by = caller.name().to_owned();
    let until = Deadline::of_call(&extensions).map(tokio::time::Instant::into_std);
    let adopt = AdoptZones { files, effective_time, recorded_by };
    let (adoption, progress) =
        engine.adopt_zones(adopt, until).await.map_err(status::not_written)?;
    let zones = engine.zones_adopted();
    if adoption.is_some() {
        let (release, digest) = (zones.latest().version(), zones.latest().digest());
        tracing::info!(release, %digest, "time zone database adopted");
    }
    Ok(Response::new(v1::AdoptTimeZoneDatabaseResponse {
        database: Some(time_zones::encode_in_use(zones.latest())),
        effective_time: zones.effective_time().map(timestamp),
        duplicate: adoption.is_none(),
        stamp: write_stamp(&progress),
    }))
}
