//! How late clocks are, of which the priority was lowered or that began again: a breach remains,
//! and so does what it was over its limit. And what rests without a limit.

use super::Clock;
use super::testing::{Case, TestCalendars, at, target};
use crate::domain::calendar::Calendars;
use crate::domain::time::{Instant, Span};

/// The hours by which each clock is late as of an instant.
fn late(words: &str, timeline: &str, as_of: &str) -> Vec<Span> {
    let case = Case::new([target(words)], timeline);
    case.evaluated(at(as_of), |evaluation| evaluation.clocks.iter().map(Clock::lateness).collect())
}

fn hours(hours: &[i64]) -> Vec<Span> {
    hours.iter().map(|hours| Span::from_hours(*hours)).collect()
}

/// P18: two hours late when it was resolved: what comes later takes none of them away.
#[test]
fn what_it_was_over_its_limit_when_it_ended_remains() {
    let story = "Mon 09:00 opened P1
                 Mon 15:00 resolved
                 Mon 16:00 priority P2
                 Mon 16:00 reopened
                 Mon 18:00 resolved";
    for (policy, after) in [
        ("from_start", 2),
        ("from_change", 2),
        ("carry_elapsed", 2),
        // 150 % of the new limit, and two hours.
        ("carry_fraction", 12),
        ("frozen", 4),
    ] {
        let words = format!("resolution P1=4:00 P2=20:00 {policy}");
        assert_eq!(late(&words, story, "Mon 15:30"), hours(&[2]), "{policy}");
        assert_eq!(late(&words, story, "Tue 00:00"), hours(&[after]), "{policy}");
        let restart = format!("{words} restart");
        assert_eq!(late(&restart, story, "Tue 00:00"), hours(&[2]), "{policy}, from zero");
        let cycles = format!("{words} new_cycle");
        assert_eq!(late(&cycles, story, "Tue 00:00"), hours(&[2, 0]), "{policy}, anew");
    }
    // Over the later limit by more.
    let again = "Mon 09:00 opened P1
                 Mon 15:00 resolved
                 Mon 16:00 reopened
                 Mon 23:00 resolved";
    assert_eq!(late("resolution P1=4:00 restart", again, "Tue 00:00"), hours(&[3]));
}

/// P18: likewise of a priority that is lowered while it is late. From the start the new limit
/// counts as though it had always been: nothing is late then.
#[test]
fn what_it_was_over_its_limit_as_the_priority_was_lowered_remains() {
    let story = "Mon 09:00 opened P1
                 Mon 15:00 priority P2
                 Mon 18:00 resolved";
    for (policy, left) in
        [("from_change", 2), ("carry_elapsed", 2), ("carry_fraction", 13), ("from_start", 0)]
    {
        let words = format!("resolution P1=4:00 P2=20:00 {policy}");
        assert_eq!(late(&words, story, "Tue 00:00"), hours(&[left]), "{policy}");
    }
    Case::new([target("resolution P1=4:00 P2=20:00 from_change")], story)
        .check("Tue 00:00 | stopped breached 3:00 of 20:00 due Tue 11:00 over Mon 13:00")
        .evaluated(at("Tue 00:00"), |evaluation| {
            let said = &evaluation.clocks[0].notes;
            assert_eq!(
                said.join(""),
                "it was 02:00:00 over its limit before it counted otherwise: that remains"
            );
        });
}

/// P5: as much of it counts as had gone by an instant, by what was agreed then.
#[test]
fn lateness_is_cut_at_the_end_of_a_period() {
    let story = "Mon 09:00 opened P1
                 Mon 15:00 priority P2
                 Tue 13:00 resolved";
    let case = Case::new([target("resolution P1=4:00 P2=20:00 from_change")], story);
    case.evaluated(at("Wed 00:00"), |evaluation| {
        let clock = &evaluation.clocks[0];
        let hours_of = |id: &str| TestCalendars.in_force(id, Instant::MIN).map(|found| found.hours);
        let by = |end: &str| {
            let cut = clock.up_to(at(end), |segment| hours_of(segment.calendar_id));
            cut.map(|cut| cut.lateness())
        };
        let late = ["Mon 12:00", "Mon 13:00", "Mon 14:00", "Mon 15:00", "Mon 20:00", "Tue 12:30"];
        let expected = [0, 0, 60, 120, 120, 120].map(|minutes| Some(Span::from_minutes(minutes)));
        assert_eq!(late.map(by), expected);
        assert_eq!(clock.lateness(), Span::from_hours(2), "22 h of 20 h, and 2 h of 4 h before");
    });
}

/// P18: a total is late by a cycle that was late alone, too, and does not become met by a priority
/// that is lowered.
#[test]
fn a_cycle_of_a_total_that_was_late_stays_so() {
    let words = "resolution P1=4:00 P2=20:00 new_cycle total";
    let story = "Mon 09:00 opened P1
                 Mon 15:00 resolved
                 Mon 16:00 priority P2
                 Mon 16:00 reopened
                 Mon 18:00 resolved";
    Case::new([target(words)], story).check_verdicts("Tue 00:00 | breached 8:00 of 20:00 by 0");
}

/// V1: without a limit a clock is cancelled. Once there is one again it goes on, and the time
/// between does not count.
#[test]
fn nothing_is_breached_while_the_priority_has_no_limit() {
    let story = "Mon 09:00 opened P1
                 Mon 12:00 priority P9
                 Mon 15:00 priority P2
                 Mon 18:00 resolved";
    for (policy, then) in [
        ("from_change", "stopped met 3:00 of 20:00 due Tue 11:00"),
        ("carry_elapsed", "stopped met 6:00 of 20:00 due Tue 08:00"),
        ("carry_fraction", "stopped met 18:00 of 20:00 due Mon 20:00"),
    ] {
        Case::new([target(&format!("resolution P1=4:00 P2=20:00 {policy}"))], story)
            .check(&format!("Mon 14:00 | cancelled undecided 3:00 of 4:00\nTue 00:00 | {then}"));
    }
    let back = "Mon 09:00 opened P1\nMon 12:00 priority P9\nTue 12:00 priority P1";
    Case::new([target("resolution P1=4:00 carry_elapsed")], back)
        .check("Tue 12:30 | running undecided 3:30 of 4:00 due Tue 13:00")
        .check_segments(
            "Tue 12:30",
            "Mon 09:00 - Mon 12:00 running 3:00 by e1
             Mon 12:00 - Tue 12:00 cancelledgap 0:00 by e2 due Tue 13:00
             Tue 12:00 - Tue 12:00 adjustment 0:00 by e3
             Tue 12:00 - Tue 12:30 running 0:30 by e3",
        );
    // As though it had always been.
    Case::new([target("resolution P1=4:00")], back)
        .check("Tue 12:30 | running breached 27:30 of 4:00 due Mon 13:00 over Mon 13:00");
    // In a pause, after an end, and at last without one.
    let other = "Mon 09:00 opened P1
                 Mon 10:00 priority P9
                 Mon 11:00 waits client
                 Mon 12:00 waits provider
                 Mon 13:00 resolved
                 Mon 14:00 reopened
                 Mon 15:00 priority P2
                 Mon 16:00 priority P9";
    Case::new([target("resolution P1=4:00 P2=20:00 carry_elapsed pause=client")], other).check(
        "Mon 15:30 | running undecided 1:30 of 20:00 due Tue 10:00
         Mon 17:00 | cancelled undecided 2:00 of 20:00",
    );
}
