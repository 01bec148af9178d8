//! What questions cost, by the rows they read: twice the history, the same rows.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::DescriptorPool;

use super::clocks::{self, ClockFilter};
use super::export::{self, Export};
use super::forecasts::{self, ForecastQuery};
use super::incidents;
use super::notices::{NoticeProgress, StepSize};
use super::review::{self, ReviewQuery};
use super::tests::objective;
use super::{IndexReader, ReadRequest, ReadView, Reading, changes, compliance};
use super::{period_forecasts, settlement};
use crate::codec::DESCRIPTORS;
use crate::domain::calendar::{Calendar, Draft};
use crate::domain::clock::Phase;
use crate::domain::clock::testing::{contract, target};
use crate::domain::incident::{Cause, Fact, IncidentEvent, Opened, Party};
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::{GroupKey, PeriodQuery, Question};
use crate::engine::record::{Entry, TermsEntry};
use crate::runtime::counts::{Counts, hold};
use crate::runtime::testing::{Store, run};

const CONTRACT: &str = "contract";
/// Incidents of a history, one every hour.
const INCIDENTS: i64 = 300;
const HOUR: i64 = 3_600;
/// When the history begins that is queried, twelve days in one month; and the same long before and
/// long after it.
const QUERIED: i64 = 1_793_577_600; // 2026-11-02
const EARLIER: i64 = 1_672_617_600; // 2023-01-02
const LATER: i64 = 1_956_614_400; // 2032-01-02
/// When one more incident is opened, so that all else is past.
const LAST: i64 = LATER + 5_000 * HOUR;
const MONTH: &str = "2026-11";
/// In the middle of what is queried.
const MIDDLE: i64 = QUERIED + INCIDENTS / 2 * HOUR + 1_800;
/// After all of that, and before what comes later.
const END: i64 = QUERIED + (INCIDENTS + 40) * HOUR;
/// When what is queried is all there is.
const QUERIED_NOW: i64 = QUERIED + (INCIDENTS + 8) * HOUR;
/// After everything.
const NOW: i64 = LAST + 40 * HOUR;
/// A page.
const ITEMS: usize = 15;

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(seconds).unwrap()
}

fn terms() -> [(Instant, Entry); 2] {
    let draft = Draft { time_zone: "UTC".into(), always_open: true, ..Draft::default() };
    let calendar = Calendar::parse(&draft, &crate::domain::zone::ZoneDatabase::bundled()).unwrap();
    let (id, effective_time) = ("always".to_owned(), Instant::MIN);
    let calendar = TermsEntry::Calendar { id, effective_time, calendar };
    let targets = vec![target("response *=0:15/always"), target("resolution *=4:00/always")];
    let mut contract = contract(targets, false);
    contract.terms.objectives = vec![objective()];
    let contract = TermsEntry::Contract { effective_time, contract: Box::new(contract) };
    [(at(0), Entry::Terms(calendar)), (at(1), Entry::Terms(contract))]
}

/// The facts of an incident, by the minutes after it was opened. Every third names no contract. In
/// what is queried, every tenth is late by the client's doing, which is to be settled, and some
/// of the last are still open.
fn facts(number: i64, is_queried: bool) -> Vec<(i64, Fact)> {
    let contract_ids = if number % 3 == 1 { vec![] } else { vec![CONTRACT.to_owned()] };
    let (service, priority) = ("mail".to_owned(), "P1".to_owned());
    let opened = Opened { contract_ids, service, priority, ..Opened::default() };
    let mut facts = vec![(0, Fact::Opened(opened)), (5, Fact::Responded)];
    let is_late = is_queried && number % 10 == 0;
    if is_late {
        let cause = Cause {
            party: Party::Client,
            third_party: String::new(),
            note: String::new(),
            confidence_percent: None,
        };
        facts.push((300, Fact::CauseAttributed(cause)));
    }
    let is_open = is_queried && number % 20 == 5 && number > INCIDENTS / 2;
    if !is_open {
        facts.push((if is_late { 301 } else { 60 }, Fact::Resolved));
        facts.push((400, Fact::Closed));
    }
    facts
}

/// A history whose incidents' ids begin with a letter.
fn history(letter: char, begin: i64) -> Vec<(Instant, Entry)> {
    let of_incident = |number: i64| {
        let opened = begin + number * HOUR;
        facts(number, begin == QUERIED).into_iter().enumerate().map(
            move |(place, (minutes, fact))| {
                let occur_time = at(opened + minutes * 60);
                let event = IncidentEvent {
                    recorded_by: None,
                    event_id: format!("{letter}{number:05}-{place}"),
                    incident_id: format!("{letter}{number:05}"),
                    occur_time,
                    occur_order: 0,
                    source: String::new(),
                    corrects_event_id: String::new(),
                    fact,
                };
                // No two are recorded at once.
                let delay = Span::from_nanos(1 + number * 10 + place as i64);
                (occur_time.checked_add(delay).unwrap(), Entry::IncidentEvent(event))
            },
        )
    };
    (0..INCIDENTS).flat_map(of_incident).collect()
}

/// A store of histories, all of which is in the views and nothing is recent.
fn store_of(histories: impl IntoIterator<Item = Vec<(Instant, Entry)>>) -> Store {
    let store = Store::new();
    store.record_all(terms().into());
    store.project();
    let mut all: Vec<_> = histories.into_iter().flatten().collect();
    all.sort_by_key(|(time, _)| *time);
    for some in all.chunks(1_000) {
        store.record_all(some.to_vec());
        store.project();
    }
    store.forget();
    store
}

type Query = fn(&ReadView<'_>, Option<IndexReader<'_>>);

fn list(view: &ReadView<'_>, index: Option<IndexReader<'_>>, filter: ClockFilter) {
    let reading = Reading { view: view.clone(), index };
    clocks::page(reading, &filter, None, ITEMS, |_, _, _, _| Ok(())).unwrap();
}

fn period(view: &ReadView<'_>, index: Option<IndexReader<'_>>, group_by: Vec<GroupKey>) {
    let (contract_id, period) = (CONTRACT.to_owned(), PeriodQuery::Named(MONTH.to_owned()));
    let question = Question { contract_id, period, group_by, contained_credits: true };
    compliance::evaluate(view, index, &question).unwrap();
}

fn missing(view: &ReadView<'_>, index: Option<IndexReader<'_>>, contract: &str) {
    let mut left = ITEMS;
    let page = incidents::each_missing(view, index, contract, ("", ITEMS), |_, _, _| {
        left -= 1;
        left > 0
    });
    page.unwrap();
}

/// The questions of a method that are about many incidents.
const QUESTIONS: &[(&str, &[Query])] = &[
    (
        "ListClocks",
        &[
            |view, index| list(view, index, ClockFilter::default()),
            |view, index| {
                let phases = vec![Phase::Running, Phase::Paused];
                let contract_id = CONTRACT.into();
                list(view, index, ClockFilter { contract_id, phases, ..ClockFilter::default() });
            },
        ],
    ),
    (
        "ListIncidents",
        &[
            |view, index| missing(view, index, ""),
            |view, index| {
                drop(index);
                let mut left = ITEMS;
                let page = incidents::each(view, CONTRACT, "", |_, _| {
                    left -= 1;
                    left > 0
                });
                page.unwrap();
            },
        ],
    ),
    (
        "CompareClocks",
        &[|view, index| {
            let earlier = view.times().known.checked_add(-Span::from_hours(48)).unwrap();
            changes::each(view, index, (CONTRACT, earlier), |_| true).unwrap();
        }],
    ),
    (
        "GetCompliance",
        &[
            |view, index| period(view, index, Vec::new()),
            |view, index| {
                period(view, index, vec![GroupKey::Service, GroupKey::Group]);
            },
        ],
    ),
    (
        "GetServiceReview",
        &[|view, index| {
            let (contract_id, period) = (CONTRACT.into(), MONTH.into());
            let wanted = ReviewQuery { contract_id, period, as_signed: false };
            review::evaluate(view, index, &wanted).unwrap();
        }],
    ),
    (
        "ExportClocks",
        &[|view, index| {
            let period = PeriodQuery::Named(MONTH.into());
            let export = Export { contract_id: CONTRACT.into(), period, include_open: true };
            export::each(view, index, &export, |_: &mut Vec<()>, _, _, _| (), |()| true).unwrap();
        }],
    ),
    (
        "ForecastClocks",
        &[|view, index| {
            let contract_id = CONTRACT.into();
            let wanted =
                ForecastQuery { contract_id, with_long_breached: true, ..Default::default() };
            forecasts::of_clocks(view, index, &wanted, |_, _, _, _| (), &mut |_, ()| true).unwrap();
        }],
    ),
    (
        "ForecastObjectives",
        &[|view, index| {
            period_forecasts::evaluate(view, index, (CONTRACT, MONTH), None).unwrap();
        }],
    ),
    (
        "ListSettlementItems",
        // A page is cut from all items: it grows by what is to be settled, and by nothing else.
        &[|view, index| drop(settlement::items(view, index, CONTRACT).unwrap())],
    ),
    (
        "DecideSettlementItem",
        &[|view, index| {
            settlement::item(view, index, &format!("decision:{CONTRACT}:M00030")).unwrap();
        }],
    ),
];

/// Of these only a part stays the same: why the rest grows.
const GROWING: &[(&str, &str)] = &[
    ("SimulateContract", "proposed terms may place any incident in the period"),
    ("CompareTimeZones", "another database may move any clock"),
    ("AdoptTimeZoneDatabase", "another database may move any clock"),
    ("VerifyJournal", "it reads the journal"),
    ("BackUp", "it reads the journal"),
];

/// These are about one thing, by its id or its place in a list of few; or they record.
const OF_ONE: &[&str] = &[
    "GetStatus",
    "ListTenants",
    "PutCalendar",
    "GetCalendar",
    "ListCalendars",
    "ImportHolidays",
    "MeasureElapsed",
    "AddServiceTime",
    "ListWindows",
    "EvaluateIncident",
    "SignServiceReview",
    "PutContract",
    "GetContract",
    "ListContracts",
    "ListContractRevisions",
    "EndContract",
    "GetForecastQuality",
    "RecordEvents",
    "StreamEvents",
    "RecordServiceEvents",
    "ErasePersonalData",
    "GetIncident",
    "ListEvents",
    "OpenSettlementItem",
    "PutWebhook",
    "ListWebhooks",
    "RemoveWebhook",
    "RotateWebhookSecret",
    "ListDeadLetters",
    "ResendDeadLetters",
    // It goes by what is recorded, and by what time brings about, from where it begins: below.
    "WatchClocks",
];

#[test]
fn every_method_says_what_it_costs_by() {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let services = pool.services().filter(|service| service.full_name().starts_with("slx.v1."));
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let methods: BTreeSet<_> = methods.map(|method| method.name().to_owned()).collect();
    let queried = QUESTIONS.iter().map(|(method, _)| *method);
    let listed =
        queried.chain(GROWING.iter().map(|(method, _)| *method)).chain(OF_ONE.iter().copied());
    let listed: Vec<_> = listed.map(str::to_owned).collect();
    assert_eq!(listed.len(), methods.len(), "one is listed twice, or not at all");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), methods);
}

/// How many rows each question reads, as of an instant and by what was known at one.
fn rows(store: &Store, request: ReadRequest) -> BTreeMap<(&'static str, usize), u64> {
    let mut rows = BTreeMap::new();
    for (method, queries) in QUESTIONS {
        for (number, query) in queries.iter().enumerate() {
            // What was learnt by another time is learnt anew from all that was known then, and
            // remembered.
            store.read(request).into_view().learned(CONTRACT).unwrap();
            let Reading { view, index } = store.read(request);
            query(&view, index);
            rows.insert((*method, number), view.rows_read().count());
        }
    }
    rows
}

#[test]
fn twice_the_history_is_the_same_rows() {
    run(|| {
        let queried = || history('M', QUERIED);
        let last = || history('Y', LAST).into_iter().take(4).collect();
        let once = store_of([queried(), last()]);
        let grown = [
            ("earlier", store_of([history('A', EARLIER), queried(), last()])),
            ("later", store_of([queried(), history('Z', LATER), last()])),
        ];
        let request = |as_of, known: Option<i64>| ReadRequest {
            as_of: Some(at(as_of)),
            known: known.map(at),
            min_sequence: 0,
        };
        let times = [
            ("the past", request(MIDDLE, None)),
            ("what was known", request(END, Some(MIDDLE))),
            ("the past as it was known", request(MIDDLE, Some(MIDDLE))),
            ("the end", request(END, None)),
            ("now", request(NOW, None)),
        ];
        let (mut wrong, mut counts) = (Vec::new(), Counts::new());
        for (when, request) in times {
            let expected = rows(&once, request);
            for ((method, number), found) in &expected {
                *counts.entry(format!("rows read by {method} {number}")).or_default() += found;
            }
            for (name, store) in &grown {
                for (question, found) in rows(store, request) {
                    let before = expected[&question];
                    println!("{question:?}, {when}: {before}, with {name}: {found}");
                    if found.abs_diff(before) * 10 > before.max(10) {
                        wrong.push(format!("{question:?}, {when}: {before}, {name}: {found}"));
                    }
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
        hold(&counts).unwrap();
    });
}

/// How many rows questions about what is open read that are posed again a minute later: the first
/// of them evaluates, and those that follow go on from there.
fn rows_again(store: &Store) -> BTreeMap<&'static str, u64> {
    let again = ["ForecastClocks", "ForecastObjectives"];
    let queries = QUESTIONS.iter().filter(|(method, _)| again.contains(method));
    let mut rows = BTreeMap::new();
    for (method, queries) in queries {
        for query in *queries {
            for now in [at(QUERIED_NOW), at(QUERIED_NOW + 60)] {
                store.read_now(now).into_view().learned(CONTRACT).unwrap();
                let Reading { view, index } = store.read_now(now);
                query(&view, index);
                rows.insert(*method, view.rows_read().count());
            }
        }
    }
    rows
}

#[test]
fn what_is_queried_again_reads_next_to_nothing() {
    run(|| {
        let once = rows_again(&store_of([history('M', QUERIED)]));
        let twice = rows_again(&store_of([history('A', EARLIER), history('M', QUERIED)]));
        let mut counts = Counts::new();
        for (method, found) in &once {
            println!("{method}: {found}, with more history {}", twice[method]);
            assert!(twice[method].abs_diff(*found) * 10 <= (*found).max(10), "{method}");
            counts.insert(format!("rows read by {method}, queried again"), *found);
        }
        assert_eq!(once["ForecastClocks"], 0);
        hold(&counts).unwrap();
    });
}

/// How many rows it takes to watch from the middle of what is queried to the end, and how many
/// notices there are.
fn watched(store: &Store) -> (u64, u64) {
    let point = |time, known| {
        let request = ReadRequest { as_of: Some(at(time)), known, min_sequence: 0 };
        store.read(request).view.point()
    };
    let mut progress = NoticeProgress::after(point(MIDDLE, Some(at(MIDDLE))));
    let goal = point(END, None);
    let (mut rows, mut notices) = (0, 0);
    loop {
        let request = ReadRequest { as_of: Some(at(END)), ..ReadRequest::default() };
        let reading = store.read(request);
        let read = reading.view.rows_read().clone();
        let size = StepSize { incidents: 100, notices: 1_000 };
        progress.advance(reading, goal, size, &mut |_, _| notices += 1).unwrap();
        rows += read.count();
        if progress.pass.is_none() {
            return (rows, notices);
        }
    }
}

#[test]
fn watching_costs_by_what_happens_and_not_by_the_history() {
    run(|| {
        let (once, notices) = watched(&store_of([history('M', QUERIED)]));
        let grown = store_of([history('A', EARLIER), history('M', QUERIED)]);
        let (twice, same_notices) = watched(&grown);
        println!("{once}, with more history {twice}; {notices} notices");
        assert!(notices > INCIDENTS as u64 && same_notices == notices);
        assert!(twice.abs_diff(once) * 10 <= once, "{once} and {twice}");
        let name = "rows read by WatchClocks, half of a history followed";
        hold(&Counts::from([(name.to_owned(), once)])).unwrap();
    });
}

/// The same history, in which every incident is closed and none was ever answered.
fn unanswered(letter: char, begin: i64) -> Vec<(Instant, Entry)> {
    let is_answer =
        |entry: &Entry| matches!(entry, Entry::IncidentEvent(e) if e.fact == Fact::Responded);
    history(letter, begin).into_iter().filter(|(_, entry)| !is_answer(entry)).collect()
}

/// How a period is counted, how many targets are in its backlog, and how many
/// rows that reads. Without an index each incident is evaluated.
fn counted(
    store: &Store,
    request: ReadRequest,
    group_by: &[GroupKey],
    is_indexed: bool,
) -> (String, u64, u64) {
    let (contract_id, period) = (CONTRACT.into(), PeriodQuery::Named(MONTH.into()));
    let group_by = group_by.to_vec();
    let question = Question { contract_id, period, group_by, contained_credits: true };
    let Reading { view, index } = store.read(request);
    let found = compliance::evaluate(&view, index.filter(|_| is_indexed), &question).unwrap();
    let open = found.groups.values().map(|group| group.backlog_ages.count()).sum();
    let text = format!("{:?} {:?}", found.groups, found.attainments);
    (text, open, view.rows_read().count())
}

/// The same of a review, with the periods before.
fn reviewed(store: &Store, request: ReadRequest, is_indexed: bool) -> (String, u64) {
    let (contract_id, period) = (CONTRACT.into(), MONTH.into());
    let wanted = ReviewQuery { contract_id, period, as_signed: false };
    store.read(request).into_view().learned(CONTRACT).unwrap();
    let Reading { view, index } = store.read(request);
    let (_, found) = review::evaluate(&view, index.filter(|_| is_indexed), &wanted).unwrap();
    let periods = [&found.review.present].into_iter().chain(&found.review.before);
    let groups: Vec<_> = periods.map(|period| &period.groups).collect();
    (format!("{groups:?} {:?}", found.review.figures), view.rows_read().count())
}

#[test]
fn what_is_left_open_for_good_is_in_each_backlog_and_is_not_evaluated_for_it() {
    let groupings: [&[GroupKey]; 3] =
        [&[], &[GroupKey::Target], &[GroupKey::Service, GroupKey::Group]];
    run(move || {
        let last = || history('Y', LAST).into_iter().take(4).collect();
        let without = store_of([history('M', QUERIED), last()]);
        let with = store_of([unanswered('A', EARLIER), history('M', QUERIED), last()]);
        let left_open = (0..INCIDENTS).filter(|number| number % 3 != 1).count() as u64;
        for (as_of, known) in [(NOW, None), (END, None), (MIDDLE, None), (MIDDLE, Some(MIDDLE))] {
            let (as_of, known) = (Some(at(as_of)), known.map(at));
            let request = ReadRequest { as_of, known, min_sequence: 0 };
            for group_by in groupings {
                let (found, open, rows) = counted(&with, request, group_by, true);
                let (_, open_without, rows_without) = counted(&without, request, group_by, true);
                let (expected, ..) = counted(&with, request, group_by, false);
                assert_eq!(found, expected, "{group_by:?} as of {as_of:?}");
                assert_eq!(open, open_without + left_open);
                assert_eq!(rows, rows_without + left_open, "an entry of the index each");
            }
            let (found, rows) = reviewed(&with, request, true);
            let (_, rows_without) = reviewed(&without, request, true);
            assert_eq!(found, reviewed(&with, request, false).0, "as of {as_of:?}");
            println!("{rows} rows for a review, {rows_without} without what is left open");
            assert_eq!(rows, rows_without + 2 * left_open, "for the period, and those before");
        }
    });
}
