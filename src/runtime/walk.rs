//! Walks of many incidents, each of which is evaluated, in the order in which they are listed.

use super::in_order::in_order;
use super::query_error::QueryError;
use super::read_view::ReadView;
use super::sources::Sources;
use crate::domain::ids::IncidentId;
use crate::domain::incident::History;
use crate::engine::ledger::Ledger;
use crate::views::ViewsError;

/// Ids that are read in one step of a scan at most.
const IDS_PER_STEP: usize = 1_000;
/// In its first step: few are needed for a page. Each step reads so many times as many.
const IDS_AT_FIRST: usize = 64;
const TIMES_AS_MANY: usize = 4;

/// Incidents that are evaluated in one part at first, so that the first is not waited for, and at
/// most; each part has twice as many as the one before. In tests so few that the small worlds of
/// these have several parts.
const PART_AT_FIRST: usize = if cfg!(test) { 1 } else { 8 };
const PART_MAX: usize = if cfg!(test) { 4 } else { 64 };

impl<'e> ReadView<'e> {
    /// Makes something of what is known of an incident; `None`: nothing is known of it.
    pub fn with_history<T>(
        &self,
        incident: &str,
        make: impl FnOnce(&History<'_>) -> T,
    ) -> Result<Option<T>, QueryError> {
        let ledger = self.scanned_ledger(incident)?;
        let made = self.history(&ledger).as_ref().map(make);
        // What was made of a history that ended early is wrong.
        self.check_wanted()?;
        Ok(made)
    }

    /// The ids, after one, of the incidents ever opened under a contract, or ("") of all, in their
    /// order. Of some of them nothing may be known.
    pub fn incident_ids<'v>(
        &'v self,
        contract: &'v str,
        after: &str,
    ) -> impl Iterator<Item = Result<IncidentId, QueryError>> + use<'v, 'e> {
        let mut after = IncidentId::from(after);
        let mut step = Vec::new().into_iter();
        let (mut is_over, mut most) = (false, IDS_AT_FIRST);
        std::iter::from_fn(move || {
            if step.len() == 0 && !is_over {
                match self.ids_after(contract, &after, most) {
                    Ok(ids) => step = ids.into_iter(),
                    Err(error) => {
                        is_over = true;
                        return Some(Err(error));
                    }
                }
                is_over = step.len() < most;
                most = IDS_PER_STEP.min(most * TIMES_AS_MANY);
            }
            let id = step.next()?;
            after.clone_from(&id);
            Some(Ok(id))
        })
    }

    /// One step of a scan. The index is held meanwhile, and only then.
    fn ids_after(
        &self,
        contract: &str,
        after: &str,
        most: usize,
    ) -> Result<Vec<IncidentId>, QueryError> {
        self.check_index_is_free();
        self.check_wanted()?;
        let Sources { projector, views, .. } = self.origin.sources;
        let _index = projector.index(self.point.sequence)?;
        let ids: Result<Vec<_>, ViewsError> = match contract {
            "" => views.incident_ids(&self.tenant, after).take(most).collect(),
            _ => views.attached_ids(&self.tenant, contract, after).take(most).collect(),
        };
        let ids = ids?;
        self.rows_read().add(ids.len());
        Ok(ids)
    }

    /// Adds what is known of each incident to some total, in their order, some dozens to each total
    /// that `begin` gives; and takes these totals in their order, until `take` says stop (false).
    /// Incidents of which nothing is known are passed over. Other threads may help with it, while
    /// there are cores that nobody else needs.
    pub fn walk<T: Send>(
        &self,
        ids: impl Iterator<Item = Result<IncidentId, QueryError>>,
        begin: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, &str, &History<'_>) + Sync,
        take: impl FnMut(T) -> Result<bool, QueryError>,
    ) -> Result<(), QueryError> {
        let add = |total: &mut T, id: &str, ledger: &Ledger| {
            if let Some(history) = self.history(ledger) {
                add(total, id, &history);
            }
        };
        self.walk_ledgers(ids, begin, add, take)
    }

    /// The same of everything recorded about each incident, also since.
    pub fn walk_ledgers<T: Send>(
        &self,
        ids: impl Iterator<Item = Result<IncidentId, QueryError>>,
        begin: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, &str, &Ledger) + Sync,
        mut take: impl FnMut(T) -> Result<bool, QueryError>,
    ) -> Result<(), QueryError> {
        self.check_index_is_free();
        let Sources { projector, cache, .. } = self.origin.sources;
        // From here on rows have all that the view shows and that is not in memory.
        drop(projector.index(self.point.sequence)?);
        let make = |ids: Vec<IncidentId>| -> Result<T, QueryError> {
            let mut total = begin();
            self.rows_read().add(ids.len());
            self.origin.sources.scan(&self.tenant, &ids, |id, ledger| {
                self.check_wanted()?;
                add(&mut total, id, ledger);
                Ok::<_, QueryError>(())
            })?;
            // What was made of a history that ended early is wrong.
            self.check_wanted()?;
            Ok(total)
        };
        // While anybody records, writing and projecting have the other cores.
        let is_busy = || cache.fresh_bytes() > 0;
        in_order(self.cores(), is_busy, parts(ids), make, |total| take(total?))
    }
}

/// The ids in parts. After an error there are none.
fn parts<E>(
    mut ids: impl Iterator<Item = Result<IncidentId, E>>,
) -> impl Iterator<Item = Result<Vec<IncidentId>, E>> {
    let (mut most, mut error) = (PART_AT_FIRST, None);
    std::iter::from_fn(move || {
        if let Some(error) = error.take() {
            return Some(Err(error));
        }
        let mut part = Vec::with_capacity(most);
        while part.len() < most {
            match ids.next() {
                Some(Ok(id)) => part.push(id),
                Some(Err(found)) => {
                    error = Some(found);
                    break;
                }
                None => break,
            }
        }
        most = PART_MAX.min(most * 2);
        match part.is_empty() {
            true => error.take().map(Err),
            false => Some(Ok(part)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_in_one_part_in_order_and_an_error_comes_last() {
        for count in [0, 1, 8, 9, 500] {
            let ids = || (0..count).map(|number| Ok(IncidentId::from(number.to_string())));
            let all: Vec<_> = parts::<&str>(ids()).map(Result::unwrap).collect();
            assert!(all.iter().all(|part| (1..=PART_MAX).contains(&part.len())));
            assert!(all.concat().into_iter().map(Ok).eq(ids()));
            let failing: Vec<_> = parts(ids().chain([Err("unreadable")])).collect();
            assert_eq!(failing.last(), Some(&Err("unreadable")));
            assert_eq!(failing.into_iter().filter_map(Result::ok).flatten().count(), count);
        }
    }
}
