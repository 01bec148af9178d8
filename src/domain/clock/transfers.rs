//! Incidents that move from one contract to another, and contracts that take over a backlog.

use super::testing::{Case, at, condition, target};
use crate::domain::contract::OpenIncidents;

const RESOLUTION: &str = "resolution P1=4:00";

fn under(policies: &str, timeline: &str) -> Case {
    Case::new([target(&format!("{RESOLUTION} {policies}"))], timeline)
}

/// C7: the clocks of the contract it leaves end then, neither met nor breached.
#[test]
fn a_clock_ends_where_the_incident_leaves_the_contract() {
    let case = under(
        "",
        "
        Mon 09:00 opened P1 under=contract
        Mon 11:00 moved other
        Mon 12:00 resolved",
    );
    case.check(
        "
        Mon 10:00 | running undecided 1:00 of 4:00 due Mon 13:00
        Mon 11:00 | cancelled transferred 2:00 of 4:00
        Tue 10:00 | cancelled transferred 2:00 of 4:00",
    );
    case.check_verdicts("Tue 10:00 | transferred 2:00 of 4:00 by 1");
}

/// C7: what was over its limit by then stays breached, and what was met stays met.
#[test]
fn what_was_decided_before_the_incident_left_stands() {
    under(
        "",
        "
        Mon 09:00 opened P1 under=contract
        Mon 14:00 moved other",
    )
    .check("Mon 15:00 | cancelled breached 5:00 of 4:00 due Mon 13:00 over Mon 13:00");
    under(
        "",
        "
        Mon 09:00 opened P1 under=contract
        Mon 10:00 resolved
        Mon 14:00 moved other
        Mon 15:00 reopened",
    )
    .check("Tue 15:00 | stopped met 1:00 of 4:00 due Mon 13:00");
}

/// C7: the clocks of the contract it moves to start then.
#[test]
fn a_clock_starts_where_the_incident_comes_under_the_contract() {
    let story = "
        Mon 09:00 opened P1 under=other
        Mon 11:00 moved contract
        Mon 14:00 resolved";
    under("", story).check(
        "
        Mon 10:00 |
        Mon 12:00 | running undecided 1:00 of 4:00 due Mon 15:00
        Tue 10:00 | stopped met 3:00 of 4:00 due Mon 15:00",
    );
    under("transfer_from_opening", story).check(
        "
        Mon 10:00 |
        Mon 12:00 | running undecided 3:00 of 4:00 due Mon 13:00
        Tue 10:00 | stopped breached 5:00 of 4:00 due Mon 13:00 over Mon 13:00",
    );
}

/// C7: of what is over when it moves there is no clock, until it begins again.
#[test]
fn a_response_that_was_made_before_is_not_measured_again() {
    let story = "
        Mon 09:00 opened P1 under=other
        Mon 09:30 responded
        Mon 10:00 resolved
        Mon 11:00 moved contract
        Mon 13:00 reopened";
    for policy in ["", "transfer_from_opening"] {
        let targets = [
            target(&format!("response P1=1:00 {policy}")),
            target(&format!("{RESOLUTION} {policy}")),
        ];
        Case::new(targets, story).check(
            "
            Mon 12:00 |
            Mon 14:00 | running undecided 1:00 of 4:00 due Mon 17:00",
        );
    }
}

/// C7: it comes back, and the next cycle begins.
#[test]
fn an_incident_that_comes_back_begins_the_next_cycle() {
    let case = under(
        "",
        "
        Mon 09:00 opened P1 under=contract,third
        Mon 10:00 moved other third
        Mon 12:00 moved contract third
        Mon 13:00 resolved",
    );
    case.check(
        "
        Mon 11:00 | cancelled transferred 1:00 of 4:00
        Tue 09:00 | cancelled transferred 1:00 of 4:00; stopped met 1:00 of 4:00 due Mon 16:00",
    );
    case.check_verdicts("Tue 09:00 | met 1:00 of 4:00 by 2");
}

/// C7: several facts of the instant in which it moves, and in which it is opened.
#[test]
fn what_happens_in_the_instant_of_a_move_counts_where_it_came_from() {
    let story = "
        Mon 09:00 opened P1 under=contract
        Mon 11:00 moved other
        Mon 11:00 resolved";
    under("", story).check("Mon 12:00 | stopped met 2:00 of 4:00 due Mon 13:00");
    let to = "
        Mon 09:00 opened P1 under=other
        Mon 11:00 moved contract
        Mon 11:00 resolved";
    under("", to).check("Mon 12:00 |");
    let later = "
        Mon 09:00 opened P1 under=other
        Mon 11:00 moved contract
        Mon 11:00 resolved order=1";
    under("", later).check("Mon 12:00 | stopped met 0:00 of 4:00 due Mon 15:00");
    let at_opening = "
        Mon 09:00 opened P1 under=other
        Mon 09:00 moved contract
        Mon 10:00 resolved";
    under("", at_opening).check("Mon 12:00 | stopped met 1:00 of 4:00 due Mon 13:00");
}

/// C7: a change that is taken back never was.
#[test]
fn a_move_that_is_retracted_never_was() {
    let story = "
        Mon 09:00 opened P1 under=contract
        Mon 11:00 moved other id=m
        Mon 12:00 resolved
        Mon 15:00 retracted m recorded=Tue-09:00";
    under("", story).check("Wed 09:00 | stopped met 3:00 of 4:00 due Mon 13:00");
    under("", story).known("Mon 20:00").check("Wed 09:00 | cancelled transferred 2:00 of 4:00");
}

/// C7: conditions see what the incident is at each instant.
#[test]
fn conditions_follow_category_and_attributes_as_they_change() {
    let mut vip = target("custom P1=4:00");
    vip.start_when = condition("category == \"incident\"");
    vip.stop_when = condition("has(attributes.done) && !has(attributes.held)");
    Case::new(
        [vip],
        "
        Mon 09:00 opened P1
        Mon 11:00 category incident
        Mon 12:00 attribute held yes done yes
        Mon 13:00 attribute held",
    )
    .check(
        "
        Mon 10:00 | pending undecided 0:00 of 4:00
        Mon 12:30 | running undecided 1:30 of 4:00 due Mon 15:00
        Mon 14:00 | stopped met 2:00 of 4:00 due Mon 15:00",
    );
}

/// C7: the clock says what ended and began it.
#[test]
fn a_clock_says_why_it_ended_and_began() {
    let story = "
        Mon 09:00 opened P1 under=contract
        Mon 11:00 moved other id=away
        Mon 12:00 moved contract id=back
        Mon 13:00 resolved";
    let notes = under("", story).evaluated(at("Tue 09:00"), |evaluation| {
        evaluation.clocks.iter().flat_map(|clock| clock.notes.clone()).collect::<Vec<_>>()
    });
    assert_eq!(
        notes,
        [
            "the incident left the contract at 2024-01-01T11:00:00Z, by event \"away\"",
            "taken over when event \"back\" moved the incident here at 2024-01-01T12:00:00Z, \
         from 2024-01-01T12:00:00Z on",
        ]
    );
}

/// C5: a contract that begins while incidents are open takes them over as it says.
#[test]
fn a_first_revision_takes_a_backlog_over_as_it_says() {
    let story = "
        Mon 09:00 opened P1
        Tue 12:00 resolved";
    let begins = |open_incidents| {
        Case::new([target(RESOLUTION)], story).effective("Tue 10:00").takes_over(open_incidents)
    };
    begins(OpenIncidents::NotTakenOver).check("Tue 11:00 |");
    begins(OpenIncidents::FromEffect).check(
        "
        Tue 09:00 |
        Tue 11:00 | running undecided 1:00 of 4:00 due Tue 14:00
        Wed 09:00 | stopped met 2:00 of 4:00 due Tue 14:00",
    );
    begins(OpenIncidents::FromOpening).check(
        "
        Tue 09:00 |
        Tue 10:00 | running breached 25:00 of 4:00 due Mon 13:00 over Mon 13:00
        Wed 09:00 | stopped breached 27:00 of 4:00 due Mon 13:00 over Mon 13:00",
    );
}

/// C5: what was over when the contract began is not measured.
#[test]
fn what_was_over_before_a_contract_began_is_not_measured() {
    for open_incidents in [OpenIncidents::FromEffect, OpenIncidents::FromOpening] {
        let case = Case::new(
            [target("response P1=1:00")],
            "
            Mon 09:00 opened P1
            Mon 09:30 responded
            Tue 12:00 resolved",
        );
        case.effective("Tue 10:00").takes_over(open_incidents).check("Wed 11:00 |");
    }
}

/// C5: a later revision adds a target; open incidents get its clock, and those there are stay.
#[test]
fn a_later_revision_gives_open_incidents_the_clock_of_a_target_it_adds() {
    let with = |open_incidents| {
        Case::new([target(RESOLUTION)], "Mon 09:00 opened P1")
            .revised("Mon 10:00", &[target(RESOLUTION), target("restoration P1=2:00")], false)
            .takes_over(open_incidents)
    };
    let resolution = "running undecided 1:30 of 4:00 due Mon 13:00";
    with(OpenIncidents::NotTakenOver).check(&format!("Mon 10:30 | {resolution}"));
    with(OpenIncidents::FromEffect)
        .check(&format!("Mon 10:30 | {resolution}; running undecided 0:30 of 2:00 due Mon 12:00"));
    with(OpenIncidents::FromOpening)
        .check(&format!("Mon 10:30 | {resolution}; running undecided 1:30 of 2:00 due Mon 11:00"));
}

/// C5: the revision that takes an incident over governs its clock, not one before it that had
/// given it none.
#[test]
fn the_revision_that_takes_an_incident_over_governs_its_clock() {
    Case::new([target("response P1=1:00")], "Mon 09:00 opened P1")
        .revised("Mon 10:00", &[target("resolution P1=1:00")], true)
        .revised("Mon 11:00", &[target(RESOLUTION)], false)
        .takes_over(OpenIncidents::FromOpening)
        .check(
            "Mon 12:00 | running breached 3:00 of 1:00 due Mon 10:00 over Mon 10:00; \
             running undecided 3:00 of 4:00 due Mon 13:00",
        );
}

/// C5: a pause in force when the revision takes effect holds for the clock that starts then.
#[test]
fn a_clock_that_is_taken_over_obeys_the_pause_in_force() {
    let pausing = format!("{RESOLUTION} pause=client");
    Case::new(
        [target(&pausing)],
        "
        Mon 09:00 opened P1
        Tue 09:00 waits client
        Tue 11:00 waits provider",
    )
    .effective("Tue 10:00")
    .takes_over(OpenIncidents::FromEffect)
    .check(
        "
        Tue 10:30 | paused undecided 0:00 of 4:00
        Tue 12:00 | running undecided 1:00 of 4:00 due Tue 15:00",
    );
}
