//! The columns that the figures of a report have in printed sheets.

use super::show::span;
use crate::codec::v1;
use crate::domain::figures::{counts_table, survey_table, tally_table, totals_table};

/// A sheet that figures are printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sheet {
    /// What clocks came to.
    Clocks,
    /// What incidents cost people, and where the two accounts differ.
    People,
}

/// A column of a sheet.
pub(super) struct Column<M> {
    sheet: Sheet,
    heading: &'static str,
    cell: fn(&M) -> String,
}

/// A message whose figures have columns.
pub(super) trait Columns: Sized + 'static {
    /// The columns, in order.
    const COLUMNS: &'static [Column<Self>];

    /// Their headings in a sheet.
    fn headings(sheet: Sheet) -> impl Iterator<Item = &'static str> {
        let columns = Self::COLUMNS.iter().filter(move |column| column.sheet == sheet);
        columns.map(|column| column.heading)
    }

    /// The cells below them.
    fn cells(&self, sheet: Sheet) -> impl Iterator<Item = String> {
        let columns = Self::COLUMNS.iter().filter(move |column| column.sheet == sheet);
        columns.map(|column| (column.cell)(self))
    }
}

/// A field of a message, written by its unit.
macro_rules! cell {
    (Count, $message:ident, $field:ident) => {
        $message.$field.to_string()
    };
    (Time, $message:ident, $field:ident) => {
        span($message.$field)
    };
    (Number, $message:ident, $field:ident) => {
        dash(&$message.$field)
    };
    (Percent, $message:ident, $field:ident) => {
        percent(&$message.$field)
    };
    (OfPromises, $message:ident, $field:ident) => {
        format!("{} of {}", $message.$field, $message.promises_kept + $message.promises_broken)
    };
}

/// Makes the columns of a table's figures: of those that have a heading.
macro_rules! make_columns {
    (
        $(#[$about:meta])*
        $name:ident as $message:ident and [$($other:ident),*];
        kept { $($kept:tt)* }
        reported {
            $($field:ident: $unit:ident = [$($figure:tt)*] $(, $sheet:ident $heading:literal)?;)*
        }
    ) => {
        impl Columns for v1::$message {
            const COLUMNS: &'static [Column<v1::$message>] = &[
                $($(Column {
                    sheet: Sheet::$sheet,
                    heading: $heading,
                    cell: |message| cell!($unit, message, $field),
                },)?)*
            ];
        }
    };
}

counts_table!(make_columns);
tally_table!(make_columns);
totals_table!(make_columns);
survey_table!(make_columns);

/// A percentage as it is printed; `-` for none.
pub(super) fn percent(percent: &str) -> String {
    if percent.is_empty() { "-".to_owned() } else { format!("{percent}%") }
}

/// A text as it is printed; `-` for none.
pub(super) fn dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_below_their_headings() {
        let experience_totals = v1::ExperienceTotals {
            incidents: 3,
            promises_kept: 1,
            promises_broken: 2,
            lost_time: Some(prost_types::Duration { seconds: 5400, nanos: 0 }),
            ..Default::default()
        };
        let shown: Vec<_> = v1::ExperienceTotals::headings(Sheet::People)
            .zip(experience_totals.cells(Sheet::People))
            .collect();
        for (heading, cell) in
            [("incidents", "3"), ("lost", "1h 30m"), ("worked", "-"), ("kept", "1 of 3")]
        {
            assert!(shown.contains(&(heading, cell.to_owned())), "{heading}: {shown:?}");
        }
        assert_eq!(v1::ExperienceTotals::headings(Sheet::Clocks).count(), 0);
        let tally = v1::Tally { met: 2, attainment: "66.6666".into(), ..Default::default() };
        let cells: Vec<_> = tally.cells(Sheet::Clocks).collect();
        assert_eq!(cells, ["2", "0", "0", "0", "0", "66.6666%"]);
    }
}
