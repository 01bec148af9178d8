//! What is computed from service hours alone, without an incident.

use prost_types::Timestamp;
use tonic::{Request, Status};

use super::call::kept;
use super::hours::{Hours, Wanted};
use super::services::Services;
use super::stamp::stamp;
use super::status;
use crate::codec::scalar::{duration, instant, span, timestamp};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::time::{Instant, Span};
use crate::engine::rejection::Rejection;

/// The service time between two instants.
pub(super) fn measure_elapsed(
    services: &Services,
    request: Request<v1::MeasureElapsedRequest>,
) -> Result<v1::MeasureElapsedResponse, Status> {
    let (call, (start, end, hours)) = services.read(request, |request, engine, violations| {
        let (start, end) = decode_span(request.start_time, request.end_time, violations);
        let hours = request.hours.map(|hours| match hours {
            v1::measure_elapsed_request::Hours::CalendarId(id) => Hours::Put(id),
            v1::measure_elapsed_request::Hours::Calendar(calendar) => Hours::Given(calendar),
        });
        (start, end, Wanted::decode(hours, &engine.zones(), violations))
    })?;
    let view = call.present()?;
    let found = kept(hours)?.find(&view)?;
    let elapsed = found.with(|hours| Ok(hours.elapsed(start, end)))?;
    Ok(v1::MeasureElapsedResponse {
        elapsed: Some(duration(elapsed)),
        calendar_revision: found.revision as i32,
        time_zone_database: view.zones().version().to_owned(),
        stamp: stamp(view.point()),
    })
}

/// The instant that so much service time later is, or earlier.
pub(super) fn add_service_time(
    services: &Services,
    request: Request<v1::AddServiceTimeRequest>,
) -> Result<v1::AddServiceTimeResponse, Status> {
    let (call, (start, amount, hours)) =
        services.read(request, |request, engine, violations| {
            let start = violations.or("start_time", instant(request.start_time), Instant::MIN);
            let amount = violations.or("duration", span(request.duration), Span::ZERO);
            let hours = request.hours.map(|hours| match hours {
                v1::add_service_time_request::Hours::CalendarId(id) => Hours::Put(id),
                v1::add_service_time_request::Hours::Calendar(calendar) => Hours::Given(calendar),
            });
            (start, amount, Wanted::decode(hours, &engine.zones(), violations))
        })?;
    let view = call.present()?;
    let found = kept(hours)?.find(&view)?;
    let time = found.with(|hours| {
        let time = match amount < Span::ZERO {
            true => hours.subtract(start, -amount),
            false => hours.add(start, amount),
        };
        time.ok_or_else(|| out_of_range(amount))
    })?;
    Ok(v1::AddServiceTimeResponse {
        time: Some(timestamp(time)),
        calendar_revision: found.revision as i32,
        time_zone_database: view.zones().version().to_owned(),
        stamp: stamp(view.point()),
    })
}

/// The windows between two instants.
pub(super) fn list_windows(
    services: &Services,
    request: Request<v1::ListWindowsRequest>,
) -> Result<v1::ListWindowsResponse, Status> {
    let (call, mut paging, ((start, end), hours)) =
        services.read_page(request, |request, engine, violations| {
            let span = decode_span(request.start_time, request.end_time, violations);
            let hours = request.hours.map(|hours| match hours {
                v1::list_windows_request::Hours::CalendarId(id) => Hours::Put(id),
                v1::list_windows_request::Hours::Calendar(calendar) => Hours::Given(calendar),
            });
            (span, Wanted::decode(hours, &engine.zones(), violations))
        })?;
    let view = call.present()?;
    paging.pin(view.times());
    let found = kept(hours)?.find(&view)?;
    let start = match paging.after_id()?.parse::<i64>() {
        Ok(nanos) => Instant::from_nanos(nanos).unwrap_or(start),
        Err(_) => start,
    };
    let mut page = v1::ListWindowsResponse {
        calendar_revision: found.revision as i32,
        time_zone_database: view.zones().version().to_owned(),
        stamp: stamp(view.point()),
        ..Default::default()
    };
    found.with(|hours| {
        let mut last = start;
        for (opens, closes) in hours.windows(start, end) {
            let window = v1::Window {
                start_time: Some(timestamp(opens)),
                end_time: Some(timestamp(closes)),
            };
            if !paging.takes(&window) {
                page.next_page_token = paging.seal_id(last.nanos().to_string());
                break;
            }
            last = closes;
            page.windows.push(window);
        }
        Ok(())
    })?;
    Ok(page)
}

fn decode_span(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    violations: &mut FieldViolations,
) -> (Instant, Instant) {
    let start = violations.or("start_time", instant(start), Instant::MIN);
    let end = violations.or("end_time", instant(end), Instant::MAX);
    if end < start {
        violations.add("end_time", "is before start_time: give them in order");
    }
    (start, end)
}

fn out_of_range(amount: Span) -> Status {
    let text = format!("the calendar is not open for {amount} within the years 1970 to 2199");
    status::refused(Rejection::TimeOutOfRange(text))
}
