//! `CalendarService`.

use std::sync::Arc;

use chrono::Datelike;
use prost_types::Timestamp;
use tonic::{Request, Response, Status};

use super::call::{Call, kept};
use super::caller::admit;
use super::hours::{Hours, Wanted, in_force, not_found};
use super::services::Services;
use super::stamp::{stamp, write_stamp};
use super::status;
use crate::codec::scalar::{count, duration, instant, optional_instant, span, terms_id, timestamp};
use crate::codec::v1::calendar_service_server::CalendarService;
use crate::codec::violations::FieldViolations;
use crate::codec::{self, v1};
use crate::domain::calendar::holidays::holidays_from_icalendar;
use crate::domain::calendar::{Calendar, DraftHoliday, Holiday};
use crate::domain::contract::Revision;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::CalendarEntry;
use crate::engine::decide::{Change, ChangeTerms};
use crate::engine::rejection::Rejection;
use crate::runtime::{Progress, wall_clock};

const HOLIDAY_YEARS_DEFAULT: i32 = 10;

#[tonic::async_trait]
impl CalendarService for Services {
    async fn put_calendar(
        &self,
        request: Request<v1::PutCalendarRequest>,
    ) -> Result<Response<v1::PutCalendarResponse>, Status> {
        let (call, (calendar, change)) = self.write(request, |request, engine, violations| {
            let calendar = request.calendar.unwrap_or_default();
            let calendar = codec::api::calendar::decode(calendar, engine.zones());
            let calendar = violations.keep("calendar", calendar);
            let time = optional_instant(request.effective_time);
            let effective_time = violations.or("effective_time", time, None);
            let expected_revision = request
                .expected_revision
                .map(|number| violations.or("expected_revision", count(number), 0));
            (calendar, (effective_time, expected_revision, request.validate_only))
        })?;
        let ((id, calendar), (effective_time, expected_revision, validate_only)) =
            (kept(calendar)?, change);
        let change = Change::Calendar { id: id.clone(), calendar: calendar.clone() };
        let change = ChangeTerms { change, effective_time, expected_revision };
        let put = put(&call, &id, calendar, change, validate_only).await?;
        Ok(Response::new(v1::PutCalendarResponse {
            calendar: Some(put.calendar),
            duplicate: put.is_duplicate,
            stamp: write_stamp(&put.progress),
        }))
    }

    async fn get_calendar(
        &self,
        request: Request<v1::GetCalendarRequest>,
    ) -> Result<Response<v1::GetCalendarResponse>, Status> {
        let (call, (id, number)) = self.read(request, |request, _, violations| {
            let id = violations.or("calendar_id", terms_id(request.calendar_id), String::new());
            (id, violations.or("revision", count(request.revision), 0))
        })?;
        let view = call.view()?;
        let revision = match number {
            0 => in_force(view.known(), &id, view.times().as_of),
            number => view.known().calendar(&id).numbered(number),
        };
        let revision = revision.ok_or_else(|| not_found(&id))?;
        let calendar = Some(message(&id, revision));
        Ok(Response::new(v1::GetCalendarResponse { calendar, stamp: stamp(view.point()) }))
    }

    async fn list_calendars(
        &self,
        request: Request<v1::ListCalendarsRequest>,
    ) -> Result<Response<v1::ListCalendarsResponse>, Status> {
        let (call, mut paging, ()) = self.read_page(request, |_, _, _| ())?;
        let after = paging.after_id()?;
        let view = call.view()?;
        paging.pin(view.times());
        let (known, as_of) = (view.known(), view.times().as_of);
        let ids = known.calendar_ids().filter(|id| **id > *after);
        let calendars = ids.filter_map(|id| Some(message(id, in_force(known, id, as_of)?)));
        let (calendars, next_page_token) = paging.fill(calendars, |last| last.id.clone());
        let stamp = stamp(view.point());
        Ok(Response::new(v1::ListCalendarsResponse { calendars, next_page_token, stamp }))
    }

    async fn import_holidays(
        &self,
        request: Request<v1::ImportHolidaysRequest>,
    ) -> Result<Response<v1::ImportHolidaysResponse>, Status> {
        let (caller, request) = admit(request)?;
        let (from_year, to_year) = years(request.from_year, request.to_year);
        // Expanding hostile rules may take seconds: not on the network's thread.
        let text = request.icalendar.clone();
        let read =
            tokio::task::spawn_blocking(move || holidays_from_icalendar(&text, from_year, to_year));
        let holidays = read.await.map_err(|_| status::defect("reading the holidays failed"))?;
        let (call, requested) = self.decode(caller, request, |request, _, violations| {
            let id = violations.or("calendar_id", terms_id(request.calendar_id), String::new());
            let holidays = violations.keep("icalendar", holidays).unwrap_or_default();
            let time = optional_instant(request.effective_time);
            let effective_time = violations.or("effective_time", time, None);
            (id, holidays, effective_time, request.validate_only)
        })?;
        let (id, holidays, effective_time, validate_only) = requested;
        let catalog = call.engine.catalog(&call.tenant);
        let latest = catalog.known(Instant::MAX).calendar(&id).all().last();
        let latest = latest.ok_or_else(|| not_found(&id))?;
        let (calendar, added) = with_holidays(&latest.content.calendar, holidays, &call)?;
        let change = ChangeTerms {
            change: Change::Calendar { id: id.clone(), calendar: calendar.clone() },
            effective_time,
            expected_revision: Some(latest.number),
        };
        let put = put(&call, &id, calendar, change, validate_only).await?;
        Ok(Response::new(v1::ImportHolidaysResponse {
            calendar: Some(put.calendar),
            added,
            duplicate: put.is_duplicate,
            stamp: write_stamp(&put.progress),
        }))
    }

    async fn measure_elapsed(
        &self,
        request: Request<v1::MeasureElapsedRequest>,
    ) -> Result<Response<v1::MeasureElapsedResponse>, Status> {
        let (call, (start, end, hours)) = self.read(request, |request, engine, violations| {
            let (start, end) = decode_span(request.start_time, request.end_time, violations);
            let hours = request.hours.map(|hours| match hours {
                v1::measure_elapsed_request::Hours::CalendarId(id) => Hours::Put(id),
                v1::measure_elapsed_request::Hours::Calendar(calendar) => Hours::Given(calendar),
            });
            (start, end, Wanted::decode(hours, engine.zones(), violations))
        })?;
        let view = call.view()?;
        let found = kept(hours)?.find(&view)?;
        let elapsed = found.with(|hours| Ok(hours.elapsed(start, end)))?;
        Ok(Response::new(v1::MeasureElapsedResponse {
            elapsed: Some(duration(elapsed)),
            calendar_revision: found.revision as i32,
            time_zone_database: view.zones().version().to_owned(),
            stamp: stamp(view.point()),
        }))
    }

    async fn add_service_time(
        &self,
        request: Request<v1::AddServiceTimeRequest>,
    ) -> Result<Response<v1::AddServiceTimeResponse>, Status> {
        let (call, (start, amount, hours)) =
            self.read(request, |request, engine, violations| {
                let start = violations.or("start_time", instant(request.start_time), Instant::MIN);
                let amount = violations.or("duration", span(request.duration), Span::ZERO);
                let hours = request.hours.map(|hours| match hours {
                    v1::add_service_time_request::Hours::CalendarId(id) => Hours::Put(id),
                    v1::add_service_time_request::Hours::Calendar(calendar) => {
                        Hours::Given(calendar)
                    }
                });
                (start, amount, Wanted::decode(hours, engine.zones(), violations))
            })?;
        let view = call.view()?;
        let found = kept(hours)?.find(&view)?;
        let time = found.with(|hours| {
            let time = match amount < Span::ZERO {
                true => hours.subtract(start, -amount),
                false => hours.add(start, amount),
            };
            time.ok_or_else(|| out_of_range(amount))
        })?;
        Ok(Response::new(v1::AddServiceTimeResponse {
            time: Some(timestamp(time)),
            calendar_revision: found.revision as i32,
            time_zone_database: view.zones().version().to_owned(),
            stamp: stamp(view.point()),
        }))
    }

    async fn list_windows(
        &self,
        request: Request<v1::ListWindowsRequest>,
    ) -> Result<Response<v1::ListWindowsResponse>, Status> {
        let (call, mut paging, ((start, end), hours)) =
            self.read_page(request, |request, engine, violations| {
                let span = decode_span(request.start_time, request.end_time, violations);
                let hours = request.hours.map(|hours| match hours {
                    v1::list_windows_request::Hours::CalendarId(id) => Hours::Put(id),
                    v1::list_windows_request::Hours::Calendar(calendar) => Hours::Given(calendar),
                });
                (span, Wanted::decode(hours, engine.zones(), violations))
            })?;
        let view = call.view()?;
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
        Ok(Response::new(page))
    }
}

/// A calendar that was put.
struct Put {
    calendar: v1::Calendar,
    is_duplicate: bool,
    progress: Progress,
}

async fn put(
    call: &Call,
    id: &str,
    calendar: Calendar,
    change: ChangeTerms,
    validate_only: bool,
) -> Result<Put, Status> {
    let Call { engine, tenant, .. } = call;
    let answer = engine.change_terms(tenant.clone(), change, validate_only).await;
    let (answer, progress) = answer.map_err(status::not_written)?;
    let is_duplicate = answer.decision.entry.is_none();
    let catalog = engine.catalog(tenant);
    let latest = catalog.known(progress.record_time).calendar(id).all().last();
    let calendar = match latest.filter(|latest| latest.content.calendar == calendar) {
        Some(latest) => message(id, latest),
        None => codec::api::calendar::encode(id, &calendar),
    };
    Ok(Put { calendar, is_duplicate, progress })
}

/// A calendar with more holidays, and those that it did not have.
fn with_holidays(
    calendar: &Calendar,
    holidays: Vec<Holiday>,
    call: &Call,
) -> Result<(Calendar, Vec<v1::Holiday>), Status> {
    let known = calendar.holidays();
    let added = holidays.iter().filter(|holiday| !known.contains(holiday));
    let added: Vec<_> = added.map(codec::api::calendar::encode_holiday).collect();
    let mut draft = calendar.draft();
    draft.holidays.extend(added.iter().map(|holiday| {
        let v1::Holiday { date, name } = holiday.clone();
        DraftHoliday { date, name }
    }));
    let calendar = Calendar::parse(&draft, call.engine.zones()).map_err(status::invalid)?;
    Ok((calendar, added))
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

fn message(id: &str, revision: &Revision<Arc<CalendarEntry>>) -> v1::Calendar {
    v1::Calendar {
        revision: revision.number as i32,
        effective_time: Some(timestamp(revision.effective_time)),
        ..codec::api::calendar::encode(id, &revision.content.calendar)
    }
}

/// The years requested: from this year on, ten years, unless stated otherwise.
fn years(from: i32, to: i32) -> (i32, i32) {
    let from = if from == 0 { wall_clock::now().to_chrono().year() } else { from };
    (from, if to == 0 { from.saturating_add(HOLIDAY_YEARS_DEFAULT) } else { to })
}

fn out_of_range(amount: Span) -> Status {
    let text = format!("the calendar is not open for {amount} within the years 1970 to 2199");
    status::refused(Rejection::TimeOutOfRange(text))
}
