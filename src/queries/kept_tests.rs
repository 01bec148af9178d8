//! What is kept of open incidents changes no answer: over random worlds that are recorded bit by
//! bit, whoever goes on from what earlier questions have evaluated finds what evaluating all of it
//! anew finds.
//!
//! `SLX_KEPT_WORLDS` is the number of worlds, `SLX_KEPT_SEED` the first of their seeds.

use super::forecasts::{self, ForecastQuery, ForecastsHead};
use super::past_tests::{entries_of, revise_often, setting};
use super::{ReadRequest, Reading, period_forecasts};
use crate::domain::clock::Clock;
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::GroupKey;
use crate::engine::answers::objective_outlook::forecast_result;
use crate::engine::answers::outlook::Outlook;
use crate::engine::answers::worlds::{CONTRACT, Dice, World};
use crate::engine::learning::Learned;
use crate::engine::record::Entry;
use crate::runtime::testing::{Store, run};

/// Worlds that are tried unless more are wanted.
const WORLDS: u64 = 24;
/// In so many parts is each recorded, at most.
const PARTS: i64 = 12;
/// Questions after each of them.
const QUESTIONS: i64 = 3;

/// A question about what is open: its filter, the period and the key.
#[derive(Clone, Debug)]
struct OpenQuestion {
    wanted: ForecastQuery,
    period: String,
    group_by: Option<GroupKey>,
}

impl OpenQuestion {
    fn random(dice: &mut Dice, now: Instant) -> OpenQuestion {
        let due = |dice: &mut Dice| plus(now, dice.below(20 * 86_400), 0);
        let wanted = ForecastQuery {
            contract_id: CONTRACT.into(),
            with_long_breached: dice.one_in(2),
            due_before: dice.one_in(3).then(|| due(dice)),
            minimum_probability: dice.pick(&[0.0, 0.0, 0.3]),
            priority: dice.pick(&["", "", "P1"]).to_owned(),
            ..ForecastQuery::default()
        };
        let local = now.to_chrono();
        let quarter = (local.format("%m").to_string().parse::<u32>().unwrap() - 1) / 3 + 1;
        let period = match dice.below(3) {
            0 => local.format("%Y").to_string(),
            1 => format!("{}-Q{quarter}", local.format("%Y")),
            _ => local.format("%Y-%m").to_string(),
        };
        let keys = [None, Some(GroupKey::Service), Some(GroupKey::Category), Some(GroupKey::Group)];
        OpenQuestion { wanted, period, group_by: dice.pick(&keys) }
    }
}

/// What is forecast of clocks, in words.
fn clocks(question: &OpenQuestion, Reading { view, index }: Reading<'_>) -> String {
    let mut all = Vec::new();
    let make = |_: &Learned, incident: &str, clock: &Clock<'_>, outlook: Outlook| {
        let clock = Clock { segments: Vec::new(), overruns: Vec::new(), ..clock.clone() };
        format!("{incident} {clock:?} {outlook:?}")
    };
    let take = &mut |_: &ForecastsHead, one| {
        all.push(one);
        true
    };
    let head = forecasts::of_clocks(&view, index, &question.wanted, make, take);
    format!("{:?}\n{}", head.map_err(|error| error.to_string()), all.join("\n"))
}

/// What is forecast of objectives, in words.
fn objectives(question: &OpenQuestion, Reading { view, index }: Reading<'_>) -> String {
    let of = (CONTRACT, question.period.as_str());
    match period_forecasts::evaluate(&view, index, of, question.group_by) {
        Ok(found) => format!("{:#?}", forecast_result(&found, view.times().as_of)),
        Err(error) => error.to_string(),
    }
}

fn plus(time: Instant, seconds: i64, nanos: i64) -> Instant {
    time.checked_add(Span::from_nanos(seconds * 1_000_000_000 + nanos)).unwrap()
}

/// A moment from the last record on: often right then, or when something is due.
fn now(dice: &mut Dice, last: Instant) -> Instant {
    let (days, nanos) = (dice.below(30 * 86_400), dice.below(1_000_000_000));
    match dice.below(4) {
        0 => last,
        1 => plus(last, dice.below(7_200), nanos),
        2 => plus(last, dice.below(48) * 3_600, 0),
        _ => plus(last, days, nanos),
    }
}

/// Asks some questions as time passes; how many clocks were forecast.
fn ask(store: &Store, dice: &mut Dice, (seed, last): (u64, Instant)) -> usize {
    let (mut found, mut time) = (0, now(dice, last));
    for _ in 0..QUESTIONS {
        let question = OpenQuestion::random(dice, time);
        let anew = ReadRequest { as_of: Some(time), ..ReadRequest::default() };
        let place = format!("seed {seed}, at {time}: {question:?}");
        let expected = clocks(&question, store.read(anew));
        assert_eq!(clocks(&question, store.read_now(time)), expected, "{place}");
        found += expected.lines().count() - 1;
        let expected = objectives(&question, store.read(anew));
        assert_eq!(objectives(&question, store.read_now(time)), expected, "{place}");
        // It may also be set back a little.
        let step = now(dice, time);
        let before = time.checked_add(Span::from_seconds(-1)).map_or(last, |time| time.max(last));
        time = if dice.one_in(8) { before } else { step };
    }
    found
}

#[test]
fn what_is_kept_changes_no_answer() {
    run(|| {
        let first = setting("SLX_KEPT_SEED", 0);
        let mut found = 0;
        for seed in first..first + setting("SLX_KEPT_WORLDS", WORLDS) {
            let dice = &mut Dice::new(seed ^ 0x6b65_7074);
            let mut world = World::random(seed);
            if dice.one_in(4) {
                revise_often(&mut world, dice);
            }
            let all: Vec<(Instant, Entry)> = entries_of(&world);
            let store = Store::new();
            let mut left = all.as_slice();
            while !left.is_empty() {
                let most = 1 + dice.below(2 * (all.len() as i64 / PARTS).max(1)) as usize;
                let (some, others) = left.split_at(most.min(left.len()));
                store.record_all(some.to_vec());
                store.project();
                left = others;
                if dice.one_in(6) {
                    store.forget();
                }
                let (last, _) = some.last().unwrap();
                if dice.one_in(2) || left.is_empty() {
                    found += ask(&store, dice, (seed, *last));
                }
            }
        }
        assert!(found > 100, "{found} clocks were forecast");
    });
}
