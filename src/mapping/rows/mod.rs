//! Reading rows: the bytes of an export become rows of named cells.

mod cells;
mod condition_value;
mod csv_rows;
mod json_rows;
mod row_length;
mod text;

use std::collections::HashMap;

use super::language::{Layout, RowFormat};

use cells::Taken;

pub(super) use cells::{Cells, RawRow};
pub(crate) use text::bounded;
pub(super) use text::{format_of, text_of};

/// Takes a text apart into rows. `columns` are those that every row of a CSV must have.
pub(super) fn read<'c>(
    format: RowFormat,
    text: &[u8],
    layout: &Layout,
    columns: impl Iterator<Item = &'c str>,
) -> anyhow::Result<Taken> {
    match format {
        RowFormat::Csv => csv_rows::read(text, layout.delimiter, columns),
        RowFormat::Json => json_rows::read_document(text, layout),
        RowFormat::JsonLines => Ok(json_rows::read_lines(text, layout)),
    }
}

/// The rows of these numbers, as they stand in the file.
pub(super) fn as_written(
    format: RowFormat,
    text: &[u8],
    layout: &Layout,
    numbers: &[u64],
) -> HashMap<u64, String> {
    let wanted = numbers.iter().copied().collect();
    match format {
        RowFormat::Csv => csv_rows::as_written(text, layout.delimiter, &wanted),
        RowFormat::Json => json_rows::document_as_written(text, layout, &wanted),
        RowFormat::JsonLines => json_rows::lines_as_written(text, &wanted),
    }
}
