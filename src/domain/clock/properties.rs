//! Properties of clocks, over random histories and targets.

use itertools::Itertools;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::testing::{Case, Figures, MONDAY_SECOND, event, fact, target};
use super::{Clock, Outcome, Phase, SegmentKind, reference_model};
use crate::domain::contract::Target;
use crate::domain::incident::{Fact, History, RecordedEvent};
use crate::domain::time::{Instant, Span};

/// Histories span this many seconds from Monday 00:00 on, and are evaluated a day longer.
pub(in crate::domain) const STORY_SECONDS: i64 = 60 * 3600;

const FACTS: [&str; 24] = [
    "priority P1",
    "priority P2",
    "priority P3",
    "waits client",
    "waits client parts",
    "waits client holiday",
    "waits third_party",
    "waits nobody",
    "waits provider",
    "waits provider",
    "waits provider . chased",
    "responded",
    "restored",
    "resolved",
    "resolved",
    "closed",
    "reopened",
    "reopened",
    "reopened",
    "cancelled",
    "merged other",
    "updated",
    "replied",
    "assigned desk",
];

pub(in crate::domain) fn settings(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(case_count(cases)) }
}

/// `CLOCK_LAWS_TIMES` times as many as are usual, when it is set.
fn case_count(cases: u32) -> u32 {
    let times = std::env::var("CLOCK_LAWS_TIMES").ok().and_then(|text| text.parse().ok());
    cases * times.unwrap_or(1)
}

/// Seconds of a history, often round ones, so that facts coincide.
fn second() -> impl Strategy<Value = i64> {
    prop_oneof![
        (0..STORY_SECONDS / 1800).prop_map(|half_hours| half_hours * 1800),
        0..STORY_SECONDS,
    ]
    .prop_map(|second| MONDAY_SECOND + second)
}

fn instant(second: i64) -> Instant {
    Instant::from_seconds(second).unwrap()
}

fn events_of(facts: &[(i64, &str)]) -> Vec<RecordedEvent> {
    let events = facts.iter().zip(1..).map(|((second, words), number)| {
        event(number, instant(*second), fact(&words.split_whitespace().collect_vec()))
    });
    events.collect()
}

/// An opening and what follows it.
fn history_of(
    words: &'static [&'static str],
    most: usize,
) -> impl Strategy<Value = Vec<RecordedEvent>> {
    let opening = (second(), select(vec!["opened P1", "opened P2", "opened P3"]));
    (opening, vec((second(), select(words)), 0..most)).prop_map(|(opening, facts)| {
        let after = facts.into_iter().filter(|(second, _)| *second >= opening.0);
        events_of(&std::iter::once(opening).chain(after).collect_vec())
    })
}

pub(in crate::domain) fn history() -> impl Strategy<Value = Vec<RecordedEvent>> {
    history_of(&FACTS, 14)
}

/// Targets of the metrics that need no other clock.
pub(in crate::domain) fn a_target() -> impl Strategy<Value = Target> {
    a_target_of(&["response", "resolution", "resolution", "restoration"])
}

fn a_target_of(metrics: &'static [&'static str]) -> impl Strategy<Value = Target> {
    let policies = (
        select(vec!["from_start", "from_change", "carry_elapsed", "carry_fraction", "frozen"]),
        select(vec!["excluding_gap", "counting_gap", "new_cycle", "restart", "ignore"]),
    );
    let limits = [a_limit("P1"), a_limit("P2"), a_limit("P3")];
    let pauses = option::of(vec(a_pause(), 0..4));
    (select(metrics), limits, pauses, policies).prop_map(
        |(metric, limits, pauses, (on_priority_change, on_reopen))| {
            let pauses = pauses.unwrap_or_default().join(" ");
            let limits = limits.join(" ");
            let policies = format!("{on_priority_change} {on_reopen}");
            target(&format!("{metric} {limits} {pauses} {policies} warn=50 warn=80"))
        },
    )
}

fn a_limit(priority: &'static str) -> impl Strategy<Value = String> {
    let calendar = select(vec!["always", "office", "early", "long", "evening"]);
    (1..40i64, calendar).prop_map(move |(quarters, calendar)| {
        format!("{priority}={}:{:02}/{calendar}", quarters / 4, quarters % 4 * 15)
    })
}

fn a_pause() -> impl Strategy<Value = String> {
    let who = select(vec!["client", "client:parts", "client:holiday", "third_party", "nobody"]);
    let maximum = option::of((0..6i64, select(vec!["00", "30"])));
    (who, maximum).prop_map(|(who, maximum)| match maximum {
        Some((hours, minutes)) if hours > 0 || minutes != "00" => {
            format!("pause={who}<{hours}:{minutes}")
        }
        _ => format!("pause={who}"),
    })
}

/// Some second of the history or the day after it; often one in which something happens.
fn as_of(events: &[RecordedEvent], second: i64, index: Index, is_event: bool) -> i64 {
    let of_event = index.get(events).value.occur_time.seconds();
    if is_event { of_event } else { second + second % 86_400 }
}

fn figures(case: &Case, as_of: Instant) -> Vec<Figures> {
    case.evaluated(as_of, |evaluation| evaluation.clocks.iter().map(Figures::of).collect())
}

/// Everything about every clock, as text.
fn everything(case: &Case, as_of: Instant) -> String {
    case.evaluated(as_of, |evaluation| format!("{evaluation:#?}"))
}

fn each_clock(case: &Case, as_of: Instant, mut check: impl FnMut(&Clock<'_>)) {
    case.evaluated(as_of, |evaluation| evaluation.clocks.iter().for_each(&mut check));
}

/// Two instants between which nothing happens.
fn quiet(events: &[RecordedEvent], second: i64, nanos: [i64; 2]) -> (Instant, Instant) {
    let start = instant(second);
    let next = events.iter().map(|e| e.value.occur_time).filter(|time| *time > start).min();
    let length = next.map_or(86_400_000_000_000, |next| next.since(start).nanos());
    let [a, b] = nanos.map(|part| start.checked_add(Span::from_nanos(part % length)).unwrap());
    (a.min(b), a.max(b))
}

proptest! {
    #![proptest_config(settings(2000))]

    #[test]
    fn the_naive_model_agrees(
        target in a_target(),
        events in history(),
        second in second(),
        index: Index,
        is_event: bool,
    ) {
        let as_of = as_of(&events, second, index, is_event);
        let naive = reference_model::figures(&target, &events, as_of);
        prop_assert_eq!(figures(&Case::of([target], events), instant(as_of)), naive);
    }
}

proptest! {
    #![proptest_config(settings(4000))]

    #[test]
    fn order_and_repetition_of_arrival_never_matter(
        target in a_target_of(&["response", "resolution", "update", "next_reply"]),
        (events, arrived) in history().prop_flat_map(|events| {
            let again = vec(select(events.clone()), 0..4);
            let all = (Just(events.clone()), again).prop_map(|(a, b)| [a, b].concat());
            (Just(events), all.prop_shuffle())
        }),
        second in second(),
    ) {
        let orderly = everything(&Case::of([target.clone()], events), instant(second));
        prop_assert_eq!(everything(&Case::of([target], arrived), instant(second)), orderly);
    }

    #[test]
    fn segments_partition_the_life_and_add_up(
        target in a_target_of(&["response", "resolution", "restoration", "update", "next_reply"]),
        events in history(),
        second in second(),
    ) {
        let (case, as_of) = (Case::of([target.clone()], events), instant(second));
        let opened = case.events[0].value.occur_time;
        let mut reached = opened;
        each_clock(&case, as_of, |clock| {
            let counted: Span = clock.segments.iter().map(|segment| segment.counted).sum();
            assert_eq!(counted, clock.elapsed);
            for segment in &clock.segments {
                assert_eq!(segment.start, reached);
                assert_eq!(segment.start == segment.end, segment.kind == SegmentKind::Adjustment);
                assert!(segment.counted <= segment.service_time
                    || segment.kind == SegmentKind::Adjustment);
                reached = segment.end;
            }
            assert_eq!(reached, clock.stop_time.unwrap_or(as_of));
        });
    }

    #[test]
    fn a_pause_added_never_counts_more_nor_is_due_earlier(
        target in a_target(),
        events in history_of(&["priority P1", "priority P2", "priority P3", "responded", "restored",
            "resolved", "reopened", "cancelled"], 10),
        instants in vec(second(), 6),
        left_out in 0..3usize,
        second in second(),
    ) {
        let instants: Vec<i64> = instants.into_iter().sorted().dedup().collect();
        let pauses: Vec<&[i64]> = instants.chunks_exact(2).collect();
        let with = |pauses: Vec<&[i64]>| {
            let changes =
                pauses.iter().flat_map(|p| [(p[0], "waits client"), (p[1], "waits provider")]);
            let pauses = changes.zip(100..).map(|((second, words), number)| {
                event(number, instant(second), fact(&words.split(' ').collect_vec()))
            });
            let events = events.iter().cloned().chain(pauses).collect();
            figures(&Case::of([target.clone()], events), instant(second))
        };
        let others = pauses.iter().enumerate().filter(|(index, _)| *index != left_out);
        let fewer = with(others.map(|(_, pause)| *pause).collect());
        let more = with(pauses);
        for (fewer, more) in fewer.iter().zip(&more) {
            prop_assert!(more.elapsed <= fewer.elapsed);
            prop_assert!(more.due_time.is_none_or(|due| fewer.due_time.is_some_and(|f| f <= due))
                || more.phase == Phase::Cancelled);
            prop_assert!(more.breach_time.is_none() || fewer.breach_time <= more.breach_time);
        }
    }

    #[test]
    fn while_nothing_happens_time_alone_counts(
        target in a_target_of(&["response", "resolution", "restoration", "update", "next_reply"]),
        events in history(),
        second in second(),
        nanos in [0..i64::MAX, 0..i64::MAX],
    ) {
        let (earlier, later) = quiet(&events, second, nanos);
        let case = Case::of([target], events);
        let (before, after) = (figures(&case, earlier), figures(&case, later));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            let counted = after.elapsed - before.elapsed;
            prop_assert!(Span::ZERO <= counted && counted <= later.since(earlier));
            prop_assert_eq!(before.due_time, after.due_time);
            if before.breach_time.is_some() {
                prop_assert_eq!(before.breach_time, after.breach_time);
            }
            if after.outcome == Outcome::Breached && before.outcome != Outcome::Breached {
                let breached = after.breach_time.unwrap();
                prop_assert!(earlier <= breached && breached < later);
            }
        }
    }

    #[test]
    fn stopped_when_due_is_met_and_later_by_a_nanosecond_is_not(
        target in a_target_of(&["resolution"]),
        events in history_of(&["priority P1", "priority P2", "waits client", "waits provider"], 6),
    ) {
        let last = events.iter().map(|e| e.value.occur_time).max().unwrap();
        let case = Case::of([target.clone()], events.clone());
        let before = figures(&case, last).remove(0);
        let Some(due) = before.due_time.filter(|due| *due > last) else { return Ok(()) };
        let stopped = |at: Instant| {
            let end = event(99, at, Fact::Resolved);
            let events = events.iter().cloned().chain([end]).collect();
            figures(&Case::of([target.clone()], events), Instant::MAX).remove(0)
        };
        let limit = case.evaluated(last, |evaluation| evaluation.clocks[0].limit);
        let on_time = stopped(due);
        prop_assert_eq!(on_time.elapsed, limit);
        prop_assert_eq!(on_time.due_time, Some(due));
        prop_assert_eq!(on_time.outcome == Outcome::Met, before.breach_time.is_none());
        let over = figures(&case, Instant::MAX).remove(0).breach_time.unwrap();
        let too_late = stopped(over.checked_add(Span::from_nanos(1)).unwrap());
        prop_assert_eq!(too_late.outcome, Outcome::Breached);
        let a_nanosecond_more = limit + Span::from_nanos(1);
        prop_assert!(before.breach_time.is_some() || too_late.elapsed == a_nanosecond_more);
    }

    #[test]
    fn what_was_known_then_never_changes(
        target in a_target(),
        mut events in history(),
        record_seconds in vec(second(), 15),
        known in second(),
        second in second(),
        index: Index,
    ) {
        for (recorded, second) in events.iter_mut().zip(&record_seconds) {
            recorded.record_time = instant(*second);
        }
        let undone = index.get(&events).value.event_id.clone();
        let mut taken_back = event(77, instant(known), Fact::Retracted(undone));
        taken_back.record_time = instant(known + 1);
        events.push(taken_back);
        let query = |events: Vec<RecordedEvent>| {
            let case = Case { known_time: instant(known), ..Case::of([target.clone()], events) };
            everything(&case, instant(second))
        };
        let then: Vec<_> =
            events.iter().filter(|e| e.record_time <= instant(known)).cloned().collect();
        prop_assert_eq!(query(events), query(then));
    }

    #[test]
    fn remaining_percent_and_outcome_agree(
        target in a_target(),
        events in history(),
        second in second(),
    ) {
        each_clock(&Case::of([target], events), instant(second), |clock| {
            assert_eq!(clock.remaining() + clock.elapsed, clock.limit);
            let percent = clock.elapsed.percent_of(clock.limit);
            assert_eq!(percent >= 100, clock.elapsed >= clock.limit);
            assert_eq!(percent, clock.elapsed.nanos() * 100 / clock.limit.nanos());
            assert!(clock.remaining() >= Span::ZERO || clock.outcome == Outcome::Breached);
            for warning in clock.warnings.iter().filter(|warning| warning.reached) {
                let crate::domain::clock::WarnAt::Percent(share) = warning.at else { panic!("{warning:?}") };
                assert!(percent >= i64::from(share));
            }
        });
    }

    #[test]
    fn nothing_panics_at_either_end_of_time(
        target in a_target_of(&["response", "resolution", "restoration", "update", "next_reply"]),
        facts in vec((edge(), select(&FACTS[..])), 0..12),
        opened in edge(),
        as_of in edge(),
        known in edge(),
    ) {
        let opening = event(0, opened, fact(&["opened", "P1"]));
        let later = facts.into_iter().zip(1..).map(|((at, words), number)| {
            event(number, at, fact(&words.split_whitespace().collect_vec()))
        });
        let events: Vec<_> = std::iter::once(opening).chain(later).collect();
        let case = Case { known_time: known, ..Case::of([target], events) };
        each_clock(&case, as_of, |clock| {
            assert!(clock.elapsed >= Span::ZERO);
            assert!(clock.elapsed.percent_of(clock.limit) >= 0);
        });
        prop_assert!(History::fold(&case.events, known).moments(as_of).count() <= 13);
    }
}

/// Instants near 1970 and 2199.
fn edge() -> impl Strategy<Value = Instant> {
    let near = prop_oneof![0..4i64, 0..200_000_000_000_000i64, 0..Instant::MAX.nanos()];
    (near, any::<bool>()).prop_map(|(nanos, is_late)| {
        let nanos = if is_late { Instant::MAX.nanos() - nanos } else { nanos };
        Instant::from_nanos(nanos).unwrap()
    })
}
