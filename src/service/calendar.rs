//! `CalendarService`.

use std::sync::Arc;

use chrono::Datelike;
use tonic::{Request, Response, Status};

use super::call::{Call, kept};
use super::hours::{in_force, not_found};
use super::putting::Putting;
use super::service_hours;
use super::services::Services;
use super::stamp::{stamp, write_stamp};
use super::status;
use crate::codec::scalar::{count, optional_instant, terms_id, timestamp};
use crate::codec::v1::calendar_service_server::CalendarService;
use crate::codec::violations::FieldViolations;
use crate::codec::{self, v1};
use crate::domain::calendar::holidays::holidays_from_icalendar;
use crate::domain::calendar::{Calendar, DraftHoliday, Holiday};
use crate::domain::contract::Revision;
use crate::domain::time::Instant;
use crate::engine::catalog::CalendarEntry;
use crate::engine::decide::{Change, ChangeTerms};
use crate::runtime::{Engine, Progress, wall_clock};

const HOLIDAY_YEARS_DEFAULT: i32 = 10;

#[tonic::async_trait]
impl CalendarService for Services {
    async fn put_calendar(
        &self,
        request: Request<v1::PutCalendarRequest>,
    ) -> Result<Response<v1::PutCalendarResponse>, Status> {
        let (call, (calendar, putting)) =
            self.apart(request, |services, request| services.write(request, decode_put)).await?;
        let (id, calendar) = kept(calendar)?;
        let change =
            putting.change(Change::Calendar { id: id.clone(), calendar: calendar.clone() });
        let put = put(&call, &id, calendar, change, putting.validate_only).await?;
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
        let view = call.view().await?;
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
        let view = call.view().await?;
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
        // Expanding hostile rules may take seconds.
        let (call, requested) =
            self.apart(request, |services, request| services.write(request, decode_import)).await?;
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
        self.apart(request, service_hours::measure_elapsed).await.map(Response::new)
    }

    async fn add_service_time(
        &self,
        request: Request<v1::AddServiceTimeRequest>,
    ) -> Result<Response<v1::AddServiceTimeResponse>, Status> {
        self.apart(request, service_hours::add_service_time).await.map(Response::new)
    }

    async fn list_windows(
        &self,
        request: Request<v1::ListWindowsRequest>,
    ) -> Result<Response<v1::ListWindowsResponse>, Status> {
        self.apart(request, service_hours::list_windows).await.map(Response::new)
    }
}

/// A calendar with its id, and how it is put.
fn decode_put(
    request: v1::PutCalendarRequest,
    engine: &Engine,
    violations: &mut FieldViolations,
) -> (Option<(String, Calendar)>, Putting) {
    let calendar = request.calendar.unwrap_or_default();
    let calendar = codec::api::calendar::decode(calendar, &engine.zones());
    let calendar = violations.keep("calendar", calendar);
    let (time, revision) = (request.effective_time, request.expected_revision);
    (calendar, Putting::decode(time, revision, request.validate_only, violations))
}

/// The holidays of an import, with the calendar's id and from when on they hold.
fn decode_import(
    request: v1::ImportHolidaysRequest,
    _: &Engine,
    violations: &mut FieldViolations,
) -> (String, Vec<Holiday>, Option<Instant>, bool) {
    let (from_year, to_year) = years(request.from_year, request.to_year);
    let holidays = holidays_from_icalendar(&request.icalendar, from_year, to_year);
    let id = violations.or("calendar_id", terms_id(request.calendar_id), String::new());
    let holidays = violations.keep("icalendar", holidays).unwrap_or_default();
    let time = optional_instant(request.effective_time);
    let effective_time = violations.or("effective_time", time, None);
    (id, holidays, effective_time, request.validate_only)
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
    let answer = engine.change_terms(tenant.clone(), change, validate_only, call.until()).await;
    let (answer, progress) = answer.map_err(status::not_written)?;
    let is_duplicate = answer.decision.entry.is_none();
    let catalog = engine.catalog(tenant);
    let latest = catalog.known(progress.record_time).calendar(id).all().last();
    let calendar = match latest.filter(|latest| *latest.content.calendar == calendar) {
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
    let calendar = Calendar::parse(&draft, &call.engine.zones()).map_err(status::invalid)?;
    Ok((calendar, added))
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
