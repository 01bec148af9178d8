//! Terms that contracts add to a clock: caps on pauses, the direction of a change of priority,
//! warnings by time, escalations, and which due time is shown.

use super::WarnAt;
use super::testing::{Case, at, instant_text, span_text, target};

/// C8: all pauses together have a maximum, beside each one's own.
#[test]
fn pauses_have_a_maximum_together() {
    let story = "
        Mon 08:00 opened P1
        Mon 09:00 waits client
        Mon 10:00 waits provider
        Mon 11:00 waits client
        Mon 14:00 waits provider
        Mon 15:00 waits client
        Mon 16:00 resolved";
    Case::new([target("resolution P1=8:00 pause=client pauses=2:00")], story)
        .check(
            "
            Mon 11:30 | paused undecided 2:00 of 8:00 due Mon 18:00
            Mon 13:00 | running undecided 3:00 of 8:00 due Mon 18:00
            Tue 08:00 | stopped met 6:00 of 8:00 due Mon 18:00",
        )
        .check_segments(
            "Tue 08:00",
            "
            Mon 08:00 - Mon 09:00 running 1:00 by e1
            Mon 09:00 - Mon 10:00 paused 0:00 by e2 due Mon 17:00
            Mon 10:00 - Mon 11:00 running 1:00 by e3
            Mon 11:00 - Mon 12:00 paused 0:00 by e4 due Mon 18:00
            Mon 12:00 - Mon 14:00 pauseexhausted 2:00
            Mon 14:00 - Mon 15:00 running 1:00 by e5
            Mon 15:00 - Mon 16:00 pauseexhausted 1:00 by e6",
        );
    Case::new([target("resolution P1=8:00 pause=client<0:30 pauses=2:00")], story)
        .check("Tue 08:00 | stopped met 6:30 of 8:00 due Mon 17:30");
}

/// C8: raising the priority does something else than lowering it.
#[test]
fn raising_and_lowering_the_priority_have_rules_of_their_own() {
    let story = |change: &str| format!("Mon 08:00 opened P2\nMon 11:00 priority {change}");
    let by = |policies: &str, change: &str| {
        let limits = "resolution P1=2:00 P2=4:00 P3=8:00";
        Case::new([target(&format!("{limits} {policies}"))], &story(change))
    };
    let directed = "raised=from_change lowered=frozen";
    by(directed, "P1").check("Mon 12:00 | running undecided 1:00 of 2:00 due Mon 13:00");
    by(directed, "P3")
        .check("Mon 12:30 | running breached 4:30 of 4:00 due Mon 12:00 over Mon 12:00");
    let started = "raised=from_start lowered=carry_elapsed";
    by(started, "P1")
        .check("Mon 12:00 | running breached 4:00 of 2:00 due Mon 10:00 over Mon 10:00");
    by(started, "P3").check("Mon 12:00 | running undecided 4:00 of 8:00 due Mon 16:00");
    // What is not said is what any change does.
    by("frozen raised=from_change", "P3")
        .check("Mon 12:30 | running breached 4:30 of 4:00 due Mon 12:00 over Mon 12:00");
}

/// What had a limit while it waited for its start was ended before it began.
#[test]
fn a_clock_that_begins_without_a_limit_is_none_in_either_way_of_priorities() {
    for policy in ["", "raised=from_change"] {
        Case::new(
            [target(&format!("next_reply P1=4:00 {policy}"))],
            "
            Mon 09:00 opened P1
            Mon 10:00 priority P9
            Mon 11:00 replied
            Mon 12:00 responded",
        )
        .check(
            "
            Mon 09:30 | pending undecided 0:00 of 4:00
            Mon 11:30 |
            Mon 13:00 |",
        );
    }
}

/// Raised, it counted from the change, and ended within the limit: no breach is left to stand.
#[test]
fn what_had_ended_in_time_by_its_own_direction_leaves_no_breach_standing() {
    Case::new(
        [target("resolution P1=4:00 P2=8:00 raised=from_change")],
        "
        Mon 09:00 opened P2
        Mon 12:00 priority P1
        Mon 15:00 resolved
        Tue 09:00 reopened
        Tue 09:00 priority P2
        Tue 10:00 resolved",
    )
    .check(
        "
        Mon 16:00 | stopped met 3:00 of 4:00 due Mon 16:00
        Wed 09:00 | stopped met 7:00 of 8:00 due Tue 11:00",
    );
}

/// C8: a breach stands when the priority is lowered, and both directions of one incident count.
#[test]
fn a_breach_stands_when_the_priority_is_lowered_by_carrying() {
    let case = Case::new(
        [target("resolution P1=2:00 P2=8:00 raised=from_start lowered=carry_elapsed")],
        "
        Mon 08:00 opened P2
        Mon 09:00 priority P1
        Mon 11:00 priority P2
        Mon 12:00 resolved",
    );
    case.check(
        "
        Mon 09:30 | running undecided 1:30 of 2:00 due Mon 10:00
        Tue 08:00 | stopped breached 4:00 of 8:00 due Mon 16:00 over Mon 10:00",
    );
}

fn warned(case: &Case, as_of: &str) -> Vec<String> {
    case.evaluated(at(as_of), |evaluation| {
        let warnings = evaluation.clocks[0].warnings.iter();
        let text = warnings.map(|warning| {
            let what = match warning.at {
                WarnAt::Percent(percent) => format!("{percent} %"),
                WarnAt::BeforeDue(before) => format!("{} before", span_text(before)),
                WarnAt::AfterDue(after) => format!("{} after", span_text(after)),
            };
            let time = warning.time.map_or("-".to_owned(), instant_text);
            format!("{what} {time}{}", if warning.reached { " reached" } else { "" })
        });
        text.collect()
    })
}

/// C8: warnings so long before it is due, and escalations after it was.
#[test]
fn warnings_stand_before_the_due_time_and_escalations_after_it() {
    let case = Case::new(
        [target("resolution P1=4:00/office warn=50 warn=150 before=0:30 before=9:00 every=8:00")],
        "Mon 14:00 opened P1",
    );
    assert_eq!(
        warned(&case, "Mon 14:30"),
        [
            "9:00 before Mon 14:00 reached",
            "50 % Mon 16:00",
            "0:30 before Tue 09:30",
            "150 % Tue 12:00",
            "8:00 after Wed 10:00",
        ]
    );
    assert_eq!(
        warned(&case, "Wed 11:00"),
        [
            "9:00 before Mon 14:00 reached",
            "50 % Mon 16:00 reached",
            "0:30 before Tue 09:30 reached",
            "150 % Tue 12:00 reached",
            "8:00 after Wed 10:00 reached",
            "16:00 after Thu 10:00",
        ]
    );
}

/// C8: a due time on a closing may be shown as the next opening; no verdict changes.
#[test]
fn a_due_time_on_a_closing_may_be_shown_as_the_next_opening() {
    let story = "Mon 09:00 opened P1\nTue 09:00 resolved";
    Case::new([target("resolution P1=8:00/office")], story).check(
        "
        Mon 12:00 | running undecided 3:00 of 8:00 due Mon 17:00
        Wed 09:00 | stopped met 8:00 of 8:00 due Mon 17:00",
    );
    Case::new([target("resolution P1=8:00/office due_at_opening")], story).check(
        "
        Mon 12:00 | running undecided 3:00 of 8:00 due Tue 09:00
        Wed 09:00 | stopped met 8:00 of 8:00 due Tue 09:00",
    );
    Case::new([target("resolution P1=7:00/office due_at_opening")], story)
        .check("Mon 12:00 | running undecided 3:00 of 7:00 due Mon 16:00");
}
