//! What a review shows, in words: the same for the page and for the terminal.

use super::charts::{Slice, TimeSlice, Trend};

/// A review in words.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// What it is a review of.
    pub title: String,
    /// Between whom, over which dates, and as of when.
    pub about: Vec<String>,
    /// The first thing a client wants to hear.
    pub lead: String,
    /// What was missed, item by item.
    pub missed: Vec<String>,
    /// The figures above all others.
    pub cards: Vec<Card>,
    /// The rest, in order.
    pub sections: Vec<Section>,
    /// Who signed it.
    pub signatures: Vec<String>,
    /// Whose signatures it has lines for.
    pub signers: Vec<String>,
    /// How the figures are made.
    pub notes: Vec<String>,
}

/// A figure above all others.
#[derive(Debug)]
pub(super) struct Card {
    /// How its border looks.
    pub class: &'static str,
    /// What it is.
    pub name: String,
    /// The figure.
    pub figure: String,
    /// What it is made of.
    pub meaning: String,
}

/// A part of a review below a heading.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The heading.
    pub heading: String,
    /// What stands below it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug)]
pub(super) enum Block {
    /// A paragraph.
    Text(String),
    /// A remark in small print.
    Note(String),
    /// What the fills of the pictures below mean.
    Keys(Vec<Key>),
    /// A table.
    Table(Table),
    /// Both accounts, period by period; for the page.
    Trend(Trend),
    /// Where the time went, as one bar; for the page.
    Times(Vec<TimeSlice>, String),
}

/// What a fill means.
#[derive(Debug)]
pub(super) struct Key {
    /// The class of the fill.
    pub class: &'static str,
    /// What it means.
    pub meaning: String,
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// What it lists.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<TableColumn>,
    /// Its rows.
    pub rows: Vec<TableRow>,
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct TableColumn {
    /// What it holds.
    pub heading: String,
    /// Figures, set flush right.
    pub is_figure: bool,
    /// Pictures, for the page.
    pub is_picture: bool,
}

/// A row of a table.
#[derive(Debug, Default)]
pub(super) struct TableRow {
    /// Its cells, one a column.
    pub cells: Vec<Cell>,
    /// Whether it sums up the rows above.
    pub is_total: bool,
}

/// A cell of a table.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// Its text, or what its picture shows.
    pub text: String,
    /// Where it links to; empty: nowhere.
    pub link: String,
    /// The class of its text; empty: none.
    pub class: &'static str,
    /// A picture in place of the text; for the page.
    pub picture: Option<Picture>,
    /// What the terminal shows in place of the picture.
    pub sparkline: String,
}

/// A picture in a cell.
#[derive(Debug)]
pub(super) enum Picture {
    /// A trend.
    Line(super::charts::Line),
    /// What clocks came to, piece by piece.
    Bar(Vec<Slice>),
    /// How many seconds, beside the longest.
    Length { is: i64, longest: i64 },
}

impl TableColumn {
    /// A column of texts.
    pub fn text(heading: String) -> TableColumn {
        TableColumn { heading, is_figure: false, is_picture: false }
    }

    /// A column of figures.
    pub fn figure(heading: String) -> TableColumn {
        TableColumn { is_figure: true, ..TableColumn::text(heading) }
    }

    /// A column of pictures.
    pub fn picture(heading: String) -> TableColumn {
        TableColumn { is_picture: true, ..TableColumn::text(heading) }
    }
}

/// So many letters stay on one line.
const SHORT: usize = 20;

impl Cell {
    /// Whether its text stays on one line.
    pub fn is_short(&self) -> bool {
        self.text.chars().count() <= SHORT
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.picture.is_none()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, ..Cell::default() }
    }
}

impl TableRow {
    /// A row of texts.
    pub fn of(texts: impl IntoIterator<Item = String>) -> TableRow {
        TableRow { cells: texts.into_iter().map(Cell::from).collect(), is_total: false }
    }
}

impl Table {
    /// A table, unless it has no rows.
    pub fn of(
        caption: String,
        columns: impl IntoIterator<Item = TableColumn>,
        rows: impl IntoIterator<Item = TableRow>,
    ) -> Option<Table> {
        let rows: Vec<_> = rows.into_iter().collect();
        let columns = columns.into_iter().collect();
        (!rows.is_empty()).then_some(Table { caption, columns, rows })
    }

    /// Leaves a column out if each of its cells has this text.
    pub fn leave_out_if_none(&mut self, place: usize, none: &str) {
        let is_none = |row: &TableRow| row.cells.get(place).is_none_or(|cell| cell.text == none);
        if place < self.columns.len() && self.rows.iter().all(is_none) {
            self.columns.remove(place);
            let rows = self.rows.iter_mut().filter(|row| place < row.cells.len());
            rows.for_each(|row| drop(row.cells.remove(place)));
        }
    }

    /// Whether it needs all of a page's width.
    pub fn has_many_columns(&self) -> bool {
        self.columns.len() > MANY_COLUMNS
    }

    /// The cells of a row with their columns.
    pub fn cells<'t>(
        &'t self,
        row: &'t TableRow,
    ) -> impl Iterator<Item = (&'t TableColumn, &'t Cell)> {
        self.columns.iter().zip(&row.cells)
    }
}

/// Tables with more columns than that are set narrower.
const MANY_COLUMNS: usize = 7;

/// A section with so many rows stays on one page.
const ROWS_OF_ONE_PAGE: usize = 8;

impl Section {
    /// Whether it stays on one page when it is printed.
    pub fn is_whole(&self) -> bool {
        let rows = self.blocks.iter().map(|block| match block {
            Block::Table(table) => table.rows.len(),
            _ => 0,
        });
        rows.sum::<usize>() <= ROWS_OF_ONE_PAGE
    }

    /// A section, unless nothing stands below its heading.
    pub fn of(heading: String, blocks: impl IntoIterator<Item = Block>) -> Option<Section> {
        let blocks: Vec<_> = blocks.into_iter().collect();
        (!blocks.is_empty()).then_some(Section { heading, blocks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V2: what was cancelled was in no column; where nothing was, none is needed.
    #[test]
    fn a_column_of_nothing_is_left_out() {
        let table = |second: &str| {
            let columns = ["a", "b"].map(|heading| TableColumn::figure(heading.to_owned()));
            let rows = [["1", "0"], ["2", second]].map(|row| TableRow::of(row.map(str::to_owned)));
            Table::of("t".to_owned(), columns, rows).unwrap()
        };
        for (second, left) in [("0", 1), ("3", 2)] {
            let mut table = table(second);
            table.leave_out_if_none(1, "0");
            assert_eq!((table.columns.len(), table.rows[1].cells.len()), (left, left));
        }
    }
}
