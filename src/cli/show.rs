//! How things are shown: tables, instants and spans a person likes to read.

use anyhow::{anyhow, bail};
use chrono::Datelike;
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use prost_types::{Duration, Timestamp};

use super::given_time::GivenTime;
use crate::codec::scalar::{optional_instant, optional_span, timestamp};
use crate::codec::v1;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};
use crate::runtime::zones::{self, Choice};

/// The time zone that instants are shown in, and that times are in which are given without an
/// offset.
#[derive(Args, Clone, Debug)]
pub(super) struct Shown {
    /// The IANA time zone of what is shown, and of times given without an offset.
    #[arg(long, env = "SLX_ZONE", value_name = "ZONE", default_value = "UTC")]
    pub zone: String,
}

/// How an answer is printed.
#[derive(Args, Clone, Debug)]
pub(super) struct Printed {
    /// Prints the answer as JSON.
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shown: Shown,
}

impl Printed {
    pub fn times(&self) -> anyhow::Result<Times> {
        self.shown.times()
    }
}

/// Shows instants in a zone.
#[derive(Debug)]
pub(super) struct Times {
    name: String,
    zone: Zone,
}

impl Shown {
    pub fn times(&self) -> anyhow::Result<Times> {
        times(&zones::open(&Choice::Automatic)?, &self.zone)
    }

    /// The instant that is meant by a time on the command line.
    pub fn instant(&self, given: Option<GivenTime>) -> anyhow::Result<Option<Timestamp>> {
        Ok(match given {
            None => None,
            Some(GivenTime::Instant(instant)) => Some(instant),
            Some(GivenTime::Local(local)) => Some(self.times()?.instant_of(local)?),
        })
    }
}

/// Shows instants in the zone called `name`.
pub(super) fn times(zones: &ZoneDatabase, name: &str) -> anyhow::Result<Times> {
    let zone = zones.zone(name);
    let help = "write an IANA zone such as Europe/Amsterdam";
    let zone = zone.ok_or_else(|| anyhow!("there is no zone {name:?}: {help}"))?;
    Ok(Times { name: name.to_owned(), zone })
}

impl Times {
    /// `Mon 2026-11-23 14:05`, in the zone, with seconds where there are any; `-` for none.
    pub fn show(&self, time: Option<Timestamp>) -> String {
        match optional_instant(time) {
            Ok(Some(instant)) => self.instant(instant),
            _ => "-".to_owned(),
        }
    }

    pub fn instant(&self, instant: Instant) -> String {
        self.written(instant, "%a %Y-%m-%d")
    }

    /// `11-23 14:05`, where the year stands nearby.
    pub fn show_short(&self, time: Option<Timestamp>) -> String {
        match optional_instant(time) {
            Ok(Some(instant)) => self.written(instant, "%m-%d"),
            _ => "-".to_owned(),
        }
    }

    /// The local date and time in the zone; `None` for an instant that can't be.
    pub fn local(&self, time: Timestamp) -> Option<chrono::NaiveDateTime> {
        let instant = optional_instant(Some(time)).ok().flatten()?;
        Some(self.zone.local(instant))
    }

    /// The instant at which clocks in the zone show `local`.
    ///
    /// # Errors
    /// They skip it, or show it twice.
    fn instant_of(&self, local: chrono::NaiveDateTime) -> anyhow::Result<Timestamp> {
        let instant = self.zone.instant(local)?;
        let is_one = self.zone.local(instant) == local;
        if !is_one || self.zone.second_instant(local).is_some() {
            let fault = if is_one { "show it twice" } else { "skip it" };
            bail!("{local}: clocks in {} {fault}; write it with its offset", self.name);
        }
        Ok(timestamp(instant))
    }

    /// The year in the zone.
    pub fn year(&self, time: Timestamp) -> Option<i32> {
        let instant = optional_instant(Some(time)).ok().flatten()?;
        Some(self.zone.local(instant).year())
    }

    fn written(&self, instant: Instant, date: &str) -> String {
        let local = self.zone.local(instant);
        let time = match (instant.seconds() % 60, instant.subsecond_nanos()) {
            (0, 0) => "%H:%M",
            (_, 0) => "%H:%M:%S",
            _ => "%H:%M:%S%.3f",
        };
        local.format(&format!("{date} {time}")).to_string()
    }
}

/// `4h 05m`, with seconds where there are any; `-` when there is none.
pub(super) fn span(duration: Option<Duration>) -> String {
    match optional_span(duration) {
        Ok(Some(span)) => hours(span),
        _ => "-".to_owned(),
    }
}

fn hours(span: Span) -> String {
    let sign = if span < Span::ZERO { "-" } else { "" };
    let seconds = span.nanos().unsigned_abs() / 1_000_000_000;
    let text = format!("{sign}{}h {:02}m", seconds / 3600, seconds / 60 % 60);
    if seconds.is_multiple_of(60) { text } else { format!("{text} {:02}s", seconds % 60) }
}

/// `1 incident`, `2 incidents`: of a noun whose plural ends in s.
pub(super) fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// A probability or share as a whole percentage; certain only where it is.
pub(super) fn percent(share: f64) -> String {
    match (share * 100.0).round() {
        100.0 if share < 1.0 => ">99%".to_owned(),
        0.0 if share > 0.0 => "<1%".to_owned(),
        whole => format!("{whole}%"),
    }
}

/// A choice of the API in lower case, without its prefix: `running`.
pub(super) fn choice(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase().replace('_', " ")
}

pub(super) fn phase(clock: &v1::Clock) -> String {
    choice(clock.phase().as_str_name(), "PHASE_")
}

pub(super) fn outcome(outcome: v1::Outcome) -> String {
    choice(outcome.as_str_name(), "OUTCOME_")
}

/// How a period counts a target, in words.
pub(super) fn counted_as(counted: v1::CountedAs) -> String {
    match counted {
        v1::CountedAs::Unspecified => "not in it".to_owned(),
        counted => choice(counted.as_str_name(), "COUNTED_AS_"),
    }
}

/// A table with these headings; columns named in `right` are set flush right.
pub(super) fn table(headings: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if table.is_tty() {
        // Nobody reads rows that a terminal breaks; what is piped keeps a row a line.
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}
