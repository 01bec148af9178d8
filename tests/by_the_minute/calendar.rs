//! Service hours, minute by minute: of each minute it is looked up on which local date it lies, and
//! whether one of the windows that may be open then is. Written from the words of calendar.proto.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use slx::codec::v1;

use crate::random::Dice;

/// Minutes since 1970, in UTC. Everything in these worlds happens on whole ones.
pub type Minute = i64;

/// Minutes of the day: opens, closes (at or before `opens`: on the next day).
type Window = (i16, i16);

#[derive(Clone, Debug)]
pub struct Hours {
    pub zone: &'static str,
    pub weekly: Vec<(Vec<i8>, Window)>,
    pub holidays: Vec<Date>,
    pub specials: Vec<(Date, Vec<Window>)>,
}

/// Months with something about their local time: a gap or overlap, at midnight too, or a year's end.
pub const PLACES: [(&str, i16, i8); 12] = [
    ("Europe/Amsterdam", 2026, 3),
    ("Europe/Amsterdam", 2026, 10),
    ("America/New_York", 2025, 11),
    ("America/New_York", 2026, 3),
    ("Asia/Beirut", 2025, 3),
    ("Africa/Cairo", 2025, 4),
    ("America/Havana", 2024, 11),
    ("America/Santiago", 2025, 9),
    ("Australia/Lord_Howe", 2026, 4),
    ("Asia/Kathmandu", 2025, 12),
    ("UTC", 2024, 2),
    ("Pacific/Auckland", 2025, 12),
];

/// When a local time is: one that is skipped is moved forward by the gap, of two the first is meant.
pub fn instant(zone: &str, date: Date, minute_of_day: i16) -> Minute {
    let (date, minute) = match minute_of_day {
        1440 => (date.tomorrow().expect("a date"), 0),
        minute => (date, minute),
    };
    let local = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    let zone = TimeZone::get(zone).expect("a zone");
    let meant = zone.to_ambiguous_zoned_datetime(local).compatible().expect("an instant");
    meant.timestamp().as_second().div_euclid(60)
}

/// Which minutes of a stretch are open.
#[derive(Clone, Debug)]
pub struct Table {
    pub from: Minute,
    pub open: Vec<bool>,
}

impl Table {
    pub fn is_open(&self, minute: Minute) -> bool {
        self.open[usize::try_from(minute - self.from).expect("within the world")]
    }

    pub fn end(&self) -> Minute {
        self.from + self.open.len() as Minute
    }

    /// How many seconds of a stretch are open.
    pub fn elapsed(&self, from_second: i64, to_second: i64) -> i64 {
        let minutes = from_second.div_euclid(60)..=to_second.div_euclid(60);
        let open = minutes.filter(|minute| self.is_open(*minute));
        let part = |minute: Minute| to_second.min(minute * 60 + 60) - from_second.max(minute * 60);
        open.map(part).sum()
    }

    /// The earliest second by which so many open ones have passed; none: not in this table.
    pub fn add(&self, from_second: i64, mut seconds: i64) -> Option<i64> {
        let mut second = from_second;
        while seconds > 0 {
            let minute = second.div_euclid(60);
            if minute >= self.end() {
                return None;
            }
            let next = if self.is_open(minute) {
                (minute * 60 + 60).min(second + seconds)
            } else {
                minute * 60 + 60
            };
            seconds -= if self.is_open(minute) { next - second } else { 0 };
            second = next;
        }
        Some(second)
    }
}

impl Hours {
    fn special(&self, date: Date) -> Option<&Vec<Window>> {
        self.specials.iter().find(|(of, _)| *of == date).map(|(_, windows)| windows)
    }

    /// The windows that begin on a date, as stretches of minutes.
    fn windows(&self, date: Date) -> Vec<(Minute, Minute)> {
        let day = date.weekday().to_monday_one_offset();
        let weekly = self.weekly.iter().filter(|(days, _)| days.contains(&day));
        let begin: Vec<Window> = match self.special(date) {
            Some(windows) => windows.clone(),
            None => weekly.map(|(_, window)| *window).collect(),
        };
        let stretch = |(opens, closes): Window| {
            let closing = if closes <= opens { date.tomorrow().expect("a date") } else { date };
            (instant(self.zone, date, opens), instant(self.zone, closing, closes))
        };
        begin.into_iter().map(stretch).collect()
    }

    /// The windows that may be open on a date: special openings and holidays go by the date on the
    /// wall, a window by the date it begins on.
    fn windows_on(&self, date: Date) -> Vec<(Minute, Minute)> {
        if self.special(date).is_some() {
            return self.windows(date);
        }
        if self.holidays.contains(&date) {
            return Vec::new();
        }
        let yesterday = self.windows(date.yesterday().expect("a date"));
        [yesterday, self.windows(date)].concat()
    }

    pub fn table(&self, from: Date, days: usize) -> Table {
        let mut date = from;
        let from = instant(self.zone, date, 0);
        let mut open = Vec::new();
        for _ in 0..days {
            let windows = self.windows_on(date);
            let midnight = instant(self.zone, date.tomorrow().expect("a date"), 0);
            let is_open = |minute: Minute| windows.iter().any(|w| w.0 <= minute && minute < w.1);
            open.extend((from + open.len() as Minute..midnight).map(is_open));
            date = date.tomorrow().expect("a date");
        }
        Table { from, open }
    }

    pub fn to_wire(&self, id: &str) -> v1::Calendar {
        let clock = |minute: i16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let weekly = self.weekly.iter().map(|(days, (opens, closes))| v1::WeeklyWindow {
            days: days.iter().map(|day| i32::from(*day)).collect(),
            opens: clock(*opens),
            closes: clock(*closes),
        });
        let window = |(opens, closes): &Window| v1::OpeningWindow {
            opens: clock(*opens),
            closes: clock(*closes),
        };
        let specials = self.specials.iter().map(|(date, windows)| v1::SpecialOpening {
            date: date.to_string(),
            windows: windows.iter().map(window).collect(),
            name: "special".into(),
        });
        let holiday = |date: &Date| v1::Holiday { date: date.to_string(), name: "holiday".into() };
        v1::Calendar {
            id: id.into(),
            time_zone: self.zone.into(),
            weekly: weekly.collect(),
            holidays: self.holidays.iter().map(holiday).collect(),
            special_openings: specials.collect(),
            ..Default::default()
        }
    }

    /// Hours as somebody might have them in a place, with odd days in the month of it.
    pub fn roll(dice: &mut Dice, zone: &'static str, year: i16, month: i8) -> Hours {
        let first = date(year, month, 1);
        let a_date = |dice: &mut Dice| {
            first.saturating_add(jiff::Span::new().days(dice.below(34) as i64 - 1))
        };
        let weekly = (0..1 + dice.below(3)).map(|_| {
            let days: Vec<i8> = (1..=7).filter(|_| !dice.one_in(4)).collect();
            (if days.is_empty() { vec![1, 2] } else { days }, window(dice))
        });
        let weekly = weekly.collect();
        let mut holidays: Vec<Date> = (0..dice.below(5)).map(|_| a_date(dice)).collect();
        holidays.sort();
        holidays.dedup();
        let mut specials: Vec<(Date, Vec<Window>)> = Vec::new();
        for _ in 0..dice.below(4) {
            let on = if dice.one_in(3) && !holidays.is_empty() {
                dice.pick(&holidays)
            } else {
                a_date(dice)
            };
            if specials.iter().all(|(date, _)| *date != on) {
                specials.push((on, (0..dice.below(3)).map(|_| window(dice)).collect()));
            }
        }
        Hours { zone, weekly, holidays, specials }
    }
}

fn window(dice: &mut Dice) -> Window {
    let usual =
        [(540, 1020), (480, 480), (0, 1440), (1080, 120), (0, 90), (1320, 1440), (1380, 150)];
    let odd = |dice: &mut Dice| (dice.below(1440) as i16, dice.below(1441) as i16);
    if dice.one_in(2) { dice.pick(&usual) } else { odd(dice) }
}
