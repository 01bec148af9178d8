//! As of the past, and by what was known then, the index gives what evaluating every incident
//! gives: over random worlds.
//!
//! `SLX_PAST_WORLDS` is the number of worlds, `SLX_PAST_SEED` the first of their seeds.

use std::fmt::Debug;

use super::clocks::{self, ClockFilter};
use super::export::{self, Export};
use super::review::{self, ReviewQuery};
use super::{IndexReader, ReadRequest, ReadView, Reading, changes, compliance, incidents};
use super::{period_forecasts, settlement, simulation};
use crate::domain::clock::Phase;
use crate::domain::contract::Contract;
use crate::domain::contract::OpenIncidents::{FromEffect, FromOpening, NotTakenOver};
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::{PeriodQuery, Question};
use crate::engine::answers::review::Review;
use crate::engine::answers::simulation::Proposal;
use crate::engine::answers::worlds::{CONTRACT, Dice, World};
use crate::engine::record::{Entry, TermsEntry};
use crate::runtime::SpareCores;
use crate::runtime::testing::{Store, run};

/// Worlds that are tried unless more are wanted.
const WORLDS: u64 = 24;
/// Times at which each of them is looked at.
const LOOKS: usize = 8;
/// As often is a contract revised that is revised again and again.
const REVISIONS: i64 = 20;

pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A store with everything of a world, all of which was recorded long ago.
pub(crate) fn store_of(world: &World) -> Store {
    let store = Store::new();
    store.record_all(entries_of(world));
    store.project();
    store.forget();
    store
}

/// Everything of a world, in the order in which it was recorded.
pub(crate) fn entries_of(world: &World) -> Vec<(Instant, Entry)> {
    let terms = world.terms.iter().map(|(time, terms)| (*time, Entry::Terms(terms.clone())));
    let facts = world.ledgers.values().flat_map(|ledger| &ledger.events);
    let facts = facts
        .map(|fact| (fact.sequence, fact.record_time, Entry::IncidentEvent(fact.value.clone())));
    let mut facts: Vec<_> = facts.collect();
    facts.sort_by_key(|(sequence, ..)| *sequence);
    let facts = facts.into_iter().map(|(_, time, entry)| (time, entry));
    let mut all: Vec<_> = terms.chain(facts).collect();
    all.sort_by_key(|(time, _)| *time);
    all
}

/// Revises a world's contract again and again, twice a day, in one wording or another.
pub(crate) fn revise_often(world: &mut World, dice: &mut Dice) {
    let mut contracts = world.terms.iter().filter_map(|(time, terms)| match terms {
        TermsEntry::Contract { contract, .. } => Some((*time, Contract::clone(contract))),
        _ => None,
    });
    let (recorded, contract) = contracts.next_back().unwrap();
    // Of priorities but the first there are no limits: a clock that was taken over is gone then.
    let mut narrow = contract.clone();
    narrow.terms.targets.iter_mut().for_each(|target| target.limits.truncate(1));
    let from = time(dice, world).max(recorded);
    let wordings = [contract, world.proposed.clone(), narrow];
    let is_ahead = dice.one_in(2);
    for number in 0..REVISIONS {
        let effective_time = from.checked_add(Span::from_seconds(number * 43_200)).unwrap();
        let applies_to_open_clocks = dice.one_in(2);
        let open_incidents = dice.pick(&[NotTakenOver, FromOpening, FromEffect]);
        let wording = dice.pick(&wordings);
        let contract = Contract { applies_to_open_clocks, open_incidents, ..wording };
        let record_time = if is_ahead { recorded } else { effective_time };
        world.terms.push((
            record_time,
            TermsEntry::Contract { effective_time, contract: Box::new(contract) },
        ));
        world.instants.push(effective_time);
    }
    world.instants.sort_unstable();
}

/// An instant at which something happens, a moment before or after it, or any.
pub(crate) fn time(dice: &mut Dice, world: &World) -> Instant {
    let instants: Vec<_> =
        world.instants.iter().copied().filter(|time| Instant::MIN < *time).collect();
    let near = dice.pick(&instants);
    let away = match dice.below(4) {
        0 => 0,
        1 => 1,
        2 => -1,
        _ => (dice.below(40) - 20) * 3_600_000_000_000,
    };
    near.checked_add(Span::from_nanos(away)).unwrap_or(near)
}

/// What a question comes to, in words.
type Query = fn(&ReadView<'_>, Option<IndexReader<'_>>) -> String;

fn words(found: impl Debug) -> String {
    format!("{found:#?}")
}

fn list(view: &ReadView<'_>, index: Option<IndexReader<'_>>, filter: &ClockFilter) -> String {
    let reading = Reading { view: view.clone(), index };
    let page = clocks::page(reading, filter, None, 1_000, |_, incident, clock, _| {
        Ok(format!("{incident} {clock:?}"))
    });
    let found = page.map(|page| page.clocks).map_err(|error| error.to_string());
    words(found.map(|found| found.into_iter().map(|one| (one.mark, one.made)).collect::<Vec<_>>()))
}

fn period(view: &ReadView<'_>, index: Option<IndexReader<'_>>, name: &str) -> String {
    let (contract_id, period) = (CONTRACT.to_owned(), PeriodQuery::Named(name.to_owned()));
    let question = Question { contract_id, period, group_by: Vec::new(), contained_credits: false };
    let period = compliance::evaluate(view, index, &question);
    words(period.map(|period| (period.groups, period.coverage)).map_err(|error| error.to_string()))
}

fn rows(view: &ReadView<'_>, index: Option<IndexReader<'_>>, export: Export) -> String {
    let mut found = Vec::new();
    let each = export::each(
        view,
        index,
        &export,
        |rows, incident, row, _| rows.push(format!("{incident} {row:?}")),
        |row| {
            found.push(row);
            true
        },
    );
    words(each.map(|()| found).map_err(|error| error.to_string()))
}

/// The name of an instant's month.
pub(crate) fn month_of(time: Instant) -> String {
    time.to_chrono().format("%Y-%m").to_string()
}

/// The review of an instant's month.
fn reviewed(view: &ReadView<'_>, index: Option<IndexReader<'_>>) -> String {
    let period = month_of(view.times().as_of);
    let wanted = ReviewQuery { contract_id: CONTRACT.into(), period, as_signed: false };
    let found = review::evaluate(view, index, &wanted).map(|(_, reviewed)| {
        let Review { present, before, figures, open_items, .. } = reviewed.review;
        let before: Vec<_> = before.into_iter().map(|period| period.groups).collect();
        (present.groups, present.coverage, present.attainments, before, figures, open_items)
    });
    words(found.map_err(|error| error.to_string()))
}

/// A month under the terms known, and under those with fewer limits.
fn simulated(view: &ReadView<'_>) -> String {
    let known = view.known().contract(CONTRACT);
    let Some(revision) = known.all().last() else { return String::new() };
    let mut contract = revision.content.clone();
    contract.terms.targets.iter_mut().for_each(|target| target.limits.truncate(1));
    let proposal = Proposal { contract, calendars: Vec::new() };
    let proposed = proposal.catalog(view.catalog());
    let period = PeriodQuery::Named(month_of(view.times().as_of));
    let contract_id = CONTRACT.to_owned();
    let question = Question { contract_id, period, group_by: Vec::new(), contained_credits: true };
    let found = simulation::evaluate(view, &question, &proposal, &proposed).map(|found| {
        let both = [found.present, found.proposed].map(|one| (one.groups, one.attainments));
        (both, found.verdict_changes, found.verdict_change_count)
    });
    words(found.map_err(|error| error.to_string()))
}

const QUERIES: [(&str, Query); 13] = [
    ("clocks", |view, index| list(view, index, &ClockFilter::default())),
    ("clocks of a contract", |view, index| {
        list(view, index, &ClockFilter { contract_id: CONTRACT.into(), ..ClockFilter::default() })
    }),
    ("running clocks", |view, index| {
        let phases = vec![Phase::Running, Phase::Pending];
        let due_before = Some(view.times().as_of);
        list(view, index, &ClockFilter { phases, due_before, ..ClockFilter::default() })
    }),
    ("a month", |view, index| period(view, index, &month_of(view.times().as_of))),
    ("a quarter", |view, index| {
        let name = month_of(view.times().as_of);
        let year = name.split('-').next().unwrap_or_default();
        period(view, index, &format!("{year}-Q2"))
    }),
    ("settlement items", |view, index| {
        words(settlement::items(view, index, "").map_err(|error| error.to_string()))
    }),
    ("incidents without clocks", |view, index| {
        let mut found = Vec::new();
        let each = incidents::each_missing(view, index, "", ("", 1_000), |id, _, missing| {
            found.push((id.to_owned(), format!("{missing:?}")));
            true
        });
        words(each.map(|_| found).map_err(|error| error.to_string()))
    }),
    ("changes", |view, index| {
        let earlier = view.times().as_of;
        let mut found = Vec::new();
        let each = changes::each(view, index, (CONTRACT, earlier), |changed| {
            found.push(format!("{changed:?}"));
            true
        });
        words(each.map(|()| found).map_err(|error| error.to_string()))
    }),
    ("export of a month", |view, index| {
        let period = PeriodQuery::Named(month_of(view.times().as_of));
        rows(view, index, Export { contract_id: CONTRACT.into(), period, include_open: true })
    }),
    ("export of all until then", |view, index| {
        let period = PeriodQuery::Between(Instant::MIN, view.times().as_of);
        rows(view, index, Export { contract_id: "".into(), period, include_open: false })
    }),
    ("review", reviewed),
    ("simulation", |view, index| {
        drop(index);
        simulated(view)
    }),
    ("objectives to come", |view, index| {
        let month = month_of(view.times().as_of);
        let found = period_forecasts::evaluate(view, index, (CONTRACT, &month), None);
        let found = found.map(|found| (found.attainments, found.compliance.groups));
        words(found.map_err(|error| error.to_string()))
    }),
];

#[test]
fn the_index_gives_of_the_past_what_evaluating_every_incident_gives() {
    run(|| {
        let first = setting("SLX_PAST_SEED", 0);
        let mut by_index = 0;
        for seed in first..first + setting("SLX_PAST_WORLDS", WORLDS) {
            let (mut world, dice) = (World::random(seed), &mut Dice::new(seed));
            if dice.one_in(3) {
                revise_often(&mut world, dice);
            }
            let store = store_of(&world);
            for _ in 0..LOOKS {
                let [as_of, known] = [(); 2].map(|()| time(dice, &world));
                let known = Some(known).filter(|_| !dice.one_in(3));
                let request = ReadRequest { as_of: Some(as_of), known, min_sequence: 0 };
                for (name, query) in QUERIES {
                    let Reading { view, index } = store.read(request);
                    by_index += usize::from(index.and_then(|index| index.of(CONTRACT)).is_some());
                    // Others help with one of them, which changes nothing.
                    let helped = store.read(request).with_cores(SpareCores::of(3));
                    let Reading { view: again, index } = helped;
                    let (found, expected) = (query(&again, index), query(&view, None));
                    assert_eq!(found, expected, "{name}, world {seed}, {request:?}");
                }
            }
        }
        assert!(by_index > 0, "the index answered nothing");
    });
}
