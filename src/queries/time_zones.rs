//! The clocks that another time zone database would move: it costs by all incidents of the
//! contracts in zones whose local time it changes.

use super::{QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::incident::History;
use crate::engine::adoption::Adoption;
use crate::engine::catalog::{Catalog, Known};
use crate::engine::evaluate::clocks_of;

/// A clock that another database would move.
#[derive(Debug)]
pub struct MovedClock<'c> {
    /// The incident.
    pub incident: &'c str,
    /// The clock as it is; `None`: there is no such clock.
    pub before: Option<&'c Clock<'c>>,
    /// The clock as it would be; `None`: there would be none.
    pub after: Option<&'c Clock<'c>>,
}

/// The terms of the view's tenant if a database were adopted.
pub fn adopted(view: &ReadView<'_>, adoption: &Adoption) -> Catalog {
    let mut catalog = view.catalog().clone();
    catalog.adopt(view.times().known, adoption);
    catalog
}

/// Visits each clock of the view's tenant whose due instant or verdict is another by the terms
/// `other`, contract by contract in the order of incidents, until `visit` says stop.
pub fn each_moved(
    view: &ReadView<'_>,
    other: &Catalog,
    mut visit: impl FnMut(&MovedClock<'_>) -> bool,
) -> Result<(), QueryError> {
    let zones = view.catalog().adopted().moved_by(other.adopted().latest());
    let terms = [view.known(), other.known(view.times().known)];
    for contract in view.catalog().contracts_in(&zones) {
        for id in view.incident_ids(contract, "") {
            let id = id?;
            let goes_on = view.with_history(&id, |history| {
                of_incident(&id, contract, (history, view), terms, &mut visit)
            })?;
            if goes_on == Some(false) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Visits the clocks of one incident under a contract; false: no more are wanted.
fn of_incident(
    incident: &str,
    contract: &str,
    (history, view): (&History<'_>, &ReadView<'_>),
    [before, after]: [Known<'_>; 2],
    visit: &mut impl FnMut(&MovedClock<'_>) -> bool,
) -> bool {
    let as_of = view.times().as_of;
    let (before, after) = (clocks_of(history, &before, as_of), clocks_of(history, &after, as_of));
    // What was made of a history that ended early is wrong.
    if view.stop().is_stopped() {
        return true;
    }
    let named = |clocks: &'_ [Clock<'_>], clock: &Clock<'_>| {
        clocks.iter().position(|other| other.key() == clock.key())
    };
    let here = before.iter().filter(|clock| clock.contract_id == contract);
    let kept = here.map(|clock| (Some(clock), named(&after, clock).and_then(|at| after.get(at))));
    let new = after.iter().filter(|clock| clock.contract_id == contract);
    let new = new.filter(|clock| named(&before, clock).is_none()).map(|clock| (None, Some(clock)));
    kept.chain(new)
        .filter(|(before, after)| stand(*before) != stand(*after))
        .all(|(before, after)| visit(&MovedClock { incident, before, after }))
}

/// What a database may move of a clock.
fn stand<'c>(clock: Option<&Clock<'c>>) -> impl PartialEq + use<'c> {
    clock.map(|clock| (clock.due_time, clock.breach_time, clock.verdict()))
}
