//! Limits in working days: they end at the close of a day, and count as service time until then.

use proptest::prelude::*;

use super::properties::{a_target, history, settings};
use super::testing::{Case, Figures, at, target};
use super::{Clock, WarnAt, Warning};
use crate::domain::contract::{Allowed, OnPriorityChange, OnReopen, Target};
use crate::domain::time::{Instant, Span};

fn case(words: &str, timeline: &str) -> Case {
    Case::new([target(words)], timeline)
}

/// C8: within three working days: the day of the start is none of them, whenever on it the clock
/// starts; weekends are none either.
#[test]
fn a_limit_of_working_days_ends_at_the_close_of_the_last() {
    for (opened, due) in [
        ("Mon 08:00", "Thu 17:00"),
        ("Mon 09:00", "Thu 17:00"),
        ("Mon 16:59", "Thu 17:00"),
        ("Mon 18:00", "Thu 17:00"),
        ("Tue 00:00", "Fri 17:00"),
        ("Wed 12:00", "Mon+1 17:00"),
        ("Fri 18:00", "Wed+1 17:00"),
        ("Sat 12:00", "Wed+1 17:00"),
        ("Sun 23:59", "Wed+1 17:00"),
    ] {
        let case = case("resolution P1=3days/office", &format!("{opened} opened P1"));
        case.evaluated(at(opened), |evaluation| {
            let clock = &evaluation.clocks[0];
            assert_eq!(clock.due_time, Some(at(due)), "{opened}");
            assert_eq!(clock.original_due_time, Some(at(due)), "{opened}");
        });
    }
}

/// C8: counted from the day of the start, if any of its hours are left then.
#[test]
fn the_day_of_the_start_may_be_the_first() {
    for (opened, due) in [
        ("Mon 08:00", "Mon 17:00"),
        ("Mon 16:59", "Mon 17:00"),
        ("Mon 17:00", "Tue 17:00"),
        ("Fri 18:00", "Mon+1 17:00"),
        ("Sun 12:00", "Mon+1 17:00"),
    ] {
        let case = case("resolution P1=1th_day/office", &format!("{opened} opened P1"));
        case.evaluated(at(opened), |evaluation| {
            assert_eq!(evaluation.clocks[0].due_time, Some(at(due)), "{opened}");
        });
    }
}

/// C8: the close itself is met; the first late instant is the next opening.
#[test]
fn the_close_of_the_last_working_day_is_met() {
    let story = |end: &str| format!("Mon 15:00 opened P1\n{end} resolved");
    let words = "resolution P1=1days/office";
    case(words, &story("Tue 17:00")).check("Wed 12:00 | stopped met 10:00 of 10:00 due Tue 17:00");
    case(words, &story("Wed 09:00")).check("Wed 12:00 | stopped met 10:00 of 10:00 due Tue 17:00");
    case(words, &story("Wed 09:00:00.000000001")).check(
        "Wed 12:00 | stopped breached 10:00:00.000000001 of 10:00 due Tue 17:00 over Wed 09:00",
    );
    case("resolution P1=1days/office due_at_opening", &story("Wed 10:00"))
        .check("Mon 16:00 | running undecided 1:00 of 10:00 due Wed 09:00");
    case("resolution P1=1days", &story("Wed 10:00"))
        .check("Mon 16:00 | running undecided 1:00 of 33:00 due Wed 00:00");
}

/// C8: a pause of so much service time moves the due time by that much.
#[test]
fn a_pause_moves_the_due_time_by_its_service_time() {
    case(
        "resolution P1=1days/office pause=client warn=50",
        "Mon 15:00 opened P1
         Mon 16:00 waits client
         Tue 10:00 waits provider
         Wed 10:00 resolved",
    )
    .check(
        "Mon 15:30 | running undecided 0:30 of 10:00 due Tue 17:00
         Tue 12:00 | running undecided 3:00 of 10:00 due Wed 11:00
         Thu 00:00 | stopped met 9:00 of 10:00 due Wed 11:00",
    )
    .evaluated(at("Thu 00:00"), |evaluation| {
        let clock = &evaluation.clocks[0];
        assert_eq!(
            clock.notes,
            ["1 working day from 2024-01-01T15:00:00Z are 10:00:00 of service time, until the \
              close at 2024-01-02T17:00:00Z"]
        );
        let half = clock.warnings.iter().find(|warning| warning.at == WarnAt::Percent(50));
        assert_eq!(half.unwrap().time, Some(at("Tue 14:00")));
    });
}

/// C8: what begins anew ends at the close of a day again.
#[test]
fn what_counts_anew_ends_at_the_close_of_a_day_again() {
    let story = "Mon 15:00 opened P1
                 Mon 16:00 resolved
                 Wed 11:00 reopened";
    let by = |policy: &str| case(&format!("resolution P1=1days/office {policy}"), story);
    by("").check("Wed 12:00 | running undecided 2:00 of 10:00 due Thu 12:00");
    by("restart").check("Wed 12:00 | running undecided 1:00 of 14:00 due Thu 17:00");
    by("new_cycle").check(
        "Wed 12:00 | stopped met 1:00 of 10:00 due Tue 17:00; \
            running undecided 1:00 of 14:00 due Thu 17:00",
    );
}

/// C8: another priority has other days: from the start, or from the change on.
#[test]
fn a_change_of_priority_counts_its_days_from_where_its_policy_says() {
    let story = "Mon 15:00 opened P1\nTue 11:00 priority P2";
    let by =
        |policy: &str| case(&format!("resolution P1=1days/office P2=2days/office {policy}"), story);
    by("from_start").check("Tue 12:00 | running undecided 5:00 of 18:00 due Wed 17:00");
    by("carry_elapsed").check("Tue 12:00 | running undecided 5:00 of 18:00 due Wed 17:00");
    by("from_change").check("Tue 12:00 | running undecided 1:00 of 22:00 due Thu 17:00");
    by("frozen").check("Tue 12:00 | running undecided 5:00 of 10:00 due Tue 17:00");
    by("frozen lowered=from_change")
        .check("Tue 12:00 | running undecided 1:00 of 22:00 due Thu 17:00");
    // Fewer days are the higher priority; hours and days can't be compared: the first is higher.
    by("frozen raised=from_change")
        .check("Tue 12:00 | running undecided 5:00 of 10:00 due Tue 17:00");
    let mixed = "resolution P1=1days/office P2=2:00/office frozen lowered=from_change";
    case(mixed, story).check("Tue 12:00 | running undecided 1:00 of 2:00 due Tue 13:00");
}

/// C8: while it is pending, the limit is that of a clock which starts now.
#[test]
fn a_pending_clock_shows_the_limit_it_would_have() {
    case("next_reply P1=1days/office", "Mon 09:00 opened P1\nTue 15:00 replied").check(
        "Mon 13:00 | pending undecided 0:00 of 12:00
         Tue 12:00 | pending undecided 0:00 of 13:00
         Tue 16:00 | running undecided 1:00 of 10:00 due Wed 17:00",
    );
}

/// The figures of clocks, without what explains them.
fn figures(case: &Case, as_of: Instant) -> Vec<(Figures, Span, Vec<Warning>)> {
    let of = |clock: &Clock<'_>| (Figures::of(clock), clock.limit, clock.warnings.clone());
    case.evaluated(as_of, |evaluation| evaluation.clocks.iter().map(of).collect())
}

proptest! {
    #![proptest_config(settings(1000))]

    /// C8: once it has started, a limit of working days is one of service time like any other.
    #[test]
    fn working_days_count_like_the_service_time_they_come_to(
        by_time in a_target().prop_filter("counts from the start", |target| {
            !matches!(target.on_reopen, OnReopen::Restart | OnReopen::NewCycle)
                && target.on_priority_change != OnPriorityChange::FromChange
        }),
        events in history(),
        count in 1..6u16,
        second in 0..10 * 86_400i64,
    ) {
        let of = |allowed: Allowed, target: &Target| {
            let mut target = target.clone();
            target.limits.truncate(1);
            target.limits[0].limit = allowed;
            target.limits[0].priority = String::new();
            Case::of([target], events.clone())
        };
        let opened = events[0].value.occur_time;
        let as_of = opened.checked_add(Span::from_seconds(second)).unwrap();
        let days = format!("resolution *={count}days");
        let days = of(target(&days).limits[0].limit, &by_time);
        let span = days.evaluated(opened, |evaluation| evaluation.clocks[0].limit);
        let by_time = of(span.into(), &by_time);
        prop_assert_eq!(figures(&days, as_of), figures(&by_time, as_of));
    }
}
