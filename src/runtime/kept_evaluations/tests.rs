use super::*;
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::answers::worlds::{CONTRACT, World};
use crate::engine::catalog::Catalog;
use crate::engine::evaluate::{Times, history};
use crate::engine::keeping::{Added, Keeping};
use crate::engine::ledger::Ledger;
use crate::engine::tally::Contribution;
use crate::views::IncidentKey;

const MEGABYTE: usize = 1 << 20;

fn tenant() -> TenantId {
    "t".into()
}

fn ids(ids: &[&str]) -> Vec<IncidentId> {
    ids.iter().map(|id| IncidentId::from(*id)).collect()
}

/// An incident that is not over, of whatever id.
fn incident() -> Arc<KeptIncident> {
    let found = (0..).find_map(|seed| {
        let world = World::random(seed);
        let known = world.catalog.known(Instant::MAX);
        let mut all = world.ledgers.iter().flat_map(|(id, ledger)| {
            world
                .instants
                .iter()
                .filter(|time| Instant::MIN < **time)
                .map(move |time| (id, ledger, *time))
        });
        all.find_map(|(id, ledger, as_of)| {
            let history = history(ledger, Times { as_of, known: Instant::MAX })?;
            let added = Contribution::default();
            Keeping::new(CONTRACT, known, as_of).keep(id, &history, Added::Indexed(&added))
        })
    });
    Arc::new(found.unwrap())
}

fn indexed(id: &str) -> FreshIncident {
    FreshIncident {
        key: IncidentKey::new(&tenant(), id),
        ledger: Arc::new(Ledger::default()),
        index_keys: StoredIndexKeys::default(),
        catalog: Arc::new(Catalog::new(ZoneDatabase::bundled())),
    }
}

fn evaluated(some: &[(&str, Option<&Arc<KeptIncident>>)]) -> RenewedIncidents {
    let some = some.iter().map(|(id, kept)| (IncidentId::from(*id), kept.map(Arc::clone)));
    some.collect()
}

/// What is kept, and what is to be evaluated.
fn looked_up(kept: &KeptEvaluations) -> (Vec<String>, Vec<String>) {
    let look = kept.look_up(&tenant(), CONTRACT).unwrap();
    let (renewed, incidents) = (&look.renewed, &look.incidents);
    let stays = incidents.keys().filter(|id| !renewed.contains_key(*id));
    let renewed = renewed.iter().filter(|(_, kept)| kept.is_some()).map(|(id, _)| id);
    let mut is_kept: Vec<_> = stays.chain(renewed).map(ToString::to_string).collect();
    is_kept.retain(|id| !look.changed.contains(id.as_str()));
    let mut changed: Vec<_> = look.changed.iter().map(ToString::to_string).collect();
    is_kept.sort();
    changed.sort();
    (is_kept, changed)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_was_evaluated_is_kept_until_it_is_indexed_anew() {
    let (kept, one) = (KeptEvaluations::new(MEGABYTE), incident());
    assert!(kept.look_up(&tenant(), CONTRACT).is_none());
    let look = kept.begin(&tenant(), CONTRACT, ids(&["A", "B", "C"])).unwrap();
    assert_eq!(look.changed.len(), 3);
    let found = evaluated(&[("A", Some(&one)), ("B", Some(&one)), ("C", None)]);
    kept.keep(&tenant(), CONTRACT, look.turn, &found);
    assert_eq!(looked_up(&kept), (texts(&["A", "B"]), texts(&[])));
    assert!(kept.bytes() > 2 * one.memory_bytes());
    // One that is not kept and not under the contract is of no interest.
    kept.change([indexed("B"), indexed("X")].iter());
    assert_eq!(looked_up(&kept), (texts(&["A"]), texts(&["B"])));
    kept.clear();
    assert!(kept.look_up(&tenant(), CONTRACT).is_none() && kept.bytes() == 0);
}

#[test]
fn what_changes_while_it_is_evaluated_is_not_kept() {
    let (kept, one) = (KeptEvaluations::new(MEGABYTE), incident());
    let look = kept.begin(&tenant(), CONTRACT, ids(&["A", "B"])).unwrap();
    kept.change([indexed("A")].iter());
    let found = evaluated(&[("A", Some(&one)), ("B", Some(&one))]);
    kept.keep(&tenant(), CONTRACT, look.turn, &found);
    // A was to be evaluated and still is: what is kept of it is of before.
    assert_eq!(looked_up(&kept), (texts(&["B"]), texts(&["A"])));
}

#[test]
fn what_was_looked_up_before_others_went_on_is_not_kept() {
    let (kept, one) = (KeptEvaluations::new(MEGABYTE), incident());
    let before = kept.begin(&tenant(), CONTRACT, ids(&["A"])).unwrap();
    kept.keep(&tenant(), CONTRACT, before.turn, &evaluated(&[("A", Some(&one))]));
    let late = kept.look_up(&tenant(), CONTRACT).unwrap();
    kept.change([indexed("A")].iter());
    let look = kept.look_up(&tenant(), CONTRACT).unwrap();
    kept.keep(&tenant(), CONTRACT, look.turn, &evaluated(&[("A", None)]));
    assert_eq!(looked_up(&kept), (texts(&[]), texts(&[])));
    kept.keep(&tenant(), CONTRACT, late.turn, &evaluated(&[("A", Some(&one))]));
    assert_eq!(looked_up(&kept), (texts(&[]), texts(&[])));
    // Nor is what was looked up before all was let go of, and begun again.
    let late = kept.look_up(&tenant(), CONTRACT).unwrap();
    kept.clear();
    kept.begin(&tenant(), CONTRACT, ids(&["B"])).unwrap();
    kept.keep(&tenant(), CONTRACT, late.turn, &evaluated(&[("A", Some(&one))]));
    assert_eq!(looked_up(&kept), (texts(&[]), texts(&["B"])));
}

#[test]
fn no_more_is_kept_than_may_be() {
    let one = incident();
    let kept = KeptEvaluations::new(8 * one.memory_bytes());
    for contract in ["first", "second", "third"] {
        let look = kept.begin(&tenant(), contract, ids(&["A", "B", "C"])).unwrap();
        let found = evaluated(&[("A", Some(&one)), ("B", Some(&one)), ("C", Some(&one))]);
        kept.keep(&tenant(), contract, look.turn, &found);
        assert!(kept.bytes() <= 8 * one.memory_bytes());
    }
    assert!(kept.look_up(&tenant(), "first").is_none());
    assert!(kept.look_up(&tenant(), "third").is_some());
    let many: Vec<_> = (0..10_000).map(|number| IncidentId::from(number.to_string())).collect();
    assert!(kept.begin(&tenant(), CONTRACT, many).is_none());
}

#[test]
fn a_contract_of_which_most_changes_is_begun_again() {
    let (kept, one) = (KeptEvaluations::new(64 * MEGABYTE), incident());
    let look = kept.begin(&tenant(), CONTRACT, ids(&["A"])).unwrap();
    kept.keep(&tenant(), CONTRACT, look.turn, &evaluated(&[("A", Some(&one))]));
    let all: Vec<_> = (0..=CHANGED_MAX + 1).map(|number| number.to_string()).collect();
    let found = all.iter().map(|id| (id.as_str(), Some(&one))).collect::<Vec<_>>();
    kept.keep(&tenant(), CONTRACT, look.turn, &evaluated(&found));
    // They are put among the others meanwhile: they count once.
    let bytes = kept.bytes();
    assert_eq!(bytes, (CHANGED_MAX + 3) * one.memory_bytes());
    let some: Vec<_> = all.iter().take(CHANGED_MAX).map(|id| indexed(id)).collect();
    kept.change(some.iter());
    assert_eq!(looked_up(&kept).1.len(), CHANGED_MAX);
    let rest = kept.begin(&tenant(), CONTRACT, Vec::new()).unwrap();
    assert_eq!(rest.changed.len(), CHANGED_MAX);
    let more: Vec<_> = (0..2 * CHANGED_MAX).map(|number| indexed(&format!("N{number}"))).collect();
    let named: Vec<_> = more.into_iter().map(named).collect();
    kept.change(named.iter());
    assert!(kept.look_up(&tenant(), CONTRACT).is_none());
}

/// The same, under the contract.
fn named(incident: FreshIncident) -> FreshIncident {
    use crate::domain::clock::testing::event;
    use crate::domain::incident::{Fact, Opened};
    let opened = Opened { contract_ids: vec![CONTRACT.into()], ..Opened::default() };
    let ledger = [event(1, Instant::MIN, Fact::Opened(opened))].into_iter().collect::<Ledger>();
    FreshIncident { ledger: Arc::new(ledger), ..incident }
}
