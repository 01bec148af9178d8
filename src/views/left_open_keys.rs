//! How targets that are left open are keyed: by since when, and with all that is counted of them.

use std::ops::Range;

use super::keys::{DAY_BYTES, key, push_texts, split_id, split_instant, texts_of};
use super::kind::Kind;
use crate::domain::ids::IncidentId;
use crate::engine::lifespan::{LeftOpen, Lifespan};
use crate::engine::tally::Day;

/// The keys of the targets that an incident leaves open under a contract.
pub(super) fn keys(tenant: &str, incident: &str, lifespan: &Lifespan) -> Vec<Vec<u8>> {
    let Some(since) = lifespan.end else { return Vec::new() };
    let begin = on_day(tenant, &lifespan.contract_id, since);
    let key = |target: &LeftOpen| {
        let mut bytes = begin.clone();
        for id in [incident, &target.target_id] {
            bytes.extend(id.as_bytes());
            bytes.push(0);
        }
        bytes.push(target.is_excluded.into());
        bytes.extend(target.opened.nanos().to_be_bytes());
        push_texts(&mut bytes, texts(target));
        bytes
    };
    lifespan.left_open.iter().map(key).collect()
}

fn texts(target: &LeftOpen) -> [&str; 5] {
    let LeftOpen { priority, service, category, group, party, .. } = target;
    [priority, service, category, group, party]
}

/// Where those of a contract begin that are left open since a local day.
fn on_day(tenant: &str, contract: &str, day: Day) -> Vec<u8> {
    let mut bytes = key(Kind::LeftOpen as u8, &[tenant, contract]);
    bytes.extend(day.to_be_bytes());
    bytes
}

/// Where those of a contract are that are left open since one of some local days.
pub(super) fn since(tenant: &str, contract: &str, days: Range<Day>) -> Range<Vec<u8>> {
    let first = days.start.max(0);
    on_day(tenant, contract, first)..on_day(tenant, contract, days.end.max(first))
}

/// The target of such a key, its incident, and since when it is left open.
pub(super) fn left_open(key: &[u8]) -> Option<(IncidentId, Day, LeftOpen)> {
    let (_tenant, rest) = split_id(key.get(1..)?);
    let (_contract, rest) = split_id(rest);
    let (day, rest) = rest.split_at_checked(DAY_BYTES)?;
    let (incident, rest) = split_id(rest);
    let (target, rest) = split_id(rest);
    let (is_excluded, rest) = rest.split_first()?;
    let (opened, rest) = split_instant(rest)?;
    let [priority, service, category, group, party] = texts_of(rest)?;
    let target_id = target.into();
    let is_excluded = *is_excluded != 0;
    let target =
        LeftOpen { target_id, priority, is_excluded, opened, service, category, group, party };
    Some((incident.into(), Day::from_be_bytes(day.try_into().ok()?), target))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::Instant;

    proptest! {
        #[test]
        fn a_target_reads_back_as_it_was_keyed_and_is_found_by_its_day(
            day in 1..3_000i32, from in 1..3_000i32, length in -5..2_000i32, second in 0..9_000i64,
            is_excluded: bool, priority: String, group in "[a-z\u{0}é]{0,9}",
        ) {
            let opened = Instant::from_seconds(second).unwrap();
            let text = |text: &str| text.to_owned();
            let target = LeftOpen {
                target_id: "respond".into(),
                priority,
                is_excluded,
                opened,
                service: text("mail"),
                category: text(""),
                group,
                party: text("provider"),
            };
            let left_open = vec![target.clone()];
            let (contract_id, begin) = ("C".into(), day);
            let of = Lifespan { contract_id, begin, end: Some(day), left_open };
            let keys = keys("acme", "I-1", &of);
            let read: Vec<_> = keys.iter().filter_map(|key| super::left_open(key)).collect();
            prop_assert_eq!(read, [(IncidentId::from("I-1"), day, target)]);
            let range = since("acme", "C", from..from + length);
            let is_found = keys.iter().all(|key| range.contains(key));
            prop_assert_eq!(is_found, (from..from + length).contains(&day));
        }
    }
}
