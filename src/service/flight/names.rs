//! The tables by their names.

use arrow_schema::Schema;

use crate::codec::tables::{
    CLOCKS, COMPLIANCE, COVERAGE, CREDITS, EXPERIENCE, FORECASTS, INCIDENTS, OBJECTIVES, SEGMENTS,
    SETTLEMENT,
};
use crate::codec::violations::FieldViolations;

/// A table that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableName {
    Clocks,
    Incidents,
    Segments,
    Compliance,
    Objectives,
    Credits,
    Experience,
    Forecasts,
    Settlement,
    Coverage,
}

use TableName::{
    Clocks, Compliance, Coverage, Credits, Experience, Forecasts, Incidents, Objectives, Segments,
    Settlement,
};

macro_rules! of_each {
    ($name:expr, $table:ident => $make:expr) => {
        match $name {
            Clocks => {
                let $table = &CLOCKS;
                $make
            }
            Incidents => {
                let $table = &INCIDENTS;
                $make
            }
            Segments => {
                let $table = &SEGMENTS;
                $make
            }
            Compliance => {
                let $table = &COMPLIANCE;
                $make
            }
            Objectives => {
                let $table = &OBJECTIVES;
                $make
            }
            Credits => {
                let $table = &CREDITS;
                $make
            }
            Experience => {
                let $table = &EXPERIENCE;
                $make
            }
            Forecasts => {
                let $table = &FORECASTS;
                $make
            }
            Settlement => {
                let $table = &SETTLEMENT;
                $make
            }
            Coverage => {
                let $table = &COVERAGE;
                $make
            }
        }
    };
}

impl TableName {
    /// Every table.
    pub const ALL: [TableName; 10] = [
        Clocks, Incidents, Segments, Compliance, Objectives, Credits, Experience, Forecasts,
        Settlement, Coverage,
    ];

    /// Its name, as callers write it.
    pub fn word(self) -> &'static str {
        of_each!(self, table => table.name)
    }

    /// The table of a name.
    pub fn of(word: &str) -> Option<TableName> {
        TableName::ALL.into_iter().find(|table| table.word() == word)
    }

    /// Its columns; `is_changes`: behind what became of each row.
    pub fn schema(self, is_changes: bool) -> Schema {
        of_each!(self, table => if is_changes { table.schema_of_changes() } else { table.schema() })
    }

    /// Whether what changed in it can be given: it follows from what is recorded and two times.
    pub fn has_changes(self) -> bool {
        self != Forecasts
    }

    /// Notes what is wrong with a period, or without one.
    pub fn check_period(self, period: &str, contract: &str, violations: &mut FieldViolations) {
        match (self, period) {
            (Clocks | Segments, "") => {}
            (Clocks | Segments, _) if contract.is_empty() => {
                violations.add("contract_id", "is missing: a period is cut in a contract's zone");
            }
            (Compliance | Objectives | Credits | Experience | Coverage, "") => {
                let text = "is missing: give a month \"2026-10\", a quarter or a year";
                violations.add("period", text);
            }
            (Incidents | Forecasts | Settlement, period) if !period.is_empty() => {
                violations.add("period", "is given: this table is of no period");
            }
            _ => {}
        }
    }
}
