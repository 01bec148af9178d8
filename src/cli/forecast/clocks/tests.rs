//! Forecasts as a person reads them, word for word.

use clap::Parser;

use super::*;
use crate::cli::breach_forecast;
use crate::cli::show;
use crate::domain::zone::ZoneDatabase;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    forecast: Forecast,
}

fn arguments(flags: &[&str]) -> Forecast {
    let all = ["slx", "C", "--tenant", "T"].iter().chain(flags);
    Flags::try_parse_from(all).unwrap_or_else(|error| panic!("{error}")).forecast
}

fn times() -> Times {
    let zones = ZoneDatabase::bundled();
    show::times(&zones, "Europe/Amsterdam").unwrap()
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 709_107_651 * seconds.signum() as i32 })
}

fn waiting() -> v1::ClockForecast {
    let clock = v1::Clock {
        incident_id: "INC7".into(),
        target_id: "resolve".into(),
        priority: "P2".into(),
        cycle: 1,
        phase: v1::Phase::Paused as i32,
        outcome: v1::Outcome::Undecided as i32,
        remaining: seconds(3 * 3600 + 59),
        ..Default::default()
    };
    let reason = |text: &str| v1::ForecastReason { text: text.into(), log_odds: 0.7 };
    v1::ClockForecast {
        clock: Some(clock),
        breach_probability: 0.614,
        stop_time_p50: at("2026-10-16T09:20:31.5Z"),
        stop_time_p90: at("2026-10-19T12:00:00Z"),
        idle_time: Some(Duration::default()),
        reasons: vec![
            reason(
                "62 % of the limit is used while it waits for the client: a breach is more likely",
            ),
            reason("group L2 has it: a breach is slightly less likely"),
        ],
        learnt_clocks: 1_312,
        summary: "it has waited for the client since Tuesday 14:05 CEST; of 212 like it 61 % were \
                  late"
            .into(),
        ..Default::default()
    }
}

fn idle() -> v1::ClockForecast {
    let forecast = waiting();
    let clock = v1::Clock {
        incident_id: "INC12".into(),
        phase: v1::Phase::Running as i32,
        due_time: at("2026-10-14T12:30:31.709107651Z"),
        remaining: seconds(42),
        ..forecast.clock.clone().unwrap_or_default()
    };
    v1::ClockForecast {
        clock: Some(clock),
        breach_probability: 0.997,
        latest_start_time: at("2026-10-14T11:00:31.709107651Z"),
        idle_time: seconds(5 * 3600 + 600),
        idle_work: true,
        idle_work_reason: "1 h 30 min of work is left and nothing has happened for 5 h 10 min of \
                           service time"
            .into(),
        reasons: Vec::new(),
        summary: "the provider has had it since Monday 09:00 CEST; none like it was decided before"
            .into(),
        ..forecast
    }
}

fn late() -> v1::ClockForecast {
    let forecast = waiting();
    let clock = v1::Clock {
        outcome: v1::Outcome::Breached as i32,
        breach_time: at("2026-10-13T11:00:00Z"),
        due_time: at("2026-10-13T11:00:00Z"),
        remaining: seconds(-5 * 3600),
        ..forecast.clock.clone().unwrap_or_default()
    };
    let summary =
        "late since Tuesday 13:00 CEST; it has waited for the client since Monday 09:00 CEST";
    v1::ClockForecast {
        clock: Some(clock),
        breach_probability: 1.0,
        reasons: Vec::new(),
        summary: summary.into(),
        ..forecast
    }
}

/// With one space between columns.
fn without_gaps(shown: &str) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_list_says_of_each_clock_what_is_to_be_expected_and_why() {
    let answer = v1::ForecastClocksResponse {
        forecasts: vec![idle(), waiting(), late()],
        long_breached_clocks: 2,
        ..Default::default()
    };
    let shown = show(&answer, &arguments(&["--limit", "3"]), &times());
    let expected = "\
INCIDENT TARGET PRIORITY PHASE DUE LEFT BREACH STOPS START BY IDLE WHY
INC12 resolve P2 running Wed 2026-10-14 14:30 <1m >99% Fri 2026-10-16 11:20 \
Wed 2026-10-14 13:00 5h 10m IDLE WORK: 1 h 30 min of work is left and nothing has happened for \
5 h 10 min of service time; the provider has had it since Monday 09:00 CEST; none like it was \
decided before
INC7 resolve P2 paused - 3h 00m 61% Fri 2026-10-16 11:20 - - it has waited for \
the client since Tuesday 14:05 CEST; of 212 like it 61 % were late; 62 % of the limit is \
used while \
it waits for the client: a breach is more likely
INC7 resolve P2 paused Tue 2026-10-13 13:00 -5h 00m late Fri 2026-10-16 11:20 - - \
late since Tuesday 13:00 CEST; it has waited for the client since Monday 09:00 CEST

2 open clocks have been late for more than seven days: --all lists every one.

Learnt from 1312 decided clocks of the contract.";
    assert_eq!(without_gaps(&shown), expected);
}

#[test]
fn counts_of_one_are_singular_and_a_list_that_is_cut_says_so() {
    let forecast = v1::ClockForecast { learnt_clocks: 1, ..waiting() };
    let answer = v1::ForecastClocksResponse {
        forecasts: vec![forecast, waiting(), waiting()],
        long_breached_clocks: 1,
        ..Default::default()
    };
    let shown = show(&answer, &arguments(&["--limit", "1"]), &times());
    let (_, rest) = shown.split_once("\n\n").unwrap();
    let expected = "and 2 more: see --limit.\n\n\
                    1 open clock has been late for more than seven days: --all lists every one.\n\n\
                    Learnt from 1 decided clock of the contract.";
    assert_eq!(rest, expected);
    let cold = [v1::ClockForecast { learnt_clocks: 0, ..waiting() }];
    let cold = learnt(&cold).unwrap();
    let elsewhere = "No clock of the contract is decided yet: this is how clocks went elsewhere.";
    assert_eq!(cold, elsewhere);
}

#[test]
fn an_empty_list_says_whether_less_was_requested() {
    let none = v1::ForecastClocksResponse::default();
    for (flags, said) in [
        (&[][..], "No clock is open."),
        (&["--target", "resolve"], "No such clock is open."),
        (&["--at-least", "0.5"], "No such clock is open."),
        (&["--incident", "A", "--incident", "B"], "No such clock of A, B is open."),
    ] {
        assert_eq!(show(&none, &arguments(flags), &times()), said);
    }
}

#[test]
fn a_thought_stands_beside_what_is_with_the_reasons() {
    let mut supposed = v1::ClockForecast { breach_probability: 0.2, ..waiting() };
    let effort = "2 h of work is left, and 3 h to do it: a breach is less likely";
    supposed.reasons.push(v1::ForecastReason { text: effort.into(), log_odds: -0.6 });
    let shown = compare(&[waiting()], &[supposed], &times());
    let expected = "\
TARGET PRIORITY PHASE DUE LEFT BREACH STOPS START BY IDLE
as it is resolve P2 paused - 3h 00m 61% Fri 2026-10-16 11:20 - -
what if resolve P2 paused - 3h 00m 20% Fri 2026-10-16 11:20 - -

resolve, what if:
it has waited for the client since Tuesday 14:05 CEST; of 212 like it 61 % were late
62 % of the limit is used while it waits for the client: a breach is more likely
group L2 has it: a breach is slightly less likely
2 h of work is left, and 3 h to do it: a breach is less likely

Nothing is recorded.

Learnt from 1312 decided clocks of the contract.";
    assert_eq!(without_gaps(&shown), expected);
    assert_eq!(compare(&[], &[], &times()), "No clock of it is open, and none would be.");
}

/// Finding 10: "0h 00m" left and 76 %.
#[test]
fn what_is_left_is_never_zero_but_where_it_is_none() {
    let of = |seconds, nanos| left(Duration { seconds, nanos });
    assert_eq!(of(0, 0), "none");
    assert_eq!((of(0, 1), of(59, 999)), ("<1m".to_owned(), "<1m".to_owned()));
    assert_eq!((of(60, 0), of(7_259, 5)), ("0h 01m".to_owned(), "2h 00m".to_owned()));
    assert_eq!((of(0, -1), of(-3_661, -1)), ("-<1m".to_owned(), "-1h 01m".to_owned()));
}

#[test]
fn an_incident_s_clock_shows_its_forecast_in_lines() {
    let clock = waiting().clock.unwrap_or_default();
    let forecast = v1::BreachForecast {
        probability: 0.614,
        stop_time_p50: at("2026-10-16T09:20:31.5Z"),
        stop_time_p90: at("2026-10-19T12:00:00Z"),
        summary: waiting().summary,
        reasons: vec!["group L2 has it: a breach is slightly less likely".into()],
        learnt_clocks: 1_312,
        ..Default::default()
    };
    let expected = "\
forecast: 61% to breach; in half of all cases it stops by Fri 2026-10-16 11:20, in nine of ten by \
Mon 2026-10-19 14:00
  it has waited for the client since Tuesday 14:05 CEST; of 212 like it 61 % were late
  group L2 has it: a breach is slightly less likely
  (learnt from 1312 decided clocks of the contract)";
    assert_eq!(breach_forecast::lines(&clock, &forecast, &times()), expected);
    let late = v1::Clock { outcome: v1::Outcome::Breached as i32, ..clock };
    let forecast = v1::BreachForecast { stop_time_p90: None, learnt_clocks: 0, ..forecast };
    let shown = breach_forecast::lines(&late, &forecast, &times());
    let first = "forecast: late already; in half of all cases it stops by Fri 2026-10-16 11:20\n";
    assert!(shown.starts_with(first), "{shown}");
}
