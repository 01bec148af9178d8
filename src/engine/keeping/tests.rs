//! The law: an incident as it is kept stands as evaluating it anew has it, as long as it holds.

use std::collections::BTreeSet;

use super::*;
use crate::engine::answers::worlds::{CONTRACT, Dice, World};
use crate::engine::evaluate::{Times, history};

const WORLDS: u64 = 300;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A clock with what is kept of it, and nothing else.
fn without_segments(clock: &Clock<'_>) -> String {
    let clock = Clock { segments: Vec::new(), overruns: Vec::new(), ..clock.clone() };
    format!("{clock:?}")
}

/// How a target is counted, by what was evaluated anew.
fn counted(
    evaluation: &Evaluation<'_>,
    history: &History<'_>,
    known: &Known<'_>,
    as_of: Instant,
) -> String {
    let entries = entries_of(history, evaluation, known, as_of);
    let all = entries.iter().map(|entry| {
        let (placed, open) = (Counts::of_placed(entry), Counts::of_open(entry.is_excluded));
        let times = (entry.begin_time, entry.place_time());
        format!("{:?}", (entry.target_id, entry.priority, times, placed, open))
    });
    all.collect::<Vec<_>>().join("\n")
}

fn kept_counted(kept: &KeptIncident) -> String {
    let all = kept.targets().iter().map(|target| {
        let times = (target.begin_time, target.place_time);
        let names = (&*target.target_id, &*target.priority);
        format!("{:?}", (names.0, names.1, times, target.placed, target.open))
    });
    all.collect::<Vec<_>>().join("\n")
}

/// Instants at which what is kept may be used: about everything that happens, and where it
/// holds no longer.
fn instants(world: &World, dice: &mut Dice, kept: &KeptIncident) -> Vec<Instant> {
    let near = |time: Instant, nanos: i64| time.checked_add(Span::from_nanos(nanos));
    let mut all = BTreeSet::new();
    let about = world.instants.iter().copied().chain([kept.from, kept.until]);
    for time in about {
        all.extend(
            [-1, 0, 1, 3_600_000_000_007].into_iter().filter_map(|nanos| near(time, nanos).ok()),
        );
    }
    for _ in 0..12 {
        let later = dice.below(40 * 86_400) * 1_000_000_000 + dice.below(1_000_000_000);
        all.extend(near(kept.from, later).ok());
    }
    all.into_iter().filter(|time| kept.holds(*time)).collect()
}

#[test]
fn what_is_kept_is_what_evaluating_anew_gives() {
    let (mut held, mut ran, mut waited, mut late) = (0, 0, 0, 0);
    let first = setting("SLX_KEPT_SEED", 0);
    for seed in first..first + setting("SLX_KEPT_WORLDS", WORLDS) {
        let world = World::random(seed);
        let dice = &mut Dice::new(seed ^ 0x5eed);
        for (id, ledger) in &world.ledgers {
            for _ in 0..6 {
                let from = dice.pick(&world.instants);
                let nanos = dice.below(30 * 86_400) * 1_000_000_000 + dice.below(1_000_000_000);
                let from = if dice.one_in(3) {
                    from
                } else {
                    from.checked_add(Span::from_nanos(nanos)).unwrap()
                };
                let known_time = if dice.one_in(2) { Instant::MAX } else { from };
                let known = world.catalog.known(known_time);
                let times = Times { as_of: from, known: known_time };
                let Some(history) = history(ledger, times) else { continue };
                let mut keeping = Keeping::new(CONTRACT, known, from);
                let added = Contribution::default();
                let Some(kept) = keeping.keep(id, &history, Added::Indexed(&added)) else {
                    continue;
                };
                for as_of in instants(&world, dice, &kept) {
                    let anew = evaluate_under(&history, CONTRACT, &known, as_of);
                    let open = anew
                        .clocks
                        .iter()
                        .filter(|clock| matches!(clock.phase, Phase::Running | Phase::Paused));
                    let open: Vec<_> = open.map(without_segments).collect();
                    let clocks = (0..kept.clock_count())
                        .filter_map(|place| kept.clock(place, CONTRACT, (&known, as_of)));
                    let clocks: Vec<_> = clocks.collect();
                    let said: Vec<_> = clocks.iter().map(without_segments).collect();
                    let place = format!("seed {seed}, {id}, from {from} to {as_of}");
                    assert_eq!(said, open, "{place}");
                    let features = IncidentFeatures::up_to(&history, as_of).unwrap();
                    assert_eq!(kept.features(), features, "{place}");
                    assert_eq!(
                        kept_counted(&kept),
                        counted(&anew, &history, &known, as_of),
                        "{place}"
                    );
                    assert_eq!(
                        over_time(&anew.clocks, &Passages::of(&history, as_of)),
                        None,
                        "{place}"
                    );
                    let has_gone_on = usize::from(from < as_of);
                    held += has_gone_on;
                    ran +=
                        has_gone_on * clocks.iter().filter(|c| c.phase == Phase::Running).count();
                    waited +=
                        has_gone_on * clocks.iter().filter(|c| c.phase == Phase::Paused).count();
                    late += has_gone_on * clocks.iter().filter(|c| c.breach_time.is_some()).count();
                }
            }
        }
    }
    println!("held {held} times, {ran} running, {waited} paused, {late} late");
    assert!(held > 1_000 && ran > 500 && waited > 50 && late > 100, "{held} {ran} {waited} {late}");
}
