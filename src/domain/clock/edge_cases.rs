//! Known edge cases of incident clocks, each a timeline with the expected clocks at some instants.

use super::testing::{Case, condition, target};
use crate::domain::contract::{Answer, ClockAction, Target};
use crate::domain::incident::WaitingOn;

/// Opened Monday 10:00 as P1, which becomes P2 at 11:00.
const FASTER_AT_ELEVEN: &str = "
    Mon 10:00 opened P1
    Mon 11:00 priority P2";

/// Due Monday 16:00; two hours between resolution and reopening.
const REOPENED: &str = "
    Mon 09:00 opened P1
    Mon 13:00 resolved
    Mon 15:00 reopened";

fn faster(policy: &str) -> Case {
    Case::new([target(&format!("resolution P1=3:00 P2=2:00 {policy}"))], FASTER_AT_ELEVEN)
}

fn reopened(policy: &str) -> Case {
    Case::new([target(&format!("resolution P1=7:00 {policy}"))], REOPENED)
}

// Service hours.

#[test]
fn friday_afternoon_runs_on_monday_morning() {
    Case::new([target("resolution *=1:00/office")], "Fri 16:30 opened P1")
        .check("Fri 16:45 | running undecided 0:15 of 1:00 due Mon+1 09:30");
    Case::new([target("resolution *=4:00/long")], "Mon 17:00 opened P1")
        .check("Mon 20:00 | running undecided 1:00 of 4:00 due Tue 11:00");
}

#[test]
fn opened_at_night_it_counts_from_the_next_opening() {
    Case::new([target("resolution *=1:00/early")], "Mon 20:30 opened P1").check(
        "Mon 20:30 | running undecided 0:00 of 1:00 due Tue 09:00
         Tue 08:00 | running undecided 0:00 of 1:00 due Tue 09:00
         Tue 08:30 | running undecided 0:30 of 1:00 due Tue 09:00",
    );
}

#[test]
fn pending_from_friday_to_monday_is_two_service_hours() {
    Case::new(
        [target("resolution *=8:00/office pause=client")],
        "Fri 15:00 opened P1
         Fri 16:00 waits client
         Mon+1 10:00 waits provider",
    )
    .check("Mon+1 10:00 | running undecided 1:00 of 8:00 due Mon+1 17:00")
    .check_segments(
        "Mon+1 11:00",
        "Fri 15:00 - Fri 16:00 running 1:00 by e1
         Fri 16:00 - Mon+1 10:00 paused 0:00 by e2 due Mon+1 17:00
         Mon+1 10:00 - Mon+1 11:00 running 1:00 by e3",
    );
}

#[test]
fn a_pause_outside_service_hours_moves_nothing() {
    Case::new(
        [target("resolution *=8:00/office pause=client")],
        "Mon 15:00 opened P1
         Mon 18:00 waits client
         Tue 08:00 waits provider",
    )
    .check("Tue 09:00 | running undecided 2:00 of 8:00 due Tue 15:00")
    .check_segments(
        "Tue 09:00",
        "Mon 15:00 - Mon 18:00 running 2:00 by e1
         Mon 18:00 - Tue 08:00 paused 0:00 by e2
         Tue 08:00 - Tue 09:00 running 0:00 by e3",
    );
}

#[test]
fn the_calendar_revision_of_the_start_measures_to_the_end() {
    Case::new([target("resolution *=10:00/moving")], "Tue 16:00 opened P1")
        .check("Wed 10:00 | running undecided 2:00 of 10:00 due Thu 10:00");
    Case::new([target("resolution *=10:00/moving")], "Wed 00:00 opened P1")
        .check("Wed 10:00 | running undecided 2:00 of 10:00 due Thu 10:00");
}

#[test]
fn hours_that_never_come_give_no_due_instant() {
    Case::new([target("resolution *=1:00/never")], "Mon 10:00 opened P1")
        .check("Sun+90 10:00 | running undecided 0:00 of 1:00");
}

// Limits.

#[test]
fn equality_is_met_and_a_nanosecond_more_is_not() {
    let case = |resolved: &str| {
        let timeline = format!("Mon 10:00 opened P1\n{resolved} resolved");
        Case::new([target("resolution *=1:00")], &timeline)
    };
    case("Mon 10:59:59.999999999")
        .check("Tue 00:00 | stopped met 0:59:59.999999999 of 1:00 due Mon 11:00");
    case("Mon 11:00").check(
        "Mon 10:59:59.999999999 | running undecided 0:59:59.999999999 of 1:00 due Mon 11:00
         Mon 11:00 | stopped met 1:00 of 1:00 due Mon 11:00
         Tue 00:00 | stopped met 1:00 of 1:00 due Mon 11:00",
    );
    case("Mon 11:00:00.000000001").check(
        "Mon 11:00 | running undecided 1:00 of 1:00 due Mon 11:00
         Tue 00:00 | stopped breached 1:00:00.000000001 of 1:00 due Mon 11:00 over Mon 11:00",
    );
}

#[test]
fn due_at_closing_time_is_not_breached_before_the_next_opening() {
    Case::new([target("resolution *=2:00/office")], "Fri 15:00 opened P1").check(
        "Fri 17:00 | running undecided 2:00 of 2:00 due Fri 17:00
         Fri 23:00 | running undecided 2:00 of 2:00 due Fri 17:00
         Mon+1 09:00 | running undecided 2:00 of 2:00 due Fri 17:00
         Mon+1 09:00:00.000000001 | running breached 2:00:00.000000001 of 2:00 \
            due Fri 17:00 over Mon+1 09:00",
    );
    Case::new(
        [target("resolution *=2:00/office")],
        "Fri 15:00 opened P1
         Sat 12:00 resolved",
    )
    .check("Sun 00:00 | stopped met 2:00 of 2:00 due Fri 17:00");
}

#[test]
fn a_priority_without_a_limit_gives_no_clock() {
    Case::new([target("resolution P1=2:00")], "Mon 10:00 opened P9").check("Mon 11:00 |");
    Case::new([target("resolution P1=2:00 *=8:00")], "Mon 10:00 opened P9")
        .check("Mon 11:00 | running undecided 1:00 of 8:00 due Mon 18:00");
}

#[test]
fn a_priority_that_gets_a_limit_later_counts_from_the_start() {
    let timeline = "
        Mon 10:00 opened P9
        Mon 11:00 priority P1";
    Case::new([target("resolution P1=2:00")], timeline).check(
        "Mon 10:59 |
         Mon 11:00 | running undecided 1:00 of 2:00 due Mon 12:00",
    );
    Case::new([target("resolution P1=2:00 from_change")], timeline)
        .check("Mon 11:30 | running undecided 0:30 of 2:00 due Mon 13:00");
    Case::new([target("resolution P1=2:00 carry_elapsed")], timeline)
        .check("Mon 11:30 | running undecided 1:30 of 2:00 due Mon 12:00");
}

#[test]
fn frozen_without_a_limit_at_the_start_stays_without() {
    Case::new(
        [target("resolution P1=2:00 frozen")],
        "Mon 10:00 opened P9
         Mon 11:00 priority P1",
    )
    .check("Mon 11:30 |");
}

#[test]
fn a_limit_that_never_ruled_is_not_breached() {
    Case::new(
        [target("resolution P1=8:00 P2=1:00 from_change")],
        "Mon 08:00 opened P9
         Mon 13:00 priority P1
         Mon 14:00 priority P2
         Mon 14:30 resolved",
    )
    .check(
        "Mon 13:30 | running undecided 0:30 of 8:00 due Mon 21:00
         Mon 15:00 | stopped met 0:30 of 1:00 due Mon 15:00",
    );
}

#[test]
fn a_priority_that_loses_its_limit_cancels_the_clock() {
    let timeline = "
        Mon 10:00 opened P1
        Mon 11:00 priority P9
        Mon 12:00 priority P1";
    Case::new([target("resolution P1=4:00")], timeline).check(
        "Mon 11:30 | cancelled undecided 1:00 of 4:00
         Mon 12:30 | running undecided 2:30 of 4:00 due Mon 14:00",
    );
}

// Changes of priority.

#[test]
fn from_start_the_new_limit_counts_from_the_start() {
    faster("from_start").check(
        "Mon 10:30 | running undecided 0:30 of 3:00 due Mon 13:00
         Mon 11:30 | running undecided 1:30 of 2:00 due Mon 12:00",
    );
    Case::new(
        [target("resolution P1=4:00 P2=1:00")],
        "Mon 10:00 opened P1
         Mon 13:00 priority P2",
    )
    .check(
        "Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00
         Mon 13:00 | running breached 3:00 of 1:00 due Mon 11:00 over Mon 11:00",
    );
}

#[test]
fn from_start_a_breach_of_the_old_limit_does_not_stand() {
    Case::new(
        [target("resolution P1=1:00 P2=8:00")],
        "Mon 10:00 opened P1
         Mon 12:00 priority P2",
    )
    .check(
        "Mon 11:30 | running breached 1:30 of 1:00 due Mon 11:00 over Mon 11:00
         Mon 12:30 | running undecided 2:30 of 8:00 due Mon 18:00",
    );
}

#[test]
fn from_start_takes_the_calendar_of_the_new_priority_too() {
    Case::new(
        [target("resolution P1=4:00/always P2=4:00/office pause=client")],
        "Mon 07:00 opened P1
         Mon 08:00 waits client
         Mon 09:30 waits provider
         Mon 10:00 priority P2",
    )
    .check(
        "Mon 09:45 | running undecided 1:15 of 4:00 due Mon 12:30
         Mon 10:00 | running undecided 0:30 of 4:00 due Mon 13:30",
    );
}

#[test]
fn from_change_the_new_limit_counts_from_the_change() {
    faster("from_change")
        .check(
            "Mon 11:00 | running undecided 0:00 of 2:00 due Mon 13:00
             Mon 11:30 | running undecided 0:30 of 2:00 due Mon 13:00",
        )
        .check_segments(
            "Mon 11:30",
            "Mon 10:00 - Mon 11:00 running 1:00 by e1
             Mon 11:00 - Mon 11:00 adjustment -1:00 by e2
             Mon 11:00 - Mon 11:30 running 0:30 by e2",
        );
}

#[test]
fn carry_elapsed_holds_what_elapsed_against_the_new_limit() {
    faster("carry_elapsed").check(
        "Mon 11:00 | running undecided 1:00 of 2:00 due Mon 12:00
         Mon 11:30 | running undecided 1:30 of 2:00 due Mon 12:00",
    );
    let too_late = "
        Mon 10:00 opened P1
        Mon 12:30 priority P2";
    Case::new([target("resolution P1=3:00 P2=2:00 carry_elapsed")], too_late).check(
        "Mon 12:29 | running undecided 2:29 of 3:00 due Mon 13:00
         Mon 12:30 | running breached 2:30 of 2:00 due Mon 12:30 over Mon 12:30",
    );
}

#[test]
fn carry_elapsed_to_exactly_the_new_limit_is_not_over_it() {
    Case::new(
        [target("resolution P1=3:00 P2=2:00 carry_elapsed")],
        "Mon 10:00 opened P1
         Mon 12:00 priority P2
         Mon 12:00 resolved order=1",
    )
    .check("Mon 13:00 | stopped met 2:00 of 2:00 due Mon 12:00");
}

#[test]
fn carry_fraction_keeps_the_share_used() {
    faster("carry_fraction").check(
        "Mon 11:00 | running undecided 0:40 of 2:00 due Mon 12:20
         Mon 11:30 | running undecided 1:10 of 2:00 due Mon 12:20",
    );
}

#[test]
fn frozen_the_priority_at_the_start_rules() {
    faster("frozen")
        .check("Mon 11:30 | running undecided 1:30 of 3:00 due Mon 13:00")
        .check_segments(
            "Mon 11:30",
            "Mon 10:00 - Mon 11:00 running 1:00 by e1
         Mon 11:00 - Mon 11:30 running 0:30 by e2",
        );
}

#[test]
fn a_breach_before_a_change_that_counts_from_it_stands() {
    for (policy, now) in [
        ("from_change", "0:30 of 8:00 due Mon 20:00"),
        ("carry_elapsed", "2:30 of 8:00 due Mon 18:00"),
    ] {
        Case::new(
            [target(&format!("resolution P1=1:00 P2=8:00 {policy}"))],
            "Mon 10:00 opened P1
             Mon 12:00 priority P2",
        )
        .check(&format!("Mon 12:30 | running breached {now} over Mon 11:00"));
    }
}

#[test]
fn a_priority_changed_in_the_instant_of_the_end_rules_the_verdict() {
    let timeline = "
        Mon 10:00 opened P1
        Mon 12:30 priority P2
        Mon 12:30 resolved";
    let case = |policy: &str| {
        Case::new([target(&format!("resolution P1=3:00 P2=2:00 {policy}"))], timeline)
    };
    case("from_start")
        .check("Mon 14:00 | stopped breached 2:30 of 2:00 due Mon 12:00 over Mon 12:00");
    case("carry_elapsed")
        .check("Mon 14:00 | stopped breached 2:30 of 2:00 due Mon 12:30 over Mon 12:30");
    case("from_change").check("Mon 14:00 | stopped met 0:00 of 2:00 due Mon 14:30");
    case("carry_fraction").check("Mon 14:00 | stopped met 1:40 of 2:00 due Mon 12:50");
    case("frozen").check("Mon 14:00 | stopped met 2:30 of 3:00 due Mon 13:00");
}

#[test]
fn a_priority_changed_after_the_end_changes_nothing() {
    Case::new(
        [target("resolution P1=3:00 P2=1:00")],
        "Mon 10:00 opened P1
         Mon 12:00 resolved
         Mon 13:00 priority P2",
    )
    .check("Mon 14:00 | stopped met 2:00 of 3:00 due Mon 13:00");
}

#[test]
fn a_priority_change_while_pending_keeps_the_pause() {
    let timeline = "
        Mon 10:00 opened P1
        Mon 11:00 waits client
        Mon 12:00 priority P2
        Mon 14:00 waits provider";
    let case = |policy: &str| {
        Case::new([target(&format!("resolution P1=8:00 P2=4:00 pause=client {policy}"))], timeline)
    };
    case("from_start").check(
        "Mon 13:00 | paused undecided 1:00 of 4:00
         Mon 15:00 | running undecided 2:00 of 4:00 due Mon 17:00",
    );
    case("from_change").check(
        "Mon 13:00 | paused undecided 0:00 of 4:00
         Mon 15:00 | running undecided 1:00 of 4:00 due Mon 18:00",
    );
    case("carry_elapsed").check("Mon 15:00 | running undecided 2:00 of 4:00 due Mon 17:00");
    case("carry_fraction").check("Mon 15:00 | running undecided 1:30 of 4:00 due Mon 17:30");
    case("frozen").check("Mon 15:00 | running undecided 2:00 of 8:00 due Mon 21:00");
}

#[test]
fn a_pause_with_a_maximum_is_one_across_a_change_of_priority() {
    Case::new(
        [target("resolution P1=8:00 P2=4:00 pause=client<2:00")],
        "Mon 10:00 opened P1
         Mon 11:00 waits client
         Mon 12:00 priority P2",
    )
    .check("Mon 14:00 | running undecided 2:00 of 4:00 due Mon 16:00");
}

#[test]
fn a_priority_changed_between_resolution_and_reopening_rules_from_then_on() {
    let timeline = "
        Mon 09:00 opened P1
        Mon 11:00 resolved
        Mon 12:00 priority P2
        Mon 13:00 reopened";
    let case = |policies: &str| {
        Case::new([target(&format!("resolution P1=8:00 P2=4:00 {policies}"))], timeline)
    };
    case("from_change counting_gap")
        .check("Mon 14:00 | running undecided 2:00 of 4:00 due Mon 16:00");
    case("from_change excluding_gap")
        .check("Mon 14:00 | running undecided 1:00 of 4:00 due Mon 17:00");
    case("carry_fraction counting_gap")
        .check("Mon 14:00 | running undecided 3:30 of 4:00 due Mon 14:30")
        .check_segments(
            "Mon 14:00",
            "Mon 09:00 - Mon 11:00 running 2:00 by e1
             Mon 11:00 - Mon 12:00 resolvedgap 1:00 by e2
             Mon 12:00 - Mon 12:00 adjustment -1:30 by e3 due Mon 14:30
             Mon 12:00 - Mon 13:00 resolvedgap 1:00 by e3
             Mon 13:00 - Mon 14:00 running 1:00 by e4",
        );
    case("from_start new_cycle").check(
        "Mon 14:00 | stopped met 2:00 of 8:00 due Mon 17:00; \
            running undecided 1:00 of 4:00 due Mon 17:00",
    );
}

// Reopening.

#[test]
fn reopened_excluding_the_gap_the_due_instant_moves_by_it() {
    reopened("excluding_gap")
        .check(
            "Mon 14:00 | stopped met 4:00 of 7:00 due Mon 16:00
             Mon 15:00 | running undecided 4:00 of 7:00 due Mon 18:00
             Mon 18:00 | running undecided 7:00 of 7:00 due Mon 18:00",
        )
        .check_segments(
            "Mon 16:00",
            "Mon 09:00 - Mon 13:00 running 4:00 by e1
             Mon 13:00 - Mon 15:00 resolvedgap 0:00 by e2 due Mon 18:00
             Mon 15:00 - Mon 16:00 running 1:00 by e3",
        );
}

#[test]
fn reopened_counting_the_gap_the_due_instant_stays() {
    reopened("counting_gap").check(
        "Mon 14:00 | stopped met 4:00 of 7:00 due Mon 16:00
         Mon 15:00 | running undecided 6:00 of 7:00 due Mon 16:00",
    );
    Case::new(
        [target("resolution P1=5:00 counting_gap")],
        "Mon 09:00 opened P1
         Mon 13:00 resolved
         Mon 15:00 reopened",
    )
    .check("Mon 15:00 | running breached 6:00 of 5:00 due Mon 14:00 over Mon 14:00");
}

#[test]
fn reopened_in_a_new_cycle_both_have_their_verdict() {
    reopened("new_cycle").check(
        "Mon 14:00 | stopped met 4:00 of 7:00 due Mon 16:00
         Mon 16:00 | stopped met 4:00 of 7:00 due Mon 16:00; \
            running undecided 1:00 of 7:00 due Mon 22:00",
    );
}

#[test]
fn reopened_to_restart_it_counts_from_zero_and_a_breach_stands() {
    reopened("restart").check(
        "Mon 15:00 | running undecided 0:00 of 7:00 due Mon 22:00
         Mon 16:00 | running undecided 1:00 of 7:00 due Mon 22:00",
    );
    Case::new([target("resolution P1=3:00 restart")], REOPENED)
        .check("Mon 16:00 | running breached 1:00 of 3:00 due Mon 18:00 over Mon 12:00");
}

#[test]
fn a_priority_changed_in_a_gap_is_felt_when_the_clock_goes_on() {
    let timeline = "
        Mon 09:00 opened P1
        Mon 12:00 resolved
        Mon 13:00 priority P2
        Mon 14:00 reopened";
    let case = |policy: &str| {
        let words = format!("resolution P1=4:00 P2=2:00 carry_elapsed {policy}");
        Case::new([target(&words)], timeline)
    };
    case("restart").check(
        "Mon 13:30 | stopped met 3:00 of 4:00 due Mon 13:00
         Mon 15:00 | running undecided 1:00 of 2:00 due Mon 16:00",
    );
    case("excluding_gap")
        .check("Mon 15:00 | running breached 4:00 of 2:00 due Mon 14:00 over Mon 14:00");
    case("counting_gap")
        .check("Mon 15:00 | running breached 6:00 of 2:00 due Mon 13:00 over Mon 13:00");
}

#[test]
fn reopened_and_resolved_in_one_instant_a_restart_is_at_zero() {
    Case::new(
        [target("resolution P1=7:00 restart")],
        "Mon 09:00 opened P1
         Mon 13:00 resolved
         Mon 15:00 reopened
         Mon 15:00 resolved order=1",
    )
    .check("Mon 16:00 | stopped met 0:00 of 7:00 due Mon 22:00");
}

#[test]
fn reopened_but_ignored_it_stays_stopped() {
    reopened("ignore").check("Mon 23:00 | stopped met 4:00 of 7:00 due Mon 16:00");
}

#[test]
fn a_reopening_of_what_is_open_changes_nothing() {
    Case::new(
        [target("resolution P1=7:00 restart")],
        "Mon 09:00 opened P1
         Mon 10:00 reopened",
    )
    .check("Mon 11:00 | running undecided 2:00 of 7:00 due Mon 16:00");
}

#[test]
fn a_closure_is_a_resolution_and_closing_the_resolved_moves_nothing() {
    Case::new(
        [target("resolution P1=7:00")],
        "Mon 09:00 opened P1
         Mon 13:00 resolved
         Tue 13:00 closed",
    )
    .check("Wed 00:00 | stopped met 4:00 of 7:00 due Mon 16:00");
    Case::new([target("resolution P1=7:00")], "Mon 09:00 opened P1\nMon 10:00 closed")
        .check("Wed 00:00 | stopped met 1:00 of 7:00 due Mon 16:00");
}

/// C3: what was waited on ends with every end, and after a reopening the provider is on turn.
#[test]
fn reopened_with_no_status_reported_it_runs() {
    for ends in ["resolved", "closed", "cancelled", "merged other"] {
        let timeline = format!(
            "Mon 09:00 opened P1
             Mon 09:30 waits third_party parts x V
             Mon 10:00 {ends}
             Mon 12:00 reopened"
        );
        let usual = target("resolution P1=7:00 pause=third_party pause=nobody");
        Case::new([usual], &timeline).check(
            "Mon 09:45 | paused undecided 0:30 of 7:00
             Mon 12:00 | running undecided 0:30 of 7:00 due Mon 18:30
             Mon 14:00 | running undecided 2:30 of 7:00 due Mon 18:30",
        );
    }
}

/// C3: a wait reported after the end is over at the reopening; one reported in its instant holds.
#[test]
fn a_wait_reported_between_end_and_reopening_is_over() {
    let paused_first = [
        ClockAction::Pause,
        ClockAction::Resume,
        ClockAction::Stop,
        ClockAction::Restart,
        ClockAction::Cancel,
    ];
    let usual = target("resolution P1=7:00 pause=client");
    let reordered = Target { same_instant_order: paused_first, ..usual.clone() };
    for target in [usual, reordered] {
        let case = |reported: &str| {
            let timeline = format!(
                "Mon 09:00 opened P1
                 Mon 10:00 resolved
                 {reported} waits client
                 Mon 12:00 reopened"
            );
            Case::new([target.clone()], &timeline)
        };
        case("Mon 11:00").check(
            "Mon 12:00 | running undecided 1:00 of 7:00 due Mon 18:00
             Mon 14:00 | running undecided 3:00 of 7:00 due Mon 18:00",
        );
        case("Mon 12:00").check(
            "Mon 12:00 | paused undecided 1:00 of 7:00
             Mon 14:00 | paused undecided 1:00 of 7:00",
        );
    }
}

/// C3, C9: nobody is waited on once an incident is closed, so that a status reported then pauses no
/// response that was never given.
#[test]
fn a_wait_reported_after_the_closing_pauses_nothing_that_runs_on() {
    for first in ["Mon 09:05 resolved", "Mon 09:05 restored"] {
        let timeline = format!(
            "Mon 09:00 opened P1
             {first}
             Mon 09:10 closed
             Mon 09:20 waits client"
        );
        Case::new([target("response P1=1:00 pause=client")], &timeline).check(
            "Mon 09:30 | running undecided 0:30 of 1:00 due Mon 10:00
             Mon 12:00 | running breached 3:00 of 1:00 due Mon 10:00 over Mon 10:00",
        );
    }
}

/// C3: a wait ends with the end for clocks that the end does not stop.
#[test]
fn an_end_resumes_a_clock_that_runs_on() {
    let aftercare =
        Target { stop_when: condition("closed"), ..target("custom *=8:00 pause=client") };
    let aftercare = Target { start_when: condition("opened"), ..aftercare };
    let timeline = "
        Mon 09:00 opened P1
        Mon 10:00 waits client
        Mon 11:00 resolved
        Mon 12:00 waits client
        Mon 13:00 closed";
    Case::new([aftercare], timeline).check_segments(
        "Tue 00:00",
        "Mon 09:00 - Mon 10:00 running 1:00 by e1
         Mon 10:00 - Mon 11:00 paused 0:00 by e2 due Mon 18:00
         Mon 11:00 - Mon 12:00 running 1:00 by e3
         Mon 12:00 - Mon 13:00 paused 0:00 by e4 due Mon 19:00",
    );
}

/// P20: a wait reported before the opening does not pause what starts with it; one reported with it
/// does.
#[test]
fn a_wait_reported_before_the_opening_is_over_with_it() {
    let case = |reported: &str| {
        let timeline = format!("{reported} waits client\nMon 09:00 opened P1\nMon 11:00 resolved");
        Case::new([target("resolution P1=1:00 pause=client")], &timeline)
    };
    case("Mon 08:00")
        .check("Mon 12:00 | stopped breached 2:00 of 1:00 due Mon 10:00 over Mon 10:00");
    case("Mon 09:00").check("Mon 12:00 | stopped met 0:00 of 1:00 due Mon 12:00");
}

/// P20: P1 1 h breached after 2 h, lowered to P2 10 h, reopened for a second.
#[test]
fn a_breach_with_which_a_clock_ended_is_not_undone_by_a_reopening() {
    let timeline = "
        Mon 09:00 opened P1
        Mon 11:00 resolved
        Mon 12:00 priority P2
        Mon 13:00 reopened
        Mon 13:00:01 resolved";
    for policies in ["excluding_gap", "counting_gap", "restart"] {
        let case =
            Case::new([target(&format!("resolution P1=1:00 P2=10:00 {policies}"))], timeline);
        let (over, times) = ("over Mon 10:00", ["Mon 11:30", "Mon 13:00", "Tue 00:00"]);
        for time in times {
            case.evaluated(super::testing::at(time), |evaluation| {
                let text = super::testing::clock_text(&evaluation.clocks[0]);
                assert!(text.contains("breached") && text.ends_with(over), "{policies}: {text}");
            });
        }
        case.evaluated(super::testing::at("Tue 00:00"), |evaluation| {
            let notes = &evaluation.clocks[0].notes;
            assert!(notes[0].contains("priority \"P1\""), "{notes:?}");
        });
    }
    // Lowered after the reopening it is the same; lowered while it ran, it was never breached.
    let lowered = |at: &str| {
        let timeline = format!(
            "Mon 09:00 opened P1
             Mon 11:00 resolved
             {at} priority P2
             Mon 13:00 reopened
             Mon 15:00 resolved"
        );
        Case::new([target("resolution P1=1:00 P2=10:00")], &timeline)
    };
    lowered("Mon 14:00")
        .check("Tue 00:00 | stopped breached 4:00 of 10:00 due Mon 21:00 over Mon 10:00");
    lowered("Mon 10:30").check("Tue 00:00 | stopped met 4:00 of 10:00 due Mon 21:00");
}

// Cycles.

#[test]
fn each_cycle_verdict_reads_the_cycles_its_own_way() {
    let timeline = "
        Mon 09:00 opened P1
        Mon 12:00 resolved
        Mon 13:00 reopened
        Mon 14:00 resolved
        Mon 15:00 reopened
        Mon 15:30 resolved";
    for (policy, verdict) in [
        ("first", "breached 3:00 of 2:00 by 1"),
        ("last", "met 0:30 of 2:00 by 3"),
        ("worst", "breached 3:00 of 2:00 by 1"),
        ("total", "breached 4:30 of 2:00 by 0"),
    ] {
        Case::new([target(&format!("resolution P1=2:00 new_cycle {policy}"))], timeline)
            .check_verdicts(&format!("Tue 00:00 | {verdict}"));
    }
    Case::new([target("resolution P1=5:00 new_cycle total")], timeline).check_verdicts(
        "Mon 13:30 | undecided 3:30 of 5:00 by 0
         Tue 00:00 | met 4:30 of 5:00 by 0",
    );
    Case::new([target("resolution P1=4:00 new_cycle worst")], timeline).check_verdicts(
        "Mon 13:30 | undecided 0:30 of 4:00 by 2
         Tue 00:00 | met 3:00 of 4:00 by 1",
    );
}

#[test]
fn the_total_of_one_cycle_is_that_cycles_verdict() {
    Case::new(
        [target("resolution P1=1:00 P2=8:00 carry_elapsed total")],
        "Mon 10:00 opened P1
         Mon 12:00 priority P2
         Mon 13:00 resolved",
    )
    .check("Tue 00:00 | stopped breached 3:00 of 8:00 due Mon 18:00 over Mon 11:00")
    .check_verdicts("Tue 00:00 | breached 3:00 of 8:00 by 0");
}

// Pauses.

#[test]
fn a_pause_stands_still_and_its_clock_has_no_due_instant() {
    Case::new(
        [target("resolution *=4:00 pause=client warn=50")],
        "Mon 10:00 opened P1
         Mon 11:00 waits client
         Mon 13:00 waits provider",
    )
    .check(
        "Mon 11:00 | paused undecided 1:00 of 4:00
         Mon 12:00 | paused undecided 1:00 of 4:00
         Mon 13:00 | running undecided 1:00 of 4:00 due Mon 16:00",
    );
}

#[test]
fn only_the_reasons_named_pause() {
    let rules = "resolution *=8:00 pause=client:holiday pause=client:parts<1:00";
    Case::new(
        [target(rules)],
        "Mon 10:00 opened P1
         Mon 11:00 waits client whim
         Mon 12:00 waits client parts
         Mon 14:00 waits client holiday",
    )
    .check(
        "Mon 12:00 | paused undecided 2:00 of 8:00 due Mon 19:00
         Mon 14:00 | paused undecided 3:00 of 8:00
         Tue 14:00 | paused undecided 3:00 of 8:00",
    )
    .check_segments(
        "Mon 15:00",
        "Mon 10:00 - Mon 11:00 running 1:00 by e1
         Mon 11:00 - Mon 12:00 running 1:00 by e2
         Mon 12:00 - Mon 13:00 paused 0:00 by e3 due Mon 19:00
         Mon 13:00 - Mon 14:00 pauseexhausted 1:00
         Mon 14:00 - Mon 15:00 paused 0:00 by e4 due Mon 20:00",
    );
}

#[test]
fn past_its_maximum_a_paused_clock_runs_on() {
    Case::new(
        [target("resolution *=4:00 pause=client<2:00")],
        "Mon 10:00 opened P1
         Mon 11:00 waits client",
    )
    .check(
        "Mon 11:00 | paused undecided 1:00 of 4:00 due Mon 16:00
         Mon 12:00 | paused undecided 1:00 of 4:00 due Mon 16:00
         Mon 13:00 | paused undecided 1:00 of 4:00 due Mon 16:00
         Mon 13:00:00.000000001 | running undecided 1:00:00.000000001 of 4:00 due Mon 16:00
         Mon 17:00 | running breached 5:00 of 4:00 due Mon 16:00 over Mon 16:00",
    );
}

#[test]
fn the_maximum_is_service_time() {
    let case = Case::new(
        [target("resolution *=4:00/office pause=client<2:00")],
        "Fri 15:00 opened P1
         Fri 16:00 waits client
         Sat 12:00 waits client . chased",
    );
    case.check(
        "Fri 23:00 | paused undecided 1:00 of 4:00 due Mon+1 13:00
         Mon+1 10:00 | paused undecided 1:00 of 4:00 due Mon+1 13:00
         Mon+1 11:00 | running undecided 2:00 of 4:00 due Mon+1 13:00",
    );
}

#[test]
fn one_pause_over_several_statuses_has_one_maximum() {
    Case::new(
        [target("resolution *=8:00 pause=client<2:00")],
        "Mon 10:00 opened P1
         Mon 11:00 waits client . question
         Mon 12:00 waits client . question.again
         Mon 14:00 waits client . question.still
         Mon 16:00 waits provider
         Mon 17:00 waits client",
    )
    .check(
        "Mon 12:00 | paused undecided 1:00 of 8:00 due Mon 20:00
         Mon 14:00 | running undecided 2:00 of 8:00 due Mon 20:00
         Mon 15:00 | running undecided 3:00 of 8:00 due Mon 20:00
         Mon 17:00 | paused undecided 5:00 of 8:00 due Mon 22:00",
    );
}

#[test]
fn an_exhausted_pause_stays_so_at_night() {
    Case::new(
        [target("resolution *=8:00/office pause=client<2:00")],
        "Mon 13:00 opened P1
         Mon 14:00 waits client
         Mon 20:00 waits client . chased",
    )
    .check(
        "Mon 19:00 | running undecided 2:00 of 8:00 due Tue 15:00
         Mon 21:00 | running undecided 2:00 of 8:00 due Tue 15:00",
    );
}

#[test]
fn another_rules_pause_has_its_own_maximum_from_its_first_instant() {
    let rules = "resolution *=8:00 pause=client<1:00 pause=third_party<2:00 pause=nobody";
    Case::new(
        [target(rules)],
        "Mon 10:00 opened P1
         Mon 11:00 waits client
         Mon 13:00 waits third_party
         Mon 14:00 waits nobody",
    )
    .check(
        "Mon 11:00 | paused undecided 1:00 of 8:00 due Mon 19:00
         Mon 13:00 | paused undecided 2:00 of 8:00 due Mon 21:00
         Mon 13:30 | paused undecided 2:00 of 8:00 due Mon 21:00
         Mon 14:00 | paused undecided 2:00 of 8:00
         Mon 15:00 | paused undecided 2:00 of 8:00",
    );
}

#[test]
fn a_condition_pauses_beside_the_rules() {
    let paused = Target {
        pause_when: condition("group == 'suppliers'"),
        ..target("resolution *=8:00 pause=client")
    };
    Case::new(
        [paused],
        "Mon 10:00 opened P1
         Mon 11:00 assigned suppliers
         Mon 12:00 waits client
         Mon 13:00 assigned desk
         Mon 14:00 waits provider",
    )
    .check(
        "Mon 13:30 | paused undecided 1:00 of 8:00
         Mon 15:00 | running undecided 2:00 of 8:00 due Mon 21:00",
    );
}

// What depends on other clocks and on the client.

#[test]
fn each_update_ends_a_cycle_and_begins_the_next() {
    Case::new(
        [target("update *=2:00")],
        "Mon 10:00 opened P1
         Mon 11:00 updated
         Mon 14:00 updated
         Mon 15:00 resolved",
    )
    .check(
        "Mon 10:30 | running undecided 0:30 of 2:00 due Mon 12:00
         Mon 13:30 | stopped met 1:00 of 2:00 due Mon 12:00; \
            running breached 2:30 of 2:00 due Mon 13:00 over Mon 13:00
         Tue 00:00 | stopped met 1:00 of 2:00 due Mon 12:00; \
            stopped breached 3:00 of 2:00 due Mon 13:00 over Mon 13:00; \
            stopped met 1:00 of 2:00 due Mon 16:00",
    );
}

#[test]
fn an_update_in_the_instant_of_resolution_begins_no_cycle() {
    Case::new(
        [target("update *=2:00")],
        "Mon 10:00 opened P1
         Mon 11:00 updated
         Mon 11:00 resolved",
    )
    .check("Tue 00:00 | stopped met 1:00 of 2:00 due Mon 12:00");
}

#[test]
fn updates_start_after_the_response() {
    Case::new(
        [target("response *=1:00"), target("update *=2:00 after=response")],
        "Mon 10:00 opened P1
         Mon 10:30 responded
         Mon 12:00 updated",
    )
    .check(
        "Mon 10:15 | running undecided 0:15 of 1:00 due Mon 11:00; pending undecided 0:00 of 2:00
         Mon 11:00 | stopped met 0:30 of 1:00 due Mon 11:00; \
            running undecided 0:30 of 2:00 due Mon 12:30
         Mon 12:30 | stopped met 0:30 of 1:00 due Mon 11:00; \
            stopped met 1:30 of 2:00 due Mon 12:30; \
            running undecided 0:30 of 2:00 due Mon 14:00",
    );
}

#[test]
fn a_frozen_clock_waits_for_another_like_any() {
    Case::new(
        [target("response P1=1:00"), target("update P1=2:00 after=response frozen")],
        "Mon 10:00 opened P1
         Mon 10:30 responded",
    )
    .check(
        "Mon 10:15 | running undecided 0:15 of 1:00 due Mon 11:00; pending undecided 0:00 of 2:00
         Mon 11:00 | stopped met 0:30 of 1:00 due Mon 11:00; \
            running undecided 0:30 of 2:00 due Mon 12:30",
    );
}

#[test]
fn what_started_after_a_resolution_stays_started_when_it_is_reopened() {
    let aftercare = Target {
        stop_when: condition("status == 'checked'"),
        ..target("custom *=8:00 after=resolution")
    };
    Case::new([target("resolution *=4:00"), aftercare], REOPENED).check(
        "Mon 14:00 | stopped met 4:00 of 4:00 due Mon 13:00; \
            running undecided 1:00 of 8:00 due Mon 21:00
         Mon 16:00 | running breached 5:00 of 4:00 due Mon 13:00 over Mon 15:00; \
            running undecided 3:00 of 8:00 due Mon 21:00",
    );
}

#[test]
fn a_next_reply_clock_runs_while_the_client_waits() {
    Case::new(
        [target("next_reply *=1:00")],
        "Mon 10:00 opened P1
         Mon 11:00 replied
         Mon 11:30 replied
         Mon 11:45 updated
         Mon 13:00 replied
         Mon 13:10 responded
         Mon 14:00 replied
         Mon 14:30 resolved",
    )
    .check(
        "Mon 10:30 | pending undecided 0:00 of 1:00
         Mon 11:40 | running undecided 0:40 of 1:00 due Mon 12:00
         Mon 12:00 | stopped met 0:45 of 1:00 due Mon 12:00
         Tue 00:00 | stopped met 0:45 of 1:00 due Mon 12:00; \
            stopped met 0:10 of 1:00 due Mon 14:00; \
            running breached 10:00 of 1:00 due Mon 15:00 over Mon 15:00",
    );
}

#[test]
fn a_response_is_the_first_of_all_that_are_one() {
    let case = |answers: &[Answer], fact: &str| {
        let timeline = format!("Mon 10:00 opened P1\nMon 10:30 {fact}\nMon 12:00 reopened");
        let response = Target { answered_by: answers.into(), ..target("response *=1:00") };
        Case::new([response], &timeline)
    };
    let met = "Mon 13:00 | stopped met 0:30 of 1:00 due Mon 11:00";
    let runs = "Mon 13:00 | running breached 3:00 of 1:00 due Mon 11:00 over Mon 11:00";
    for fact in ["responded", "updated"] {
        case(&[], fact).check(met);
        case(&[Answer::Resolved], fact).check(runs);
    }
    // C9: an end is no answer, unless the target says so.
    for fact in ["restored", "resolved", "closed"] {
        case(&[], fact).check(runs);
        case(&[Answer::Restored], fact).check(met);
        let by_resolution = if fact == "restored" { runs } else { met };
        case(&[Answer::Resolved], fact).check(by_resolution);
    }
}

/// C9: closed without an answer and reopened, the client still waits.
#[test]
fn who_closes_without_an_answer_has_not_answered() {
    for end in ["closed", "resolved", "restored"] {
        let timeline = format!(
            "Mon 09:00 opened P1
             Mon 09:00 replied
             Mon 10:00 {end}
             Mon 11:00 reopened"
        );
        Case::new([target("response *=4:00"), target("next_reply *=4:00")], &timeline).check(
            "Mon 10:30 | running undecided 1:30 of 4:00 due Mon 13:00; \
                running undecided 1:30 of 4:00 due Mon 13:00
             Mon 12:00 | running undecided 3:00 of 4:00 due Mon 13:00; \
                running undecided 3:00 of 4:00 due Mon 13:00
             Mon 14:00 | running breached 5:00 of 4:00 due Mon 13:00 over Mon 13:00; \
                running breached 5:00 of 4:00 due Mon 13:00 over Mon 13:00",
        );
    }
}

/// C9: an answer reported with the end is one, and a reopening does not undo it.
#[test]
fn an_answer_in_the_instant_of_the_end_is_one() {
    Case::new(
        [target("response *=4:00"), target("next_reply *=4:00")],
        "Mon 09:00 opened P1
         Mon 09:00 replied
         Mon 10:00 resolved
         Mon 10:00 updated
         Mon 11:00 reopened",
    )
    .check(
        "Mon 12:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
            stopped met 1:00 of 4:00 due Mon 13:00",
    );
}

/// C9: a wait that outlives a cancellation goes on; it does not begin anew.
#[test]
fn a_wait_for_a_reply_goes_on_after_a_cancellation() {
    Case::new(
        [target("next_reply *=4:00")],
        "Mon 09:00 opened P1
         Mon 09:00 replied
         Mon 10:00 cancelled
         Mon 11:00 reopened",
    )
    .check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
}

/// C9: a reply to what is resolved waits from the reopening on.
#[test]
fn a_reply_after_the_resolution_is_awaited_from_the_reopening_on() {
    Case::new(
        [target("next_reply *=4:00")],
        "Mon 09:00 opened P1
         Mon 10:00 resolved
         Mon 10:30 replied
         Mon 12:00 reopened",
    )
    .check(
        "Mon 11:00 | pending undecided 0:00 of 4:00
         Mon 13:00 | running undecided 1:00 of 4:00 due Mon 16:00",
    );
}

#[test]
fn a_restoration_ends_before_the_resolution_and_goes_on_when_reopened() {
    Case::new(
        [target("restoration *=4:00")],
        "Mon 10:00 opened P1
         Mon 11:00 restored
         Mon 12:00 resolved
         Mon 13:00 reopened
         Mon 14:00 resolved",
    )
    .check(
        "Mon 12:30 | stopped met 1:00 of 4:00 due Mon 14:00
         Tue 00:00 | stopped met 2:00 of 4:00 due Mon 16:00",
    );
}

// Conditions.

#[test]
fn whether_a_target_applies_is_evaluated_when_its_clock_starts() {
    let target =
        Target { applies_when: condition("group == 'network'"), ..target("resolution *=4:00") };
    Case::new(
        [target.clone()],
        "Mon 10:00 opened P1
         Mon 11:00 assigned network",
    )
    .check("Mon 12:00 |");
    Case::new(
        [target],
        "Mon 10:00 opened P1
         Mon 10:00 assigned network
         Mon 11:00 assigned desk",
    )
    .check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
}

#[test]
fn conditions_start_stop_restart_and_cancel() {
    let custom = Target {
        start_when: condition("group == 'second'"),
        stop_when: condition("status == 'done'"),
        restart_when: condition("status == 'again'"),
        cancel_when: condition("status == 'void'"),
        ..target("custom *=2:00")
    };
    let case = |status: &str| {
        let timeline = format!(
            "Mon 10:00 opened P1
             Mon 11:00 assigned second
             Mon 12:00 waits provider . {status}
             Mon 12:30 assigned second"
        );
        Case::new([custom.clone()], &timeline)
    };
    case("done").check(
        "Mon 10:30 | pending undecided 0:00 of 2:00
         Mon 11:30 | running undecided 0:30 of 2:00 due Mon 13:00
         Mon 13:00 | stopped met 1:00 of 2:00 due Mon 13:00",
    );
    case("again").check(
        "Mon 13:00 | stopped met 1:00 of 2:00 due Mon 13:00; \
            running undecided 1:00 of 2:00 due Mon 14:00",
    );
    case("void").check("Mon 13:00 | cancelled undecided 1:00 of 2:00");
}

/// C2: what is true at the opening does not become true.
#[test]
fn a_restart_that_holds_from_the_opening_on_ends_no_cycle() {
    let restart = condition("priority == 'P1'");
    let resolution = Target { restart_when: restart, ..target("resolution *=4:00 first") };
    let case = |timeline: &str| Case::new([resolution.clone()], timeline);
    case("Mon 09:00 opened P1\nMon 15:00 resolved")
        .check("Tue 00:00 | stopped breached 6:00 of 4:00 due Mon 13:00 over Mon 13:00")
        .check_verdicts("Tue 00:00 | breached 6:00 of 4:00 by 1");
    // Once it was false it becomes true.
    case("Mon 09:00 opened P1\nMon 10:00 priority P2\nMon 11:00 priority P1\nMon 15:00 resolved")
        .check(
            "Tue 00:00 | stopped met 2:00 of 4:00 due Mon 13:00; \
                stopped met 4:00 of 4:00 due Mon 15:00",
        );
    // In the instant of the opening there is no cycle yet that could end.
    case("Mon 09:00 opened P2\nMon 09:00 priority P1 order=1\nMon 15:00 resolved")
        .check("Tue 00:00 | stopped breached 6:00 of 4:00 due Mon 13:00 over Mon 13:00");
}

/// C2: what starts a clock does not restart it.
#[test]
fn a_restart_in_the_instant_of_the_start_ends_no_cycle() {
    let second = || condition("group == 'G2'");
    let custom =
        Target { start_when: second(), restart_when: second(), ..target("custom *=4:00 first") };
    let custom = Target { stop_when: condition("resolved"), ..custom };
    Case::new(
        [custom],
        "Mon 09:00 opened P1
         Mon 10:00 assigned G2
         Mon 11:00 assigned G1
         Mon 12:00 assigned G2
         Mon 17:00 resolved",
    )
    .check(
        "Mon 09:30 | pending undecided 0:00 of 4:00
         Mon 11:30 | running undecided 1:30 of 4:00 due Mon 14:00
         Tue 00:00 | stopped met 2:00 of 4:00 due Mon 14:00; \
            stopped breached 5:00 of 4:00 due Mon 16:00 over Mon 16:00",
    );
}

/// C2: an update with the opening, or a second one in an instant, ends no cycle of no time.
#[test]
fn an_update_in_the_instant_in_which_a_cycle_begins_ends_none() {
    Case::new(
        [target("update *=2:00 first")],
        "Mon 10:00 opened P1
         Mon 10:00 updated
         Mon 13:00 updated order=1
         Mon 13:00 updated order=2",
    )
    .check(
        "Mon 14:00 | stopped breached 3:00 of 2:00 due Mon 12:00 over Mon 12:00; \
            running undecided 1:00 of 2:00 due Mon 15:00",
    );
}

/// P17: `restart_when` becoming true while stopped starts the next cycle.
#[test]
fn a_restart_while_stopped_begins_the_next_cycle() {
    let custom = Target {
        start_when: condition("status == 'work'"),
        stop_when: condition("status == 'done'"),
        restart_when: condition("status == 'again'"),
        ..target("custom *=4:00")
    };
    for policy in ["excluding_gap", "counting_gap", "restart", "ignore", "new_cycle"] {
        let custom =
            Target { on_reopen: target(&format!("custom {policy}")).on_reopen, ..custom.clone() };
        Case::new(
            [custom],
            "Mon 09:00 opened P1
             Mon 09:00 waits provider . work
             Mon 10:00 waits provider . done
             Mon 12:00 waits provider . again",
        )
        .check(
            "Mon 11:00 | stopped met 1:00 of 4:00 due Mon 13:00
             Mon 13:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
                running undecided 1:00 of 4:00 due Mon 16:00",
        );
    }
}

/// P17: while something still stops the clock, a restart begins nothing: it does when the clock
/// goes on.
#[test]
fn a_restart_of_what_is_resolved_begins_nothing() {
    let restart = condition("group == 'G2'");
    let resolution = Target { restart_when: restart, ..target("resolution *=4:00") };
    let case = |reopened: &str| {
        let timeline = format!(
            "Mon 09:00 opened P1
             Mon 10:00 resolved
             Mon 11:00 assigned G2
             {reopened} reopened"
        );
        Case::new([resolution.clone()], &timeline)
    };
    case("Mon 12:00").check(
        "Mon 11:30 | stopped met 1:00 of 4:00 due Mon 13:00
         Mon 13:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
            running undecided 1:00 of 4:00 due Mon 16:00",
    );
    case("Mon 11:00").check(
        "Mon 13:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
            running undecided 2:00 of 4:00 due Mon 15:00",
    );
}

/// P17: an update in the instant of the reopening begins a cycle of its own.
#[test]
fn an_update_with_the_reopening_begins_the_next_cycle() {
    Case::new(
        [target("update *=2:00")],
        "Mon 09:00 opened P1
         Mon 10:00 resolved
         Mon 12:00 reopened
         Mon 12:00 updated",
    )
    .check(
        "Mon 13:00 | stopped met 1:00 of 2:00 due Mon 11:00; \
            running undecided 1:00 of 2:00 due Mon 14:00",
    );
}

/// An owner's clock: 15 minutes from each assignment until somebody updates the client.
fn owner_clock() -> Target {
    Target {
        start_when: condition("assignee != ''"),
        restart_when: condition("changed.assignee && assignee != ''"),
        stop_when: condition("update_count > 0"),
        ..target("custom *=0:15 id=owner")
    }
}

/// C6: 15 minutes each owner.
#[test]
fn each_owner_has_a_clock_of_its_own() {
    Case::new(
        [owner_clock()],
        "Mon 09:00 opened P1
         Mon 09:00 assigned desk ann
         Mon 09:10 assigned desk bob
         Mon 09:20 updated",
    )
    .check(
        "Mon 09:05 | running undecided 0:05 of 0:15 due Mon 09:15
         Mon 10:00 | stopped met 0:10 of 0:15 due Mon 09:15; \
            stopped met 0:10 of 0:15 due Mon 09:25",
    );
    // Assigned again, the owner is the same; taken from everybody, nobody's clock begins.
    Case::new(
        [owner_clock()],
        "Mon 09:00 opened P1
         Mon 09:05 assigned desk ann
         Mon 09:10 assigned second ann
         Mon 09:15 assigned second
         Mon 09:30 updated",
    )
    .check("Mon 10:00 | stopped breached 0:25 of 0:15 due Mon 09:20 over Mon 09:20");
    // Each owner in turn, back and forth.
    Case::new(
        [owner_clock()],
        "Mon 09:00 opened P1
         Mon 09:00 assigned desk ann
         Mon 09:10 assigned desk bob
         Mon 09:20 assigned desk ann
         Mon 09:40 updated",
    )
    .check(
        "Mon 10:00 | stopped met 0:10 of 0:15 due Mon 09:15; \
            stopped met 0:10 of 0:15 due Mon 09:25; \
            stopped breached 0:20 of 0:15 due Mon 09:35 over Mon 09:35",
    );
}

/// C6: a clock that starts with one change stops with another, and a later one does not resume it.
#[test]
fn a_stop_by_a_change_holds_until_a_reopening_or_restart() {
    let handling = Target {
        start_when: condition("changed.group && group == 'G2'"),
        stop_when: condition("changed.group"),
        ..target("custom *=4:00")
    };
    let timeline = "
        Mon 09:00 opened P1
        Mon 10:00 assigned G2
        Mon 11:00 assigned G3
        Mon 12:00 priority P2
        Mon 13:00 assigned G2";
    Case::new([handling.clone()], timeline).check(
        "Mon 09:30 | pending undecided 0:00 of 4:00
         Mon 10:30 | running undecided 0:30 of 4:00 due Mon 14:00
         Mon 14:00 | stopped met 1:00 of 4:00 due Mon 14:00",
    );
    let again = Target { restart_when: condition("changed.group && group == 'G2'"), ..handling };
    Case::new([again.clone()], timeline)
        .check("Mon 14:00 | stopped met 1:00 of 4:00 due Mon 14:00");
    let by_state = Target { stop_when: condition("group != 'G2'"), ..again };
    Case::new([by_state], timeline).check(
        "Mon 14:00 | stopped met 1:00 of 4:00 due Mon 14:00; \
            running undecided 1:00 of 4:00 due Mon 17:00",
    );
}

/// C6: a clock that a change cancels stays so, and goes on after a reopening of the incident.
#[test]
fn a_cancellation_by_a_change_holds() {
    let resolution =
        Target { cancel_when: condition("changed.group"), ..target("resolution *=4:00") };
    Case::new(
        [resolution],
        "Mon 09:00 opened P1
         Mon 09:00 assigned G1
         Mon 10:00 assigned G2
         Mon 11:00 priority P2
         Mon 13:00 reopened",
    )
    .check(
        "Mon 12:00 | cancelled undecided 1:00 of 4:00
         Mon 14:00 | running undecided 2:00 of 4:00 due Mon 16:00",
    );
}

/// C6: what an incident is opened with is no change; what the facts of its instant make of it is.
#[test]
fn at_the_opening_only_later_facts_change_anything() {
    let custom = |start: &str| Target {
        start_when: condition(start),
        stop_when: condition("resolved"),
        ..target("custom *=4:00")
    };
    let timeline = "Mon 09:00 opened P1\nMon 09:00 assigned G1";
    Case::new([custom("changed.priority")], timeline)
        .check("Mon 10:00 | pending undecided 0:00 of 4:00");
    Case::new([custom("changed.group")], timeline)
        .check("Mon 10:00 | running undecided 1:00 of 4:00 due Mon 13:00");
}

/// C10: between cancel_when true and false again it was cancelled, and the provider was on turn.
#[test]
fn the_time_in_which_a_clock_was_cancelled_shows_as_such() {
    let resolution = |policy: &str| Target {
        cancel_when: condition("status == 'void'"),
        ..target(&format!("resolution *=8:00 {policy}"))
    };
    let timeline = "
        Mon 09:00 opened P1
        Mon 10:00 waits provider . void
        Mon 11:00 waits third_party . void V
        Mon 12:00 waits provider . valid";
    let case = Case::new([resolution("excluding_gap")], timeline);
    case.check_segments(
        "Mon 13:00",
        "Mon 09:00 - Mon 10:00 running 1:00 by e1
         Mon 10:00 - Mon 11:00 cancelledgap 0:00 by e2 due Mon 18:00
         Mon 11:00 - Mon 12:00 cancelledgap 0:00 by e3 due Mon 19:00
         Mon 12:00 - Mon 13:00 running 1:00 by e4",
    );
    case.evaluated(super::testing::at("Mon 13:00"), |evaluation| {
        let segments = &evaluation.clocks[0].segments;
        assert_eq!(segments[1].waiting_on, WaitingOn::Provider);
        assert_eq!((segments[2].waiting_on, segments[2].third_party), (WaitingOn::ThirdParty, "V"));
    });
    Case::new([resolution("counting_gap")], timeline).check_segments(
        "Mon 13:00",
        "Mon 09:00 - Mon 10:00 running 1:00 by e1
         Mon 10:00 - Mon 11:00 cancelledgap 1:00 by e2
         Mon 11:00 - Mon 12:00 cancelledgap 1:00 by e3
         Mon 12:00 - Mon 13:00 running 1:00 by e4",
    );
    Case::new([resolution("new_cycle")], timeline).check_segments(
        "Mon 13:00",
        "Mon 09:00 - Mon 10:00 running 1:00 by e1
         Mon 10:00 - Mon 11:00 cancelledgap 0:00 by e2 due Mon 19:00
         Mon 11:00 - Mon 12:00 cancelledgap 0:00 by e3 due Mon 20:00
         Mon 12:00 - Mon 13:00 running 1:00 by e4",
    );
}

/// C10: an incident that was cancelled and reopened, and one that was resolved, are distinguished.
#[test]
fn a_cancelled_incident_has_no_resolved_gap() {
    for (end, kind) in [
        ("cancelled", "cancelledgap"),
        ("merged other", "cancelledgap"),
        ("resolved", "resolvedgap"),
    ] {
        let timeline = format!("Mon 09:00 opened P1\nMon 10:00 {end}\nMon 11:00 reopened");
        let case = Case::new([target("resolution *=8:00")], &timeline);
        case.check_segments(
            "Mon 12:00",
            &format!(
                "Mon 09:00 - Mon 10:00 running 1:00 by e1
                 Mon 10:00 - Mon 11:00 {kind} 0:00 by e2 due Mon 18:00
                 Mon 11:00 - Mon 12:00 running 1:00 by e3"
            ),
        );
        case.evaluated(super::testing::at("Mon 12:00"), |evaluation| {
            assert_eq!(evaluation.clocks[0].segments[1].waiting_on, WaitingOn::Nobody);
        });
    }
}

/// C11: due at closing time, a clock is neither late nor over its limit until the next opening.
#[test]
fn between_a_due_time_at_closing_and_the_next_opening_nothing_is_decided() {
    let case = |resolved: &str| {
        let timeline = format!("Mon 09:00 opened P1\n{resolved}");
        Case::new([target("resolution *=8:00/office")], &timeline)
    };
    case("").check(
        "Mon 19:00 | running undecided 8:00 of 8:00 due Mon 17:00
         Tue 09:00 | running undecided 8:00 of 8:00 due Mon 17:00
         Tue 10:00 | running breached 9:00 of 8:00 due Mon 17:00 over Tue 09:00",
    );
    case("Tue 09:00 resolved").check("Tue 10:00 | stopped met 8:00 of 8:00 due Mon 17:00");
}

#[test]
fn a_condition_that_fails_does_not_hold_and_leaves_a_note() {
    let target = Target {
        pause_when: condition("attributes.site == 'closed'"),
        ..target("resolution *=4:00")
    };
    let case = Case::new([target], "Mon 10:00 opened P1\nMon 11:00 assigned desk");
    case.check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
    case.evaluated(super::testing::at("Mon 12:00"), |evaluation| {
        let notes = &evaluation.clocks[0].notes;
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("attributes.site == 'closed'"), "{notes:?}");
    });
}

// Ends.

#[test]
fn cancelled_and_merged_clocks_end_undecided_unless_they_were_breached() {
    for fact in ["cancelled", "merged other"] {
        let timeline = format!("Mon 10:00 opened P1\nMon 11:00 {fact}");
        Case::new([target("resolution *=4:00")], &timeline)
            .check("Tue 00:00 | cancelled undecided 1:00 of 4:00");
        Case::new([target("resolution *=0:30")], &timeline)
            .check("Tue 00:00 | cancelled breached 1:00 of 0:30 due Mon 10:30 over Mon 10:30");
    }
}

#[test]
fn a_cancelled_incident_that_is_reopened_goes_on() {
    Case::new(
        [target("resolution *=4:00")],
        "Mon 10:00 opened P1
         Mon 11:00 cancelled
         Mon 12:00 reopened",
    )
    .check("Mon 13:00 | running undecided 2:00 of 4:00 due Mon 15:00");
}

#[test]
fn resolved_the_moment_it_opens_is_met_with_nothing_elapsed() {
    Case::new(
        [target("response *=1:00"), target("resolution *=4:00")],
        "Mon 10:00 opened P1
         Mon 10:00 responded
         Mon 10:00 resolved",
    )
    .check(
        "Mon 09:59 |
         Mon 10:00 | stopped met 0:00 of 1:00 due Mon 11:00; stopped met 0:00 of 4:00 due Mon 14:00
         Tue 00:00 | stopped met 0:00 of 1:00 due Mon 11:00; stopped met 0:00 of 4:00 due Mon 14:00",
    );
}

#[test]
fn of_one_instant_stop_comes_before_cancel_unless_the_contract_says_otherwise() {
    let timeline = "
        Mon 10:00 opened P1
        Mon 11:00 resolved
        Mon 11:00 cancelled";
    let usual = target("resolution *=4:00");
    let cancel_first = [
        ClockAction::Cancel,
        ClockAction::Stop,
        ClockAction::Restart,
        ClockAction::Pause,
        ClockAction::Resume,
    ];
    Case::new([Target { same_instant_order: cancel_first, ..usual.clone() }], timeline)
        .check("Tue 00:00 | cancelled undecided 1:00 of 4:00");
    Case::new([usual], timeline).check("Tue 00:00 | stopped met 1:00 of 4:00 due Mon 14:00");
}

#[test]
fn resolved_and_reopened_in_one_instant_is_as_though_neither_was() {
    Case::new(
        [target("resolution *=4:00 new_cycle")],
        "Mon 10:00 opened P1
         Mon 11:00 reopened
         Mon 11:00 resolved",
    )
    .check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
    Case::new(
        [target("resolution *=4:00 new_cycle")],
        "Mon 10:00 opened P1
         Mon 11:00 reopened order=2
         Mon 11:00 resolved order=1",
    )
    .check(
        "Mon 12:00 | stopped met 1:00 of 4:00 due Mon 14:00; \
            running undecided 1:00 of 4:00 due Mon 15:00",
    );
}

// Revisions.

/// A revision under which the clock would start later has taken it over, and the next lets it run.
#[test]
fn a_clock_that_pends_under_one_revision_runs_again_under_the_next() {
    let pending =
        Target { start_when: condition("group == 'second'"), ..target("resolution *=4:00") };
    Case::new([target("resolution *=4:00")], "Mon 09:00 opened P1\nMon 12:00 assigned second")
        .revised("Mon 10:00", &[pending], true)
        .revised("Mon 11:00", &[target("resolution *=4:00")], true)
        .check(
            "Mon 09:30 | running undecided 0:30 of 4:00 due Mon 13:00
             Mon 11:30 | running undecided 2:30 of 4:00 due Mon 13:00
             Mon 12:30 | running undecided 3:30 of 4:00 due Mon 13:00",
        );
}

#[test]
fn the_revision_of_the_start_rules_to_the_end() {
    Case::new([target("resolution *=4:00")], "Mon 10:00 opened P1")
        .revised("Mon 11:00", &[target("resolution *=1:00")], false)
        .check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
    Case::new([target("resolution *=4:00")], "Mon 11:00 opened P1")
        .revised("Mon 11:00", &[target("resolution *=1:00")], false)
        .check("Mon 12:00 | running undecided 1:00 of 1:00 due Mon 12:00");
}

#[test]
fn a_clock_that_starts_later_is_ruled_by_the_later_revision() {
    let targets = |limit: &str| {
        [target("response *=1:00"), target(&format!("update *={limit} after=response"))]
    };
    Case::new(targets("2:00"), "Mon 10:00 opened P1\nMon 10:45 responded")
        .revised("Mon 10:30", &targets("3:00"), false)
        .check(
            "Mon 10:15 | running undecided 0:15 of 1:00 due Mon 11:00; \
                pending undecided 0:00 of 2:00
             Mon 11:00 | stopped met 0:45 of 1:00 due Mon 11:00; \
                running undecided 0:15 of 3:00 due Mon 13:45",
        );
}

#[test]
fn a_target_added_later_has_no_clock_for_what_was_opened_before() {
    Case::new([target("resolution *=4:00")], "Mon 10:00 opened P1")
        .revised("Mon 11:00", &[target("resolution *=4:00"), target("response *=1:00")], false)
        .check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
}

#[test]
fn a_revision_for_open_clocks_takes_over_what_is_undecided() {
    let case = |timeline: &str| {
        Case::new([target("resolution *=4:00")], timeline).revised(
            "Mon 12:00",
            &[target("resolution *=3:00")],
            true,
        )
    };
    case("Mon 10:00 opened P1").check(
        "Mon 11:59 | running undecided 1:59 of 4:00 due Mon 14:00
         Mon 12:00 | running undecided 2:00 of 3:00 due Mon 13:00",
    );
    case("Mon 10:00 opened P1\nMon 11:30 resolved")
        .check("Tue 00:00 | stopped met 1:30 of 4:00 due Mon 14:00");
    case("Mon 07:00 opened P1")
        .check("Mon 12:30 | running breached 5:30 of 4:00 due Mon 11:00 over Mon 11:00");
}

#[test]
fn a_revision_for_open_clocks_leaves_the_cycles_that_were_decided() {
    Case::new(
        [target("update *=3:00")],
        "Mon 08:00 opened P1
         Mon 10:00 updated",
    )
    .revised("Mon 10:30", &[target("update *=1:00")], true)
    .check(
        "Mon 10:45 | stopped met 2:00 of 3:00 due Mon 11:00; \
            running undecided 0:45 of 1:00 due Mon 11:00",
    );
}

#[test]
fn a_cycle_that_begins_later_is_ruled_by_the_later_revision() {
    Case::new(
        [target("update *=3:00")],
        "Mon 08:00 opened P1
         Mon 10:00 updated
         Mon 12:00 updated",
    )
    .revised("Mon 11:00", &[target("update *=1:00")], false)
    .check(
        "Mon 12:30 | stopped met 2:00 of 3:00 due Mon 11:00; \
            stopped met 2:00 of 3:00 due Mon 13:00; running undecided 0:30 of 1:00 due Mon 13:00",
    );
}

#[test]
fn an_ended_contract_gives_no_new_clocks_and_keeps_the_old() {
    let targets = [target("response *=1:00"), target("update *=1:00 after=response")];
    Case::new(targets.clone(), "Mon 10:00 opened P1\nMon 10:30 responded")
        .ended("Mon 10:15")
        .check(
            "Mon 10:10 | running undecided 0:10 of 1:00 due Mon 11:00; \
                pending undecided 0:00 of 1:00
             Mon 11:00 | stopped met 0:30 of 1:00 due Mon 11:00",
        );
    Case::new(targets, "Mon 10:15 opened P1").ended("Mon 10:15").check("Mon 11:00 |");
}

/// C4: no cycle begins after the contract's end, by an update...
#[test]
fn no_cycle_begins_after_the_contracts_end() {
    let case = |end: &str| {
        Case::new(
            [target("update *=2:00")],
            "Mon 10:00 opened P1
             Mon 11:00 updated
             Mon 13:30 updated
             Mon 14:00 updated",
        )
        .ended(end)
    };
    case("Mon 12:00").check(
        "Mon 13:00 | stopped met 1:00 of 2:00 due Mon 12:00; \
            running undecided 2:00 of 2:00 due Mon 13:00
         Mon 13:40 | stopped met 1:00 of 2:00 due Mon 12:00; \
            stopped breached 2:30 of 2:00 due Mon 13:00 over Mon 13:00
         Mon 20:00 | stopped met 1:00 of 2:00 due Mon 12:00; \
            stopped breached 2:30 of 2:00 due Mon 13:00 over Mon 13:00",
    );
    // From the end on, not after it.
    case("Mon 11:00").check("Mon 20:00 | stopped met 1:00 of 2:00 due Mon 12:00");
}

/// C4: ... by a reopening, a reply, a restart, or another clock's stop.
#[test]
fn nothing_starts_a_clock_after_the_contracts_end() {
    let reopened = |policy: &str| {
        Case::new([target(&format!("resolution P1=7:00 {policy}"))], REOPENED).ended("Mon 14:00")
    };
    reopened("new_cycle").check("Mon 23:00 | stopped met 4:00 of 7:00 due Mon 16:00");
    // A clock that has started goes on by its terms.
    reopened("excluding_gap").check("Mon 16:00 | running undecided 5:00 of 7:00 due Mon 18:00");
    reopened("restart").check("Mon 16:00 | running undecided 1:00 of 7:00 due Mon 22:00");
    Case::new(
        [target("next_reply *=1:00")],
        "Mon 10:00 opened P1
         Mon 11:00 replied
         Mon 11:30 updated
         Mon 13:00 replied",
    )
    .ended("Mon 12:00")
    .check("Mon 13:30 | stopped met 0:30 of 1:00 due Mon 12:00");
    let restart = condition("group == 'G2'");
    let resolution = Target { restart_when: restart, ..target("resolution *=4:00") };
    Case::new([resolution], "Mon 10:00 opened P1\nMon 13:00 assigned G2")
        .ended("Mon 12:00")
        .check("Mon 14:00 | stopped met 3:00 of 4:00 due Mon 14:00");
    Case::new(
        [target("response *=4:00"), target("update *=2:00 after=response")],
        "Mon 10:00 opened P1
         Mon 13:00 responded",
    )
    .ended("Mon 12:00")
    .check("Mon 14:00 | stopped met 3:00 of 4:00 due Mon 14:00");
}

// What is known.

#[test]
fn what_is_retracted_never_happened() {
    Case::new(
        [target("resolution *=4:00")],
        "Mon 10:00 opened P1
         Mon 11:00 resolved id=wrong recorded=Mon-11:00
         Mon 15:00 retracted wrong recorded=Mon-15:00",
    )
    .check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00")
    .check("Mon 15:00 | running breached 5:00 of 4:00 due Mon 14:00 over Mon 14:00");
}

#[test]
fn what_was_known_then_is_answered_as_then() {
    let case = || {
        Case::new(
            [target("resolution *=4:00")],
            "Mon 10:00 opened P1
             Mon 11:00 resolved id=wrong recorded=Mon-11:00
             Mon 13:00 resolved corrects=wrong recorded=Mon-15:00",
        )
    };
    case()
        .known("Mon 14:59:59.999999999")
        .check("Tue 00:00 | stopped met 1:00 of 4:00 due Mon 14:00");
    case().known("Mon 15:00").check("Tue 00:00 | stopped met 3:00 of 4:00 due Mon 14:00");
    case().known("Mon 10:59").check("Mon 12:00 | running undecided 2:00 of 4:00 due Mon 14:00");
}

#[test]
fn a_corrected_opening_moves_the_start() {
    Case::new(
        [target("resolution *=4:00")],
        "Mon 10:00 opened P1 id=first
         Mon 09:00 opened P1 corrects=first
         Mon 12:00 resolved",
    )
    .check("Tue 00:00 | stopped met 3:00 of 4:00 due Mon 13:00");
}

#[test]
fn what_arrives_before_the_opening_waits_for_it() {
    Case::new(
        [target("resolution *=4:00 pause=client")],
        "Mon 11:00 waits client recorded=Mon-11:00
         Mon 12:00 waits provider recorded=Mon-12:00
         Mon 10:00 opened P1 recorded=Mon-13:00",
    )
    .check("Mon 14:00 | running undecided 3:00 of 4:00 due Mon 15:00")
    .check("Mon 09:59 |");
}

#[test]
fn a_fact_sent_twice_counts_once() {
    Case::new(
        [target("update *=4:00 pause=client<1:00")],
        "Mon 10:00 opened P1 id=a
         Mon 11:00 updated id=b
         Mon 12:00 waits client id=c
         Mon 11:00 updated id=b
         Mon 10:00 opened P1 id=a
         Mon 12:00 waits client id=c",
    )
    .check(
        "Mon 13:30 | stopped met 1:00 of 4:00 due Mon 14:00; \
            running undecided 1:30 of 4:00 due Mon 16:00",
    );
}

#[test]
fn warnings_give_the_instant_they_are_reached() {
    let case = Case::new(
        [target("resolution *=4:00 pause=client warn=25 warn=50 warn=75")],
        "Mon 10:00 opened P1
         Mon 12:00 waits client",
    );
    let warned = |time: &str| {
        case.evaluated(super::testing::at(time), |evaluation| {
            let warnings = evaluation.clocks[0].warnings.iter();
            let text = warnings.map(|w| (w.reached, w.time.map(super::testing::instant_text)));
            text.collect::<Vec<_>>()
        })
    };
    let warning = |reached: bool, time: &str| (reached, Some(time.to_owned()));
    assert_eq!(
        warned("Mon 11:30"),
        [warning(true, "Mon 11:00"), warning(false, "Mon 12:00"), warning(false, "Mon 13:00")]
    );
    assert_eq!(
        warned("Mon 13:00"),
        [warning(true, "Mon 11:00"), warning(true, "Mon 12:00"), (false, None)]
    );
}
