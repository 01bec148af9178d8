//! The service hours of a request: those of a calendar that was put, or that is given in it.

use std::sync::Arc;

use tonic::Status;

use super::status;
use crate::codec::scalar::terms_id;
use crate::codec::violations::FieldViolations;
use crate::codec::{self, v1};
use crate::domain::calendar::Calendar;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::Revision;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::{CalendarEntry, Known};
use crate::engine::rejection::Rejection;
use crate::queries::ReadView;

/// The hours of a request.
pub(super) enum Hours {
    /// Those of a calendar that was put, by its id.
    Put(String),
    /// Those of a calendar that is given in the request.
    Given(v1::Calendar),
}

/// The same, decoded.
pub(super) enum Wanted {
    Put(String),
    Given(Calendar),
}

/// The hours found.
pub(super) struct Found {
    /// The revision of the calendar; 0: it was given.
    pub revision: u32,
    source: Source,
}

enum Source {
    Put(Arc<CalendarEntry>, ZoneDatabase),
    Given(ServiceHours),
}

impl Wanted {
    /// Decodes the hours; `None`: a violation is noted.
    pub fn decode(
        hours: Option<Hours>,
        zones: &ZoneDatabase,
        violations: &mut FieldViolations,
    ) -> Option<Wanted> {
        match hours {
            None => {
                violations.add("hours", "is missing: give calendar_id or calendar");
                None
            }
            Some(Hours::Put(given)) => {
                violations.keep("calendar_id", terms_id(given)).map(Wanted::Put)
            }
            Some(Hours::Given(calendar)) => {
                let decoded = codec::api::calendar::decode_hours(calendar, zones);
                violations.keep("calendar", decoded).map(Wanted::Given)
            }
        }
    }

    /// Looks the hours up.
    pub fn find(self, view: &ReadView<'_>) -> Result<Found, Status> {
        match self {
            Wanted::Given(calendar) => {
                let hours = ServiceHours::compile(&calendar, view.zones());
                let hours = hours.map_err(|_| unknown_zone())?;
                Ok(Found { revision: 0, source: Source::Given(hours) })
            }
            Wanted::Put(id) => {
                let revision = in_force(view.known(), &id, view.times().as_of);
                let revision = revision.ok_or_else(|| not_found(&id))?;
                let (entry, zones) = (Arc::clone(&revision.content), view.zones().clone());
                let source = Source::Put(entry, zones);
                Ok(Found { revision: revision.number, source })
            }
        }
    }
}

impl Found {
    /// Computes something from the hours.
    pub fn with<T>(
        &self,
        query: impl FnOnce(&ServiceHours) -> Result<T, Status>,
    ) -> Result<T, Status> {
        match &self.source {
            Source::Given(hours) => query(hours),
            Source::Put(entry, zones) => query(entry.hours(zones).ok_or_else(unknown_zone)?),
        }
    }
}

/// The revision that rules at an instant; before any does, the first.
pub(super) fn in_force<'c>(
    known: Known<'c>,
    id: &str,
    as_of: Instant,
) -> Option<&'c Revision<Arc<CalendarEntry>>> {
    let revisions = known.calendar(id);
    revisions.at(as_of).or_else(|| revisions.all().first())
}

/// The status of a calendar that is not there.
pub(super) fn not_found(id: &str) -> Status {
    status::refused(Rejection::CalendarNotFound(id.to_owned()))
}

fn unknown_zone() -> Status {
    let text = "the calendar's time zone is not in the time zone database any more";
    status::refused(Rejection::field("calendar.time_zone", text))
}
