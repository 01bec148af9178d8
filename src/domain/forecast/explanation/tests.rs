//! What is said of forecasts, word for word.

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::calendar::Calendars;
use crate::domain::clock::testing::TestCalendars;
use crate::domain::contract::Metric;
use crate::domain::forecast::{FeatureFields, Holder, IncidentFeatures};
use crate::domain::zone::ZoneDatabase;

/// A Wednesday, three in the afternoon in Amsterdam and one in UTC.
const NOW: &str = "2026-10-14T13:00:00.709107651Z";

fn at(text: &str) -> Instant {
    text.parse::<DateTime<Utc>>().unwrap().try_into().unwrap()
}

/// Monday to Friday, 9 to 17 in UTC.
fn office() -> &'static ServiceHours {
    TestCalendars.in_force("office", Instant::MIN).unwrap().hours
}

fn amsterdam() -> LocalTime {
    let zones = ZoneDatabase::bundled();
    LocalTime::new(zones.zone("Europe/Amsterdam"), at(NOW))
}

/// A clock that has used five of its eight hours, held since the day before.
fn snapshot(holder: Holder) -> Snapshot<'static> {
    let state = FeatureFields { group: "L2", assignee: "Anna", ..Default::default() };
    let incident = IncidentFeatures {
        state,
        holder,
        last_event_time: at("2026-10-14T07:50:00Z"),
        in_state_since: at("2026-10-14T07:50:00Z"),
        held_since: at("2026-10-13T12:05:31Z"),
        event_count: 1,
        reassignment_count: 0,
    };
    Snapshot {
        time: at(NOW),
        contract_id: "c",
        target_id: "resolve",
        metric: Metric::Resolution,
        priority: "P2",
        phase: Phase::Running,
        outcome: Outcome::Undecided,
        limit: Span::from_hours(8),
        elapsed: Span::from_nanos(17_999_000_000_001),
        due_time: Some(at("2026-10-14T16:00:00.709107651Z")),
        hours_to_due: 3.0,
        is_off_hours: false,
        category: "",
        incident,
    }
}

fn said(snapshot: &Snapshot<'_>, breach_time: Option<Instant>) -> String {
    let alike = Passed { clocks: 212, breached: 129 };
    summary(snapshot, breach_time, alike, office(), &amsterdam())
}

#[test]
fn a_summary_says_who_holds_it_since_when_and_how_those_like_it_turned_out() {
    let alike = "; of 212 like it 61 % were late";
    for (holder, words) in [
        (Holder::Queue, "nobody has taken it up since Tuesday 14:05 CEST"),
        (Holder::Provider, "the provider has had it since Tuesday 14:05 CEST"),
        (Holder::Client, "it has waited for the client since Tuesday 14:05 CEST"),
        (Holder::ThirdParty, "it has waited for a third party since Tuesday 14:05 CEST"),
        (Holder::Internal, "it has waited inside the provider since Tuesday 14:05 CEST"),
    ] {
        assert_eq!(said(&snapshot(holder), None), format!("{words}{alike}"));
    }
    let mut named = snapshot(Holder::ThirdParty);
    named.incident.state.third_party = "Acme";
    named.incident.held_since = at("2026-09-03T12:05:00Z");
    let words = "it has waited for Acme since 2026-09-03 14:05 CEST";
    assert_eq!(said(&named, None), format!("{words}{alike}"));
    let mut nobody = snapshot(Holder::Internal);
    nobody.incident.state.waiting_on = WaitingOn::Nobody;
    let words = "nobody has had to act since Tuesday 14:05 CEST";
    assert_eq!(said(&nobody, None), format!("{words}{alike}"));
}

/// Finding 10: "0h 00m left" and 76 % contradict each other, unless it is said that the office is
/// closed.
#[test]
fn a_summary_says_that_a_clock_is_late_or_only_just_not() {
    let used_up = Snapshot {
        time: at("2026-10-14T17:00:00Z"),
        elapsed: Span::from_hours(8),
        ..snapshot(Holder::Client)
    };
    let held = "it has waited for the client since Tuesday 14:05 CEST";
    let until = "nothing of the limit is left, but stopped by Thursday 11:00 CEST it is met";
    assert_eq!(said(&used_up, None), format!("{until}; {held}; of 212 like it 61 % were late"));
    let late = Snapshot {
        elapsed: Span::from_hours(9),
        outcome: Outcome::Breached,
        ..snapshot(Holder::Client)
    };
    let since = "late since Wednesday 14:00 CEST";
    assert_eq!(said(&late, Some(at("2026-10-14T12:00:00Z"))), format!("{since}; {held}"));
}

#[test]
fn every_feature_is_said_in_words_a_person_on_shift_understands() {
    let snapshot = snapshot(Holder::Client);
    let categorical = CATEGORICAL_FEATURES.map(|of| categorical_feature_words(of, &snapshot));
    assert_eq!(
        categorical,
        [
            "",
            "target resolve, priority P2",
            "priority P2 while it waits for the client",
            "nothing has happened since it was opened",
            "never handed over",
            "something last happened within service hours",
            "group L2 has it",
            "group L2 has it while it waits for the client",
            "Anna is assigned",
            "no category",
            "target resolve",
        ]
    );
    let curves = CURVE_FEATURES.map(|of| curve_feature_words(of, &snapshot, &amsterdam()));
    assert_eq!(
        curves,
        [
            "62 % of the limit is used while it waits for the client",
            "nothing has happened for 5 h 10 min while it waits for the client",
            "its status is 5 h 10 min old while it waits for the client",
            "it is due Wednesday 18:00 CEST",
            "group L2 has it and 62 % of the limit is used",
            "group L2 has it and its status is 5 h 10 min old",
            "Anna is assigned and 62 % of the limit is used",
        ]
    );
}

#[test]
fn what_is_missing_is_said_too() {
    let mut bare = snapshot(Holder::Queue);
    (bare.incident.state.group, bare.incident.state.assignee) = ("", "");
    (bare.priority, bare.category, bare.is_off_hours) = ("", "network", true);
    (bare.incident.event_count, bare.incident.reassignment_count) = (3, 1);
    let of = |of| categorical_feature_words(of, &bare);
    assert_eq!(of(CategoricalFeature::Clause), "target resolve, no priority");
    let queued = "no group has it while nobody has taken it up";
    assert_eq!(of(CategoricalFeature::GroupAndHolder), queued);
    assert_eq!(of(CategoricalFeature::Assignee), "nobody is assigned");
    assert_eq!(of(CategoricalFeature::Category), "category network");
    assert_eq!(of(CategoricalFeature::Events), "something happened 3 times");
    assert_eq!(of(CategoricalFeature::Reassignments), "handed over once");
    let outside = "something last happened outside service hours";
    assert_eq!(of(CategoricalFeature::OffHours), outside);
    bare.phase = Phase::Paused;
    let paused = curve_feature_words(CurveFeature::Nearness, &bare, &amsterdam());
    assert_eq!(paused, "it would be due Wednesday 18:00 CEST if it went on now");
    bare.due_time = Some(bare.time);
    let used_up = curve_feature_words(CurveFeature::Nearness, &bare, &amsterdam());
    assert_eq!(used_up, "its limit is used up");
    (bare.incident.last_event_time, bare.incident.in_state_since) = (bare.time, bare.time);
    let of = |of| curve_feature_words(of, &bare, &amsterdam());
    assert_eq!(of(CurveFeature::Idle), "something happened just now while nobody has taken it up");
    assert_eq!(of(CurveFeature::InState), "its status is new while nobody has taken it up");
    bare.due_time = None;
    assert_eq!(curve_feature_words(CurveFeature::Nearness, &bare, &amsterdam()), "");
}

#[test]
fn a_reason_says_in_which_direction_it_moves_and_how_far_but_no_number_without_a_unit() {
    for (log_odds, words) in [
        (1.6, "much more likely"),
        (0.8, "more likely"),
        (0.06, "slightly more likely"),
        (0.0, "as likely as without"),
        (-0.04, "as likely as without"),
        (-0.06, "slightly less likely"),
        (-0.8, "less likely"),
        (-1.6, "much less likely"),
    ] {
        assert_eq!(as_likely(log_odds), words);
    }
    let reasons = explain(
        &Model::default(),
        &snapshot(Holder::Client),
        &FeatureVector::of(&snapshot(Holder::Client)),
        &amsterdam(),
        usize::MAX,
    );
    assert!(!reasons.is_empty());
    for Reason { text, log_odds, .. } in reasons {
        let (_, direction) = text.split_once(": a breach is ").unwrap();
        assert_eq!(direction, as_likely(log_odds));
    }
}

#[test]
fn an_estimate_says_whether_the_work_fits() {
    let effort = |left, slack: i64| Effort {
        team: "T".into(),
        left: Span::from_minutes(left),
        slack: Span::from_nanos(slack * 60_000_000_000 + 1),
    };
    let of =
        |effort, without, with| explain_effort(&Estimates::default(), &effort, without, with).text;
    let fits = "2 h of work is left, and 12 h 54 min to do it: a breach is less likely";
    assert_eq!(of(effort(120, 774), 0.5, 0.3), fits);
    let nothing = "0 min of work is left, and 37 min to do it: a breach is much less likely";
    assert_eq!(of(effort(0, 37), 0.5, 0.1), nothing);
    let none = "2 h of work is left, and nothing of the limit: a breach is certain";
    assert_eq!(of(effort(120, -1), 0.9, 1.0), none);
    let all = "40 h of work is left, more than fits into 12 h 54 min: a breach is certain";
    assert_eq!(of(effort(2400, 774), 0.5, 1.0), all);
}
