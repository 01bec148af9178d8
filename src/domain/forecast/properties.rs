//! Properties of forecasts, whatever was learnt.

use proptest::prelude::*;

use super::*;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::testing::{Case, MONDAY_SECOND, TestCalendars, event, fact, target};
use crate::domain::clock::{Outcome, Phase};
use crate::domain::contract::Metric;
use crate::domain::experience::{Urgency, avoidable};
use crate::domain::incident::{Fact, History, RecordedEvent};
use crate::domain::time::{Instant, Span};
use crate::domain::wording::LocalTime;

const HOUR: i64 = 3600;

fn working_hours() -> &'static ServiceHours {
    TestCalendars.in_force("long", Instant::MIN).unwrap().hours
}

/// So many seconds after a Monday's midnight.
fn at(seconds: i64) -> Instant {
    Instant::from_seconds(MONDAY_SECOND + seconds).unwrap()
}

/// A clock that has been in its state for a while, `elapsed` of its limit used before that.
#[derive(Clone, Debug)]
struct Made {
    holder: usize,
    phase: Phase,
    elapsed_before: i64,
    limit: i64,
    since: i64,
    waited: i64,
    events: u32,
    effort: Option<i64>,
}

impl Made {
    fn snapshot(&self) -> Snapshot<'static> {
        let (since, time) = (at(self.since), at(self.since + self.waited));
        let ran = match self.phase {
            Phase::Running => working_hours().elapsed(since, time),
            _ => Span::ZERO,
        };
        let elapsed = Span::from_seconds(self.elapsed_before) + ran;
        let effort_remaining = self.effort.map(Span::from_seconds);
        let state = FeatureFields {
            group: "G",
            assignee: "A",
            effort_remaining,
            ..FeatureFields::default()
        };
        let incident = IncidentFeatures {
            state,
            holder: HOLDERS[self.holder],
            last_event_time: since,
            in_state_since: since,
            held_since: since,
            event_count: self.events,
            reassignment_count: 1,
        };
        let snapshot = Snapshot {
            time,
            contract_id: "c",
            target_id: "t",
            metric: Metric::Resolution,
            priority: "P1",
            phase: self.phase,
            outcome: if elapsed > Span::from_seconds(self.limit) {
                Outcome::Breached
            } else {
                Outcome::Undecided
            },
            limit: Span::from_seconds(self.limit),
            elapsed,
            due_time: None,
            hours_to_due: 0.0,
            is_off_hours: false,
            category: "",
            incident,
        };
        snapshot.with_limit(snapshot.limit, working_hours())
    }
}

fn made() -> impl Strategy<Value = Made> {
    let phase = prop_oneof![Just(Phase::Running), Just(Phase::Paused)];
    let times = (0..40 * HOUR, HOUR..80 * HOUR, 0..200 * HOUR, 0..300 * HOUR);
    let effort = prop::option::of(0..20 * HOUR);
    (0usize..5, phase, times, 1u32..20, effort).prop_map(
        |(holder, phase, times, events, effort)| {
            let (elapsed_before, limit, since, waited) = times;
            Made { holder, phase, elapsed_before, limit, since, waited, events, effort }
        },
    )
}

/// What was learnt from clocks that ended so.
fn forecaster(lessons: &[(Made, bool)]) -> Forecaster {
    let mut model = Model::default();
    for (made, is_breached) in lessons {
        let snapshot = made.snapshot();
        model.decide(&[&FeatureVector::of(&snapshot)], *is_breached, snapshot.time);
    }
    Forecaster { model, ..Forecaster::default() }
}

fn lessons() -> impl Strategy<Value = Vec<(Made, bool)>> {
    prop::collection::vec((made(), any::<bool>()), 0..60)
}

/// So many clocks stop so much service time after they were as this one.
fn stopped(remaining: &mut Remaining, made: &Made, after: Span, count: u32) {
    let features = StopFeatures::of(&made.snapshot(), working_hours());
    for _ in 0..count {
        remaining.stopped(features.stratum, 0, classes_run_through(after, features.unit));
    }
}

proptest! {
    #[test]
    fn it_is_a_probability_one_past_due_and_zero_once_met(lessons in lessons(), made in made()) {
        let forecaster = forecaster(&lessons);
        let snapshot = made.snapshot();
        let probability = forecaster.breach_probability(&snapshot);
        prop_assert!((0.0..=1.0).contains(&probability));
        prop_assert!(snapshot.elapsed <= snapshot.limit || probability == 1.0);
        let met = Snapshot { outcome: Outcome::Met, phase: Phase::Stopped, ..made.snapshot() };
        let met = Snapshot { elapsed: Span::ZERO, ..met };
        prop_assert_eq!(forecaster.breach_probability(&met), 0.0);
    }

    #[test]
    fn it_is_never_larger_for_a_longer_limit(
        lessons in lessons(), made in made(), more in 0..40 * HOUR,
    ) {
        let forecaster = forecaster(&lessons);
        let longer = Made { limit: made.limit + more, ..made.clone() };
        let of = |made: &Made| forecaster.breach_probability(&made.snapshot());
        prop_assert!(of(&longer) <= of(&made), "{} {}", of(&made), of(&longer));
    }

    #[test]
    fn it_does_not_fall_while_time_passes_and_nothing_happens(
        lessons in lessons(), made in made(), more in 0..100 * HOUR,
    ) {
        let forecaster = forecaster(&lessons);
        let later = Made { waited: made.waited + more, ..made.clone() };
        let of = |made: &Made| forecaster.breach_probability(&made.snapshot());
        prop_assert!(of(&later) >= of(&made), "{} {}", of(&made), of(&later));
    }

    #[test]
    fn it_does_not_jump_from_one_second_of_service_time_to_the_next(
        lessons in lessons(), made in made(),
    ) {
        let made = Made { effort: None, ..made };
        let forecaster = forecaster(&lessons);
        let later = Made { waited: made.waited + 1, ..made.clone() };
        let of = |made: &Made| forecaster.breach_probability(&made.snapshot());
        let is_over = |made: &Made| made.snapshot().elapsed > made.snapshot().limit;
        prop_assume!(!is_over(&later));
        prop_assert!((of(&later) - of(&made)).abs() < 0.01, "{} {}", of(&made), of(&later));
    }

    #[test]
    fn percentiles_of_the_stop_are_in_order_and_later_the_more_probable_a_breach_is(
        lessons in lessons(), made in made(),
        stops in prop::collection::vec((made(), 0..100 * HOUR), 0..40),
        probabilities in (0f64..1.0, 0f64..1.0),
    ) {
        let mut forecaster = forecaster(&lessons);
        for (made, after) in &stops {
            stopped(&mut forecaster.remaining, made, Span::from_seconds(*after), 1);
        }
        let snapshot = made.snapshot();
        let features = FeatureVector::of(&snapshot);
        let forecast = forecaster.forecast(&snapshot, &features, working_hours());
        let stop = forecast.expected_stop.unwrap();
        prop_assert!(stop.after.is_sorted() && stop.time.is_sorted());
        prop_assert!(Span::ZERO <= stop.after[0] && stop.time[0] >= Some(snapshot.time));
        let of = |probability| {
            let features = StopFeatures::of(&snapshot, working_hours());
            forecaster.remaining.expected_after(&features, probability)
        };
        let (more, less) = probabilities;
        let (more, less) = (of(more.max(less)), of(more.min(less)));
        prop_assert!(less.iter().zip(more).all(|(less, more)| *less <= more));
        let is_late = of(1.0).map(|after| after >= snapshot.remaining());
        prop_assert!(snapshot.phase == Phase::Paused || is_late == [true; 3]);
    }

    /// Finding 6: learnt from the clocks alone that had stopped, every stop was expected too early.
    #[test]
    fn clocks_that_still_run_make_a_stop_expected_later(
        made in made(), stops in prop::collection::vec(0..100 * HOUR, 0..40), open in 1..100u32,
    ) {
        let snapshot = made.snapshot();
        let features = StopFeatures::of(&snapshot, working_hours());
        let mut remaining = Remaining::default();
        for after in stops {
            stopped(&mut remaining, &made, Span::from_seconds(after), 1);
        }
        let before = remaining.expected_after(&features, 0.5);
        for _ in 0..open {
            remaining.ran_on(features.stratum, (0, CLASSES - 1));
        }
        let after = remaining.expected_after(&features, 0.5);
        let is_later = before.iter().zip(after).all(|(before, after)| after >= *before);
        prop_assert!(is_later, "{before:?} {after:?}");
    }

    #[test]
    fn a_clock_stops_as_such_clocks_stopped(made in made(), after in 0..60 * HOUR) {
        let paused = Made { phase: Phase::Paused, ..made };
        let after = Span::from_seconds(after);
        let mut remaining = Remaining::default();
        stopped(&mut remaining, &paused, after, 100_000);
        let features = StopFeatures::of(&paused.snapshot(), working_hours());
        let class = |after| classes_run_through(after, features.unit);
        let expected = remaining.expected_after(&features, 0.5);
        let [first, half, last] = expected.map(class);
        prop_assert!(first <= last && half == class(after), "{expected:?}, not {after:?}");
    }

    #[test]
    fn the_same_lessons_leave_the_same_model_and_it_can_be_restored(lessons in lessons()) {
        let model = forecaster(&lessons).model;
        prop_assert_eq!(&model, &forecaster(&lessons).model);
        let restored = Model::restored(model.history(), model.weights(), model.curves());
        prop_assert_eq!(&model, &restored);
    }
}

const FACTS: [&str; 8] = [
    "priority P2",
    "waits client",
    "waits third_party",
    "waits provider . Active",
    "responded",
    "assigned desk",
    "assigned field",
    "resolved",
];

/// What an incident of these facts, an hour apart, would have had forecast at an hour.
fn features(events: &[RecordedEvent], hour: i64) -> Option<FeatureVector> {
    let case =
        Case::of([target("resolution P1=30:00/long P2=60:00/long pause=client")], events.to_vec());
    let history = History::fold(&case.events, Instant::MAX);
    let incident = IncidentFeatures::up_to(&history, at(hour * HOUR))?;
    case.evaluated(at(hour * HOUR), |evaluation| {
        let clock = evaluation.clocks.first()?;
        Some(FeatureVector::of(&Snapshot::new(incident, clock, working_hours(), at(hour * HOUR))))
    })
}

proptest! {
    #[test]
    fn no_later_fact_leaks_into_a_forecast(
        facts in prop::collection::vec(0..FACTS.len(), 1..20), hour in 1i64..40,
    ) {
        let words = |words: &str| fact(&words.split(' ').collect::<Vec<_>>());
        let later = facts.iter().map(|which| words(FACTS[*which]));
        let all = [words("opened P1")].into_iter().chain(later).zip(0..);
        let events: Vec<_> =
            all.map(|(fact, number)| event(number, at(2 * number as i64 * HOUR), fact)).collect();
        let by_then = events.iter().filter(|e| e.value.occur_time <= at(hour * HOUR));
        let by_then: Vec<_> = by_then.cloned().collect();
        prop_assert_eq!(features(&events, hour), features(&by_then, hour));
    }
}

/// An hour's work was estimated on Monday at nine; it was touched by nobody until Tuesday at nine.
fn estimated(resolved: &str) -> Case {
    let incident = format!("Mon 08:00 opened P1\nMon 08:30 waits provider . Active\n{resolved}");
    let mut case = Case::new([target("resolution P1=30:00/long")], &incident);
    let estimate = Fact::EffortEstimated(Span::from_hours(1));
    case.events.push(event(90, at(9 * HOUR), estimate));
    case
}

#[test]
fn idle_work_is_flagged_with_its_latest_start() {
    let case = estimated("");
    let history = History::fold(&case.events, Instant::MAX);
    let urgency = |hour: i64| {
        let incident = IncidentFeatures::up_to(&history, at(hour * HOUR)).unwrap();
        case.evaluated(at(hour * HOUR), |evaluation| {
            let clock = evaluation.clocks.first().unwrap();
            let snapshot = Snapshot::new(incident, clock, working_hours(), at(hour * HOUR));
            Urgency::of(&snapshot.work(), working_hours()).unwrap()
        })
    };
    let (soon, later) = (urgency(9), urgency(24 + 9));
    assert!(!soon.has_idle_work && soon.reason().is_none());
    // Due on Wednesday at the close, 30 hours of ten a day after Monday's opening.
    assert_eq!(later.latest_start_time, Some(at(48 * HOUR + 17 * HOUR)));
    assert_eq!((later.idle_time, later.slack), (Span::from_hours(10), Span::from_hours(18)));
    let reason = later.reason().unwrap();
    let idle = "1 h of work is left and nothing has happened for 10 h of service time";
    assert!(later.has_idle_work);
    assert_eq!(reason, idle);
}

#[test]
fn what_was_avoidable_runs_from_when_it_could_have_been_ready() {
    let case = estimated("Tue 09:00 resolved");
    let history = History::fold(&case.events, Instant::MAX);
    case.evaluated(Instant::MAX, |evaluation| {
        let clock = evaluation.clocks.first().unwrap();
        let avoidable = avoidable(&history, clock, working_hours()).unwrap();
        assert_eq!(avoidable.ready_time, at(10 * HOUR));
        assert_eq!(avoidable.lost_time, Span::from_hours(9));
    });
}

#[test]
fn an_explanation_lists_the_strongest_effect_first() {
    let made = Made {
        holder: HOLDERS.iter().position(|holder| *holder == Holder::Client).unwrap(),
        phase: Phase::Paused,
        elapsed_before: 9 * HOUR,
        limit: 10 * HOUR,
        since: 0,
        waited: 100 * HOUR,
        events: 3,
        effort: None,
    };
    let explained = |model: &Model| {
        let snapshot = made.snapshot();
        explain(
            model,
            &snapshot,
            &FeatureVector::of(&snapshot),
            &LocalTime::new(None, snapshot.time),
            usize::MAX,
        )
    };
    let untaught = explained(&Model::default());
    assert!(untaught.iter().any(|reason| reason.text.contains("it waits for the client")));
    assert!(untaught.iter().all(|reason| reason.evidence == 0.0));
    assert!(untaught.is_sorted_by(|a, b| a.log_odds.abs() >= b.log_odds.abs()));
    let lessons = vec![(made.clone(), true); 30];
    let taught = explained(&forecaster(&lessons).model);
    assert!(taught.iter().any(|reason| reason.evidence > 1.0));
}
