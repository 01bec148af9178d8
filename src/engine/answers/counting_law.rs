//! What is counted where, by `docs/periods.md`: the cases it was defined by; and over random worlds,
//! that all who count agree, and that a period that is over stays the same.
//!
//! `SLX_PERIOD_WORLDS` is the number of worlds, `SLX_PERIOD_SEED` the first of their seeds.

use std::collections::{BTreeMap, BTreeSet};

use super::compliance::{Compliance, GroupKey, PeriodQuery, Question};
use super::counted::{CountedIncident, Evaluated};
use super::exported::{ExportedClock, exported};
use super::period_result::PeriodResult;
use super::review::{Review, total};
use super::settlement::{credits_of, items_of};
use super::simulation::{Proposal, Simulation};
use super::worlds::{CONTRACT, Dice, World, ZONES};
use crate::domain::clock::Segment;
use crate::domain::clock::testing::{at, contract, event, fact, target};
use crate::domain::compliance::{CountedAs, Counts, Period, Tally};
use crate::domain::contract::{Contract, CycleVerdict, OpenIncidents, PeriodKind};
use crate::domain::exact_spread::ExactSpread;
use crate::domain::incident::{Cause, Fact, History, Opened, Party};
use crate::domain::settlement::ItemKind;
use crate::domain::spread::Spread;
use crate::domain::time::{Instant, Span};
use crate::engine::action::ActionLog;
use crate::engine::catalog::Known;
use crate::engine::evaluate::{Times, history};
use crate::engine::index::{IndexEntry, index_entry, next_fact};
use crate::engine::ledger::Ledger;
use crate::engine::tally::{Day, Dimension};
use crate::engine::terms_entry::TermsEntry;

/// Worlds that are tried unless more are wanted.
const WORLDS: u64 = 200;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What is known of a world at an instant, evaluated at another.
#[derive(Clone, Copy)]
struct Look<'w> {
    world: &'w World,
    known: &'w Known<'w>,
    times: Times,
}

impl<'w> Look<'w> {
    fn question(period: &PeriodQuery, group_by: &[GroupKey]) -> Question {
        let (contract_id, period) = (CONTRACT.to_owned(), period.clone());
        Question { contract_id, period, group_by: group_by.to_vec(), contained_credits: false }
    }

    fn compliance(&self, period: &PeriodQuery, group_by: &[GroupKey]) -> Compliance<'w> {
        let question = Look::question(period, group_by);
        Compliance::new(&question, *self.known, self.times).unwrap()
    }

    fn each(&self, mut visit: impl FnMut(&str, &History<'w>)) {
        for (id, ledger) in &self.world.ledgers {
            if let Some(history) = history(ledger, self.times) {
                visit(id, &history);
            }
        }
    }

    fn counted<'p>(
        &self,
        history: &History<'w>,
        periods: impl IntoIterator<Item = &'p Period>,
    ) -> CountedIncident<'w> {
        let is_meant = |id: &str| id == CONTRACT;
        CountedIncident::of(history, is_meant, self.known, self.times.as_of, periods)
    }

    /// Every incident counted one by one.
    fn one_by_one(&self, period: &PeriodQuery, group_by: &[GroupKey]) -> Compliance<'w> {
        let mut compliance = self.compliance(period, group_by);
        let periods: Vec<_> = compliance.periods().cloned().collect();
        self.each(|_, history| compliance.add(&self.counted(history, &periods)));
        compliance.groups.retain(|_, tally| !tally.is_empty());
        compliance
    }

    /// The index, as the views keep it of everything recorded by then, without what occurs later
    /// than `awaited`.
    fn index(&self, awaited: Instant) -> BTreeMap<&'w str, IndexEntry> {
        let recorded = |ledger: &Ledger| {
            let known = ledger.events.iter().filter(|e| e.record_time <= self.times.known);
            let mut past = Ledger::default();
            known.for_each(|event| assert!(past.push_new(event.clone())));
            past
        };
        let ledgers = self.world.ledgers.iter();
        let entries = ledgers.map(|(id, ledger)| {
            let past = recorded(ledger);
            let expires = next_fact(&past, awaited);
            (id.as_str(), index_entry(id, &past, *self.known, expires))
        });
        entries.collect()
    }

    /// The same from tally buckets, as the queries gather them.
    fn tallied(
        &self,
        period: &PeriodQuery,
        group_by: &[GroupKey],
        awaited: Instant,
    ) -> Option<Compliance<'w>> {
        let mut compliance = self.compliance(period, group_by);
        let dimension = compliance.dimension()?;
        let index = self.index(awaited);
        for (texts, tally) in buckets(&index, dimension, compliance.days()) {
            compliance.add_tally_bucket(&texts, &tally);
        }
        for days in compliance.objective_days() {
            let all = buckets(&index, Dimension::All, days.0..days.1);
            compliance.add_objective_buckets(days, &all);
        }
        let (after, days) = (compliance.days_after(), compliance.whole_days().0);
        let periods: Vec<_> = compliance.periods().cloned().collect();
        for (id, entry) in &index {
            let is_future_dated = entry.settles.is_some_and(|settles| self.times.as_of < settles)
                || entry.expires.is_some_and(|expires| expires <= self.times.as_of);
            let lifespans = || entry.lifespans.iter().filter(|of| *of.contract_id == *CONTRACT);
            let is_over = |day: &Day| {
                lifespans().any(|of| of.begin < *day && of.end.is_none_or(|end| *day <= end))
            };
            let is_left_open_within = lifespans().any(|of| {
                !of.left_open.is_empty() && of.end.is_some_and(|since| days.contains(&since))
            });
            if is_future_dated || is_left_open_within || after.iter().any(is_over) {
                compliance.subtract(&entry.contribution);
                let history = history(&self.world.ledgers[*id], self.times);
                let counted = history.map(|history| self.counted(&history, &periods));
                counted.iter().for_each(|counted| compliance.add(counted));
            } else {
                for (of, since) in lifespans().filter_map(|of| Some((of, of.end?))) {
                    let left_open: Vec<_> =
                        of.left_open.iter().map(|target| (since, target.clone())).collect();
                    compliance.add_left_open(&left_open);
                }
            }
        }
        compliance.groups.retain(|_, tally| !tally.is_empty());
        Some(compliance)
    }

    fn rows(&self, period: &Period) -> Vec<ExportedClock<'w>> {
        let mut rows = Vec::new();
        self.each(|_, history| {
            let counted = self.counted(history, []);
            let Evaluated { evaluation, entries, .. } = counted.present;
            let (known, as_of) = (self.known, self.times.as_of);
            rows.extend(exported(evaluation, &entries, period, true, known, as_of));
        });
        rows
    }

    fn review(&self, name: &str) -> Review<'w> {
        let mut review = Review::new(CONTRACT, name, *self.known, self.times).unwrap();
        for period in &mut review.before {
            let periods: Vec<_> = period.periods().cloned().collect();
            self.each(|_, history| period.add(&self.counted(history, &periods)));
        }
        self.each(|id, history| review.add(id, history));
        review.finish(&ActionLog::default());
        review
    }
}

/// The tally buckets of some days, by value, target and priority.
fn buckets(
    index: &BTreeMap<&str, IndexEntry>,
    dimension: Dimension,
    days: std::ops::Range<Day>,
) -> Vec<([String; 3], Tally)> {
    let mut buckets: BTreeMap<[String; 3], Tally> = BTreeMap::new();
    for entry in index.values() {
        for (bucket, tally) in entry.contribution.tally_buckets() {
            let is_it = bucket.dimension == dimension && days.contains(&bucket.day);
            if is_it && bucket.contract_id == CONTRACT {
                let texts = [bucket.value, bucket.target_id, bucket.priority].map(str::to_owned);
                buckets.entry(texts).or_default().add(tally);
            }
        }
    }
    buckets.into_iter().collect()
}

/// How many are counted as what.
fn kinds(counts: &Counts) -> BTreeMap<CountedAs, i64> {
    let kinds = [
        (CountedAs::Met, counts.met),
        (CountedAs::Breached, counts.breached),
        (CountedAs::Cancelled, counts.cancelled),
        (CountedAs::Excluded, counts.excluded()),
        (CountedAs::Undecided, counts.undecided),
    ];
    kinds.into_iter().filter(|(_, count)| *count > 0).map(|(k, count)| (k, count as i64)).collect()
}

fn of_kinds(all: impl IntoIterator<Item = CountedAs>) -> BTreeMap<CountedAs, i64> {
    let mut counts = BTreeMap::new();
    all.into_iter().for_each(|kind| *counts.entry(kind).or_insert(0) += 1);
    counts
}

/// Everything that a result says, as text.
fn text(compliance: Compliance<'_>, as_of: Instant) -> String {
    let PeriodResult { period, groups, objectives, slx, credits, .. } =
        PeriodResult::of(compliance, as_of);
    format!("{period:#?} {groups:#?} {objectives:#?} {slx:#?} {credits:#?}")
}

#[track_caller]
fn same(one: &str, other: &str, what: &str) {
    let differs = one.lines().zip(other.lines()).enumerate().find(|(_, (a, b))| a != b);
    let Some((line, (a, b))) = differs else {
        assert_eq!(one.len(), other.len(), "{what}");
        return;
    };
    let around: Vec<_> = one.lines().skip(line.saturating_sub(25)).take(30).collect();
    panic!("{what}: {a:?} and {b:?} in\n{}", around.join("\n"));
}

/// The periods of a world that are queried: months, a quarter, and some range.
fn periods(world: &World, dice: &mut Dice) -> Vec<PeriodQuery> {
    let day = |days: i64| world.start.checked_add(Span::from_hours(24 * days)).unwrap();
    let named = |kind, days| {
        let period = Period::around(kind, day(days), &world.zone.clone().into()).unwrap();
        PeriodQuery::Named(period.name)
    };
    let (from, length) = (dice.below(100), 1 + dice.below(40));
    let week =
        Period::around(PeriodKind::RollingDays(7), day(from), &world.zone.clone().into()).unwrap();
    vec![
        named(PeriodKind::Month, 20 + dice.below(90)),
        named(PeriodKind::Quarter, 20 + dice.below(90)),
        PeriodQuery::Between(week.start, week.end),
        PeriodQuery::Between(day(from), day(from + length)),
    ]
}

/// Some instants: as of, and known at.
fn times(world: &World, dice: &mut Dice) -> Times {
    let known = dice.pick(&world.instants).max(world.start);
    let later = Span::from_hours(dice.pick(&[0, 0, 1, 700, 9_000]));
    match dice.one_in(4) {
        true => Times { as_of: dice.pick(&world.instants).max(world.start), known },
        false => Times { as_of: known.checked_add(later).unwrap(), known },
    }
}

const GROUPINGS: [&[GroupKey]; 4] = [
    &[],
    &[GroupKey::Target, GroupKey::Priority],
    &[GroupKey::Target, GroupKey::Service],
    &[GroupKey::Group, GroupKey::Target],
];

/// Tallies give what counting one by one does.
fn check_tallies(look: Look<'_>, query: &PeriodQuery, group_by: &[GroupKey]) {
    let times = look.times;
    if times.as_of < times.known {
        return;
    }
    // As it is indexed when it is recorded, when the question comes, and with all that is to come.
    for awaited in [times.known, times.as_of, Instant::MAX] {
        let Some(tallied) = look.tallied(query, group_by, awaited) else { continue };
        let one_by_one = look.one_by_one(query, group_by);
        assert_eq!(
            format!("{:?}", credits_of(&tallied, times)),
            format!("{:?}", credits_of(&one_by_one, times))
        );
        same(&text(tallied, times.as_of), &text(one_by_one, times.as_of), "tallied");
    }
}

/// Exported rows add up to the groups, and their times to the percentiles.
fn check_export(look: Look<'_>, query: &PeriodQuery) {
    let compliance = look.one_by_one(query, &[GroupKey::Target]);
    let rows = look.rows(&compliance.period);
    let revisions = look.known.contract(CONTRACT).all();
    let mut targets = revisions.iter().flat_map(|revision| &revision.content.terms.targets);
    let has_total = targets.any(|target| target.cycle_verdict == CycleVerdict::Total);
    let ids: BTreeSet<_> = rows.iter().map(|row| row.clock.target_id.to_owned()).collect();
    let none = Tally::default();
    for id in ids.iter().chain(compliance.groups.keys().map(|key| &key[0])) {
        let group = compliance.groups.get(std::slice::from_ref(id)).unwrap_or(&none);
        let its = || rows.iter().filter(|row| row.clock.target_id == id);
        let counted = of_kinds(its().filter_map(|row| row.counted_as));
        assert_eq!(counted, kinds(&group.contractual), "exported rows of {id}");
        let mut elapsed = Spread::default();
        let is_decided = |row: &&ExportedClock<'_>| {
            matches!(row.counted_as, Some(CountedAs::Met | CountedAs::Breached))
        };
        its().filter(is_decided).for_each(|row| elapsed.add(&Spread::of(row.clock.elapsed.into())));
        assert!(has_total || elapsed == group.elapsed, "elapsed of {id}");
        let mut lateness = ExactSpread::default();
        its().filter_map(|row| row.lateness).for_each(|late| lateness.add(&ExactSpread::of(late)));
        assert_eq!(lateness, group.lateness, "lateness of {id}");
    }
}

/// A review counts, lists and credits the same.
fn check_review(look: Look<'_>, name: &str) {
    let query = PeriodQuery::Named(name.to_owned());
    let compliance = look.one_by_one(&query, &super::review::GROUPED_BY);
    let review = look.review(name);
    let all = total(&compliance);
    let listed = |kind| review.figures.clocks.iter().filter(|item| item.outcome == kind).count();
    use crate::domain::clock::Outcome::{Breached, Excluded};
    assert_eq!(
        listed(Excluded) as u64,
        all.contractual.excluded(),
        "excluded clocks in the review"
    );
    assert_eq!(listed(Breached) as u64, all.contractual.breached, "late clocks in the review");
    let counted = of_kinds(review.figures.verdicts.values().copied());
    assert_eq!(counted, kinds(&all.contractual), "verdicts of the review");
    let without = &review.figures.pauses.without;
    let not_excluded = without.decided() + without.cancelled + without.undecided;
    let counts = &all.contractual;
    assert_eq!(not_excluded, counts.decided() + counts.cancelled + counts.undecided);
    let items = &review.open_items;
    let excluded_items = items.iter().filter(|status| status.item.kind == ItemKind::Excluded);
    assert!(counts.excluded() == 0 || excluded_items.count() > 0, "excluded, and no item");
    let credits = items.iter().filter(|status| status.item.kind == ItemKind::Credit).count();
    assert_eq!(credits, credits_of(&compliance, look.times).len());
    same(&text(review.present, look.times.as_of), &text(compliance, look.times.as_of), "reviewed");
}

/// What is excluded by evaluating an incident is an item to settle, and counted as excluded.
fn check_settlement(look: Look<'_>) {
    look.each(|id, history| {
        let counted = look.counted(history, []);
        let entries = &counted.present.entries;
        let items = items_of(id, history, CONTRACT, *look.known, look.times);
        let is_excluded = entries.iter().any(|entry| entry.is_excluded);
        let has_item = items.iter().any(|item| item.kind == ItemKind::Excluded);
        assert_eq!(is_excluded, has_item, "items of {id}");
    });
}

/// What a simulation lists explains how its tallies differ; the same terms change nothing.
fn check_simulation(look: Look<'_>, query: &PeriodQuery) {
    let same_terms = look.known.contract(CONTRACT).all().last().unwrap().content.clone();
    let proposals = [(same_terms, look.world.is_plain), (look.world.proposed.clone(), false)];
    for (contract, is_same) in proposals {
        let proposal = Proposal { contract, calendars: Vec::new() };
        let catalog = proposal.catalog(&look.world.catalog);
        let proposed = catalog.known(look.times.known);
        let question = Look::question(query, &[]);
        let terms = [*look.known, proposed];
        let simulation = Simulation::new(&question, &proposal, terms, look.times);
        let mut simulation = simulation.unwrap();
        look.each(|id, history| simulation.add(id, history));
        let mut explained = kinds(&total(&simulation.present).contractual);
        for change in &simulation.verdict_changes {
            change.present.iter().for_each(|kind| *explained.entry(*kind).or_insert(0) -= 1);
            change.proposed.iter().for_each(|kind| *explained.entry(*kind).or_insert(0) += 1);
        }
        explained.retain(|_, count| *count != 0);
        assert_eq!(explained, kinds(&total(&simulation.proposed).contractual), "simulated");
        if is_same {
            assert_eq!(simulation.verdict_change_count, 0, "{:?}", simulation.verdict_changes);
            let as_of = look.times.as_of;
            same(&text(simulation.present, as_of), &text(simulation.proposed, as_of), "simulated");
        }
    }
}

/// Everything a period that is over says: its result, its review's figures, and its export.
fn figures(look: Look<'_>, query: &PeriodQuery) -> String {
    let compliance = look.one_by_one(query, &super::review::GROUPED_BY);
    let period = compliance.period.clone();
    let counted = look.rows(&period).into_iter().filter(|row| row.counted_as.is_some());
    let rows: Vec<_> = counted
        .map(|row| {
            let times = |s: &Segment<'_>| (s.start, s.end, s.kind, s.service_time, s.counted);
            let segments: Vec<_> = row.clock.segments.iter().map(times).collect();
            (row.counted_as, row.place_time, row.clock.elapsed, segments)
        })
        .collect();
    let review = match query {
        PeriodQuery::Named(name) => {
            let review = look.review(name);
            let trend = review.before.iter().map(|before| &before.groups);
            format!("{:#?} {:#?}", review.figures, trend.collect::<Vec<_>>())
        }
        PeriodQuery::Between(..) => String::new(),
    };
    format!("{} {rows:#?} {review}", text(compliance, look.times.as_of))
}

/// The law: between two instants after the end of a period, and of those its objectives are
/// evaluated over, between which nothing is recorded, occurs or takes effect, nothing changes.
fn check_law(look: Look<'_>, query: &PeriodQuery, dice: &mut Dice) {
    let last = look.world.instants.last().copied().unwrap();
    let far = last.checked_add(Span::from_hours(40_000)).unwrap();
    let over = Look { times: Times { as_of: far, ..look.times }, ..look };
    let end = over.compliance(query, &[]).periods().map(|period| period.end).max().unwrap();
    let mut from = end.max(dice.pick(&look.world.instants));
    let next = look.world.instants.iter().find(|time| from < **time);
    let until = match next {
        Some(next) => next.checked_add(-Span::from_nanos(1)).unwrap(),
        None => far,
    };
    from = from.min(until);
    let all_at = |instant: Instant| {
        let known = look.world.catalog.known(instant);
        let times = Times { as_of: instant, known: instant };
        figures(Look { world: look.world, known: &known, times }, query)
    };
    same(&all_at(from), &all_at(until), "the law");
}

/// Flows of months add up to the quarter's; what is open at its end follows from what was open at
/// its start.
fn check_sums(look: Look<'_>, query: &PeriodQuery) {
    let PeriodQuery::Named(name) = query else { return };
    let Ok(whole) = Period::named(name, &look.world.zone.clone().into()) else { return };
    let count = |period: &Period| {
        let query = PeriodQuery::Between(period.start, period.end);
        total(&look.one_by_one(&query, &[])).contractual
    };
    let flows = |counts: &Counts| Counts { undecided: 0, excluded_undecided: 0, ..*counts };
    let open = |counts: &Counts| (counts.undecided + counts.excluded_undecided) as i64;
    let mut sum = Counts::default();
    let mut start = whole.start;
    while start < whole.end {
        let month =
            Period::around(PeriodKind::Month, start, &look.world.zone.clone().into()).unwrap();
        sum.add(&flows(&count(&month)));
        start = month.end;
    }
    let counted = count(&whole);
    assert_eq!(sum, flows(&counted), "the months of {name}");
    if look.times.as_of < whole.end {
        return;
    }
    let before = Period { start: Instant::MIN, end: whole.start, name: String::new() };
    let mut started = 0;
    look.each(|_, history| {
        let counted = look.counted(history, []);
        let begun = counted.present.entries.iter().filter_map(|entry| entry.begin_time);
        started += begun.filter(|begun| whole.contains(*begun)).count() as i64;
    });
    let placed = (flows(&counted).decided() + counted.cancelled) as i64
        + (counted.excluded_met + counted.excluded_breached + counted.excluded_cancelled) as i64;
    assert_eq!(open(&counted), open(&count(&before)) + started - placed, "open in {name}");
}

fn check_world(seed: u64) {
    let world = World::random(seed);
    let dice = &mut Dice::new(seed ^ 0xdead);
    let queries = periods(&world, dice);
    for query in &queries {
        let times = times(&world, dice);
        let known = world.catalog.known(times.known);
        let look = Look { world: &world, known: &known, times };
        for group_by in [GROUPINGS[0], dice.pick(&GROUPINGS)] {
            check_tallies(look, query, group_by);
        }
        check_export(look, query);
        if let PeriodQuery::Named(name) = query {
            check_review(look, name);
        }
        check_settlement(look);
        check_simulation(look, query);
        check_sums(look, query);
        check_law(look, query, dice);
    }
}

#[test]
fn all_who_count_agree_and_a_period_that_is_over_stays_the_same() {
    let (first, count) = (setting("SLX_PERIOD_SEED", 1), setting("SLX_PERIOD_WORLDS", WORLDS));
    let mut failed = Vec::new();
    for seed in first..first + count {
        if let Err(panic) = std::panic::catch_unwind(|| check_world(seed)) {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            failed.push(format!("SLX_PERIOD_SEED={seed} SLX_PERIOD_WORLDS=1: {text}"));
        }
    }
    let first: Vec<_> = failed.iter().take(5).map(String::as_str).collect();
    assert!(failed.is_empty(), "{} of {count} worlds:\n{}", failed.len(), first.join("\n\n"));
}

/// A contract of such targets in UTC, and incidents of such facts, each `incident: when what`; what
/// is excluded has its cause with the client. Times as in `clock::testing`, where the first of
/// January 2024 is a Monday: `Wed+4 00:00` is the last day of it.
fn small_world(targets: &[&str], facts: &[(&str, &str, &str)]) -> World {
    let targets = targets.iter().map(|words| target(words)).collect();
    world_of(vec![(Instant::MIN, contract(targets, false))], facts)
}

/// The same by several revisions, each from its effect on.
fn world_of(revisions: Vec<(Instant, Contract)>, facts: &[(&str, &str, &str)]) -> World {
    let mut exclusions = World::random(1).proposed.terms.exclusions;
    exclusions.iter_mut().for_each(|rule| rule.target_ids.clear());
    let mut proposed = None;
    let entries = revisions.into_iter().map(|(effective_time, mut contract)| {
        contract.terms.exclusions.clone_from(&exclusions);
        proposed.get_or_insert_with(|| contract.clone());
        (at("Mon 00:00"), TermsEntry::Contract { effective_time, contract: Box::new(contract) })
    });
    let entries: Vec<_> = entries.collect();
    let records = (0..).zip(facts).map(|(number, (incident, time, words))| {
        let words: Vec<_> = words.split_whitespace().collect();
        let fact = match words[0] {
            "theirs" => Fact::CauseAttributed(Cause {
                party: Party::Client,
                third_party: String::new(),
                note: String::new(),
                confidence_percent: None,
            }),
            _ => fact(&words),
        };
        let fact = match fact {
            Fact::Opened(opened) => {
                Fact::Opened(Opened { contract_ids: vec![CONTRACT.into()], ..opened })
            }
            other => other,
        };
        let mut recorded = event(number, at(time), fact);
        recorded.record_time = at(time);
        recorded.value.incident_id = (*incident).into();
        recorded
    });
    let zone = ZONES.zone("UTC").unwrap();
    World::of(entries, records.collect(), zone, proposed.unwrap())
}

/// What a month of 2024 says as of an instant, by everything recorded by then; once by tallies and
/// once one by one.
#[track_caller]
fn month(world: &World, name: &str, as_of: &str) -> Tally {
    let times = Times { as_of: at(as_of), known: at(as_of) };
    let known = world.catalog.known(times.known);
    let look = Look { world, known: &known, times };
    let query = PeriodQuery::Named(name.into());
    check_tallies(look, &query, &[GroupKey::Target]);
    check_export(look, &query);
    check_review(look, name);
    check_settlement(look);
    total(&look.one_by_one(&query, &[]))
}

/// `2 met, 1 undecided`.
#[track_caller]
fn check_month(world: &World, name: &str, as_of: &str, expected: &str) {
    let kinds = kinds(&month(world, name, as_of).contractual);
    let text = |(kind, count)| format!("{count} {kind:?}").to_lowercase();
    let found: Vec<_> = kinds.into_iter().map(text).collect();
    assert_eq!(found.join(", "), expected, "{name} as of {as_of}");
}

const LATER: &str = "Thu+20 00:00";

/// Case V2: cancelled at 3:59 of 4:00, and open at the end of a past month.
#[test]
fn what_is_cancelled_or_open_at_a_past_months_end_is_counted() {
    let world = small_world(
        &["resolution P1=4:00"],
        &[
            ("A", "Tue+4 09:00", "opened P1"),
            ("A", "Tue+4 12:59", "cancelled"),
            ("B", "Tue+4 09:00", "opened P1"),
            ("B", "Tue+4 10:00", "priority P9"),
            ("C", "Wed+4 22:00", "opened P1"),
            ("C", "Thu+4 01:00", "resolved"),
            ("D", "Wed+4 23:00", "opened P1"),
        ],
    );
    check_month(&world, "2024-01", "Wed+4 23:30", "2 cancelled, 2 undecided");
    check_month(&world, "2024-01", LATER, "2 cancelled, 2 undecided");
    check_month(&world, "2024-02", LATER, "1 met, 1 breached");
    check_month(&world, "2024", LATER, "1 met, 1 breached, 2 cancelled");
    check_month(&world, "2024-03", LATER, "");
}

/// Cases P19 and P17: an open clock whose cause lies with the client is excluded wherever it is
/// counted: by its month, its export, its review and its items.
#[test]
fn what_is_excluded_and_open_counts_as_excluded() {
    let world = small_world(
        &["resolution P1=4:00"],
        &[("A", "Wed+4 22:00", "opened P1"), ("A", "Wed+4 22:30", "theirs")],
    );
    check_month(&world, "2024-01", "Wed+4 22:15", "1 undecided");
    check_month(&world, "2024-01", "Wed+4 23:00", "1 excluded");
    let january = month(&world, "2024-01", LATER);
    assert_eq!(january.contractual.excluded_undecided, 1);
    let february = month(&world, "2024-02", LATER);
    assert_eq!((february.contractual.excluded(), february.contractual.excluded_breached), (1, 1));
}

/// Case P5: a clock breached in January; whether it is open to this day or was stopped in March,
/// January counts the time it took by January's end.
#[test]
fn a_breached_clock_counts_its_time_up_to_its_months_end() {
    let opened = ("A", "Wed+4 18:00", "opened P1 3");
    let stopped = ("A", "Mon+9 00:00", "resolved");
    for facts in [&[opened][..], &[opened, stopped]] {
        let world = small_world(&["resolution P1=4:00 pause=client"], facts);
        for as_of in ["Thu+4 00:00", "Thu+4 00:00:01", "Mon+9 00:00", LATER] {
            let january = month(&world, "2024-01", as_of);
            assert_eq!(january.contractual.breached, 1);
            assert_eq!(january.elapsed, Spread::of(Span::from_hours(6).into()), "as of {as_of}");
            let totals = &january.experience_totals;
            assert_eq!(totals.lost_time, Span::from_hours(18).into(), "three people");
            assert_eq!(totals.service_time, Span::from_hours(6).into());
        }
        check_month(&world, "2024-02", LATER, "");
        check_month(&world, "2024-03", LATER, "");
    }
}

/// A reopening shows that January's clock had not finished: it moves to where it does.
#[test]
fn a_reopening_moves_the_placing() {
    let world = small_world(
        &["resolution P1=40:00"],
        &[
            ("A", "Wed+4 10:00", "opened P1"),
            ("A", "Wed+4 12:00", "resolved"),
            ("A", "Mon+5 10:00", "reopened"),
            ("A", "Mon+5 11:00", "resolved"),
        ],
    );
    check_month(&world, "2024-01", "Sun+4 00:00", "1 met");
    check_month(&world, "2024-01", LATER, "1 undecided");
    check_month(&world, "2024-02", LATER, "1 met");
}

/// Cycles of three hours each have five together: the total is breached in the second of them,
/// though no cycle is, and stays in that month.
#[test]
fn a_total_is_placed_where_all_cycles_together_took_too_long() {
    let world = small_world(
        &["resolution P1=5:00 new_cycle total"],
        &[
            ("A", "Wed+4 10:00", "opened P1"),
            ("A", "Wed+4 13:00", "resolved"),
            ("A", "Wed+4 20:00", "reopened"),
            ("A", "Thu+4 00:30", "resolved"),
        ],
    );
    check_month(&world, "2024-01", "Wed+4 21:00", "1 undecided");
    check_month(&world, "2024-01", "Wed+4 23:00", "1 breached");
    check_month(&world, "2024-01", LATER, "1 breached");
    check_month(&world, "2024-02", LATER, "");
}

/// The end of a period is no part of it.
#[test]
fn what_ends_with_a_month_is_placed_in_the_next() {
    let world = small_world(
        &["resolution P1=4:00"],
        &[("A", "Wed+4 22:00", "opened P1"), ("A", "Thu+4 00:00", "resolved")],
    );
    check_month(&world, "2024-01", LATER, "1 undecided");
    check_month(&world, "2024-02", LATER, "1 met");
}

/// P18: the backlog is what was open at the period's end, late or not, since its opening. What was
/// resolved then is not in it, though a reopening showed later that it was not finished; nor is
/// what is excluded or cancelled, and what ends with the month was open before.
#[test]
fn a_backlog_is_what_was_open_at_the_end_by_its_age_since_the_opening() {
    let world = small_world(
        &["resolution P1=4:00"],
        &[
            ("late", "Tue+4 00:00", "opened P1"),
            ("open", "Wed+4 22:00", "opened P1"),
            ("open", "Thu+4 01:00", "resolved"),
            ("reopened", "Mon+4 10:00", "opened P1"),
            ("reopened", "Mon+4 11:00", "resolved"),
            ("reopened", "Fri+4 10:00", "reopened"),
            ("reopened", "Fri+4 11:00", "resolved"),
            ("excluded", "Wed+4 23:00", "opened P1"),
            ("excluded", "Wed+4 23:10", "theirs"),
            ("cancelled", "Wed+4 23:00", "opened P1"),
            ("cancelled", "Wed+4 23:30", "cancelled"),
            ("last", "Wed+4 20:00", "opened P1"),
            ("last", "Thu+4 00:00", "resolved"),
        ],
    );
    let ages = |name, as_of| -> Vec<_> {
        let ages = month(&world, name, as_of).backlog_ages;
        ages.iter().map(|(age, count)| (age.nanos() / 60_000_000_000, count)).collect()
    };
    assert_eq!(ages("2024-01", "Wed+4 23:30"), [(90, 1), (210, 1), (47 * 60 + 30, 1)]);
    let january = [(2 * 60, 1), (4 * 60, 1), (48 * 60, 1)];
    for as_of in ["Thu+4 00:00", "Thu+4 02:00", "Sun+4 00:00", LATER] {
        assert_eq!(ages("2024-01", as_of), january, "as of {as_of}");
    }
    let february = [((2 + 29) * 24 * 60, 1)];
    assert_eq!(ages("2024-02", LATER), february, "breached in January, and open to this day");
    assert_eq!(ages("2024-Q1", LATER), [((2 + 29 + 31) * 24 * 60, 1)]);
    assert_eq!(ages("2023-12", LATER), []);
    let lateness = month(&world, "2024-01", LATER).lateness;
    assert_eq!(lateness.total(), Span::from_hours(44).into(), "of 48 hours by January's end");
}

/// A contract that begins in February takes over, counting from the opening, what is over its limit
/// since January: it is late as the contract begins, and January counts nothing of it.
#[test]
fn what_was_late_before_a_contract_took_it_over_is_late_as_it_does() {
    let facts = [
        ("late", "Mon+4 09:00", "opened P1"),
        ("late", "Fri+4 10:00", "resolved"),
        ("in time", "Wed+4 23:00", "opened P1"),
        ("in time", "Fri+4 00:30", "resolved"),
        ("after", "Fri+4 09:00", "opened P1"),
        ("over", "Mon+4 09:00", "opened P1"),
        ("over", "Mon+4 20:00", "resolved"),
    ];
    let mut from_opening = contract(vec![target("resolution P1=30:00")], false);
    from_opening.open_incidents = OpenIncidents::FromOpening;
    let world = world_of(vec![(at("Fri+4 00:00"), from_opening)], &facts);
    // The second of February 2024 is a Friday.
    check_month(&world, "2024-01", LATER, "");
    check_month(&world, "2024-02", "Fri+4 00:00", "1 breached, 1 undecided");
    check_month(&world, "2024-02", LATER, "1 met, 2 breached");
    let elapsed = Spread::from_counts([(90_000 + 1_800, 1), (97 * 3_600, 1)]);
    let february = month(&world, "2024-02", "Fri+4 12:00");
    assert_eq!(february.elapsed, elapsed, "all the time since the opening");
    let backlog = |name, as_of| month(&world, name, as_of).backlog_ages.count();
    assert_eq!(backlog("2024-01", LATER), 0, "it was nobody's backlog under this contract");
    assert_eq!(backlog("2024-02", "Fri+4 00:00"), 2);
}

/// A revision of February, which applies to open clocks, makes one of January late: in February.
/// January stays as it was.
#[test]
fn what_a_later_revision_makes_late_is_late_as_it_takes_effect() {
    let (first, second) =
        (contract(vec![target("resolution P1=90:00")], false), target("resolution P1=1:00"));
    let second = contract(vec![second], true);
    let facts = [
        ("A", "Wed+4 12:00", "opened P1"),
        ("B", "Wed+4 12:00", "opened P1"),
        ("B", "Wed+4 20:00", "resolved"),
    ];
    let world = world_of(vec![(Instant::MIN, first), (at("Fri+4 00:00"), second)], &facts);
    for as_of in ["Thu+4 00:00", "Fri+4 00:00", LATER] {
        check_month(&world, "2024-01", as_of, "1 met, 1 undecided");
    }
    check_month(&world, "2024-02", "Thu+4 12:00", "1 undecided");
    check_month(&world, "2024-02", "Fri+4 00:00", "1 breached");
    check_month(&world, "2024-02", LATER, "1 breached");
}

/// A clock that never starts is counted nowhere.
#[test]
fn what_has_not_started_is_not_counted() {
    let targets = ["response P1=4:00", "resolution P1=4:00 after=response"];
    let world = small_world(&targets, &[("A", "Wed+4 22:00", "opened P1")]);
    check_month(&world, "2024-01", LATER, "1 undecided");
    check_month(&world, "2024-02", LATER, "1 breached");
}
