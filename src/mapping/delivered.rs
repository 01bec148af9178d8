//! Facts from deliveries of webhooks. Deliveries get lost, come twice and overtake each other, so
//! each says all it knows, and none says what changed: what it repeats changes nothing.

use std::collections::BTreeMap;

use prost::Message;
use sha2::{Digest, Sha256};

use super::facts::{FactCollector, FactOfRow, NamedChange, change_of_state};
use super::language::Mapping;
use super::update::{TimedFact, Update};
use crate::codec::scalar::{hexadecimal, timestamp};
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;
use crate::domain::time::Instant;

/// Bytes of a digest that stand in an event id.
const DIGEST_BYTES: usize = 8;

/// The facts of the deliveries of one incident. They depend on each delivery alone, ids too: the
/// same delivery again gives the same ids, and another content other ids.
pub(super) fn delivered_facts(
    incident: &str,
    updates: &[Update],
    mapping: &Mapping,
) -> Vec<FactOfRow> {
    let mut found =
        Delivered { incident, mapping, collected: FactCollector::new(incident, mapping) };
    for update in updates {
        found.open(update);
        for change in changes(update, mapping) {
            found.add(update, (update.time, update.order.unwrap_or_default()), change);
        }
        found.report(update);
    }
    found.collected.facts
}

/// The facts of an incident while they are found.
struct Delivered<'m> {
    incident: &'m str,
    mapping: &'m Mapping,
    collected: FactCollector<'m>,
}

impl Delivered<'_> {
    /// The opening. Every delivery is one, since the first may be lost; of several openings of an
    /// instant that of the least order counts, which is that of the earliest update.
    fn open(&mut self, update: &Update) {
        let opened = update.opened_time.unwrap_or(update.time).min(update.time);
        let order = update.time.since(opened).nanos();
        let fact = Fact::Opened(update.values.opened());
        let why = "every delivery says how the incident was opened";
        self.add(update, (opened, order), NamedChange::new("opened", fact, why));
    }

    /// What a delivery reports besides.
    fn report(&mut self, update: &Update) {
        for reported in update.facts.iter().cloned() {
            let TimedFact { name, at, fact, why } = reported;
            let occurred = at.map_or((update.time, update.order.unwrap_or_default()), |at| (at, 0));
            let key = match (at, update.order) {
                (None, Some(order)) => order.to_string(),
                _ => occurred.0.to_string(),
            };
            self.put(update, occurred, &format!("{key}:{name}"), fact, why);
        }
    }

    fn add(&mut self, update: &Update, occurred: (Instant, i64), change: NamedChange) {
        let NamedChange { name, fact, why } = change;
        let key = match update.order {
            Some(order) => order.to_string(),
            None => update.time.to_string(),
        };
        self.put(update, occurred, &format!("{key}:{name}"), fact, why);
    }

    fn put(
        &mut self,
        update: &Update,
        occurred: (Instant, i64),
        key: &str,
        fact: Fact,
        why: String,
    ) {
        let id = format!("{key}:{}", self.digest(occurred, &fact));
        self.collected.add(update, occurred, id, fact, why);
    }

    /// A digest of all that an event says but its id.
    fn digest(&self, (time, occur_order): (Instant, i64), fact: &Fact) -> String {
        let mut fact = fact.clone();
        // A map is written in no order.
        let attributes: BTreeMap<String, String> = match &mut fact {
            Fact::Opened(opened) => std::mem::take(&mut opened.attributes).into_iter().collect(),
            Fact::DetailsChanged(change) => {
                std::mem::take(&mut change.attributes).into_iter().collect()
            }
            _ => BTreeMap::new(),
        };
        let event = v1::IncidentEvent {
            incident_id: self.incident.to_owned(),
            occur_time: Some(timestamp(time)),
            source: self.mapping.source.clone(),
            occur_order,
            fact: Some(fact),
            ..Default::default()
        };
        let mut digest = Sha256::new().chain_update(event.encode_to_vec());
        for text in attributes.iter().flat_map(|(name, value)| [name, value]) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        let digest: [u8; 32] = digest.finalize().into();
        hexadecimal(digest.get(..DIGEST_BYTES).unwrap_or_default())
    }
}

/// How the incident stands by a delivery. The first says it beside its opening, too: an update may
/// have the same instant, and only the order says which of the two is later.
fn changes(update: &Update, mapping: &Mapping) -> Vec<NamedChange> {
    let (values, mut changes) = (&update.values, Vec::new());
    if !values.priority.is_empty() {
        let priority = values.priority.clone();
        let fact = Fact::PriorityChanged(v1::PriorityChanged { priority });
        changes.push(NamedChange::new("priority", fact, "the delivery says the priority"));
    }
    if mapping.says_who_works() {
        let (group, assignee) = (Some(values.group.clone()), Some(values.assignee.clone()));
        let fact = Fact::Assigned(v1::Assigned { group, assignee });
        changes.push(NamedChange::new("assigned", fact, "the delivery says who works on it"));
    }
    changes.extend(change_of_state(None, update, mapping));
    if mapping.follows_details {
        let details = &values.details;
        let contract_ids = details.contract_ids.clone();
        let lacks = |name: &&String| !details.attributes.contains_key(*name);
        let fact = Fact::DetailsChanged(v1::DetailsChanged {
            contracts: Some(v1::ContractIds { contract_ids }),
            service: Some(details.service.clone()),
            category: Some(details.category.clone()),
            attributes: details.attributes.clone().into_iter().collect(),
            removed_attributes: mapping.attributes().filter(lacks).cloned().collect(),
        });
        changes.push(NamedChange::new("details", fact, "the delivery says the details"));
    }
    changes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::language::tests::mapping;
    use super::super::notes::Suspicion;
    use super::super::payload::{PayloadFacts, facts_of_payload};
    use super::Fact;

    const MAPPING: &str = "
        rows: deliveries
        records: tickets
        incident: id
        time: updated
        opened_time: created
        time_format: rfc3339
        source: desk
        contracts: [C]
        group: group
        attributes: {floor: floor, room: room}
        priority: {column: priority, names: {high: P1}}
        state:
          column: state
          states: {New: {}, Waiting: {waiting_on: client}, Done: {fact: resolved}}
        facts:
          - {fact: responded, at: answered}";

    fn delivered(payload: &str) -> PayloadFacts {
        facts_of_payload(payload.as_bytes(), &mapping(MAPPING)).unwrap()
    }

    fn ids(payload: &str) -> Vec<String> {
        delivered(payload).events.into_iter().map(|event| event.event_id).collect()
    }

    /// Times and names without digests.
    fn shown(payload: &str) -> Vec<String> {
        let events = delivered(payload).events.into_iter();
        let shown = events.map(|event| {
            let name = event.event_id.rsplit(':').nth(1).unwrap().to_owned();
            format!("{} {} {name}", event.occur_time.unwrap(), event.occur_order)
        });
        shown.collect()
    }

    const CREATED: &str = r#"{"id": 1, "created": "2026-10-05T07:00:00Z",
        "updated": "2026-10-05T07:00:00Z", "state": "New", "priority": "high", "group": "Desk",
        "floor": "2", "room": "a", "unknown": [1]}"#;
    const WAITING: &str = r#"{"id": 1, "created": "2026-10-05T07:00:00Z",
        "updated": "2026-10-05T07:00:02Z", "state": "Waiting", "priority": "high", "group": "Desk",
        "answered": "2026-10-05T07:00:01Z"}"#;

    #[test]
    fn a_delivery_says_all_it_knows_and_the_first_opening_comes_first() {
        assert_eq!(
            shown(CREATED),
            [
                "2026-10-05T07:00:00Z 0 opened",
                "2026-10-05T07:00:00Z 0 priority",
                "2026-10-05T07:00:00Z 0 assigned",
                "2026-10-05T07:00:00Z 0 status",
            ]
        );
        assert_eq!(
            shown(WAITING),
            [
                "2026-10-05T07:00:00Z 2000000000 opened",
                "2026-10-05T07:00:02Z 0 priority",
                "2026-10-05T07:00:02Z 0 assigned",
                "2026-10-05T07:00:02Z 0 status",
                "2026-10-05T07:00:01Z 0 responded",
            ]
        );
    }

    #[test]
    fn an_update_in_the_very_second_of_the_opening_comes_after_it() {
        let ordered = MAPPING
            .replace("source: desk", "source: desk\n        order: count")
            .replace("{high: P1}", "{high: P1, low: P3}");
        let delivery = |count: i64, priority: &str| {
            CREATED
                .replace("\"unknown\": [1]", &format!("\"count\": {count}"))
                .replace("high", priority)
        };
        let payload =
            format!(r#"{{"tickets": [{}, {}]}}"#, delivery(1, "low"), delivery(0, "high"));
        let found = facts_of_payload(payload.as_bytes(), &mapping(&ordered)).unwrap();
        let mut priorities: Vec<_> = found
            .events
            .into_iter()
            .filter_map(|event| match event.fact? {
                Fact::PriorityChanged(change) => Some((event.occur_order, change.priority)),
                _ => None,
            })
            .collect();
        priorities.sort();
        assert_eq!(priorities, [(0, "P1".to_owned()), (1, "P3".to_owned())]);
    }

    #[test]
    fn the_same_delivery_has_the_same_ids_and_any_other_content_others() {
        let same = ids(CREATED);
        for _ in 0..20 {
            assert_eq!(ids(CREATED), same, "attributes are in no order");
        }
        assert_eq!(ids(&CREATED.replace("[1]", "[2]")), same, "what is not read does not count");
        let other = ids(&CREATED.replace("Desk", "Network"));
        let changed: Vec<_> = same.iter().zip(&other).map(|(one, two)| one != two).collect();
        assert_eq!(changed, [false, false, true, false]);
        let other = ids(&CREATED.replace("\"2\"", "\"3\""));
        assert_ne!((&other[0], &other[1..]), (&same[0], &same[1..]));
        assert_eq!(other[1..], same[1..]);
        let both = ids(&format!(r#"{{"tickets": [{CREATED}, {WAITING}, {CREATED}]}}"#));
        assert_eq!(both, [same, ids(WAITING)].concat());
    }

    fn any_delivery() -> impl Strategy<Value = Value> {
        let states = prop::sample::select(vec!["New", "Waiting", "Done", "Dreaming"]);
        (0..3_i32, 0..30_i32, states, prop::sample::select(vec!["high", "low"]), 0..3_i32).prop_map(
            |(id, second, state, priority, group)| {
                json!({
                    "id": id,
                    "created": "2026-10-05T07:00:00Z",
                    "updated": format!("2026-10-05T07:00:{second:02}Z"),
                    "answered": if second > 10 { "2026-10-05T07:00:10Z" } else { "" },
                    "state": state,
                    "priority": priority,
                    "group": format!("G{group}"),
                })
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

        /// Whichever come together, in whatever order and however often: the same events, each id
        /// for one content.
        #[test]
        fn deliveries_become_the_same_events_however_they_come(
            deliveries in prop::collection::vec(any_delivery(), 1..8),
        ) {
            let together = |deliveries: Vec<&Value>| {
                let mut events = BTreeMap::new();
                for event in delivered(&json!({ "tickets": deliveries }).to_string()).events {
                    let key = (event.incident_id.clone(), event.event_id.clone());
                    let known = events.entry(key).or_insert_with(|| event.clone());
                    assert_eq!(*known, event);
                }
                events
            };
            let all = together(deliveries.iter().collect());
            let twice = together(deliveries.iter().rev().chain(&deliveries).collect());
            prop_assert_eq!(&twice, &all);
            let alone = deliveries.iter().flat_map(|delivery| together(vec![delivery]));
            prop_assert_eq!(alone.collect::<BTreeMap<_, _>>(), all);
        }
    }

    /// Clocks are set back at three: 02:10 is shown after 02:50.
    #[test]
    fn an_update_in_the_hour_that_is_shown_twice_does_not_move_the_opening() {
        let local = MAPPING.replace(
            "time_format: rfc3339",
            "time_format: '%Y-%m-%d %H:%M'\n        time_zone: Europe/Amsterdam",
        );
        let times = |opened: &str, updated: &str| {
            let payload = format!(
                r#"{{"id": 1, "created": "2026-10-25 {opened}", "updated": "2026-10-25 {updated}",
                    "state": "New", "priority": "high"}}"#
            );
            let found = facts_of_payload(payload.as_bytes(), &mapping(&local)).unwrap();
            let at = |place: usize| -> String {
                let time = found.events[place].occur_time.unwrap().to_string();
                time.chars().skip("2026-10-25T".len()).take("00:00".len()).collect()
            };
            let odd = found.notes.iter().map(|note| note.suspicion).collect::<Vec<_>>();
            (at(0), at(1), odd)
        };
        let unclear = [Suspicion::RepeatedHour];
        for (opened, updated, in_utc, odd) in [
            ("02:50", "02:10", ("00:50", "01:10"), &[][..]),
            ("01:50", "02:10", ("23:50", "00:10"), &unclear[..]),
            ("02:10", "02:50", ("00:10", "00:50"), &unclear[..]),
            ("02:30", "02:30", ("00:30", "00:30"), &unclear[..]),
            ("02:10", "09:00", ("00:10", "08:00"), &unclear[..]),
            ("03:10", "09:00", ("02:10", "08:00"), &[][..]),
            // Whichever is meant, it is before the opening, which can't be so late then.
            ("03:10", "02:50", ("00:50", "00:50"), &unclear[..]),
        ] {
            let (opening, update, found) = times(opened, updated);
            assert_eq!((opening.as_str(), update.as_str()), in_utc, "{opened} {updated}");
            assert_eq!(found, odd, "{opened} {updated}");
        }
    }

    #[test]
    fn what_the_mapping_does_not_know_is_reported_and_no_state_is_guessed() {
        let unknown = CREATED.replace("New", "Dreaming").replace("high", "urgent");
        let found = delivered(&unknown);
        assert_eq!(found.events.len(), 2, "opened and assigned");
        let reported: Vec<_> = found
            .unknown
            .iter()
            .map(|one| (one.is_state, one.value.column.as_str(), one.value.value.as_str()))
            .collect();
        assert_eq!(reported, [(true, "state", "Dreaming"), (false, "priority", "urgent")]);
        for none in ["\"state\": \"\"", "\"states\": \"New\""] {
            let found = delivered(&CREATED.replace("\"state\": \"New\"", none));
            assert_eq!(found.events.len(), 3, "opened, priority and assigned");
            assert!(matches!(&found.unknown[..], [one] if one.is_state), "{none}");
        }
    }
}
