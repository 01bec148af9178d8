//! `slx holidays`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::apply::read;
use super::connection::{Connection, refused};
use super::given_time::{GivenTime, time};
use super::show::{Shown, counted};
use crate::codec::v1::calendar_service_client::CalendarServiceClient;
use crate::codec::{text, v1};

/// Imports the holidays of an iCalendar file (RFC 5545) into a calendar.
#[derive(Args, Debug)]
pub(super) struct Holidays {
    /// The id of the calendar.
    #[arg(value_name = "CALENDAR")]
    calendar: String,

    /// The iCalendar file; - for standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,

    /// The first year to import; default: this year.
    #[arg(long, value_name = "YEAR")]
    from_year: Option<i32>,

    /// The last year to import; default: ten years later.
    #[arg(long, value_name = "YEAR")]
    to_year: Option<i32>,

    /// Clocks that start from this time on are measured so: RFC 3339, or without an offset in
    /// --zone; default: now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    effective_time: Option<GivenTime>,

    #[command(flatten)]
    shown: Shown,

    /// Checks everything and records nothing.
    #[arg(long)]
    validate_only: bool,

    /// Prints the answer as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Holidays {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let request = v1::ImportHolidaysRequest {
            tenant: self.connection.tenant.clone(),
            calendar_id: self.calendar,
            icalendar: read(&self.file)?,
            from_year: self.from_year.unwrap_or_default(),
            to_year: self.to_year.unwrap_or_default(),
            effective_time: self.shown.instant(self.effective_time)?,
            validate_only: self.validate_only,
        };
        let mut client = CalendarServiceClient::new(self.connection.open().await?);
        let answer = client.import_holidays(request).await.map_err(refused)?.into_inner();
        if self.json {
            say!("{}", text::to_json(&answer, "slx.v1.ImportHolidaysResponse")?);
            return Ok(ExitCode::SUCCESS);
        }
        for holiday in &answer.added {
            say!("{}  {}", holiday.date, holiday.name);
        }
        let calendar = answer.calendar.unwrap_or_default();
        let added = counted(answer.added.len(), "holiday");
        let verb = if self.validate_only { "would be added" } else { "added" };
        say!("calendar {}: {added} {verb}, revision {}", calendar.id, calendar.revision);
        Ok(ExitCode::SUCCESS)
    }
}
