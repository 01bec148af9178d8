//! What is learnt from incidents written as text, and from random ones.

use std::sync::Arc;

use proptest::prelude::*;

use super::testing::{CONTRACT, FailingLedgers, Journal, journals, later};
use super::*;
use crate::domain::clock::testing::at;
use crate::domain::forecast::Remaining;
use crate::domain::incident::{History, WaitingOn};
use crate::engine::answers::outlook::WhatIf;
use crate::engine::fold::Unobserved;
use crate::engine::lessons::Lessons;
use crate::engine::occurred::OccurredIncidents;
use crate::engine::record::TermsEntry;
use crate::engine::times::Times;

const TARGET: &str = "resolution *=4:00/office pause=client";

/// What is learnt as of the last record.
fn learnt(lines: &str) -> Arc<Learned> {
    learnt_from(TARGET, lines)
}

fn learnt_from(target: &str, lines: &str) -> Arc<Learned> {
    let journal = Journal::parse(target, lines);
    let all = journal.records.len();
    let mut learning = journal.taught(all, all);
    let last = learning.taken.1;
    journal.learnt_as_of(&mut learning, last, all)
}

fn history(lines: &str) -> (u64, u64) {
    learnt(lines).forecaster.model.history()
}

/// Forecasts and clocks.
fn scored(learned: &Learned) -> Option<(u64, u64)> {
    let quality = learned.record.quality("", None);
    quality.map(|score| (score.forecasts, score.clocks))
}

#[test]
fn a_clock_teaches_once_when_it_is_decided() {
    let open = "I: Mon 09:00 opened P1
                I: Mon 10:00 assigned A";
    assert_eq!(history(open), (0, 0));
    let met = learnt(&format!("{open}\nI: Mon 11:00 resolved\nI: Mon 12:00 closed"));
    assert_eq!(met.forecaster.model.history(), (1, 0));
    assert_eq!(scored(&met), Some((2, 1)));
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
    let cancelled = "I: Mon 09:00 opened P1\nI: Mon 10:00 cancelled\nJ: Fri 09:00 opened P1";
    assert_eq!(history(cancelled), (0, 0));
}

/// Finding 2: what breached in silence was learnt a day after what was met.
#[test]
fn a_breach_without_facts_teaches_as_soon_as_a_met_clock_does() {
    let silent = "I: Mon 09:00 opened P1";
    assert_eq!(history(&format!("{silent}\nJ: Mon 12:59 opened P1")), (0, 0));
    assert_eq!(history(&format!("{silent}\nJ: Mon 13:01 opened P1")), (1, 1));
}

#[test]
fn a_fact_that_comes_within_a_day_takes_a_breach_back() {
    let silent = "I: Mon 09:00 opened P1\nJ: Mon 13:01 opened P1";
    assert_eq!(history(&format!("{silent}\nI: Mon 11:00 resolved recorded=Tue-08:00")), (1, 0));
    let late = "I: Mon 11:00 resolved recorded=Fri-08:00";
    assert_eq!(history(&format!("{silent}\nK: Thu 09:00 opened P1\n{late}")), (3, 3));
}

#[test]
fn a_limit_used_up_at_closing_time_is_not_yet_exceeded_in_the_night() {
    let due_at_closing = "I: Mon 13:00 opened P1";
    assert_eq!(history(&format!("{due_at_closing}\nJ: Mon 23:00 opened P1")), (0, 0));
    assert_eq!(history(&format!("{due_at_closing}\nJ: Tue 09:01 opened P1")), (1, 1));
}

#[test]
fn a_fact_that_comes_late_is_learnt_from_as_if_it_had_come_at_once() {
    let late = "I: Mon 09:00 opened P1
                I: Mon 11:00 assigned A
                I: Mon 10:00 assigned B recorded=Mon-11:30
                I: Mon 12:00 resolved";
    let at_once = "I: Mon 09:00 opened P1
                   I: Mon 10:00 assigned B
                   I: Mon 11:00 assigned A
                   I: Mon 12:00 resolved";
    assert_eq!(scored(&learnt(late)), Some((3, 1)));
    assert_eq!(learnt(late), learnt(at_once));
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
    let journal = Journal::parse(
        TARGET,
        "I: Thu 16:00 opened P1
         I: Thu 16:30 waits client
         I: Tue+1 09:00 assigned A",
    );
    let events = History::fold(&journal.records, Instant::MAX);
    let known = journal.catalog.known(Instant::MAX);
    let lessons = Lessons::of(&events, &known, journal.records[2].record_time);
    let observed = &lessons.clocks[0].observed;
    // Friday's and Monday's.
    let noons = observed.iter().filter(|seen| !seen.is_fact).count();
    assert_eq!((observed.len(), noons), (5, 2));
    let silent = learnt("I: Mon 16:00 opened P1\nJ: Fri 09:00 opened P1");
    let after = learnt("I: Mon 16:00 opened P1\nI: Tue 12:30 closed");
    assert_eq!(silent.forecaster.model.history(), (1, 1));
    assert_ne!(silent, after);
}

#[test]
fn a_breached_clock_still_teaches_how_long_it_ran_and_how_it_was_estimated() {
    let breached = "I: Mon 09:00 opened P1
                    I: Mon 09:30 assigned A
                    I: Mon 10:00 estimated 2:00
                    I: Mon 10:30 assigned A
                    I: Mon 16:00 assigned A";
    let open = learnt(breached);
    assert_eq!(open.forecaster.model.history(), (1, 1));
    let remaining = &open.forecaster.remaining;
    let have_stopped = |remaining: &Remaining| {
        remaining.strata().any(|(_, ran_on)| ran_on.stopped.iter().any(|stopped| *stopped > 0))
    };
    assert!(!have_stopped(remaining) && *remaining != Remaining::default());
    let stopped = learnt(&format!("{breached}\nI: Tue 09:00 resolved"));
    let errors = stopped.forecaster.estimates.errors("A");
    // Seven hours where two were estimated, reported once.
    assert_eq!(errors.count, 1.0);
    assert!((errors.sum - (3.5f64).ln()).abs() < 1e-12);
    assert!(have_stopped(&stopped.forecaster.remaining));
}

#[test]
fn an_estimate_of_the_work_does_not_count_for_the_response() {
    let learnt = learnt_from(
        "response *=4:00/office",
        "I: Mon 09:00 opened P1
         I: Mon 09:30 estimated 2:00
         I: Mon 10:00 responded",
    );
    assert_eq!(learnt.forecaster.model.history(), (1, 0));
    assert_eq!(learnt.forecaster.estimates, Default::default());
}

/// Finding 6: only clocks that had stopped taught when clocks stop.
#[test]
fn a_clock_that_still_runs_teaches_that_it_does() {
    let longest = |lines: &str| {
        let learnt = learnt(lines);
        let reached = learnt
            .forecaster
            .remaining
            .strata()
            .map(|(_, ran_on)| ran_on.reached.iter().filter(|reached| **reached > 0).count());
        reached.max()
    };
    let paused = "I: Mon 09:00 opened P1\nI: Mon 10:00 waits client";
    let silent = |until: &str| longest(&format!("{paused}\nJ: {until} opened P1"));
    assert_eq!(silent("Mon 11:00"), Some(13), "from nine to ten");
    assert!(silent("Tue 11:00") < silent("Fri 11:00"), "what happens in silence counts too");
    let breached = "I: Mon 09:00 opened P1\nI: Mon 10:00 assigned A";
    let breached = |until: &str| longest(&format!("{breached}\nJ: {until} opened P1"));
    assert!(silent("Mon 11:00") < breached("Mon 13:30"), "the breach is one such instant");
    assert!(breached("Mon 13:30") < breached("Fri 11:00"));
}

/// The same facts, recorded otherwise: each at an instant, in that order.
fn recorded_otherwise(journal: &Journal, times: impl Fn(usize, Instant) -> Instant) -> Journal {
    let facts = journal.records.iter().enumerate();
    let mut records: Vec<_> = facts
        .map(|(place, fact)| RecordedEvent {
            record_time: times(place, fact.value.occur_time),
            ..fact.clone()
        })
        .collect();
    records.sort_by_key(|fact| fact.record_time);
    for (place, fact) in records.iter_mut().enumerate() {
        fact.sequence = place as u64 + 1;
        fact.record_time = later(fact.record_time, Span::from_nanos(place as i64));
    }
    Journal { catalog: journal.catalog.clone(), records }
}

/// Targets whose clocks stay open for days.
fn terms() -> impl Strategy<Value = String> {
    let limits = ["*=16:00/office", "P1=8:00/office *=40:00/office", "*=3days/office"];
    let limits = prop::sample::select(limits.to_vec());
    let pauses = ["", "pause=client", "pause=client<3:00", "pause=client pauses=9:00"];
    let pauses = prop::sample::select(pauses.to_vec());
    (limits, pauses).prop_map(|(limits, pauses)| format!("resolution {limits} {pauses}"))
}

proptest! {
    /// Later records never change what was learnt before them.
    #[test]
    fn what_was_learnt_knows_nothing_of_what_came_later(journal in journals(), cut in 0usize..40) {
        let all = journal.records.len();
        let cut = cut.min(all);
        let learnt = |ledgers| journal.learnt(&mut journal.taught(cut, ledgers), ledgers);
        prop_assert_eq!(learnt(all), learnt(cut));
    }

    /// Finding 3: what an import taught was another thing than what the same facts had taught one
    /// by one.
    #[test]
    fn it_is_the_same_live_bundled_late_shuffled_and_imported(
        journal in journals(), delays in prop::collection::vec(0i64..86_000, 40),
    ) {
        let mut journal = journal;
        journal.records.retain(|fact| fact.value.voids().is_none());
        let all = journal.records.len();
        let of = |journal: &Journal, as_of| {
            journal.learnt_as_of(&mut journal.taught(all, all), as_of, all)
        };
        let occurred = |_, occur: Instant| occur;
        let live = recorded_otherwise(&journal, occurred);
        let last = live.records.last().map_or(Instant::MIN, |last| last.value.occur_time);
        let as_of = later(last, Span::from_hours(60 * 24));
        let hour = 3_600_000_000_000;
        let bundled = |_, occur: Instant| {
            Instant::from_nanos((occur.nanos() / hour + 1) * hour).unwrap()
        };
        let late = |place: usize, occur| later(occur, Span::from_seconds(delays[place]));
        let month_later = later(last, Span::from_hours(30 * 24));
        let import = |place: usize, _| later(month_later, Span::from_seconds(delays[place]));
        let expected = of(&live, as_of);
        prop_assert!(of(&recorded_otherwise(&journal, bundled), as_of) == expected, "bundled");
        prop_assert!(of(&recorded_otherwise(&journal, late), as_of) == expected, "late");
        prop_assert!(of(&recorded_otherwise(&journal, import), as_of) == expected, "imported");
    }

    /// What a clock comes to at the noons after a fact is what evaluating it anew says, also where
    /// its pauses have a maximum or its terms change meanwhile.
    #[test]
    fn a_walk_comes_to_the_same_as_evaluating_at_each_instant(
        journal in journals(),
        of_target in terms(), revised in prop::option::of((terms(), any::<bool>(), 0i64..800_000)),
        end in prop::option::of(0i64..800_000),
    ) {
        let mut journal = journal;
        let after = |seconds| later(at("Mon 00:00"), Span::from_seconds(seconds));
        journal.agree(Instant::MIN, &of_target, false);
        if let Some((of_target, applies_to_open_clocks, effect)) = revised {
            journal.agree(after(effect), &of_target, applies_to_open_clocks);
        }
        if let Some(end) = end {
            let (contract_id, end_time) = (CONTRACT.to_owned(), after(end));
            let ended = TermsEntry::ContractEnd { contract_id, end_time };
            journal.catalog.apply(Instant::MIN, ended);
        }
        let known = journal.catalog.known(Instant::MAX);
        for ledger in journal.ledgers(journal.records.len()).0.values() {
            let history = History::fold(&ledger.events, Instant::MAX);
            for until in [after(400_000), after(4_000_000)] {
                let walked = Lessons::of(&history, &known, until);
                let anew = Lessons::walk(&history, &known, until, |_, _, _, _| None);
                prop_assert_eq!(format!("{walked:?}"), format!("{anew:?}"));
            }
        }
    }

    /// In which steps a fold goes on changes nothing, nor does what comes up late meanwhile.
    #[test]
    fn a_fold_comes_to_the_same_in_any_steps(
        journal in journals(), stops in prop::collection::btree_set(0i64..800_000, 0..9),
    ) {
        let all = journal.records.len();
        let known = journal.catalog.known(Instant::MAX);
        let last = journal.records.last().map_or(Instant::MIN, |last| last.record_time);
        let end = later(last, Span::from_hours(60 * 24));
        let fold = |stops: &[Instant]| {
            let mut fold = Fold::default();
            for record in &journal.records {
                let voids = record.value.voids().is_some();
                let from = if voids { Instant::MIN } else { record.value.occur_time };
                fold.note(&Arc::from(record.value.incident_id.as_str()), from);
            }
            for until in stops.iter().copied().chain([end]) {
                let upto = Upto { until, by: (all as u64, last), known };
                let Ok(()) = fold.advance(upto, &mut journal.ledgers(all), &mut Unobserved);
            }
            fold
        };
        let first = crate::domain::clock::testing::MONDAY_SECOND;
        let stops = stops.into_iter().map(|stop| Instant::from_seconds(first + stop).unwrap());
        prop_assert_eq!(fold(&stops.collect::<Vec<_>>()), fold(&[]));
    }

    /// Wherever a reading fails, what is gone on with afterwards comes to the same.
    #[test]
    fn what_is_learnt_after_a_reading_that_failed_is_what_would_have_been(
        journal in journals(),
        fail_after in prop::collection::vec(0usize..30, 0..12),
    ) {
        let all = journal.records.len();
        let mut learning = Learning::default();
        let mut ledgers = FailingLedgers { ledgers: journal.ledgers(all), fail_after };
        for record in &journal.records {
            let known = journal.catalog.known(record.record_time);
            while learning.take(record, known, &mut ledgers).is_err() {}
            // Somebody asks meanwhile, so later stages are worked on too.
            while learning.present(record.record_time, known, &mut ledgers).is_err() {}
        }
        let mut without = journal.taught(all, all);
        prop_assert_eq!(journal.learnt(&mut learning, all), journal.learnt(&mut without, all));
    }

    /// Finding 5: a hypothesis counted as something that happened, so it looked better than it is.
    #[test]
    fn a_hypothesis_that_changes_nothing_changes_nothing(journal in journals(), cut in 0usize..40) {
        let all = journal.records.len();
        let last = journal.records[cut.min(all - 1)].value.occur_time;
        let times = Times { as_of: last, known: Instant::MAX };
        for (id, ledger) in journal.ledgers(all).0 {
            let history = History::fold(&ledger.events, Instant::MAX);
            let state = history.state(last);
            let is_providers = state.waiting_on == WaitingOn::Provider && state.reason.is_empty();
            let what_if = WhatIf {
                incident_id: id,
                effort_remaining: state.effort_remaining,
                wait_end: is_providers.then_some(last),
                priority: Some(state.priority.to_owned()),
            };
            let changed = what_if.changing(&state).ledger(&ledger, times);
            prop_assert_eq!(&changed.events, &ledger.events);
        }
    }

    /// When it is queried changes no answer.
    #[test]
    fn what_is_gone_on_from_changes_nothing(
        journal in journals(), stops in prop::collection::btree_set(0usize..40, 0..9),
    ) {
        let all = journal.records.len();
        let mut learning = Learning::default();
        let mut taken = 0;
        for stop in stops.into_iter().filter(|stop| *stop < all).chain([all]) {
            journal.teach(&mut learning, taken..stop, all);
            let last = learning.taken.1;
            let _ = journal.learnt_as_of(&mut learning, last, all);
            taken = stop;
        }
        let mut at_once = journal.taught(all, all);
        prop_assert_eq!(journal.learnt(&mut learning, all), journal.learnt(&mut at_once, all));
    }

    /// What had occurred by an instant is all that a question as of it rests on.
    #[test]
    fn a_question_as_of_an_instant_rests_on_what_had_occurred_by_then(
        journal in journals(), cut in 0i64..800_000,
    ) {
        let mut journal = journal;
        journal.records.retain(|fact| fact.value.voids().is_none());
        let all = journal.records.len();
        let as_of = Instant::from_seconds(crate::domain::clock::testing::MONDAY_SECOND + cut).unwrap();
        let learning = journal.taught(all, all);
        let known = journal.catalog.known(Instant::MAX);
        let Ok(fold) = learning.past(as_of, known, &mut journal.ledgers(all));
        let ledgers = journal.ledgers(all).0;
        let times = Times { as_of, known: Instant::MAX };
        let ledgers = ledgers.iter().map(|(id, ledger)| (id.clone(), ledger.as_ref()));
        let occurred = OccurredIncidents::of(ledgers, times).learned(CONTRACT, known, as_of);
        // Of what was settled, late facts may stand elsewhere.
        if let Some(fold) = fold.filter(|_| learning.settled.until == Instant::MIN) {
            prop_assert_eq!(fold.of(CONTRACT), occurred);
        }
    }
}
