//! The experienced account on timelines, and properties over random histories.

use itertools::Itertools;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Experience, ExperienceTotals, Holder, Survey, TimeSum};
use crate::domain::clock::properties::{STORY_SECONDS, a_target, history, settings};
use crate::domain::clock::testing::{Case, MONDAY_SECOND, at, span_text, target};
use crate::domain::compliance::{Tally, entries};
use crate::domain::decimal::Decimal;
use crate::domain::incident::History;
use crate::domain::spread::Spread;
use crate::domain::time::{Instant, Span};

/// A P1 with eight hours: forty people stopped, half an hour of work, left for six hours.
const ESSAY: &str = "
    Mon 09:00 opened P1 40
    Mon 15:00 worked 0:30
    Mon 15:00 resolved";

const RESOLUTION: &str = "resolution P1=8:00/office pause=client";

#[track_caller]
fn check(case: &Case, as_of: &str, expected: &str) {
    let found = case
        .experience(at(as_of), |experience, _, _| experience.map(|experience| text(&experience)));
    assert_eq!(found.unwrap_or_default(), expected.split_whitespace().join(" "));
}

fn text(experience: &Experience<'_>) -> String {
    let (seconds, _) = experience.lost_time.parts();
    format!(
        "experienced {} lost {} touched {} idle {} of {}",
        span_text(experience.experienced),
        span_text(Span::from_seconds(seconds as i64)),
        span_text(experience.flow.touch_time),
        span_text(experience.flow.idle_time),
        span_text(experience.flow.service_time),
    )
}

#[track_caller]
fn check_parties(case: &Case, as_of: &str, expected: &str) {
    let found = case.experience(at(as_of), |experience, _, _| {
        let parties = experience.map(|experience| experience.party_time).unwrap_or_default();
        let texts = parties.iter().map(|(holder, span)| {
            let name = match holder {
                Holder::ThirdParty(name) => (*name).to_owned(),
                other => format!("{other:?}").to_lowercase(),
            };
            format!("{name} {}", span_text(*span))
        });
        texts.collect_vec().join(", ")
    });
    assert_eq!(found, expected);
}

/// C7: the time before an incident moved to a contract belongs to the one it came from.
#[test]
fn what_people_had_before_a_move_belongs_to_the_contract_before() {
    let story = "
        Mon 09:00 opened P1 10 under=other
        Mon 10:00 worked 1:00
        Mon 11:00 moved contract
        Mon 12:00 waits client
        Mon 13:00 moved other
        Mon 14:00 worked 0:30
        Mon 14:30 moved contract
        Mon 16:00 resolved";
    let case = |policy: &str| Case::new([target(&format!("{RESOLUTION} {policy}"))], story);
    let moved = case("");
    check(&moved, "Mon 16:00", "experienced 3:30 lost 35:00 touched 0:00 idle 1:00 of 3:30");
    check_parties(&moved, "Mon 16:00", "provider 1:00, client 2:30");
    let counted = |case: &Case| {
        case.experience(at("Tue 00:00"), |experience, _, evaluation| {
            let experience = experience.unwrap();
            let within = |clock| experience.experienced_within(clock, Instant::MIN, Instant::MAX);
            span_text(within(&evaluation.clocks[0]))
        })
    };
    assert_eq!(counted(&moved), "3:30");
    let from_opening = case("transfer_from_opening");
    check(&from_opening, "Mon 16:00", "experienced 7:00 lost 70:00 touched 1:30 idle 2:00 of 7:00");
    assert_eq!(counted(&from_opening), "7:00");
    let first = "
        Mon 09:00 opened P1 10 under=contract trouble=Mon-08:00
        Mon 11:00 moved other
        Mon 12:00 moved contract
        Mon 13:00 resolved";
    let first = Case::new([target("resolution P1=8:00")], first);
    check(&first, "Mon 13:00", "experienced 4:00 lost 40:00 touched 0:00 idle 3:00 of 3:00");
}

#[test]
fn half_an_hour_of_work_left_idle_for_six_cost_forty_people_their_day() {
    let case = Case::new([target(RESOLUTION)], ESSAY);
    case.check("Mon 15:00 | stopped met 6:00 of 8:00 due Mon 17:00");
    check(&case, "Mon 15:00", "experienced 6:00 lost 240:00 touched 0:30 idle 5:30 of 6:00");
    let flow = case.experience(at("Mon 15:00"), |experience, _, _| {
        experience.map(|experience| experience.flow)
    });
    let efficiency = flow.and_then(|flow| flow.efficiency()).map(|share| share.to_string());
    assert_eq!(efficiency.as_deref(), Some("8.3333"));
}

#[test]
fn every_second_is_someones_or_closed() {
    let events = "
        Mon 16:00 opened P1
        Tue 10:00 waits client
        Tue 11:00 waits third_party . . Carrier
        Tue 13:00 waits nobody
        Tue 14:00 resolved
        Wed 09:00 reopened
        Wed 10:00 resolved";
    let case = Case::new([target(RESOLUTION)], events);
    check_parties(&case, "Tue 10:00", "provider 2:00, closedhours 16:00");
    let parties = "provider 4:00, client 1:00, Carrier 2:00, closedhours 16:00";
    check_parties(&case, "Thu 10:00", parties);
}

#[test]
fn lost_time_follows_the_impact_in_the_hours_people_work() {
    let events = "
        Mon 15:00 opened P1 10 trouble=Mon-14:00
        Mon 16:00 impact 4 50
        Tue 10:00 restored
        Tue 12:00 impact 9 100
        Wed 12:00 resolved";
    let case = Case::new([target(RESOLUTION)], events);
    // Ten people for two hours; then, half of the work of four, for an hour each on both days.
    check(&case, "Thu 10:00", "experienced 4:00 lost 24:00 touched 0:00 idle 13:00 of 13:00");
    // Who works in the evening lost nothing in the afternoon: 18 to 22 on Monday.
    let evening = Case::new([target(RESOLUTION)], events).experienced("evening", &[]);
    check(&evening, "Thu 10:00", "experienced 4:00 lost 8:00 touched 0:00 idle 13:00 of 13:00");
}

/// P13: 10 people for an hour and 20 for four, who can't work at all: 324,000 s. A field that is
/// not sent does not change.
#[test]
fn people_without_a_loss_leave_the_loss_as_it_was_and_a_loss_leaves_the_people() {
    let hit = |impacts: &str| {
        let events = format!("Mon 10:00 opened P1 10\n{impacts}\nMon 15:00 resolved");
        Case::new([target(RESOLUTION)], &events)
    };
    check(
        &hit("Mon 11:00 impact 20 -"),
        "Tue 09:00",
        "experienced 5:00 lost 90:00 touched 0:00 idle 5:00 of 5:00",
    );
    check(
        &hit("Mon 11:00 impact 20 0"),
        "Tue 09:00",
        "experienced 5:00 lost 10:00 touched 0:00 idle 5:00 of 5:00",
    );
    check(
        &hit("Mon 11:00 impact - 50"),
        "Tue 09:00",
        "experienced 5:00 lost 30:00 touched 0:00 idle 5:00 of 5:00",
    );
    check(
        &hit("Mon 11:00 impact 0 -"),
        "Tue 09:00",
        "experienced 5:00 lost 10:00 touched 0:00 idle 5:00 of 5:00",
    );
}

/// P13: an answer that gives no score is no score of 0.
#[test]
fn an_answer_without_a_score_gives_the_lost_time_alone() {
    let events = "Mon 09:00 opened P1\nMon 10:00 resolved\nMon 11:00 surveyed 8\n\
        Mon 11:30 surveyed - 0:30";
    let case = Case::new([target(RESOLUTION)], events);
    let survey = Survey::of(&History::fold(&case.events, Instant::MAX), at("Tue 09:00"));
    assert_eq!((survey.answers, survey.scores, survey.unhappy), (1, 8, 0));
    assert_eq!(survey.lost_time, TimeSum::from_parts(1800, 0));
}

#[test]
fn work_of_two_people_at_once_is_touched_once_and_at_night_it_shortens_no_idle_time() {
    let events = "
        Mon 10:00 opened P1
        Mon 12:00 worked 1:00
        Mon 12:30 worked 1:00
        Tue 08:00 worked 2:00
        Tue 09:00 waits client
        Tue 10:00 resolved";
    let case = Case::new([target(RESOLUTION)], events);
    check(&case, "Wed 10:00", "experienced 8:00 lost 0:00 touched 3:30 idle 5:30 of 8:00");
}

/// Issue 12, part 5: what occurs in the very instant of the question counts, as for clocks.
#[test]
fn trouble_and_promises_of_the_very_instant_are_seen() {
    let events = "
        Mon 09:00 opened P1
        Mon 10:00 updated Mon-11:00
        Mon 12:00 restored
        Mon 13:00 reopened";
    let case = Case::new([target(RESOLUTION)], events);
    let seen_at = |as_of: &str| {
        case.experience(at(as_of), |experience, _, _| {
            experience.map(|experience| {
                let open = experience.flow.promises.open;
                (experience.trouble_began, experience.trouble_ended, open)
            })
        })
    };
    let nine = Some(at("Mon 09:00"));
    assert_eq!(seen_at("Mon 09:00"), Some((nine, None, 0)));
    assert_eq!(seen_at("Mon 10:00"), Some((nine, None, 1)));
    assert_eq!(seen_at("Mon 12:00"), Some((nine, Some(at("Mon 12:00")), 0)));
    assert_eq!(seen_at("Mon 13:00"), Some((nine, None, 0)));
}

#[test]
fn a_promise_is_kept_when_it_works_by_then() {
    let events = "
        Mon 09:00 opened P1
        Mon 09:30 assigned first
        Mon 10:00 updated Mon-11:00
        Mon 10:00 assigned second
        Mon 10:30 updated Mon-12:00
        Mon 10:40 assigned second
        Mon 10:45 updated Mon-13:00
        Mon 12:00 restored
        Mon 12:30 updated Mon-12:40
        Mon 13:00 resolved
        Mon 14:00 reopened
        Mon 15:00 assigned first";
    let case = Case::new([target(RESOLUTION)], events);
    let flow_at = |as_of: &str| {
        case.experience(at(as_of), |experience, _, _| {
            let flow = experience.map(|experience| experience.flow).unwrap_or_default();
            let promises = (flow.promises.kept, flow.promises.broken, flow.promises.open);
            (promises, flow.handovers, flow.reopenings)
        })
    };
    assert_eq!(flow_at("Mon 11:00"), ((0, 0, 3), 1, 0));
    assert_eq!(flow_at("Mon 11:30"), ((0, 1, 2), 1, 0));
    assert_eq!(flow_at("Mon 16:00"), ((2, 1, 0), 2, 1));
}

/// P18: first-contact resolution, and what is not known of it.
#[test]
fn an_incident_is_resolved_at_first_contact_if_nothing_came_between() {
    let at_first = |facts: &str, within: i64| {
        let events = format!("Mon 09:00 opened P1\n{facts}");
        let case = Case::new([target(RESOLUTION)], &events);
        let case = case.first_contact_within(Span::from_minutes(within));
        case.experience(at("Tue 09:00"), |experience, _, _| {
            experience.and_then(|experience| experience.first_contact)
        })
    };
    let desk = "Mon 09:00 assigned desk\n";
    let solved = |between: &str| format!("{desk}{between}\nMon 09:30 resolved");
    assert_eq!(at_first(&solved(""), 0), Some(true));
    assert_eq!(at_first(&solved(""), 30), Some(true), "exactly in time");
    assert_eq!(at_first(&solved(""), 29), Some(false));
    assert_eq!(at_first(&solved("Mon 09:10 assigned second"), 0), Some(false));
    assert_eq!(at_first(&solved("Mon 09:10 assigned desk"), 0), Some(true), "the same group");
    assert_eq!(at_first(&solved("Mon 09:10 replied"), 0), Some(false));
    let waited = "Mon 09:10 waits client\nMon 09:20 waits provider";
    assert_eq!(at_first(&solved(waited), 0), Some(false));
    let again = format!("{}\nMon 10:00 reopened\nMon 11:00 resolved", solved(""));
    assert_eq!(at_first(&again, 0), Some(false));
    assert_eq!(at_first("Mon 09:30 resolved", 0), None, "nobody knows which group");
    assert_eq!(at_first(desk, 0), None, "it is open");
    assert_eq!(at_first(&format!("{desk}Mon 09:30 cancelled"), 0), None);
}

#[test]
fn answers_are_added_up() {
    let events = "
        Mon 09:00 opened P1
        Mon 10:00 resolved
        Mon 11:00 surveyed 9 2:00
        Mon 12:00 surveyed 8
        Mon 13:00 surveyed 6 0:30
        Mon 14:00 surveyed 10";
    let case = Case::new([target(RESOLUTION)], events);
    let survey_at = |as_of: &str| {
        let survey = case.experience(at(as_of), |experience, _, _| {
            experience.map(|experience| experience.survey)
        });
        let survey = survey.unwrap_or_default();
        let lost = survey.lost_time.nanos() / 60_000_000_000;
        let written = |figure: Option<Decimal>| figure.map(|figure| figure.to_string());
        let (score, happiness) = (survey.average_score(), survey.happiness_percent());
        (survey.answers, written(score), written(happiness), lost)
    };
    assert_eq!(survey_at("Mon 10:30"), (0, None, None, 0));
    assert_eq!(survey_at("Mon 13:00"), (3, Some("7.66".into()), Some("0".into()), 150));
    assert_eq!(survey_at("Mon 14:00"), (4, Some("8.25".into()), Some("25".into()), 150));
}

#[test]
fn time_sums_go_where_spans_can_not() {
    let century = Span::from_hours(24 * 365 * 100);
    let sum = TimeSum::of(1_000, century);
    assert_eq!(sum.hours(), 24 * 365 * 100 * 1_000);
    let (seconds, nanos) = sum.parts();
    assert_eq!(TimeSum::from_parts(seconds, nanos), sum);
    assert_eq!(TimeSum::of(5, Span::from_seconds(-1)), TimeSum::ZERO);
}

fn requested() -> impl Strategy<Value = Instant> {
    let second = MONDAY_SECOND..MONDAY_SECOND + STORY_SECONDS + 86_400;
    second.prop_map(|second| Instant::from_seconds(second).unwrap())
}

/// Totals with a different figure in every field.
fn totals(first: u64) -> ExperienceTotals {
    let time = |place: u64| TimeSum::from_parts(first + place, place as u32);
    ExperienceTotals {
        incidents: first,
        people_hit: first + 1,
        promises_kept: first + 2,
        promises_broken: first + 3,
        handovers: first + 4,
        reopenings: first + 5,
        experienced: time(6),
        lost_time: time(7),
        lost_times: Spread::of(time(7)),
        touch_time: time(8),
        service_time: time(9),
        idle_time: time(10),
        people_reported: first + 16,
        people_estimated: first + 17,
        work_reported: first + 18,
        first_contact: first + 19,
        first_contact_known: first + 20,
        survey: Survey {
            answers: first + 11,
            scores: first + 12,
            happy: first + 13,
            unhappy: first + 14,
            lost_time: time(15),
        },
    }
}

#[test]
fn the_median_is_of_incidents_and_takes_part_in_every_sum() {
    let cost = |people: &str| {
        let events = format!("Mon 09:00 opened P1 {people}\nMon 15:00 resolved");
        let case = Case::new([target(RESOLUTION)], &events);
        case.experience(at("Tue 09:00"), |experience, _, _| {
            experience.map(|experience| ExperienceTotals::of(&experience))
        })
        .unwrap()
    };
    let median = |totals: &ExperienceTotals| totals.lost_times.percentile(50);
    let hours = |hours: i64| Some(TimeSum::from(Span::from_hours(hours)));
    assert_eq!(median(&ExperienceTotals::default()), None);
    // Six hours of 40, 3, 1 and 0 people.
    let mut sum = cost("40");
    assert_eq!(median(&sum), hours(240));
    for people in ["3", "1", "0"] {
        sum.add(&cost(people));
    }
    assert_eq!((sum.lost_time, median(&sum)), (Span::from_hours(264).into(), hours(6)));
    sum.remove(&cost("0"));
    assert_eq!(median(&sum), hours(18));
    // P7: where nobody says how many people an incident hit, what it cost is not known, and not nothing.
    (0..4).for_each(|_| sum.add(&cost("")));
    assert_eq!((median(&sum), sum.people_reported), (hours(18), 3));
}

proptest! {
    #![proptest_config(settings(512))]

    #[test]
    fn what_was_added_can_be_taken_out_again(one in 0..1_000_000u64, other in 0..1_000_000u64) {
        let mut sum = totals(one);
        sum.add(&totals(other));
        prop_assert_ne!(&sum, &totals(one));
        let mut the_other_way = totals(other);
        the_other_way.add(&totals(one));
        prop_assert_eq!(&sum, &the_other_way);
        sum.remove(&totals(other));
        prop_assert_eq!(sum, totals(one));
    }

    #[test]
    fn parties_and_closed_hours_add_up_to_the_life(
        events in history(), target in a_target(), as_of in requested(),
    ) {
        Case::of([target], events).experience(as_of, |experience, passages, _| {
            let open_time: Span = passages.open().map(|p| p.end.since(p.start)).sum();
            if let Some(experience) = experience {
                let parties: Span = experience.party_time.values().copied().sum();
                prop_assert_eq!(parties, open_time);
                let closed = experience.party_time.get(&Holder::ClosedHours).copied();
                let in_hours = open_time - closed.unwrap_or_default();
                prop_assert_eq!(experience.flow.service_time, in_hours);
                prop_assert!(experience.flow.idle_time <= experience.flow.service_time);
                prop_assert!(experience.experienced <= open_time);
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_accounts_agree_when_nothing_is_paused_and_the_hours_are_the_same(
        events in history_that_ends_at_once(), as_of in requested(),
        calendar in select(vec!["always", "office", "evening"]),
    ) {
        let target = target(&format!("resolution *=4:00/{calendar}"));
        Case::of([target], events).experience(as_of, |experience, _, evaluation| {
            let counted = evaluation.clocks.iter().map(|clock| clock.elapsed).sum::<Span>();
            let experienced = experience.map(|experience| experience.experienced);
            prop_assert_eq!(experienced.unwrap_or_default(), counted);
            Ok(())
        })?;
    }

    #[test]
    fn then_both_accounts_count_the_same(
        histories in vec(history_that_ends_at_once(), 1..6), as_of in requested(),
        calendar in select(vec!["always", "office", "evening"]), agreed: bool,
    ) {
        let mut tally = Tally::default();
        for events in histories {
            let target = target(&format!("resolution *=4:00/{calendar}"));
            let case = Case::of([target], events);
            let case = if agreed { case.experienced(calendar, &[]) } else { case };
            case.experience(as_of, |experience, _, evaluation| {
                let history = History::fold(&case.events, case.known_time);
                let experience: Vec<_> = experience.into_iter().collect();
                let entries = entries(evaluation, &history.state(as_of), &experience);
                entries.iter().for_each(|entry| tally.add(&Tally::of(entry)));
            });
        }
        prop_assert_eq!(tally.contractual, tally.experienced);
        let differing = (tally.watermelons, tally.reverse_watermelons, tally.met_by_pauses);
        prop_assert_eq!(differing, (0, 0, 0));
    }
}

/// Histories in which the service is not restored before the incident is resolved.
fn history_that_ends_at_once() -> impl Strategy<Value = Vec<crate::domain::incident::RecordedEvent>>
{
    use crate::domain::incident::Fact;
    history().prop_map(|mut events| {
        let ends = |fact: &Fact| matches!(fact, Fact::Restored | Fact::Cancelled | Fact::Merged(_));
        events.retain(|recorded| !ends(&recorded.value.fact));
        events
    })
}
