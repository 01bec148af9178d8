//! `CalendarService`.

use std::sync::Arc;

use chrono::Datelike;
use tonic::{Request, Response, Status};

use super::page::Paging;
use super::read::{Asked, check, read, stamp, tenant, valid, write_stamp};
use super::{Services, status};
use crate::domain::calendar::Calendar;
use crate::domain::calendar::holidays::holidays_from_icalendar;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::Revision;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::{CalendarEntry, Known};
use crate::engine::command::{Change, ChangeTerms};
use crate::engine::refusal::Refusal;
use crate::runtime::{Engine, Progress, Sight, wall};
use crate::wire::faults::Faults;
use crate::wire::scalar::{count, duration, id, instant, optional_instant, span, timestamp};
use crate::wire::v1::calendar_service_server::CalendarService;
use crate::wire::{self, v1};

const HOLIDAY_YEARS_DEFAULT: i32 = 10;

#[tonic::async_trait]
impl CalendarService for Services {
    async fn put_calendar(
        &self,
        request: Request<v1::PutCalendarRequest>,
    ) -> Result<Response<v1::PutCalendarResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let calendar = request.calendar.unwrap_or_default();
        let calendar = faults.keep("calendar", wire::calendar::decode(calendar, engine.zones()));
        let effective_time =
            faults.or("effective_time", optional_instant(request.effective_time), None);
        let expected_revision =
            request.expected_revision.map(|n| faults.or("expected_revision", count(n), 0));
        check(faults)?;
        let (id, calendar) = calendar.ok_or_else(|| status::invalid(Vec::new()))?;
        let change = Change::Calendar { id: id.clone(), calendar: calendar.clone() };
        let change = ChangeTerms { change, effective_time, expected_revision };
        let put = put(&engine, tenant, &id, calendar, change, request.validate_only).await?;
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
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let id = faults.or("calendar_id", id(request.calendar_id), String::new());
        let number = faults.or("revision", count(request.revision), 0);
        check(faults)?;
        let sight = asked.sight(&engine)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(sight.times.known);
        let revision = match number {
            0 => in_force(known, &id, sight.times.as_of),
            number => known.calendar(&id).numbered(number),
        };
        let revision = revision.ok_or_else(|| not_found(&id))?;
        let calendar = Some(message(&id, revision));
        Ok(Response::new(v1::GetCalendarResponse { calendar, stamp: stamp(&sight) }))
    }

    async fn list_calendars(
        &self,
        request: Request<v1::ListCalendarsRequest>,
    ) -> Result<Response<v1::ListCalendarsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        check(faults)?;
        let after = paging.after_id()?;
        let sight = asked.sight(&engine)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(sight.times.known);
        let mut page = v1::ListCalendarsResponse { stamp: stamp(&sight), ..Default::default() };
        for id in known.calendar_ids().filter(|id| **id > *after) {
            let Some(revision) = in_force(known, id, sight.times.as_of) else { continue };
            let calendar = message(id, revision);
            if !paging.takes(&calendar) {
                let last = page.calendars.last().map(|last| last.id.clone());
                page.next_page_token = paging.seal_id(last.unwrap_or_default());
                break;
            }
            page.calendars.push(calendar);
        }
        Ok(Response::new(page))
    }

    async fn import_holidays(
        &self,
        request: Request<v1::ImportHolidaysRequest>,
    ) -> Result<Response<v1::ImportHolidaysResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let id = faults.or("calendar_id", id(request.calendar_id), String::new());
        let (from_year, to_year) = years(request.from_year, request.to_year);
        // Expanding hostile rules may take seconds: not on the network's thread.
        let text = request.icalendar;
        let read =
            tokio::task::spawn_blocking(move || holidays_from_icalendar(&text, from_year, to_year));
        let holidays = read.await.map_err(|_| status::defect("reading the holidays failed"))?;
        let holidays = faults.keep("icalendar", holidays).unwrap_or_default();
        let effective_time =
            faults.or("effective_time", optional_instant(request.effective_time), None);
        check(faults)?;
        let catalog = engine.catalog(&tenant);
        let latest = catalog.known(Instant::MAX).calendar(&id).all().last();
        let latest = latest.ok_or_else(|| not_found(&id))?;
        let mut draft = latest.content.calendar.draft();
        let known = latest.content.calendar.holidays();
        let added: Vec<_> = holidays.iter().filter(|holiday| !known.contains(holiday)).collect();
        let added: Vec<_> = added.into_iter().map(wire::calendar::encode_holiday).collect();
        draft.holidays.extend(added.iter().map(|holiday| {
            let v1::Holiday { date, name } = holiday.clone();
            crate::domain::calendar::DraftHoliday { date, name }
        }));
        let calendar = valid(Calendar::parse(&draft, engine.zones()))?;
        let change = ChangeTerms {
            change: Change::Calendar { id: id.clone(), calendar: calendar.clone() },
            effective_time,
            expected_revision: Some(latest.number),
        };
        let put = put(&engine, tenant, &id, calendar, change, request.validate_only).await?;
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
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let start = faults.or("start_time", instant(request.start_time), Instant::MIN);
        let end = faults.or("end_time", instant(request.end_time), Instant::MAX);
        if end < start {
            faults.add("end_time", "is before start_time: give them in order");
        }
        let hours = request.hours.map(|hours| match hours {
            v1::measure_elapsed_request::Hours::CalendarId(id) => Hours::Put(id),
            v1::measure_elapsed_request::Hours::Calendar(calendar) => Hours::Given(calendar),
        });
        let found = find_hours(&engine, &tenant, hours, asked, faults)?;
        let elapsed = found.with(|hours| Ok(hours.elapsed(start, end)))?;
        Ok(Response::new(v1::MeasureElapsedResponse {
            elapsed: Some(duration(elapsed)),
            calendar_revision: found.revision as i32,
            time_zone_database: engine.zones().version().to_owned(),
            stamp: stamp(&found.sight),
        }))
    }

    async fn add_service_time(
        &self,
        request: Request<v1::AddServiceTimeRequest>,
    ) -> Result<Response<v1::AddServiceTimeResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let start = faults.or("start_time", instant(request.start_time), Instant::MIN);
        let amount = faults.or("duration", span(request.duration), Span::ZERO);
        let hours = request.hours.map(|hours| match hours {
            v1::add_service_time_request::Hours::CalendarId(id) => Hours::Put(id),
            v1::add_service_time_request::Hours::Calendar(calendar) => Hours::Given(calendar),
        });
        let found = find_hours(&engine, &tenant, hours, asked, faults)?;
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
            time_zone_database: engine.zones().version().to_owned(),
            stamp: stamp(&found.sight),
        }))
    }

    async fn list_windows(
        &self,
        request: Request<v1::ListWindowsRequest>,
    ) -> Result<Response<v1::ListWindowsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        let start = faults.or("start_time", instant(request.start_time), Instant::MIN);
        let end = faults.or("end_time", instant(request.end_time), Instant::MAX);
        if end < start {
            faults.add("end_time", "is before start_time: give them in order");
        }
        let hours = request.hours.map(|hours| match hours {
            v1::list_windows_request::Hours::CalendarId(id) => Hours::Put(id),
            v1::list_windows_request::Hours::Calendar(calendar) => Hours::Given(calendar),
        });
        let found = find_hours(&engine, &tenant, hours, asked, faults)?;
        let after = paging.after_id()?;
        let start = match after.parse::<i64>() {
            Ok(nanos) => Instant::from_nanos(nanos).unwrap_or(start),
            Err(_) => start,
        };
        let mut page = v1::ListWindowsResponse {
            calendar_revision: found.revision as i32,
            time_zone_database: engine.zones().version().to_owned(),
            stamp: stamp(&found.sight),
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
    engine: &Engine,
    tenant: String,
    id: &str,
    calendar: Calendar,
    change: ChangeTerms,
    validate_only: bool,
) -> Result<Put, Status> {
    let answer = engine.change_terms(tenant.clone(), change, validate_only).await;
    let (answer, progress) = answer.map_err(|error| status::not_written(&error))?;
    let answer = answer.map_err(status::refused)?;
    let is_duplicate = answer.decision.entry.is_none();
    let catalog = engine.catalog(&tenant);
    let latest = catalog.known(progress.record_time).calendar(id).all().last();
    let calendar = match latest.filter(|latest| latest.content.calendar == calendar) {
        Some(latest) => message(id, latest),
        None => wire::calendar::encode(id, &calendar),
    };
    Ok(Put { calendar, is_duplicate, progress })
}

/// The hours a question is about.
enum Hours {
    Put(String),
    Given(v1::Calendar),
}

/// The hours found.
struct Found {
    revision: u32,
    sight: Sight,
    source: Source,
}

enum Source {
    Put(Arc<CalendarEntry>),
    Given(ServiceHours),
}

impl Found {
    fn with<T>(&self, ask: impl FnOnce(&ServiceHours) -> Result<T, Status>) -> Result<T, Status> {
        match &self.source {
            Source::Given(hours) => ask(hours),
            Source::Put(entry) => ask(entry.hours().ok_or_else(unknown_zone)?),
        }
    }
}

fn find_hours(
    engine: &Engine,
    tenant: &str,
    hours: Option<Hours>,
    asked: Asked,
    mut faults: Faults,
) -> Result<Found, Status> {
    let hours = match hours {
        None => {
            faults.add("hours", "is missing: give calendar_id or calendar");
            None
        }
        Some(Hours::Put(given)) => faults.keep("calendar_id", id(given)).map(Hours::Put),
        Some(Hours::Given(calendar)) => Some(Hours::Given(calendar)),
    };
    let given = match &hours {
        Some(Hours::Given(calendar)) => {
            let decoded = wire::calendar::decode_hours(calendar.clone(), engine.zones());
            faults.keep("calendar", decoded)
        }
        _ => None,
    };
    check(faults)?;
    let sight = asked.sight(engine)?;
    if let Some(calendar) = given {
        let hours = ServiceHours::compile(&calendar, engine.zones()).map_err(|_| unknown_zone())?;
        return Ok(Found { revision: 0, sight, source: Source::Given(hours) });
    }
    let Some(Hours::Put(id)) = hours else { return Err(status::invalid(Vec::new())) };
    let catalog = engine.catalog(tenant);
    let known = catalog.known(sight.times.known);
    let revision = in_force(known, &id, sight.times.as_of).ok_or_else(|| not_found(&id))?;
    let source = Source::Put(Arc::clone(&revision.content));
    Ok(Found { revision: revision.number, sight, source })
}

/// The revision that rules at an instant; before any does, the first.
fn in_force<'c>(
    known: Known<'c>,
    id: &str,
    as_of: Instant,
) -> Option<&'c Revision<Arc<CalendarEntry>>> {
    let revisions = known.calendar(id);
    revisions.at(as_of).or_else(|| revisions.all().first())
}

fn message(id: &str, revision: &Revision<Arc<CalendarEntry>>) -> v1::Calendar {
    v1::Calendar {
        revision: revision.number as i32,
        effective_time: Some(timestamp(revision.effective_time)),
        ..wire::calendar::encode(id, &revision.content.calendar)
    }
}

/// The years asked for: from this year on, ten years, unless told otherwise.
fn years(from: i32, to: i32) -> (i32, i32) {
    let from = if from == 0 { wall::now().to_chrono().year() } else { from };
    (from, if to == 0 { from.saturating_add(HOLIDAY_YEARS_DEFAULT) } else { to })
}

fn not_found(id: &str) -> Status {
    status::refused(Refusal::CalendarNotFound(id.to_owned()))
}

fn out_of_range(amount: Span) -> Status {
    let text = format!("the calendar is not open for {amount} within the years 1970 to 2199");
    status::refused(Refusal::TimeOutOfRange(text))
}

fn unknown_zone() -> Status {
    let text = "the calendar's time zone is not in the time zone database any more";
    status::refused(Refusal::field("calendar.time_zone", text))
}
