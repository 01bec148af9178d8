//! How long a row may be: found before rows are taken apart, since an open quote makes one row of
//! all that follows.

use anyhow::bail;

/// Bytes a row may have.
pub(super) const ROW_BYTES_MAX: usize = 1 << 20;

/// Where a byte stands in a CSV.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CsvState {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or the first of two that stand for one.
    AfterQuote,
}

impl CsvState {
    fn after(self, byte: u8, delimiter: u8) -> CsvState {
        match (self, byte) {
            (CsvState::CellStart | CsvState::AfterQuote, b'"') => CsvState::Quoted,
            (CsvState::Quoted, b'"') => CsvState::AfterQuote,
            (CsvState::Quoted, _) => CsvState::Quoted,
            (_, b'\n' | b'\r') => CsvState::CellStart,
            (_, other) if other == delimiter => CsvState::CellStart,
            _ => CsvState::Bare,
        }
    }
}

/// Refuses a CSV with a row that is too long, by the line on which the row begins.
pub(super) fn check(text: &[u8], delimiter: u8) -> anyhow::Result<()> {
    let (mut place, mut begin, mut begin_line, mut line) = (CsvState::CellStart, 0, 1_u64, 1_u64);
    for (at, byte) in text.iter().enumerate() {
        place = place.after(*byte, delimiter);
        if at - begin >= ROW_BYTES_MAX {
            bail!(
                "line {begin_line}: a row of more than {ROW_BYTES_MAX} bytes: is a quote left open?"
            );
        }
        if *byte == b'\n' {
            line += 1;
            if place == CsvState::CellStart {
                (begin, begin_line) = (at + 1, line);
            }
        }
    }
    Ok(())
}

/// Says that a row of one line is too long.
pub(super) fn too_long(bytes: usize) -> String {
    format!("the row has {bytes} bytes, {ROW_BYTES_MAX} are the most")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        check(text.as_bytes(), b',').err().map(|error| error.to_string())
    }

    /// Attack A14.
    #[test]
    fn an_open_quote_is_named_by_the_line_of_its_row_and_quotes_within_cells_open_nothing() {
        let filler = "a,b\n".repeat(ROW_BYTES_MAX / 2);
        assert_eq!(refused(&filler), None);
        assert_eq!(refused(&format!("a,5\" pipe\n\"x\"\"\ny\",z\n{filler}")), None);
        let open = format!("a,b\n\"x\ny\",z\nc,\"d\n{filler}");
        assert!(refused(&open).is_some_and(|said| said.starts_with("line 4: ")), "{open:.40}");
    }
}
