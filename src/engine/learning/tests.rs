//! What is learnt from incidents written as text, and from random ones.

use proptest::prelude::*;

use super::testing::{CONTRACT, Journal, journals};
use super::*;

const TARGET: &str = "resolution *=4:00/office pause=client";

fn learnt(lines: &str) -> Learning {
    let journal = Journal::parse(TARGET, lines);
    journal.taught(journal.records.len(), journal.records.len())
}

fn history(lines: &str) -> (u64, u64) {
    learnt(lines).of(CONTRACT).forecaster.model.history()
}

/// Forecasts and clocks.
fn scored(learning: &Learning) -> Option<(u64, u64)> {
    let quality = learning.of(CONTRACT).record.quality("", None);
    quality.map(|score| (score.forecasts, score.clocks))
}

#[test]
fn a_clock_teaches_once_when_it_is_decided() {
    let open = "I: Mon 09:00 opened P1
                I: Mon 10:00 assigned A";
    assert_eq!(history(open), (0, 0));
    let met = learnt(&format!("{open}\nI: Mon 11:00 resolved\nI: Mon 12:00 closed"));
    assert_eq!(met.of(CONTRACT).forecaster.model.history(), (1, 0));
    assert_eq!(scored(&met), Some((2, 1)));
    assert!(met.watched.is_empty());
    assert_eq!(history(&format!("{open}\nI: Mon 14:00 assigned B\nI: Tue 12:00 resolved")), (1, 1));
}

#[test]
fn what_goes_on_after_a_reopening_teaches_anew() {
    let reopened = "I: Mon 09:00 opened P1
                    I: Mon 10:00 resolved
                    I: Mon 11:00 reopened
                    I: Tue 16:00 resolved";
    assert_eq!(history(reopened), (2, 1));
}

#[test]
fn what_is_cancelled_teaches_nothing() {
    let cancelled = learnt("I: Mon 09:00 opened P1\nI: Mon 10:00 cancelled");
    assert_eq!(cancelled.of(CONTRACT).forecaster.model.history(), (0, 0));
    assert!(cancelled.watched.is_empty());
}

#[test]
fn a_breach_without_facts_is_learnt_once_none_can_still_come() {
    let silent = "I: Mon 09:00 opened P1";
    assert_eq!(history(&format!("{silent}\nJ: Tue 12:59 opened P1")), (0, 0));
    assert_eq!(history(&format!("{silent}\nJ: Tue 13:01 opened P1")), (1, 1));
    // Only facts recorded in time advance the time that is believed: these are imported.
    let imported = "J: Tue 13:01 opened P1 recorded=Fri-12:00";
    assert_eq!(history(&format!("{silent}\n{imported}")), (0, 0));
}

#[test]
fn a_limit_used_up_at_closing_time_is_not_yet_exceeded_in_the_night() {
    let due_at_closing = "I: Mon 13:00 opened P1";
    assert_eq!(history(&format!("{due_at_closing}\nJ: Tue 18:00 opened P1")), (0, 0));
    assert_eq!(history(&format!("{due_at_closing}\nJ: Wed 09:01 opened P1")), (1, 1));
}

#[test]
fn a_fact_that_comes_late_decides_but_is_no_feature_vector() {
    let late = "I: Mon 09:00 opened P1
                I: Mon 11:00 assigned A
                I: Mon 10:00 assigned B recorded=Mon-11:30
                I: Mon 12:00 resolved";
    assert_eq!(scored(&learnt(late)), Some((2, 1)));
    let resolved_before = "I: Mon 09:00 opened P1
                           I: Mon 11:00 assigned A
                           I: Mon 10:00 resolved recorded=Mon-11:30";
    assert_eq!(history(resolved_before), (1, 0));
}

#[test]
fn facts_of_one_instant_leave_one_feature_vector() {
    let together = learnt(
        "I: Mon 09:00 opened P1
                           I: Mon 09:00 assigned A recorded=Mon-09:01
                           I: Mon 09:00 priority P2 recorded=Mon-09:02
                           I: Mon 10:00 resolved",
    );
    assert_eq!(scored(&together), Some((1, 1)));
}

#[test]
fn noons_on_which_nothing_happens_are_feature_vectors_that_are_not_scored() {
    let idle = learnt(
        "I: Thu 16:00 opened P1
                        I: Thu 16:30 waits client
                        I: Tue+1 09:00 assigned A",
    );
    let watched = &idle.watched["I"][0];
    // Friday's and Monday's.
    assert_eq!((watched.feature_vectors.len(), watched.predicted.len()), (5, 3));
    let silent = learnt("I: Mon 16:00 opened P1\nJ: Fri 09:00 opened P1");
    let after = learnt("I: Mon 16:00 opened P1\nI: Tue 12:30 closed");
    assert_eq!(silent.of(CONTRACT).forecaster.model.history(), (1, 1));
    assert_ne!(silent.of(CONTRACT), after.of(CONTRACT));
}

#[test]
fn a_breached_clock_still_teaches_how_long_it_ran_and_how_it_was_estimated() {
    let breached = "I: Mon 09:00 opened P1
                    I: Mon 09:30 assigned A
                    I: Mon 10:00 estimated 2:00
                    I: Mon 10:30 assigned A
                    I: Mon 16:00 assigned A";
    let open = learnt(breached);
    assert_eq!(open.of(CONTRACT).forecaster.model.history(), (1, 1));
    assert_eq!(open.of(CONTRACT).forecaster.remaining, Default::default());
    let stopped = learnt(&format!("{breached}\nI: Tue 09:00 resolved")).of(CONTRACT);
    let errors = stopped.forecaster.estimates.errors("A");
    // Seven hours where two were estimated, reported once.
    assert_eq!(errors.count, 1.0);
    assert!((errors.sum - (3.5f64).ln()).abs() < 1e-12);
    assert_ne!(stopped.forecaster.remaining, Default::default());
}

#[test]
fn an_estimate_of_the_work_does_not_count_for_the_response() {
    let journal = Journal::parse(
        "response *=4:00/office",
        "I: Mon 09:00 opened P1
         I: Mon 09:30 estimated 2:00
         I: Mon 10:00 responded",
    );
    let learnt = journal.taught(3, 3).of(CONTRACT);
    assert_eq!(learnt.forecaster.model.history(), (1, 0));
    assert_eq!(learnt.forecaster.estimates, Default::default());
}

proptest! {
    /// Later records never change what was learnt before them.
    #[test]
    fn what_was_learnt_knows_nothing_of_what_came_later(journal in journals(), cut in 0usize..40) {
        let all = journal.records.len();
        let cut = cut.min(all);
        prop_assert_eq!(journal.taught(cut, all), journal.taught(cut, cut));
    }

    #[test]
    fn every_clock_that_is_watched_may_still_teach(journal in journals()) {
        let all = journal.records.len();
        let learning = journal.taught(all, all);
        for watched in learning.watched.values().flatten() {
            prop_assert!(!watched.marks.is_empty());
            prop_assert!(watched.feature_vectors.len() <= watched.marks.len());
            prop_assert!(watched.predicted.len() <= watched.feature_vectors.len());
        }
    }
}
