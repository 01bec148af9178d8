//! What is compiled in stretches answers as what is compiled whole, to the nanosecond, whatever is
//! forgotten between two questions.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::calendar::PlanDigest;
use crate::domain::calendar::stretch::bounds;
use crate::domain::calendar::whole::WholeHours;

/// Forgets every other stretch as soon as it is compiled.
#[derive(Debug, Default)]
struct Forgetful {
    filled: AtomicUsize,
}

impl Places for Forgetful {
    fn place(&self, _: PlanDigest) -> Arc<StretchPlace> {
        Arc::default()
    }

    fn filled(&self, place: &Arc<StretchPlace>) {
        if self.filled.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            place.empty();
        }
    }
}

/// The same calendar compiled both ways.
fn both(draft: &Draft) -> (ServiceHours, WholeHours) {
    let calendar = Calendar::parse(draft, &zones()).unwrap();
    let whole = WholeHours::new(&calendar, zones().zone(&draft.time_zone).unwrap());
    let forgetful = Arc::new(Forgetful::default());
    (ServiceHours::kept_in(forgetful, Arc::new(calendar), &zones()).unwrap(), whole)
}

/// A second near which something happens: the end of a stretch, of a year, a change of the clock,
/// or nothing.
fn eventful_second(name: &str) -> impl Strategy<Value = i64> + use<> {
    let zone = zones().zone(name).unwrap();
    let changes: Vec<i64> =
        zone.transitions(Instant::MIN, Instant::MAX).map(|change| change.at.seconds()).collect();
    let changes = if changes.is_empty() { vec![0] } else { changes };
    let year_end = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap().to_epoch_days();
    prop_oneof![
        4 => (0..=STRETCHES).prop_map(|number| bounds(number).0),
        2 => (1970..=2200).prop_map(move |year| i64::from(year_end(year)) * DAY_SECONDS),
        3 => select(changes),
        1 => 0..END_SECOND,
    ]
}

/// Windows, and exceptions near some seconds.
fn full_calendar(name: &'static str, near: Vec<i64>) -> impl Strategy<Value = Draft> {
    let dates = |near: Vec<i64>| {
        let date = (select(near), -4..=4_i64).prop_map(|(second, days)| {
            let days = (second / DAY_SECONDS + days).clamp(0, END_SECOND / DAY_SECONDS - 1);
            NaiveDate::from_epoch_days(i32::try_from(days).unwrap()).unwrap().to_string()
        });
        prop::collection::btree_set(date, 0..24)
    };
    let holidays = dates(near.clone());
    let special = dates(near).prop_flat_map(|dates| {
        let count = dates.len();
        let windows = prop::collection::vec(prop::collection::vec(window(), 0..3), count);
        windows.prop_map(move |windows| dates.clone().into_iter().zip(windows).collect::<Vec<_>>())
    });
    let weekly = prop::collection::vec(weekly_window(), 0..5);
    (holidays, special, weekly, any::<bool>()).prop_map(
        move |(holidays, special, weekly, is_always)| {
            let holiday = |date| DraftHoliday { date, name: String::new() };
            let opening = |(date, windows)| DraftSpecial { date, windows, name: String::new() };
            Draft {
                always_open: is_always && weekly.is_empty(),
                holidays: holidays.into_iter().map(holiday).collect(),
                special_openings: special.into_iter().map(opening).collect(),
                weekly,
                ..draft(name)
            }
        },
    )
}

/// Two instants, an amount of service time and a number of working days.
type Question = (Instant, Instant, Span, u16);

fn question(near: Vec<i64>) -> impl Strategy<Value = Question> {
    let instant = |near: Vec<i64>| select(near).prop_flat_map(instants_near);
    let amount = prop_oneof![
        3 => amounts(),
        1 => (0..20_000_i64).prop_map(Span::from_hours),
        1 => (-1..=1_i64).prop_map(Span::from_nanos),
    ];
    (instant(near.clone()), instant(near), amount, prop_oneof![9 => 0..30_u16, 1 => any::<u16>()])
}

fn calendar_and_questions() -> impl Strategy<Value = (Draft, Vec<Question>)> {
    let names: Vec<&'static str> = jiff::tz::TimeZoneDatabase::bundled()
        .available()
        .map(|name| &*String::leak(name.as_str().to_owned()))
        .collect();
    prop_oneof![1 => select(&ZONES[..]), 1 => select(names)].prop_flat_map(|name| {
        prop::collection::vec(eventful_second(name), 1..5).prop_flat_map(move |near| {
            let questions = prop::collection::vec(question(near.clone()), 40);
            (full_calendar(name, near), questions)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Attack A6: stretches are compiled as they are needed, and may be forgotten.
    #[test]
    fn every_question_is_answered_as_by_the_whole((draft, questions) in calendar_and_questions()) {
        let (hours, whole) = both(&draft);
        prop_assert_eq!(hours.never_opens(), whole.never_opens());
        for (one, other, amount, count) in questions {
            let (from, to) = (one.min(other), one.max(other));
            prop_assert_eq!(hours.elapsed(one, other), whole.elapsed(one, other));
            prop_assert_eq!(hours.elapsed(from, to), whole.elapsed(from, to));
            // Also exactly what has passed between two instants, which ends at either edge.
            for amount in [amount, whole.elapsed(from, to)] {
                prop_assert_eq!(hours.add(from, amount), whole.add(from, amount));
                prop_assert_eq!(hours.subtract(to, amount), whole.subtract(to, amount));
                prop_assert_eq!(hours.exceeds_at(from, amount), whole.exceeds_at(from, amount));
            }
            prop_assert_eq!(hours.is_open(one), whole.is_open(one));
            prop_assert_eq!(hours.next_opening(one), whole.next_opening(one));
            for first in [FirstWorkingDay::DayOfStart, FirstWorkingDay::DayAfterStart] {
                let close = hours.close_of_working_day(one, count, first);
                prop_assert_eq!(close, whole.close_of_working_day(one, count, first));
            }
            let windows = hours.windows(from, to).take(50);
            prop_assert!(windows.eq(whole.windows(from, to).take(50)));
            prop_assert_eq!(hours.windows(other, one).next(), whole.windows(other, one).next());
        }
    }
}

/// Every window and every working day from the first to the last, in each zone of `names`.
fn check_all_of_time<'n>(names: impl IntoIterator<Item = &'n str>) {
    for name in names {
        let nights = windows(name, &EVERY_DAY, "22:30-06:15");
        let whole_dates = with_holidays(round_the_clock(name), &["1971-01-24", "2026-12-31"]);
        let office = windows(name, &MONDAY_TO_FRIDAY, "00:00-17:00");
        for draft in [nights, whole_dates, office] {
            let (hours, whole) = both(&draft);
            let all = |one: (Instant, Instant)| (one.0.nanos(), one.1.nanos());
            assert!(
                hours
                    .windows(Instant::MIN, Instant::MAX)
                    .map(all)
                    .eq(whole.windows(Instant::MIN, Instant::MAX).map(all)),
                "{name}"
            );
            let closes = (0..STRETCHES).flat_map(|number| {
                let stretch = hours.stretch(number);
                let close = |days_later| {
                    Some(
                        bounds(number).0
                            + stretch.day_close(0, days_later).ok()? / NANOS_PER_SECOND,
                    )
                };
                (0..).map_while(close).collect::<Vec<_>>()
            });
            assert!(closes.eq(whole.closes_of_days()), "{name}");
        }
    }
}

#[test]
fn all_of_time_is_as_in_the_whole() {
    check_all_of_time(["Europe/Amsterdam", "Pacific/Apia", "America/Sao_Paulo", "UTC"]);
}
