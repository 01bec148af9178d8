//! What questions name of a contract: a target or a priority that no revision has is refused, since
//! an empty answer would read as "all is well".

use itertools::Itertools;

use crate::domain::contract::{Target, is_catch_all};
use crate::engine::catalog::Known;
use crate::engine::rejection::Rejection;

/// Names listed in a rejection, at most.
const NAMES_LISTED_MAX: usize = 24;

/// Refuses a target that no known revision of a contract has, naming those that there are. An
/// empty name is none.
pub fn check_target(
    known: Known<'_>,
    contract: &str,
    (field, target): (&str, &str),
) -> Result<(), Rejection> {
    let is_known = targets(known, contract).any(|known| known.id == target);
    if target.is_empty() || is_known {
        return Ok(());
    }
    let ids = listed(targets(known, contract).map(|target| target.id.as_str()));
    let text = format!("contract {contract:?} has no target {target:?}: it has {ids}");
    Err(Rejection::field(field, text))
}

/// Refuses a priority for which no target of a contract has a limit in any known revision, naming
/// those that have one. An empty name is none.
pub fn check_priority(
    known: Known<'_>,
    contract: &str,
    (field, priority): (&str, &str),
) -> Result<(), Rejection> {
    let has_limit = targets(known, contract).any(|target| target.limit(priority).is_some());
    if priority.is_empty() || has_limit {
        return Ok(());
    }
    let limits = targets(known, contract).flat_map(|target| &target.limits);
    let named = limits.map(|limit| limit.priority.as_str()).filter(|name| !is_catch_all(name));
    let text = format!(
        "no target of contract {contract:?} has a limit for priority {priority:?}: there are \
         limits for {}",
        listed(named)
    );
    Err(Rejection::field(field, text))
}

fn targets<'k>(known: Known<'k>, contract: &str) -> impl Iterator<Item = &'k Target> + use<'k> {
    let revisions = known.contract(contract).all().iter();
    revisions.flat_map(|revision| &revision.content.terms.targets)
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.sorted_unstable().dedup().collect();
    match names.len() {
        0 => "none".to_owned(),
        ..=NAMES_LISTED_MAX => names.join(", "),
        count => {
            let more = count - NAMES_LISTED_MAX;
            format!("{} and {more} more", names.iter().take(NAMES_LISTED_MAX).join(", "))
        }
    }
}
