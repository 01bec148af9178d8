//! Reads holidays from an iCalendar text (RFC 5545), as governments and calendar programs publish
//! them.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;

use calcard::common::timezone::Tz;
use calcard::common::{CalendarScale, PartialDateTime};
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
    ICalendarParameterName, ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus,
    ICalendarValue,
};
use calcard::{Entry, Parser};
use chrono::{Datelike, Days, NaiveDate};

use super::{HOLIDAYS_MAX, Holiday, NAME_BYTES_MAX, YEAR_MAX, YEAR_MIN};
use crate::domain::violation::Violation;

/// The most bytes an iCalendar text may have.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// The most recurrence rules an iCalendar text may have. Expanding a rule that never matches a date
/// takes some tens of milliseconds, so a text full of them would take minutes.
pub const RECURRENCE_RULES_MAX: usize = 100;
/// The first year in which a recurring event may begin.
pub const RECURRENCE_YEAR_MIN: i32 = 1900;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The most dates a recurrence can have: every day of the supported years.
const OCCURRENCES_MAX: usize = 366 * (YEAR_MAX - RECURRENCE_YEAR_MIN + 1) as usize;

/// Reads the dates of all-day events from `from_year` to `to_year`, both included, in order. An
/// event of several days gives each of them, a recurring one (`RRULE`, `RDATE`, less `EXDATE`)
/// each time it falls in those years; one whose `STATUS` is `CANCELLED` gives none. Its `SUMMARY`
/// is the name. An instance that is rescheduled (`RECURRENCE-ID`) falls on its new date alone.
///
/// An event at a time of day is a violation, as is any text that is not iCalendar; all violations
/// are reported at once, by the number of the event in the text, from 0. The text may take
/// [`TEXT_BYTES_MAX`] and give [`HOLIDAYS_MAX`] dates.
pub fn holidays_from_icalendar(
    text: &str,
    from_year: i32,
    to_year: i32,
) -> Result<Vec<Holiday>, Vec<Violation>> {
    let years = read_years(from_year, to_year).map_err(|violation| vec![violation])?;
    let components = read_components(text).map_err(|violation| vec![violation])?;
    let events = read_events(&components)?;
    let rescheduled: HashSet<_> = events.iter().filter_map(Event::reschedules).collect();
    let mut holidays = Vec::new();
    for event in &events {
        event.expand(&years, &rescheduled, &mut holidays).map_err(|violation| vec![violation])?;
    }
    holidays.sort_unstable();
    holidays.dedup();
    Ok(holidays)
}

/// The first and last date of the requested years, which must lie within the supported ones.
fn read_years(from_year: i32, to_year: i32) -> Result<RangeInclusive<NaiveDate>, Violation> {
    let in_range = |year: i32| (YEAR_MIN..=YEAR_MAX).contains(&year);
    let right = format!("write a year from {YEAR_MIN} to {YEAR_MAX}");
    for (field, year) in [("from_year", from_year), ("to_year", to_year)] {
        if !in_range(year) {
            return Err(Violation::new(field, format!("{year} is out of range: {right}")));
        }
    }
    if to_year < from_year {
        let before = format!("{to_year} is before from_year, {from_year}");
        return Err(Violation::new("to_year", format!("{before}: write the later year here")));
    }
    let first = NaiveDate::from_ymd_opt(from_year, 1, 1).unwrap_or_default();
    let last = NaiveDate::from_ymd_opt(to_year, 12, 31).unwrap_or_default();
    Ok(first..=last)
}

/// The components of all calendars in the text. The parser skips what it does not know, so a text
/// that is cut short, or is no calendar, must be recognised by its first and last lines.
fn read_components(text: &str) -> Result<Vec<ICalendarComponent>, Violation> {
    if text.len() > TEXT_BYTES_MAX {
        let size = text.len();
        let description = format!("takes {size} bytes: send {TEXT_BYTES_MAX} at most");
        return Err(Violation::new("", description));
    }
    let last_line = text.trim_end().lines().next_back().unwrap_or_default();
    if !last_line.eq_ignore_ascii_case("END:VCALENDAR") {
        return Err(not_icalendar());
    }
    let mut parser = Parser::new(text);
    let mut components = Vec::new();
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => components.extend(calendar.components),
            Entry::InvalidLine(line) if line.trim().is_empty() => {}
            Entry::Eof => break,
            _ => return Err(not_icalendar()),
        }
    }
    let is_calendar = |component: &ICalendarComponent| {
        component.component_type == ICalendarComponentType::VCalendar
    };
    if components.iter().any(is_calendar) { Ok(components) } else { Err(not_icalendar()) }
}

fn not_icalendar() -> Violation {
    let right = "send a text that begins with BEGIN:VCALENDAR and ends with END:VCALENDAR";
    Violation::new("", format!("is not iCalendar (RFC 5545): {right}"))
}

fn read_events(components: &[ICalendarComponent]) -> Result<Vec<Event>, Vec<Violation>> {
    let is_event = |component: &&ICalendarComponent| {
        component.component_type == ICalendarComponentType::VEvent
    };
    let mut events = Vec::new();
    let mut violations = Vec::new();
    for (i, component) in components.iter().filter(is_event).enumerate() {
        match Event::read(i, component) {
            Ok(event) => events.push(event),
            Err(violation) => violations.push(violation),
        }
    }
    let rules: usize = events.iter().map(|event| event.rules.len()).sum();
    if rules > RECURRENCE_RULES_MAX {
        let description = format!("has {rules} recurrence rules");
        violations.push(Violation::new(
            "",
            format!("{description}: send {RECURRENCE_RULES_MAX} at most"),
        ));
    }
    if violations.is_empty() { Ok(events) } else { Err(violations) }
}

/// An all-day event.
struct Event {
    /// The path that violations name it by: `events[2]`.
    path: String,
    uid: String,
    name: String,
    /// The first date; `None` for a cancelled event, which still replaces the instance it names.
    first: Option<NaiveDate>,
    days: u64,
    rules: Vec<ICalendarRecurrenceRule>,
    further: Vec<NaiveDate>,
    except: HashSet<NaiveDate>,
    /// The date of the recurring event's instance that this event replaces.
    replaces: Option<NaiveDate>,
}

impl Event {
    fn read(number: usize, component: &ICalendarComponent) -> Result<Event, Violation> {
        let summary = text_of(component, &ICalendarProperty::Summary).trim();
        let source = Source { number, summary, component };
        let is_cancelled = component.status() == Some(&ICalendarStatus::Cancelled);
        let first = if is_cancelled { None } else { Some(source.first()?) };
        Ok(Event {
            path: format!("events[{number}]"),
            uid: component.uid().unwrap_or_default().to_owned(),
            name: source.name()?,
            first,
            days: first.map_or(Ok(0), |first| source.days(first))?,
            rules: source.rules(first)?,
            further: source.dates(&ICalendarProperty::Rdate)?,
            except: source.dates(&ICalendarProperty::Exdate)?.into_iter().collect(),
            replaces: source.replaces()?,
        })
    }

    fn reschedules(&self) -> Option<(&str, NaiveDate)> {
        Some((&self.uid, self.replaces?))
    }

    /// Adds the dates of the event that lie in `years`.
    fn expand(
        &self,
        years: &RangeInclusive<NaiveDate>,
        rescheduled: &HashSet<(&str, NaiveDate)>,
        holidays: &mut Vec<Holiday>,
    ) -> Result<(), Violation> {
        let is_dropped = |date: &NaiveDate| {
            let is_rescheduled = rescheduled.contains(&(self.uid.as_str(), *date));
            self.except.contains(date) || (self.replaces.is_none() && is_rescheduled)
        };
        for first in self.occurrences(*years.end())?.into_iter().filter(|date| !is_dropped(date)) {
            let last = first.checked_add_days(Days::new(self.days - 1)).unwrap_or(NaiveDate::MAX);
            let (first, last) = (first.max(*years.start()), last.min(*years.end()));
            for date in first.iter_days().take_while(|date| *date <= last) {
                holidays.push(Holiday { date, name: self.name.clone() });
                if holidays.len() > HOLIDAYS_MAX {
                    let most = format!("the text gives more than {HOLIDAYS_MAX} dates");
                    return Err(Violation::new(&self.path, format!("{most}: request fewer years")));
                }
            }
        }
        Ok(())
    }

    /// The first date of each time the event takes place, up to `last`.
    fn occurrences(&self, last: NaiveDate) -> Result<BTreeSet<NaiveDate>, Violation> {
        let Some(first) = self.first else {
            return Ok(BTreeSet::new());
        };
        let further = self.further.iter().copied();
        let mut dates: BTreeSet<NaiveDate> = further.chain([first]).collect();
        for rule in &self.rules {
            dates.extend(expand_rule(rule, first, last).map_err(|description| {
                Violation::new(format!("{}.rrule", self.path), description)
            })?);
        }
        Ok(dates)
    }
}

/// An event as written, with what a violation needs to name it.
struct Source<'a> {
    number: usize,
    summary: &'a str,
    component: &'a ICalendarComponent,
}

impl Source<'_> {
    fn violation(&self, field: &str, description: &str) -> Violation {
        let name: String = self.summary.chars().take(40).collect();
        let path = format!("events[{}].{field}", self.number);
        Violation::new(path, format!("of {name:?} {description}"))
    }

    fn name(&self) -> Result<String, Violation> {
        let length = self.summary.len();
        if length > NAME_BYTES_MAX {
            let description = format!("takes {length} bytes: write {NAME_BYTES_MAX} at most");
            return Err(self.violation("summary", &description));
        }
        Ok(self.summary.to_owned())
    }

    fn first(&self) -> Result<NaiveDate, Violation> {
        let start = self.component.property(&ICalendarProperty::Dtstart);
        let start = start.ok_or_else(|| self.violation("dtstart", "is missing: write YYYYMMDD"))?;
        self.all_day(start.values.first(), "dtstart")
    }

    /// How many days the event takes: from `DTSTART` to before `DTEND`, or for `DURATION`, or one.
    fn days(&self, first: NaiveDate) -> Result<u64, Violation> {
        if let Some(end) = self.component.property(&ICalendarProperty::Dtend) {
            let days = (self.all_day(end.values.first(), "dtend")? - first).num_days();
            // Some programs write the same date twice for an event of one day.
            return u64::try_from(days).map(|days| days.max(1)).map_err(|_| {
                self.violation("dtend", "is before dtstart: write the day after the last")
            });
        }
        let Some(duration) = self.component.property(&ICalendarProperty::Duration) else {
            return Ok(1);
        };
        let whole_days = match duration.values.first() {
            Some(ICalendarValue::Duration(duration)) => whole_days(duration.as_seconds()),
            _ => None,
        };
        whole_days
            .ok_or_else(|| self.violation("duration", "is not whole days: write P1D or longer"))
    }

    fn rules(&self, first: Option<NaiveDate>) -> Result<Vec<ICalendarRecurrenceRule>, Violation> {
        let properties = self.component.properties(&ICalendarProperty::Rrule);
        let rules = properties.flat_map(|property| &property.values).map(|value| match value {
            ICalendarValue::RecurrenceRule(rule) => self.check_rule(rule).map(|()| *rule.clone()),
            _ => {
                Err(self
                    .violation("rrule", "is not a recurrence rule: write FREQ=YEARLY or the like"))
            }
        });
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let begins_early = first.is_some_and(|first| first.year() < RECURRENCE_YEAR_MIN);
        if begins_early && !rules.is_empty() {
            let description = format!("begins before {RECURRENCE_YEAR_MIN}: let it begin later");
            return Err(self.violation("rrule", &description));
        }
        Ok(rules)
    }

    fn check_rule(&self, rule: &ICalendarRecurrenceRule) -> Result<(), Violation> {
        let hours_minutes_seconds = [&rule.byhour, &rule.byminute, &rule.bysecond];
        let is_by_days = rule.freq <= ICalendarFrequency::Daily
            && hours_minutes_seconds.iter().all(|parts| parts.is_empty());
        if !is_by_days {
            let right = "an all-day event recurs by days, weeks, months or years";
            return Err(self.violation("rrule", &format!("is by the hour or less: {right}")));
        }
        let is_gregorian = matches!(rule.rscale, None | Some(CalendarScale::Gregorian));
        if !is_gregorian || rule.skip.is_some() {
            let right = "leave out RSCALE and SKIP, which are not supported";
            return Err(
                self.violation("rrule", &format!("is not of the Gregorian calendar: {right}"))
            );
        }
        Ok(())
    }

    /// The dates of a property that lists them. A time of day is passed over: some programs write
    /// exceptions from all-day events with one.
    fn dates(&self, property: &ICalendarProperty) -> Result<Vec<NaiveDate>, Violation> {
        let values = self.component.properties(property).flat_map(|property| &property.values);
        let read = |value| date_of(value).map(|(date, _)| date);
        let field = if *property == ICalendarProperty::Rdate { "rdate" } else { "exdate" };
        let unreadable =
            || self.violation(field, "is not a list of dates: write YYYYMMDD,YYYYMMDD");
        values.map(|value| read(value).ok_or_else(unreadable)).collect()
    }

    fn replaces(&self) -> Result<Option<NaiveDate>, Violation> {
        let Some(property) = self.component.property(&ICalendarProperty::RecurrenceId) else {
            return Ok(None);
        };
        if property.has_parameter(&ICalendarParameterName::Range) {
            let right = "write the instances out, or end one event and begin another";
            return Err(self.violation("recurrence_id", &format!("has a RANGE: {right}")));
        }
        let date = property.values.first().and_then(date_of).map(|(date, _)| date);
        date.map(Some)
            .ok_or_else(|| self.violation("recurrence_id", "is not a date: write YYYYMMDD"))
    }

    fn all_day(&self, value: Option<&ICalendarValue>, field: &str) -> Result<NaiveDate, Violation> {
        match value.and_then(date_of) {
            Some((date, false)) => Ok(date),
            Some((_, true)) => {
                Err(self
                    .violation(field, "is at a time of day: only all-day events can be holidays"))
            }
            None => Err(self.violation(field, "is not a date: write YYYYMMDD")),
        }
    }
}

fn text_of<'a>(component: &'a ICalendarComponent, property: &ICalendarProperty) -> &'a str {
    let value = component.property(property).and_then(|property| property.values.first());
    value.and_then(ICalendarValue::as_text).unwrap_or_default()
}

/// The date of a value, and whether a time of day follows it.
fn date_of(value: &ICalendarValue) -> Option<(NaiveDate, bool)> {
    let written = value.as_partial_date_time()?;
    let (year, month, day) = (written.year?, written.month?, written.day?);
    let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?;
    Some((date, written.has_time()))
}

fn whole_days(seconds: i64) -> Option<u64> {
    let is_whole = seconds > 0 && seconds % SECONDS_PER_DAY == 0;
    if is_whole { u64::try_from(seconds / SECONDS_PER_DAY).ok() } else { None }
}

/// The dates that a rule beginning on `first` gives up to `last`, or what is wrong with the rule.
fn expand_rule(
    rule: &ICalendarRecurrenceRule,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<NaiveDate>, String> {
    let until = rule.until.as_ref().map(|until| date_of(&whole_value(until)));
    let until = until.map(|until| until.ok_or("ends at what is not a date: write UNTIL=YYYYMMDD"));
    let until = until.transpose()?.map_or(last, |(until, _)| until.min(last));
    if until < first {
        return Ok(Vec::new());
    }
    let rule = ICalendarRecurrenceRule { until: Some(written(until)), ..rule.clone() };
    let expanded = single_event(first, rule).expand_dates(Tz::Floating, OCCURRENCES_MAX);
    match expanded.errors.first() {
        Some(_) => Err("has a part that is out of range: see RFC 5545, 3.3.10".to_owned()),
        None => Ok(expanded.events.iter().map(|event| event.start.date_naive()).collect()),
    }
}

fn whole_value(date: &PartialDateTime) -> ICalendarValue {
    ICalendarValue::PartialDateTime(Box::new(date.clone()))
}

/// A calendar of one recurring event, without its exceptions and further dates: those are applied
/// to the expanded dates.
fn single_event(first: NaiveDate, rule: ICalendarRecurrenceRule) -> ICalendar {
    let entry = |name, value| ICalendarEntry { name, params: Vec::new(), values: vec![value] };
    let entries = vec![
        entry(ICalendarProperty::Dtstart, whole_value(&written(first))),
        entry(ICalendarProperty::Rrule, ICalendarValue::RecurrenceRule(Box::new(rule))),
    ];
    let component_type = ICalendarComponentType::VEvent;
    let event = ICalendarComponent { component_type, entries, component_ids: Vec::new() };
    ICalendar { components: vec![event] }
}

fn written(date: NaiveDate) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(date.year()).ok(),
        month: u8::try_from(date.month()).ok(),
        day: u8::try_from(date.day()).ok(),
        ..PartialDateTime::default()
    }
}

#[cfg(test)]
mod tests;
