//! The rules of a read view: the index is held while rows are gathered, never while anything is
//! evaluated, and an answer uses only what was recorded up to its view, whatever is recorded since.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use super::clocks::{self, ClockFilter};
use super::compliance::{self, PeriodEvaluator};
use super::export::{self, Export};
use super::forecasts::{self, ForecastQuery, ForecastsHead};
use super::review::{self, ReviewQuery};
use super::{IndexReader, ReadRequest, ReadView, Reading, changes, incidents};
use super::{period_forecasts, row_changes, settlement};
use crate::domain::calendar::{Calendar, Draft};
use crate::domain::clock::testing::{at, contract, fact, target};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::contract::{AttainmentPromise, Objective, PeriodKind, Promise, Target};
use crate::domain::incident::{Fact, IncidentEvent};
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::{Compliance, PeriodQuery, Question};
use crate::engine::evaluate::Times;
use crate::engine::learning::Learned;
use crate::engine::record::{Entry, TermsEntry};
use crate::runtime::testing::{Store, run};

const CONTRACT: &str = "contract";
const INCIDENTS: usize = 6;

/// A store with a contract and incidents, all of them in the index: every other is resolved.
fn filled() -> Store {
    let store = Store::new();
    let draft = Draft { time_zone: "UTC".into(), always_open: true, ..Draft::default() };
    let calendar = Calendar::parse(&draft, store.zones()).unwrap();
    let (id, effective_time) = ("always".to_owned(), Instant::MIN);
    let terms = Entry::Terms(TermsEntry::Calendar { id, effective_time, calendar });
    store.record(at("Mon 08:00"), terms);
    let mut contract = contract(vec![target("resolution *=8:00/always")], false);
    contract.terms.objectives = vec![objective()];
    let terms = Entry::Terms(TermsEntry::Contract { effective_time, contract: Box::new(contract) });
    store.record(at("Mon 08:01"), terms);
    for number in 0..INCIDENTS {
        let id = format!("I{number}");
        let minute = |of: usize| at(&format!("Mon 09:{:02}", 10 * number + of));
        store.record(minute(0), event(&id, "o", minute(0), opened()));
        if number % 2 == 0 {
            store.record(minute(1), event(&id, "r", minute(1), Fact::Resolved));
        }
    }
    store.project();
    store
}

pub(super) fn objective() -> Objective {
    let promise = AttainmentPromise {
        target_id: "resolution".into(),
        priorities: Vec::new(),
        share: Share::from_percent("90").unwrap(),
        minimum_count: 0,
    };
    let promise = Promise::Attainment(promise);
    Objective { id: "on-time".into(), period: PeriodKind::Month, promise }
}

fn opened() -> Fact {
    let Fact::Opened(mut opened) = fact(&["opened", "P1"]) else { panic!("an opening") };
    opened.contract_ids = vec![CONTRACT.into()];
    Fact::Opened(opened)
}

fn event(incident: &str, id: &str, occur_time: Instant, fact: Fact) -> Entry {
    Entry::IncidentEvent(IncidentEvent {
        recorded_by: None,
        event_id: id.into(),
        incident_id: incident.into(),
        occur_time,
        occur_order: 0,
        source: String::new(),
        corrects_event_id: String::new(),
        fact,
    })
}

/// As of an hour after the last record, which the index shows.
fn present() -> ReadRequest {
    ReadRequest { as_of: Some(at("Mon 11:00")), ..ReadRequest::default() }
}

/// What was known before the last record, which it does not show.
fn past() -> ReadRequest {
    ReadRequest { known: Some(at("Mon 09:49")), ..present() }
}

fn period() -> String {
    at("Mon 09:00").to_chrono().format("%Y-%m").to_string()
}

fn question() -> Question {
    let (contract_id, period) = (CONTRACT.to_owned(), PeriodQuery::Named(period()));
    Question { contract_id, period, group_by: Vec::new(), contained_credits: false }
}

fn list(reading: Reading<'_>, store: &Store) -> Vec<String> {
    let found =
        clocks::page(reading, &ClockFilter::default(), None, 100, |_, incident, clock, _| {
            assert!(!store.index_is_read(), "a clock is evaluated");
            Ok(format!("{incident} {:?}", clock.verdict()))
        });
    found.unwrap().clocks.into_iter().map(|found| found.made).collect()
}

#[test]
fn a_filter_that_fits_few_looks_on_until_it_finds_them() {
    run(|| {
        let store = filled();
        for number in 0..100 {
            let (id, time) = (format!("J{number:02}"), at(&format!("Mon 10:00:{number:02}")));
            store.record(time, event(&id, "o", time, opened()));
        }
        let time = at("Mon 10:30");
        let Fact::Opened(mut last) = opened() else { panic!("an opening") };
        last.priority = "P2".into();
        store.record(time, event("K", "o", time, Fact::Opened(last)));
        store.project();
        let filter = ClockFilter { priority: "P2".into(), ..ClockFilter::default() };
        for most in [1, 2] {
            let reading = store.read(present());
            let found = clocks::page(reading, &filter, None, most, |_, incident, _, _| {
                Ok(incident.to_owned())
            });
            let clocks = found.unwrap().clocks;
            assert!(matches!(clocks.as_slice(), [one] if one.made == "K"), "{clocks:?}");
        }
    });
}

/// The index is evaluated as of the end of time, when a clock that never began is none any more.
#[test]
fn a_clock_that_has_not_begun_is_listed_until_its_contract_ends() {
    run(|| {
        let store = filled();
        let targets = vec![target("response *=1:00/always"), {
            let later = target("resolution *=8:00/always after=response");
            Target { id: "later".into(), ..later }
        }];
        let mut other = contract(targets, false);
        other.id = "other".into();
        let effective_time = Instant::MIN;
        let terms =
            Entry::Terms(TermsEntry::Contract { effective_time, contract: Box::new(other) });
        store.record(at("Mon 10:00"), terms);
        let Fact::Opened(mut of_other) = opened() else { panic!("an opening") };
        of_other.contract_ids = vec!["other".into()];
        let time = at("Mon 10:01");
        store.record(time, event("J", "o", time, Fact::Opened(of_other)));
        store.project();
        let list = |as_of: &str| {
            let request = ReadRequest { as_of: Some(at(as_of)), ..ReadRequest::default() };
            let filter = ClockFilter { contract_id: "other".into(), ..ClockFilter::default() };
            let found = clocks::page(store.read(request), &filter, None, 100, |_, _, clock, _| {
                Ok(clock.target_id.to_owned())
            });
            let found = found.unwrap().clocks.into_iter().map(|found| found.made);
            found.collect::<BTreeSet<_>>()
        };
        let both = BTreeSet::from(["later".to_owned(), "response".to_owned()]);
        assert_eq!(list("Mon 11:00"), both);
        let (contract_id, end_time) = ("other".to_owned(), at("Tue 08:00"));
        let terms = Entry::Terms(TermsEntry::ContractEnd { contract_id, end_time });
        store.record(at("Mon 10:30"), terms);
        store.project();
        assert_eq!(list("Mon 11:00"), both);
        assert_eq!(list("Tue 09:00"), BTreeSet::from(["response".to_owned()]));
    });
}

/// Attack A13: 64 clocks of one large incident, listed, took 8.4 s.
#[test]
fn an_incident_is_evaluated_once_for_all_its_clocks_however_far_a_list_looks() {
    run(|| {
        let store = Store::new();
        let draft = Draft { time_zone: "UTC".into(), always_open: true, ..Draft::default() };
        let calendar = Calendar::parse(&draft, store.zones()).unwrap();
        let (id, effective_time) = ("always".to_owned(), Instant::MIN);
        let terms = Entry::Terms(TermsEntry::Calendar { id, effective_time, calendar });
        store.record(at("Mon 08:00"), terms);
        let targets = (0..64).map(|number| Target {
            id: format!("t{number:02}"),
            ..target("resolution *=8:00/always")
        });
        let contract = contract(targets.collect(), false);
        let terms =
            Entry::Terms(TermsEntry::Contract { effective_time, contract: Box::new(contract) });
        store.record(at("Mon 08:01"), terms);
        for number in 0..3 {
            let (id, time) = (format!("I{number}"), at("Mon 09:00"));
            store.record(at(&format!("Mon 09:0{number}")), event(&id, "o", time, opened()));
        }
        store.project();
        let last = ClockFilter { target_id: "t63".into(), ..ClockFilter::default() };
        for (filter, most, found) in [(ClockFilter::default(), 64, 64), (last, 2, 2)] {
            let made = RefCell::new(BTreeMap::<_, usize>::new());
            let page =
                clocks::page(store.read(present()), &filter, None, most, |_, id, clock, _| {
                    *made.borrow_mut().entry(clock.id(id)).or_default() += 1;
                    Ok(())
                });
            assert_eq!(page.unwrap().clocks.len(), found);
            assert!(made.borrow().values().all(|times| *times == 1), "{made:?}");
        }
    });
}

/// Attack A13: everybody's lists evaluated each of 50,000 incidents with a fact in 2188.
#[test]
fn incidents_with_facts_far_ahead_are_found_by_the_index_and_not_evaluated_by_themselves() {
    run(|| {
        let store = filled();
        let far = at("Mon 12:00").checked_add(Span::from_hours(24 * 365 * 100)).unwrap();
        let end = far.checked_add(Span::from_hours(1)).unwrap();
        let facts = [("I1", Fact::Resolved), ("I3", Fact::Closed), ("I0", Fact::Reopened)];
        for (minute, (id, fact)) in facts.into_iter().enumerate() {
            let time = at(&format!("Mon 10:0{minute}"));
            store.record(time, event(id, "far", far, fact));
            store.record(time, event(id, "end", end, Fact::Resolved));
        }
        store.record(at("Mon 10:10"), event("I9", "far", far, opened()));
        store.project();
        let apart = |request: ReadRequest| {
            let Reading { view, index } = store.read(request);
            index.unwrap().apart(view.times().as_of).unwrap()
        };
        let later = |as_of: Instant| ReadRequest { as_of: Some(as_of), ..present() };
        let all: BTreeSet<_> = ["I0", "I1", "I3", "I9"].map(Into::into).into();
        assert_eq!(apart(present()), BTreeSet::new());
        assert_eq!((apart(later(far)), apart(later(end))), (all.clone(), all));
        let requests = [present(), later(far), later(end)];
        let answers = || {
            requests.map(|request| {
                let Reading { view, index } = store.read(request);
                let period = compliance::evaluate(&view, index, &question()).unwrap();
                let groups = format!("{:?} {:?}", period.groups, period.coverage);
                (groups, list(store.read(request), &store))
            })
        };
        let by_index = answers();
        let (contract_id, end_time) = (CONTRACT.to_owned(), Instant::MAX);
        let terms = Entry::Terms(TermsEntry::ContractEnd { contract_id, end_time });
        store.record(at("Mon 10:30"), terms);
        store.project();
        let known = Some(at("Mon 10:29"));
        let one_by_one = requests.map(|request| {
            let request = ReadRequest { known, ..request };
            let Reading { view, index } = store.read(request);
            let index = index.and_then(|index| index.of(CONTRACT));
            assert!(index.is_none());
            let period = compliance::evaluate(&view, index, &question()).unwrap();
            let groups = format!("{:?} {:?}", period.groups, period.coverage);
            (groups, list(store.read(request), &store))
        });
        assert_eq!(by_index, one_by_one);
    });
}

/// A sibling: facts that have come to pass since would be evaluated by themselves for ever.
#[test]
fn what_has_occurred_since_it_was_recorded_is_indexed_anew_when_a_question_about_now_meets_it() {
    run(|| {
        let store = filled();
        let soon = at("Tue 09:00");
        let recorded = at("Mon 10:00:30");
        store.record(recorded, event("I1", "planned", soon, Fact::Resolved));
        store.record(recorded, event("I3", "planned", recorded, Fact::Resolved));
        store.project();
        let apart = || {
            let Reading { view, index } = store.read(ReadRequest::default());
            index.unwrap().apart(view.times().as_of).unwrap()
        };
        assert_eq!(apart(), ["I1".into()].into());
        let before = list(store.read(ReadRequest::default()), &store);
        store.project();
        assert_eq!(apart(), BTreeSet::new());
        assert_eq!(list(store.read(ReadRequest::default()), &store), before);
        // Whoever asks about a time before that has the incident evaluated by itself.
        let Reading { view, index } = store.read(present());
        assert_eq!(index.unwrap().apart(view.times().as_of).unwrap(), ["I1".into()].into());
    });
}

type Query = fn(&ReadView<'_>, Option<IndexReader<'_>>);

/// Every query about many incidents. A view fails the test of whoever evaluates by it while the
/// index is held.
const QUERIES: [Query; 7] = [
    |view, index| drop(compliance::evaluate(view, index, &question()).unwrap()),
    |view, index| {
        let (contract_id, period) = (CONTRACT.into(), period());
        let wanted = ReviewQuery { contract_id, period, as_signed: false };
        drop(review::evaluate(view, index, &wanted).unwrap());
    },
    |view, index| drop(settlement::items(view, index, "").unwrap()),
    |view, index| {
        let wanted = ForecastQuery {
            contract_id: CONTRACT.into(),
            with_long_breached: true,
            ..ForecastQuery::default()
        };
        let mut open = 0;
        let make = |_: &Learned, _: &str, _: &Clock<'_>, _| ();
        let take = &mut |_: &ForecastsHead, ()| {
            open += 1;
            true
        };
        forecasts::of_clocks(view, index, &wanted, make, take).unwrap();
        assert!(open > 0);
    },
    |view, index| {
        drop(period_forecasts::evaluate(view, index, (CONTRACT, &period()), None).unwrap())
    },
    |view, index| {
        let month = Export {
            contract_id: CONTRACT.into(),
            period: PeriodQuery::Named(period()),
            include_open: true,
        };
        export::each(view, index, &month, |_: &mut Vec<()>, _, _, _| (), |()| true).unwrap();
        let period = PeriodQuery::Between(Instant::MIN, Instant::MAX);
        let all = Export { contract_id: "".into(), period, include_open: true };
        export::each(view, None, &all, |_: &mut Vec<()>, _, _, _| (), |()| true).unwrap();
    },
    |view, index| {
        changes::each(view, index, ("", at("Mon 09:00")), |_| true).unwrap();
        changes::each(view, None, ("", Instant::MIN), |_| true).unwrap();
        incidents::each(view, CONTRACT, "", |_, _| true).unwrap();
    },
];

#[test]
fn no_question_holds_the_index_while_anything_is_evaluated() {
    run(|| {
        let store = filled();
        let check = |request: ReadRequest, has_index: bool| {
            for query in QUERIES {
                let Reading { view, index } = store.read(request);
                let index = index.and_then(|index| index.of(CONTRACT));
                assert_eq!(index.is_some(), has_index);
                query(&view, index);
                assert!(!store.index_is_read());
            }
            assert!(!list(store.read(request), &store).is_empty());
        };
        check(present(), true);
        check(past(), true);
        // Other terms may have moved any incident since.
        let (contract_id, end_time) = (CONTRACT.to_owned(), Instant::MAX);
        let terms = Entry::Terms(TermsEntry::ContractEnd { contract_id, end_time });
        store.record(at("Mon 10:30"), terms);
        store.project();
        check(present(), true);
        check(past(), false);
    });
}

#[test]
fn the_index_gives_what_evaluating_every_incident_gives_also_as_of_a_little_earlier() {
    run(|| {
        let store = filled();
        let moments = ["Mon 09:09", "Mon 09:35", "Mon 09:49", "Mon 10:20"];
        let requests = moments.map(|known| {
            let known = Some(at(known));
            [ReadRequest { known, ..present() }, ReadRequest { as_of: known, ..present() }]
        });
        // A late fact, one still to come, an end that comes late, and a retraction.
        for (recorded, incident, id, time, fact) in [
            ("Mon 10:11", "I1", "late", "Mon 09:20", Fact::Resolved),
            ("Mon 10:12", "I3", "to-come", "Mon 12:00", Fact::Resolved),
            ("Mon 10:13", "I0", "x", "Mon 09:15", Fact::Retracted("r".into())),
        ] {
            store.record(at(recorded), event(incident, id, at(time), fact));
        }
        store.project();
        let answers = |is_one_by_one: bool| {
            let read = |request| {
                let reading = store.read(request);
                let index = reading.index.filter(|_| !is_one_by_one);
                Reading { index, ..reading }
            };
            requests.map(|both| {
                both.map(|request| {
                    let Reading { view, index } = read(request);
                    let has_index = index.is_some_and(|index| index.of(CONTRACT).is_some());
                    let index = read(request).index;
                    let period = compliance::evaluate(&view, index, &question()).unwrap();
                    let groups = format!("{:?} {:?}", period.groups, period.coverage);
                    (has_index, groups, list(read(request), &store))
                })
            })
        };
        let by_index = answers(false);
        assert!(by_index.iter().flatten().all(|(has_index, ..)| *has_index));
        let (contract_id, end_time) = (CONTRACT.to_owned(), Instant::MAX);
        let terms = Entry::Terms(TermsEntry::ContractEnd { contract_id, end_time });
        store.record(at("Mon 10:30"), terms);
        store.project();
        // What was known before that is not in the index any more; what was, as of an earlier
        // time, is.
        let by_index_again = answers(false);
        assert!(by_index_again.iter().all(|[known, as_of]| !known.0 && as_of.0));
        for slow in [answers(true), by_index_again] {
            for (fast, slow) in by_index.iter().flatten().zip(slow.iter().flatten()) {
                assert_eq!((&fast.1, &fast.2), (&slow.1, &slow.2));
            }
        }
    });
}

#[test]
fn the_index_moves_on_while_a_question_is_evaluated_which_sees_nothing_of_it() {
    run(|| {
        let store = filled();
        let before = list(store.read(present()), &store);
        let verdicts = before.iter().filter(|clock| clock.ends_with("Met")).count();
        assert_eq!((before.len(), verdicts), (INCIDENTS, INCIDENTS / 2));
        // What moves every clock is recorded and projected in the middle of an evaluation.
        let point = store.read(present()).view.point();
        assert_eq!(met_while_all_resolve(&store), INCIDENTS as u64 / 2);
        let again = ReadRequest { known: Some(point.times.known), ..present() };
        assert_eq!(list(store.read(again), &store), before);
        let now = list(store.read(present()), &store);
        assert!(now.iter().all(|clock| clock.ends_with(&format!("{:?}", Outcome::Met))), "{now:?}");
    });
}

/// How many clocks are met in a period, in the middle of whose evaluation the index moves on.
fn met_while_all_resolve(store: &Store) -> u64 {
    let Reading { view, index } = store.read(present());
    let period = Compliance::new(&question(), view.known(), view.times());
    let mut period = period.unwrap();
    let evaluator = PeriodEvaluator::new(&view);
    let rest = evaluator.gather(index.as_ref(), slice::from_mut(&mut period)).unwrap();
    drop(index);
    for number in (1..INCIDENTS).step_by(2) {
        let time = at(&format!("Mon 10:{:02}", 10 * number));
        store.record(time, event(&format!("I{number}"), "r", time, Fact::Resolved));
    }
    store.project();
    evaluator.evaluate(rest, slice::from_mut(&mut period)).unwrap();
    period.groups.values().map(|tally| tally.contractual.met).sum()
}

/// Whether something else may be said of an incident than at an earlier point, though nothing was
/// recorded about it.
fn may_be_another(store: &Store, request: ReadRequest, since: Times, incident: &str) -> bool {
    let Reading { view, index } = store.read(request);
    let found = row_changes::incidents_since(&view, index, CONTRACT, since).unwrap().unwrap();
    let ledger = view.scanned_ledger(incident).unwrap();
    assert!(ledger.events.iter().all(|event| event.record_time <= since.known));
    found.ids.contains(incident) && found.may_have_changed(incident, &ledger)
}

/// The first incident was resolved within a minute.
#[test]
fn what_is_over_may_be_another_where_terms_change_or_time_goes_back() {
    run(|| {
        let store = filled();
        let since = store.read(present()).view.times();
        assert!(since.known < since.as_of);
        assert!(!may_be_another(&store, present(), since, "I0"));
        // As of when it was open.
        let before = ReadRequest { as_of: Some(at("Mon 09:00:30")), ..present() };
        assert!(may_be_another(&store, before, since, "I0"));
        let earlier = store.read(before).view.times();
        assert!(may_be_another(&store, present(), earlier, "I0"));
        // Terms that are recorded between what was known and the instant it was evaluated at.
        let contract = Box::new(contract(vec![target("resolution *=0:01/always")], false));
        let terms = TermsEntry::Contract { effective_time: Instant::MIN, contract };
        store.record(at("Mon 10:30"), Entry::Terms(terms));
        store.project();
        assert!(may_be_another(&store, present(), since, "I0"));
    });
}
