//! Rows of which the incident and the instants are known.

use super::language::{Mapping, Readings, Variables, no_fields, variables};
use super::rejects::Reject;
use super::rows::{Cells, RawRow};

/// A row with what puts it into the order of its incident's rows.
#[derive(Clone, Debug)]
pub(crate) struct Stamped {
    pub number: u64,
    pub incident: String,
    /// When the update occurred; `None`: the row describes no update.
    pub time: Option<Readings>,
    pub opened: Option<Readings>,
    pub order: Option<i64>,
    pub cells: Cells,
}

/// Rows by incident, what of them could not be taken, and what was not meant to be.
#[derive(Debug, Default)]
pub(crate) struct StampedRows {
    /// In the order of their incidents' ids; rows of one incident as in the file.
    pub incidents: Vec<Vec<Stamped>>,
    pub rejects: Vec<Reject>,
    /// The rows for which `only` does not hold.
    pub left_out: Vec<u64>,
}

impl Stamped {
    /// Reads a row; `None`: it is not meant to be read.
    fn read(row: RawRow, mapping: &Mapping) -> Result<Option<Stamped>, String> {
        let RawRow { number, cells } = row;
        if !mapping.reads(|| cells.for_conditions())? {
            return Ok(None);
        }
        let columns = |name: &str| cells.get(name);
        let incident = mapping.incident(&columns)?;
        let opened = mapping.opened_time(&columns)?;
        let is_update = mapping.is_update(&columns);
        let time = if is_update { mapping.time(&columns)? } else { None };
        let order = if is_update { mapping.order(&columns)? } else { None };
        if time.is_none() && opened.is_none() {
            return Err("it has neither an update nor an opening: fill opened_time".to_owned());
        }
        Ok(Some(Stamped { number, incident, time, opened, order, cells }))
    }

    /// What conditions read of it.
    pub fn variables(&self, mapping: &Mapping) -> Box<Variables> {
        match mapping.has_conditions() {
            true => variables(self.cells.for_conditions(), no_fields(), false),
            false => Box::new([]),
        }
    }
}

/// Reads what puts rows in order, and puts them together by incident.
pub(super) fn by_incident(rows: Vec<RawRow>, mapping: &Mapping) -> StampedRows {
    let mut read = StampedRows::default();
    let mut stamped = Vec::new();
    for row in rows {
        let number = row.number;
        match Stamped::read(row, mapping) {
            Ok(Some(row)) => stamped.push(row),
            Ok(None) => read.left_out.push(number),
            Err(reason) => read.rejects.push(Reject { line: number, reason }),
        }
    }
    // Stable: the rows of one incident stay as they stand in the file.
    stamped.sort_by(|a, b| a.incident.cmp(&b.incident));
    let same = stamped.chunk_by(|a, b| a.incident == b.incident);
    read.incidents = same.map(<[Stamped]>::to_vec).collect();
    read
}
