//! What begins again: restarts that came due while a clock had ended, responses to a reopening,
//! what happened while a clock was cancelled, and targets that apply late.

use super::testing::{Case, condition, target};
use crate::domain::contract::{CycleVerdict, OpenIncidents, Target};

fn case(target: &Target, timeline: &str) -> Case {
    Case::new([target.clone()], timeline)
}

fn restarting(words: &str, restart_when: &str) -> Target {
    Target { restart_when: condition(restart_when), ..target(words) }
}

/// P17: the group changed while it was stopped, so it goes on in the next cycle, whatever its
/// policy for reopenings is.
#[test]
fn a_restart_that_comes_due_while_stopped_begins_the_next_cycle_when_the_clock_goes_on() {
    let policies = ["excluding_gap", "counting_gap", "restart", "ignore", "new_cycle"];
    for policy in policies {
        let resolution = restarting(&format!("resolution *=4:00 {policy}"), "group == 'G2'");
        case(
            &resolution,
            "Mon 09:00 opened P1
             Mon 10:00 resolved
             Mon 11:00 assigned G2
             Mon 12:00 reopened
             Mon 14:00 priority P2",
        )
        .check(
            "Mon 11:30 | stopped met 1:00 of 4:00 due Mon 13:00
             Mon 13:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
                running undecided 1:00 of 4:00 due Mon 16:00
             Mon 15:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
                running undecided 3:00 of 4:00 due Mon 16:00",
        )
        .check_segments(
            "Mon 15:00",
            "Mon 09:00 - Mon 10:00 running 1:00 by e1
             Mon 10:00 - Mon 12:00 resolvedgap 0:00 by e2
             Mon 12:00 - Mon 14:00 running 2:00 by e4
             Mon 14:00 - Mon 14:00 adjustment 0:00 by e5
             Mon 14:00 - Mon 15:00 running 1:00 by e5",
        );
    }
}

/// P17: several edges while it is stopped, one that holds no longer, one in the instant of the
/// end, and none that was there before it.
#[test]
fn what_came_due_while_stopped_begins_one_cycle() {
    let resolution = restarting("resolution *=4:00", "group == 'G2'");
    let two =
        "stopped met 1:00 of 4:00 due Mon 13:00; running undecided 1:00 of 4:00 due Mon 16:00";
    let one = "running undecided 2:00 of 4:00 due Mon 15:00";
    for (facts, clocks) in [
        ("Mon 10:10 assigned G2\nMon 10:20 assigned G1\nMon 10:30 assigned G2", two),
        ("Mon 10:10 assigned G2\nMon 10:20 assigned G1", two),
        ("Mon 10:00 assigned G2", two),
        ("Mon 09:00 assigned G2", one),
        ("Mon 10:10 assigned G1", one),
    ] {
        let story = format!("Mon 09:00 opened P1\nMon 10:00 resolved\n{facts}\nMon 12:00 reopened");
        case(&resolution, &story).check(&format!("Mon 13:00 | {clocks}"));
    }
}

/// P17: likewise of a clock that was cancelled, or paused, or whose end another condition undoes;
/// and never after the end of the contract.
#[test]
fn what_came_due_while_cancelled_or_paused_begins_the_next_cycle_too() {
    let resolution = restarting("resolution *=4:00 pause=client", "group == 'G2'");
    case(
        &resolution,
        "Mon 09:00 opened P1
         Mon 10:00 cancelled
         Mon 11:00 assigned G2
         Mon 12:00 reopened",
    )
    .check(
        "Mon 11:30 | cancelled undecided 1:00 of 4:00
         Mon 13:00 | cancelled undecided 1:00 of 4:00; running undecided 1:00 of 4:00 due Mon 16:00",
    );
    case(
        &resolution,
        "Mon 09:00 opened P1
         Mon 10:00 waits client
         Mon 11:00 assigned G2
         Mon 12:00 waits provider",
    )
    .check(
        "Mon 11:30 | stopped met 1:00 of 4:00 due Mon 14:00; paused undecided 0:00 of 4:00
         Mon 13:00 | stopped met 1:00 of 4:00 due Mon 14:00; \
            running undecided 1:00 of 4:00 due Mon 16:00",
    );
    let custom = Target {
        start_when: condition("opened"),
        stop_when: condition("status == 'done'"),
        ..restarting("custom *=4:00", "group == 'G2'")
    };
    let story = "Mon 09:00 opened P1
                 Mon 10:00 waits provider . done
                 Mon 11:00 assigned G2
                 Mon 12:00 waits provider . again";
    case(&custom, story).check(
        "Mon 13:00 | stopped met 1:00 of 4:00 due Mon 13:00; \
            running undecided 1:00 of 4:00 due Mon 16:00",
    );
    case(&custom, story)
        .ended("Mon 11:30")
        .check("Mon 13:00 | stopped met 1:00 of 4:00 due Mon 13:00");
}

/// P17: an update while it was resolved begins the next cycle at the reopening.
#[test]
fn an_update_of_what_is_resolved_begins_the_next_cycle_at_the_reopening() {
    case(
        &target("update *=2:00"),
        "Mon 09:00 opened P1
         Mon 10:00 resolved
         Mon 11:00 updated
         Mon 12:00 reopened",
    )
    .check(
        "Mon 13:00 | stopped met 1:00 of 2:00 due Mon 11:00; \
            running undecided 1:00 of 2:00 due Mon 14:00",
    );
}

/// P17: what came due under another contract begins nothing: the clock starts where it comes back.
#[test]
fn a_restart_under_another_contract_begins_nothing() {
    case(
        &restarting("resolution *=4:00", "group == 'G2'"),
        "Mon 09:00 opened P1 under=contract
         Mon 10:00 moved other
         Mon 10:30 assigned G2
         Mon 11:00 moved contract
         Mon 13:00 resolved",
    )
    .check(
        "Tue 00:00 | cancelled transferred 1:00 of 4:00; stopped met 2:00 of 4:00 due Mon 15:00",
    );
}

/// C6: a stop by what changed holds nothing back that restarts in a later instant.
#[test]
fn a_stop_by_a_change_gives_way_to_a_restart() {
    let owner = Target {
        start_when: condition("assignee != ''"),
        stop_when: condition("changed.update_count"),
        ..restarting("custom *=0:15", "changed.assignee && assignee != ''")
    };
    case(
        &owner,
        "Mon 09:00 opened P1
         Mon 09:00 assigned desk ann
         Mon 09:10 updated
         Mon 09:30 assigned desk bob
         Mon 09:35 priority P2
         Mon 09:40 updated",
    )
    .check(
        "Mon 09:20 | stopped met 0:10 of 0:15 due Mon 09:15
         Mon 10:00 | stopped met 0:10 of 0:15 due Mon 09:15; \
            stopped met 0:10 of 0:15 due Mon 09:45",
    );
}

/// C8: each reopening may demand an answer of its own; by default none does.
#[test]
fn a_response_may_be_demanded_from_each_reopening() {
    let story = "Mon 09:00 opened P1
                 Mon 09:30 responded
                 Mon 10:00 resolved
                 Mon 12:00 reopened
                 Mon 12:20 priority P1
                 Mon 12:40 updated
                 Mon 13:00 closed
                 Mon 14:00 reopened";
    let first = "stopped met 0:30 of 1:00 due Mon 10:00";
    for policy in ["", "counting_gap", "restart", "ignore"] {
        case(&target(&format!("response *=1:00 {policy}")), story)
            .check(&format!("Tue 00:00 | {first}"));
    }
    case(&target("response *=1:00 new_cycle"), story)
        .check(&format!(
            "Mon 11:00 | {first}
             Mon 12:30 | {first}; running undecided 0:30 of 1:00 due Mon 13:00
             Mon 13:30 | {first}; stopped met 0:40 of 1:00 due Mon 13:00
             Mon 15:30 | {first}; stopped met 0:40 of 1:00 due Mon 13:00; \
                running breached 1:30 of 1:00 due Mon 15:00 over Mon 15:00"
        ))
        .check_verdicts("Mon 15:30 | breached 1:30 of 1:00 by 3");
}

/// C8: a response that was never given is still awaited; an answer with the reopening answers it;
/// a reopening of what is open demands nothing.
#[test]
fn a_reopening_demands_an_answer_once_the_one_before_was_given() {
    let response = target("response *=4:00 new_cycle");
    case(
        &response,
        "Mon 09:00 opened P1
         Mon 10:00 closed
         Mon 11:00 reopened
         Mon 12:00 responded",
    )
    .check("Mon 13:00 | stopped met 3:00 of 4:00 due Mon 13:00");
    let answered = "stopped met 0:30 of 4:00 due Mon 13:00";
    for facts in [
        "Mon 10:00 resolved\nMon 11:00 reopened\nMon 11:00 responded",
        "Mon 10:00 reopened",
        "Mon 10:00 resolved\nMon 10:00 reopened",
    ] {
        let story = format!("Mon 09:00 opened P1\nMon 09:30 responded\n{facts}");
        case(&response, &story).check(&format!("Mon 13:00 | {answered}"));
    }
    let later = "Mon 10:00 resolved\nMon 11:00 reopened\nMon 11:00 responded order=1";
    case(&response, &format!("Mon 09:00 opened P1\nMon 09:30 responded\n{later}"))
        .check(&format!("Mon 13:00 | {answered}; stopped met 0:00 of 4:00 due Mon 15:00"));
    case(&response, &format!("Mon 09:00 opened P1\nMon 09:30 responded\n{later}"))
        .ended("Mon 10:30")
        .check(&format!("Mon 13:00 | {answered}"));
}

/// C8: who restarts a response waits for another answer.
#[test]
fn a_response_that_restarts_waits_for_another_answer() {
    case(
        &restarting("response *=1:00", "changed.group"),
        "Mon 09:00 opened P1
         Mon 09:30 responded
         Mon 10:00 assigned G2
         Mon 10:45 responded
         Mon 11:00 assigned G3
         Mon 11:00 updated",
    )
    .check(
        "Mon 12:00 | stopped met 0:30 of 1:00 due Mon 10:00; stopped met 0:45 of 1:00 due Mon 11:00",
    );
}

/// C8: a custom target sees each response.
#[test]
fn a_condition_sees_the_second_response() {
    let answer = Target {
        start_when: condition("reopen_count > 0"),
        stop_when: condition("changed.response_count || changed.update_count"),
        ..restarting("custom *=1:00", "changed.reopen_count")
    };
    case(
        &answer,
        "Mon 09:00 opened P1
         Mon 09:30 responded
         Mon 10:00 resolved
         Mon 11:00 reopened
         Mon 11:30 responded
         Mon 12:00 resolved
         Mon 13:00 reopened
         Mon 13:20 responded",
    )
    .check(
        "Tue 00:00 | stopped met 0:30 of 1:00 due Mon 12:00; stopped met 0:20 of 1:00 due Mon 14:00",
    );
}

/// C9: a cancellation that is undone leaves the answer that was given meanwhile.
#[test]
fn an_answer_while_it_was_cancelled_is_one_once_that_is_undone() {
    let story = "Mon 09:00 opened P1
                 Mon 10:00 cancelled
                 Mon 10:30 responded
                 Mon 11:00 reopened";
    let by = |policy: &str| case(&target(&format!("response *=4:00 {policy}")), story);
    by("").check(
        "Mon 10:45 | cancelled undecided 1:00 of 4:00
         Mon 12:00 | stopped met 1:00 of 4:00 due Mon 14:00",
    );
    by("counting_gap").check("Mon 12:00 | stopped met 2:00 of 4:00 due Mon 13:00");
    by("restart").check("Mon 12:00 | stopped met 1:00 of 4:00 due Mon 14:00");
    by("ignore").check("Mon 12:00 | cancelled undecided 1:00 of 4:00");
    by("new_cycle").check(
        "Mon 12:00 | cancelled undecided 1:00 of 4:00; running undecided 1:00 of 4:00 due Mon 15:00",
    );
    case(
        &target("next_reply *=4:00"),
        "Mon 09:00 opened P1
         Mon 09:00 replied
         Mon 10:00 cancelled
         Mon 10:30 responded
         Mon 11:00 reopened",
    )
    .check("Mon 12:00 | stopped met 1:00 of 4:00 due Mon 14:00");
    let custom = Target {
        start_when: condition("opened"),
        stop_when: condition("status == 'done'"),
        cancel_when: condition("group == 'void'"),
        ..target("custom *=4:00")
    };
    case(
        &custom,
        "Mon 09:00 opened P1
         Mon 10:00 assigned void
         Mon 11:00 waits provider . done
         Mon 12:00 assigned desk
         Mon 13:00 waits provider . again",
    )
    .check(
        "Mon 12:30 | stopped met 1:00 of 4:00 due Mon 15:00
         Mon 14:00 | running undecided 2:00 of 4:00 due Mon 16:00",
    );
}

/// Facts of different order act one after the other, as though time had passed: a cycle may take
/// none. Those of one order act together, and an end comes before a reopening.
#[test]
fn a_cycle_that_is_reopened_and_resolved_in_one_instant_took_no_time() {
    let resolution = target("resolution *=4:00 new_cycle");
    let story =
        |last: &str| format!("Mon 09:00 opened P1\nMon 14:00 resolved\nMon 15:00 reopened\n{last}");
    let first = "stopped breached 5:00 of 4:00 due Mon 13:00 over Mon 13:00";
    case(&resolution, &story("Mon 15:00 resolved order=1"))
        .check(&format!("Tue 00:00 | {first}; stopped met 0:00 of 4:00 due Mon 19:00"))
        .check_verdicts("Tue 00:00 | breached 5:00 of 4:00 by 1");
    case(&resolution, &story("Mon 15:00 resolved"))
        .check(&format!("Mon 16:00 | {first}; running undecided 1:00 of 4:00 due Mon 19:00"));
}

/// C7: a request that becomes an incident gets the clock of incidents then.
#[test]
fn a_target_that_applies_once_the_details_change_starts_then() {
    let incident =
        Target { applies_when: condition("category == 'incident'"), ..target("resolution *=4:00") };
    let late = "Mon 09:00 opened P1
                Mon 11:00 category incident
                Mon 13:00 resolved";
    case(&incident, late)
        .check(
            "Mon 10:00 |
             Mon 12:00 | running undecided 1:00 of 4:00 due Mon 15:00
             Tue 00:00 | stopped met 2:00 of 4:00 due Mon 15:00",
        )
        .check_segments(
            "Mon 12:00",
            "Mon 09:00 - Mon 11:00 pending 0:00 by e1
             Mon 11:00 - Mon 12:00 running 1:00 by e2",
        );
    // What is over by then is measured from its reopening on.
    case(
        &incident,
        "Mon 09:00 opened P1
         Mon 10:00 resolved
         Mon 11:00 category incident
         Mon 12:00 reopened",
    )
    .check(
        "Mon 11:30 |
         Mon 13:00 | running undecided 1:00 of 4:00 due Mon 16:00",
    );
    // A clock that has started goes on; one change is enough.
    case(
        &incident,
        "Mon 09:00 opened P1
         Mon 10:00 category incident
         Mon 11:00 category request
         Mon 12:00 category incident",
    )
    .check("Mon 13:00 | running undecided 3:00 of 4:00 due Mon 14:00");
    // Other facts than those that say what the incident is give it no clock.
    let network =
        Target { applies_when: condition("group == 'network'"), ..target("resolution *=4:00") };
    case(
        &network,
        "Mon 09:00 opened P1
         Mon 10:00 assigned network
         Mon 11:00 assigned desk
         Mon 12:00 category incident",
    )
    .check("Mon 13:00 |");
    case(&incident, late).ended("Mon 10:00").check("Tue 00:00 |");
    Case::new([incident.clone()], late)
        .revised("Mon 10:00", std::slice::from_ref(&incident), false)
        .check("Mon 12:00 | running undecided 1:00 of 4:00 due Mon 15:00");
    let vip =
        Target { applies_when: condition("has(attributes.vip)"), ..target("response *=4:00") };
    case(&vip, "Mon 09:00 opened P1\nMon 10:00 attribute vip yes\nMon 11:00 responded")
        .check("Mon 12:00 | stopped met 1:00 of 4:00 due Mon 14:00");
    case(&vip, "Mon 09:00 opened P1\nMon 09:30 responded\nMon 10:00 attribute vip yes")
        .check("Mon 12:00 |");
}

/// C7: a cycle in which the incident left the contract, or that was cancelled, decides nothing
/// once another follows it.
#[test]
fn a_cycle_that_decided_nothing_gives_no_verdict_once_another_follows() {
    let by = |verdict, timeline: &str| {
        let resolution = Target { cycle_verdict: verdict, ..target("resolution *=4:00 new_cycle") };
        case(&resolution, timeline)
    };
    let moved = "Mon 09:00 opened P1 under=contract
                 Mon 10:00 moved other
                 Mon 12:00 moved contract
                 Mon 17:00 resolved";
    let breached = "breached 5:00 of 4:00 by 2";
    for verdict in [CycleVerdict::First, CycleVerdict::Last, CycleVerdict::Worst] {
        by(verdict, moved).check_verdicts(&format!(
            "Mon 11:00 | transferred 1:00 of 4:00 by 1
             Tue 00:00 | {breached}"
        ));
    }
    let cancelled = "Mon 09:00 opened P1
                     Mon 10:00 cancelled
                     Mon 12:00 reopened
                     Mon 13:30 resolved";
    for verdict in [CycleVerdict::First, CycleVerdict::Last, CycleVerdict::Worst] {
        by(verdict, cancelled).check_verdicts(
            "Mon 11:00 | undecided 1:00 of 4:00 by 1
             Tue 00:00 | met 1:30 of 4:00 by 2",
        );
    }
    // It left in the last cycle: that it was resolved in the one before is not all.
    let left = "Mon 09:00 opened P1 under=contract
                Mon 10:00 resolved
                Mon 11:00 reopened
                Mon 12:00 moved other";
    by(CycleVerdict::First, left).check_verdicts("Tue 00:00 | met 1:00 of 4:00 by 1");
    for verdict in [CycleVerdict::Last, CycleVerdict::Worst] {
        by(verdict, left).check_verdicts("Tue 00:00 | transferred 1:00 of 4:00 by 2");
    }
}

/// C5: what was over when a revision took the backlog over is measured from its reopening on.
#[test]
fn a_backlog_that_was_resolved_is_measured_from_its_reopening_on() {
    for policy in [OpenIncidents::FromOpening, OpenIncidents::FromEffect] {
        case(
            &target("resolution *=4:00"),
            "Mon 09:00 opened P1
             Mon 10:00 resolved
             Mon 14:00 reopened
             Mon 15:00 priority P2
             Mon 16:00 resolved",
        )
        .effective("Mon 12:00")
        .takes_over(policy)
        .check(
            "Mon 13:00 |
             Mon 15:00 | running undecided 1:00 of 4:00 due Mon 18:00
             Tue 00:00 | stopped met 2:00 of 4:00 due Mon 18:00",
        )
        .check_segments(
            "Tue 00:00",
            "Mon 09:00 - Mon 10:00 pending 0:00 by e1
             Mon 10:00 - Mon 14:00 pending 0:00 by e2
             Mon 14:00 - Mon 15:00 running 1:00 by e3
             Mon 15:00 - Mon 15:00 adjustment 0:00 by e4
             Mon 15:00 - Mon 16:00 running 1:00 by e4",
        );
    }
}

/// C8: an update every half hour while somebody works on it, and every four hours while it waits
/// on the client.
#[test]
fn a_rhythm_of_updates_may_depend_on_the_state() {
    let active = target("update id=active *=0:30 pause=client");
    let waiting = Target {
        pause_when: condition("waiting_on != 'client'"),
        ..target("update id=waiting *=4:00")
    };
    Case::new(
        [active, waiting],
        "Mon 09:00 opened P1
         Mon 09:20 updated
         Mon 09:30 waits client
         Mon 13:30 updated
         Mon 14:00 waits provider
         Mon 14:40 resolved",
    )
    .check(
        "Mon 09:10 | running undecided 0:10 of 0:30 due Mon 09:30; paused undecided 0:00 of 4:00
         Mon 13:00 | stopped met 0:20 of 0:30 due Mon 09:30; paused undecided 0:10 of 0:30; \
            stopped met 0:00 of 4:00 due Mon 13:20; running undecided 3:30 of 4:00 due Mon 13:30
         Tue 00:00 | stopped met 0:20 of 0:30 due Mon 09:30; \
            stopped met 0:10 of 0:30 due Mon 13:50; \
            stopped breached 0:40 of 0:30 due Mon 14:30 over Mon 14:30; \
            stopped met 0:00 of 4:00 due Mon 13:20; stopped met 4:00 of 4:00 due Mon 13:30; \
            stopped met 0:30 of 4:00 due Mon 18:10",
    );
}
