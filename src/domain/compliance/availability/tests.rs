use std::cmp::Ordering;

use chrono::DateTime;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::outages::{Turn, degradation, outage};
use super::*;
use crate::domain::calendar::{Calendar, Draft, DraftWeekly};
use crate::domain::contract::{DownWhen, ExclusionRule, PeriodKind};
use crate::domain::incident::Party;
use crate::domain::service::{OutageCause, OutageDecision, Requests, ServiceFact, in_effect};
use crate::domain::zone::ZoneDatabase;

const MINUTE: Span = Span::from_minutes(1);
const HALF_AN_HOUR: Span = Span::from_minutes(30);

fn zones() -> ZoneDatabase {
    ZoneDatabase::bundled()
}

fn compiled(draft: Draft) -> ServiceHours {
    let draft = Draft { time_zone: "Europe/Amsterdam".into(), ..draft };
    ServiceHours::compile(&Calendar::parse(&draft, &zones()).unwrap(), &zones()).unwrap()
}

fn round_the_clock() -> ServiceHours {
    compiled(Draft { always_open: true, ..Draft::default() })
}

/// Every day 9 to 17 in Amsterdam.
fn daytime() -> ServiceHours {
    let days = [0, 1, 2, 3, 4, 5, 6].map(|day| chrono::Weekday::try_from(day).unwrap());
    let window = DraftWeekly { days: days.into(), opens: "09:00".into(), closes: "17:00".into() };
    compiled(Draft { weekly: vec![window], ..Draft::default() })
}

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc().try_into().unwrap()
}

/// `05T02:30` in November 2026, in UTC.
fn november(text: &str) -> Instant {
    at(&format!("2026-11-{text}:00Z"))
}

fn month(text: &str) -> Period {
    let zone = zones().zone("Europe/Amsterdam").unwrap();
    Period::around(PeriodKind::Month, at(text), &zone.into()).unwrap()
}

fn event(time: Instant, fact: ServiceFact) -> ServiceEvent {
    let event_id = format!("{time} {fact:?}");
    ServiceEvent {
        recorded_by: None,
        event_id,
        service: "mail".into(),
        occur_time: time,
        occur_order: 0,
        source: String::new(),
        fact,
    }
}

/// Facts of an outage without an id, such as `05T03:00 start, 05T03:00 end`.
fn turns(text: &str) -> Vec<ServiceEvent> {
    let turn = |written: &str| {
        let (time, what) = written.trim().split_once(' ').unwrap();
        let fact = match what {
            "start" => ServiceFact::OutageStarted(String::new()),
            "end" => ServiceFact::OutageEnded(String::new()),
            "worse" => ServiceFact::DegradationStarted(String::new()),
            "better" => ServiceFact::DegradationEnded(String::new()),
            other => panic!("{other}"),
        };
        event(november(time), fact)
    };
    text.split(',').map(turn).collect()
}

/// Events that follow each other in the order given, also within one instant.
fn in_order(mut events: Vec<ServiceEvent>) -> Vec<ServiceEvent> {
    for (order, event) in events.iter_mut().enumerate() {
        event.occur_order = order as i64;
    }
    events
}

fn from(source: &str, mut events: Vec<ServiceEvent>) -> Vec<ServiceEvent> {
    events.iter_mut().for_each(|event| event.source = source.to_owned());
    events
}

/// An outage of some name in November.
fn outage_of(name: &str, from: &str, to: &str) -> [ServiceEvent; 2] {
    [
        event(november(from), ServiceFact::OutageStarted(name.into())),
        event(november(to), ServiceFact::OutageEnded(name.into())),
    ]
}

fn degraded(from: &str, to: &str) -> [ServiceEvent; 2] {
    [
        event(november(from), ServiceFact::DegradationStarted(String::new())),
        event(november(to), ServiceFact::DegradationEnded(String::new())),
    ]
}

fn maintenance(from: &str, to: &str, announced: &str) -> ServiceEvent {
    let (start, end) = (november(from), november(to));
    let announced = november(announced);
    event(announced, ServiceFact::MaintenanceScheduled { start, end, announced })
}

/// How a service was up in a period, with a notice of 24 hours and degraded time counting nothing.
fn up(
    events: &[&ServiceEvent],
    hours: &ServiceHours,
    period: &Period,
    as_of: Instant,
) -> Availability {
    let service = AgreedService { maintenance_notice: Span::from_hours(24), ..mail() };
    let agreed = Agreed {
        service: &service,
        hours,
        degradation_weight: Share::NONE,
        downtime_unit: Span::ZERO,
        life: ALWAYS,
    };
    Excluding::evaluate(events, agreed, NOTHING_EXCLUDED, period, as_of).counted
}

const ALWAYS: ContractLife = ContractLife { start: Instant::MIN, end: None };

const NOTHING_EXCLUDED: OutageExclusions<'static> =
    OutageExclusions { contract_id: "C", objective_id: "up", rules: &[] };

fn mail() -> AgreedService {
    AgreedService {
        services: vec!["mail".into()],
        calendar_id: "always".into(),
        ..AgreedService::default()
    }
}

/// How November was up round the clock, by what is known at its end or before.
fn evaluated(events: &[ServiceEvent], as_of: &str) -> Availability {
    let (hours, as_of) = (round_the_clock(), november(as_of));
    let events = in_effect(events.iter(), as_of);
    let period = month("2026-11-15T00:00:00Z");
    up(&events, &hours, &period, as_of)
}

fn over(events: &[ServiceEvent]) -> Availability {
    evaluated(events, "30T23:30")
}

fn promise(percent: &str) -> AvailabilityPromise {
    AvailabilityPromise {
        agreed: mail(),
        share: Share::from_percent(percent).unwrap(),
        degradation_weight: Share::NONE,
        downtime_unit: Span::ZERO,
    }
}

#[test]
fn a_month_of_thirty_days_allows_twenty_one_minutes_and_thirty_six_seconds() {
    let allowed = Span::from_seconds(21 * 60 + 36);
    let result = evaluate(&promise("99.95"), &over(&[]));
    assert_eq!(result.downtime_allowance, allowed);
    assert_eq!((result.verdict, result.uptime), (Verdict::Met, Some(Share::ALL)));

    let mut outage = outage_of("", "05T02:00", "05T02:21");
    outage[1].occur_time = at("2026-11-05T02:21:36Z");
    let result = evaluate(&promise("99.95"), &over(&outage));
    assert_eq!((result.verdict, result.downtime_allowance), (Verdict::Met, Span::ZERO));
    assert_eq!(result.uptime.map(|share| share.to_string()), Some("99.95".into()));

    outage[1].occur_time = at("2026-11-05T02:21:36.000000001Z");
    let result = evaluate(&promise("99.95"), &over(&outage));
    assert_eq!(result.verdict, Verdict::Missed);
    assert_eq!(result.downtime_allowance, Span::from_nanos(-1));
    assert_eq!(result.uptime.map(|share| share.to_string()), Some("99.9499".into()));
}

#[test]
fn planned_maintenance_wins_over_an_outage_if_it_was_announced_in_time() {
    let down = outage_of("", "05T02:30", "05T03:30");
    let with = |announced: &str| {
        let planned = maintenance("05T02:00", "05T03:00", announced);
        let found = over(&[down.to_vec(), vec![planned]].concat());
        (found.outage, found.maintenance, found.outages.len())
    };
    assert_eq!(with("04T02:00"), (HALF_AN_HOUR, Span::from_hours(1), 1), "just in time");
    assert_eq!(with("04T02:01"), (Span::from_hours(1), Span::ZERO, 1), "a minute late");
    let whole = maintenance("05T02:00", "05T04:00", "01T09:00");
    let found = over(&[down.to_vec(), vec![whole]].concat());
    assert_eq!((found.outage, found.outages.len()), (Span::ZERO, 0));
    let short = maintenance("05T02:40", "05T03:00", "01T09:00");
    let found = over(&[down.to_vec(), vec![short]].concat());
    assert_eq!(found.outages, [Span::from_minutes(40)], "it does not split the outage");
}

#[test]
fn overlapping_outages_are_one_and_an_outage_wins_over_a_degradation() {
    let monitors = [
        outage_of("a", "05T02:00", "05T02:30"),
        outage_of("b", "05T02:20", "05T03:00"),
        outage_of("c", "05T03:00", "05T03:10"),
        degraded("05T01:00", "05T04:00"),
    ];
    let found = over(&monitors.concat());
    assert_eq!(found.outages, [Span::from_minutes(70)]);
    assert_eq!(found.degraded, Span::from_minutes(110));
    let weighed = Availability { degradation_weight: Share::from_percent("10").unwrap(), ..found };
    assert_eq!(weighed.downtime(), Span::from_minutes(81));
    assert_eq!(weighed.uptime(), weighed.agreed - Span::from_minutes(81));
}

#[test]
fn a_weight_that_leaves_parts_of_a_nanosecond_is_not_rounded_in_the_verdict() {
    let nanos = Span::from_nanos;
    let found = |degraded| Availability {
        agreed: nanos(3),
        agreed_in_period: nanos(3),
        degraded: nanos(degraded),
        degradation_weight: Share::from_percent("75").unwrap(),
        ..Availability::default()
    };
    assert_eq!(evaluate(&promise("75"), &found(1)).verdict, Verdict::Met);
    assert_eq!(evaluate(&promise("50"), &found(2)).verdict, Verdict::Met);
    assert_eq!(evaluate(&promise("50.0001"), &found(2)).verdict, Verdict::Missed);
    assert_eq!(found(2).share_up().map(|share| share.to_string()), Some("50".into()));
}

#[test]
fn what_starts_twice_started_once_and_a_blip_is_nothing() {
    let again = event(november("05T02:10"), ServiceFact::OutageStarted(String::new()));
    let late_end = event(november("05T09:00"), ServiceFact::OutageEnded(String::new()));
    let mut events = outage_of("", "05T02:00", "05T02:30").to_vec();
    events.extend([again, late_end]);
    assert_eq!(over(&events).outages, [HALF_AN_HOUR]);
    let flap = outage_of("", "05T02:20", "05T02:20");
    assert_eq!(over(&[events, flap.to_vec()].concat()).outages, [HALF_AN_HOUR], "it went on");
    let blip = outage_of("", "05T02:20", "05T02:20");
    assert_eq!(over(&blip).outages, []);
}

/// P3: starts and ends of one instant are counted.
#[test]
fn several_facts_of_one_instant_are_counted_in_any_order_of_arrival() {
    let hour = Span::from_hours(1);
    let down = |text: &str| {
        let mut events = turns(text);
        let found = over(&events).outage;
        events.reverse();
        assert_eq!(over(&events).outage, found, "{text}");
        found
    };
    assert_eq!(down("05T03:00 start, 05T03:00 end, 05T03:00 start, 05T04:00 end"), hour);
    let again = "05T02:00 start, 05T03:00 end, 05T03:00 start, 05T03:00 end, \
                 05T05:00 start, 05T06:00 end";
    assert_eq!(down(again), Span::from_hours(2));
    assert_eq!(down("05T02:00 start, 05T02:00 start, 05T03:00 end"), hour, "reported twice");
    assert_eq!(
        down("05T02:00 start, 05T03:00 end, 05T03:00 end, 05T04:00 start, 05T05:00 end"),
        Span::from_hours(2),
        "an end too many does not end what comes later"
    );
    assert_eq!(down("05T01:00 end, 05T02:00 start, 05T03:00 end"), hour, "an end without a start");
    assert_eq!(down("05T02:00 start, 05T02:30 end, 05T02:30 start, 05T03:00 end"), hour, "a flap");
}

/// P3: the order of facts within one instant is as good as time.
#[test]
fn the_order_within_an_instant_says_what_came_last() {
    let [down, up] = ["05T03:00 start, 05T03:00 end", "05T03:00 end, 05T03:00 start"];
    let until_four = |text: &str| format!("05T02:00 start, {text}, 05T04:00 end");
    let found = |text: &str| over(&in_order(turns(text))).outage;
    assert_eq!(found(&until_four(down)), Span::from_hours(1), "it had started, and ended then");
    assert_eq!(found(&until_four(up)), Span::from_hours(2));
    assert_eq!(over(&turns(&until_four(down))).outage, Span::from_hours(2), "without an order");
    assert_eq!(found(up), over(&turns("05T03:00 start")).outage);
}

/// P3: monitors that give no ids do not end each other's outages.
#[test]
fn outages_without_ids_are_distinguished_by_who_reports_them() {
    let ping = "05T02:00 start, 05T02:30 end";
    let probe = "05T02:10 start, 05T03:00 end";
    let both = |a: &str, b: &str| over(&[from(a, turns(ping)), from(b, turns(probe))].concat());
    assert_eq!(both("ping", "probe").outages, [Span::from_hours(1)]);
    assert_eq!(both("ping", "ping").outages, [HALF_AN_HOUR], "the same monitor, twice");
    // With an id it is one outage, whoever says that it ended.
    let mut named = outage_of("I-7", "05T02:00", "05T02:30").to_vec();
    named[1].source = "desk".into();
    assert_eq!(over(&named).outages, [HALF_AN_HOUR]);
}

/// P3: degradations are counted likewise, and maintenance has no part in it.
#[test]
fn degradations_and_maintenance_of_the_same_instant_are_distinguished() {
    let facts = "05T03:00 worse, 05T03:00 better, 05T03:00 worse, 05T04:00 better, \
                 05T03:00 end, 05T03:00 start, 05T03:00 start, 05T03:30 end";
    let planned = maintenance("05T03:00", "05T03:10", "01T09:00");
    let found = over(&[turns(facts), vec![planned]].concat());
    let found = [found.maintenance, found.outage, found.degraded];
    assert_eq!(found, [10, 20, 30].map(Span::from_minutes));
}

#[test]
fn only_agreed_service_time_counts() {
    let hours = daytime();
    let (events, as_of) = (outage_of("", "05T15:00", "06T08:30"), november("30T23:30"));
    let events = in_effect(events.iter(), as_of);
    let period = month("2026-11-15T00:00:00Z");
    let found = up(&events, &hours, &period, as_of);
    // 16:00 to 17:00 in Amsterdam, and on the next day 9:00 to 9:30.
    assert_eq!(found.outages, [Span::from_minutes(90)]);
    assert_eq!(found.agreed, Span::from_hours(30 * 8));
    assert_eq!(found.mean_time_between_failures(), Some(found.uptime()));
}

#[test]
fn a_month_is_as_long_as_its_clock_changes_make_it() {
    let hours = round_the_clock();
    for (time, length) in [("2026-10-15T00:00:00Z", 745), ("2026-03-15T00:00:00Z", 743)] {
        let period = month(time);
        let found = up(&[], &hours, &period, period.end);
        assert_eq!(found.agreed, Span::from_hours(length));
    }
    let period = month("2026-10-15T00:00:00Z");
    // From 2:30 in summer to 2:30 in winter.
    let down = [
        event(at("2026-10-25T00:30:00Z"), ServiceFact::OutageStarted(String::new())),
        event(at("2026-10-25T01:30:00Z"), ServiceFact::OutageEnded(String::new())),
    ];
    let events = in_effect(down.iter(), period.end);
    let found = up(&events, &hours, &period, period.end);
    assert_eq!(found.outage, Span::from_hours(1));
}

#[test]
fn what_lasts_counts_until_now_and_is_missed_once_the_month_allows_no_more() {
    let down = outage_of("", "29T22:00", "30T09:00");
    let stood = |percent: &str, as_of: &str| {
        let found = evaluated(&down, as_of);
        let result = evaluate(&promise(percent), &found);
        (result.verdict, found.outages, result.downtime_allowance)
    };
    let (verdict, outages, left) = stood("99.9", "29T22:40");
    assert_eq!((verdict, outages), (Verdict::Met, vec![Span::from_minutes(40)]));
    assert_eq!(left, Span::from_seconds(43 * 60 + 12 - 40 * 60));
    // 42 minutes of what is agreed so far are too many, but the month may still take 12 seconds.
    assert_eq!(stood("99.9", "29T22:43").0, Verdict::AtRisk);
    assert_eq!(stood("99.9", "29T22:44").0, Verdict::Missed);
    assert_eq!(stood("99", "30T12:00").0, Verdict::Missed);
    assert_eq!(evaluated(&down, "29T21:00").outages, []);
    assert_eq!(evaluate(&promise("99.9"), &evaluated(&[], "01T00:00")).verdict, Verdict::Met);
}

#[test]
fn nothing_is_agreed_before_the_period() {
    let hours = round_the_clock();
    let (period, as_of) = (month("2026-11-15T00:00:00Z"), at("2026-10-01T00:00:00Z"));
    let found = up(&[], &hours, &period, as_of);
    assert_eq!(evaluate(&promise("99.9"), &found).verdict, Verdict::NoData);
    assert_eq!((found.share_up(), found.mean_time_to_restore()), (None, None));
}

#[test]
fn no_more_than_two_outages_over_half_an_hour_a_quarter() {
    let promise =
        OutagesPromise { agreed: promise("0").agreed, most: 2, longer_than: HALF_AN_HOUR };
    let zone = zones().zone("Europe/Amsterdam").unwrap();
    let period = Period::around(PeriodKind::Quarter, november("15T00:00"), &zone.into()).unwrap();
    let hours = round_the_clock();
    let mut events = [
        outage_of("", "02T10:00", "02T10:30"),
        outage_of("", "03T10:00", "03T10:31"),
        outage_of("", "04T10:00", "04T12:00"),
    ]
    .concat();
    let stood = |events: &[ServiceEvent], as_of| {
        let events = in_effect(events.iter(), as_of);
        let found = up(&events, &hours, &period, as_of);
        evaluate_outages(&promise, &found)
    };
    let of = |verdict, long_outages, allowance| OutagesResult { verdict, long_outages, allowance };
    assert_eq!(stood(&events, november("15T00:00")), of(Verdict::Met, 2, 0), "30 is not over 30");
    events.extend(outage_of("", "20T10:00", "20T10:40"));
    assert_eq!(stood(&events, november("20T10:30")), of(Verdict::Met, 2, 0), "not yet");
    assert_eq!(stood(&events, november("20T10:35")), of(Verdict::Missed, 3, -1));
}

#[test]
fn an_outage_is_counted_where_it_begins_with_all_its_downtime() {
    let hours = round_the_clock();
    let mut events = outage_of("", "30T22:00", "30T22:30");
    events[1].occur_time = at("2026-12-01T01:00:00Z");
    let as_of = at("2026-12-05T00:00:00Z");
    let events = in_effect(events.iter(), as_of);
    let of = |time| up(&events, &hours, &month(time), as_of);
    // November ends at 23:00 UTC.
    let (november, december) = (of("2026-11-15T00:00:00Z"), of("2026-12-03T00:00:00Z"));
    assert_eq!((november.outage, december.outage), (Span::from_hours(1), Span::from_hours(2)));
    assert_eq!(november.outages, [Span::from_hours(3)]);
    assert_eq!(december.outages, []);
    assert_eq!(november.mean_time_to_restore(), Some(Span::from_hours(3)));
    assert_eq!(november.longest_outage(), Some(Span::from_hours(3)));
}

/// How services were up in November round the clock, as an objective counts it.
fn counted(
    events: &[ServiceEvent],
    service: AgreedService,
    (rules, unit): (&[ExclusionRule], Span),
) -> Excluding {
    let (hours, as_of) = (round_the_clock(), november("30T23:30"));
    let events = in_effect(events.iter(), as_of);
    let (service, degradation_weight) = (&service, Share::from_percent("50").unwrap());
    let (downtime_unit, life) = (unit, ALWAYS);
    let agreed = Agreed { service, hours: &hours, degradation_weight, downtime_unit, life };
    let exclusions = OutageExclusions { rules, ..NOTHING_EXCLUDED };
    Excluding::evaluate(&events, agreed, exclusions, &month("2026-11-15T00:00:00Z"), as_of)
}

fn zones_a_and_b(down_when: DownWhen) -> AgreedService {
    AgreedService { services: vec!["a".into(), "b".into()], down_when, ..mail() }
}

/// The same facts about another service.
fn of(service: &str, events: impl IntoIterator<Item = ServiceEvent>) -> Vec<ServiceEvent> {
    let its = |event| ServiceEvent { service: service.into(), ..event };
    events.into_iter().map(its).collect()
}

/// P18: two zones are down at once, or one of them is.
#[test]
fn several_services_are_down_together_when_all_of_them_are_or_any() {
    let [one, other] = [("05T02:00", "05T03:00"), ("05T02:40", "05T04:00")];
    let events = [
        of("a", outage_of("", one.0, one.1)),
        of("b", outage_of("", other.0, other.1)),
        of("c", outage_of("", "05T05:00", "05T06:00")),
    ];
    let events = events.concat();
    let minutes = |when| {
        let found = counted(&events, zones_a_and_b(when), (&[], Span::ZERO)).counted;
        (found.outage, found.outages)
    };
    let both = Span::from_minutes(20);
    assert_eq!(minutes(DownWhen::All), (both, vec![both]));
    let any = Span::from_minutes(120);
    assert_eq!(minutes(DownWhen::Any), (any, vec![any]), "c is none of them");
    let quiet = of("a", outage_of("", one.0, one.1));
    let all = counted(&quiet, zones_a_and_b(DownWhen::All), (&[], Span::ZERO)).counted;
    assert_eq!(all.outage, Span::ZERO, "of b nothing was ever reported: it is up");
}

/// P18: maintenance of one zone is no excuse for the other.
#[test]
fn maintenance_of_one_service_does_not_cover_the_others() {
    let planned = |service| {
        let plan = maintenance("05T02:00", "05T04:00", "01T09:00");
        of(service, [plan])
    };
    let of_b = || of("b", outage_of("", "05T03:00", "05T05:00"));
    let minutes = |events: Vec<ServiceEvent>, when| {
        let found = counted(&events, zones_a_and_b(when), (&[], Span::ZERO)).counted;
        [found.outage, found.maintenance].map(|span| span.nanos() / MINUTE.nanos())
    };
    let one = || [planned("a"), of_b()].concat();
    assert_eq!(minutes(one(), DownWhen::All), [60, 0], "nobody was there for an hour");
    assert_eq!(minutes(one(), DownWhen::Any), [120, 60]);
    let both = || [planned("a"), planned("b"), of_b()].concat();
    assert_eq!(minutes(both(), DownWhen::All), [0, 120], "b was down after that, and a was up");
    assert_eq!(minutes(both(), DownWhen::Any), [60, 120]);
    let worse = [of_b(), of("a", degraded("05T03:30", "05T04:30"))].concat();
    let found = counted(&worse, zones_a_and_b(DownWhen::All), (&[], Span::ZERO)).counted;
    assert_eq!((found.outage, found.degraded), (Span::ZERO, Span::from_minutes(60)));
    let found = counted(&worse, zones_a_and_b(DownWhen::Any), (&[], Span::ZERO)).counted;
    assert_eq!((found.outage, found.degraded), (Span::from_minutes(120), Span::ZERO));
}

/// P18: an outage counts each minute that was started.
#[test]
fn downtime_counts_in_whole_minutes_that_were_started() {
    let second = |text: &str| at(&format!("2026-11-05T{text}Z"));
    let outage = |from: &str, to: &str| {
        [
            event(second(from), ServiceFact::OutageStarted(String::new())),
            event(second(to), ServiceFact::OutageEnded(String::new())),
        ]
    };
    let seconds = |outages: &[[ServiceEvent; 2]], unit| {
        let found = counted(&outages.concat(), mail(), (&[], unit)).counted;
        found.outage.nanos() / 1_000_000_000
    };
    let started = |outages: &[[ServiceEvent; 2]]| seconds(outages, MINUTE);
    let long = [outage("02:00:10", "02:10:11")];
    assert_eq!((started(&long), seconds(&long, Span::ZERO)), (11 * 60, 601));
    assert_eq!(started(&[outage("02:00:50", "02:01:50")]), 60, "exactly a minute is one");
    let apart = [outage("02:00:00", "02:00:01"), outage("03:00:00", "03:00:01")];
    assert_eq!(started(&apart), 120);
    let flapping = [outage("02:00:10", "02:00:20"), outage("02:00:40", "02:00:50")];
    assert_eq!(started(&flapping), 60, "one minute was started");
    let on = [outage("02:00:10", "02:00:20"), outage("02:00:40", "02:01:20")];
    assert_eq!(started(&on), 120, "the second covers what the first did not");
    let over = AvailabilityPromise { downtime_unit: MINUTE, ..promise("99.95") };
    let long = outage("02:00:00", "02:21:01");
    let found = counted(&long, mail(), (&[], over.downtime_unit)).counted;
    assert_eq!(evaluate(&over, &found).verdict, Verdict::Missed, "22 of 21.6 minutes");
    let exact = counted(&long, mail(), (&[], Span::ZERO)).counted;
    assert_eq!(evaluate(&over, &exact).verdict, Verdict::Met);
    // From 16:59:50 to 9:00:05 of the next day, in hours from 9 to 17.
    let (hours, service) = (daytime(), mail());
    let night = [
        event(november("05T15:59"), ServiceFact::OutageStarted(String::new())),
        event(at("2026-11-06T08:00:05Z"), ServiceFact::OutageEnded(String::new())),
    ];
    let events: Vec<_> = night.iter().collect();
    let agreed = Agreed {
        life: ALWAYS,
        service: &service,
        hours: &hours,
        degradation_weight: Share::NONE,
        downtime_unit: MINUTE,
    };
    let period = month("2026-11-15T00:00:00Z");
    let found = Excluding::evaluate(&events, agreed, NOTHING_EXCLUDED, &period, period.end);
    assert_eq!(found.counted.outage, Span::from_minutes(2), "65 seconds of agreed time");
}

/// P18: a stretch in which too many requests failed is an outage.
#[test]
fn a_stretch_of_requests_is_down_above_the_error_rate() {
    let stretch = |until: &str, failed| {
        let duration = Span::from_minutes(5);
        event(
            november(until),
            ServiceFact::RequestsCounted(Requests { requests: 1_000, failed, duration }),
        )
    };
    let rated = AgreedService { error_rate: Some(Share::from_percent("5").unwrap()), ..mail() };
    let events = [stretch("05T02:05", 50), stretch("05T02:10", 51), stretch("05T02:15", 1_000)];
    let found = counted(&events, rated.clone(), (&[], Span::ZERO)).counted;
    assert_eq!(found.outages, [Span::from_minutes(10)], "exactly the rate is no outage");
    assert_eq!(counted(&events, mail(), (&[], Span::ZERO)).counted.outages, []);
    let nothing = event(
        november("05T02:05"),
        ServiceFact::RequestsCounted(Requests { duration: MINUTE, ..Requests::default() }),
    );
    assert_eq!(counted(&[nothing], rated, (&[], Span::ZERO)).counted.outages, [], "no requests");
}

fn rule(id: &str) -> ExclusionRule {
    ExclusionRule {
        id: id.into(),
        title: String::new(),
        cause: None,
        third_party: String::new(),
        out_of_scope: false,
        when: None,
        target_ids: Vec::new(),
        objective_ids: Vec::new(),
        outage_reasons: Vec::new(),
    }
}

fn attributed(
    outage: &ServiceEvent,
    party: Option<Party>,
    reason: &str,
    time: &str,
) -> ServiceEvent {
    let cause = OutageCause {
        outage_event_id: outage.event_id.clone(),
        party,
        reason: reason.into(),
        ..OutageCause::default()
    };
    event(november(time), ServiceFact::OutageAttributed(cause))
}

fn decided(outage: &ServiceEvent, is_excluded: bool, time: &str) -> ServiceEvent {
    let decision = OutageDecision {
        outage_event_id: outage.event_id.clone(),
        contract_id: "C".into(),
        is_excluded,
        decided_by: "Ann".into(),
        reason: "agreed on the phone".into(),
        ..OutageDecision::default()
    };
    event(november(time), ServiceFact::OutageExclusionDecided(decision))
}

/// P18: the client's own outages are left out by rule, and stay visible.
#[test]
fn an_outage_is_excluded_by_rule_and_shown_with_what_it_would_have_cost() {
    let down = outage_of("", "05T02:00", "05T03:00");
    let theirs = attributed(&down[0], Some(Party::Client), "", "06T09:00");
    let rules = [ExclusionRule { cause: Some(Party::Client), ..rule("client") }];
    let found = |events: &[ServiceEvent], rules: &[ExclusionRule]| {
        let found = counted(events, mail(), (rules, Span::ZERO));
        let without = found.without_exclusions.map(|figures| figures.outage);
        let excluded: Vec<_> = found.excluded.into_iter().map(|o| (o.rule_id, o.time)).collect();
        (found.counted.outage, without, excluded)
    };
    let hour = Span::from_hours(1);
    let events = [down.to_vec(), vec![theirs.clone()]].concat();
    let excluded = vec![("client".to_owned(), hour)];
    assert_eq!(found(&events, &rules), (Span::ZERO, Some(hour), excluded.clone()));
    assert_eq!(found(&down, &rules), (hour, None, vec![]), "nothing is known of its cause");
    assert_eq!(found(&events, &[]), (hour, None, vec![]), "no rule");
    let ours = attributed(&down[0], Some(Party::Provider), "", "07T09:00");
    let later = [events.clone(), vec![ours]].concat();
    assert_eq!(found(&later, &rules), (hour, None, vec![]), "the latest attribution stands");

    // Rules for other objectives, for targets, and by what incidents have do not hold.
    let named = |objectives: &[&str], targets: &[&str]| ExclusionRule {
        objective_ids: objectives.iter().map(|id| (*id).to_owned()).collect(),
        target_ids: targets.iter().map(|id| (*id).to_owned()).collect(),
        ..rules[0].clone()
    };
    assert_eq!(found(&events, &[named(&["up"], &["resolve"])]).0, Span::ZERO);
    for other in [
        named(&["other"], &[]),
        named(&[], &["resolve"]),
        ExclusionRule { out_of_scope: true, ..rules[0].clone() },
        ExclusionRule { outage_reasons: vec!["flood".into()], ..rules[0].clone() },
    ] {
        assert_eq!(found(&events, &[other]).0, hour);
    }
    let flood = attributed(&down[0], None, "flood", "08T09:00");
    let by_reason = ExclusionRule { outage_reasons: vec!["flood".into()], ..rule("force-majeure") };
    let events = [down.to_vec(), vec![flood]].concat();
    assert_eq!(found(&events, &[by_reason]).2, [("force-majeure".to_owned(), hour)]);
}

/// P18: a recorded decision precedes the rules, both ways.
#[test]
fn a_decision_on_an_outage_precedes_the_rules() {
    let down = outage_of("", "05T02:00", "05T03:00");
    let again = event(november("05T02:10"), ServiceFact::OutageStarted(String::new()));
    let theirs = attributed(&down[0], Some(Party::Client), "", "06T09:00");
    let rules = [ExclusionRule { cause: Some(Party::Client), ..rule("client") }];
    let found = |more: &[ServiceEvent]| {
        let events = [&down[..], &[again.clone(), theirs.clone()], more].concat();
        counted(&events, mail(), (&rules, Span::ZERO))
    };
    assert_eq!(found(&[]).counted.outage, Span::ZERO);
    let counts = decided(&down[0], false, "07T09:00");
    assert_eq!(
        found(std::slice::from_ref(&counts)).counted.outage,
        Span::from_hours(1),
        "it counts after all"
    );
    let left_out = decided(&again, true, "08T09:00");
    let found = found(&[counts, left_out.clone()]);
    assert_eq!(found.counted.outage, Span::ZERO, "the last one, by any start of the outage");
    let excluded = &found.excluded[0];
    assert_eq!((excluded.decided_by.as_str(), excluded.rule_id.as_str()), ("Ann", ""));
    assert_eq!(excluded.event_id, down[0].event_id);
    let other = ServiceFact::OutageExclusionDecided(OutageDecision {
        contract_id: "D".into(),
        outage_event_id: down[0].event_id.clone(),
        is_excluded: true,
        ..OutageDecision::default()
    });
    let events = [&down[..], &[event(november("07T09:00"), other)]].concat();
    let elsewhere = counted(&events, mail(), (&[], Span::ZERO));
    assert_eq!(elsewhere.counted.outage, Span::from_hours(1), "decided for another contract");
}

/// P18: what is left out hides nothing that counts.
#[test]
fn an_outage_that_counts_is_not_hidden_by_one_that_is_excluded() {
    let [one, other] = [("05T02:00", "05T03:00"), ("05T02:30", "05T04:00")];
    let (theirs, ours) = (outage_of("x", one.0, one.1), outage_of("y", other.0, other.1));
    let left_out = decided(&theirs[0], true, "07T09:00");
    let events = [&theirs[..], &ours[..], &[left_out]].concat();
    let found = counted(&events, mail(), (&[], Span::ZERO));
    assert_eq!(found.counted.outage, Span::from_minutes(90));
    assert_eq!(found.without_exclusions.map(|all| all.outage), Some(Span::from_hours(2)));
    let worse = degraded("05T02:00", "05T03:00");
    let left_out = decided(&worse[0], true, "07T09:00");
    let found = counted(&[&worse[..], &[left_out]].concat(), mail(), (&[], Span::ZERO));
    assert_eq!((found.counted.degraded, found.excluded[0].is_degradation), (Span::ZERO, true));
}

/// P18: the mean time to restore, as a promise.
#[test]
fn the_mean_time_to_restore_is_exact_and_needs_outages() {
    let promise = |at_most, minimum_outages| MeanTimeToRestorePromise {
        agreed: mail(),
        at_most,
        minimum_outages,
    };
    let down = [outage_of("", "05T02:00", "05T02:30"), outage_of("", "07T02:00", "07T03:31")];
    let found = over(&down.concat());
    // 30 and 91 minutes: 60.5 on average.
    let mean = Span::from_seconds(3_630);
    let of = |at_most, minimum, is_over| {
        evaluate_mean_time_to_restore(&promise(at_most, minimum), &found, is_over).verdict
    };
    assert_eq!(of(mean, 1, true), Verdict::Met);
    assert_eq!(of(mean - Span::from_nanos(1), 1, true), Verdict::Missed);
    assert_eq!(of(mean - Span::from_nanos(1), 1, false), Verdict::AtRisk, "short ones may follow");
    assert_eq!(of(mean, 3, true), Verdict::NoData);
    let quiet = evaluate_mean_time_to_restore(&promise(mean, 1), &over(&[]), true);
    assert_eq!((quiet.verdict, quiet.mean), (Verdict::NoData, None));
    let result = evaluate_mean_time_to_restore(&promise(mean, 1), &found, true);
    assert_eq!(result.mean, Some(mean));
}

/// P18: requests that are served, by the share of all.
#[test]
fn requests_are_counted_where_their_stretch_began() {
    use crate::domain::compliance::requests;
    use crate::domain::contract::RequestsPromise;
    let promise = |percent, minimum_requests| RequestsPromise {
        service: "mail".into(),
        share: Share::from_percent(percent).unwrap(),
        minimum_requests,
    };
    let counted = |until: Instant, requests, failed| {
        let duration = Span::from_minutes(5);
        event(until, ServiceFact::RequestsCounted(Requests { requests, failed, duration }))
    };
    let period = month("2026-11-15T00:00:00Z");
    let events = [
        counted(november("05T02:00"), 9_000, 9),
        counted(period.end, 1_000, 1),
        counted(period.start, 1_000, 1_000),
    ];
    let events: Vec<_> = events.iter().collect();
    let of = |percent, minimum, is_over| {
        requests::evaluate(&promise(percent, minimum), &events, &period, is_over)
    };
    let result = of("99.9", 1, true);
    assert_eq!((result.requests, result.failed, result.verdict), (10_000, 10, Verdict::Met));
    assert_eq!(result.served.map(|share| share.to_string()), Some("99.9".into()));
    assert_eq!(of("99.9001", 1, true).verdict, Verdict::Missed);
    assert_eq!(of("99.9001", 1, false).verdict, Verdict::AtRisk);
    assert_eq!(of("99.9", 10_001, true).verdict, Verdict::NoData);
}

/// Minutes reported from Friday 2026-10-23T22:00:00Z on, in which the clock changes.
const MINUTES: i64 = 3 * 24 * 60;

fn minute(number: i64) -> Instant {
    // 2026-10-23T22:00:00Z.
    Instant::from_seconds(1_792_792_800 + number * 60).unwrap()
}

fn turned() -> impl Strategy<Value = ServiceEvent> {
    let name = select(vec!["", "a", "b"]);
    (0..MINUTES, 0..4, name).prop_map(|(at, kind, name)| {
        let name = name.to_owned();
        event(
            minute(at),
            match kind {
                0 => ServiceFact::OutageStarted(name),
                1 => ServiceFact::OutageEnded(name),
                2 => ServiceFact::DegradationStarted(name),
                _ => ServiceFact::DegradationEnded(name),
            },
        )
    })
}

fn scheduled() -> impl Strategy<Value = ServiceEvent> {
    (0..MINUTES, 1..600i64, 0..2000i64).prop_map(|(start, length, before)| {
        let announced = minute(start).checked_add(-Span::from_minutes(before)).unwrap();
        let (start, end) = (minute(start), minute(start + length));
        event(minute(0), ServiceFact::MaintenanceScheduled { start, end, announced })
    })
}

/// In which minutes anything lasts, computed as plainly as possible.
fn lasts(events: &[&ServiceEvent], turn: fn(&ServiceFact) -> Option<Turn<'_>>) -> Vec<bool> {
    let mut lasts = [false; 3];
    let a_minute = |number| {
        for (name, lasts) in ["", "a", "b"].iter().zip(&mut lasts) {
            let of_it = |event: &&&ServiceEvent| event.occur_time == minute(number);
            let turns = events.iter().filter(of_it).filter_map(|event| turn(&event.fact));
            let (begun, ended): (Vec<_>, Vec<_>) =
                turns.filter(|(id, _)| id == name).partition(|(_, begins)| *begins);
            match begun.len().cmp(&ended.len()) {
                Ordering::Greater => *lasts = true,
                Ordering::Less => *lasts = false,
                Ordering::Equal => {}
            }
        }
        lasts.contains(&true)
    };
    (0..MINUTES).map(a_minute).collect()
}

fn is_planned(events: &[&ServiceEvent], number: i64) -> bool {
    events.iter().any(|event| match event.fact {
        ServiceFact::MaintenanceScheduled { start, end, announced } => {
            let is_in_time = start.since(announced) >= Span::from_hours(24);
            is_in_time && start <= minute(number) && minute(number) < end
        }
        _ => false,
    })
}

/// Minute by minute. What goes on is counted up to the period's end.
fn naive(
    events: &[&ServiceEvent],
    hours: &ServiceHours,
    period: (i64, i64),
    now: i64,
) -> Availability {
    let mut found = Availability::default();
    // Its first minute of downtime, and how many there are.
    let mut present: Option<(Option<i64>, i64)> = None;
    let mut outages = Vec::new();
    let (down, degraded) = (lasts(events, outage), lasts(events, degradation));
    for number in 0..now.max(period.1) {
        let (is_open, is_planned) = (hours.is_open(minute(number)), is_planned(events, number));
        let is_down = number < now && down[number as usize];
        let is_degraded = number < now && degraded[number as usize];
        if is_down {
            let (first, minutes) = present.get_or_insert((None, 0));
            let goes_on = down[number as usize..=now as usize].iter().all(|minute| *minute);
            let is_seen = number < period.1 || !goes_on;
            if is_open && !is_planned && is_seen {
                *first = first.or(Some(number));
                *minutes += 1;
            }
        } else {
            outages.extend(present.take());
        }
        if !is_open || !(period.0..period.1).contains(&number) {
            continue;
        }
        found.agreed_in_period += MINUTE;
        if number >= now {
            continue;
        }
        found.agreed += MINUTE;
        match (is_planned, is_down, is_degraded) {
            (true, _, _) => found.maintenance += MINUTE,
            (_, true, _) => found.outage += MINUTE,
            (_, _, true) => found.degraded += MINUTE,
            _ => {}
        }
    }
    outages.extend(present);
    let begun = |(first, _): &(Option<i64>, i64)| {
        first.is_some_and(|first| (period.0..period.1).contains(&first))
    };
    let counted = outages.into_iter().filter(begun);
    found.outages = counted.map(|(_, minutes)| Span::from_minutes(minutes)).collect();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_minute_is_counted_once_and_as_what_it_is(
        turns in vec(turned(), 0..14),
        planned in vec(scheduled(), 0..4),
        period in (0..MINUTES, 1..MINUTES),
        now in 0..MINUTES,
        is_daytime in any::<bool>(),
    ) {
        let hours = if is_daytime { daytime() } else { round_the_clock() };
        let (start, end) = (period.0, (period.0 + period.1).min(MINUTES));
        let events: Vec<_> = turns.iter().chain(&planned).collect();
        let known = in_effect(events.iter().copied(), minute(now));
        let period = Period { name: String::new(), start: minute(start), end: minute(end) };
        let found = up(&known, &hours, &period, minute(now));
        prop_assert_eq!(found, naive(&known, &hours, (start, end), now));
    }
}
