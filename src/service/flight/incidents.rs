//! The rows of `incidents`.

use super::rows::{Rows, RowsOfIncidents, Visit, changes_of_incidents};
use crate::codec::api::incident::encode_state;
use crate::codec::tables::{ExportTable, INCIDENTS, RowChange};
use crate::codec::v1::Incident;
use crate::domain::incident::History;
use crate::engine::evaluate::Times;
use crate::queries::{QueryError, ReadView, Reading, incidents};

/// A row for each incident of a contract, or ("") of all.
#[derive(Clone, Debug)]
pub(super) struct Incidents(pub String);

impl Rows<Incident> for Incidents {
    fn table(&self) -> &'static ExportTable<Incident> {
        &INCIDENTS
    }

    fn each(&self, reading: Reading<'_>, visit: Visit<'_, Incident>) -> Result<(), QueryError> {
        let view = reading.into_view();
        let as_of = view.times().as_of;
        incidents::each_row(&view, &self.0, |id, history| encode_state(id, history, as_of), visit)
    }

    fn each_change(
        &self,
        reading: Reading<'_>,
        since: Times,
        visit: &mut dyn FnMut(RowChange, Incident) -> bool,
    ) -> Result<(), QueryError> {
        changes_of_incidents(self, &INCIDENTS, reading, since, visit)
    }
}

impl RowsOfIncidents<Incident> for Incidents {
    fn contract(&self) -> &str {
        &self.0
    }

    fn of_incidents<'v>(
        &'v self,
        view: &'v ReadView<'v>,
    ) -> Result<impl Fn(&str, &History<'_>) -> Vec<Incident> + Sync + 'v, QueryError> {
        let as_of = view.times().as_of;
        Ok(move |id: &str, history: &History<'_>| {
            let is_meant = incidents::is_listed(history, &self.0, as_of);
            is_meant.then(|| encode_state(id, history, as_of)).into_iter().collect()
        })
    }
}
